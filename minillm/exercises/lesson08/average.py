"""Lesson 08: the gradient of all rows from those of each rank."""

from collections.abc import Iterator

import torch
from torch import Tensor

from minillm.exercises.registry import exercise


def _gradients(generator: torch.Generator) -> Iterator[tuple]:
    yield [torch.tensor([1.0]), torch.tensor([5.0])], [30, 10]
    yield [torch.randn(3, generator=generator) for _ in range(3)], [4, 2, 1]
    yield [torch.randn(2, 3, generator=generator) for _ in range(4)], [5, 9, 2, 7]
    yield [torch.randn(2, generator=generator) for _ in range(2)], [6, 6]
    yield [torch.tensor([2.0, -1.0]), torch.zeros(2)], [3, 0]  # a rank without rows
    yield [torch.randn(4, generator=generator)], [8]


@exercise("devices.average", lesson="08", inputs=_gradients)
def average(gradients: list[Tensor], counts: list[int]) -> Tensor:
    """The gradient of the mean loss over all rows, from what each rank has.

    gradients[r] is the gradient of the *mean* loss over rank r's own rows, counts[r] how many
    rows those were.
    """
    weighted = [count * gradient for gradient, count in zip(gradients, counts, strict=True)]
    return sum(weighted) / sum(counts)


@average.mistake
def summed(gradients, counts):
    """All-reduce with the plain sum."""
    return sum(gradients)


@average.mistake
def ranks_alike(gradients, counts):
    """The mean of the means."""
    return sum(gradients) / len(gradients)


@average.mistake
def not_divided(gradients, counts):
    """Weighted, and not divided."""
    return average(gradients, counts) * sum(counts)


@average.mistake
def divided_by_ranks(gradients, counts):
    """Weighted by rows, divided by ranks."""
    return average(gradients, counts) * sum(counts) / len(gradients)


@average.mistake
def means_over_rows(gradients, counts):
    """Means added up, and divided by the number of rows."""
    return sum(gradients) / sum(counts)


@average.mistake
def divided_twice(gradients, counts):
    """Right, and then divided by the number of ranks once more."""
    return average(gradients, counts) / len(gradients)


@average.mistake
def few_count_more(gradients, counts):
    """Divides each mean by its rows."""
    return sum(g / max(c, 1) for g, c in zip(gradients, counts, strict=True))


@average.mistake
def own_gradient(gradients, counts):
    """What rank 0 had."""
    return gradients[0]


@average.mistake(hint="few_count_more")
def few_count_more_in_a_mean(gradients, counts):
    """Divides each mean by its rows, and the sum by the ranks."""
    return few_count_more(gradients, counts) / len(gradients)
