import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from minillm.batches import IGNORE, Mixture, Windows, hold_out, windows
from minillm.tokenizer import CharTokenizer


def test_targets_are_the_inputs_one_step_later():
    batch = Windows(range(100), context=7, batch_size=5).sample(torch.Generator().manual_seed(0))
    assert batch.inputs.shape == batch.targets.shape == (5, 7)
    assert torch.equal(batch.targets, batch.inputs + 1)
    assert batch.tokens == 35


def test_every_place_can_be_drawn():
    data = Windows(range(6), context=2, batch_size=400)
    batch = data.sample(torch.Generator().manual_seed(0))
    assert set(batch.inputs[:, 0].tolist()) == {0, 1, 2, 3}


@given(st.integers(3, 60), st.integers(1, 10), st.integers(1, 5))
def test_the_whole_walk_scores_each_token_once(length, context, batch_size):
    if length <= context:
        return
    batches = list(
        Windows(range(length), context=context, batch_size=1).whole(batch_size * context)
    )
    counted = torch.cat([b.targets[b.targets != IGNORE] for b in batches])
    assert counted.tolist() == list(range(1, length))
    for b in batches:
        seen = b.targets != IGNORE
        assert torch.equal(b.targets[seen], b.inputs[seen] + 1)


def test_the_last_tenth_is_held_out():
    text = "abcdefghij" * 50
    tokenizer = CharTokenizer.train(text)
    train, held_out = windows(text, tokenizer, context=8, batch_size=2)
    assert tokenizer.decode(train.ids.tolist()) + tokenizer.decode(held_out.ids.tolist()) == text
    assert len(held_out.ids) == 50
    assert hold_out(text)[1] == text[450:]


def test_a_mixture_draws_from_both_as_its_share_says():
    low, high = (Windows(range(n, n + 9), context=2, batch_size=1) for n in (0, 100))

    def of_other(share):
        g = torch.Generator().manual_seed(0)
        mixture = Mixture(low, high, share=share)
        return sum(int(mixture.sample(g).inputs[0, 0]) >= 100 for _ in range(400))

    assert (of_other(0), of_other(1)) == (0, 400)
    assert 70 < of_other(0.25) < 130


@pytest.mark.parametrize("share", [-0.1, 1.5, 25, float("nan")])
def test_a_share_that_is_none_is_refused(share):
    data = Windows(range(9), context=2, batch_size=1)
    with pytest.raises(ValueError, match="expected a probability"):
        Mixture(data, data, share=share)


def test_a_text_that_is_too_short_is_refused():
    with pytest.raises(ValueError, match="9 held out, and each part needs more than 9"):
        windows("a" * 90, CharTokenizer.train("a"), context=9, batch_size=1)
    with pytest.raises(ValueError, match="has 4 tokens"):
        Windows(range(4), context=4, batch_size=1)
