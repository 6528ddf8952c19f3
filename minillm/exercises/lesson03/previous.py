"""Lesson 03: the query of a head that reads the token before."""

from collections.abc import Iterator

import torch
from torch import Tensor

from minillm.exercises.registry import exercise


def _sizes(generator: torch.Generator) -> Iterator[tuple]:
    for places in (4, 3, 2, 5, 8, 1):
        yield (places,)


@exercise("attention.previous", lesson="03", inputs=_sizes)
def previous(places: int) -> Tensor:
    """The matrix W of a head's queries, (P, P): place t asks for place t - 1.

    Places are one-hot rows: place t is row t of torch.eye(P). The query of place t is its row
    times W, and it has to be the row of place t - 1. Place 0 asks for nothing: a row of zeros.
    """
    return torch.diag(torch.ones(places - 1), -1)


@previous.mistake
def asks_for_next(places):
    """Place t asks for t + 1."""
    return previous(places).T


@previous.mistake
def asks_for_itself(places):
    """Place t asks for t."""
    return torch.eye(places)


@previous.mistake
def wraps_around(places):
    """Place 0 asks for the last one."""
    return torch.eye(places).roll(-1, dims=1)


@previous.mistake(hint="asks_for_next")
def asks_for_next_around(places):
    """The same, and the last place asks for place 0."""
    return torch.eye(places).roll(1, dims=1)


@previous.mistake
def first_asks_for_itself(places):
    """Place 0 has nothing before it, and asks for itself."""
    W = previous(places)
    W[0, 0] = 1.0
    return W


@previous.mistake
def two_before(places):
    """Place t asks for t - 2."""
    return torch.ones(places, places).tril(-2).triu(-2)


@previous.mistake
def all_before(places):
    """Place t asks for every place before it."""
    return torch.ones(places, places).tril(-1)


@previous.mistake(hint="all_before")
def all_before_and_itself(places):
    """The causal mask."""
    return torch.ones(places, places).tril()


@previous.mistake
def also_itself(places):
    """Place t asks for t - 1 and for t."""
    return previous(places) + torch.eye(places)


@previous.mistake
def row_of_last(places):
    """One row too few: place 0 has been left out."""
    return previous(places)[1:]
