"""The program that writes a conversation at the shop's counter: a book of orders, then questions.

A second program beside `tales`, through the same pen. What the shop answers follows from the orders
and the question, in one wording, so that an answer is right or wrong.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import NamedTuple

from minillm.world.chance import END, GRAMMAR, RECALL, Branch, Table
from minillm.world.pen import Pen
from minillm.world.town import CLASSES, NUMBERS, Town

QUESTIONS = {"where": 3, "colour": 2, "price": 2, "refund": 2}  # with their weights
ANSWERS = (*QUESTIONS, "none", "thanks")
STRANGE = 0.3  # share of questions about a thing that nobody has ordered
DONE = Branch((END,), (GRAMMAR,))


@dataclass(frozen=True, kw_only=True)
class Setting:
    """What is new about some conversations; the defaults are those to learn from."""

    orders: tuple[int, ...] = (1, 2)  # how many there may be
    questions: tuple[int, int] = (1, 2)  # the fewest, the most
    unusual: bool = False  # colours, prices and places that the town never has
    reworded: bool = False  # questions in the wordings that are kept for the test

    def __post_init__(self) -> None:
        """Refuse settings that cannot work."""
        if not self.orders or not all(1 <= number <= max(NUMBERS) for number in self.orders):
            raise ValueError(f"orders is {self.orders}; give numbers from 1 to {max(NUMBERS)}.")
        fewest, most = self.questions
        if not 0 <= fewest <= most:
            raise ValueError(f"questions is {self.questions}; give the fewest and the most.")


# What a test may ask of a model that has learnt from the first.
SETTINGS = {
    "usual": Setting(),
    "new facts": Setting(unusual=True),
    "new words": Setting(reworded=True),
    "longer": Setting(orders=(3,), questions=(3, 3)),
}


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
        new = [(one, thing) for one, thing in pairs if one not in town.colours[thing].weights]
        self._what = Table(dict.fromkeys(new, 1))
        self._prices = {t: _others(NUMBERS[1:], town.prices[t]) for t in CLASSES["thing"]}
        self._places = {who: _others(CLASSES["place"], town.haunts[who]) for who in town.haunts}

    def what(self, who: str) -> Table:
        """Any thing, in a colour that it never has here."""
        return self._what

    def price(self, thing: str) -> Table:
        """A price that it never has here."""
        return self._prices[thing]

    def place(self, who: str) -> Table:
        """A place where this person never goes."""
        return self._places[who]


def _others(options: Sequence, table: Table) -> Table:
    """An even choice among the options that a table never gives."""
    return Table({one: 1 for one in options if one not in table.weights})


def write_conversation(pen: Pen, habits: Habits, setting: Setting) -> None:
    """Write one conversation, to its end token."""
    orders = order_book(pen, habits, setting)
    ask = "reask" if setting.reworded else "ask"
    fewest, most = setting.questions
    form = thing = None  # what the last question was about
    number = 0
    while form != "thanks":
        forms = _forms(ask=number < most, it=thing in orders, thanks=number >= fewest)
        pen.say(speaker(pen, "user"))
        asked = pen.line(ask, forms, thing=wanted(orders))
        form, thing = asked["form"].removesuffix(" it"), asked.get("thing", thing)
        pen.say(speaker(pen, "assistant"))
        reply(pen, form, orders.get(thing))
        pen.say(DONE)
        number += 1


@cache
def _forms(ask: bool, it: bool, thanks: bool) -> Table:
    """What a customer may say: ask by name, ask about "it", say thanks: then half of the time."""
    forms = dict(QUESTIONS) if ask else {}
    if ask and it:
        forms |= {f"{one} it": 1 for one in QUESTIONS}
    if thanks:
        forms["thanks"] = sum(forms.values()) or 1
    return Table(forms, GRAMMAR)


def reply(pen: Pen, form: str, order: Order | None) -> None:
    """What the shop answers; `order` is None where there is no such order."""
    if form == "thanks" or order is None:
        pen.line("answer", "thanks" if form == "thanks" else "none")
        return
    facts = {
        "where": {"place": order.place},
        "colour": {"colour": order.colour},
        "price": {"price": order.price},
        "refund": {"rest": order.price - 1},  # a coin is kept for the carrier
    }
    pen.line("answer", form, **facts[form])


def order_book(pen: Pen, habits: Habits, setting: Setting) -> dict[str, Order]:
    """Who ordered what, for how much, and where it is: by thing, each of which is there once."""
    forms, many = _numbers(setting.orders)
    opening = pen.line("orders", forms, number=many)
    people, orders = [], {}
    for _ in range(1 if opening["form"] == "one" else opening["number"]):
        who = pen.line("order", "who", who=habits.people.without(people))["who"]
        place = pen.line("order", "place", place=habits.place(who))["place"]
        colour, thing = pen.line("order", "what", what=habits.what(who).without(orders))["what"]
        price = pen.line("order", "price", price=habits.price(thing))["price"]
        people.append(who)
        orders[thing] = Order(colour, price, place)
    return orders


@cache
def _numbers(orders: tuple[int, ...]) -> tuple[Table, Table]:
    """One order or many, and how many; the second is not asked where there is only one."""
    forms = Table({"one" if n == 1 else "many": 1 for n in orders}, GRAMMAR)
    return forms, Table({n: 1 for n in orders if n > 1}, GRAMMAR)


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
