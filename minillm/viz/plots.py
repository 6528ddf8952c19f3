"""Figures for paper: the data of the curve view by matplotlib, readable in grey. Lesson 06."""

import base64
import html
import json
from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from minillm.language import catalogue, language, say
from minillm.viz.caption import caption, look
from minillm.viz.columns import thin
from minillm.viz.history import Log, logs
from minillm.viz.palette import SCRIPTS, ramp
from minillm.viz.poster import INK, MUTED, drawable, fonts, png

# A run is told by its colour and by its dashes, so that print and every eye can tell them apart.
DASHES = ("-", (0, (6, 2)), (0, (1.5, 1.5)), (0, (7, 2, 1.5, 2)), (0, (3, 3)), (0, (9, 2, 2, 2)))
MARKERS = ("o", "s", "^", "D", "v")
GRID = "#e3e6ea"
_NOISY = {"loss", "grad_norm"}  # drawn smoothed, too
_DETAIL = 4_000  # records drawn of a run
Columns = dict[str, np.ndarray]


class CurveFigure(Figure):
    """A matplotlib figure with a text that says what it shows, `alt`."""

    alt: str = ""

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        picture = base64.b64encode(png(self)).decode()
        alt = html.escape(self.alt)
        shown = f'<img alt="{alt}" src="data:image/png;base64,{picture}" style="max-width:100%">'
        return {"text/html": shown, "image/png": picture, "text/plain": self.alt}


def curve(
    runs: object,
    *,
    floor: float | None = None,
    marks: Mapping[str, float] | None = None,
    unit: str | None = None,
) -> CurveFigure:
    """The figure of what `viz.curve` shows; takes the same. `figure.alt` says it in words.

    Thin: the loss of each step; thick: smoothed; points: held out. Save it as any other figure:
    `plots.curve(history).savefig("loss.pdf")`.
    """
    return figure(logs(runs), look(floor, marks, unit))


def figure(runs: list[Log], beside: dict) -> CurveFigure:
    """The losses above, and below them whatever else the runs report."""
    columns = [_thinned(run) for run in runs]
    small = [name for name in ("lr", "grad_norm") if any(name in run for run in columns)]
    small = ["regret"] * any(_kinds(run) for run in columns) + small
    small += ["map"] * any(run.norms for run in runs)
    shape = {"figsize": (8.2, 5.4 if small else 3.8), "dpi": 110, "facecolor": "white"}
    made = CurveFigure(layout="constrained", **shape)
    made.alt = caption(runs, beside["floor"])
    rows = made.add_gridspec(2 if small else 1, 1, height_ratios=(2.2, 1)[: 2 if small else 1])
    _losses(made.add_subplot(rows[0]), runs, columns, beside)
    cells = rows[1].subgridspec(1, len(small)) if small else ()
    for index, name in enumerate(small):
        axes = made.add_subplot(cells[index])
        _style(axes)
        _title(axes, say(f"curve.{name}"))
        if name == "map":
            _map(axes, next(run for run in runs if run.norms))
        elif name == "regret":
            _regret(axes, columns)
        else:
            for index, run in enumerate(columns):
                if name in run:
                    _lines(axes, run, name, width=1.2, **_look(index))
            axes.set_ylim(bottom=0)
    return made


def _losses(axes: Axes, runs: list[Log], columns: list[Columns], beside: dict) -> None:
    """Every run's loss as it came, smoothed, and held out; the floor and the marks."""
    _style(axes)
    axes.set_ylabel(_plain(beside["unit"], 60), fontsize=9, color=MUTED, family=fonts())
    axes.set_xlabel(_plain(say("curve.step"), 60), fontsize=9, color=MUTED, family=fonts())
    for index, (log, run) in enumerate(zip(runs, columns, strict=True)):
        name, line = _plain(log.name or say("curve.loss"), 40), _look(index)
        if "loss" in run:
            _lines(axes, run, "loss", width=1.6, label=name, **line)
        if "val_loss" in run:
            points = {"marker": MARKERS[index % len(MARKERS)], "ms": 5, "mec": "white", "ls": ""}
            points |= {"label": say("curve.held_out_of", name=name), "color": line["color"]}
            axes.plot(*_known(run, "val_loss"), zorder=4, **points)
        if "floor" in run:
            axes.plot(*_known(run, "floor"), c=INK, lw=1, ls=(0, (4, 3)))
    lines = [(_plain(name, 40), value, MUTED) for name, value in beside["marks"]]
    if beside["floor"] is not None:
        lines.append((say("curve.floor"), beside["floor"], INK))
        if len(runs) == 1:
            name = "val_loss" if "val_loss" in columns[0] else "loss"
            steps, losses = _known(columns[0], name)
            axes.fill_between(steps, beside["floor"], losses, color=_look(0)["color"], alpha=0.08)
    for name, value, colour in lines:
        axes.axhline(value, c=colour, lw=1, ls=(0, (4, 3)))
        place = {"xy": (1, value), "xycoords": ("axes fraction", "data"), "ha": "right"}
        place |= {"xytext": (0, 3), "textcoords": "offset points"}
        axes.annotate(name, **place, color=colour, fontsize=8, family=fonts())
    _legend(axes, 8)


def _lines(axes: Axes, run: Columns, name: str, *, width: float, **line: object) -> None:
    """Values as they came, thin and pale, and smoothed above all of those; or just as they came."""
    said = ~np.isnan(run[name])
    steps, values = run["step"][said], np.where(np.isinf(run[name]), np.nan, run[name])[said]
    if name in _NOISY:
        axes.plot(steps, values, lw=width / 2, alpha=0.35, color=line["color"], zorder=2)
        values = run[f"smooth {name}"][said]
    axes.plot(steps, values, lw=width, zorder=3, **line)


