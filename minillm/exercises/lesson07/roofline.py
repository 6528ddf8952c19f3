"""How long does work take at least?"""

from collections.abc import Iterator

import torch

from minillm.exercises.registry import exercise


def _work(generator: torch.Generator) -> Iterator[tuple]:
    yield 10.0, 1.0, 10.0, 5.0
    yield 1.0, 10.0, 10.0, 5.0
    yield 6e9, 3e8, 5e10, 1e10
    yield 2e9, 4e9, 5e10, 1e10
    yield 6e9, 3e9, 5e10, 1e10
    yield 312e12, 2.5e9, 312e12, 2e12
    yield 2.5e8, 2.5e8, 312e12, 2e12
    yield 0.0, 3e9, 8e12, 3e11
    yield 7e12, 0.0, 8e12, 3e11


@exercise("gpu.roofline", lesson="07", inputs=_work)
def roofline(flops: float, bytes: float, peak: float, bandwidth: float) -> float:
    """The least seconds that some work can take."""
    return max(flops / peak, bytes / bandwidth)


@roofline.mistake
def one_after_the_other(flops, bytes, peak, bandwidth):
    """Adds the two times, as if nothing overlapped."""
    return flops / peak + bytes / bandwidth


@roofline.mistake
def faster_one(flops, bytes, peak, bandwidth):
    """Waits for the first of the two only."""
    return min(flops / peak, bytes / bandwidth)


@roofline.mistake
def arithmetic_only(flops, bytes, peak, bandwidth):
    """Forgets the traffic."""
    return flops / peak


@roofline.mistake
def traffic_only(flops, bytes, peak, bandwidth):
    """Forgets the arithmetic."""
    return bytes / bandwidth


@roofline.mistake
def rates(flops, bytes, peak, bandwidth):
    """FLOP/s that can be had: the roofline itself, not the time."""
    return min(peak, bandwidth * flops / bytes) if bytes else peak


@roofline.mistake
def upside_down(flops, bytes, peak, bandwidth):
    """Divides the speed by the work."""
    return max(peak / max(flops, 1e-12), bandwidth / max(bytes, 1e-12))


@roofline.mistake
def swapped(flops, bytes, peak, bandwidth):
    """FLOPs over the bandwidth, bytes over the peak."""
    return max(flops / bandwidth, bytes / peak)


@roofline.mistake
def counts_compared(flops, bytes, peak, bandwidth):
    """Takes the time of whatever there is more of, as if a byte took as long as a FLOP."""
    return flops / peak if flops > bytes else bytes / bandwidth


@roofline.mistake
def on_average(flops, bytes, peak, bandwidth):
    """The mean of the two times."""
    return (flops / peak + bytes / bandwidth) / 2
