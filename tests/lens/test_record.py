"""Recording: what comes out is what the model computed, and the model is left as it was."""

import numpy as np
import pytest
import torch
from torch import nn

from minillm import viz
from minillm.lens import record
from minillm.models.attention import Tap, attention_weights, causal_mask
from minillm.models.gpt import GPT, GPTConfig
from minillm.tokenizer import ByteTokenizer, CharTokenizer
from minillm.world import World

TEXT = "the cat sat on the mat"
CHARS = CharTokenizer.train(TEXT)


def gpt(vocab_size=CHARS.vocab_size, context=64, **more):
    shape = GPTConfig(
        vocab_size=vocab_size, context=context, layers=3, heads=2, width=16, qk_norm=True, **more
    )
    return GPT(shape, seed=1)


class OneHead(nn.Module):
    """The least that keeps the protocol: one layer, one head, its weights sent through a tap."""

    def __init__(self, fails=False):
        super().__init__()
        self.embedding = nn.Embedding(256, 4)
        self.attention = nn.ModuleDict({"weights": Tap()})
        self.fails = fails

    def forward(self, tokens):
        x = self.embedding(tokens)[:, None]  # (B, 1, T, C)
        weights = attention_weights(x, x, causal_mask(tokens.size(1)))
        x = self.attention["weights"](weights) @ x
        if self.fails:
            raise RuntimeError("out of order")
        return x


def test_the_weights_are_those_of_the_model_s_own_queries_and_keys():
    model = OneHead()
    weights, tokens = record.attention(model, ByteTokenizer(), "né")
    x = model.embedding(torch.tensor(list("né".encode()))).detach()
    scores = (x @ x.T / 2).masked_fill(~causal_mask(3), -torch.inf)
    np.testing.assert_allclose(weights[0, 0], scores.softmax(-1), atol=1e-6)
    assert tokens == [b"n", b"\xc3", b"\xa9"]


def test_every_layer_and_head_is_there_in_order():
    model = gpt()
    weights, tokens = record.attention(model, CHARS, TEXT)
    assert weights.shape == (3, 2, len(TEXT), len(TEXT))
    assert weights.dtype == np.float32
    np.testing.assert_allclose(weights.sum(-1), 1, atol=1e-5)
    assert b"".join(tokens).decode() == TEXT
    seen = []
    hook = model.blocks[2].attention.weights.register_forward_hook(
        lambda tap, given, out: seen.append(out)
    )
    model.eval()(torch.tensor([CHARS.encode(TEXT)]))
    hook.remove()
    np.testing.assert_allclose(weights[2], seen[0][0].detach(), atol=1e-6)


def test_dropout_is_off_and_training_goes_on_as_before():
    model = gpt(dropout=0.5).train()
    state = torch.random.get_rng_state()
    first = record.attention(model, CHARS, TEXT).weights
    np.testing.assert_array_equal(first, record.attention(model, CHARS, TEXT).weights)
    assert model.training
    assert torch.equal(torch.random.get_rng_state(), state)
    assert not any(block.attention.weights.watched for block in model.blocks)
    assert all(p.grad is None for p in model.parameters())


def test_hooks_go_and_training_comes_back_after_an_error():
    model = OneHead(fails=True).train()
    with pytest.raises(RuntimeError, match="out of order"):
        record.attention(model, ByteTokenizer(), "abc")
    assert model.training
    assert not model.attention["weights"].watched


def test_half_precision_comes_out_as_float32():
    weights, _ = record.attention(gpt().to(torch.bfloat16), CHARS, TEXT)
    assert weights.dtype == np.float32
    np.testing.assert_allclose(weights.sum(-1), 1, atol=0.02)


def test_checkpoints_become_the_frames_of_one_view():
    model, frames = gpt(), {}
    for step in range(3):
        recorded = record.attention(model, CHARS, TEXT)
        frames[f"step {step}"] = recorded.weights
        model.initialise(torch.Generator().manual_seed(step))
    view = viz.attention(frames, recorded.tokens)
    assert view.header["frames"] == ["step 0", "step 1", "step 2"]
    assert not np.array_equal(frames["step 0"], frames["step 1"])


def test_a_recording_goes_straight_into_every_view():
    recorded = record.attention(gpt(), CHARS, TEXT)
    assert "3 layers x 2 heads" in viz.attention(*recorded).caption
    assert "3 layers x 2 heads" in viz.bertviz_heads(*recorded).caption
    assert "3 layers x 2 heads" in viz.bertviz_model(*recorded).caption


def test_a_model_of_the_world_reads_the_end_token_first():
    world = World(seed=0)
    model = gpt(len(world.vocabulary), context=128)
    document = world.write(seed=0)
    weights, tokens = record.attention(model, world.tokenizer, world.text(document.tokens))
    words = [word if word in ",.:?!)" else f" {word}" for word in document.tokens[:-1]]
    assert tokens == [b"<end>", *words]  # copies of a word are alike, wherever they stand
    seen = []
    hook = model.blocks[0].attention.weights.register_forward_hook(
        lambda tap, given, out: seen.append(out)
    )
    ids = [world.tokenizer.ids[word] for word in document.tokens[:-1]]
    model.eval()(torch.tensor([[world.tokenizer.end, *ids]]))
    hook.remove()
    np.testing.assert_allclose(weights[0], seen[0][0].detach(), atol=1e-6)


def test_chinese_of_the_world_gets_no_spaces():
    world = World(seed=0, language="zh")
    document = world.write(seed=3)
    model = gpt(len(world.vocabulary), context=256)
    tokens = record.attention(model, world.tokenizer, world.text(document.tokens)).tokens
    plain = [token if isinstance(token, str) else token.decode() for token in tokens]
    assert plain == ["<end>", *document.tokens[:-1]]


def test_what_cannot_be_recorded_is_refused_in_one_clear_sentence():
    with pytest.raises(ValueError, match="text is empty"):
        record.attention(gpt(), CHARS, "")
    with pytest.raises(ValueError, match=r"22 tokens, but this model reads 8.*text\[:8\]"):
        record.attention(gpt(context=8), CHARS, TEXT)
    with pytest.raises(ValueError, match=r"1,200 tokens, but a view shows 1,024.*text\[:1024\]"):
        record.attention(gpt(context=2000), CHARS, "t" * 1200)
    with pytest.raises(ValueError, match="Linear has no submodule"):
        record.attention(nn.Linear(2, 2), CHARS, TEXT)


def test_the_part_that_is_offered_fits():
    world = World(seed=0)
    text = world.text(world.write(seed=0).tokens)
    model = gpt(len(world.vocabulary), context=12)
    with pytest.raises(ValueError, match="the end token included") as refused:
        record.attention(model, world.tokenizer, text)
    most = int(str(refused.value).partition("text[:")[2].partition("]")[0])
    assert len(record.attention(model, world.tokenizer, text[:most]).tokens) == 12
