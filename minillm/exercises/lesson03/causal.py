"""Lesson 03: nobody reads what comes later."""

import math
from collections.abc import Iterator

import torch
from torch import Tensor

from minillm.exercises.registry import exercise


def _scores(generator: torch.Generator) -> Iterator[tuple]:
    yield (torch.tensor([[0.0, 0.0, 0.0], [1.0, 2.0, 3.0], [2.0, 1.0, 0.0]]),)
    for size in (2, 4, 5, 6):
        yield (torch.randn(size, size, generator=generator),)
    yield (3 * torch.randn(3, 3, generator=generator) - 5,)  # all scores far below 0
    yield (torch.tensor([[1.5]]),)  # one token reads itself
    # a later score so large that beside it nothing is left: it has to go before the softmax
    yield (torch.tensor([[0.0, 200.0, 0.0], [1.0, 0.0, 300.0], [0.0, 1.0, 0.0]]),)


@exercise("attention.causal", lesson="03", inputs=_scores)
def causal(scores: Tensor) -> Tensor:
    """Attention weights (T, T) from scores (T, T), where no token reads a later one.

    Row t reads columns 0 to t, itself included. The weights of each row add up to 1; what must
    not be read has weight 0.
    """
    T = len(scores)
    seen = torch.ones(T, T, dtype=torch.bool).tril()
    return scores.masked_fill(~seen, -math.inf).softmax(-1)


def _hidden(scores, seen, value=-math.inf):
    return scores.masked_fill(~seen, value).softmax(-1)


def _seen(scores, offset=0):
    return torch.ones(scores.shape, dtype=torch.bool).tril(offset)


@causal.mistake
def after_softmax(scores):
    """Weights are struck out after they were made to add up to 1."""
    return scores.softmax(-1) * _seen(scores)


@causal.mistake
def shared_out_again(scores):
    """Strikes out after the softmax, then makes the rows add up to 1 once more."""
    weights = scores.softmax(-1) * _seen(scores)
    return weights / weights.sum(-1, keepdim=True)


@causal.mistake
def zero_times_infinity(scores):
    """Adds 0 times infinity, which is not a number."""
    return (scores + (~_seen(scores)).float() * -math.inf).softmax(-1)


@causal.mistake
def low_but_not_lowest(scores):
    """A forbidden token gets the lowest score of the table, and so a little weight."""
    return _hidden(scores, _seen(scores), scores.min())


@causal.mistake(hint="low_but_not_lowest")
def minus_ten(scores):
    """The same, with -10."""
    return _hidden(scores, _seen(scores), -10.0)


@causal.mistake
def upside_down(scores):
    """Reads itself and what comes later."""
    return _hidden(scores, _seen(scores).T)


@causal.mistake(hint="upside_down")
def past_hidden(scores):
    """Reads what comes later only: hides where it may attend."""
    return _hidden(scores, ~_seen(scores))


@causal.mistake(hint="upside_down")
def past_hidden_finite(scores):
    """The same, with a large number for infinity."""
    return _hidden(scores, ~_seen(scores), -1e9)


@causal.mistake(hint="upside_down")
def upside_down_after_softmax(scores):
    """The same, after the softmax."""
    return scores.softmax(-1) * _seen(scores).T


@causal.mistake
def reads_the_next(scores):
    """One diagonal too many: each token reads the next one."""
    return _hidden(scores, _seen(scores, 1))


@causal.mistake
def not_itself(scores):
    """One diagonal too few."""
    return _hidden(scores, _seen(scores, -1))


@causal.mistake(hint="not_itself")
def not_itself_finite(scores):
    """The same, with a large number for infinity."""
    return _hidden(scores, _seen(scores, -1), -1e9)


@causal.mistake
def zero_is_a_score(scores):
    """A score of 0 is a score like any other."""
    return (scores * _seen(scores)).softmax(-1)


@causal.mistake(hint="zero_is_a_score")
def smallest_positive(scores):
    """The same, with a number near 0 that looks like a large one."""
    return _hidden(scores, _seen(scores), -1e-9)


@causal.mistake(hint="zero_is_a_score")
def minus_one(scores):
    """A score of -1 is one, too."""
    return _hidden(scores, _seen(scores), -1.0)


@causal.mistake
def over_columns(scores):
    """The columns add up to 1."""
    return scores.masked_fill(~_seen(scores), -math.inf).softmax(0)


@causal.mistake
def still_scores(scores):
    """The softmax is missing."""
    return scores.masked_fill(~_seen(scores), -math.inf)


@causal.mistake(hint="still_scores")
def still_scores_with_zeros(scores):
    """The same, with zeros."""
    return scores.tril()


@causal.mistake
def no_mask(scores):
    """Everybody reads everything."""
    return scores.softmax(-1)


@causal.mistake
def all_alike(scores):
    """Shares the weight out evenly, whatever the scores."""
    return _seen(scores) / _seen(scores).sum(1, keepdim=True)


@causal.mistake
def scores_shared_out(scores):
    """Divides by the sum, without powers of e."""
    return scores.tril() / scores.tril().sum(1, keepdim=True)
