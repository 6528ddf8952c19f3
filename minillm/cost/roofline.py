"""How long work takes: as long as its arithmetic, or as long as its memory traffic. Lesson 07.

Williams, Waterman and Patterson 2009, "Roofline" (doi 10.1145/1498765.1498785).
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import torch

from minillm import machine


@dataclass(frozen=True, kw_only=True)
class Card:
    """What a processor can do at best: FLOP/s by number format, bytes a second."""

    name: str
    flops: dict[str, float]  # FLOP/s of dense matrix products, by format
    bandwidth: float  # bytes a second to and from memory
    memory: float  # bytes
    watts: float | None  # of the whole board under load; None: not known
    source: str

    def ridge(self, dtype: str) -> float:
        """FLOPs per byte from which on the arithmetic takes longer than the traffic."""
        return self.flops[dtype] / self.bandwidth

    def seconds(self, *, flops: float, bytes: float = 0.0, dtype: str = "bf16") -> float:
        """At least this long: the longer of arithmetic and traffic, which overlap at best."""
        if dtype not in self.flops:
            raise ValueError(f"{self.name} does not compute in {dtype}; it has {list(self.flops)}.")
        return max(flops / self.flops[dtype], bytes / self.bandwidth)


def _nvidia(name, fp32, tf32, half, bandwidth, memory, watts, source) -> Card:
    flops = {"fp32": fp32, "tf32": tf32, "bf16": half, "fp16": half}
    flops = {dtype: 1e12 * value for dtype, value in flops.items() if value}
    if not tf32:
        del flops["bf16"]  # before Ampere there was neither
    return Card(
        name=name,
        flops=flops,
        bandwidth=1e9 * bandwidth,
        memory=1e9 * memory,
        watts=watts,
        source=source,
    )


# Published numbers. Datasheets of the Hopper cards print rates "with sparsity"; dense is half.
CARDS = {
    card.name: card
    for card in (
        # TFLOP/s: fp32, TF32, bf16 and fp16; GB/s; GB; W
        _nvidia("T4", 8.1, None, 65, 320, 16, 70, "NVIDIA, T4 Tensor Core GPU datasheet, 2019"),
        _nvidia("A100", 19.5, 156, 312, 2039, 80, 400, "NVIDIA, A100 datasheet, 80 GB SXM, 2021"),
        _nvidia("H100", 67, 494.5, 989.5, 3350, 80, 700, "NVIDIA, H100 datasheet, SXM, 2023"),
        _nvidia("H200", 67, 494.5, 989.5, 4800, 141, 700, "NVIDIA, H200 datasheet, SXM, 2024"),
    )
}


def card_of(device_name: str) -> Card | None:
    """The published numbers of a device by PyTorch's name for it, if they are in `CARDS`.

    >>> card_of("NVIDIA A100-SXM4-80GB").bandwidth
    2039000000000.0
    """
    words = device_name.replace("-", " ").split()
    return next((card for name, card in CARDS.items() if name in words), None)


def timed(
    run: Callable[[], object], *, device: str | torch.device = "cpu", rounds: int = 3
) -> float:
    """The shortest of some runs, seconds, after one that does not count. Waits for a GPU."""
    wait = {"cuda": torch.cuda.synchronize, "mps": torch.mps.synchronize}.get(
        torch.device(device).type, lambda: None
    )
    run(), wait()
    best = float("inf")
    for _ in range(rounds):
        start = time.perf_counter()
        run(), wait()
        best = min(best, time.perf_counter() - start)
    return best


# Rows of matrices that keep a device busy. Of several the best counts: on a CPU that others use,
# too, a short product finds a quiet moment.
MATMUL = {"cpu": (256, 512, 1024), "mps": (2048, 4096), "cuda": (4096, 8192)}
COPIED = {"cpu": 2**27, "mps": 2**28, "cuda": 2**30}  # bytes: far more than any cache holds


def this_machine(device: str | torch.device = "cpu") -> Card:
    """The same numbers, measured here: a large matrix product, and a large copy. fp32."""
    kind = torch.device(device).type
    fastest = 0.0
    for n in MATMUL[kind]:
        a, b, product = (torch.ones(n, n, device=device) for _ in range(3))
        multiply = timed(partial(torch.mm, a, b, out=product), device=device, rounds=10)
        fastest = max(fastest, 2 * n**3 / multiply)
    source = torch.zeros(COPIED[kind], dtype=torch.uint8, device=device)
    target = torch.empty_like(source)
    copy = timed(lambda: target.copy_(source), device=device, rounds=10)
    cuda = kind == "cuda"
    return Card(
        name=torch.cuda.get_device_name(device) if cuda else machine.processor(),
        flops={"fp32": fastest},
        bandwidth=2 * source.nbytes / copy,  # read and written
        memory=torch.cuda.get_device_properties(device).total_memory
        if cuda
        else machine.memory()[0],
        watts=None,
        source="measured here",
    )
