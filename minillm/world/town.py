"""The town: who lives there, and everything that is usual there, as tables of probabilities.

The lists are the same in every world; the seed draws who does what. Concepts are named by their
English word, whatever the language they are told in.
"""

import random
import re
from collections.abc import Hashable, Iterable

from minillm.world.chance import Table

CONCEPTS = """
woman:   Anna Lily Rosa Mei Nora Emma Lan Alice
man:     Tom Max Leo Hugo Oscar Ming Otto Wei
job:     baker teacher doctor gardener sailor painter musician librarian
         tailor farmer pilot dentist clockmaker beekeeper magician detective
animal:  cat dog rabbit parrot owl tortoise
object:  kite umbrella guitar key teapot book diary dictionary box ball balloon clock
         ukulele bicycle scooter coat sweater scarf blanket hat tent crown lantern lamp
         letter map pen flute candle mirror flag watch accordion camera
place:   harbour library bakery station school garden market museum river beach
         theatre park cafe farm lighthouse bridge hill forest
food:    apple pear peach plum banana carrot tomato cucumber cherry strawberry
         biscuit pancake sausage bun dumpling sandwich
colour:  red blue white black green yellow brown grey orange purple ivory golden
weather: sunny rainy windy foggy cold icy warm snowy ordinary
time:    morning afternoon evening
sad:     sad worried cross unhappy
happy:   happy proud excited pleased
sign:    more stop
"""

NAMED = {
    name: tuple(words.split()) for name, words in re.findall(r"(\w+):([^:]+)(?:\n|$)", CONCEPTS)
}
PEOPLE = {**dict.fromkeys(NAMED["woman"], "she"), **dict.fromkeys(NAMED["man"], "he")}
NUMBERS = tuple(range(1, 10))
FUR = ("white", "black", "brown", "grey", "orange", "yellow")  # the colours of animals

# Concepts of one class may stand for one another; their words are told apart by the next token.
CLASSES = {
    "person": tuple(PEOPLE),
    "thing": NAMED["animal"] + NAMED["object"],
    "mood": NAMED["sad"] + NAMED["happy"],
    "number": NUMBERS,
    **{name: NAMED[name] for name in ("job", "place", "food", "colour", "weather", "time")},
    "sign": NAMED["sign"],  # what comes after a number when somebody counts aloud
}


class Town:
    """What is usual in one world, drawn by its seed: tables of unequal probabilities. Lesson 01."""

    def __init__(self, seed: int = 0):
        lots = _Lots(random.Random(f"town {seed}"))
        people, things, foods, times, numbers = (
            CLASSES[name] for name in ("person", "thing", "food", "time", "number")
        )
        places = lots.order(CLASSES["place"])
        here, there = places[:5], places[5:]  # where people meet, and where they go
        self._job = dict(zip(people, lots.order(CLASSES["job"]), strict=True))

        # How a document opens.
        self.company = Table({2: 3, 3: 1})  # how many friends meet
        self.days = pairs(lots.deal(CLASSES["weather"], times, 5), lots.some(times, 3))
        self.places = Table({place: 1 / rank for rank, place in enumerate(here, 3)})
        self.people = self._with_jobs(
            {who: 1 / rank for rank, who in enumerate(lots.order(people), 3)}
        )
        # What is usual for each place, each person, each thing.
        regulars, friends = lots.deal(people, here, 5), lots.deal(people, people, 5)
        self.regulars = {place: self._with_jobs(hand) for place, hand in regulars.items()}
        self.friends = {who: self._with_jobs(hand) for who, hand in friends.items()}
        self.haunts = tables(lots.deal(there, people, 5))
        self.moods = {
            "lost": tables(lots.deal(NAMED["sad"], people, 3)),
            "bought": tables(lots.deal(NAMED["happy"], people, 3)),
        }
        colours = {thing: lots.colours(thing) for thing in things}
        self.colours = tables(colours)
        self.prices = tables(lots.deal(numbers, things, 2))
        owned = lots.deal(things, people, 5)
        self.treasures = tables(owned)
        self.belongings = {who: pairs(colours, hand) for who, hand in owned.items()}
        tastes, amounts = lots.deal(foods, people, 6), lots.deal(numbers[1:], foods, 3)
        self.tastes = {who: pairs(amounts, hand) for who, hand in tastes.items()}

    def _with_jobs(self, weights: dict[str, float]) -> Table:
        """People are introduced with their job, which never changes: (person, job)."""
        return Table({(who, self._job[who]): weight for who, weight in weights.items()})


def tables(hands: dict[Hashable, dict]) -> dict[Hashable, Table]:
    """A table for each holder."""
    return {holder: Table(hand) for holder, hand in hands.items()}


def pairs(first: dict[Hashable, dict], second: dict[Hashable, float]) -> Table:
    """Pairs (a, b): the weight of b, times the weight of a among the `first` of b.

    >>> pairs({"kite": {"red": 0.5, "blue": 0.5}}, {"kite": 1.0}).weights
    {('red', 'kite'): 0.5, ('blue', 'kite'): 0.5}
    """
    return Table({(a, b): v * w for b, w in second.items() for a, v in first[b].items()})


class _Lots:
    """Draws who is used to what; of several habits each is half as likely as the one before."""

    def __init__(self, rng: random.Random):
        self.rng = rng

    def order(self, options: Iterable[Hashable]) -> list[Hashable]:
        return sorted(options, key=lambda _: self.rng.random())

    def some(self, options: Iterable[Hashable], count: int) -> dict[Hashable, float]:
        return {one: 0.5**rank for rank, one in enumerate(self.order(options)[:count])}

    def deal(
        self, options: Iterable[Hashable], holders: Iterable[Hashable], count: int
    ) -> dict[Hashable, dict]:
        """`count` options for each holder, dealt like cards, so that every card is somebody's."""
        cards, hands = [], {}
        for holder in holders:
            hand = {}
            while len(hand) < count:
                cards = cards or self.order(options)
                card = cards.pop()
                if card not in hand and card != holder:
                    hand[card] = 0.5 ** len(hand)
            hands[holder] = hand
        return hands

    def colours(self, thing: str) -> dict[str, float]:
        """Four colours for a thing; the last ones of the list are rare in every town."""
        palette = FUR if thing in NAMED["animal"] else CLASSES["colour"]
        chance = {colour: self.rng.random() * rank for rank, colour in enumerate(palette, 1)}
        return {one: 0.5**rank for rank, one in enumerate(sorted(palette, key=chance.get)[:4])}
