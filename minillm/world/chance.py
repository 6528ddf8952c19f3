"""Chance in the world: tables of weights, and the trees of tokens that are grown from them.

A `Fork` is a point in a text where several tokens may follow, each with its exact probability.
A `Branch` is what stands between two forks. `grow` makes both out of weighted sayings. Lesson 01.
"""

import math
from bisect import bisect
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate
from typing import NamedTuple

KINDS = ("grammar", "world", "recall")  # what one must know to predict a token
GRAMMAR, WORLD, RECALL = range(3)
END = "<end>"


class Table:
    """Meanings with unequal chances: a fact of the world, or a choice among things already told."""

    def __init__(self, weights: Mapping[Hashable, float], kind: int = WORLD):
        self.weights = dict(weights)
        self.kind = kind
        self._without: dict[frozenset, Table] = {}

    @cached_property
    def _parts(self) -> frozenset:
        return frozenset(part for meaning in self.weights for part in parts(meaning))

    def without(self, used: Iterable[Hashable]) -> "Table":
        """The same table where no meaning has a part in `used`; the others keep their odds.

        >>> Table({("red", "kite"): 2, ("red", "hat"): 1}).without(["kite"]).weights
        {('red', 'hat'): 1}
        """
        gone = self._parts.intersection(used)
        if not gone:
            return self
        if gone not in self._without:
            left = {m: w for m, w in self.weights.items() if gone.isdisjoint(parts(m))}
            self._without[gone] = Table(left, self.kind)
        return self._without[gone]


def parts(meaning: Hashable) -> tuple:
    """The concepts in a meaning: ("red", "kite") has two, "kite" is its own."""
    return meaning if isinstance(meaning, tuple) else (meaning,)


def told(options: Iterable[Hashable]) -> Table:
    """An even choice among things that this document has told: to predict it is to recall."""
    return Table(dict.fromkeys(options, 1.0), RECALL)


class Slot(NamedTuple):
    """A place in a sentence to be filled: `{what:a}` is slot "what" said in the style "a"."""

    name: str
    style: str


class Saying(NamedTuple):
    """One way to say something: tokens and slots, the kind of each, its weight and its meaning."""

    symbols: tuple[str | Slot, ...]
    kinds: tuple[int, ...]
    weight: float
    meaning: Hashable


@dataclass(slots=True)
class Branch:
    """Tokens that must come, their kinds, and what is next: a fork, a slot, or neither: the end."""

    words: tuple[str, ...]
    kinds: tuple[int, ...]
    log_probs: tuple[float, ...] = field(init=False)  # what must come is certain: zeros
    fork: "Fork | None" = None
    slot: Slot | None = None
    after: "Branch | None" = None  # what follows the slot
    meaning: Hashable = None  # what was said: known at the end

    def __post_init__(self) -> None:
        """Probability 1 has the logarithm 0."""
        self.log_probs = (0.0,) * len(self.words)


class Fork:
    """Distinct tokens that may come next, with probabilities, one kind, and a branch for each."""

    def __init__(
        self,
        words: Sequence[str],
        weights: Sequence[float],
        kind: int,
        branches: Sequence[Branch] = (),
    ):
        total = math.fsum(weights)
        self.words = tuple(words)
        self.probabilities = tuple(weight / total for weight in weights)
        self.log_probs = tuple(map(math.log, self.probabilities))  # nats
        self.kind = kind
        self.branches = tuple(branches)
        self._limits = tuple(accumulate(self.probabilities))[:-1]  # where one share ends

    def draw(self, uniform: float) -> int:
        """The index of the word in whose share of [0, 1) a uniform random number falls."""
        return bisect(self._limits, uniform)

    @property
    def following(self) -> dict[str, float]:
        """The distribution of the next token."""
        return dict(zip(self.words, self.probabilities, strict=True))

    @property
    def entropy(self) -> float:
        """Mean surprise at this fork, nats."""
        return -math.fsum(map(math.prod, zip(self.probabilities, self.log_probs, strict=True)))


def grow(sayings: Sequence[Saying], start: int = 0) -> Branch:
    """Merge sayings that agree up to `start` into one tree of forks.

    A token's probability is the weight of all sayings that go through it: "an" weighs as much as
    everything that could follow "an", so no token knows what comes after it. Raises ValueError
    where the next token would not tell two sayings apart: then the text would be ambiguous.
    """
    first, end = sayings[0], start
    while True:  # as long as all sayings go on with the same token, it must come
        following: dict[str | Slot | None, list[Saying]] = {}
        for saying in sayings:
            symbol = saying.symbols[end] if end < len(saying.symbols) else None
            following.setdefault(symbol, []).append(saying)
        if len(following) > 1 or not isinstance(symbol, str):
            break
        end += 1
    branch = Branch(first.symbols[start:end], first.kinds[start:end])
    if isinstance(symbol, Slot) and len(following) == 1:
        branch.slot, branch.after = symbol, grow(sayings, end + 1)
    elif symbol is None and len(sayings) == 1:
        branch.meaning = first.meaning
    elif all(isinstance(symbol, str) for symbol in following):
        weights = [math.fsum(saying.weight for saying in some) for some in following.values()]
        branches = [grow(some, end + 1) for some in following.values()]
        branch.fork = Fork(tuple(following), weights, first.kinds[end], branches)
    else:
        raise ValueError(
            f"After {first.symbols[:end]} come {list(following)}, which the next token does not "
            "tell apart. Reword, so that any two sayings first differ in a token."
        )
    return branch
