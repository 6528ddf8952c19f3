"""Outputs of Hugging Face models, as they come."""

import numpy as np
import pytest

from minillm import viz
from minillm.viz.weights import stack_layers

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")


@pytest.fixture(scope="module")
def gpt2():
    config = transformers.GPT2Config(
        vocab_size=50,
        n_positions=32,
        n_embd=16,
        n_layer=2,
        n_head=4,
        bos_token_id=0,
        eos_token_id=0,
    )
    torch.manual_seed(0)
    return transformers.GPT2LMHeadModel._from_config(config, attn_implementation="eager").eval()


def test_a_decoder_s_attentions(gpt2):
    ids = torch.arange(7)[None]
    output = gpt2(ids, output_attentions=True)
    view = viz.attention(output.attentions, [f"Ġt{i}" for i in range(7)])
    assert view.header["shape"] == [1, 2, 4, 7, 7]
    assert view.header["causal"]
    assert view.header["read"][0][3] == "t3"
    np.testing.assert_allclose(
        view.scores["previous"][1, 2],
        output.attentions[1][0, 2].detach().diagonal(-1).mean(),
        rtol=1e-5,
    )


def test_what_generate_recorded_step_by_step_is_one_causal_map(gpt2):
    ids = torch.arange(1, 6)[None]
    made = gpt2.generate(
        ids,
        max_new_tokens=4,
        do_sample=False,
        pad_token_id=0,
        eos_token_id=None,
        output_attentions=True,
        return_dict_in_generate=True,
    )
    joined = stack_layers(made.attentions)
    whole = gpt2(made.sequences[:, :-1], output_attentions=True).attentions
    np.testing.assert_allclose(joined, stack_layers(whole), atol=1e-5)
    view = viz.attention(made.attentions, [str(int(i)) for i in made.sequences[0, :-1]])
    assert view.header["shape"] == [1, 2, 4, 8, 8]


def test_a_fused_kernel_s_output_says_what_to_do(gpt2):
    config = gpt2.config.__class__(**{**gpt2.config.to_dict(), "attn_implementation": "sdpa"})
    fused = transformers.GPT2LMHeadModel._from_config(config, attn_implementation="sdpa").eval()
    attentions = fused(torch.arange(5)[None]).attentions
    with pytest.raises(ValueError, match='attn_implementation="eager"'):
        viz.attention(attentions, ["x"] * 5)


def test_cross_attention_of_an_encoder_and_decoder():
    config = transformers.BartConfig(
        vocab_size=40,
        d_model=16,
        encoder_layers=1,
        decoder_layers=2,
        encoder_attention_heads=2,
        decoder_attention_heads=2,
        encoder_ffn_dim=16,
        decoder_ffn_dim=16,
        max_position_embeddings=32,
    )
    torch.manual_seed(0)
    model = transformers.BartModel._from_config(config, attn_implementation="eager").eval()
    output = model(
        input_ids=torch.arange(3, 9)[None],
        decoder_input_ids=torch.arange(3, 7)[None],
        output_attentions=True,
    )
    view = viz.attention(output.cross_attentions, list("abcd"), keys=list("uvwxyz"))
    assert view.header["shape"] == [1, 2, 2, 4, 6]
    assert not view.header["causal"]


def test_bertviz_takes_the_same_output(gpt2):
    pytest.importorskip("bertviz")
    output = gpt2(torch.arange(7)[None], output_attentions=True)
    view = viz.bertviz_heads(output.attentions, [f"Ġt{i}" for i in range(7)])
    assert "2 layers x 4 heads" in view.caption
