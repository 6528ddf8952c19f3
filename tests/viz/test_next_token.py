"""The next-token view's Python side: what it refuses, what it packs, what it says."""

import re

import numpy as np
import pytest

from minillm import viz
from minillm.viz import expected
from minillm.viz.cuts import cut, entropy_bits
from minillm.viz.expected import gather, kept_tokens, pack
from tests.viz.pages import HOSTILE

VOCABULARY = ["a", " b", b"\xe4\xbd", "\n"]
LOGITS = np.log([[0.1, 0.2, 0.3, 0.4], [0.7, 0.1, 0.1, 0.1]]).astype(np.float32)


def replaced(array, at, value):
    array = np.array(array, dtype=float)
    array[at] = value
    return array


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"logits": replaced(LOGITS, (1, 2), np.nan)}, "token 2 at position 1 is nan"),
        ({"logits": replaced(LOGITS, (1, 2), np.inf)}, "token 2 at position 1 is inf"),
        ({"logits": replaced(LOGITS, 0, -np.inf)}, "At position 0 every logit is -inf"),
        ({"logits": np.exp(LOGITS)}, "position 0 is not negative anywhere and sums to 1"),
        ({"logits": np.zeros((2, 3, 2, 4))}, "shape (2, 3, 2, 4); expected (V,), (T, V)"),
        ({"logits": np.zeros((0, 4))}, "shape (0, 4)"),
        ({"logits": LOGITS[:, :3]}, "A vocabulary of 4 tokens for rows of 3 logits"),
        ({"text": [1]}, "2 rows of logits and a text of 1 tokens"),
        ({"text": None}, "2 rows of logits and no text"),
        ({"text": []}, "an empty text has none to start from"),
        ({"text": [0, 4]}, "text[1] is 4; expected a token's id, 0 to 3"),
        ({"probabilities": True}, "The probabilities at position 0: token 0 has -2.30"),
        (
            {"logits": np.exp(LOGITS) * [[1], [0.9]], "probabilities": True},
            "The probabilities at position 1: the sum is 0.9000, expected 1",
        ),
        ({"truth": np.full((2, 4), 0.2)}, "The truth at position 0: the sum is 0.8000"),
        ({"truth": np.full((1, 4), 0.25)}, "The truth has shape (1, 4); expected (2, 4)"),
        ({"truth": [{"a": 1}, {"z": 1}]}, "The truth at position 1 has 'z', no known token"),
        ({"temperature": -1}, "temperature -1"),
        ({"top_k": 0}, "top_k at least 1"),
        ({"top_p": 0}, "top_p above 0"),
    ],
)
def test_what_is_no_distribution_is_refused_with_its_place(change, message):
    arguments = {"logits": LOGITS, "vocabulary": VOCABULARY, "text": [0, 1], **change}
    with pytest.raises(ValueError, match=re.escape(message)):
        viz.next_token(**arguments)


def test_a_layer_is_named_where_there_are_several():
    lens = np.stack([LOGITS, replaced(LOGITS, (1, 0), np.nan)])
    with pytest.raises(ValueError, match="token 0 at layer 1 position 1 is nan"):
        viz.next_token(lens, VOCABULARY, [0, 1])


def test_a_text_of_too_many_positions_is_refused():
    with pytest.raises(ValueError, match="1,025 positions; a view shows 1,024"):
        viz.next_token(np.zeros((1025, 4)), VOCABULARY, [0] * 1025)


def test_tensors_and_lists_are_taken():
    torch = pytest.importorskip("torch")
    one = viz.next_token(torch.from_numpy(LOGITS).bfloat16().requires_grad_(), VOCABULARY, [0, 1])
    two = viz.next_token(LOGITS.tolist(), VOCABULARY, [0, 1])
    assert one.header["labels"] == two.header["labels"] == ["a", "·b", "E4·BD", "↵"]


def test_probabilities_and_their_logarithms_are_the_same_view():
    p = np.array([0.5, 0.25, 0.25, 0.0])
    with np.errstate(divide="ignore"):
        logs = np.log(p)
    view = viz.next_token(p, VOCABULARY, probabilities=True)
    assert view.buffer == viz.next_token(logs, VOCABULARY).buffer
    assert view.header["entropy"] == [1.5]


def test_surprise_and_entropy_are_in_bits():
    view = viz.next_token(LOGITS, VOCABULARY, [2, 1])
    np.testing.assert_allclose(view.header["surprise"], [-np.log2(0.2)], rtol=1e-6)
    np.testing.assert_allclose(view.header["entropy"], entropy_bits(np.exp(LOGITS)), rtol=1e-6)


def test_a_text_that_could_not_come_has_no_number():
    logits = replaced(LOGITS, (0, 1), -np.inf)
    view = viz.next_token(logits, VOCABULARY, [2, 1])
    assert view.header["surprise"] == [None]
    assert view.html()  # JSON knows no infinity


