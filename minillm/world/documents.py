"""What the world hands out: one document with its facts, or many as arrays."""

import math
from dataclasses import dataclass

import numpy as np

from minillm.world.chance import END
from minillm.world.pen import Event, Pen


@dataclass(frozen=True)
class Document:
    """A text with everything that is known about it. Lesson 01."""

    tokens: tuple[str, ...]
    log_probs: np.ndarray  # of each token given those before it, nats, float64
    kinds: np.ndarray  # index into `KINDS`, uint8
    events: tuple[Event, ...]  # what it tells, in order, in no particular language

    @classmethod
    def of(cls, pen: Pen) -> "Document":
        """What a pen has written."""
        log_probs, kinds = np.array(pen.log_probs), np.array(pen.kinds, dtype=np.uint8)
        return cls(tuple(pen.tokens), log_probs, kinds, tuple(pen.events))

    @property
    def log_prob(self) -> float:
        """log P(document), nats: the sum over its tokens, the end token too."""
        return math.fsum(self.log_probs)

    @property
    def complete(self) -> bool:
        """Whether it has its end token."""
        return self.tokens[-1:] == (END,)


@dataclass(frozen=True)
class Documents:
    """Many documents, one after another, each with its end token. Lesson 05."""

    ids: np.ndarray  # tokens, int32
    log_probs: np.ndarray  # of each token given its document so far, nats, float64
    kinds: np.ndarray  # index into `KINDS`, uint8
    offsets: np.ndarray  # document i is [offsets[i]:offsets[i + 1]], int64

    def __len__(self) -> int:
        """How many documents."""
        return len(self.offsets) - 1

    def __getitem__(self, i: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Document i: its ids, log-probabilities and kinds."""
        if not 0 <= i < len(self):
            raise IndexError(f"There is no document {i}; there are {len(self)}, from 0 on.")
        place = slice(self.offsets[i], self.offsets[i + 1])
        return self.ids[place], self.log_probs[place], self.kinds[place]

    def without(self, others: "Documents") -> "Documents":
        """The documents that are not, token by token, among `others`. Lesson 05."""
        known = {ids.tobytes() for ids, _, _ in others}
        keep = np.array([ids.tobytes() not in known for ids, _, _ in self], dtype=bool)
        lengths = np.diff(self.offsets)
        tokens = np.repeat(keep, lengths)
        return Documents(
            ids=self.ids[tokens],
            log_probs=self.log_probs[tokens],
            kinds=self.kinds[tokens],
            offsets=np.concatenate([[0], np.cumsum(lengths[keep])]),
        )
