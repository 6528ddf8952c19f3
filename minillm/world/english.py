"""The English phrase book. Anyone who reads English can add a wording here."""

import re
from collections.abc import Collection, Hashable, Iterable, Iterator
from itertools import chain, pairwise

from minillm.world.book import Book
from minillm.world.chance import END
from minillm.world.town import CLASSES, NUMBERS, PEOPLE

LINES = {
    # How a document opens: the genre shows at the first token.
    "opening.story": (
        "It was {day:a}. {number} friends met {place:at}:",
        "One {day}, {number} friends met {place:at}:",
        "On {day:a}, {number} friends met {place:at}:",
    ),
    "opening.talk": ("Near the {place},", "Not far from the {place},"),
    "opening.list": ("This is the shopping list of", "Look at the shopping list of"),
    # A story.
    "first": ("{who:job}",),
    "friend.next": (", {who:job}",),
    "friend.last": ("and {who:job}.",),
    "owns": (
        "{who} had {what:a}.",
        "{who} brought {what:a}.",
        "{who} came with {what:a}.",
        "{who} owned {what:one}.",
    ),
    "noon.quiet": ("Everybody liked the {thing}.", "They talked about the {thing}."),
    "noon.gift": ("Suddenly {who} gave", "With a smile, {who} gave"),
    "gift": ("{who:his} {thing} to {other}.",),
    "parting": (
        "After lunch they said goodbye.",
        "Then it was time to go.",
        "At noon they parted.",
        "Soon the church bell rang.",
    ),
    "leaves": ("{who}",),
    "goes.alone": (
        "went to the {place}.",
        "walked to the {place}.",
        "ran to the {place}.",
        "hurried to the {place}.",
    ),
    "goes.with": ("took {who:his} {thing} to the {place}.",),
    "question.where": ("Where was the {thing}?", "And where was the {thing} now?"),
    "question.who": ("Who had the {thing}?", "And who had the {thing} now?"),
    "question.colour": ("What colour was the {thing}?",),
    "the end": (
        "In the evening they all came home.",
        "What a lovely day!",
        "That night everyone slept well.",
        "Here the story ends.",
        "Then it was bedtime.",
    ),
    "answer.where": ("With {who}, {place:at}.", "It was {place:at}."),
    "answer.who": ("{who} had it.", "{who} did."),
    "answer.colour": ("It was {colour}.",),
    # A conversation.
    "meets": ("{who:job} met", "{who:job} saw"),
    "met": ("{friend:job}.",),
    "hello": (
        "{who}: Good morning, {friend}! How are you?",
        "{who}: Hello, {friend}! How are you today?",
        "{who}: My dear {friend}! Any news?",
    ),
    "news.lost": ("{friend}: I have lost my", "{friend}: Today I lost my"),
    "news.bought": ("{friend}: I have bought", "{friend}: Today I bought"),
    "lost": ("{thing}, and I am {mood}.", "{thing}. I am so {mood}!"),
    "which": (
        "{who}: Oh no! What colour is it?",
        "{who}: How sad! Tell me the colour.",
        "{who}: What a pity! Which colour is it?",
    ),
    "this": ("{friend}: It is {colour}.", "{friend}: Mine is {colour}."),
    "saw": (
        "{who}: I saw {what:a} {place:at}.",
        "{who}: There was {what:a} {place:at} yesterday.",
    ),
    "thanks": (
        "{friend}: Thank you, {who}! I will go to the {place} at once.",
        "{friend}: You are a true friend, {who}! I am off to the {place}.",
    ),
    "found": (
        "(Soon {friend} found {friend:his} {thing} {place:at}.)",
        "(An hour later {friend:he} had {friend:his} {thing} again.)",
    ),
    "bought": ("{thing:a}, and I am {mood}.", "{thing:a}. I am so {mood}!"),
    "how much": (
        "{who}: How nice! What did it cost?",
        "{who}: Wonderful! Was it expensive?",
        "{who}: Lucky you! How many coins was that?",
    ),
    "cost": (
        "{friend}: It cost {price:coins}.",
        "{friend}: I paid {price:coins}.",
    ),
    "where": (
        "{who}: Only {price:coins}? Where can I buy {thing:a}?",
        "{who}: What? {price:coins} for {thing:a}? Where was that?",
    ),
    "there": (
        "{friend}: They sell them {place:at}.",
        "{friend}: Just ask {place:at}.",
        "{friend}: Go and look {place:at}.",
    ),
    "goodbye": (
        "{who}: Then I am off to the {place}. Goodbye, {friend}!",
        "{who}: I will go to the {place} tomorrow. See you soon, {friend}!",
    ),
    # A shopping list.
    "shopper": ("{who:job}:",),
    "item.one": ("{item}",),
    "item.more": (", {item}",),
    "item.last": ("and {item}.",),
    "in all": ("That makes {number} things in all.", "There are {number} things on it."),
    "counts": (
        "Back from the {place}, {who:he} counted the {food:many}:",
        "At home again, {who:he} counted the {food:many} from the {place}:",
    ),
    "number": ("{number}{sign}",),
    "eats": (
        "Then {who:he} ate one {food},",
        "For breakfast {who:he} ate one {food},",
    ),
    "left.one": ("so only {rest} was left.",),
    "left.many": ("so {rest} were left.",),
    "how many": (
        "How many {food:many} did {who} want?",
        "And how many {food:many} were on the list?",
    ),
    "so many": ("Exactly {amount:number}.", "Just {amount:number}."),
    "dinner": (
        "Now it was time to cook.",
        "What a feast that was!",
        "And the cat got nothing.",
        "Soon the kitchen smelled wonderful.",
    ),
}

