import pytest
import torch

from minillm.lens import record
from minillm.models.bert import Bert, BertConfig, MaskedBert
from minillm.tokenizer.wordpiece import WordPieceTokenizer

SHAPE = dict(vocab_size=11, context=8, layers=2, heads=2, width=8)
TOKENS = torch.tensor([[2, 5, 6, 7, 3], [2, 8, 3, 0, 0]])


@pytest.fixture
def bert():
    return Bert(BertConfig(**SHAPE), seed=1).eval()


def test_padding_changes_nothing(bert):
    padded = bert(TOKENS, real=TOKENS != 0)[1, :3]
    torch.testing.assert_close(padded, bert(TOKENS[1:, :3])[0])
    assert not torch.allclose(bert(TOKENS)[1, :3], padded)


def test_every_token_reads_the_whole_text(bert):
    changed = TOKENS.clone()
    changed[0, -1] = 9
    moved = (bert(changed) - bert(TOKENS)).abs().amax(2)
    assert (moved[0] > 1e-4).all()
    assert moved[1].max() == 0


def test_segments_and_places_are_told_apart(bert):
    assert not torch.allclose(bert(TOKENS, segments=torch.ones_like(TOKENS)), bert(TOKENS))
    same = bert(torch.tensor([[5, 5, 5]]))[0]
    assert not torch.allclose(same[0], same[1])


def test_encoding_in_two_parts_is_encoding_at_once(bert):
    real = TOKENS != 0
    half = bert.encode(bert.embed(TOKENS), real=real, stop=1)
    torch.testing.assert_close(bert.encode(half, real=real, start=1), bert(TOKENS, real=real))


def test_the_watched_path_gives_the_same_states(bert):
    plain = bert(TOKENS, real=TOKENS != 0)
    seen = []
    for block in bert.blocks:
        block.attention.weights.register_forward_hook(lambda *call: seen.append(call[-1]))
    torch.testing.assert_close(bert(TOKENS, real=TOKENS != 0), plain)
    assert len(seen) == 2
    assert seen[0][1, :, :, 3:].max() == 0  # nobody reads the padding


def test_its_attention_can_be_recorded(bert):
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "un", "##happy", "cat", "a", "b", "c"]
    weights, tokens = record.attention(bert, WordPieceTokenizer(pieces), "unhappy cat")
    assert tokens == ["[CLS]", "un", "##happy", "cat", "[SEP]"]
    assert weights.shape == (2, 2, 5, 5)
    assert weights[:, :, 0, 4].min() > 0  # the first token reads the last


def test_a_small_one_learns_to_fill_a_gap():
    model = MaskedBert(Bert(BertConfig(**{**SHAPE, "width": 16, "dropout": 0.0})))
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-3)
    words = torch.randint(5, 11, (64, 1), generator=torch.Generator().manual_seed(0))
    tokens = words.repeat(1, 5)  # one word again and again
    tokens[:, 2] = 4
    for _ in range(150):
        loss = torch.nn.functional.cross_entropy(model(tokens)[:, 2], words[:, 0])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert loss < 0.05


def test_the_seed_decides_the_weights_and_nothing_else_moves():
    before = torch.random.get_rng_state()
    one, same, other = (Bert(BertConfig(**SHAPE), seed=seed) for seed in (1, 1, 2))
    assert torch.equal(one.blocks[0].mlp.up.weight, same.blocks[0].mlp.up.weight)
    assert not torch.equal(one.blocks[0].mlp.up.weight, other.blocks[0].mlp.up.weight)
    assert torch.equal(before, torch.random.get_rng_state())


def test_what_cannot_be(bert):
    with pytest.raises(ValueError, match=r"9 tokens came.*reads 8"):
        bert(torch.zeros(1, 9, dtype=torch.long))
    with pytest.raises(ValueError, match="width 8 does not divide into 3 heads"):
        BertConfig(**{**SHAPE, "heads": 3})
    with pytest.raises(ValueError, match="layers is 0"):
        BertConfig(**{**SHAPE, "layers": 0})
    with pytest.raises(ValueError, match=r"dropout is 1\.0"):
        BertConfig(**SHAPE, dropout=1.0)
    with pytest.raises(ValueError, match="no pooler"):
        Bert(BertConfig(**SHAPE, pooler=False)).pooled(torch.zeros(1, 2, 8))
