"""Lesson 03: each head gets a slice of the width."""

from collections.abc import Iterator

import torch
from torch import Tensor

from minillm.exercises.registry import exercise


def _tokens(generator: torch.Generator) -> Iterator[tuple]:
    yield torch.tensor([[0, 1, 2, 3], [10, 11, 12, 13], [20, 21, 22, 23]]), 2
    yield torch.randn(3, 10, generator=generator), 2
    yield torch.randn(4, 9, generator=generator), 3  # four tokens, three heads of three
    yield torch.randn(5, 8, generator=generator), 4
    yield torch.randn(4, 4, generator=generator), 4  # heads of one number
    yield torch.randn(2, 6, generator=generator), 1


@exercise("attention.split", lesson="03", inputs=_tokens)
def split(x: Tensor, heads: int) -> Tensor:
    """The vectors of all tokens, cut up for the heads: (H, T, D) from x (T, C), D = C / H.

    Of each token the first D numbers go to head 0, the next D to head 1, and so on.
    """
    T, C = x.shape
    return x.view(T, heads, C // heads).transpose(0, 1)


@split.mistake
def tokens_torn(x, heads):
    """Cuts the table in reading order: a head gets some tokens whole."""
    return x.reshape(heads, len(x), -1)


@split.mistake
def not_turned(x, heads):
    """The right slices, tokens first."""
    return x.reshape(len(x), heads, -1)


@split.mistake
def dealt_like_cards(x, heads):
    """Every H-th number to a head."""
    return x.reshape(len(x), -1, heads).permute(2, 0, 1)


@split.mistake(hint="dealt_like_cards")
def dealt_like_cards_not_turned(x, heads):
    """The same, tokens first or last."""
    return x.reshape(len(x), -1, heads)


@split.mistake
def pieces_of_that_size(x, heads):
    """Pieces of H numbers, instead of H pieces."""
    return torch.stack(x.split(heads, dim=1))


@split.mistake
def tokens_last(x, heads):
    """The right slices, tokens and numbers exchanged."""
    return split(x, heads).transpose(1, 2)


@split.mistake
def one_after_another(x, heads):
    """The slices laid under one another: (H T, D)."""
    return split(x, heads).reshape(len(x) * heads, -1)


@split.mistake(hint="one_after_another")
def list_of_slices(x, heads):
    """The slices, one by one."""
    return list(x.chunk(heads, dim=1))


@split.mistake(hint="tokens_torn")
def rows_of_tokens(x, heads):
    """Some tokens whole, turned."""
    return x.reshape(heads, -1, len(x)).transpose(1, 2)
