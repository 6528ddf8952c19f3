"""The still picture of the tokens view: each tokenizer's tokens as boxes."""

import unicodedata
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from minillm.language import say
from minillm.viz.labels import spelled
from minillm.viz.palette import ramp
from minillm.viz.pieces import Pieces
from minillm.viz.poster import INK, MUTED, drawable, fonts, png

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_WIDTH, _LINE, _HEAD = 1000, 25, 30  # pixels
_LINES = 6  # a tokenizer, at most


def tokens_poster(cuts: Mapping[str, Pieces]) -> bytes:
    """Boxes, the darker the more bytes, under each tokenizer's name and counts, as a PNG."""
    from matplotlib.figure import Figure

    laid = {name: _lay(pieces) for name, pieces in cuts.items()}
    height = sum(_HEAD + _LINE * (1 + max(y for _, y, _, _ in boxes)) for boxes in laid.values())
    figure = Figure(figsize=(_WIDTH / 110, (height + 16) / 110), dpi=110, facecolor="white")
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, _WIDTH), ylim=(height + 16, 0))
    axes.set_axis_off()
    top = 8
    for name, boxes in laid.items():
        pieces = cuts[name]
        count, size = len(pieces.tokens), sum(map(len, pieces.tokens))
        title = say("tokens.counts", tokens=count, each=f"{size / count:.2f}")
        _write(axes, 12, top + _HEAD / 2, f"{drawable(name, 30)} · {title}", INK, 9)
        for x, y, width, token in boxes:
            _box(axes, x, top + _HEAD + y * _LINE, width, token)
        top += _HEAD + _LINE * (1 + boxes[-1][1])
    return png(figure)


def _lay(pieces: Pieces) -> list[tuple[float, int, float, bytes | None]]:
    """Where each token goes: x, line, width and the token; None stands for the rest."""
    boxes: list[tuple[float, int, float, bytes | None]] = []
    x, line = 12.0, 0
    for token in pieces.tokens:
        width = 9 + sum(13.5 if _wide(char) else 8.2 for char in drawable(spelled(token)))
        if x + width > _WIDTH - 12:
            x, line = 12.0, line + 1
        if line == _LINES:
            return [*boxes, (_WIDTH - 12.0, line - 1, 0.0, None)]
        boxes.append((x, line, width, token))
        x += width + 4
    return boxes


def _wide(char: str) -> bool:
    return unicodedata.east_asian_width(char) in "WF"


def _box(axes: "Axes", x: float, y: float, width: float, token: bytes | None) -> None:
    from matplotlib.patches import FancyBboxPatch

    if token is None:
        return _write(axes, x - 2, y + 10, "…", MUTED, 9)
    shade = ramp("weights")[min(150, int(38 * np.log2(max(1, len(token)))))] / 255
    style = "round,pad=0,rounding_size=3"
    axes.add_patch(FancyBboxPatch((x, y), width, 20, boxstyle=style, facecolor=shade, linewidth=0))
    ink = INK if shade @ (0.3, 0.59, 0.11) > 0.5 else "white"
    return _write(axes, x + width / 2, y + 10, drawable(spelled(token)), ink, 8, "center")


def _write(
    axes: "Axes", x: float, y: float, text: str, colour: str, size: int, align: str = "left"
) -> None:
    axes.text(
        x,
        y,
        text,
        color=colour,
        fontsize=size,
        ha=align,
        va="center",
        family=fonts(),
        parse_math=False,
    )
