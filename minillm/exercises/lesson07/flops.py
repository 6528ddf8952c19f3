"""How many operations does a token cost?"""

from collections.abc import Iterator

import torch

from minillm.exercises.registry import exercise


def _shapes(generator: torch.Generator) -> Iterator[tuple]:
    yield 1, 2, 3, 5
    yield 2, 3, 7, 11
    yield 4, 128, 64, 168
    yield 12, 768, 1024, 50257
    yield 3, 5, 2000, 13
    yield 5, 7, 1, 4000
    yield 1, 64, 17, 2


@exercise("gpu.flops", lesson="07", inputs=_shapes)
def flops(layers: int, width: int, context: int, vocab: int) -> int:
    """FLOPs to train a GPT on one token: forward and backward."""
    weights = layers * 12 * width**2 + width * vocab
    attention = layers * 2 * (2 * context * width)
    forward = 2 * weights + attention
    return 3 * forward


def _parts(layers, width, context, vocab):
    """FLOPs of a token's forward pass: in the blocks' matrices, in the head, in attention."""
    return layers * 24 * width**2, 2 * width * vocab, layers * 4 * context * width


@flops.mistake
def forward_only(*shape):
    """Stops after the forward pass."""
    return sum(_parts(*shape))


@flops.mistake
def backward_once(*shape):
    """Counts the backward pass as one more forward pass."""
    return 2 * sum(_parts(*shape))


@flops.mistake
def multiply_adds(*shape):
    """Counts a multiplication and an addition as one operation."""
    return 3 * sum(_parts(*shape)) // 2


@flops.mistake
def weights_once(layers, width, context, vocab):
    """A multiplication a weight, but two operations in attention."""
    blocks, head, attention = _parts(layers, width, context, vocab)
    return 3 * ((blocks + head) // 2 + attention)


@flops.mistake
def head_forgotten(*shape):
    """The blocks alone."""
    blocks, _, attention = _parts(*shape)
    return 3 * (blocks + attention)


@flops.mistake(hint="head_forgotten")
def blocks_matrices_alone(*shape):
    """The matrices of the blocks, and nothing else."""
    return 3 * _parts(*shape)[0]


@flops.mistake
def lookup_counted(*shape):
    """Counts the embedding, which is looked up, as if it were multiplied."""
    blocks, head, attention = _parts(*shape)
    return 3 * (blocks + 2 * head + attention)


@flops.mistake
def head_in_each_layer(layers, width, context, vocab):
    """Multiplies the head by the number of layers."""
    blocks, head, attention = _parts(layers, width, context, vocab)
    return 3 * (blocks + layers * head + attention)


@flops.mistake
def attention_forgotten(*shape):
    """Six times the weights, the well-known rule."""
    blocks, head, _ = _parts(*shape)
    return 3 * (blocks + head)


@flops.mistake
def attention_once(*shape):
    """Only one of its two products, or half of the square."""
    blocks, head, attention = _parts(*shape)
    return 3 * (blocks + head + attention // 2)


@flops.mistake
def attention_twice(*shape):
    """The factor two of multiplication and addition once more."""
    blocks, head, attention = _parts(*shape)
    return 3 * (blocks + head + 2 * attention)


@flops.mistake
def attention_in_one_layer(layers, width, context, vocab):
    """The attention of a single layer."""
    blocks, head, attention = _parts(layers, width, context, vocab)
    return 3 * (blocks + head + attention // layers)


@flops.mistake
def attention_of_the_whole_context(layers, width, context, vocab):
    """The T x T square, for one token."""
    blocks, head, attention = _parts(layers, width, context, vocab)
    return 3 * (blocks + head + attention * context)


@flops.mistake
def attention_not_trained(*shape):
    """Attention has no weights, but a backward pass all the same."""
    blocks, head, attention = _parts(*shape)
    return 3 * (blocks + head) + attention


@flops.mistake
def whole_window(layers, width, context, vocab):
    """The FLOPs of all tokens of a context."""
    return context * flops(layers, width, context, vocab)
