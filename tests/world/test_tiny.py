"""A tiny world, written through the pen and enumerated by hand: the oracle agrees with both."""

import math
from collections import defaultdict

import pytest

from minillm.world import END, GRAMMAR, WORLD, Oracle
from minillm.world.chance import Branch, Table, told
from minillm.world.chinese import Chinese
from minillm.world.english import English

PEOPLE_P = {"Anna": 2 / 3, "Tom": 1 / 3}
WHAT_P = {
    "Anna": {("orange", "kite"): 0.5, ("red", "umbrella"): 0.3, ("red", "book"): 0.2},
    "Tom": {("red", "kite"): 0.9, ("ivory", "umbrella"): 0.1},
}
PART_P = {"thing": 0.25, "colour": 0.75}

PEOPLE_TABLE, PART_TABLE = Table(PEOPLE_P), Table(PART_P)
WHAT_TABLES = {who: Table(what) for who, what in WHAT_P.items()}


def tiny_program(pen):
    who = pen.line("who", who=PEOPLE_TABLE)["who"]
    colour, thing = pen.line("has", what=WHAT_TABLES[who])["what"]
    pen.line("again", PART_TABLE, thing=thing, colour=colour, any=told([colour, "white"]))
    pen.say(Branch((END,), (GRAMMAR,)))


class TinyEnglish(English):
    lines = {  # noqa: RUF012
        "who": ("{who}",),
        "has": ("had {what:a}.", "owned {what:one}."),
        "again.thing": ("The {thing}?", "Which thing?"),
        "again.colour": ("Colour: {any}?",),
    }


class TinyChinese(Chinese):
    lines = {  # noqa: RUF012
        "who": ("{who}",),
        "has": ("有 {what:a}。", "带来 了 {what:a}。"),
        "again.thing": ("那 {thing:m}？", "什么 东西？"),
        "again.colour": ("颜色 是 {any}？",),
    }


CHINESE_WORDS = {
    **{"Anna": "安娜", "Tom": "汤姆"},
    **{"orange": "橙色", "red": "红色", "ivory": "象牙色", "white": "白色"},
    **{"kite": "只 风筝", "umbrella": "把 雨伞", "book": "本 书"},
}


def tiny_by_hand(language):
    """Every document of the tiny world with its probability, without the package's machinery."""
    documents = defaultdict(float)
    for who, p_who in PEOPLE_P.items():
        for (colour, thing), p_what in WHAT_P[who].items():
            for again, p_again in tiny_endings(language, colour, thing):
                for has, p_has in tiny_sentences(language, who, colour, thing):
                    p = p_who * p_what * p_has * p_again
                    documents[tuple(f"{has} {again} {END}".split())] += p
    return documents


def tiny_sentences(language, who, colour, thing):
    if language == "zh":
        who, colour, thing = (CHINESE_WORDS[word] for word in (who, colour, thing))
        measure, noun = thing.split()
        yield f"{who} 有 一 {measure} {colour} 的 {noun} 。", 2 / 3
        yield f"{who} 带来 了 一 {measure} {colour} 的 {noun} 。", 1 / 3
    else:
        an = "an" if colour in ("orange", "ivory") else "a"
        yield f"{who} had {an} {colour} {thing} .", 2 / 3
        one = "an" if thing == "umbrella" else "a"
        yield f"{who} owned {one} {thing} , {an} {colour} one .", 1 / 3


def tiny_endings(language, colour, thing):
    zh = language == "zh"
    yield (f"那 {CHINESE_WORDS[thing]} ？" if zh else f"the {thing} ?"), 0.25 * 2 / 3
    yield ("什么 东西 ？" if zh else "which thing ?"), 0.25 / 3
    for one in (colour, "white"):
        yield (f"颜色 是 {CHINESE_WORDS[one]} ？" if zh else f"colour : {one} ?"), 0.75 / 2


@pytest.fixture(params=["en", "zh"])
def tiny(request):
    book = TinyEnglish() if request.param == "en" else TinyChinese()
    return Oracle(tiny_program, book), tiny_by_hand(request.param)


def test_the_tiny_world_agrees_with_brute_force(tiny):
    oracle, documents = tiny
    assert math.fsum(documents.values()) == pytest.approx(1, abs=1e-12)
    assert len(documents) == 5 * 2 * 4
    starts, following = defaultdict(float), defaultdict(set)
    for document, p in documents.items():
        assert oracle.log_prob(document) == pytest.approx(math.log(p), abs=1e-12)
        for place, token in enumerate(document):
            starts[document[:place]] += p
            following[document[:place]].add(token)
        starts[document] += p
    for start, tokens in following.items():
        by_hand = {token: starts[*start, token] / starts[start] for token in tokens}
        assert oracle.next(start) == pytest.approx(by_hand, abs=1e-12)


def test_the_entropy_of_the_tiny_world_is_summed_exactly(tiny):
    oracle, documents = tiny
    by_hand = -math.fsum(p * math.log(p) for p in documents.values())
    exact = oracle.entropy()
    assert exact.exact
    assert exact.nats == exact.low == exact.high == pytest.approx(by_hand, abs=1e-12)
    assert exact.documents == len(documents)
    length = math.fsum(p * len(document) for document, p in documents.items())
    assert exact.tokens == pytest.approx(length, abs=1e-12)


def test_the_interval_of_sampled_entropy_holds_the_truth_95_times_in_100(tiny):
    oracle, documents = tiny
    truth = -math.fsum(p * math.log(p) for p in documents.values())
    held = 0
    for seed in range(100):
        sampled = oracle.entropy(documents=100, seed=seed, limit=5)
        assert not sampled.exact
        held += sampled.low < truth < sampled.high
    assert 87 <= held < 100


def test_an_article_weighs_what_may_follow_it(tiny):
    oracle, _ = tiny
    if "Anna" in oracle.book.vocabulary:
        assert oracle.next(["Anna", "had"]) == pytest.approx({"an": 0.5, "a": 0.5})
        assert oracle.next(["Tom", "had", "an"]) == {"ivory": 1.0}
    else:
        assert oracle.next(["安娜", "有", "一"]) == pytest.approx({"只": 0.5, "把": 0.3, "本": 0.2})
        assert oracle.kinds(["安娜", "有", "一", "只"]).tolist() == [WORLD, GRAMMAR, GRAMMAR, WORLD]
