"""Lesson 03: how well each key answers each query."""

import math
from collections.abc import Iterator

import torch
from torch import Tensor

from minillm.exercises.registry import exercise


def _queries_and_keys(generator: torch.Generator) -> Iterator[tuple]:
    def normal(*shape: int) -> Tensor:
        return torch.randn(shape, generator=generator)

    yield torch.tensor([[2.0, 0.0]]), torch.tensor([[0.0, 3.0], [1.0, 0.0], [3.0, 1.0]])
    yield normal(2, 4), normal(3, 4)
    yield normal(3, 9), normal(5, 9)
    yield normal(4, 6), normal(4, 6)  # as many readers as tokens read
    yield normal(5, 5), normal(5, 5)
    yield normal(6, 3), normal(2, 3)
    yield normal(7, 1), normal(8, 1)


@exercise("attention.scores", lesson="03", inputs=_queries_and_keys)
def scores(q: Tensor, k: Tensor) -> Tensor:
    """The score of every query with every key: (T, S).

    q (T, D): one query a row. k (S, D): one key a row. Row t, column s holds the dot product of
    query t and key s, divided by the square root of D.
    """
    return q @ k.T / math.sqrt(q.shape[1])


def _dots(q, k):
    return q @ k.T


@scores.mistake
def not_scaled(q, k):
    """The dot products as they are."""
    return _dots(q, k)


@scores.mistake
def divided_by_width(q, k):
    """Divides by D, not by its root."""
    return _dots(q, k) / q.shape[1]


@scores.mistake
def multiplied(q, k):
    """Multiplies by the root."""
    return _dots(q, k) * math.sqrt(q.shape[1])


@scores.mistake
def root_of_tokens(q, k):
    """Divides by the root of the number of keys."""
    return _dots(q, k) / math.sqrt(k.shape[0])


@scores.mistake(hint="root_of_tokens")
def root_of_readers(q, k):
    """Divides by the root of the number of queries."""
    return _dots(q, k) / math.sqrt(q.shape[0])


@scores.mistake
def turned_over(q, k):
    """Keys down, queries across."""
    return scores(q, k).T


@scores.mistake(hint="turned_over")
def turned_over_and_not_scaled(q, k):
    """The same, as they are."""
    return _dots(q, k).T


@scores.mistake
def own_key_only(q, k):
    """Each query with the key of its own row: (T,)."""
    return (q * k).sum(1) / math.sqrt(q.shape[1])


@scores.mistake(hint="own_key_only")
def own_key_only_not_scaled(q, k):
    """The same, as they are."""
    return (q * k).sum(1)


@scores.mistake
def lengths_taken_out(q, k):
    """The cosine of the angle."""
    return _dots(q, k) / (q.norm(dim=1)[:, None] * k.norm(dim=1))


@scores.mistake
def softmax_already(q, k):
    """One step too far."""
    return scores(q, k).softmax(-1)


@scores.mistake(hint="softmax_already")
def softmax_already_not_scaled(q, k):
    """The same, as they are."""
    return _dots(q, k).softmax(-1)
