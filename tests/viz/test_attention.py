"""The attention view on Python's side: what is taken, what is sent, what is said."""

import base64
import json
import zlib

import numpy as np
import pytest

from minillm import viz
from minillm.language import language
from minillm.viz import encode
from minillm.viz.engine import island_json
from tests.viz.pages import HOSTILE, causal_weights, softmax


def island(view) -> dict:
    """The data as a page would read them."""
    text = view.html().partition('<script type="application/json">')[2].partition("</script>")[0]
    return json.loads(text)


def separate(raw: bytes, count: int, T: int, S: int, causal: bool) -> np.ndarray:
    """Interleaved rows back to `(count, T, S)`, independently of the script."""
    out = np.zeros((count, T, S), np.uint8)
    data, at = np.frombuffer(raw, np.uint8), 0
    for t in range(T):
        n = t + 1 if causal else S
        out[:, t, :n] = data[at : at + count * n].reshape(count, n)
        at += count * n
    assert at == len(data)
    return out


def test_a_page_gets_every_weight_to_a_square_root_byte(weights, tokens):
    data = island(viz.attention(weights, tokens))
    raw = zlib.decompress(base64.b64decode(data["buffer"]))
    codes = separate(raw, 6, 6, 6, causal=True).reshape(weights.shape)
    np.testing.assert_array_equal(codes, encode.encode(weights))
    assert np.abs(encode.decode(codes) - weights).max() < 1 / 255


def test_the_highest_score_chooses_the_head_and_is_said(weights, tokens):
    view = viz.attention(weights, tokens)
    assert view.selection["head"] == [1, 2]
    assert view.scores["previous"].shape == (2, 3)
    best = f"{view.scores['previous'][1, 2]:.2f}"
    assert f"previous token: {best}, layer 1, head 2" in view._repr_mimebundle_()["text/plain"]


def test_a_score_of_ones_own_colours_the_overview(weights, tokens):
    own = np.array([[0.0, 0.9, 0.0], [0.0, 0.0, 0.1]])
    view = viz.attention(weights, tokens, scores={"recall": own}, score="recall")
    assert view.selection["head"] == [0, 1]
    assert view.header["scores"]["recall"] == [own.tolist()]
    with pytest.raises(ValueError, match=r"scores\['recall'\] has shape \(2,\)"):
        viz.attention(weights, tokens, scores={"recall": own[0, :2]})
    with pytest.raises(ValueError, match="score='recal'; expected one of previous"):
        viz.attention(weights, tokens, score="recal")


def test_undefined_scores_are_sent_as_nothing(weights, tokens):
    view = viz.attention(weights, tokens)  # no token is repeated
    assert np.isnan(view.scores["induction"]).all()
    assert view.header["scores"]["induction"] == [[[None] * 3] * 2]


def test_several_passes_share_their_labels_once(weights, tokens):
    frames = {"step 0": weights, "step 10": weights[::-1]}
    view = viz.attention(frames, tokens)
    assert view.header["frames"] == ["step 0", "step 10"]
    assert len(view.header["read"]) == 1
    prompts = {"step 0": tokens, "step 10": [*tokens[:5], " mat"]}
    other = viz.attention(frames, prompts, compare=("step 10", "step 0"))
    assert other.header["read"][1][5] == "mat"
    assert other.header["compare"] == [1, 0]
    with pytest.raises(ValueError, match="there are no weights named 'step 5'"):
        viz.attention(frames, tokens, compare=("step 10", "step 5"))


def test_cross_attention_and_cache_rows(weights, tokens):
    crossed = softmax(np.random.default_rng(0).normal(size=(1, 2, 3, 6)))
    view = viz.attention(crossed, ["a", "b", "c"], keys=tokens)
    assert view.header["readers"] == [["a", "b", "c"]]
    assert set(view.scores) == {"peak", "first", "entropy"}
    last = viz.attention(weights[:, :, -1:], tokens)
    assert "readers" not in last.header
    assert last.header["shape"] == [1, 2, 3, 1, 6]
    np.testing.assert_allclose(last.scores["previous"], weights[:, :, -1, -2])


@pytest.mark.parametrize(
    ("count", "keys", "message"),
    [
        (7, None, "7 tokens for weights of 6 readers and 6 keys in layer 0 head 0.*position 6"),
        (5, None, "5 tokens for weights of 6 readers"),
        (0, None, "No tokens: layer 0 head 0"),
        (6, 5, "5 keys for weights over 6 keys"),
        (5, 6, "5 tokens for weights of 6 readers"),
    ],
)
def test_tokens_that_do_not_fit_the_weights(weights, count, keys, message):
    with pytest.raises(ValueError, match=message):
        viz.attention(weights, ["x"] * count, keys=None if keys is None else ["y"] * keys)


