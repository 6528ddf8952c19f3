"""The shop's conversations: true, of known probability, and new where they are said to be."""

import math

import numpy as np
import pytest

from minillm.tokenizer import from_dict
from minillm.world import END, KINDS, SETTINGS, Service, Setting, World
from minillm.world.chance import Slot
from minillm.world.orders import ANSWERS
from minillm.world.service import ServiceTokenizer
from minillm.world.tokenizer import WorldTokenizer


@pytest.fixture(scope="module", params=["en", "zh"])
def shop(request):
    return Service(seed=0, language=request.param)


def orders_of(document):
    """What the book of orders says: colour, price and place by thing."""
    orders, colour, thing, place = {}, None, None, None
    for line, facts in document.events:
        if line == "order":
            match facts["form"]:
                case "what":
                    colour, thing = facts["what"]
                case "place":
                    place = facts["place"]
                case "price":
                    orders[thing] = {"colour": colour, "price": facts["price"], "place": place}
    return orders


@pytest.mark.parametrize("setting", SETTINGS)
def test_what_the_shop_says_is_true(shop, setting):
    said = set()
    for conversation in shop.write(120, seed=1, setting=setting):
        orders, thing = orders_of(conversation.document), None
        questions = [e for e in conversation.document.events if e.line in ("ask", "reask")]
        assert len(questions) == len(conversation.answers)
        for (_, facts), (turns, answer) in zip(questions, conversation.answers, strict=True):
            thing = facts.get("thing", thing)
            form = facts["form"].removesuffix(" it")
            assert turns[-1].role == "user"
            if form == "thanks":
                expected = {"form": "thanks"}
            elif thing not in orders:
                expected = {"form": "none"}
            elif form == "refund":  # a coin is kept for the carrier
                expected = {"form": "refund", "rest": orders[thing]["price"] - 1}
            else:
                name = {"where": "place"}.get(form, form)
                expected = {"form": form, name: orders[thing][name]}
            assert answer.facts == expected
            said.add(form if thing in orders or form == "thanks" else "none")
    assert said == set(ANSWERS)


def test_an_answer_can_be_read_back_and_judged(shop):
    for conversation in shop.write(40, seed=2):
        texts = [turn.text for turn in conversation.turns if turn.role == "assistant"]
        for text, (_, answer) in zip(texts, conversation.answers, strict=True):
            assert shop.answer(answer) == text
            assert shop.claim(text) == answer
    other = shop.answer(answer._replace(facts={"form": "colour", "colour": "red"}))
    assert shop.claim(other).facts["colour"] == "red"
    assert shop.claim(other[:-1]) is None  # not to its end
    assert shop.claim(other + other) is None
    assert shop.claim("abracadabra") is None
    assert shop.claim("") is None


@pytest.mark.parametrize("setting", SETTINGS)
def test_probabilities_add_up(shop, setting):
    """At every token those that may follow add up to 1, and the one that came is among them."""
    oracle = shop.oracle(SETTINGS[setting])
    (conversation,) = shop.write(1, seed=5, setting=setting)
    tokens, scored = conversation.document.tokens, conversation.document.log_probs
    for place, token in enumerate(tokens):
        following = oracle.next(tokens[:place])
        assert math.fsum(following.values()) == pytest.approx(1)
        assert math.log(following[token]) == pytest.approx(scored[place], abs=1e-12)
    assert oracle.next(tokens) == {}
    again = oracle.read(tokens)
    assert again.events == conversation.document.events
    assert np.array_equal(again.kinds, conversation.document.kinds)


def test_an_answer_is_certain_and_has_to_be_recalled(shop):
    recalled = 0
    for conversation in shop.write(10, seed=3):
        document = conversation.document
        for place, token in enumerate(document.tokens):
            if token == shop.book.roles["assistant"]:
                stop = document.tokens.index(END, place)
                assert not document.log_probs[place : stop + 1].any()
                recalled += (document.kinds[place:stop] == KINDS.index("recall")).sum()
    assert recalled


