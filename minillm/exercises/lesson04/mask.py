"""Lesson 04: who may read whom when a source is known and a target is being written."""

import math
from collections.abc import Iterator

import torch
from torch import Tensor

from minillm.exercises.registry import exercise


def _lengths(generator: torch.Generator) -> Iterator[tuple]:
    yield from [(2, 3), (3, 2), (1, 2), (2, 1), (0, 4), (4, 0), (1, 1), (5, 4)]


@exercise("transformer.mask", lesson="04", inputs=_lengths)
def mask(source: int, target: int) -> Tensor:
    """Who may read whom: (S + T, S + T) booleans, True = may read. S = source, T = target.

    The first S tokens are the source: each reads the whole source and nothing else. The other T
    are the target: each reads the whole source, and of the target itself and what came before.
    """
    see = torch.ones(source + target, source + target, dtype=torch.bool).tril()
    see[:source, :source] = True
    return see


def _all(source, target):
    return torch.ones(source + target, source + target, dtype=torch.bool)


@mask.mistake
def causal(source, target):
    """Everybody reads the past only, in the source too."""
    return _all(source, target).tril()


@mask.mistake
def everybody(source, target):
    """Nothing is hidden."""
    return _all(source, target)


@mask.mistake
def source_reads_target(source, target):
    """The source reads what is still to be written."""
    see = mask(source, target)
    see[:source] = True
    return see


@mask.mistake
def target_reads_on(source, target):
    """The target reads its own future."""
    see = mask(source, target)
    see[source:] = True
    return see


@mask.mistake
def not_itself(source, target):
    """The target reads only what came before it."""
    see = _all(source, target).tril(-1)
    see[:source, :source] = True
    return see


@mask.mistake
def reads_the_next(source, target):
    """One diagonal too many in the target."""
    see = mask(source, target)
    see[source:, source:] = torch.ones(target, target, dtype=torch.bool).tril(1)
    return see


@mask.mistake
def apart(source, target):
    """The target cannot see the source."""
    see = mask(source, target)
    see[source:, :source] = False
    return see


@mask.mistake(hint="apart")
def apart_and_causal(source, target):
    """The same, and the source reads its past only."""
    see = _all(source, target).tril()
    see[source:, :source] = False
    return see


@mask.mistake
def lying(source, target):
    """Rows and columns changed places."""
    return mask(source, target).T


@mask.mistake
def true_hides(source, target):
    """True where it may not read, as some of PyTorch's layers want it."""
    return ~mask(source, target)


@mask.mistake
def numbers(source, target):
    """Ones and zeros."""
    return mask(source, target).float()


@mask.mistake(hint="numbers")
def whole_numbers(source, target):
    """The same, as integers."""
    return mask(source, target).long()


@mask.mistake(hint="numbers")
def to_be_added(source, target):
    """Zeros and minus infinity, to be added to the scores."""
    return torch.zeros(source + target, source + target).masked_fill(
        ~mask(source, target), -math.inf
    )


@mask.mistake(hint="numbers")
def to_be_added_finite(source, target):
    """The same, with a large number for infinity."""
    return torch.where(mask(source, target), 0.0, -1e9)


@mask.mistake
def source_one_longer(source, target):
    """Counts the first token of the target as source."""
    see = mask(source, target)
    see[:, : source + 1] = True
    return see


@mask.mistake
def shifted(source, target):
    """Moves the diagonal of the whole table by the length of the source."""
    return _all(source, target).tril(source)


@mask.mistake(hint="shifted")
def shifted_one_less(source, target):
    """The same, with the last column counted from 0."""
    return _all(source, target).tril(source - 1)


@mask.mistake
def target_first(source, target):
    """Takes the target for the first tokens."""
    return mask(target, source)


@mask.mistake
def two_tables(source, target):
    """Only the rows of the target."""
    return mask(source, target)[source:]
