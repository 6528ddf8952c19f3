import math

import pytest
import torch

from minillm.adapt.masked import MaskedRows, hide
from minillm.batches import IGNORE
from minillm.models.bert import Bert, BertConfig, MaskedBert
from minillm.training import TrainConfig, Trainer

MASK, PAD, END = 9, 0, 1
WORDS = range(2, 9)
HOW = dict(mask=MASK, special=[PAD, END], vocab_size=10)


def texts(n, length, seed=0):
    """Texts of words, with an end token, and padding behind it."""
    g = torch.Generator().manual_seed(seed)
    tokens = torch.randint(2, 9, (n, length), generator=g)
    tokens[:, -2], tokens[:, -1] = END, PAD
    return tokens


def hidden(tokens, share, seed=0, **how):
    generator = torch.Generator().manual_seed(seed)
    return hide(tokens, share=share, generator=generator, **(HOW | how))


def test_hidden_tokens_alone_are_asked_for_and_the_text_stays():
    tokens = texts(200, 20)
    before = tokens.clone()
    batch = hidden(tokens, 0.3)
    assert torch.equal(tokens, before)
    asked = batch.targets != IGNORE
    assert torch.equal(batch.targets[asked], tokens[asked])
    assert torch.equal(batch.inputs[~asked], tokens[~asked])
    assert asked[:, :-2].float().mean() == pytest.approx(0.3, abs=0.03)


def test_special_tokens_are_never_hidden_and_never_put_in():
    tokens = texts(300, 8)
    tokens[::2, 0] = MASK  # a text may speak of the mask
    batch = hidden(tokens, 0.9)
    special = torch.isin(tokens, torch.tensor([PAD, END, MASK]))
    assert (batch.targets[special] == IGNORE).all()
    put = batch.inputs[(batch.targets != IGNORE) & (batch.inputs != tokens)]
    assert set(put.tolist()) == {*WORDS, MASK}


def test_of_ten_hidden_tokens_eight_are_masked_one_is_another_and_one_stays():
    tokens = texts(2000, 20)
    batch = hidden(tokens, 0.5)
    asked = batch.targets != IGNORE
    was, now = tokens[asked], batch.inputs[asked]
    assert (now == MASK).float().mean() == pytest.approx(0.8, abs=0.02)
    # one of the seven words that are put in at random is the one that was there
    assert (now == was).float().mean() == pytest.approx(0.1 + 0.1 / 7, abs=0.02)


def test_every_text_is_asked_for_something_and_chance_follows_the_generator():
    tokens = texts(500, 4)
    first, again, other = (hidden(tokens, 0.01, seed=s) for s in (1, 1, 2))
    assert (first.targets != IGNORE).sum(1).min() == 1
    assert torch.equal(first.inputs, again.inputs)
    assert not torch.equal(first.targets, other.targets)


@pytest.mark.parametrize("share", [0, 1, -0.1, 15])
def test_a_share_is_between_0_and_1(share):
    with pytest.raises(ValueError, match=f"share is {share}; it must be between 0 and 1"):
        hidden(texts(2, 4), share)


def test_a_text_needs_something_to_hide():
    tokens = texts(3, 4)
    tokens[1] = PAD
    with pytest.raises(ValueError, match="Row 1 has special tokens alone"):
        hidden(tokens, 0.15)
    with pytest.raises(ValueError, match="There are no texts"):
        MaskedRows([], batch_size=4, share=0.15, **HOW)


def test_a_batch_has_texts_of_one_length_and_each_text_is_as_likely():
    lengths = [3] * 30 + [5] * 10
    rows = MaskedRows([texts(1, n)[0] for n in lengths], batch_size=6, share=0.2, **HOW)
    g = torch.Generator().manual_seed(0)
    seen = [tuple(rows.sample(g).inputs.shape) for _ in range(200)]
    assert set(seen) == {(6, 3), (6, 5)}
    assert seen.count((6, 3)) / 200 == pytest.approx(0.75, abs=0.1)


def test_an_encoder_learns_to_fill_gaps():
    """Each text repeats one word, so whoever reads the others knows the hidden one."""
    same = [torch.full((6,), word) for word in WORDS]
    rows = MaskedRows(same, batch_size=32, share=0.2, **HOW)
    shape = BertConfig(vocab_size=10, context=8, layers=1, heads=2, width=16, dropout=0.0)
    config = TrainConfig(steps=60, lr=1e-2)
    losses = [s.loss for s in Trainer(MaskedBert(Bert(shape)), rows, None, config)]
    assert losses[0] == pytest.approx(math.log(10), abs=0.3)
    assert sum(losses[-5:]) / 5 < 0.8 * math.log(len(WORDS))  # better than any count of words
