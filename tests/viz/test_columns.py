"""What is sent of a run: exact where it is small, and never without its spikes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minillm.viz import columns
from minillm.viz.columns import LIVE, pack, thin
from minillm.viz.history import Log
from tests.viz.runs import records, unpack


def test_the_numbers_come_out_as_they_went_in():
    told = records(240)
    headers, buffer = pack([Log("a", told), Log("b", told[:50])], live=False)
    assert [(h["name"], h["rows"], h["of"]) for h in headers] == [("a", 240, 240), ("b", 50, 50)]
    first, second = unpack(headers, buffer)
    np.testing.assert_array_equal(first["step"], np.arange(1, 241))
    np.testing.assert_array_equal(first["tokens"], 768 * np.arange(1, 241))
    for name in ("loss", "lr", "grad_norm", "seconds"):
        np.testing.assert_array_equal(first[name], np.float32([r[name] for r in told]))
    held_out = np.float32([r.get("val_loss", np.nan) for r in told])
    np.testing.assert_array_equal(first["val_loss"], held_out)
    np.testing.assert_array_equal(first["mapped"], np.arange(40, 241, 40))
    np.testing.assert_array_equal(first["norms"][1], np.float32(2 / np.arange(40, 241, 40)))
    assert headers[0]["samples"][0] == [40.0, "written after 40"]
    assert len(second["loss"]) == 50


def test_whole_numbers_stay_whole_however_large():
    told = [{"step": i, "loss": 1.0, "tokens": 10**15 + i} for i in range(1, 50)]
    (found,) = unpack(*pack([Log("", told)], live=False))
    np.testing.assert_array_equal(found["tokens"], 10**15 + np.arange(1.0, 50))


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(100, 5_000), st.sampled_from([50, 200, 1000]))
def test_no_spike_is_lost_and_what_is_kept_is_real(seed, rows, most):
    rng = np.random.default_rng(seed)
    loss = rng.normal(size=rows)
    # a quarter of the run apart: no two in one stretch
    spikes = ((np.array([0.1, 0.4, 0.7]) + rng.uniform(-0.02, 0.02, size=3)) * rows).astype(int)
    loss[spikes] += rng.choice([-100, 100], size=3)
    norm = rng.exponential(size=rows)
    val_loss = np.where(np.arange(rows) % 97 == 96, loss, np.nan)
    given_columns = {
        "step": np.arange(1.0, rows + 1),
        "loss": loss,
        "grad_norm": norm,
        "val_loss": val_loss,
    }
    kept = thin(given_columns, most)
    assert (np.diff(kept) > 0).all()
    assert kept[0] == 0
    assert kept[-1] == rows - 1
    assert len(kept) <= max(1.6 * most, 100)
    assert set(spikes) <= set(kept)
    assert norm[kept].max() == norm.max()
    assert loss[kept].min() == loss.min()
    known = np.flatnonzero(~np.isnan(val_loss))
    if len(known) <= most / 8:
        assert set(known) <= set(kept)


def test_a_gap_is_kept():
    loss = np.ones(10_000)
    loss[5_000] = np.inf
    assert 5_000 in thin({"step": np.arange(10_000.0), "loss": loss}, 100)


def test_a_growing_view_is_sent_little_of_a_long_run():
    steps = range(1, 30_001)
    log = Log("", [{"step": s, "loss": 5 / s, "grad_norm": 1.0, "lr": 1.0} for s in steps])
    headers, buffer = pack([log], live=True)
    assert headers[0]["rows"] <= 1.6 * LIVE
    assert headers[0]["of"] == 30_000
    assert len(buffer) < 100_000


def test_of_many_samples_some_stay_the_last_among_them(monkeypatch):
    monkeypatch.setattr(columns, "_MOST_SAMPLES", 5)
    told = [{"loss": 1.0, "sample": f"{i} " + "x" * 5000} for i in range(40)]
    samples = pack([Log("", told)], live=False)[0][0]["samples"]
    assert [step for step, _ in samples] == [1, 11, 21, 30, 40]
    assert all(len(text) == 2000 and text.endswith("…") for _, text in samples)


@pytest.mark.parametrize("steps", [1, 600, 2_345])
def test_a_map_of_gradients_keeps_the_largest(steps):
    norms = np.random.default_rng(0).exponential(size=steps)
    told = [{"loss": 1.0, "grad_norms": {"block": norm}} for norm in norms]
    (found,) = unpack(*pack([Log("", told)], live=False))
    assert len(found["mapped"]) == min(steps, 600)
    assert found["norms"].max() == np.float32(norms.max())
