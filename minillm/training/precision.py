"""Where a model trains and in which numbers: CPU or GPU, bf16 or fp16, compiled or not. Lesson 07.

Weights, gradients and the optimiser stay in fp32 throughout; what changes is the format in which
matrix products are computed (mixed precision; Micikevicius et al. 2017, arXiv 1710.03740).
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

DType = Literal["auto", "fp32", "tf32", "bf16", "fp16"]
Compile = Literal["auto", "on", "off"]
HALF = {"bf16": torch.bfloat16, "fp16": torch.float16}
FIRST_SCALE = 2.0**16  # of the loss, in fp16: the first steps halve it until nothing overflows
GROW_EVERY = 2000  # steps without overflow after which the scale doubles
# Compiling takes about a minute and shortens a step by about a third on a GPU, so that it pays
# from three minutes on; a fourth leaves room for slower compilers. On a CPU it rarely pays.
COMPILE_PAYS = 240.0  # seconds of training still to come


@dataclass(frozen=True, kw_only=True)
class Precision:
    """A device, and the format in which it computes matrix products; `choose` makes one."""

    device: torch.device
    dtype: str  # "fp32", "tf32", "bf16" or "fp16"

    @property
    def name(self) -> str:
        """The device as people call it, and the format: "NVIDIA A100, bf16"."""
        cuda = self.device.type == "cuda"
        return f"{torch.cuda.get_device_name(self.device) if cuda else self.device}, {self.dtype}"

    @contextmanager
    def matmuls(self) -> Iterator[None]:
        """Let the products that stay in fp32 (Muon's) use TF32 on a GPU, unless fp32 was asked."""
        if self.device.type != "cuda":
            yield
            return
        # Not `torch.backends.cuda.matmul.fp32_precision`: torch.compile reads the older switch.
        before = torch.get_float32_matmul_precision()
        torch.set_float32_matmul_precision("highest" if self.dtype == "fp32" else "high")
        try:
            yield
        finally:
            torch.set_float32_matmul_precision(before)

    def autocast(self) -> torch.autocast:
        """In this block, the forward pass computes its products in half precision, if asked."""
        half = HALF.get(self.dtype)
        return torch.autocast(self.device.type, dtype=half, enabled=half is not None)

    @contextmanager
    def seeded(self, seed: int) -> Iterator[None]:
        """Lend the global generators a seed: dropout draws from them."""
        own = [self.device] if self.device.type == "cuda" else []  # the CPU's is always kept
        with torch.random.fork_rng(devices=own):
            torch.manual_seed(seed)
            yield

    def scaler(self) -> "LossScaler":
        """For fp16, whose smallest number is 6e-8; other formats reach as far down as fp32."""
        if self.dtype == "fp16":
            return LossScaler(FIRST_SCALE, grow_every=GROW_EVERY)
        return LossScaler()


def choose(device: str | torch.device = "auto", dtype: DType = "auto") -> Precision:
    """The device and format asked for; "auto" takes the fastest that it computes natively.

    A GPU of NVIDIA's Ampere generation (2020) or later gets bf16, an older one with half-precision
    units (2017) fp16 with a loss scaler; Apple's GPU and the CPU get fp32. ValueError where this
    machine has no such device, or the device would only emulate the format.
    """
    found = _device(device)
    native = formats(found)
    if dtype == "auto":
        return Precision(device=found, dtype=native[0])
    if dtype not in native:
        raise ValueError(
            f"{dtype!r} came, but {found} computes natively in {', '.join(native)} only. "
            "Choose one of these, or auto."
        )
    return Precision(device=found, dtype=dtype)


def formats(device: torch.device) -> list[str]:
    """The formats that a device computes in, the one to prefer first."""
    if device.type != "cuda":
        return ["fp32", "bf16", "fp16"]  # the half ones for trying out: rarely faster
    if true_bf16():
        return ["bf16", "tf32", "fp16", "fp32"]
    halves_fast = torch.cuda.get_device_capability(device) >= (7, 0)
    return ["fp16", "fp32"] if halves_fast else ["fp32", "fp16"]


def true_bf16() -> bool:
    """Does the NVIDIA GPU compute in bf16, rather than emulate it?"""
    return torch.cuda.is_bf16_supported(including_emulation=False)


def _device(device: str | torch.device) -> torch.device:
    if device == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    try:
        found = torch.device(device)
    except RuntimeError as error:
        raise ValueError(
            f"There is no device {device!r}; choose auto, cpu, cuda or mps."
        ) from error
    there = {
        "cpu": lambda: True,
        "cuda": lambda: (found.index or 0) < torch.cuda.device_count(),
        "mps": torch.backends.mps.is_available,
    }
    if found.type not in there or not there[found.type]():
        raise ValueError(
            f"This machine has no {found} that PyTorch can use; `python -m minillm doctor` says "
            "what it has. Choose another device, or auto."
        )
    return found


class LossScaler:
    """Multiplies the loss, so that small gradients do not vanish in fp16, and finds the factor.

    Micikevicius et al. 2017, section 3.2 (arXiv 1710.03740). A gradient that overflows halves the
    scale and its step is left out; `grow_every` steps without one double it. With the default
    scale of 1 nothing changes. Lesson 07.
    """

    def __init__(self, scale: float = 1.0, *, grow_every: int | None = None) -> None:
        self.scale, self.grow_every, self.clean = scale, grow_every, 0

    def scaled(self, loss: Tensor) -> Tensor:
        """The loss to call `backward` on."""
        return loss * self.scale

    @torch.no_grad()
    def unscale(self, parameters: Iterable[nn.Parameter]) -> None:
        """Divide the gradients by the scale: before clipping, which looks at their length."""
        grads = [p.grad for p in parameters if p.grad is not None]
        if self.scale != 1 and grads:
            torch._foreach_mul_(grads, 1 / self.scale)

    def update(self, finite: bool) -> bool:
        """After a step: move the scale. False where that cannot help: fp16 is not to blame."""
        if not finite:
            self.scale, self.clean = self.scale / 2, 0
            return self.scale >= 1
        self.clean += 1
        if self.clean == self.grow_every:
            self.scale, self.clean = self.scale * 2, 0
        return True

    def restore(self, scale: float, clean: int) -> None:
        """Go on from a saved scale, if this run needs one and that one did."""
        if self.grow_every is not None and scale > 1:
            self.scale, self.clean = scale, clean


def compile_pays(device: torch.device, seconds_left: float) -> bool:
    """Will `torch.compile` win back the minute it takes? On a GPU, in a run of some minutes."""
    return device.type == "cuda" and seconds_left > COMPILE_PAYS
