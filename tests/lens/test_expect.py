"""From model and text to arrays: predictions, the logit lens, the world's own truth."""

import numpy as np
import pytest
import torch

from minillm import viz
from minillm.lens import expect
from minillm.models.gpt import GPT, GPTConfig
from minillm.tokenizer import ByteTokenizer
from minillm.world import World


@pytest.fixture(params=["before", "after"])
def model(request):
    shape = dict(vocab_size=256, context=32, layers=3, heads=2, width=8, dropout=0.5)
    return GPT(GPTConfig(**shape, norm_place=request.param))


def test_predictions_are_the_model_s_log_probabilities(model):
    model.train()
    found = expect.predictions(model, ByteTokenizer(), "héllo")
    assert model.training  # dropout was off meanwhile, and is on again
    assert found.logits.shape == (6, 256)
    assert found.text == list("héllo".encode())
    assert found.vocabulary[195] == b"\xc3"
    with torch.no_grad():
        logits = model.eval()(torch.tensor([found.text]))[0]
    np.testing.assert_allclose(found.logits, logits.log_softmax(-1), rtol=1e-5, atol=1e-6)
    loss = torch.nn.functional.cross_entropy(logits[:-1], torch.tensor(found.text[1:]))
    picked = -found.logits[np.arange(5), found.text[1:]].mean()
    np.testing.assert_allclose(picked, loss.item(), rtol=1e-5)


def test_the_last_row_of_the_lens_is_the_model_and_the_first_the_embeddings(model):
    lens = expect.logit_lens(model, ByteTokenizer(), "abc")
    plain = expect.predictions(model, ByteTokenizer(), "abc")
    assert lens.logits.shape == (4, 3, 256)
    np.testing.assert_allclose(lens.logits[-1], plain.logits, rtol=1e-5, atol=1e-6)
    with torch.no_grad():
        stream = model.embedding(torch.tensor(lens.text)) + model.position(torch.arange(3))
        first = model.logits(model.norm(stream)).log_softmax(-1)
    np.testing.assert_allclose(lens.logits[0], first, rtol=1e-5, atol=1e-6)
    assert not any(block._forward_hooks for block in model.blocks)  # nothing stays behind
    assert not model.blocks[0]._forward_pre_hooks


def test_the_lens_lets_go_of_the_model_when_it_fails(model):
    with pytest.raises(ValueError, match="reads 32 at once"):
        expect.logit_lens(model, ByteTokenizer(), "x" * 33)
    assert not any(block._forward_hooks for block in model.blocks)


def test_an_empty_text_and_a_model_with_no_blocks_are_refused(model):
    with pytest.raises(ValueError, match="The text is empty"):
        expect.predictions(model, ByteTokenizer(), "")
    with pytest.raises(ValueError, match="Linear has no blocks and no norm and no logits"):
        expect.logit_lens(torch.nn.Linear(1, 1), ByteTokenizer(), "a")


def test_the_world_s_truth_lies_beside_the_predictions():
    world = World(seed=0)
    tokenizer = world.tokenizer
    shape = dict(context=32, layers=1, heads=2, width=8)
    model = GPT(GPTConfig(vocab_size=tokenizer.vocab_size, **shape))
    text = "It was"
    found = expect.predictions(model, tokenizer, text)
    assert found.text == [0, *tokenizer.encode(text)]  # the end token is read first
    truth = expect.truth(world.oracle, tokenizer, text)
    assert truth.shape == found.logits.shape == (3, tokenizer.vocab_size)
    assert truth[2, tokenizer.ids["an"]] == world.oracle.next(["it", "was"])["an"]
    np.testing.assert_allclose(truth.sum(-1), 1)
    view = viz.next_token(*found, truth=truth)
    told = world.oracle.read(["it", "was"]).log_probs
    np.testing.assert_allclose(view.header["floor"], -told / np.log(2), rtol=1e-6)
    empty = expect.predictions(model, tokenizer, "")  # what begins a document
    assert empty.logits.shape == (1, tokenizer.vocab_size)
