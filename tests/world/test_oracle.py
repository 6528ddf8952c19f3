"""The oracle's probabilities are those that the pen recorded, and it refuses what cannot be."""

import math
import random

import numpy as np
import pytest

from minillm.world import Impossible


def test_next_is_the_recorded_distribution_at_any_place(world):
    rng = random.Random(1)
    for seed in range(1500):
        document = world.write(seed)
        for place in rng.sample(range(len(document.tokens)), 3):
            following = world.oracle.next(document.tokens[:place])
            assert math.fsum(following.values()) == pytest.approx(1, abs=1e-12)
            recorded = document.log_probs[place]
            assert math.log(following[document.tokens[place]]) == pytest.approx(recorded, abs=1e-12)


def test_next_along_whole_documents(world):
    for seed in range(20):
        document = world.write(seed)
        steps = [world.oracle.next(document.tokens[:i]) for i in range(len(document.tokens) + 1)]
        p = math.prod(step[token] for step, token in zip(steps, document.tokens, strict=False))
        assert math.log(p) == pytest.approx(document.log_prob, abs=1e-9)
        assert steps[-1] == {}


def test_the_oracle_scores_documents_of_another_seed_like_their_writer(world):
    for seed in range(2000):
        document = world.write(seed)
        read = world.oracle.read(document.tokens)
        assert read.log_prob == pytest.approx(document.log_prob, abs=1e-9)
        assert np.array_equal(read.log_probs, document.log_probs)
        assert np.array_equal(read.kinds, document.kinds)
        assert read.events == document.events


def test_samples_have_the_stated_entropy(world):
    stated = world.oracle.entropy(documents=1500)
    assert not stated.exact
    assert stated.low < stated.nats < stated.high
    documents = world.documents(4000, seed=99)
    surprise = -np.add.reduceat(documents.log_probs, documents.offsets[:-1])
    error = surprise.std() / math.sqrt(len(surprise))
    stated_error = (stated.high - stated.low) / 2 / 1.96
    assert abs(surprise.mean() - stated.nats) < 3 * math.hypot(error, stated_error)
    per_token = surprise.sum() / len(documents.ids)
    assert stated.nats_per_token == pytest.approx(per_token, rel=0.05)


def test_the_entropy_after_a_long_prefix_is_exact(world):
    document = next(d for d in map(world.write, range(50)) if d.events[0].facts["form"] == "story")
    prefix = document.tokens[: len(document.tokens) - 24]
    rest = world.oracle.entropy(prefix)
    assert rest.exact
    sampled = world.oracle.entropy(prefix, documents=1500, limit=3)
    assert sampled.nats == pytest.approx(rest.nats, abs=1e-9)  # the same at every sample
    assert world.oracle.entropy(document.tokens).nats == 0


def test_a_document_can_be_begun_by_hand(world):
    document = world.write(3)
    prefix = document.tokens[:20]
    other = world.write(4, prefix)
    assert other.tokens[:20] == prefix
    assert other.complete
    assert other.log_prob == pytest.approx(world.oracle.log_prob(other.tokens), abs=1e-9)


def test_an_impossible_token_is_refused_with_its_place(english):
    tokens = ["it", "was", "an", "sunny"]
    with pytest.raises(Impossible, match=r"Token 3 is 'sunny'.*After 'it was an' could come") as no:
        english.oracle.log_prob(tokens)
    assert no.value.position == 3
    assert no.value.expected == english.oracle.next(tokens[:3])
    with pytest.raises(Impossible, match=r"Token 1 is 'is'.*'was' \(1\)"):
        english.oracle.next(["it", "is"])


def test_nothing_follows_the_end(english):
    document = english.write(0)
    assert english.oracle.next(document.tokens) == {}
    with pytest.raises(Impossible, match="the document is over") as no:
        english.oracle.read([*document.tokens, "the"])
    assert no.value.position == len(document.tokens)
    assert no.value.expected == {}


def test_a_text_is_no_list_of_tokens(english):
    with pytest.raises(TypeError, match=r"world\.read"):
        english.oracle.log_prob("It was")
