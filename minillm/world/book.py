"""What the phrase books of both languages share: how sentences become trees of tokens."""

import random
import re
from collections.abc import Hashable, Iterable, Iterator, Mapping
from functools import cached_property
from itertools import product

from minillm.world.chance import END, GRAMMAR, RECALL, Branch, Saying, Slot, Table, grow, parts
from minillm.world.town import CLASSES

TEMPLATE = re.compile(r"\{(\w+):?(\w*)\}|(\w+|[^\w\s])")  # {slot:style}, or a word or sign
CLASS_OF = {concept: name for name, concepts in CLASSES.items() for concept in concepts}


class Book:
    """One language: its sentences, and its words for the town's concepts. Lesson 01.

    A line may have several wordings, the likeliest first: of n wordings the first weighs n, the
    next n - 1, the last 1.
    """

    lines: dict[str, tuple[str, ...]]  # "name" or "name.form": its wordings, with {slot:style}
    little_words: tuple[str, ...]  # what `spell` writes beside the names of the concepts

    def __init__(self):
        self._wordings = {
            name: {_symbols(text): len(texts) - rank for rank, text in enumerate(texts)}
            for name, texts in self.lines.items()
        }
        self._lines: dict[tuple, Branch] = {}
        self._trees: dict[tuple, Branch] = {}
        self._known: dict[tuple, Branch] = {}
        self._spelled: dict[tuple, dict] = {}

    def spell(self, meaning: Hashable, style: str) -> list[str]:
        """The tokens for a meaning: `spell(("red", "kite"), "a")` is `["a", "red", "kite"]`."""
        raise NotImplementedError

    def pieces(self, tokens: Iterable[str]) -> Iterator[str]:
        """What each token adds to a printed text: itself, spaces, capitals, new lines."""
        raise NotImplementedError

    def split(self, text: str) -> list[str]:
        """The tokens of a printed text: the way back from `pieces`."""
        raise NotImplementedError

    @cached_property
    def vocabulary(self) -> tuple[str, ...]:
        """Every token of the language, in the order of their ids: `<end>`, then all others."""
        words = set(self.little_words)
        for wordings in self._wordings.values():
            for symbols in wordings:
                words.update(symbol for symbol in symbols if isinstance(symbol, str))
        for concept in CLASS_OF:
            words.update(self.spell(concept, ""))
        return (END, *sorted(words))

    @cached_property
    def words(self) -> frozenset[str]:
        """The vocabulary, to look words up in."""
        return frozenset(self.vocabulary)

    def wordings(self, line: str, form: str) -> dict[tuple[str | Slot, ...], int]:
        """The wordings of a line, as tokens and slots, with their weights."""
        return self._wordings[f"{line}.{form}" if form else line]

    def reword(self, line: str, facts: Mapping[str, Hashable], rng: random.Random) -> list[str]:
        """The tokens of a line with its facts, in one of its wordings."""
        wordings = self.wordings(line, facts["form"])
        (symbols,) = rng.choices(list(wordings), list(wordings.values()))
        tokens = []
        for symbol in symbols:
            if isinstance(symbol, Slot):
                tokens += self.spell(facts[symbol.name], symbol.style)
            else:
                tokens.append(symbol)
        return tokens

    def line(self, name: str, form: Table | str) -> Branch:
        """The tree of a line in one form, or in any form of a table."""
        if (name, form) not in self._lines:
            sayings = []
            for one, share in (form.weights if isinstance(form, Table) else {form: 1}).items():
                wordings = self.wordings(name, one)
                for symbols, weight in wordings.items():
                    weight = share * weight / sum(wordings.values())
                    sayings.append(Saying(symbols, (GRAMMAR,) * len(symbols), weight, one))
            self._lines[name, form] = grow(sayings)
        return self._lines[name, form]

    def tree(self, table: Table, style: str) -> Branch:
        """The tree of everything that a table may say, in one style."""
        if table.kind == RECALL:  # made for one document: not worth keeping
            return self._grow(table, style)
        if (table, style) not in self._trees:
            self._trees[table, style] = self._grow(table, style)
        return self._trees[table, style]

    def known(self, meaning: Hashable, style: str) -> Branch:
        """The tokens of a meaning that was told before: certain, to a reader who recalls it."""
        if (meaning, style) not in self._known:
            self._known[meaning, style] = self._grow(Table({meaning: 1}, RECALL), style)
        return self._known[meaning, style]

    def _grow(self, table: Table, style: str) -> Branch:
        sayings = []
        for meaning, weight in table.weights.items():
            words, varies = self._words(meaning, style)
            kinds = tuple(table.kind if one else GRAMMAR for one in varies)
            sayings.append(Saying(words, kinds, weight, meaning))
        return grow(sayings)

    def _words(self, meaning: Hashable, style: str) -> tuple[tuple[str, ...], tuple[bool, ...]]:
        """The tokens for a meaning; and which of them another meaning of its class would change.

        In "the kite", "the" comes whatever the thing is: that is grammar. "kite" is not.
        """
        classes = tuple(CLASS_OF[part] for part in parts(meaning))
        if (classes, style) not in self._spelled:
            spelled, following = {}, {}
            for one in product(*(CLASSES[name] for name in classes)):
                one = one if len(one) > 1 else one[0]
                spelled[one] = words = tuple(self.spell(one, style))
                for place, word in enumerate(words):
                    following.setdefault(words[:place], set()).add(word)
            self._spelled[classes, style] = {
                one: (words, tuple(len(following[words[:i]]) > 1 for i in range(len(words))))
                for one, words in spelled.items()
            }
        return self._spelled[classes, style][meaning]


def _symbols(text: str) -> tuple[str | Slot, ...]:
    """A wording as tokens (all but "I" in lower case) and slots."""
    return tuple(
        Slot(slot, style) if slot else word if word == "I" else word.lower()
        for slot, style, word in TEMPLATE.findall(text)
    )