def smoothed(steps: np.ndarray, values: np.ndarray) -> np.ndarray:
    """The mean around each step, weighed by e to the minus distance over an eightieth of the run.

    Over a quarter of the way from the start where that is less, because there a loss falls fastest.
    One pass forwards and one backwards, so that the curve does not lag; the script does alike.
    """
    memory = max(1.0, (steps[-1] - steps[0]) / 80)
    near = np.clip((steps - steps[0]) / 4, 1e-9, memory)
    known = np.isfinite(values)
    sums, weights = np.zeros(len(values)), np.zeros(len(values))
    for order in (slice(None), slice(None, None, -1)):
        decay = np.exp(-np.abs(np.diff(steps[order], prepend=steps[order][0])) / near[order])
        total = weight = 0.0
        for i, share in enumerate(decay.tolist()):
            at = i if order.step is None else len(values) - 1 - i
            total, weight = total * share, weight * share
            if known[at]:
                total, weight = total + values[at], weight + 1
                sums[at], weights[at] = sums[at] + total, weights[at] + weight
    return np.divide(
        sums - np.where(known, values, 0),
        weights - 1,
        out=np.full(len(values), np.nan),
        where=known & (weights > 0),
    )


def _regret(axes: Axes, columns: list[Columns]) -> None:
    """A line a kind: with one run each its own colour, with several the run's."""
    kinds: dict[str, tuple[str, str]] = {}
    several = sum(bool(_kinds(run)) for run in columns) > 1
    for index, run in enumerate(columns):
        for k, name in enumerate(_kinds(run)):
            steps, bits = _known(run, name)
            line = _look(index if several else k)
            axes.plot(steps, bits, lw=1.1, marker=MARKERS[k % len(MARKERS)], ms=3, **line)
            kinds[name] = MARKERS[k % len(MARKERS)], "black" if several else line["color"]
    for name, (marker, colour) in kinds.items():
        kind = name.partition(".")[2]
        kind = _plain(catalogue(language()).get(f"curve.kind_{kind}", kind), 16)
        axes.plot([], [], ls="", marker=marker, ms=3, color=colour, label=kind)
    _legend(axes, 7)
    axes.axhline(0, c=INK, lw=1, ls=(0, (4, 3)))


def _map(axes: Axes, run: Log) -> None:
    """Gradient norms, a row a layer, on a logarithmic scale."""
    rows = sorted(run.norms)
    norms = np.array([run.norms[row] for row in rows], dtype=float).T
    norms = np.log(np.where(norms > 0, norms, np.nan))
    low, high = (np.nanmin(norms), np.nanmax(norms)) if np.isfinite(norms).any() else (0, 0)
    codes = np.nan_to_num(255 * (norms - low) / ((high - low) or 1)).astype(np.uint8)
    steps = np.array(run.columns["step"])[rows]
    extent = (steps[0], steps[-1] if steps[-1] > steps[0] else steps[0] + 1, len(norms), 0)
    axes.grid(visible=False)
    axes.imshow(ramp("weights")[codes], aspect="auto", interpolation="none", extent=extent)
    names = [_plain(layer, 10) for layer in run.layers]
    every = -(-len(names) // 8)
    ticks = [i + 0.5 for i in range(0, len(names), every)]
    axes.set_yticks(ticks, names[::every], family=fonts())


def _thinned(run: Log) -> Columns:
    """As many records as a picture can show; smoothed before that, so that all have their say."""
    columns = run.arrays()
    kept = thin(columns, _DETAIL)
    for name in _NOISY & columns.keys():
        columns[f"smooth {name}"] = smoothed(columns["step"], columns[name])
    return {name: values[kept] for name, values in columns.items()}


def _known(run: Columns, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Steps and values where there are values."""
    there = np.isfinite(run[name])
    return run["step"][there], run[name][there]


def _kinds(run: Columns) -> list[str]:
    return [name for name in run if name.startswith("regret.")]


def _look(index: int) -> dict:
    """Colour and dashes of a run; they repeat together after 36."""
    colours = json.loads((SCRIPTS / "core" / "palette.json").read_text())["light"]["runs"]
    dash = DASHES[(index + index // len(colours)) % len(DASHES)]
    return {"color": colours[index % len(colours)], "ls": dash}


def _style(axes: Axes) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(GRID)
    axes.grid(axis="y", color=GRID, lw=0.6)
    axes.set_axisbelow(True)
    axes.tick_params(length=0, labelsize=8, colors=MUTED)
    axes.margins(x=0.02)


def _legend(axes: Axes, size: int) -> None:
    """A legend inside, which takes no room from the plots however long it is."""
    columns = 1 + len(axes.get_legend_handles_labels()[0]) // 12
    style = {"frameon": False, "labelcolor": INK, "prop": {"family": fonts(), "size": size}}
    axes.legend(ncols=columns, **style).set_in_layout(False)


def _plain(text: str, longest: int) -> str:
    """Text that matplotlib draws as it is: no formula, no box, no name that a legend leaves out."""
    shown = drawable(text, longest).replace("$", r"\$")
    return f" {shown}" if shown.startswith("_") else shown


def _title(axes: Axes, text: str) -> None:
    axes.set_title(_plain(text, 40), loc="left", fontsize=8, color=MUTED, family=fonts())