def test_truth_may_be_dicts_of_what_can_come():
    rows = [{"a": 0.5, "\n": 0.5}, {b"\xe4\xbd": 1.0}]
    view = viz.next_token(LOGITS, VOCABULARY, [2, 0], truth=rows)
    table = np.array([[0.5, 0, 0, 0.5], [0, 0, 1, 0]])
    assert view.buffer == viz.next_token(LOGITS, VOCABULARY, [2, 0], truth=table).buffer
    assert view.header["truthEntropy"] == [1.0, 0.0]
    np.testing.assert_allclose(view.header["floor"], [1.0])


def test_small_vocabularies_are_sent_whole():
    for V in (100, 256, 1000):
        one = gather(np.zeros((1, 60, V)), ["x"] * V, [0] * 60, None, False)
        assert kept_tokens(one) == V


def test_of_a_large_table_the_rest_is_summed_exactly(monkeypatch):
    monkeypatch.setattr(expected, "BUDGET", 4000)
    rng = np.random.default_rng(0)
    logits = (rng.normal(size=(2, 3, 500)) * 3).astype(np.float32)
    logits[0, 0, 7] = -np.inf
    given = gather(logits, ["x"] * 500, [0, 1, 2], None, False)
    kept = kept_tokens(given)
    assert kept == 83
    heats = [0, 0.5, 1.0, 2.0]
    buffer, ids = pack(given, kept, heats)
    rows = 2 * 3
    sent = np.frombuffer(buffer, "<u4", rows * kept).reshape(2, 3, kept)
    np.testing.assert_array_equal(sent, ids)
    values = np.frombuffer(buffer, "<f4", rows * kept, 4 * rows * kept).reshape(2, 3, kept)
    tails = np.frombuffer(buffer, "<f4", rows * 8, 8 * rows * kept).reshape(2, 3, 4, 2)
    assert len(buffer) == 8 * rows * kept + rows * 8 * 4
    for at in np.ndindex(2, 3):
        for g, heat in enumerate(heats[1:], start=1):
            full = cut(logits[at], temperature=heat)
            np.testing.assert_array_equal(full.order[:kept], ids[at])
            d = values[at].astype(float) - values[at][0]
            total = np.exp(d / heat).sum() + tails[*at, g, 0]
            np.testing.assert_allclose(np.exp(d / heat) / total, full.full[:kept], rtol=1e-6)
            mean = ((d * np.exp(d / heat)).sum() + tails[*at, g, 1]) / total
            bits = (np.log(total) - mean / heat) / np.log(2)
            np.testing.assert_allclose(bits, entropy_bits(full.full), rtol=1e-5)


def test_a_token_that_was_not_sent_keeps_its_rank(monkeypatch):
    monkeypatch.setattr(expected, "WHOLE", 100)
    logits = np.random.default_rng(0).normal(size=(2, 2000))
    worst = int(logits[0].argmin())
    view = viz.next_token(logits, [f"t{i}" for i in range(2000)], [5, worst])
    assert view.header["kept"] == 512
    assert view.header["came"][0] == [1999, np.float32(logits[0, worst])]
    assert view.header["labels"][worst] == f"t{worst}"
    assert len(view.header["labels"]) <= 2 * 512 + 2


def test_the_caption_says_what_is_kept():
    view = viz.next_token(LOGITS, VOCABULARY, [0, 3], top_p=0.75)
    caption = view._repr_mimebundle_()["text/plain"]
    assert "“a” 70.0%, “·b” 10.0%" in caption
    assert "2 tokens, which hold 80.0%" in caption
    assert "most at “↵”, 1.3 bits" in caption


def test_what_cannot_come_is_not_named():
    view = viz.next_token([0.75, 0, 0.25, 0], VOCABULARY, probabilities=True)
    assert "“a” 75.0%, “E4·BD” 25.0%." in view.caption
    assert "may be drawn" not in view.caption  # nothing is cut away


def test_the_poster_draws_hostile_tokens():
    rng = np.random.default_rng(0)
    count = len(HOSTILE)
    view = viz.next_token(rng.normal(size=(count, count)), HOSTILE, range(count))
    assert view.poster.startswith(b"\x89PNG")
    assert len(view.poster) < 60_000


def test_the_saved_output_stays_small():
    rng = np.random.default_rng(0)
    view = viz.next_token(rng.normal(size=(64, 1000)), [f"w{i}" for i in range(1000)], [0] * 64)
    assert len(view.html(shared=True)) < 450_000
    wide = viz.next_token(rng.normal(size=(64, 50_257)), [f"w{i}" for i in range(50_257)], [0] * 64)
    assert len(wide.html(shared=True)) < 1_500_000


def test_a_live_view_tells_its_knobs():
    pytest.importorskip("anywidget")
    live = viz.next_token(LOGITS, VOCABULARY, [0, 1], top_k=3).live()
    assert (live.token, live.layer, live.choice) == (2, 0, None)
    assert (live.temperature, live.top_k, live.top_p) == (1.0, 3, 1.0)
    assert "VIEWS.next_token" in live._esm
