"""The references of lesson 01 against the world, whose numbers are known."""

import math
import random

import pytest

from minillm.exercises.lesson01 import bits, counts, log_prob, normalise, sample
from minillm.world import World


@pytest.fixture(scope="module")
def town():
    return World(seed=1)


def test_log_prob_is_the_towns(town):
    document = town.write(seed=5)
    probs = [math.exp(value) for value in document.log_probs]
    assert log_prob(probs) == pytest.approx(document.log_prob, abs=1e-9)
    assert bits(probs) == pytest.approx(-document.log_prob / math.log(2) / len(probs), abs=1e-9)


def test_counts_after_every_context_add_up_to_the_text(town):
    ids = town.documents(3, seed=0).ids.tolist()
    contexts = {tuple(ids[i - 2 : i]) for i in range(2, len(ids))}
    V = len(town.vocabulary)
    assert sum(sum(counts(ids, list(context), V)) for context in contexts) == len(ids) - 2
    assert counts(ids, [], V) == [ids.count(token) for token in range(V)]


def test_a_sample_comes_as_often_as_it_should():
    rng = random.Random(0)
    shares = normalise([1, 0, 2, 5])
    drawn = [sample(shares, rng.random()) for _ in range(20_000)]
    for token, share in enumerate(shares):
        assert drawn.count(token) / len(drawn) == pytest.approx(share, abs=0.015)
    assert 1 not in drawn
