"""Training runs in words, and what is drawn beside them."""

import math
from collections.abc import Mapping

import numpy as np

from minillm.language import say
from minillm.viz.history import Log


def look(floor: float | None, marks: Mapping[str, float] | None, unit: str | None) -> dict:
    """The header of what is drawn beside the runs, checked."""
    lines = {str(name): float(value) for name, value in (marks or {}).items()}
    checked = lines if floor is None else {**lines, "floor": float(floor)}
    for name, value in checked.items():
        if not math.isfinite(value):
            raise ValueError(f"{name} is {value!r}; expected a loss, a finite number.")
    return {
        "floor": None if floor is None else float(floor),
        "marks": [list(line) for line in lines.items()],
        "unit": unit or say("curve.unit"),
    }


def caption(runs: list[Log], floor: float | None) -> str:
    """The picture in words: how far each run fell, and what is not in the picture."""
    lines = [part for run in runs for part in _in_words(run)]
    if floor is not None:
        lines.append(say("curve.floor_is", floor=short(floor)))
    return "\n".join(lines)


def _in_words(run: Log) -> list[str]:
    columns = run.arrays()
    steps, losses = columns["step"], columns.get("loss", np.zeros(0))
    parts, name = [], f"{run.name}: " if run.name else ""
    known = losses[np.isfinite(losses)]
    held_out = columns.get("val_loss", np.zeros(0))
    measured = held_out[np.isfinite(held_out)]
    values = {"steps": f"{steps[-1]:,.0f}"}
    if known.size:
        values |= {"first": short(known[0]), "last": short(known[-1])}
        parts.append(say("curve.fell" if known[-1] <= known[0] else "curve.rose", **values))
    if measured.size:
        parts.append(say("curve.held_out_is", loss=short(measured[-1]), **values))
    lines = [name + " ".join(parts)]
    if run.broken:
        first = f"{steps[run.broken[0]]:,.0f}"
        lines.append(name + say("curve.gaps", count=len(run.broken), step=first))
    return lines


def short(value: float) -> str:
    """A number with as many decimals as it is worth: 5.12, 0.0312, 1.2e-05.

    >>> short(5.1234), short(0.03123), short(0.0000123), short(1234.5)
    ('5.12', '0.0312', '1.23e-05', '1234')
    """
    size = abs(value)
    if size >= 1000:
        return f"{value:.0f}"
    return f"{value:.2f}" if size >= 1 or value == 0 else f"{value:#.3g}"
