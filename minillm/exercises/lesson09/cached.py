"""Lesson 09: one step with the keys and values of before."""

import math
from collections.abc import Iterator

import torch
from torch import Tensor

from minillm.exercises.registry import exercise


def _queries(generator: torch.Generator) -> Iterator[tuple]:
    def numbers(rows: int, columns: int) -> Tensor:
        return torch.randn(rows, columns, generator=generator)

    # new queries, keys, values; old keys, values
    yield numbers(1, 2), numbers(1, 2), numbers(1, 3), numbers(3, 2), numbers(3, 3)
    yield numbers(2, 4), numbers(2, 4), numbers(2, 3), numbers(3, 4), numbers(3, 3)
    yield numbers(3, 5), numbers(3, 5), numbers(3, 2), numbers(7, 5), numbers(7, 2)
    yield numbers(4, 3), numbers(4, 3), numbers(4, 5), numbers(0, 3), numbers(0, 5)
    yield numbers(3, 2), numbers(3, 2), numbers(3, 4), numbers(1, 2), numbers(1, 4)


def _attend(q, keys, values, offset, scale=None):
    """Attention where query t reads keys up to `offset` + t."""
    T, S = len(q), len(keys)
    scores = q @ keys.T / (math.sqrt(q.size(1)) if scale is None else scale)
    see = torch.ones(T, S, dtype=torch.bool).tril(offset)
    return scores.masked_fill(~see, -math.inf).softmax(1) @ values


@exercise("generate.cached", lesson="09", inputs=_queries)
def cached(q: Tensor, k: Tensor, v: Tensor, old_k: Tensor, old_v: Tensor) -> tuple:
    """Attention for T new tokens, with S older ones in the cache: (output, keys, values).

    q, k (T, D) and v (T, C) belong to the new tokens, old_k (S, D) and old_v (S, C) to those
    before them. keys and values are those of all S + T tokens, in the order of the text. Row t
    of output (T, C) is what new token t reads: softmax(q . keys / sqrt(D)) over all older
    tokens, the new ones before it, and itself.
    """
    keys, values = torch.cat([old_k, k]), torch.cat([old_v, v])
    T, S = len(q), len(keys)
    see = torch.ones(T, S, dtype=torch.bool).tril(S - T)
    scores = q @ keys.T / math.sqrt(q.size(1))
    return scores.masked_fill(~see, -math.inf).softmax(1) @ values, keys, values


@cached.mistake
def offset_forgotten(q, k, v, old_k, old_v):
    """The mask begins at key 0, as if nothing stood before."""
    keys, values = torch.cat([old_k, k]), torch.cat([old_v, v])
    return _attend(q, keys, values, 0), keys, values


@cached.mistake
def no_mask(q, k, v, old_k, old_v):
    """The new tokens read one another, forwards too."""
    keys, values = torch.cat([old_k, k]), torch.cat([old_v, v])
    return _attend(q, keys, values, len(keys)), keys, values


@cached.mistake
def not_itself(q, k, v, old_k, old_v):
    """A new token reads what is before it, but not itself."""
    keys, values = torch.cat([old_k, k]), torch.cat([old_v, v])
    return _attend(q, keys, values, len(old_k) - 1).nan_to_num(0.0), keys, values


@cached.mistake
def one_ahead(q, k, v, old_k, old_v):
    """Each new token reads the next one too."""
    keys, values = torch.cat([old_k, k]), torch.cat([old_v, v])
    return _attend(q, keys, values, len(old_k) + 1), keys, values


@cached.mistake
def new_ones_first(q, k, v, old_k, old_v):
    """The new keys stand before the old ones."""
    keys, values = torch.cat([k, old_k]), torch.cat([v, old_v])
    return _attend(q, keys, values, len(old_k)), keys, values


@cached.mistake(hint="new_ones_first")
def handed_back_new_ones_first(q, k, v, old_k, old_v):
    """What is read is right; the keys and values come back in the wrong order."""
    output = cached(q, k, v, old_k, old_v)[0]
    return output, torch.cat([k, old_k]), torch.cat([v, old_v])


@cached.mistake
def only_the_cache_is_read(q, k, v, old_k, old_v):
    """The new tokens do not read themselves or one another."""
    keys, values = torch.cat([old_k, k]), torch.cat([old_v, v])
    if not len(old_k):
        return torch.zeros(len(q), v.size(1)), keys, values
    return _attend(q, old_k, old_v, len(old_k)), keys, values


@cached.mistake
def the_cache_is_not_read(q, k, v, old_k, old_v):
    """Attention among the new tokens alone."""
    keys, values = torch.cat([old_k, k]), torch.cat([old_v, v])
    return _attend(q, k, v, 0), keys, values


@cached.mistake
def scale_forgotten(q, k, v, old_k, old_v):
    """The scores are not divided."""
    keys, values = torch.cat([old_k, k]), torch.cat([old_v, v])
    return _attend(q, keys, values, len(old_k), scale=1.0), keys, values


@cached.mistake
def scaled_otherwise(q, k, v, old_k, old_v):
    """Divided by D, not by its square root."""
    keys, values = torch.cat([old_k, k]), torch.cat([old_v, v])
    return _attend(q, keys, values, len(old_k), scale=q.size(1)), keys, values


@cached.mistake(hint="scaled_otherwise")
def scaled_by_the_values(q, k, v, old_k, old_v):
    """Divided by the square root of the values' width."""
    keys, values = torch.cat([old_k, k]), torch.cat([old_v, v])
    return _attend(q, keys, values, len(old_k), scale=math.sqrt(v.size(1))), keys, values


@cached.mistake
def cache_does_not_grow(q, k, v, old_k, old_v):
    """The old cache is handed back."""
    return cached(q, k, v, old_k, old_v)[0], old_k, old_v


@cached.mistake
def mask_after_softmax(q, k, v, old_k, old_v):
    """Weights are set to zero after the softmax: rows no longer add up to 1."""
    keys, values = torch.cat([old_k, k]), torch.cat([old_v, v])
    weights = (q @ keys.T / math.sqrt(q.size(1))).softmax(1)
    return weights.tril(len(old_k)) @ values, keys, values


@cached.mistake
def masked_with_zero(q, k, v, old_k, old_v):
    """What must not be read gets the score 0, which is e^0 = 1 before the division."""
    keys, values = torch.cat([old_k, k]), torch.cat([old_v, v])
    weights = (q @ keys.T / math.sqrt(q.size(1))).tril(len(old_k)).softmax(1)
    return weights @ values, keys, values


@cached.mistake
def over_the_queries(q, k, v, old_k, old_v):
    """Softmax along the wrong axis."""
    keys, values = torch.cat([old_k, k]), torch.cat([old_v, v])
    see = torch.ones(len(q), len(keys), dtype=torch.bool).tril(len(old_k))
    scores = (q @ keys.T / math.sqrt(q.size(1))).masked_fill(~see, -1e9)
    return scores.softmax(0) @ values, keys, values
