"""A shop of the town: customers ask about their orders, and the shop answers. Lesson 11.

A second program beside `tales`. The book of orders comes first, then turn after turn; what the shop
says follows from the orders and the question, in one wording, so that an answer is right or wrong.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise, product
from typing import NamedTuple

from minillm.world.chance import END, GRAMMAR, RECALL, Branch, Table
from minillm.world.counter import ChineseCounter, Counter, EnglishCounter
from minillm.world.documents import Document
from minillm.world.oracle import Oracle
from minillm.world.pen import Event, Pen
from minillm.world.tokenizer import WorldTokenizer
from minillm.world.town import CLASSES, NUMBERS, Town

COUNTERS: dict[str, type[Counter]] = {"en": EnglishCounter, "zh": ChineseCounter}
QUESTIONS = {"where": 3, "colour": 2, "price": 2, "refund": 2}
ANSWERS = (*QUESTIONS, "none", "thanks")
STRANGE = 0.2  # share of questions about a thing that nobody has ordered
DONE = Branch((END,), (GRAMMAR,))


class ServiceTokenizer(WorldTokenizer):
    """The words of the town, and after them the few that its shop needs. Lesson 11."""

    kind = "service"
    books = COUNTERS


@dataclass(frozen=True, kw_only=True)
class Setting:
    """What is new about some conversations; the defaults are those to learn from."""

    orders: tuple[int, ...] = (1, 2)  # how many there may be
    questions: tuple[int, int] = (1, 2)  # the fewest, the most
    unusual: bool = False  # colours, prices and places that the town never has
    reworded: bool = False  # questions in the wordings that are kept for the test


# What a test may ask of a model that has learnt from the first.
SETTINGS = {
    "usual": Setting(),
    "new facts": Setting(unusual=True),
    "new words": Setting(reworded=True),
    "longer": Setting(orders=(3,), questions=(3, 3)),
}


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
    >>> for turn in shop.write(1, seed=3)[0].turns[1:3]:
    ...     print(turn.role, "|", turn.text)
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
        for oracle in self._any_answer:
            try:
                document = oracle.read([self.book.vocabulary[i] for i in self.tokenizer.encode(text)])
            except ValueError:  # an unknown word, or a token that cannot come there
                continue
            if document.events:
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


class Order(NamedTuple):
    """One order of the book."""

    colour: str
    price: int
    place: str


class Habits:
    """What customers of this town order, for how much, and where it waits: as in its stories."""

    def __init__(self, town: Town):
        self.town = town
        self.people = Table({who: weight for (who, _), weight in town.people.weights.items()})

    def what(self, who: str) -> Table:
        """Pairs (colour, thing)."""
        return self.town.belongings[who]

    def price(self, thing: str) -> Table:
        """Coins; at least two, since one is kept for the carrier when a thing comes back."""
        return self.town.prices[thing].without([1])

    def place(self, who: str) -> Table:
        """Where it waits."""
        return self.town.haunts[who]


class Unusual(Habits):
    """Only what the town never has: a thing in none of its colours, for none of its prices."""

    def __init__(self, town: Town):
        super().__init__(town)
        pairs = product(CLASSES["colour"], CLASSES["thing"])
        self._what = Table(
            {(colour, thing): 1 for colour, thing in pairs if colour not in town.colours[thing].weights}
        )
        self._prices = {t: _others(NUMBERS[1:], town.prices[t]) for t in CLASSES["thing"]}
        self._places = {who: _others(CLASSES["place"], town.haunts[who]) for who in town.haunts}

    def what(self, who: str) -> Table:
        return self._what

    def price(self, thing: str) -> Table:
        return self._prices[thing]

    def place(self, who: str) -> Table:
        return self._places[who]


def _others(options: Sequence, table: Table) -> Table:
    """An even choice among the options that a table never gives."""
    return Table({one: 1 for one in options if one not in table.weights})


def write_conversation(pen: Pen, habits: Habits, setting: Setting) -> None:
    """Write one conversation, to its end token."""
    orders = order_book(pen, habits, setting)
    ask = "reask" if setting.reworded else "ask"
    fewest, most = setting.questions
    thing = None  # that the last question was about, if it has been ordered
    for number in range(most + 1):
        forms = {} if number == most else dict(QUESTIONS)
        if forms and thing in orders:
            forms |= {f"{one} it": 1 for one in QUESTIONS}
        if number >= fewest:
            forms["thanks"] = sum(forms.values()) or 1
        pen.say(speaker(pen, "user"))
        asked = pen.line(ask, Table(forms, GRAMMAR), thing=wanted(orders))
        form, thing = asked["form"].removesuffix(" it"), asked.get("thing", thing)
        pen.say(speaker(pen, "assistant"))
        if form == "thanks":
            pen.line("answer", "thanks")
        elif thing in orders:
            order = orders[thing]
            facts = {"where": {"place": order.place}, "colour": {"colour": order.colour}}
            facts |= {"price": {"price": order.price}, "refund": {"rest": order.price - 1}}
            pen.line("answer", form, **facts[form])
        else:
            pen.line("answer", "none")
        pen.say(DONE)
        if form == "thanks":
            return


def order_book(pen: Pen, habits: Habits, setting: Setting) -> dict[str, Order]:
    """Who ordered what, for how much, and where it is: by thing, each of which is there once."""
    numbers = {number: 1 for number in setting.orders}
    forms = Table({"one" if n == 1 else "many": 1 for n in numbers}, GRAMMAR)
    many = Table({n: 1 for n in numbers if n > 1} or {2: 1}, GRAMMAR)
    opening = pen.line("orders", forms, number=many)
    people, orders = [], {}
    for _ in range(1 if opening["form"] == "one" else opening["number"]):
        who = pen.line("order", "who", who=habits.people.without(people))["who"]
        colour, thing = pen.line("order", "what", what=habits.what(who).without(orders))["what"]
        price = pen.line("order", "price", price=habits.price(thing))["price"]
        place = pen.line("order", "place", place=habits.place(who))["place"]
        people.append(who)
        orders[thing] = Order(colour, price, place)
    return orders


def wanted(orders: dict[str, Order]) -> Table:
    """The thing that is asked about: one that was ordered, or now and then one that was not."""
    strange = [thing for thing in CLASSES["thing"] if thing not in orders]
    weights = dict.fromkeys(orders, (1 - STRANGE) / len(orders))
    return Table(weights | dict.fromkeys(strange, STRANGE / len(strange)), RECALL)


def speaker(pen: Pen, role: str) -> Branch:
    """The words that say who speaks."""
    words = (pen.book.roles[role], pen.book.colon)
    return Branch(words, (GRAMMAR,) * len(words))


def any_answer(pen: Pen, form: str) -> None:
    """Any sentence of the shop in one form: what can be said, whatever the truth."""
    any_of = {name: Table(dict.fromkeys(CLASSES[name], 1)) for name in ("place", "colour")}
    numbers = Table(dict.fromkeys(NUMBERS, 1))
    pen.line("answer", form, price=numbers, rest=numbers, **any_of)
    pen.say(DONE)