def test_more_arguments_of_no_use(weights, tokens):
    with pytest.raises(TypeError, match="tokens is one str"):
        viz.attention(weights, "a text")
    with pytest.raises(TypeError, match=r"tokens\[0\] is int 5"):
        viz.attention(weights, [5] * 6)
    with pytest.raises(ValueError, match=r"head=\(2, 0\); expected \(layer, head\) below \(2, 3\)"):
        viz.attention(weights, tokens, head=(2, 0))
    with pytest.raises(ValueError, match="groups=2 key/value heads"):
        viz.attention(weights, tokens, groups=2)
    with pytest.raises(ValueError, match="'b' has weights of shape"):
        viz.attention({"a": weights, "b": weights[:1]}, tokens)
    with pytest.raises(ValueError, match=r"tokens has names \['a'\]"):
        viz.attention({"a": weights, "b": weights}, {"a": tokens})


def long_weights(T: int) -> np.ndarray:
    """Sharp rows, cheap to make: each position reads itself and the first token."""
    rows = np.zeros((1, 1, T, T), np.float32)
    rows[..., np.arange(T), np.arange(T)] += 0.5
    rows[..., 0] += 0.5
    return rows


def test_a_text_too_long_is_refused_and_a_window_offered():
    rows, tokens = long_weights(2000), ["x"] * 2000
    with pytest.raises(ValueError, match=r"2000 tokens.*1,024.*layer 0 head 0.*window=\(0, 1024\)"):
        viz.attention(rows, tokens)
    view = viz.attention(rows, tokens, window=(1500, 1700))
    assert view.header["shape"] == [1, 1, 1, 200, 200]
    assert view.header["start"] == 1500
    with pytest.raises(ValueError, match="is 1025 tokens; at most 1,024"):
        viz.attention(rows, tokens, window=(0, 1025))
    with pytest.raises(ValueError, match="0 <= start < stop <= 2000"):
        viz.attention(rows, tokens, window=(10, 3000))


def test_a_long_text_keeps_its_budget_and_its_best_heads_whole():
    T = 320
    noise = causal_weights(12, 12, T, seed=1)
    view = viz.attention(noise, [str(i) for i in range(T)])
    assert len(view.buffer) * 4 / 3 <= 1_500_000
    assert view.header["tile"] == [64, 64]
    assert view.selection["head"] in view.header["whole"]
    tiles = separate(zlib.decompress(view.buffer[: view.header["tiles"]]), 144, 64, 64, True)
    expected = encode.pool(encode.encode(noise).reshape(144, T, T), 64, 64)
    np.testing.assert_array_equal(tiles, expected)
    count = len(view.header["whole"])
    whole = separate(zlib.decompress(view.buffer[view.header["tiles"] :]), count, T, T, True)
    for codes, (layer, head) in zip(whole, view.header["whole"], strict=True):
        np.testing.assert_array_equal(codes, encode.encode(noise[layer, head]))
    # a live view may ask for any other head
    sent = separate(zlib.decompress(view.detail([5, 7])), 1, T, T, True)
    np.testing.assert_array_equal(sent[0], encode.encode(noise[5, 7]))


def test_the_island_can_be_ended_by_no_token():
    view = viz.attention(causal_weights(1, 1, len(HOSTILE)), HOSTILE)
    text = view.html()
    assert text.lower().count("</script") == 2  # the island's end and the script's
    assert "<!--" not in text
    assert "\u2028" not in text
    assert island(view)["header"]["read"][0][1] == "</script>"
    assert json.loads(island_json({"a": "\u2028<&"})) == {"a": "\u2028<&"}


def test_words_follow_the_language(weights, tokens, monkeypatch):
    english = viz.attention(weights, tokens)._repr_mimebundle_()["text/plain"]
    monkeypatch.setenv("MINILLM_LANG", "zh")
    view = viz.attention(weights, tokens)
    assert language() == "zh"
    assert view._repr_mimebundle_()["text/plain"] != english
    assert island(view)["strings"]["title"] == "注意力"


def test_the_poster_is_a_png_and_small(tokens):
    big = viz.attention(causal_weights(12, 12, 64), ["x"] * 64)
    assert big.poster.startswith(b"\x89PNG")
    assert len(big.poster) < 45_000


def test_a_poster_has_a_glyph_for_every_token_or_its_number():
    # matplotlib warns of a missing glyph, and warnings are errors here
    tokens = [*HOSTILE, "\U0001f469", "$x$", "𐎀"]
    view = viz.attention(causal_weights(1, 2, len(tokens)), tokens)
    assert view.poster.startswith(b"\x89PNG")


def test_the_whole_saved_output_is_small():
    view = viz.attention(causal_weights(12, 12, 64, seed=3), ["x"] * 64)
    assert len(view.buffer) * 4 / 3 < 320_000
    assert len(json.dumps(view._repr_mimebundle_())) < 450_000
