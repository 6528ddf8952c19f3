"""Lesson 04: a block, two branches that read a normalised stream and add to it."""

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor

from minillm.exercises.registry import exercise
from minillm.models import attention as heads


def _parts(T: int, C: int, generator: torch.Generator) -> tuple:
    """A stream (T, C), and the four parts of a block of that width."""

    def normal(*shape: int) -> Tensor:
        return torch.randn(shape, generator=generator)

    queries, keys, values, up, down = (normal(C, C) for _ in range(5))
    gains, biases = 1 + 0.5 * normal(2, C), 0.5 * normal(2, C)

    def attention(x):
        return heads.attention(x @ queries, x @ keys, x @ values, heads.causal_mask(len(x)))

    def mlp(x):
        return F.gelu(x @ up) @ down

    def norm_1(x):
        return F.layer_norm(x, (C,), gains[0], biases[0])

    def norm_2(x):
        return F.layer_norm(x, (C,), gains[1], biases[1])

    return 2 * normal(T, C) + 0.5, attention, mlp, norm_1, norm_2


def _blocks(generator: torch.Generator) -> Iterator[tuple]:
    def nothing(x):
        return torch.zeros_like(x)

    def as_it_is(x):
        return 1.0 * x

    for T, C in [(2, 3), (3, 4), (1, 6), (5, 4)]:
        yield _parts(T, C, generator)
    x, attention, mlp, norm_1, norm_2 = _parts(4, 3, generator)
    yield x.clone(), nothing, mlp, norm_1, norm_2
    yield x.clone(), attention, nothing, norm_1, norm_2
    yield x.clone(), attention, mlp, as_it_is, as_it_is
    yield 100 * x, attention, mlp, norm_1, norm_2


@exercise("transformer.block", lesson="04", inputs=_blocks)
def block(x: Tensor, attention, mlp, norm_1, norm_2) -> Tensor:
    """The stream after a block, (T, C) from x (T, C). The four parts are functions of a stream.

    First the attention reads the stream, normalised by norm_1, and adds to it. Then the MLP
    reads what the stream is now, normalised by norm_2, and adds to it. `x` is left as it is.
    """
    x = x + attention(norm_1(x))
    return x + mlp(norm_2(x))


@block.mistake
def no_residual(x, attention, mlp, norm_1, norm_2):
    """Each branch replaces the stream."""
    return mlp(norm_2(attention(norm_1(x))))


@block.mistake
def one_replaces(x, attention, mlp, norm_1, norm_2):
    """The attention replaces the stream, the MLP adds to it."""
    x = attention(norm_1(x))
    return x + mlp(norm_2(x))


@block.mistake(hint="one_replaces")
def the_other_replaces(x, attention, mlp, norm_1, norm_2):
    """The MLP replaces it."""
    return mlp(norm_2(x + attention(norm_1(x))))


@block.mistake
def adds_to_the_normed(x, attention, mlp, norm_1, norm_2):
    """The stream itself is normalised on its way."""
    x = norm_1(x)
    x = norm_2(x + attention(x))
    return x + mlp(x)


@block.mistake(hint="adds_to_the_normed")
def adds_to_the_normed_once(x, attention, mlp, norm_1, norm_2):
    """In the first branch only."""
    x = norm_1(x)
    x = x + attention(x)
    return x + mlp(norm_2(x))


@block.mistake(hint="adds_to_the_normed")
def adds_to_the_normed_later(x, attention, mlp, norm_1, norm_2):
    """In the second branch only."""
    x = norm_2(x + attention(norm_1(x)))
    return x + mlp(x)


@block.mistake
def norm_after(x, attention, mlp, norm_1, norm_2):
    """The order of 2017: add, then normalise the sum."""
    x = norm_1(x + attention(x))
    return norm_2(x + mlp(x))


@block.mistake(hint="norm_after")
def normed_once_more(x, attention, mlp, norm_1, norm_2):
    """The right block, and its sum normalised at the end."""
    x = x + attention(norm_1(x))
    return norm_2(x + mlp(norm_2(x)))


@block.mistake(hint="norm_after")
def second_norm_after(x, attention, mlp, norm_1, norm_2):
    """The first branch is right, the second norm stands after the sum."""
    x = x + attention(norm_1(x))
    return norm_2(x + mlp(x))


@block.mistake
def branch_normed_after(x, attention, mlp, norm_1, norm_2):
    """Normalises what a branch says, not what it reads."""
    x = x + norm_1(attention(x))
    return x + norm_2(mlp(x))


@block.mistake
def side_by_side(x, attention, mlp, norm_1, norm_2):
    """Both branches read the stream as it came."""
    return x + attention(norm_1(x)) + mlp(norm_2(x))


@block.mistake
def attention_lost(x, attention, mlp, norm_1, norm_2):
    """The MLP's share is added to the stream as it came."""
    return x + mlp(norm_2(x + attention(norm_1(x))))


@block.mistake
def stream_twice(x, attention, mlp, norm_1, norm_2):
    """Adds the stream as it came once more."""
    h = x + attention(norm_1(x))
    return x + h + mlp(norm_2(h))


@block.mistake
def mlp_reads_the_branch(x, attention, mlp, norm_1, norm_2):
    """The MLP reads what the attention said, not the stream."""
    said = attention(norm_1(x))
    return x + said + mlp(norm_2(said))


@block.mistake
def one_sum_around_both(x, attention, mlp, norm_1, norm_2):
    """One sum for both branches."""
    return x + mlp(norm_2(attention(norm_1(x))))


@block.mistake
def one_norm_twice(x, attention, mlp, norm_1, norm_2):
    """The first norm for both."""
    x = x + attention(norm_1(x))
    return x + mlp(norm_1(x))


@block.mistake(hint="one_norm_twice")
def norms_swapped(x, attention, mlp, norm_1, norm_2):
    """Each branch has the other's norm."""
    x = x + attention(norm_2(x))
    return x + mlp(norm_1(x))


@block.mistake
def no_norm(x, attention, mlp, norm_1, norm_2):
    """The branches read the stream as it is."""
    x = x + attention(x)
    return x + mlp(x)


@block.mistake(hint="no_norm")
def second_norm_forgotten(x, attention, mlp, norm_1, norm_2):
    """The MLP reads the stream as it is."""
    x = x + attention(norm_1(x))
    return x + mlp(x)


@block.mistake(hint="no_norm")
def first_norm_forgotten(x, attention, mlp, norm_1, norm_2):
    """The attention does."""
    x = x + attention(x)
    return x + mlp(norm_2(x))


@block.mistake
def mlp_first(x, attention, mlp, norm_1, norm_2):
    """The branches changed places, each with its norm."""
    x = x + mlp(norm_2(x))
    return x + attention(norm_1(x))


@block.mistake(hint="mlp_first")
def mlp_first_norms_in_order(x, attention, mlp, norm_1, norm_2):
    """The branches changed places, the norms did not."""
    x = x + mlp(norm_1(x))
    return x + attention(norm_2(x))


@block.mistake
def first_branch_only(x, attention, mlp, norm_1, norm_2):
    """Stops after the attention."""
    return x + attention(norm_1(x))
