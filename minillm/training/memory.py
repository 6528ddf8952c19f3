"""What training keeps in memory, how to keep less, and what to say when it is full. Lesson 07."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

from minillm import machine


def recompute_blocks(model: nn.Module) -> None:
    """Forget what happens inside each of `model.blocks`; the backward pass computes it again.

    Gradient checkpointing (Chen et al. 2016, arXiv 1604.06174): a third more work, and of each
    block only its input is kept.
    """
    blocks = getattr(model, "blocks", None)
    if blocks is None:
        raise ValueError(
            f"{type(model).__name__} has no `blocks` to compute again; train it without recompute."
        )
    for block in blocks:
        if "forward" not in vars(block):  # a second trainer of the same model changes nothing
            block.forward = _recomputed(block.forward)


def _recomputed(forward: Callable) -> Callable:
    def run(*arguments):
        if torch.is_grad_enabled():
            return checkpoint(forward, *arguments, use_reentrant=False)
        return forward(*arguments)

    return run


@dataclass(frozen=True, kw_only=True)
class Memory:
    """Memory of a device, bytes."""

    allocated: int  # in tensors now
    peak: int  # the most that was, since the process began
    total: int  # what the device has


def memory(device: torch.device) -> Memory | None:
    """What a GPU's tensors hold; None for the CPU, where PyTorch does not count."""
    if device.type == "cuda":
        return Memory(
            allocated=torch.cuda.memory_allocated(device),
            peak=torch.cuda.max_memory_allocated(device),
            total=torch.cuda.get_device_properties(device).total_memory,
        )
    if device.type == "mps":
        now = torch.mps.current_allocated_memory()
        # Apple's GPU keeps no peak; what it reserved is the most it has needed.
        return Memory(
            allocated=now,
            peak=max(now, torch.mps.driver_allocated_memory()),
            total=torch.mps.recommended_max_memory(),
        )
    return None


@contextmanager
def explaining_memory(device: torch.device) -> Iterator[None]:
    """Turn "out of memory" into a MemoryError that says how much, and what to change."""
    try:
        yield
    except RuntimeError as error:  # torch.OutOfMemoryError is one; the CPU and MPS raise it plain
        text = str(error)
        if "out of memory" not in text and "can't allocate memory" not in text:
            raise
        held, needed = memory(device), _asked(text)
        total = held.total if held else machine.memory()[0]
        has = f"{held.allocated / 1e9:.1f} GB held, " if held else ""
        raise MemoryError(
            f"{device} is out of memory: {has}{needed} more needed, {total / 1e9:.1f} GB in all. "
            "Three things to change: cut each batch into pieces (--accumulate 4: same step, less "
            "memory); compute activations again instead of keeping them (--recompute: a third "
            "more work); or take a smaller model or context (another --preset)."
        ) from error


def _asked(text: str) -> str:
    """The size in "Tried to allocate 2.50 GiB" or "you tried to allocate 4096 bytes"."""
    match = re.search(r"ried to allocate ([\d.]+) (bytes|[KMG]iB)", text)
    if not match:
        return "an unknown amount"
    unit = {"bytes": 1, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}[match[2]]
    return f"{float(match[1]) * unit / 1e9:,.1f} GB"
