"""One base, and whichever adapter is wanted now."""

from collections.abc import Iterator

import torch
from torch import Tensor

from minillm.exercises.registry import exercise

Adapter = tuple[Tensor, Tensor, float]


def _swaps(generator: torch.Generator) -> Iterator[tuple]:
    def adapter(out: int, into: int, rank: int, alpha: float) -> Adapter:
        shapes = (rank, into), (out, rank)
        return *(torch.randn(shape, generator=generator) for shape in shapes), alpha

    def weight(*shape: int) -> Tensor:
        return torch.randn(shape, generator=generator)

    yield weight(3, 5), None, adapter(3, 5, 2, 5.0)
    yield weight(6, 4), adapter(6, 4, 1, 3.0), None
    yield weight(5, 7), adapter(5, 7, 2, 1.0), adapter(5, 7, 3, 12.0)
    yield weight(4, 4), adapter(4, 4, 4, 2.0), adapter(4, 4, 1, 2.0)
    yield weight(2, 3), None, None


@exercise("lora.swap", lesson="12", inputs=_swaps)
def swap(weight: Tensor, old: Adapter | None, new: Adapter | None) -> Tensor:
    """The weight with `new` merged into it, where `old` was merged before.

    weight (out, in) has the product of `old` in it. old, new: (A, B, alpha) with A (r, in) and
    B (out, r), or None: no product. Merging adds alpha / r times B @ A. The weight that was
    passed is left as it is.
    """
    if old is not None:
        A, B, alpha = old
        weight = weight - alpha / A.shape[0] * B @ A
    if new is not None:
        A, B, alpha = new
        weight = weight + alpha / A.shape[0] * B @ A
    return weight


def _scaled(adapter, scale):
    """The same product with another scale."""
    return adapter and (adapter[0], adapter[1], scale * adapter[0].shape[0])


@swap.mistake
def old_stays(weight, old, new):
    """The new product comes on top."""
    return swap(weight, None, new)


@swap.mistake
def new_missing(weight, old, new):
    """The old product is taken out, and that is all."""
    return swap(weight, old, None)


@swap.mistake
def old_added(weight, old, new):
    """The old product is added once more."""
    return swap(swap(weight, None, old), None, new)


@swap.mistake
def turned_round(weight, old, new):
    """The new one is taken out, the old one put in."""
    return swap(weight, new, old)


@swap.mistake
def no_scale(weight, old, new):
    """B @ A as it is."""
    return swap(weight, _scaled(old, 1), _scaled(new, 1))


@swap.mistake
def not_by_rank(weight, old, new):
    """Times alpha, not alpha / r."""
    return swap(weight, _scaled(old, old and old[2]), _scaled(new, new and new[2]))


@swap.mistake
def scaled_twice(weight, old, new):
    """Scaled once for A and once for B."""
    square = [one and (one[2] / one[0].shape[0]) ** 2 for one in (old, new)]
    return swap(weight, _scaled(old, square[0]), _scaled(new, square[1]))


@swap.mistake
def scale_of_the_other(weight, old, new):
    """One scale for both."""
    if old is None or new is None:
        return swap(weight, old, new)
    return swap(weight, _scaled(old, new[2] / new[0].shape[0]), new)


@swap.mistake(hint="scale_of_the_other")
def scale_of_the_old(weight, old, new):
    """The other scale for both."""
    if old is None or new is None:
        return swap(weight, old, new)
    return swap(weight, old, _scaled(new, old[2] / old[0].shape[0]))


@swap.mistake
def product_alone(weight, old, new):
    """The weight itself is lost."""
    return swap(torch.zeros_like(weight), None, new)


@swap.mistake
def only_where_both(weight, old, new):
    """Does nothing where one of them is None."""
    return weight if old is None or new is None else swap(weight, old, new)


@swap.mistake
def scale_turned_round(weight, old, new):
    """Times r / alpha."""
    over = [one and one[0].shape[0] / one[2] for one in (old, new)]
    return swap(weight, _scaled(old, over[0]), _scaled(new, over[1]))


@swap.mistake
def width_for_rank(weight, old, new):
    """The wrong side of A is taken for its rank."""
    over = [one and one[2] / one[0].shape[1] for one in (old, new)]
    return swap(weight, _scaled(old, over[0]), _scaled(new, over[1]))


@swap.mistake(hint="width_for_rank")
def outputs_for_rank(weight, old, new):
    """The wrong side of B is taken for its rank."""
    over = [one and one[2] / one[1].shape[0] for one in (old, new)]
    return swap(weight, _scaled(old, over[0]), _scaled(new, over[1]))


@swap.mistake(hint="scale_of_the_other")
def alpha_of_the_new(weight, old, new):
    """One alpha for both, each with its own rank."""
    if old is None or new is None:
        return swap(weight, old, new)
    return swap(weight, (*old[:2], new[2]), new)


@swap.mistake(hint="scale_of_the_other")
def rank_of_the_new(weight, old, new):
    """One rank for both, each with its own alpha."""
    if old is None or new is None:
        return swap(weight, old, new)
    return swap(weight, _scaled(old, old[2] / new[0].shape[0]), new)


@swap.mistake
def whole_division(weight, old, new):
    """Drops what is left over."""
    whole = [one and one[2] // one[0].shape[0] for one in (old, new)]
    return swap(weight, _scaled(old, whole[0]), _scaled(new, whole[1]))


@swap.mistake
def new_twice(weight, old, new):
    """The new product comes in twice."""
    return swap(swap(weight, old, new), None, new)


@swap.mistake
def both_out(weight, old, new):
    """The new product is taken out as well."""
    return swap(swap(weight, old, None), new, None)


@swap.mistake
def untouched(weight, old, new):
    """The weight comes back as it was."""
    return weight
