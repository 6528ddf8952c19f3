"""Still pictures of the views, small PNGs: what shows where no script may run."""

import io
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from minillm.language import say
from minillm.viz import encode
from minillm.viz.fonts import chinese_font
from minillm.viz.frames import Frames
from minillm.viz.labels import label
from minillm.viz.palette import ramp

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK, MUTED, ACCENT = "#1f2328", "#6b7280", "#c2410c"
_MOST_LABELS = 48  # more do not fit beside the matrix
_LONGEST = 14  # characters of a label


def png(figure: "Figure") -> bytes:
    """A figure as a PNG of 64 colours: a fifth of the bytes, and no difference to see."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from PIL import Image

    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    pixels = np.asarray(canvas.buffer_rgba())[..., :3]
    file = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).quantize(
        64, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE
    ).save(file, "PNG", optimize=True)
    return file.getvalue()


@cache
def fonts() -> tuple[str, ...]:
    """matplotlib's own font, and one that has Chinese where this machine has one."""
    return tuple(filter(None, ("DejaVu Sans", chinese_font())))


@cache
def _drawable() -> frozenset[int]:
    """Code points that some font can draw."""
    from matplotlib import font_manager

    points: set[int] = set()
    for name in fonts():
        path = font_manager.findfont(name)
        points |= set(font_manager.get_font(path).get_charmap())
    return frozenset(points)


def drawable(text: str, longest: int = _LONGEST) -> str:
    """Text cut to size, characters that no font has written as their numbers (no empty boxes)."""
    known = _drawable()
    shown = "".join(c if ord(c) in known else f"U+{ord(c):X}" for c in text)
    return shown if len(shown) <= longest else shown[: longest - 1] + "…"


def attention_poster(
    frames: Frames, head: tuple[int, int], score: np.ndarray, ends: list[float], score_name: str
) -> bytes:
    """The overview coloured by `score` `(L, H)` between two ends, and one head's matrix: a PNG."""
    from matplotlib.figure import Figure

    weights = frames.weights[-1]
    figure = Figure(figsize=(9.2, 4.6), dpi=110, facecolor="white", layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=(1, 1.2))
    left.set_title(_styled(score_name), loc="left", fontsize=9, color=MUTED, family=fonts(), pad=10)
    left.imshow(mosaic(weights, score, ends), interpolation="none")
    _tick_heads(left, weights.shape[:2], head)
    name = say("attention.head_name", layer=head[0], head=head[1])
    right.set_title(_styled(name), loc="left", fontsize=9, color=INK, family=fonts())
    T, S = weights.shape[2:]
    codes = encode.pool(encode.encode(weights[head])[None], 256, 256)[0]
    pixels = ramp("weights")[codes]
    if encode.is_causal(weights):
        pixels[np.triu_indices(len(pixels), 1)] = 255  # what lies ahead cannot be read
    right.imshow(pixels, interpolation="none", aspect="auto", extent=(0, S, T, 0))
    _tick_tokens(right, frames.readers[-1], frames.read[-1])
    return png(figure)


TILE, GAP = 24, 4  # pixels of the mosaic


def mosaic(weights: np.ndarray, score: np.ndarray, ends: list[float]) -> np.ndarray:
    """Every head of `(L, H, T, S)` as a tile, coloured by its score, the score a bar below it."""
    L, H = score.shape
    low, high = ends
    strength = np.nan_to_num((score - low) / (high - low) if high > low else np.zeros((L, H)))
    cells = TILE if L * H <= 64 else TILE // 2  # every head costs bytes
    pitch = TILE + GAP
    picture = np.full((L * (pitch + GAP), H * pitch, 3), 255, dtype=np.uint8)
    for layer in range(L):
        codes = encode.pool(encode.encode(weights[layer]), cells, cells)
        rows = np.arange(TILE) * codes.shape[1] // TILE
        columns = np.arange(TILE) * codes.shape[2] // TILE
        for head in range(H):
            tile = ramp("weights")[codes[head][rows][:, columns]]
            y, x = layer * (pitch + GAP), head * pitch
            picture[y : y + TILE, x : x + TILE] = tint(tile, strength[layer, head] ** 0.5)
            bar = y + TILE + 1
            picture[bar : bar + 2, x : x + TILE] = (228, 231, 235)
            length = round(TILE * float(strength[layer, head]))
            picture[bar : bar + 2, x : x + length] = (194, 65, 12)
    return picture