PREPOSITION = dict.fromkeys(CLASSES["place"], "at") | {
    **dict.fromkeys(["library", "garden", "museum", "park", "cafe", "forest"], "in"),
    **dict.fromkeys(["beach", "bridge", "farm", "hill"], "on"),
    "river": "by",
}
WORDS = "one two three four five six seven eight nine"
NUMBER = dict(zip(NUMBERS, WORDS.split(), strict=True))
SIGN = {"more": ",", "stop": "."}
BARE_BEFORE = set(",.:?!)")  # no space before these
BARE_AFTER = {"", "(", END}  # none after these
SENTENCE_ENDS = {".", "?", "!", "(", END}  # a capital after these
NOT_AN = {"ukulele"}  # begins with a vowel letter, but not with a vowel


def article(word: str) -> str:
    """`a` or `an`, by the sound of the next word."""
    return "an" if word[0] in "aeiou" and word not in NOT_AN else "a"


def plural(food: str) -> str:
    """More than one of a food."""
    if food.endswith(("ch", "o")):
        return food + "es"
    return food[:-1] + "ies" if food.endswith("ry") else food + "s"


class English(Book):
    """The town told in English."""

    lines = LINES
    speakers: Collection[str] = PEOPLE  # whose lines begin anew
    little_words = (
        *("a", "an", "the", "coin", "coins", "he", "she", "his", "her"),
        *PREPOSITION.values(),
        *map(plural, CLASSES["food"]),
    )

    def spell(self, meaning: Hashable, style: str) -> list[str]:
        """The tokens for a meaning, with its article, preposition, plural or pronoun."""
        match meaning, style:
            case (colour, thing), "a":
                return [article(colour), colour, thing]
            case (colour, thing), "one":  # an umbrella, a blue one
                return [article(thing), thing, ",", article(colour), colour, "one"]
            case (who, job), "job":
                return [who, "the", job]
            case (amount, _), "number":
                return [NUMBER[amount]]
            case (int() as amount, food), "":
                return [NUMBER[amount], food if amount == 1 else plural(food)]
            case (weather, time), "":
                return [weather, time]
            case (weather, time), "a":
                return [article(weather), weather, time]
            case thing, "a":
                return [article(thing), thing]
            case place, "at":
                return [PREPOSITION[place], "the", place]
            case food, "many":
                return [plural(food)]
            case price, "coins":
                return [NUMBER[price], "coin" if price == 1 else "coins"]
            case who, "he":
                return [PEOPLE[who]]
            case who, "his":
                return ["his" if PEOPLE[who] == "he" else "her"]
            case _, "":
                return [str(SIGN.get(meaning) or NUMBER.get(meaning) or meaning)]
        raise ValueError(f"English has no style {style!r} for {meaning!r}.")

    def pieces(self, tokens: Iterable[str]) -> Iterator[str]:
        """What each token adds to the text: spaces, capitals, a new line for every speaker."""
        starts, speaks, before = True, False, ""  # does a sentence start here, does a speaker?
        for token, after in pairwise(chain(tokens, [""])):
            spoke, speaks = speaks, starts and token in self.speakers and after == ":"
            if before not in ("", END) and (speaks or token == "("):
                space = "\n"
            else:
                space = "" if before in BARE_AFTER or token in BARE_BEFORE else " "
            word = token[0].upper() + token[1:] if starts else token
            yield space + word + ("\n" if token == END else "")
            starts = spoke or token in SENTENCE_ENDS
            before = token

    def split(self, text: str) -> list[str]:
        """The tokens of a text; the capital of a word that has none is that of its sentence."""
        words = re.findall(rf"{END}|\w+|[^\w\s]", text)
        return [word if word in self.words else word[0].lower() + word[1:] for word in words]
