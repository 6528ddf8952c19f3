"""The pen: the one place where tokens are chosen, and recorded with their exact probability.

The program in `tales` writes through a pen. A `Pen` decides by chance; a `Follower` follows a text
that was given, so the same program also scores any document, and tells what may come after any
prefix. Lesson 01.
"""

import random
from collections.abc import Hashable, Mapping, Sequence
from typing import NamedTuple

from minillm.world.book import Book
from minillm.world.chance import Branch, Fork, Table


class Event(NamedTuple):
    """One line that was told: its name, and its facts by slot name. The same in any language."""

    line: str
    facts: dict[str, Hashable]


class Pen:
    """Writes token after token by chance, and keeps each one's log-probability (nats) and kind."""

    def __init__(self, book: Book, rng: random.Random):
        self.book = book
        self._random = rng.random
        self.tokens: list[str] = []
        self.log_probs: list[float] = []
        self.kinds: list[int] = []
        self.events: list[Event] = []

    def choose(self, fork: Fork) -> Branch:
        """Decide which token follows: the only place where chance enters a document."""
        return self.record(fork, fork.draw(self._random()))

    def record(self, fork: Fork, index: int) -> Branch:
        """Keep the chosen token with its log-probability and kind; return what follows it."""
        self.tokens.append(fork.words[index])
        self.log_probs.append(fork.log_probs[index])
        self.kinds.append(fork.kind)
        return fork.branches[index]

    def say(self, branch: Branch) -> None:
        """Write tokens that must come: probability 1, log-probability 0."""
        self.tokens += branch.words
        self.log_probs += branch.log_probs
        self.kinds += branch.kinds

    def line(self, name: str, form: Table | str = "", **slots: Hashable | Table) -> dict:
        """Write the line `name` with its slots filled; return the facts told, by slot name.

        A slot is given a meaning, which was told before and is said again, or a `Table` to draw
        a new one from. `form` is the form of the sentence, or a table of forms; the one that was
        chosen is the fact "form".
        """
        branch = self.book.line(name, form)
        while True:
            if branch.words:
                self.say(branch)
            if branch.fork:
                branch = self.choose(branch.fork)
            elif branch.slot:
                slot, branch = branch.slot, branch.after
                slots[slot.name] = self.tell(slots[slot.name], slot.style)
            else:
                break
        facts = {slot: value for slot, value in slots.items() if not isinstance(value, Table)}
        facts["form"] = branch.meaning
        self.events.append(Event(name, facts))
        return facts

    def tell(self, meaning: Hashable | Table, style: str) -> Hashable:
        """Say a meaning in the book's words; if it is a `Table`, draw it, token by token."""
        if not isinstance(meaning, Table):
            self.say(self.book.known(meaning, style))
            return meaning
        branch = self.book.tree(meaning, style)
        while True:
            if branch.words:
                self.say(branch)
            if not branch.fork:
                return branch.meaning
            branch = self.choose(branch.fork)


class Impossible(ValueError):
    """The world cannot write this text. `position`: of the first wrong token; `expected`: its P."""

    def __init__(self, given: Sequence[str], position: int, expected: Mapping[str, float]):
        self.position = position
        self.expected = dict(expected)
        ranked = sorted(expected, key=self.expected.__getitem__, reverse=True)
        could = ", ".join(f"{word!r} ({expected[word]:.3g})" for word in ranked[:8])
        if len(ranked) > 8:
            could += f" or one of {len(ranked) - 8} more"
        before = " ".join(given[max(0, position - 8) : position])
        super().__init__(
            f"Token {position} is {given[position]!r}, which this world cannot write there. "
            f"After {before!r} could come: {could or 'nothing, the document is over'}."
        )


class PrefixEnds(Exception):
    """All given tokens were followed; `following` is the exact distribution of the next one."""

    def __init__(self, following: dict[str, float]):
        self.following = following


class Follower(Pen):
    """Follows the `given` tokens, then writes on by chance, or stops there if it has no `rng`.

    Raises Impossible at a token that the world cannot write, PrefixEnds where it stops.
    """

    def __init__(self, book: Book, given: Sequence[str], rng: random.Random | None = None):
        if isinstance(given, str):
            raise TypeError("Give a list of tokens, not a string: world.read(text) makes one.")
        super().__init__(book, rng or random.Random(0))
        self.given = tuple(given)
        self.stops = rng is None

    def choose(self, fork: Fork) -> Branch:
        """Take the token that was given, if it is among those that may follow."""
        place = len(self.tokens)
        if place < len(self.given):
            if self.given[place] not in fork.words:
                raise Impossible(self.given, place, fork.following)
            return self.record(fork, fork.words.index(self.given[place]))
        if self.stops:
            raise PrefixEnds(fork.following)
        return super().choose(fork)

    def say(self, branch: Branch) -> None:
        """Check the given tokens against those that must come."""
        start = len(self.tokens)
        given = self.given[start : start + len(branch.words)]
        for place, (token, must) in enumerate(zip(given, branch.words, strict=False)):
            if token != must:
                raise Impossible(self.given, start + place, {must: 1.0})
        if self.stops and len(given) < len(branch.words):
            super().say(Branch(given, branch.kinds[: len(given)]))
            raise PrefixEnds({branch.words[len(given)]: 1.0})
        super().say(branch)
