"""What documents tell holds together, and comes fast enough."""

import re
from collections import Counter

import numpy as np
import pytest

from minillm.world import END, GRAMMAR, KINDS, RECALL, WORLD, World
from minillm.world.town import CLASSES


def test_facts_persist(english):
    """Owners, colours, places and counts are answered as they were told."""
    asked = Counter()
    for seed in range(600):
        owner, colour, place, amount = {}, {}, {}, {}
        walker = thing = None
        for line, facts in english.write(seed).events:
            match line:
                case "owns":
                    colour[facts["what"][1]] = facts["what"][0]
                    owner[facts["what"][1]] = facts["who"]
                case "gift":
                    assert owner[facts["thing"]] == facts["who"]
                    owner[facts["thing"]] = facts["other"]
                case "leaves":
                    walker = facts["who"]
                case "goes":
                    place[walker] = facts["place"]
                case "question":
                    thing = facts["thing"]
                case "answer":
                    asked[facts["form"]] += 1
                    truth = {
                        "who": {"who": owner[thing]},
                        "colour": {"colour": colour[thing]},
                        "where": {"place": place[owner[thing]]},
                    }
                    assert truth[facts["form"]].items() <= facts.items()
                case "item":
                    number, food = facts["item"]
                    amount[food] = number
                case "so many":
                    assert amount[facts["amount"][1]] == facts["amount"][0]
                case "number":
                    last = facts
                case "eats":
                    assert last["sign"] == "stop"
                    assert last["number"] in amount.values()
                case "left":
                    number, food = facts["rest"]
                    assert amount[food] == number + 1
    assert min(asked.values()) > 50


def test_what_is_told_before_is_recall(english):
    document = next(d for d in map(english.write, range(50)) if "where" in d.tokens[40:])
    question = len(document.tokens) - document.tokens[::-1].index("where") - 1
    asked = document.tokens.index("the", question) + 1
    kinds = [KINDS[kind] for kind in document.kinds]
    assert kinds[question] == "grammar"
    assert kinds[asked - 1 : asked + 2] == ["grammar", "recall", "grammar"]
    answer = [t for t in range(asked + 2, len(kinds)) if document.tokens[t] in CLASSES["place"]]
    assert [kinds[t] for t in answer] == ["recall"]
    assert kinds[-1] == "grammar"


def test_the_vocabulary_is_used_and_complete():
    for language in ("en", "zh"):
        used = set()
        for seed in range(3):
            world = World(seed, language)
            documents = world.documents(1500, seed=0)
            assert np.diff(documents.offsets).min() >= 40
            assert np.diff(documents.offsets).max() <= 120
            used.update(documents.ids.tolist())
            assert set(documents.kinds.tolist()) == {GRAMMAR, WORLD, RECALL}
        assert used == set(range(len(world.vocabulary)))
        assert world.vocabulary[0] == END
        assert sum(re.fullmatch(r"\w+", word) is not None for word in world.vocabulary) >= 300


def test_seeds_make_different_towns(english):
    other = World(seed=1)
    assert other.vocabulary == english.vocabulary
    assert other.oracle.next(["it", "was"]) != english.oracle.next(["it", "was"])
    again = World(seed=0)
    assert [again.write(i).tokens for i in range(5)] == [english.write(i).tokens for i in range(5)]


def test_colours_are_unequal():
    seen = Counter()
    for seed in range(10):
        for table in World(seed).town.colours.values():
            seen.update(table.weights)
    assert seen["red"] > 3 * seen["golden"] > 0


def test_many_documents_as_arrays_are_the_single_ones(world):
    documents = world.documents(50, seed=7)
    assert len(documents) == 50
    assert documents.ids.dtype == np.int32
    assert documents.kinds.dtype == np.uint8
    first = world.write(7)
    ids, log_probs, kinds = documents[0]
    assert tuple(world.vocabulary[i] for i in ids) == first.tokens
    assert np.array_equal(log_probs, first.log_probs)
    assert np.array_equal(kinds, first.kinds)
    for i in range(50):
        ids, log_probs, kinds = documents[i]
        tokens = [world.vocabulary[number] for number in ids]
        assert tokens.index(END) == len(tokens) - 1
        assert world.oracle.log_prob(tokens) == pytest.approx(log_probs.sum(), abs=1e-9)
        assert np.array_equal(world.oracle.kinds(tokens), kinds)
    with pytest.raises(IndexError, match="no document 50"):
        documents[50]
