"""The program that writes a document: a story with questions, a conversation, or a shopping list.

It is one ordinary program. Whether it makes a document up or follows one that was given, and in
which language, is the business of the pen. What it tells next depends only on what it has told.
"""

from minillm.world.chance import END, GRAMMAR, Branch, Table, told
from minillm.world.pen import Pen
from minillm.world.town import Town

# The forms that a line may take, with their weights; the sentences are in the phrase books.
GENRES = Table({"story": 5, "talk": 3, "list": 2}, GRAMMAR)
NOON = Table({"quiet": 3, "gift": 1}, GRAMMAR)
GOES = Table({"alone": 1, "with": 1}, GRAMMAR)
QUESTIONS = Table({"who": 2, "colour": 1}, GRAMMAR)
NEWS = Table({"lost": 1, "bought": 1}, GRAMMAR)
ITEMS = Table({"more": 1, "last": 1}, GRAMMAR)
THE_END = Branch((END,), (GRAMMAR,))


def write_document(pen: Pen, town: Town) -> None:
    """Write one document, to its end token."""
    opening = pen.line("opening", GENRES, day=town.days, number=town.company, place=town.places)
    if opening["form"] == "story":
        story(pen, town, opening["number"])
    elif opening["form"] == "talk":
        talk(pen, town, opening["place"])
    else:
        shopping(pen, town)
    pen.say(THE_END)


def story(pen: Pen, town: Town, number: int) -> None:
    """Friends meet, show what they have, and part. Then: who has it, and where is it?"""
    friends = [pen.line("first", who=town.people)["who"][0]]
    while len(friends) < number:
        form = "last" if len(friends) == number - 1 else "next"
        others = town.friends[friends[0]].without(friends)
        friends.append(pen.line("friend", form, who=others)["who"][0])

    owner, colour = {}, {}
    for who in friends:
        shade, thing = pen.line("owns", who=who, what=town.belongings[who].without(owner))["what"]
        owner[thing], colour[thing] = who, shade
    if number == 2:
        noon(pen, friends, owner)
    pen.line("parting")
    place = journeys(pen, town, friends, owner)

    asked = pen.line("question", QUESTIONS, thing=told(owner))
    thing = asked["thing"]
    pen.line("answer", asked["form"], who=owner[thing], colour=colour[thing])
    # The last question takes two steps: from the thing to its owner, from there to the place.
    thing = pen.line("question", "where", thing=told(owner))["thing"]
    pen.line("answer", "where", who=owner[thing], place=place[owner[thing]])
    pen.line("the end")


def noon(pen: Pen, friends: list[str], owner: dict[str, str]) -> None:
    """Two friends talk about a thing, or one of them gives away what is hers."""
    event = pen.line("noon", NOON, thing=told(owner), who=told(friends))
    if event["form"] == "gift":
        giver = event["who"]
        (other,) = (who for who in friends if who != giver)
        (thing,) = (thing for thing, who in owner.items() if who == giver)
        pen.line("gift", who=giver, thing=thing, other=other)
        owner[thing] = other


def journeys(pen: Pen, town: Town, friends: list[str], owner: dict[str, str]) -> dict[str, str]:
    """One after another everybody goes somewhere; return who is where."""
    place = {}
    while len(place) < len(friends):
        who = pen.line("leaves", who=told(who for who in friends if who not in place))["who"]
        somewhere = town.haunts[who]
        things = [thing for thing in owner if owner[thing] == who]
        if len(things) == 1:
            goes = pen.line("goes", GOES, who=who, thing=things[0], place=somewhere)
        else:
            goes = pen.line("goes", "alone", place=somewhere)
        place[who] = goes["place"]
    return place


def talk(pen: Pen, town: Town, place: str) -> None:
    """Two neighbours meet; one has lost something, or bought something."""
    who, _ = pen.line("meets", who=town.regulars[place])["who"]
    friend, _ = pen.line("met", friend=town.friends[who])["friend"]
    two = {"who": who, "friend": friend}
    pen.line("hello", **two)
    news = pen.line("news", NEWS, friend=friend)["form"]
    mood = town.moods[news][friend]
    thing = pen.line(news, thing=town.treasures[friend], mood=mood)["thing"]
    elsewhere = town.haunts[friend]
    if news == "lost":
        pen.line("which", **two)
        colour = pen.line("this", **two, colour=town.colours[thing])["colour"]
        place = pen.line("saw", **two, what=(colour, thing), place=elsewhere)["place"]
        pen.line("thanks", **two, place=place)
        pen.line("found", **two, thing=thing, place=place)
    else:
        pen.line("how much", **two)
        price = pen.line("cost", **two, price=town.prices[thing])["price"]
        pen.line("where", **two, price=price, thing=thing)
        place = pen.line("there", **two, place=elsewhere)["place"]
        pen.line("goodbye", **two, place=place)


def shopping(pen: Pen, town: Town) -> None:
    """A shopping list, and what becomes of it: asked for, counted, eaten."""
    who, _ = pen.line("shopper", who=town.people)["who"]
    amount = {}
    for form in ("one", ITEMS, ITEMS, "last"):  # two to four items
        item = pen.line("item", form, item=town.tastes[who].without(amount))
        number, food = item["item"]
        amount[food] = number
        if item["form"] == "last":
            break
    pen.line("in all", number=len(amount))

    food = pen.line("how many", who=who, food=told(amount))["food"]
    pen.line("so many", amount=(amount[food], food))
    food = pen.line("counts", who=who, place=town.haunts[who], food=told(amount))["food"]
    for number in range(1, amount[food] + 1):
        pen.line("number", number=number, sign="more" if number < amount[food] else "stop")
    food = pen.line("eats", who=who, food=told(amount))["food"]
    left = amount[food] - 1
    pen.line("left", "one" if left == 1 else "many", rest=(left, food))
    pen.line("dinner")
