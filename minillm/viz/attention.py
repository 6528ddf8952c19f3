"""The attention view: every head at a glance, one head in full (lessons 03, 06 and 18)."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from minillm.language import catalogue, language, say
from minillm.lens.scores import all_scores
from minillm.viz.engine import View
from minillm.viz.frames import Frames, Tokens, gather
from minillm.viz.labels import label, words
from minillm.viz.payload import pack, whole_heads
from minillm.viz.poster import attention_poster

SHARES = ("previous", "induction", "recall", "first", "peak")  # scores that are a share of a row


@dataclass(frozen=True, kw_only=True)
class AttentionView(View):
    """An attention view and the scores behind its colours."""

    scores: dict[str, np.ndarray] = field(repr=False)  # name: (L, H), of the last frame


def attention(
    weights: object,
    tokens: Tokens | Mapping[str, Tokens],
    *,
    keys: Tokens | Mapping[str, Tokens] | None = None,
    groups: int | None = None,
    head: tuple[int, int] | None = None,
    score: str | None = None,
    scores: Mapping[str, np.ndarray] | None = None,
    window: tuple[int, int] | None = None,
    compare: tuple[str, str] | None = None,
) -> AttentionView:
    """Show attention weights: layer x head overview, matrix and lines, linked. Lesson 03.

    From a model and a text: `viz.attention(*lens.record.attention(model, tokenizer, text))`.

    weights: `(L, H, T, S)`, fewer dimensions, nested lists, or a Hugging Face `attentions` tuple;
        rows sum to one. A dict `{name: weights}` shows several: checkpoints, models or prompts.
    tokens: the T readers, `str` or `bytes`; with rows of a KV cache, the S tokens read, whose last
        T are the readers. A dict of the same names where the prompts differ.
    keys: the S tokens read, for cross-attention.
    groups: number of key/value heads, where query heads share them.
    head: `(layer, head)` shown first; default: the highest `score`.
    score: colours the overview: "previous", "induction", "first", "entropy", "distance" ("peak",
        "first", "entropy" for cross-attention) or a name in `scores`.
    scores: more scores, `(L, H)` or `(F, L, H)` each, by name, such as "recall" from
        `lens.scores.recall`.
    window: `(start, stop)`, the part shown of a text of more than 1,024 tokens.
    compare: two names of `weights`, shown as first minus second.
    Raises ValueError naming layer, head and position where the weights are not such rows.
    """
    frames = gather(weights, tokens, keys, window)
    F, L, H, T, S = frames.weights.shape
    found = _score_frames(frames, scores or {})
    score = score or next(iter(found))
    if score not in found:
        raise ValueError(f"score={score!r}; expected one of {', '.join(found)}.")
    head = _choose_head(head, found[score][-1])
    if groups is not None and (groups < 1 or H % groups):
        raise ValueError(f"groups={groups} key/value heads cannot be shared by {H} query heads.")
    ranges = {name: _score_range(name, values) for name, values in found.items()}
    layout, buffer = pack(frames, [head, *(_highest(values[-1]) for values in found.values())])
    header = {
        "frames": frames.names,
        "shape": [F, L, H, T, S],
        "read": _once([[label(t) for t in text] for text in frames.read]),
        "readWords": _once([words(text) for text in frames.read]),
        "start": frames.start,
        "groups": groups,
        "score": score,
        "scores": {name: _rounded(values) for name, values in found.items()},
        "ranges": ranges,
        "scoreNames": {name: _score_name(name) for name in found},
        "compare": _choose_pair(compare, frames.names),
        **layout,
    }
    if frames.crossed:
        header["readers"] = _once([[label(t) for t in text] for text in frames.readers])
        header["readerWords"] = _once([words(text) for text in frames.readers])
    latest = {name: values[-1] for name, values in found.items()}
    return AttentionView(
        kind="attention",
        header=header,
        buffer=buffer,
        caption=_caption(frames, latest, head),
        draw=lambda: attention_poster(
            frames, head, latest[score], ranges[score], _score_name(score)
        ),
        selection={"head": list(head), "token": None, "key": None},
        detail=lambda wanted: whole_heads(frames, [tuple(wanted)], layout["causal"]),
        sections=("viz", "attention"),
        scores=latest,
    )


def _score_frames(frames: Frames, more: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Every score by name, `(F, L, H)` each: our own, then the caller's."""
    F, L, H = frames.weights.shape[:3]
    each = [
        all_scores(weights, None if frames.crossed else read)
        for weights, read in zip(frames.weights, frames.read, strict=True)
    ]
    found = {name: np.stack([scores[name] for scores in each]) for name in each[0]}
    for name, values in more.items():
        values = np.asarray(values, dtype=np.float64)
        if values.shape not in ((L, H), (F, L, H)):
            raise ValueError(
                f"scores[{name!r}] has shape {values.shape}; expected ({L}, {H}) "
                f"or ({F}, {L}, {H})."
            )
        found[name] = np.broadcast_to(values, (F, L, H))
    return found


