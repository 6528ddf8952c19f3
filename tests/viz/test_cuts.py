"""Cuts in NumPy and in the script: the numbers of `generate.probabilities`."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minillm.viz import script
from minillm.viz.cuts import check_knobs, cut, entropy_bits

torch = pytest.importorskip("torch")
from minillm import generate  # noqa: E402

KNOBS = [
    {},
    {"temperature": 0.3},
    {"temperature": 1.7, "top_k": 5},
    {"top_p": 0.5},
    {"top_p": 0.001},
    {"temperature": 0.8, "top_k": 20, "top_p": 0.9},
    {"top_k": 1},
    {"top_k": 10_000, "top_p": 0.999},
    {"temperature": 0},
]
LOGITS = {
    "spread": np.random.default_rng(0).normal(size=300).astype(np.float32) * 3,
    "ties": np.repeat(np.float32([2.0, 1.0, 1.0, 0.0]), 10),
    "even": np.zeros(10, np.float32),
    "impossible": np.where(np.arange(50) % 3 == 0, np.float32(-np.inf), np.float32(0.02)),
    "sure": np.float32([40.0, 0.0, -30.0]),
}


def expected(logits, knobs):
    return generate.probabilities(torch.from_numpy(logits), **knobs).double().numpy()


@pytest.mark.parametrize("knobs", KNOBS, ids=str)
@pytest.mark.parametrize("name", LOGITS)
def test_a_cut_is_what_generate_draws_from(name, knobs):
    logits = LOGITS[name]
    made = cut(logits, **knobs)
    by_id = np.zeros(len(logits))
    by_id[made.order] = made.drawn
    truth = expected(logits, knobs)
    np.testing.assert_allclose(by_id, truth, rtol=1e-12, atol=0)
    assert made.kept == (truth > 0).sum()
    warm = {**knobs, "top_k": None, "top_p": 1.0}
    full = expected(logits, warm)
    np.testing.assert_allclose(made.mass, full[truth > 0].sum(), rtol=1e-12)


@given(
    st.lists(st.integers(-80, 80), min_size=1, max_size=40),
    st.integers(1, 30),
    st.one_of(st.none(), st.integers(1, 50)),
    st.integers(0, 99),
)
@settings(max_examples=200, deadline=None)
def test_any_cut_is_what_generate_draws_from(quarters, tenths, top_k, hundredths):
    logits = np.float32(quarters) / 4
    top_p = hundredths / 100 + 0.00371  # on no sum of a few equal shares, where rounding decides
    knobs = {"temperature": tenths / 10, "top_k": top_k, "top_p": top_p}
    made = cut(logits, **knobs)
    by_id = np.zeros(len(logits))
    by_id[made.order] = made.drawn
    np.testing.assert_allclose(by_id, expected(logits, knobs), rtol=1e-9, atol=1e-12)


def test_knobs_that_mean_nothing_are_refused_as_in_generate():
    for knobs in ((-1, None, 1), (1, 0, 1), (1, None, 0), (1, None, 1.5), (float("nan"), None, 1)):
        with pytest.raises(ValueError, match="temperature at least 0"):
            check_knobs(*knobs)


def test_entropy_is_the_mean_surprise():
    p = np.random.default_rng(0).dirichlet(np.ones(20))
    np.testing.assert_allclose(entropy_bits(p), (p * -np.log2(p)).sum())


IN_PAGE = """([source, logits, knobs]) => {
    const made = new Function(source + "; return { distribution, cutList, drawn };")();
    const values = logits.map((x) => (x === null ? -Infinity : x));
    const ids = values.map((_, i) => i);
    ids.sort((a, b) => (values[b] > values[a] ? 1 : values[b] < values[a] ? -1 : a - b));
    const d = Float64Array.from(ids, (id) => values[id] - values[ids[0]]);
    const alive = d.findIndex((x) => x === -Infinity);
    const V = d.length;
    const row = { ids, d, V, alive: alive < 0 ? V : alive, tail: () => [0, 0] };
    const dist = made.distribution(row, knobs.temperature);
    const cut = made.cutList(dist, row, knobs);
    const out = new Array(V).fill(0);
    ids.forEach((id, rank) => (out[id] = made.drawn(cut, dist.p[rank], rank)));
    return { p: out, kept: cut.kept, mass: cut.mass, entropy: cut.entropy };
}"""


@pytest.mark.browser
def test_the_script_cuts_alike(open_page, tmp_path):
    (tmp_path / "page.html").write_text("<!doctype html><title>x</title>")
    page = open_page(tmp_path / "page.html", ready=None)
    source = script.source("next_token")
    for logits in LOGITS.values():
        sent = [float(x) if np.isfinite(x) else None for x in logits]
        for knobs in KNOBS:
            given_ = {
                "temperature": knobs.get("temperature", 1),
                "topK": knobs.get("top_k"),
                "topP": knobs.get("top_p", 1),
            }
            shown = page.evaluate(IN_PAGE, [source, sent, given_])
            truth, made = expected(logits, knobs), cut(logits, **knobs)
            np.testing.assert_allclose(shown["p"], truth, rtol=1e-11, atol=0)
            assert shown["kept"] == made.kept
            np.testing.assert_allclose(shown["mass"], made.mass, rtol=1e-11)
            np.testing.assert_allclose(shown["entropy"], entropy_bits(truth), atol=1e-9)
