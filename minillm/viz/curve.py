"""The curve view: what one training run or several reported, step by step (lessons 00, 06, 15)."""

from collections.abc import Mapping
from typing import Any

from minillm.viz.caption import caption, look
from minillm.viz.columns import pack
from minillm.viz.engine import View
from minillm.viz.history import Log, logs
from minillm.viz.poster import png

SECTIONS = ("viz", "curve")


def curve(
    runs: object,
    *,
    floor: float | None = None,
    marks: Mapping[str, float] | None = None,
    unit: str | None = None,
) -> View:
    """Show training runs: loss, held-out loss and all else they reported, compared. Lesson 06.

    runs: one history or `{name: history}`. A history is a list of records, or anything with a
        `history`, such as a trainer or a `watch`. A record is a mapping or an object with some of
        `step`, `tokens`, `seconds` (counted from the start), `loss`, `val_loss`, `floor` (in
        `unit`), `lr`, `grad_norm`, `grad_norms` (by layer), `regret` (bits by kind) and `sample`
        (what the model wrote); a plain number is a loss. Losses that are no numbers are gaps.
    floor: the loss that no model can go below, where it is known; what lies above is shaded.
    marks: other losses worth a line, by name, such as `{"ln V": 5.12}`.
    unit: of the losses; default "nats per token".
    Raises ValueError where there is nothing to show, steps go backwards or a value is no number.
    """
    return view_of(logs(runs), look(floor, marks, unit))


def view_of(runs: list[Log], look: dict[str, Any]) -> View:
    """The still view of some runs."""
    headers, buffer = pack(runs, live=False)
    return View(
        kind="curve",
        header={**look, "runs": headers, "live": False},
        buffer=buffer,
        caption=caption(runs, look["floor"]),
        draw=lambda: _poster(runs, look),
        selection={"step": None},
        sections=SECTIONS,
    )


def _poster(runs: list[Log], look: dict[str, Any]) -> bytes:
    from minillm.viz import plots  # takes matplotlib with it

    return png(plots.figure(runs, look))