def _score_range(name: str, values: np.ndarray) -> list[float]:
    """Where the bars of a score begin and end: 0 and 1 for a share, else 0 and the highest value.

    Bars that began at the lowest value would make any two heads look far apart.
    """
    seen = values[np.isfinite(values)]
    if name in SHARES or seen.size == 0:
        return [0.0, 1.0]
    return [round(float(min(seen.min(), 0)), 3), round(float(max(seen.max(), 0)), 3)]


def _highest(score: np.ndarray) -> tuple[int, int]:
    """The `(layer, head)` of the highest score; (0, 0) where none is defined."""
    if np.isnan(score).all():
        return 0, 0
    layer, head = np.unravel_index(np.nanargmax(score), score.shape)
    return int(layer), int(head)


def _choose_head(head: tuple[int, int] | None, score: np.ndarray) -> tuple[int, int]:
    if head is None:
        return _highest(score)
    L, H = score.shape
    if not (len(head) == 2 and 0 <= head[0] < L and 0 <= head[1] < H):
        raise ValueError(f"head={head}; expected (layer, head) below ({L}, {H}).")
    return int(head[0]), int(head[1])


def _choose_pair(compare: tuple[str, str] | None, names: list[str]) -> list[int] | None:
    if compare is None:
        return None
    for name in compare:
        if str(name) not in names:
            raise ValueError(f"compare={compare}: there are no weights named {name!r} in {names}.")
    return [names.index(str(name)) for name in compare]


def _once(lists: list[list]) -> list[list]:
    """One list where all passes have the same, to say it once."""
    return lists[:1] if all(part == lists[0] for part in lists) else lists


def _rounded(values: np.ndarray) -> list:
    """`(F, L, H)` as nested lists of three decimals, None where a score is undefined."""
    return [
        [[None if np.isnan(x) else round(float(x), 3) for x in row] for row in frame]
        for frame in values
    ]


def _score_name(name: str) -> str:
    """A score's name in the reader's language; the caller's own scores keep theirs."""
    return catalogue(language()).get(f"attention.score_{name}", name)


def _caption(frames: Frames, scores: dict[str, np.ndarray], head: tuple[int, int]) -> str:
    """The picture in words: what is there, and the highest head by each score."""
    _, L, H, T, S = frames.weights.shape
    shown = {"layer": head[0], "head": head[1]}
    lines = [say("attention.caption", layers=L, heads=H, readers=T, read=S, **shown)]
    for name, values in scores.items():
        layer, index = _highest(values)
        if not np.isnan(values[layer, index]):
            best = {"layer": layer, "head": index, "value": f"{values[layer, index]:.2f}"}
            lines.append(say("attention.highest", score=_score_name(name), **best))
    return "\n".join(lines)
