"""Lesson 09: which tokens are drawn from."""

import math
from collections.abc import Iterator

import torch
from torch import Tensor

from minillm.exercises.registry import exercise


def _shares(generator: torch.Generator) -> Iterator[tuple]:
    yield torch.tensor([0.1, 0.6, 0.3]), 0.8
    yield torch.tensor([0.15, 0.05, 0.45, 0.25, 0.1]), 0.6
    yield torch.tensor([0.125, 0.25, 0.5, 0.125]), 0.5  # the first alone holds just as much
    yield torch.tensor([0.2, 0.7, 0.1]), 0.3  # less than the likeliest holds
    yield torch.tensor([0.3, 0.1, 0.4, 0.2]), 1.0
    yield torch.randn(40, generator=generator).mul(2).softmax(0), 0.9
    yield torch.tensor([1.0]), 0.5


@exercise("generate.top_p", lesson="09", inputs=_shares)
def top_p(p: Tensor, limit: float) -> Tensor:
    """The distribution p (V,), cut to its nucleus: (V,), in the order of p, adding up to 1.

    Kept are the fewest likeliest tokens that together hold at least `limit`; all others get 0.
    What is kept grows in proportion, so that it adds up to 1.
    """
    likeliest, order = p.sort(descending=True)
    before = likeliest.cumsum(0) - likeliest  # what all likelier tokens hold
    kept = torch.where(before < limit, likeliest, 0.0)
    return torch.zeros_like(p).scatter(0, order, kept / kept.sum())


def _cut(p: Tensor, keep: Tensor, order: Tensor) -> Tensor:
    kept = torch.where(keep, p[order], 0.0)
    return torch.zeros_like(p).scatter(0, order, kept / kept.sum())


@top_p.mistake
def crossing_token_cut(p, limit):
    """The token that crosses the limit is lost: what is kept holds less than the limit."""
    order = p.argsort(descending=True)
    return _cut(p, p[order].cumsum(0) <= limit, order)


@top_p.mistake(hint="crossing_token_cut")
def crossing_token_cut_but_one_kept(p, limit):
    """The same, with the likeliest always kept."""
    order = p.argsort(descending=True)
    keep = p[order].cumsum(0) <= limit
    keep[0] = True
    return _cut(p, keep, order)


@top_p.mistake(hint="crossing_token_cut")
def crossing_token_cut_strictly(p, limit):
    """The same, and a sum that is just reached is too much."""
    order = p.argsort(descending=True)
    return _cut(p, p[order].cumsum(0) < limit, order)


@top_p.mistake
def one_too_many(p, limit):
    """Goes on when the limit has been reached exactly."""
    order = p.argsort(descending=True)
    return _cut(p, p[order].cumsum(0) - p[order] <= limit, order)


@top_p.mistake
def one_more_each_time(p, limit):
    """Counts the token that crosses the limit twice."""
    order = p.argsort(descending=True)
    enough = int((p[order].cumsum(0) < limit).sum()) + 1
    return _cut(p, torch.arange(len(p)) <= enough, order)


@top_p.mistake
def not_renormalised(p, limit):
    """What is kept does not add up to 1."""
    return torch.where(top_p(p, limit) > 0, p, 0.0)


@top_p.mistake
def divided_by_the_limit(p, limit):
    """Takes the limit for what is kept, which is a little more."""
    return torch.where(top_p(p, limit) > 0, p, 0.0) / limit


@top_p.mistake
def left_sorted(p, limit):
    """The order of the vocabulary is lost."""
    return top_p(p, limit).sort(descending=True).values


@top_p.mistake
def sorted_once_more(p, limit):
    """Goes through the order again in place of going back."""
    order = p.argsort(descending=True)
    return top_p(p, limit)[order][order]


@top_p.mistake
def mask_left_sorted(p, limit):
    """The mask of the sorted list is laid on the unsorted one."""
    likeliest = p.sort(descending=True).values
    kept = torch.where(likeliest.cumsum(0) - likeliest < limit, p, 0.0)
    return kept / kept.sum()


@top_p.mistake(hint="mask_left_sorted")
def mask_sorted_once_more(p, limit):
    """The same, with the mask taken through the order again in place of back."""
    likeliest, order = p.sort(descending=True)
    kept = torch.where((likeliest.cumsum(0) - likeliest < limit)[order], p, 0.0)
    return kept / kept.sum()


@top_p.mistake
def least_likely_first(p, limit):
    """Sorts upwards, and keeps the unlikely ones."""
    order = p.argsort()
    return _cut(p, p[order].cumsum(0) - p[order] < limit, order)


@top_p.mistake
def in_the_order_of_the_vocabulary(p, limit):
    """Adds up without sorting."""
    return _cut(p, p.cumsum(0) - p < limit, torch.arange(len(p)))


@top_p.mistake(hint="in_the_order_of_the_vocabulary")
def in_that_order_up_to_the_limit(p, limit):
    """The same, without the token that crosses the limit."""
    return _cut(p, p.cumsum(0) <= limit, torch.arange(len(p)))


@top_p.mistake
def a_threshold_for_each(p, limit):
    """Compares each token's own probability with what may be left over."""
    kept = torch.where(p >= 1 - limit, p, 0.0)
    return kept / kept.sum()


@top_p.mistake
def softmax_of_what_is_kept(p, limit):
    """Takes probabilities for logits."""
    return torch.where(top_p(p, limit) > 0, p, -math.inf).softmax(0)


@top_p.mistake
def kept_alike(p, limit):
    """All that is kept gets the same share."""
    kept = (top_p(p, limit) > 0).to(p.dtype)
    return kept / kept.sum()
