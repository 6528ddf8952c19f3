"""What share of the peak did a run use?"""

from collections.abc import Iterator

import torch

from minillm.exercises.registry import exercise


def _runs(generator: torch.Generator) -> Iterator[tuple]:
    yield 100.0, 2.0, 6.0, 1000.0, 1
    yield 100.0, 2.0, 6.0, 1000.0, 4
    yield 5e5, 10.0, 8.5e8, 312e12, 1
    yield 4e6, 2.0, 8.5e8, 989.5e12, 8
    yield 768.0, 0.08, 5e6, 1e11, 1
    yield 3e4, 7.0, 2e9, 65e12, 2


@exercise("gpu.share", lesson="07", inputs=_runs)
def share(tokens: float, seconds: float, flops: float, peak: float, devices: int) -> float:
    """The share of the peak that a training run used."""
    return tokens * flops / seconds / (devices * peak)


@share.mistake
def devices_forgotten(tokens, seconds, flops, peak, devices):
    """As if one device had done it all."""
    return tokens * flops / seconds / peak


@share.mistake
def devices_multiply(tokens, seconds, flops, peak, devices):
    """Counts the work of all tokens once for each device."""
    return tokens * flops / seconds * devices / peak


@share.mistake
def not_per_second(tokens, seconds, flops, peak, devices):
    """Work over a rate: seconds, not a share."""
    return tokens * flops / (devices * peak)


@share.mistake
def time_multiplied(tokens, seconds, flops, peak, devices):
    """Longer runs come out better."""
    return tokens * flops * seconds / (devices * peak)


@share.mistake
def tokens_forgotten(tokens, seconds, flops, peak, devices):
    """The work of one token."""
    return flops / seconds / (devices * peak)


@share.mistake
def flops_forgotten(tokens, seconds, flops, peak, devices):
    """Tokens a second over operations a second."""
    return tokens / seconds / (devices * peak)


@share.mistake
def upside_down_share(tokens, seconds, flops, peak, devices):
    """How many times faster it could be."""
    return 1 / share(tokens, seconds, flops, peak, devices)


@share.mistake
def in_percent(tokens, seconds, flops, peak, devices):
    """A number out of a hundred."""
    return 100 * share(tokens, seconds, flops, peak, devices)


@share.mistake
def tripled_again(tokens, seconds, flops, peak, devices):
    """Counts the backward pass a second time."""
    return 3 * share(tokens, seconds, flops, peak, devices)


@share.mistake
def rounded_down(tokens, seconds, flops, peak, devices):
    """Divides and drops what stands after the point, which is all of a share."""
    return tokens * flops // (seconds * devices * peak)
