"""The curve view's bytes: the columns of every run, thinned so that no spike is lost, packed."""

import zlib

import numpy as np

from minillm.viz import encode
from minillm.viz.history import AXES, Log

SAVED = 100_000  # records that a saved view keeps, over all its runs
LIVE = 4_000  # while training: more than a screen has pixels
_WIDEST = 600  # columns of a gradient map
_MOST_SAMPLES = 100
_LONGEST_SAMPLE = 2_000  # characters
_EXACT = ("step", "tokens")  # whole numbers, too large for float32


def pack(runs: list[Log], *, live: bool) -> tuple[list[dict], bytes]:
    """What the header says of each run, and the numbers; `minillm/viz/js/curve/data.js` reads both.

    A column is float32, its bytes in planes (all first bytes, then all second ones, ...) because
    they deflate better so; steps and tokens are float64, each the difference from the one before.
    """
    most = max(2, (LIVE if live else SAVED) // len(runs))
    headers, planes = [], []
    for run in runs:
        columns = run.arrays()
        kept = thin(columns, most)
        header = {
            "name": run.name,
            "rows": len(kept),
            "of": run.rows,
            "columns": list(columns),
            "layers": list(run.layers),
            "samples": _samples(run, columns["step"]),
        }
        if run.broken:
            header["broken"] = [len(run.broken), float(columns["step"][run.broken[0]])]
        planes += [_planes(name, values[kept]) for name, values in columns.items()]
        steps, norms = _map(run, columns["step"])
        header["mapped"] = len(steps)
        planes += [_planes("step", steps), *(_planes("norm", row) for row in norms)]
        headers.append(header)
    raw = b"".join(planes)
    return headers, zlib.compress(raw, 1) if live else encode.deflate(raw)


def thin(columns: dict[str, np.ndarray], most: int) -> np.ndarray:
    """Which records to keep, in order: all, or about `most`.

    The records are cut into stretches of equal length. Each keeps its first and its last record,
    the largest and the smallest value of every curve, and where a loss stops being a number.
    """
    rows = len(columns["step"])
    if rows <= most:
        return np.arange(rows)
    curves = [values for name, values in columns.items() if name not in (*AXES, "lr", "floor")]
    dense = sum(np.isfinite(values).sum() > most / 8 for values in curves)
    stretches = max(1, int(most * 0.75) // (2 + 2 * int(dense)))
    starts = np.unique(np.arange(stretches) * rows // stretches)
    kept = [starts, np.append(starts[1:], rows) - 1]
    for values in curves:
        known = np.flatnonzero(np.isfinite(values))
        if not known.size:
            continue
        places = np.unique(np.searchsorted(known, starts[starts <= known[-1]]))
        for sign in (1, -1):
            kept.append(_largest(sign * values[known], known, places))
    broken = np.isinf(columns.get("loss", np.zeros(rows)))
    kept.append(np.flatnonzero(np.diff(broken.astype(np.int8), prepend=0) == 1)[:stretches])
    return np.unique(np.concatenate(kept))


def _largest(values: np.ndarray, rows: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """The row of the largest value in each stretch of `values`."""
    tops = np.maximum.reduceat(values, starts)
    lengths = np.diff(np.append(starts, len(values)))
    hits = np.flatnonzero(values == np.repeat(tops, lengths))
    stretch = np.repeat(np.arange(len(starts)), lengths)[hits]
    return rows[hits[np.unique(stretch, return_index=True)[1]]]


def _planes(name: str, values: np.ndarray) -> bytes:
    exact = name in _EXACT
    numbers = np.diff(values, prepend=0.0).astype("<f8") if exact else values.astype("<f4")
    return numbers.view(np.uint8).reshape(len(numbers), numbers.itemsize).T.tobytes()


def _map(run: Log, steps: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Steps `(K,)` and gradient norms `(layers, K)`, the largest of each stretch."""
    rows = np.array(sorted(run.norms), dtype=int)
    if not rows.size:
        return np.zeros(0), np.zeros((0, 0))
    norms = np.array([run.norms[row] for row in rows]).T  # (layers, K)
    norms = np.where(np.isfinite(norms), norms, np.nan)
    starts = np.unique(np.arange(_WIDEST) * len(rows) // _WIDEST)
    return steps[rows[starts]], np.fmax.reduceat(norms, starts, axis=1)


def _samples(run: Log, steps: np.ndarray) -> list[list]:
    """`[step, text]`; of many samples evenly chosen ones, the first and the last among them."""
    rows = sorted(run.samples)
    if len(rows) > _MOST_SAMPLES:
        places = np.linspace(0, len(rows) - 1, _MOST_SAMPLES).round().astype(int)
        rows = [rows[place] for place in places]
    return [[float(steps[row]), _short(run.samples[row])] for row in rows]


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST_SAMPLE else text[: _LONGEST_SAMPLE - 1] + "…"
