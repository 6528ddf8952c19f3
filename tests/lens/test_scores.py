"""Head scores against heads whose score is known by construction."""

import numpy as np
import pytest

from minillm.lens import scores
from minillm.world import RECALL, World


def look_back(T: int, steps: int) -> np.ndarray:
    """A head that always looks `steps` back, or at the first token."""
    weights = np.zeros((T, T))
    weights[np.arange(T), np.maximum(np.arange(T) - steps, 0)] = 1
    return weights


def test_previous_token_head_scores_one_and_others_zero():
    assert scores.previous_token(look_back(8, 1)) == 1
    # two back: only position 1 looks at the token before it, which is also the first
    assert scores.previous_token(look_back(8, 2)) == pytest.approx(1 / 7)


def test_previous_token_of_cache_rows_goes_by_position():
    row = np.zeros((1, 5))
    row[0, 3] = 1  # the reader is position 4
    assert scores.previous_token(row) == 1


def test_previous_token_is_undefined_for_a_single_token():
    assert np.isnan(scores.previous_token(np.ones((1, 1))))


def test_induction_head_looks_at_what_followed():
    tokens = list("abcab")
    weights = np.eye(5)
    weights[3] = np.eye(5)[1]  # the second a looks at b
    weights[4] = 0.5 * np.eye(5)[2] + 0.5 * np.eye(5)[0]  # the second b half at c
    assert scores.induction(weights, tokens) == pytest.approx(0.75)


def test_induction_never_counts_tokens_ahead_or_texts_without_repeats():
    both_ways = np.full((3, 3), 1 / 3)
    # the first a may not count b at position 1 as "after an earlier a"
    assert scores.induction(both_ways, list("aba")) == pytest.approx(1 / 3)
    assert np.isnan(scores.induction(both_ways, list("abc")))


def test_induction_needs_a_token_for_every_key():
    with pytest.raises(ValueError, match="2 tokens for weights over 3 keys"):
        scores.induction(np.eye(3), ["a", "b"])


@pytest.fixture(scope="module")
def asked():
    """A document of the world in which something has to be recalled, and where that was told."""
    world = World(seed=0)
    documents = (world.write(seed=seed) for seed in range(20))
    document = next(d for d in documents if (d.kinds == RECALL).sum() > 3)
    return document, scores.earlier_copies(document.tokens, document.kinds == RECALL)


def pointing(told, at):
    """A head that spreads each asked reader's weight over `at(positions)`, else looks at 0."""
    weights = np.zeros((len(told), len(told)))
    weights[:, 0] = 1
    for reader, positions in enumerate(told):
        if positions:
            weights[reader] = 0
            weights[reader, at(reader, positions)] = 1 / len(at(reader, positions))
    return weights


def test_a_head_that_looks_where_it_was_told_recalls_perfectly(asked):
    _, told = asked
    assert scores.recall(pointing(told, lambda reader, positions: positions), told) == 1
    assert scores.recall(pointing(told, lambda reader, positions: positions[-1:]), told) == 1


def test_a_head_that_looks_anywhere_else_recalls_nothing(asked):
    _, told = asked

    def elsewhere(reader, positions):
        return [key for key in range(reader + 1) if key not in positions]

    assert scores.recall(pointing(told, elsewhere), told) == 0
    both = np.stack([pointing(told, elsewhere), pointing(told, lambda reader, there: there)])
    assert scores.recall(both, told).tolist() == [0, 1]
    assert scores.recall(both.mean(0), told) == pytest.approx(0.5)


def test_what_was_told_is_the_very_word_that_must_come(asked):
    document, told = asked
    read = ["<end>", *document.tokens]  # what the model reads, and one more
    for reader, positions in enumerate(told):
        assert all(read[key] == document.tokens[reader] for key in positions)
        assert all(key <= reader for key in positions)
        assert not positions or document.kinds[reader] == RECALL
    where_recalled = np.flatnonzero(document.kinds == RECALL)
    assert sum(bool(told[reader]) for reader in where_recalled) > len(where_recalled) / 2


def test_recall_is_undefined_where_nothing_is_asked_and_refuses_what_does_not_fit():
    assert np.isnan(scores.recall(np.eye(3), [[], [], []]))
    with pytest.raises(ValueError, match="2 lists of positions for 3 readers"):
        scores.recall(np.eye(3), [[], []])
    with pytest.raises(ValueError, match=r"Reader 1 was told at \[3\]; keys are 0 to 2"):
        scores.recall(np.eye(3), [[], [3], []])


def test_sink_leaves_out_the_reader_without_a_choice():
    sink = look_back(6, 6)
    assert scores.first_token(sink) == 1
    own = np.eye(6)
    assert scores.first_token(own) == 0  # though row 0 looks at token 0


def test_entropy_of_flat_rows_is_the_logarithm_of_their_length():
    flat = np.tril(np.ones((7, 7)))
    flat /= flat.sum(-1, keepdims=True)
    assert scores.entropy(flat) == pytest.approx(np.log(np.arange(1, 8)).mean())
    assert scores.entropy(np.eye(7)) == 0


def test_distance_counts_tokens():
    assert scores.distance(look_back(9, 2)) == pytest.approx((0 + 1 + 7 * 2) / 9)


def test_position_scores_refuse_more_readers_than_keys():
    with pytest.raises(ValueError, match="5 readers of 3 tokens"):
        scores.previous_token(np.ones((5, 3)))


def test_all_scores_have_a_value_a_head_and_agree_with_the_single_ones():
    generator = np.random.default_rng(0)
    weights = generator.dirichlet(np.ones(6), size=(2, 3, 6))
    tokens = list("abcabc")
    found = scores.all_scores(weights, tokens)
    assert set(found) == {"previous", "induction", "first", "entropy", "distance"}
    np.testing.assert_allclose(found["induction"], scores.induction(weights, tokens))
    np.testing.assert_allclose(found["entropy"], scores.entropy(weights))
    crossed = scores.all_scores(weights, None)
    assert set(crossed) == {"peak", "first", "entropy"}
    np.testing.assert_allclose(crossed["peak"], weights.max(-1).mean(-1))


def test_rollout_is_the_product_of_the_layers():
    generator = np.random.default_rng(1)
    weights = generator.dirichlet(np.ones(4), size=(3, 2, 4))
    steps = [(layer.mean(0) + np.eye(4)) / 2 for layer in weights]
    followed = scores.rollout(weights)
    np.testing.assert_allclose(followed[2], steps[2] @ steps[1] @ steps[0])
    np.testing.assert_allclose(followed.sum(-1), 1)


def test_rollout_refuses_cross_attention():
    with pytest.raises(ValueError, match="self-attention"):
        scores.rollout(np.ones((1, 1, 2, 3)))