def test_training_and_test_share_nothing(shop):
    """New facts are never said in training or stories, new wordings and more turns neither."""
    town = shop.town
    train = shop.write(400, seed=1)
    for conversation in shop.write(100, seed=2, setting="new facts"):
        for line, facts in conversation.document.events:
            if line == "order" and facts["form"] == "what":
                colour, thing = facts["what"]
                assert colour not in town.colours[thing].weights
            if line == "order" and facts["form"] == "price":
                assert facts["price"] not in town.prices[thing].weights
                assert facts["price"] > 1
    usual = {
        tuple(facts["what"]) for c in train for _, facts in c.document.events if "what" in facts
    }
    assert all(colour in town.colours[thing].weights for colour, thing in usual)
    longest = max(len(conversation.turns) for conversation in train)
    for conversation in shop.write(50, seed=3, setting="longer"):
        assert len(conversation.turns) > longest
        assert len(orders_of(conversation.document)) == 3
        assert len(conversation.document.tokens) <= 128  # what the course's model reads


def test_new_wordings_are_made_of_old_words(shop):
    """The test asks in words that training or the town's stories have said, in another order."""
    lines = shop.book.lines
    known = set(WorldTokenizer(shop.tokenizer.language).book.vocabulary)
    for name in lines:
        if name.startswith(("ask.", "orders.", "order.", "answer.")):
            known |= words_of(shop, name)
    asked = {symbols for n in lines if n.startswith("ask.") for symbols in wordings(shop, n)}
    for name in lines:
        if name.startswith("reask."):
            assert words_of(shop, name) <= known
            assert not asked & set(wordings(shop, name))


def wordings(shop, name):
    return shop.book.wordings(*name.split(".", 1))


def words_of(shop, name):
    return {s for symbols in wordings(shop, name) for s in symbols if not isinstance(s, Slot)}


def test_the_towns_ids_stay_what_they_are(shop):
    language = shop.tokenizer.language
    base = World(seed=0, language=language).vocabulary
    assert shop.book.vocabulary[: len(base)] == base
    new = shop.book.vocabulary[len(base) :]
    assert 3 < len(new) < 10
    assert list(new) == sorted(new)
    used = {t for s in SETTINGS for c in shop.write(100, 1, s) for t in c.document.tokens}
    assert set(new) <= used <= set(shop.book.vocabulary)


def test_turns_are_cut_where_somebody_else_speaks(shop):
    for conversation in shop.write(30, seed=4):
        roles = [turn.role for turn in conversation.turns]
        assert roles == ["system"] + ["user", "assistant"] * (len(roles) // 2)
        said = [turn.text for turn in conversation.turns]
        encoded = [i for text in said for i in shop.tokenizer.encode(text)]
        roles_and_ends = {*shop.book.roles.values(), END}
        spoken, tokens = [], list(conversation.document.tokens)
        for place, token in enumerate(tokens):
            colon = place and tokens[place - 1] in roles_and_ends - {END}
            if token not in roles_and_ends and not colon:
                spoken.append(shop.tokenizer.ids[token])
        assert encoded == spoken


def test_the_tokenizer_is_saved_and_found_again(shop):
    again = from_dict(shop.tokenizer.to_dict())
    assert isinstance(again, ServiceTokenizer)
    assert again.ids == shop.tokenizer.ids


def test_settings_by_name_and_by_hand():
    shop = Service()
    with pytest.raises(ValueError, match="no setting 'odd'; there are usual"):
        shop.write(1, seed=0, setting="odd")
    one = Setting(orders=(1,), questions=(2, 2))
    for conversation in shop.write(20, seed=0, setting=one):
        assert len(orders_of(conversation.document)) == 1
        assert len(conversation.answers) == 3  # and the thanks
    assert [c.turns for c in shop.write(3, seed=9)] == [c.turns for c in shop.write(3, seed=9)]


@pytest.mark.parametrize("wrong", [{"orders": ()}, {"orders": (0, 2)}, {"questions": (3, 2)}])
def test_settings_that_cannot_work(wrong):
    with pytest.raises(ValueError, match=f"{next(iter(wrong))} is"):
        Setting(**wrong)
