"""Lesson 03: scores into shares."""

import math
from collections.abc import Iterator

import torch
from torch import Tensor

from minillm.exercises.registry import exercise


def _scores(generator: torch.Generator) -> Iterator[tuple]:
    def normal(*shape: int) -> Tensor:
        return 2 * torch.randn(shape, generator=generator)

    yield (torch.tensor([[2.0, 1.0, 0.0], [0.0, 0.0, 3.0]]),)
    yield (normal(2, 4),)
    yield (normal(3, 3),)
    yield (normal(5, 2),)
    yield (torch.tensor([[0.5, -math.inf, 1.5], [0.0, 1.0, -math.inf]]),)  # not to be read at all
    # exp(1000) is too large for a float; exp(-1000) is 0, and 0 / 0 is nan
    yield (torch.tensor([[1000.0, 1001.0, 999.0], [999.0, 1000.0, 1000.0]]),)
    yield (torch.tensor([[-1000.0, -1001.0], [-1001.0, -1002.0]]),)
    yield (torch.tensor([[1000.0, -1000.0, 0.0], [-500.0, 0.0, 500.0]]),)
    yield (torch.tensor([[900.0, 901.0, 899.0], [2.0, 1.0, 0.0]]),)
    yield (torch.tensor([[-1.0]]),)


# By way of logarithms a score of 1000 is rounded a little more.
@exercise("attention.softmax", lesson="03", inputs=_scores, tolerance=1e-4)
def softmax(scores: Tensor) -> Tensor:
    """Every row of `scores` (T, S) as shares that are positive and add up to 1.

    A score s gets a share in proportion to e to the power of s, -inf a share of 0. Scores may be
    large, 1000 or -1000; then no share may come out as nan.
    """
    powers = (scores - scores.max(dim=1, keepdim=True).values).exp()
    return powers / powers.sum(dim=1, keepdim=True)


def _shifted(scores):
    return (scores - scores.max(dim=1, keepdim=True).values).exp()


@softmax.mistake
def overflows(scores):
    """The formula as it stands."""
    return scores.exp() / scores.exp().sum(dim=1, keepdim=True)


@softmax.mistake
def one_shift_for_all(scores):
    """Takes the largest of all scores off: a row of much smaller ones becomes 0 / 0."""
    powers = (scores - scores.max()).exp()
    return powers / powers.sum(dim=1, keepdim=True)


@softmax.mistake
def not_the_largest(scores):
    """Takes off the mean: the largest may still be far above it."""
    finite = scores.masked_fill(scores.isinf(), 0.0)
    powers = (scores - finite.mean(dim=1, keepdim=True)).exp()
    return powers / powers.sum(dim=1, keepdim=True)


@softmax.mistake(hint="not_the_largest")
def the_smallest(scores):
    """The same, with the smallest."""
    finite = scores.masked_fill(scores.isinf(), math.inf)
    powers = (scores - finite.min(dim=1, keepdim=True).values).exp()
    return powers / powers.sum(dim=1, keepdim=True)


@softmax.mistake
def over_columns(scores):
    """The columns add up to 1."""
    return scores.exp() / scores.exp().sum(dim=0)


@softmax.mistake(hint="over_columns")
def over_columns_safely(scores):
    """The same, without overflow."""
    return scores.softmax(0)


@softmax.mistake
def over_everything(scores):
    """All shares together add up to 1."""
    return scores.exp() / scores.exp().sum()


@softmax.mistake(hint="over_everything")
def over_everything_safely(scores):
    """The same, without overflow."""
    return scores.flatten().softmax(0).view(scores.shape)


@softmax.mistake(hint="over_everything")
def over_everything_half_safely(scores):
    """The same, each row shifted by its own largest."""
    return _shifted(scores) / _shifted(scores).sum()


@softmax.mistake
def not_divided(scores):
    """The powers as they are."""
    return scores.exp()


@softmax.mistake(hint="not_divided")
def not_divided_shifted(scores):
    """The same, without overflow."""
    return _shifted(scores)


@softmax.mistake(hint="not_divided")
def not_divided_shifted_by_all(scores):
    """The same, shifted by the largest of all."""
    return (scores - scores.max()).exp()


@softmax.mistake
def no_powers(scores):
    """Scores divided by their sum."""
    return scores / scores.sum(dim=1, keepdim=True)


@softmax.mistake(hint="no_powers")
def no_powers_shifted(scores):
    """The same, of shifted scores."""
    shifted = scores - scores.max(dim=1, keepdim=True).values
    return shifted / shifted.sum(dim=1, keepdim=True)


@softmax.mistake
def shifted_by_column(scores):
    """Takes off the largest of each column, which changes the row's proportions."""
    powers = (scores - scores.max(dim=0).values).exp()
    return powers / powers.sum(dim=1, keepdim=True)


@softmax.mistake
def divided_by_largest(scores):
    """The largest gets 1."""
    return scores.exp() / scores.exp().max(dim=1, keepdim=True).values


@softmax.mistake
def sum_not_shifted(scores):
    """Shifts above the fraction bar and not below it."""
    return _shifted(scores) / scores.exp().sum(dim=1, keepdim=True)


@softmax.mistake
def logarithm(scores):
    """The logarithm of the shares."""
    return scores.log_softmax(1)
