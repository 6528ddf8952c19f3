import numpy as np
import pytest

from minillm import viz
from minillm.lens import record
from minillm.models.gpt import GPT, GPTConfig
from minillm.tokenizer import ByteTokenizer, CharTokenizer
from minillm.viz.model import dequantised
from minillm.world import WorldTokenizer

LETTERS = CharTokenizer.train("abc <>&")


def small(vocab_size=LETTERS.vocab_size, **changes):
    shape = dict(context=12, layers=2, heads=2, width=8, bias=False, norm="rms")
    return GPT(GPTConfig(**{**shape, "vocab_size": vocab_size, **changes}))


def test_each_weight_is_off_by_half_a_step_of_its_row_at_most():
    _, weights = record.weights(small())
    for name, array in weights.items():
        step = np.abs(array).max(-1, keepdims=True) / 127
        assert np.abs(dequantised(weights)[name] - array).max() <= 0.501 * step.max()
        assert np.abs(dequantised(weights)[name] - array).max() > 0


def test_vectors_and_rows_of_zeros_are_exact():
    weights = {"gain": np.array([1.0, 0.3], np.float32), "w": np.zeros((3, 2), np.float32)}
    back = dequantised(weights)
    assert np.array_equal(back["gain"], weights["gain"])
    assert np.array_equal(back["w"], weights["w"])


def test_a_byte_a_weight():
    config, weights = record.weights(small())
    view = viz.model(config, weights, LETTERS, prompts=["abc"])
    rows = sum(len(array) for array in weights.values() if array.ndim == 2)
    assert len(view.buffer) == sum(a.size for a in weights.values()) + 4 * rows
    assert "abc" in view.caption
    assert view.poster.startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"mlp": "swiglu"}, "mlp='swiglu'"),
        ({"norm_place": "after"}, "norm_place='after'"),
        ({"position": "sinusoidal"}, "position='sinusoidal'"),
    ],
)
def test_a_variant_that_the_page_cannot_run_is_refused(changes, said):
    with pytest.raises(ValueError, match=said):
        viz.model(*record.weights(small(**changes)), LETTERS, prompts=["abc"])


@pytest.mark.parametrize(
    ("prompts", "said"),
    [
        ([], "no prompt"),
        ([""], "makes 0 tokens"),
        (["a" * 12], "makes 12 tokens; expected 1 to 11"),
    ],
)
def test_prompts_that_cannot_be_read_are_refused(prompts, said):
    with pytest.raises(ValueError, match=said):
        viz.model(*record.weights(small()), LETTERS, prompts=prompts)


def test_the_end_token_takes_a_place_in_the_context():
    town = WorldTokenizer("en")
    model = small(town.vocab_size)
    viz.model(*record.weights(model), town, prompts=["the " * 10])
    with pytest.raises(ValueError, match="makes 12 tokens"):
        viz.model(*record.weights(model), town, prompts=["the " * 11])


def test_tokens_that_are_no_text_are_labelled_by_their_bytes():
    model = small(256)
    view = viz.model(*record.weights(model), ByteTokenizer(), prompts=["é"])
    assert view.header["tokenizer"]["labels"][0xC3] == "C3"
