"""Lesson 09: what those weigh."""

from collections.abc import Iterator

import torch

from minillm.exercises.registry import exercise


def _shapes(generator: torch.Generator) -> Iterator[tuple]:
    # layers, heads, key/value heads, width, tokens, batch, bytes of a number
    yield 2, 4, 4, 64, 10, 1, 4
    yield 12, 12, 12, 768, 1024, 3, 2
    yield 32, 32, 8, 4096, 8192, 5, 2
    yield 1, 6, 1, 96, 7, 9, 1
    low = (torch.randint(2, 9, (2,), generator=generator) * 2).tolist()
    yield low[0], 8, 2, 8 * low[1], 100, 7, 4


@exercise("generate.cache_bytes", lesson="09", inputs=_shapes)
def cache_bytes(
    layers: int, heads: int, kv_heads: int, width: int, tokens: int, batch: int, size: int
) -> int:
    """How many bytes the KV cache of `batch` texts of `tokens` tokens takes.

    The width is shared out among `heads` queries. There are `kv_heads` keys and values of the
    same head width (fewer than heads where several queries share one). Each number takes `size`
    bytes.
    """
    return 2 * layers * batch * tokens * kv_heads * (width // heads) * size


@cache_bytes.mistake
def keys_only(layers, heads, kv_heads, width, tokens, batch, size):
    """Keys or values, not both."""
    return layers * batch * tokens * kv_heads * (width // heads) * size


@cache_bytes.mistake
def all_heads(layers, heads, kv_heads, width, tokens, batch, size):
    """As many keys as queries."""
    return 2 * layers * batch * tokens * width * size


@cache_bytes.mistake
def one_layer(layers, heads, kv_heads, width, tokens, batch, size):
    """Of one layer."""
    return 2 * batch * tokens * kv_heads * (width // heads) * size


@cache_bytes.mistake
def one_text(layers, heads, kv_heads, width, tokens, batch, size):
    """Of one text."""
    return 2 * layers * tokens * kv_heads * (width // heads) * size


@cache_bytes.mistake
def one_token(layers, heads, kv_heads, width, tokens, batch, size):
    """Of one token."""
    return 2 * layers * batch * kv_heads * (width // heads) * size


@cache_bytes.mistake
def numbers_counted(layers, heads, kv_heads, width, tokens, batch, size):
    """How many numbers, not how many bytes."""
    return 2 * layers * batch * tokens * kv_heads * (width // heads)


@cache_bytes.mistake
def in_bits(layers, heads, kv_heads, width, tokens, batch, size):
    """Bits."""
    return cache_bytes(layers, heads, kv_heads, width, tokens, batch, size) * 8


@cache_bytes.mistake
def full_width_a_head(layers, heads, kv_heads, width, tokens, batch, size):
    """Every key/value head as wide as the model."""
    return 2 * layers * batch * tokens * kv_heads * width * size


@cache_bytes.mistake
def one_head(layers, heads, kv_heads, width, tokens, batch, size):
    """Of one head."""
    return 2 * layers * batch * tokens * (width // heads) * size


@cache_bytes.mistake
def attention_weights(layers, heads, kv_heads, width, tokens, batch, size):
    """The T x T weights, which nobody keeps."""
    return layers * batch * heads * tokens**2 * size


@cache_bytes.mistake
def tokens_squared(layers, heads, kv_heads, width, tokens, batch, size):
    """Each token kept once for every other."""
    return 2 * layers * batch * tokens**2 * kv_heads * (width // heads) * size


@cache_bytes.mistake
def queries_kept(layers, heads, kv_heads, width, tokens, batch, size):
    """Queries, keys and values."""
    return 3 * layers * batch * tokens * kv_heads * (width // heads) * size


@cache_bytes.mistake(hint="queries_kept")
def queries_of_all_heads_kept(layers, heads, kv_heads, width, tokens, batch, size):
    """The same, and the queries are more than the keys."""
    return layers * batch * tokens * (heads + 2 * kv_heads) * (width // heads) * size


@cache_bytes.mistake
def width_divided_by_the_other(layers, heads, kv_heads, width, tokens, batch, size):
    """The head width from the number of key/value heads."""
    return 2 * layers * batch * tokens * heads * (width // kv_heads) * size
