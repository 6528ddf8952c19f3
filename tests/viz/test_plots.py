"""Figures for paper: the same data, readable in grey, no boxes for characters."""

import io
import warnings

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from minillm import viz
from minillm.viz import plots
from tests.viz.runs import records


def test_the_figure_draws_the_numbers():
    told = records(240)
    figure = plots.curve(told, floor=1.3, marks={"ln V": 5.1}, unit="nats per character")
    axes = figure.axes[0]
    raw, soft, held = axes.lines[:3]
    np.testing.assert_allclose(raw.get_ydata(), [r["loss"] for r in told])
    np.testing.assert_array_equal(held.get_xdata(), np.arange(40, 241, 40))
    np.testing.assert_allclose(held.get_ydata(), [r["val_loss"] for r in told if "val_loss" in r])
    assert np.abs(np.diff(soft.get_ydata())).mean() < np.abs(np.diff(raw.get_ydata())).mean()
    assert axes.get_ylabel() == "nats per character"
    assert {text.get_text() for text in axes.texts} == {"ln V", "floor"}
    assert len(figure.axes) == 5  # losses, regret, rate, norm, map


def test_kinds_of_the_world_are_said_in_the_reader_s_language(monkeypatch):
    monkeypatch.setenv("MINILLM_LANG", "zh")
    told = [{"loss": 1.0, "regret": {"grammar": 0.5, "spelling": 0.1}}] * 3
    legend = plots.curve(told).axes[1].get_legend()
    assert [text.get_text() for text in legend.get_texts()] == ["语法", "spelling"]


def test_alt_says_it_and_the_notebook_shows_it():
    figure = plots.curve({"a<b>": records(40)})
    assert figure.alt == viz.curve({"a<b>": records(40)}).caption
    shown = figure._repr_mimebundle_()
    assert 'alt="a&lt;b&gt;: Loss fell' in shown["text/html"]
    assert shown["text/plain"] == figure.alt


def test_runs_differ_in_grey_too():
    figure = plots.curve({f"run {i}": records(60, end=1 + i / 4) for i in range(6)})
    lines = [line for line in figure.axes[0].lines if line.get_linewidth() == 1.6]
    dashes = {str(line._dash_pattern) for line in lines}
    assert len(lines) == len(dashes) == 6
    for line in lines:  # dark enough on white: 3 to 1 at least
        r, g, b = (
            (c / 12.92 if c <= 0.04 else ((c + 0.055) / 1.055) ** 2.4)
            for c in to_rgb(line.get_color())
        )
        assert 1.05 / (0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05) >= 3


def test_smoothing_follows_without_lag():
    steps = np.arange(1.0, 401)
    line = plots.smoothed(steps, steps.copy())
    np.testing.assert_allclose(line[80:-40], steps[80:-40], atol=0.01)
    noise = np.random.default_rng(0).normal(size=400)
    assert plots.smoothed(steps, noise)[50:].std() < 0.4
    with_gap = np.where(steps == 200, np.nan, 1.0)
    smooth = plots.smoothed(steps, with_gap)
    assert np.isnan(smooth[199])
    np.testing.assert_allclose(np.delete(smooth, 199), 1.0)


@pytest.mark.parametrize(
    "name", ["训练曲线", "שלום", "👩‍👩‍👧‍👦", "$x_$", "_hidden", "\ue000", "x" * 200]
)
def test_names_of_any_kind_leave_no_box(name):
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # matplotlib warns of every missing glyph
        named = [{**r, "grad_norms": {name: 1.0}, "regret": {name: 0.1}} for r in records(50)]
        figure = plots.curve({name: named}, marks={name: 2.0}, unit=name)
        figure.savefig(io.BytesIO(), format="png")
    assert len(figure.axes[0].get_legend().get_texts()) == 2


def test_it_can_be_saved_as_any_figure(tmp_path):
    plots.curve(records(30)).savefig(tmp_path / "loss.pdf")
    assert (tmp_path / "loss.pdf").read_bytes().startswith(b"%PDF")
