"""The still picture of the next-token view: bars, the cut, and a text's surprise."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from minillm.language import say
from minillm.viz.cuts import Cut, cut
from minillm.viz.expected import Expected, Token
from minillm.viz.labels import spelled
from minillm.viz.poster import ACCENT, INK, MUTED, drawable, fonts, png

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_BARS = 14
_MOST_TOKENS = 40  # of a text
_BLUE, _PALE, _TRUTH = "#2f70a9", "#c9ced6", "#0f766e"


def next_token_poster(
    expected: Expected, header: dict, vocabulary: Sequence[Token], knobs: dict
) -> bytes:
    """The likeliest tokens after the whole text, and each token's surprise, as a PNG."""
    from matplotlib.figure import Figure

    made = cut(expected.logits[-1, -1], **knobs)
    wide = expected.text is not None and len(expected.text) > 1
    figure = Figure(figsize=(9.2, 3.6), dpi=110, facecolor="white", layout="constrained")
    panels = figure.subplots(1, 2, width_ratios=(1, 1.3)) if wide else [figure.subplots()]
    truth = None if expected.truth is None else expected.truth[-1][made.order]
    named = min(_BARS, int((made.full > 0).sum()))
    _bars(panels[0], made, [spelled(vocabulary[i]) for i in made.order[:named]], truth)
    if wide:
        _surprise(panels[1], header)
    return png(figure)


def _bars(axes: "Axes", made: Cut, names: list[str], truth: object) -> None:
    """The first tokens as bars, those cut away pale; the rest as one number."""
    rows = range(len(names))
    colours = [_BLUE if made.drawn[i] > 0 else _PALE for i in rows]
    shares = 100 * made.full[: len(names)]
    axes.barh(rows, shares, color=colours, height=0.72)
    if truth is not None:
        some = [row for row in rows if truth[row] > 0]
        axes.plot(100 * truth[some], some, "D", color=_TRUTH, markersize=4.5)
    for row, share in zip(rows, shares, strict=True):
        axes.text(share, row, f" {share:.1f}%", va="center", fontsize=7, color=MUTED)
    axes.set_yticks(list(rows), [drawable(name) for name in names])
    axes.set_xlim(0, 1.18 * max(*shares, 1e-9))
    axes.invert_yaxis()
    axes.set_xticks([])
    rest = f"{100 * made.full[len(names) :].sum():.1f}%"
    tail = say("next_token.tail", count=max(0, len(made.full) - len(names)), share=rest)
    axes.set_xlabel(drawable(tail, 60), fontsize=8, color=MUTED, family=fonts())
    _style(axes, say("next_token.title"))


def _surprise(axes: "Axes", header: dict) -> None:
    """The last tokens of a text: the surprise of each as a bar, the entropy as a line."""
    first = max(1, len(header["text"]) - _MOST_TOKENS)
    names = header["read"][first:]
    finite = [x for x in header["surprise"] if x is not None]
    highest = 1.1 * max(finite, default=1.0)
    bits = [highest if x is None else x for x in header["surprise"][first - 1 :]]
    at = range(len(names))
    axes.bar(at, bits, color=ACCENT, width=0.7)
    unsure = header["entropy"][first - 1 : -1]
    axes.step(at, unsure, where="mid", color=INK, linewidth=1)
    axes.set_xticks(list(at), [drawable(name) for name in names], rotation=90)
    axes.set_ylabel(say("next_token.bits"), fontsize=8, color=MUTED, family=fonts())
    _style(axes, say("next_token.poster_text"))


def _style(axes: "Axes", title: str) -> None:
    axes.set_title(drawable(title, 60), loc="left", fontsize=9, color=INK, family=fonts())
    axes.tick_params(length=0, labelsize=7, colors=MUTED)
    axes.spines[:].set_visible(False)
    for tick in (*axes.get_xticklabels(), *axes.get_yticklabels()):
        tick.set(family=fonts(), parse_math=False)
