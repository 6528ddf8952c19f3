"""The formula one step at a time: which query met which key, and what came of it (lesson 03)."""

from collections.abc import Sequence

import numpy as np

from minillm.language import say
from minillm.viz.engine import View
from minillm.viz.labels import label
from minillm.viz.poster import steps_poster
from minillm.viz.weights import to_numpy

LIMIT = 16  # tokens, and numbers in a vector: more cannot be followed by eye


def attention_steps(
    q: object,
    k: object,
    v: object,
    tokens: Sequence[str | bytes],
    mask: object = None,
    *,
    keys: Sequence[str | bytes] | None = None,
) -> View:
    """Show softmax(q k' / sqrt(D)) v cell by cell: query, key, product, scale, mask, softmax, sum.

    q: `(T, D)` queries; k: `(S, D)` keys; v: `(S, Dv)` values; T, S, D and Dv at most 16.
    tokens: the T readers; keys: the S tokens read, where they are others.
    mask: boolean `(T, S)`, True = may attend; None lets every reader read everything.
    Raises ValueError for shapes that do not fit, numbers that are not finite, rows all masked.
    Vaswani et al. 2017 (arXiv:1706.03762), equation 1. Lesson 03.
    """
    steps = work_out(_matrix("q", q), _matrix("k", k), _matrix("v", v), mask)
    T, S = steps["weights"].shape
    readers, read = list(tokens), list(tokens if keys is None else keys)
    for name, texts, expected in (("tokens", readers, T), ("keys", read, S)):
        if len(texts) != expected:
            raise ValueError(f"{len(texts)} {name} for {expected} rows of {'qk'[name == 'keys']}.")
    header = {
        "readers": [label(t) for t in readers],
        "read": [label(t) for t in read],
        **{name: _rounded(values) for name, values in steps.items()},
    }
    strongest = np.unravel_index(steps["weights"].argmax(), (T, S))
    caption = say(
        "steps.caption",
        reader=header["readers"][strongest[0]],
        read=header["read"][strongest[1]],
        weight=f"{steps['weights'][strongest]:.2f}",
    )
    return View(
        kind="steps",
        header=header,
        buffer=b"",
        caption=caption,
        draw=lambda: steps_poster(steps, readers, read),
        selection={"token": T - 1, "key": int(steps["weights"][-1].argmax())},
        sections=("viz", "steps"),
    )


def work_out(q: np.ndarray, k: np.ndarray, v: np.ndarray, mask: object) -> dict[str, np.ndarray]:
    """Every step of one head as arrays: q, k, v, mask, scores, scaled, weights, output."""
    if q.shape[1] != k.shape[1]:
        raise ValueError(f"q has vectors of {q.shape[1]} numbers and k of {k.shape[1]}.")
    if len(k) != len(v):
        raise ValueError(f"{len(k)} keys but {len(v)} values: each key needs its value.")
    allowed = np.ones((len(q), len(k)), bool) if mask is None else np.asarray(mask)
    if allowed.dtype != bool or allowed.shape != (len(q), len(k)):
        raise ValueError(
            f"mask is {allowed.dtype} {allowed.shape}; expected bool ({len(q)}, {len(k)}), "
            "True = may attend."
        )
    blind = np.flatnonzero(~allowed.any(-1))
    if blind.size:
        raise ValueError(
            f"Position {blind[0]} may attend to nothing: its row of mask is all False."
        )
    scores = q @ k.T
    scaled = scores / np.sqrt(q.shape[1])
    masked = np.where(allowed, scaled, -np.inf)
    powers = np.exp(masked - masked.max(-1, keepdims=True))
    weights = powers / powers.sum(-1, keepdims=True)
    return {
        "q": q,
        "k": k,
        "v": v,
        "mask": allowed,
        "scores": scores,
        "scaled": scaled,
        "weights": weights,
        "output": weights @ v,
    }


def _matrix(name: str, values: object) -> np.ndarray:
    array = to_numpy(values).astype(np.float64)
    if array.ndim != 2 or 0 in array.shape or max(array.shape) > LIMIT:
        raise ValueError(
            f"{name} has shape {array.shape}; expected (tokens, width), both from 1 to {LIMIT}. "
            "Pass one head of one text."
        )
    if not np.isfinite(array).all():
        row, column = np.argwhere(~np.isfinite(array))[0]
        raise ValueError(f"{name}[{row}, {column}] is {array[row, column]}, not a finite number.")
    return array


def _rounded(values: np.ndarray) -> list:
    """Nested lists of six significant digits: more than a view shows."""
    if values.dtype == bool:
        return values.tolist()
    return [[float(f"{x:.6g}") for x in row] for row in values]
