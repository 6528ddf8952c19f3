"""Both languages tell the same facts with the same probabilities, and in good grammar."""

import itertools
import math
import random
import re
from collections import Counter

import pytest

from minillm.world import GRAMMAR, World
from minillm.world.chance import Saying, Slot, grow
from minillm.world.chinese import Chinese
from minillm.world.english import English, article
from minillm.world.tokenizer import WorldTokenizer
from minillm.world.town import CLASSES, PEOPLE


@pytest.mark.parametrize("seed", range(3))
def test_marginals_come_from_the_towns_tables(seed):
    """P("an") sums P(colour, thing) over all colours that need it, P(把) over all it counts."""
    english, chinese = World(seed), World(seed, "zh")
    for document in map(english.write, range(12)):
        lines = [event.line for event in document.events]
        if "owns" not in lines:
            continue
        who = document.events[lines.index("owns")].facts["who"]
        weights = english.town.belongings[who].weights
        an, measure = Counter(), Counter()
        for (colour, thing), weight in weights.items():
            an["an" if colour in ("orange", "ivory") else "a"] += weight / sum(weights.values())
            measure[chinese.book.spell(thing, "a")[1]] += weight / sum(weights.values())
        before = told_before(english, document, lines.index("owns"))
        assert english.oracle.next((*before, who, "had")) == pytest.approx(an)
        before = told_before(chinese, chinese.retell(document, seed), lines.index("owns"))
        name = chinese.book.spell(who, "")
        assert chinese.oracle.next((*before, *name, "有", "一")) == pytest.approx(measure)


def told_before(world, document, line):
    """The tokens of a document before its event number `line`."""
    return document.tokens[: sum(len(words) for words, _ in worded(world, document)[:line])]


def test_the_same_facts_in_both_languages(english, chinese):
    """Wordings aside, a document and its translation are equally probable."""
    for seed in range(300):
        document = english.write(seed)
        other = chinese.retell(document, seed)
        assert other.events == document.events
        assert facts_log_prob(english, document) == pytest.approx(
            facts_log_prob(chinese, other), abs=1e-9
        )
        assert english.retell(other, seed).events == document.events


def facts_log_prob(world, document):
    """log P(document), the probability of its wordings given its facts taken out."""
    return document.log_prob - sum(math.log(share) for _, share in worded(world, document))


def worded(world, document):
    """The tokens of each event of a document, and the share of their wording in its line."""
    found, place = [], 0
    for line, facts in document.events:
        wordings = world.book.wordings(line, facts["form"])
        for symbols, weight in wordings.items():
            words = []
            for symbol in symbols:
                slot = isinstance(symbol, Slot)
                words += world.book.spell(facts[symbol.name], symbol.style) if slot else [symbol]
            if list(document.tokens[place : place + len(words)]) == words:
                found.append((words, weight / sum(wordings.values())))
                place += len(words)
                break
        else:
            raise AssertionError(f"No wording of {line!r} is told at token {place}.")
    return found


def test_half_a_document_is_not_retold(english):
    half = english.oracle.read(english.write(0).tokens[:20])
    assert not half.complete
    with pytest.raises(ValueError, match="complete"):
        english.retell(half, seed=0)


def test_the_books_have_the_same_lines():
    assert set(English.lines) == set(Chinese.lines)


def test_texts_are_read_back(world):
    texts = set()
    for seed in range(1000):
        document = world.write(seed)
        texts.add(world.text(document.tokens))
        assert world.read(world.text(document.tokens)) == document.tokens
    assert len(texts) == 1000


def test_english_is_grammatical(english):
    for seed in range(1000):
        text = english.text(english.write(seed).tokens)
        for found, word in re.findall(r"\b(an?) (\w+)", text):
            assert found == ("an" if word[0] in "aeiou" and word != "ukulele" else "a"), text
        assert re.search(r"\bone \w+(?<![nsy])s\b", text) is None
        assert not re.search(r"\b(two|three|four|five) (coin|apple|pear|peach)\b", text)
        assert text[0].isupper()
        assert re.search(r"[.?!] [a-z]", text) is None


def test_chinese_counts_with_measure_words(chinese):
    spell = chinese.book.spell
    for thing, words in {
        "book": "一 本 书",
        "umbrella": "一 把 雨伞",
        "dog": "一 条 狗",
        "bicycle": "一 辆 自行车",
        "coat": "一 件 外套",
        "letter": "一 封 信",
    }.items():
        assert spell(thing, "a") == words.split()
    assert spell((2, "banana"), "") == ["两", "根", "香蕉"]
    assert spell(("red", "kite"), "a") == ["一", "只", "红色", "的", "风筝"]


def test_articles_follow_sound():
    assert [article(word) for word in ("apple", "ukulele", "kite")] == ["an", "a", "a"]


def test_ambiguous_sayings_are_refused():
    def saying(*symbols):
        return Saying(symbols, (GRAMMAR,) * len(symbols), 1.0, symbols)

    for pair in ([("a",), ("a", "b")], [("a",), ("a",)], [(Slot("x", ""),), ("a",)]):
        with pytest.raises(ValueError, match="next token does not tell apart"):
            grow([saying(*symbols) for symbols in pair])
    fork = grow([saying("a", "b"), saying("a", "c")])
    assert fork.words == ("a",)
    assert fork.fork.following == {"b": 0.5, "c": 0.5}


def test_unknown_words_and_languages_are_named(english):
    with pytest.raises(ValueError, match="no word 'dragon'"):
        english.read("Anna had a dragon.")
    with pytest.raises(ValueError, match="'fr'"):
        World(language="fr")


def test_the_tokenizer_takes_texts_apart_and_back(world):
    tokenizer = WorldTokenizer(world.tokenizer.language)
    document = world.write(5)
    text = world.text(document.tokens)
    ids = tokenizer.encode(text)
    assert tokenizer.decode(ids) == text
    assert "".join(tokenizer.stream(iter(ids))) == text
    assert tokenizer.vocab_size == len(world.vocabulary)
    assert tokenizer.token_bytes(ids[0]) == document.tokens[0].encode()
    two = tokenizer.decode([*ids, 0, *ids, 0])
    assert tokenizer.encode(two) == [*ids, 0, *ids, 0]
    assert tokenizer.to_dict()["language"] == world.tokenizer.language


def test_any_sequence_of_english_tokens_can_be_shown_and_read(english):
    rng = random.Random(0)
    for _ in range(200):
        ids = [rng.randrange(len(english.vocabulary)) for _ in range(30)]
        assert english.tokenizer.encode(english.tokenizer.decode(ids)) == ids


def test_no_token_is_another_with_a_capital():
    words = World().vocabulary
    assert len({word.lower() for word in words}) == len(words)
    assert set(PEOPLE) < set(words)
    pairs = itertools.combinations(CLASSES.values(), 2)
    assert all(not set(a) & set(b) for a, b in pairs)
