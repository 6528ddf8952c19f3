"""A shop of the town: customers ask about their orders, and the shop answers. Lesson 11."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import NamedTuple

from minillm.world.chance import END
from minillm.world.counter import ChineseCounter, Counter, EnglishCounter
from minillm.world.documents import Document
from minillm.world.oracle import Oracle
from minillm.world.orders import (
    ANSWERS,
    SETTINGS,
    Habits,
    Setting,
    Unusual,
    any_answer,
    write_conversation,
)
from minillm.world.pen import Event, Impossible, Pen
from minillm.world.tokenizer import WorldTokenizer
from minillm.world.town import Town

COUNTERS: dict[str, type[Counter]] = {"en": EnglishCounter, "zh": ChineseCounter}


class ServiceTokenizer(WorldTokenizer):
    """The words of the town, and after them the few that its shop needs. Lesson 11."""

    kind = "service"
    books = COUNTERS


class Said(NamedTuple):
    """One turn: who speaks ("system", "user" or "assistant"), and what."""

    role: str
    text: str


@dataclass(frozen=True)
class Conversation:
    """The turns, the tokens with their probabilities, and what is true."""

    turns: tuple[Said, ...]  # the book of orders, then question and answer in turn
    document: Document

    @property
    def answers(self) -> list[tuple[tuple[Said, ...], Event]]:
        """For every question: all turns up to it, and the answer that is true."""
        true = [event for event in self.document.events if event.line == "answer"]
        return [(self.turns[: 2 * i + 2], event) for i, event in enumerate(true)]


class Service:
    """The shop of a town, in one language. Lesson 11.

    >>> shop = Service()
    >>> orders, question, answer, *_ = shop.write(1, seed=3)[0].turns
    >>> question.text, answer.text
    ('Tell me where my camera is.', 'There is no such order.')
    >>> shop.claim("It is at the harbour.").facts["place"]
    'harbour'
    """

    def __init__(self, seed: int = 0, language: str = "en"):
        self.tokenizer = ServiceTokenizer(language)
        self.book = self.tokenizer.book
        self.town = Town(seed)
        self.habits = {False: Habits(self.town), True: Unusual(self.town)}
        self._any_answer = [Oracle(partial(any_answer, form=one), self.book) for one in ANSWERS]

    @property
    def template(self) -> dict[str, tuple[str, str]]:
        """What is written before and after each turn, by role: for `adapt.conversation`."""
        spoken = {
            role: (f"{word[0].upper()}{word[1:]}{self.book.colon} ", "\n")
            for role, word in self.book.roles.items()
        }
        return {"system": ("", "\n"), **spoken}

    def oracle(self, setting: Setting) -> Oracle:
        """Knows the probability of every conversation of a setting."""
        habits = self.habits[setting.unusual]
        return Oracle(partial(write_conversation, habits=habits, setting=setting), self.book)

    def write(self, n: int, seed: int, setting: Setting | str = "usual") -> list[Conversation]:
        """`n` conversations of a setting, or of one of `SETTINGS` by name."""
        if isinstance(setting, str):
            if setting not in SETTINGS:
                names = ", ".join(SETTINGS)
                raise ValueError(f"There is no setting {setting!r}; there are {names}.")
            setting = SETTINGS[setting]
        rng, oracle, out = random.Random(seed), self.oracle(setting), []
        for _ in range(n):
            pen = Pen(self.book, rng)
            oracle.write(pen)
            out.append(Conversation(self._turns(pen.tokens), Document.of(pen)))
        return out

    def answer(self, event: Event) -> str:
        """A true answer as the shop says it."""
        return self._text(self.book.reword(*event, random.Random(0)))

    def claim(self, text: str) -> Event | None:
        """What an answer says, true or not; None where it is no sentence of the shop."""
        words = self.book.split(text)
        for oracle in self._any_answer:
            try:
                document = oracle.read(words)
            except Impossible:
                continue
            if document.events:  # to its end
                return document.events[0]
        return None

    def _text(self, tokens: Sequence[str]) -> str:
        return "".join(self.book.pieces(tokens))

    def _turns(self, tokens: Sequence[str]) -> tuple[Said, ...]:
        """Cut a conversation at the words that say who speaks."""
        role_of = {word: role for role, word in self.book.roles.items()}
        cuts = [place for place, token in enumerate(tokens) if token in role_of]
        turns = [Said("system", self._text(tokens[: cuts[0]]))]
        for start, stop in pairwise([*cuts, len(tokens)]):
            said = [token for token in tokens[start + 2 : stop] if token != END]  # behind the colon
            turns.append(Said(role_of[tokens[start]], self._text(said)))
        return tuple(turns)
