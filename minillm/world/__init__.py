"""A small town that writes its own documents, so that the best possible loss is known exactly.

Sixteen people live there. They meet, lose a kite, buy a teapot, write shopping lists, and what is
usual among them (who goes where, which colour is rare) is fixed by the world's seed. One program
(`tales`) writes a document token by token. Wherever more than one token may follow, one function,
`Pen.choose`, decides, and keeps three things: the token, the logarithm of its exact probability,
and its kind, which says what a reader must know to predict it:

    grammar   how sentences are built
    world     what is usual in this town, learnt from many documents
    recall    what this very document has told before

A choice depends on nothing but the tokens before it. So the log-probabilities of a document add up
to log P(document), and no model can have a lower mean loss than their negative mean: that is the
floor. A model's loss minus the floor is its regret. The oracle runs the same program along any
other text, and knows what may come next, with which probability. English and Chinese tell the same
facts with the same probabilities. Lessons 01 and 05. The town has a shop, too, whose
conversations with customers are written in the same way (`service`, lesson 11).
"""

import random
from collections.abc import Sequence
from functools import partial

import numpy as np

from minillm.world.chance import END, GRAMMAR, KINDS, RECALL, WORLD
from minillm.world.documents import Document, Documents
from minillm.world.oracle import Entropy, Oracle
from minillm.world.orders import SETTINGS, Setting
from minillm.world.pen import Event, Follower, Impossible, Pen
from minillm.world.service import Conversation, Said, Service
from minillm.world.tales import write_document
from minillm.world.tokenizer import WorldTokenizer
from minillm.world.town import Town

__all__ = [
    "END",
    "GRAMMAR",
    "KINDS",
    "RECALL",
    "SETTINGS",
    "WORLD",
    "Conversation",
    "Document",
    "Documents",
    "Entropy",
    "Event",
    "Impossible",
    "Oracle",
    "Said",
    "Service",
    "Setting",
    "World",
    "WorldTokenizer",
]


class World:
    """One town in one language ("en" or "zh"); `seed` draws what is usual there. Lesson 01.

    Worlds of one seed tell of the same town in either language.

    >>> world = World(seed=0)
    >>> document = world.write(seed=0)
    >>> world.text(document.tokens[:9])
    'This is the shopping list of Max the detective'
    >>> round(world.oracle.next(["it", "was"])["an"], 3)  # icy or ordinary
    0.194
    """

    def __init__(self, seed: int = 0, language: str = "en"):
        self.seed = seed
        self.tokenizer = WorldTokenizer(language)
        self.book = self.tokenizer.book
        self.town = Town(seed)
        self.oracle = Oracle(partial(write_document, town=self.town), self.book)

    @property
    def vocabulary(self) -> tuple[str, ...]:
        """All tokens, in the order of their ids; `<end>` is 0. The same for every seed."""
        return self.book.vocabulary

    def write(self, seed: int, prefix: Sequence[str] = ()) -> Document:
        """Write one document by chance; one that begins with `prefix`, if that is given."""
        pen = Follower(self.book, prefix, random.Random(seed))
        self.oracle.write(pen)
        return Document.of(pen)

    def documents(self, n: int, seed: int) -> Documents:
        """Write `n` documents, fast; the first is `write(seed)`."""
        pen, offsets = Pen(self.book, random.Random(seed)), [0]
        for _ in range(n):
            self.oracle.write(pen)
            pen.events.clear()
            offsets.append(len(pen.tokens))
        return Documents(
            ids=np.array([self.tokenizer.ids[token] for token in pen.tokens], dtype=np.int32),
            log_probs=np.array(pen.log_probs),
            kinds=np.array(pen.kinds, dtype=np.uint8),
            offsets=np.array(offsets, dtype=np.int64),
        )

    def text(self, tokens: Sequence[str]) -> str:
        """A document as it is printed, without its end token."""
        shown = tokens[:-1] if tokens[-1:] == (END,) else tokens
        return "".join(self.book.pieces(shown))

    def read(self, text: str) -> tuple[str, ...]:
        """The tokens of a printed document, with its end token."""
        return (*(self.vocabulary[number] for number in self.tokenizer.encode(text)), END)

    def retell(self, document: Document, seed: int) -> Document:
        """Tell the facts of a complete document in this world's language; chance picks the words.

        `document` may come from the world of the same seed in the other language: the two are
        then a translation of each other, sentence by sentence.
        """
        if not document.complete:
            raise ValueError("Only a complete document can be retold: its end token is missing.")
        rng = random.Random(seed)
        told = [token for event in document.events for token in self.book.reword(*event, rng)]
        return self.oracle.read([*told, END])
