"""The curve view from Python: its words, its picture, its header."""

import math
import re

import pytest

from minillm import viz
from minillm.language import LANGUAGES
from minillm.viz.caption import short
from tests.viz.runs import records


def test_the_caption_says_what_the_picture_shows():
    told = records(240)
    view = viz.curve({"Muon": told, "AdamW": records(200, end=2.5)}, floor=1.3)
    lines = view._repr_mimebundle_()["text/plain"].splitlines()
    first, last, held = (
        short(x) for x in (told[0]["loss"], told[-1]["loss"], told[-1]["val_loss"])
    )
    assert lines[0] == (
        f"Muon: Loss fell from {first} to {last} in 240 steps. Held out: {held} after step 240."
    )
    assert lines[1].startswith("AdamW: Loss fell from")
    assert lines[2] == "Floor: 1.30, the best that any model can do."


def test_a_rising_loss_and_gaps_are_said():
    view = viz.curve([1.0, 2.0, math.nan, 3.0, math.inf])
    assert view.caption.splitlines() == [
        "Loss rose from 1.00 to 3.00 in 5 steps.",
        "2 losses are no numbers, the first at step 3; the curve has gaps there.",
    ]
    assert view.header["runs"][0]["broken"] == [2, 3.0]


def test_it_needs_no_widget_and_carries_a_picture():
    bundle = viz.curve(records())._repr_mimebundle_()
    assert set(bundle) == {"text/html", "image/png", "text/plain"}
    assert "https://" not in bundle["text/html"]
    assert len(bundle["text/html"]) < 100_000


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"floor": math.nan}, "floor is nan; expected a loss, a finite number"),
        ({"marks": {"ln V": math.inf}}, "ln V is inf; expected a loss, a finite number"),
    ],
)
def test_lines_of_no_use_say_why(options, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        viz.curve([1.0], **options)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_one_step_is_enough_in_every_language(lang, monkeypatch):
    monkeypatch.setenv("MINILLM_LANG", lang)
    view = viz.curve([{"step": 7, "loss": 2.0}], marks={"下限": 1.0})
    assert view.poster.startswith(b"\x89PNG")
    assert "2.00" in view.caption


def test_a_live_view_can_be_asked_for_the_step():
    pytest.importorskip("anywidget")
    live = viz.curve(records(10)).live()
    assert live.step is None
    live.step = 4
    assert live.get_state("step") == {"step": 4}
