"""What the page does to weights, against NumPy."""

import numpy as np
import pytest

from minillm.lens import scores
from minillm.viz import encode, script
from minillm.viz.labels import words
from minillm.viz.palette import ramp
from tests.viz.pages import causal_weights, softmax

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def run(browser):
    """Calls a function of the script with plain values: `run("meanOf([a, b])", a=..., b=...)`."""
    context = browser.new_context()
    page = context.new_page()
    source = script.source("attention")

    def call(expression: str, **values):
        names = ", ".join(values)
        plain = {k: v.tolist() if isinstance(v, np.ndarray) else v for k, v in values.items()}
        return page.evaluate(
            f"(values) => {{ const {{ {names} }} = values; {source}\nreturn {expression}; }}", plain
        )

    yield call
    context.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", ["weights", "signed"])
def test_the_colour_maps_are_python_s(run, name, theme):
    colours = run(f"colourMap(PALETTE.{theme}.{name}).colours")
    np.testing.assert_array_equal(colours, ramp(name, theme))


def test_text_reads_on_every_colour(run):
    def luminance(colour):
        c = np.array(colour) / 255
        linear = np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)
        return linear @ [0.2126, 0.7152, 0.0722]

    for theme in ("light", "dark"):
        for colour in ramp("weights", theme)[::5].tolist() + ramp("signed", theme)[::5].tolist():
            ink = 1.0 if run("inkOn(colour)", colour=colour) == "#fff" else 0.0
            light, dark = sorted([ink, luminance(colour)], reverse=True)
            assert (light + 0.05) / (dark + 0.05) >= 4.5


def test_shares_and_bytes_agree_with_python(run):
    shares = np.linspace(0, 1, 401)
    np.testing.assert_array_equal(
        run("shares.map(encodeShare)", shares=shares), encode.encode(shares)
    )
    codes = np.arange(256, dtype=np.uint8)
    np.testing.assert_allclose(
        run("[...decodeCodes(codes)]", codes=codes), encode.decode(codes), rtol=1e-6
    )


@pytest.mark.parametrize(
    ("shape", "out"), [((7, 10), (3, 4)), ((64, 64), (64, 5)), ((9, 9), (9, 9))]
)
def test_pooling_cuts_as_python_does(run, shape, out):
    codes = np.random.default_rng(0).integers(0, 256, size=shape, dtype=np.uint8)
    pooled = run(
        "[...poolCodes(codes.flat(), ...shape, ...out)]", codes=codes, shape=shape, out=out
    )
    np.testing.assert_array_equal(np.reshape(pooled, out), encode.pool(codes[None], *out)[0])


@pytest.mark.parametrize("causal", [True, False])
def test_interleaved_rows_come_apart(run, causal):
    codes = np.random.default_rng(1).integers(0, 256, size=(3, 5, 5), dtype=np.uint8)
    codes = np.tril(codes) if causal else codes
    raw = list(encode.interleave(codes, causal))
    found = run(
        "separate(Uint8Array.from(raw), 3, 5, 5, causal).map((m) => [...m])", raw=raw, causal=causal
    )
    np.testing.assert_array_equal(found, codes.reshape(3, -1))


def test_the_first_token_hidden_leaves_rows_that_sum_to_one(run):
    weights = causal_weights(1, 1, 5)[0, 0].astype(np.float64)
    hidden = np.reshape(run("[...hideFirst(p.flat(), 5, 5)]", p=weights), (5, 5))
    expected = weights.copy()
    expected[:, 0] = 0
    expected[1:] /= expected[1:].sum(-1, keepdims=True)
    np.testing.assert_allclose(hidden, expected, atol=1e-6)
    assert (hidden[0] == 0).all()


def test_words_are_merged_by_sum_over_keys_and_mean_over_readers(run):
    rng = np.random.default_rng(2)
    tokens = [" un", "happi", "ness", " is", " a", " cat", "fish"]
    groups = np.array(words(tokens))
    weights = softmax(rng.normal(size=(7, 7))).astype(np.float64)
    merged = run("[...mergeWords(p.flat(), g, g)]", p=weights, g=groups)
    member = groups[:, None] == np.arange(groups.max() + 1)  # (tokens, words)
    expected = (member / member.sum(0)).T @ weights @ member
    np.testing.assert_allclose(np.reshape(merged, expected.shape), expected, atol=1e-6)
    np.testing.assert_allclose(expected.sum(-1), 1, atol=1e-6)


def test_rollout_agrees_with_python(run):
    weights = causal_weights(4, 3, 6)
    means = weights.mean(1).reshape(4, -1)
    followed = run("[...rollout(layers, 6)]", layers=means)
    np.testing.assert_allclose(np.reshape(followed, (6, 6)), scores.rollout(weights)[-1], atol=1e-6)


@pytest.mark.parametrize(
    ("share", "text"), [(0, "0%"), (0.004, "0.4%"), (0.0996, "10%"), (0.62, "62%"), (1, "100%")]
)
def test_shares_in_words(run, share, text):
    assert run("percent(share)", share=share) == text
