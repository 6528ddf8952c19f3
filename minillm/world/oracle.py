"""The oracle: exact probabilities of any text under a world, and the best loss there can be."""

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from minillm.world.book import Book
from minillm.world.chance import END, Branch, Fork
from minillm.world.documents import Document
from minillm.world.pen import Follower, Impossible, Pen, PrefixEnds


@dataclass(frozen=True, kw_only=True)
class Entropy:
    """Mean surprise of a whole document: what the loss of no model can get below. Lesson 05.

    Exact, or estimated by Monte Carlo: then [low, high] holds the truth 95 times in 100.
    """

    nats: float  # per document
    low: float
    high: float
    tokens: float  # per document, on average
    exact: bool
    documents: int  # how many were summed up or sampled

    @property
    def nats_per_token(self) -> float:
        """The best possible mean loss per token, nats."""
        return self.nats / self.tokens


class Oracle:
    """Knows the probabilities of everything that `write` can write. Lessons 01 and 05.

    `write` is a program that writes one document through a pen. The tokens of a text are given
    as strings, from the first one of a document on; they need not reach its end.
    """

    def __init__(self, write: Callable[[Pen], None], book: Book):
        self.write, self.book = write, book

    def read(self, tokens: Sequence[str]) -> Document:
        """A text with its log-probabilities, kinds and facts; Impossible says what is wrong."""
        pen = Follower(self.book, tokens)
        self._follow(pen)
        return Document.of(pen)

    def log_prob(self, tokens: Sequence[str]) -> float:
        """log P(the document is, or begins with, these tokens), nats."""
        return self.read(tokens).log_prob

    def kinds(self, tokens: Sequence[str]) -> np.ndarray:
        """The kind of each token, index into `KINDS`, uint8."""
        return self.read(tokens).kinds

    def next(self, prefix: Sequence[str]) -> dict[str, float]:
        """The exact distribution of the next token; empty after the end token."""
        return self._follow(Follower(self.book, prefix))

    def entropy(
        self,
        prefix: Sequence[str] = (),
        *,
        documents: int = 2000,
        seed: int = 0,
        limit: int = 2000,
    ) -> Entropy:
        """The entropy of what follows `prefix`: of a whole document, if it is empty.

        Summed exactly if that takes no more than `limit` tokens; else the mean over `documents`
        samples of the entropies of all their tokens, which scatters less than -log P.
        """
        return self._sum(prefix, limit) or self._sample(prefix, documents, seed)

    def _follow(self, pen: Follower) -> dict[str, float]:
        """Write with a follower as far as it goes; return what may come then."""
        try:
            self.write(pen)
        except PrefixEnds as end:
            return end.following
        if len(pen.tokens) < len(pen.given):
            raise Impossible(pen.given, len(pen.tokens), {})
        return {}

    def _sum(self, prefix: Sequence[str], limit: int) -> Entropy | None:
        """Chain rule: the entropy of each next token, times the probability to get there."""
        open_ends, nats, tokens, documents = [(tuple(prefix), 1.0)], 0.0, 0.0, 0
        while open_ends:
            here, probability = open_ends.pop()
            following = self.next(here)
            nats -= probability * math.fsum(p * math.log(p) for p in following.values())
            tokens += probability if following else 0.0
            documents += END in following
            open_ends += [((*here, w), probability * p) for w, p in following.items() if w != END]
            limit -= 1
            if limit < 0:
                return None
        return Entropy(
            nats=nats, low=nats, high=nats, tokens=tokens, exact=True, documents=documents
        )

    def _sample(self, prefix: Sequence[str], documents: int, seed: int) -> Entropy:
        rng = random.Random(seed)
        pens = [_Surprise(self.book, prefix, rng) for _ in range(documents)]
        for pen in pens:
            self._follow(pen)
        samples = np.array([pen.nats for pen in pens])
        mean, error = samples.mean(), 1.96 * samples.std(ddof=1) / math.sqrt(documents)
        return Entropy(
            nats=float(mean),
            low=float(mean - error),
            high=float(mean + error),
            tokens=float(np.mean([len(pen.tokens) - len(prefix) for pen in pens])),
            exact=False,
            documents=documents,
        )


class _Surprise(Follower):
    """Adds up the entropy of every token that it writes after the given ones."""

    nats = 0.0

    def choose(self, fork: Fork) -> Branch:
        if len(self.tokens) >= len(self.given):
            self.nats += fork.entropy
        return super().choose(fork)