def tint(colours: np.ndarray, strength: float) -> np.ndarray:
    """Colours faded to a pale grey as `strength` goes from 1 to 0."""
    grey = 255 - (255 - colours.mean(-1, keepdims=True)) * 0.55
    return (grey + (colours - grey) * strength).astype(np.uint8)


def _styled(text: str) -> str:
    return drawable(text, 60)


def _tick_heads(axes: "Axes", shape: tuple[int, int], head: tuple[int, int]) -> None:
    """Number layers and heads, and frame the head that is shown."""
    from matplotlib.patches import Rectangle

    (L, H), pitch = shape, TILE + GAP
    axes.add_patch(
        Rectangle(
            (head[1] * pitch - 2, head[0] * (pitch + GAP) - 2),
            TILE + 3,
            TILE + 3,
            fill=False,
            edgecolor=ACCENT,
            linewidth=1.6,
            clip_on=False,
        )
    )
    axes.set_xticks([h * pitch + TILE / 2 for h in range(H)], [str(h) for h in range(H)])
    axes.set_yticks([i * (pitch + GAP) + TILE / 2 for i in range(L)], [str(i) for i in range(L)])
    axes.set_xlabel(_styled(say("attention.heads")), fontsize=8, color=MUTED, family=fonts())
    layers = _styled(say("attention.layers"))
    upright = len(layers) < 3  # one Chinese sign
    axes.set_ylabel(
        layers, fontsize=8, color=MUTED, family=fonts(), rotation=0 if upright else 90, labelpad=8
    )
    _quiet(axes)
    axes.tick_params(pad=6)  # clear of the frame


def _tick_tokens(axes: "Axes", readers: list, read: list) -> None:
    """Label rows and columns with tokens, thinned out where they would touch."""
    axes.xaxis.tick_top()  # before the labels are styled: top and bottom have their own
    for axis, tokens in ((axes.yaxis, readers), (axes.xaxis, read)):
        step = -(-len(tokens) // _MOST_LABELS)
        axis.set_ticks(
            [i + 0.5 for i in range(0, len(tokens), step)],
            [tokens[i] and drawable(label(tokens[i])) for i in range(0, len(tokens), step)],
        )
        for tick in axis.get_ticklabels():
            tick.set(family=fonts(), parse_math=False)
    axes.tick_params(axis="x", rotation=90)
    _quiet(axes)


def _quiet(axes: "Axes") -> None:
    axes.tick_params(length=0, labelsize=7, colors=MUTED)
    axes.spines[:].set_visible(False)


def steps_poster(steps: dict[str, np.ndarray], readers: list, read: list) -> bytes:
    """Scores, scaled and masked, weights and output of one head side by side, as a PNG."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9.2, 3.2), dpi=110, facecolor="white", layout="constrained")
    masked = np.where(steps["mask"], steps["scaled"], np.nan)
    panels = (
        ("stage_scores", steps["scores"]),
        ("stage_masked", masked),
        ("stage_weights", steps["weights"]),
        ("card_output", steps["output"]),
    )
    widths = [values.shape[1] for _, values in panels]
    for axes, (name, values) in zip(
        figure.subplots(1, 4, width_ratios=widths), panels, strict=True
    ):
        axes.set_title(_styled(say(f"steps.{name}")), loc="left", fontsize=9, family=fonts())
        axes.imshow(
            _tones(name, values),
            interpolation="none",
            aspect="auto",
            extent=(0, values.shape[1], len(values), 0),
        )
        columns = read if name != "card_output" else [""] * values.shape[1]
        _tick_tokens(axes, readers if name == "stage_scores" else [""] * len(readers), columns)
    return png(figure)


def _tones(name: str, values: np.ndarray) -> np.ndarray:
    """Pixels of a stage: shares on their own scale, other numbers on the signed one, NaN white."""
    if name == "stage_weights":
        return ramp("weights")[encode.encode(values)]
    size = np.nanmax(np.abs(values)) or 1.0
    codes = np.nan_to_num(127.5 + 127.5 * 0.85 * values / size)
    pixels = ramp("signed")[codes.astype(np.uint8)]
    pixels[np.isnan(values)] = 255
    return pixels
