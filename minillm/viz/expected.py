"""What a model expects, checked and packed: all logits where they fit, else the likeliest ones.

What is left out is not lost: for each temperature of the slider two sums over it are stored, so
that every probability that is shown is over the full vocabulary.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from minillm.viz.labels import plain_text

LIMIT = 1024  # positions in one view
WHOLE = 4096  # a vocabulary up to this size is sent whole, if all rows fit
BUDGET = 1_000_000  # bytes of numbers, before they are packed
MOST, LEAST = 512, 64  # tokens a row where not all are sent
TEMPERATURES = [round(0.1 * step, 1) for step in range(21)]  # 0 to 2
TOLERANCE = 1e-3  # of a row's sum

Token = str | bytes


@dataclass(frozen=True, kw_only=True)
class Expected:
    """L layers' expectations at T positions over V tokens; the last layer is the model's own."""

    logits: np.ndarray  # (L, T, V) float32
    truth: np.ndarray | None  # (T, V) float64, rows sum to 1
    text: list[int] | None  # the T tokens read; row t is about the token after text[t]


def gather(
    logits: object,
    vocabulary: Sequence[Token],
    text: Sequence[int] | None,
    truth: object,
    probabilities: bool,
) -> Expected:
    """Check everything against everything; `minillm.viz.next_token` says what they are."""
    array = _numbers(logits)
    if not 1 <= array.ndim <= 3 or 0 in array.shape:
        raise ValueError(
            f"The logits have shape {array.shape}; expected (V,), (T, V) or (L, T, V)."
        )
    array = array.reshape((1,) * (3 - array.ndim) + array.shape)
    _, T, V = array.shape
    if len(vocabulary) != V:
        raise ValueError(f"A vocabulary of {len(vocabulary)} tokens for rows of {V} logits.")
    if T > LIMIT:
        raise ValueError(f"{T:,} positions; a view shows {LIMIT:,} at most. Pass a part of them.")
    array = _logs(array) if probabilities else _checked(array)
    return Expected(
        logits=array.astype(np.float32),
        truth=None if truth is None else _truth(truth, T, vocabulary),
        text=_ids(text, T, V),
    )


def _numbers(values: object) -> np.ndarray:
    if hasattr(values, "detach"):  # a tensor, without importing its library
        values = values.detach().float().cpu().numpy()
    return np.asarray(values, dtype=np.float64)


def _first(wrong: np.ndarray) -> tuple[str, tuple[int, ...]]:
    """Where the first true one of `(L, T)` or `(L, T, V)` is, in words and as an index."""
    at = tuple(int(i) for i in np.argwhere(wrong)[0])
    layer = f"layer {at[0]} " if len(wrong) > 1 else ""
    return f"{layer}position {at[1]}", at


def _checked(array: np.ndarray) -> np.ndarray:
    """Logits that are numbers; minus infinity is allowed: what cannot come."""
    wrong = np.isnan(array) | (array == np.inf)
    if wrong.any():
        where, at = _first(wrong)
        raise ValueError(f"The logit of token {at[2]} at {where} is {array[at]}, not a number.")
    dead = np.isneginf(array).all(-1)
    if dead.any():
        raise ValueError(f"At {_first(dead)[0]} every logit is -inf: no token can come.")
    alike = (array >= 0).all(-1) & (np.abs(array.sum(-1) - 1) < TOLERANCE)
    if array.shape[-1] > 1 and alike.any():
        raise ValueError(
            f"The row at {_first(alike)[0]} is not negative anywhere and sums to 1: these look "
            "like probabilities. Say so with probabilities=True. (If they are logits after all, "
            "take 1 from each: the softmax stays the same.)"
        )
    return array


def _logs(array: np.ndarray) -> np.ndarray:
    """Probabilities as logits."""
    check_rows(array, "probabilities")
    with np.errstate(divide="ignore"):
        return np.log(array)


def check_rows(rows: np.ndarray, name: str) -> None:
    """Refuse rows (L, T, V) that are no distributions, naming the position."""
    wrong = ~np.isfinite(rows) | (rows < 0)
    if wrong.any():
        where, at = _first(wrong)
        raise ValueError(
            f"The {name} at {where}: token {at[2]} has {rows[at]}; expected a number from 0 to 1."
        )
    sums = rows.sum(-1)
    off = np.abs(sums - 1) > TOLERANCE
    if off.any():
        where, at = _first(off)
        raise ValueError(f"The {name} at {where}: the sum is {sums[at]:.4f}, expected 1.")


def _truth(truth: object, T: int, vocabulary: Sequence[Token]) -> np.ndarray:
    """The true distributions as `(T, V)`; each may be a dict of the tokens that can come."""
    V = len(vocabulary)
    if isinstance(truth, Mapping):
        truth = [truth]
    if isinstance(truth, Sequence) and truth and isinstance(truth[0], Mapping):
        ids = {plain_text(token): i for i, token in reversed(list(enumerate(vocabulary)))}
        rows = np.zeros((len(truth), V))
        for t, following in enumerate(truth):
            for token, p in following.items():
                if plain_text(token) not in ids:
                    raise ValueError(f"The truth at position {t} has {token!r}, no known token.")
                rows[t, ids[plain_text(token)]] = p
    else:
        rows = _numbers(truth)
        rows = rows[None] if rows.ndim == 1 else rows
    if rows.shape != (T, V):
        raise ValueError(f"The truth has shape {rows.shape}; expected ({T}, {V}).")
    check_rows(rows[None], "truth")
    return rows


def _ids(text: Sequence[int] | None, T: int, V: int) -> list[int] | None:
    if text is None and T == 1:
        return None
    if text is None or len(text) != T:
        came = "no text" if text is None else f"a text of {len(text)} tokens"
        raise ValueError(
            f"{T} rows of logits and {came}: row t is about the token after text[t], so each "
            "position needs its token (an empty text has none to start from)."
        )
    for t, token in enumerate(text):
        if int(token) != token or not 0 <= token < V:
            raise ValueError(f"text[{t}] is {token}; expected a token's id, 0 to {V - 1}.")
    return [int(token) for token in text]


def kept_tokens(expected: Expected) -> int:
    """How many tokens of each row are sent: all V, or as many as fit."""
    L, T, V = expected.logits.shape
    if V <= WHOLE and 4 * T * V * (L + (expected.truth is not None)) <= BUDGET:
        return V
    return min(V, max(LEAST, min(MOST, BUDGET // (8 * L * T))))


def pack(expected: Expected, kept: int, temperatures: list[float]) -> tuple[bytes, np.ndarray]:
    """The numbers, little-endian, and the ids sent `(L, T, kept)`, likeliest first.

    All tokens: logits float32 (L, T, V) by id, then the truth float32 (T, V). A part of them: ids
    uint32 (L, T, K), logits float32 (L, T, K), for the others the sums of exp(d / t) and of
    d exp(d / t), with d = logit - highest, float32 (L, T, temperatures, 2), then the truth (T, K).
    """
    L, T, V = expected.logits.shape
    rows = expected.logits.reshape(-1, V)
    ids = np.stack([_likeliest(row, kept) for row in rows])
    if kept == V:
        parts = [rows]
    else:
        tails = [_tail(row, some, temperatures) for row, some in zip(rows, ids, strict=True)]
        parts = [ids.astype("<u4"), np.take_along_axis(rows, ids, -1), np.stack(tails)]
    if expected.truth is not None:
        last = ids[-T:]
        parts.append(expected.truth if kept == V else np.take_along_axis(expected.truth, last, -1))
    numbers = [part if part.dtype == np.dtype("<u4") else part.astype("<f4") for part in parts]
    return b"".join(part.tobytes() for part in numbers), ids.reshape(L, T, kept)


def _likeliest(row: np.ndarray, count: int) -> np.ndarray:
    """The ids of the `count` highest, highest first, ties in the order of their ids."""
    some = np.arange(len(row))
    if count < len(row):
        some = np.sort(np.argpartition(-row, count)[:count])
    return some[np.argsort(-row[some], kind="stable")]


def _tail(row: np.ndarray, ids: np.ndarray, temperatures: list[float]) -> np.ndarray:
    """For each temperature the two sums over the tokens that are not sent, `(temperatures, 2)`."""
    left = np.ones(len(row), bool)
    left[ids] = False
    d = (row[left & np.isfinite(row)] - row.max()).astype(np.float64)
    sums = np.zeros((len(temperatures), 2))
    for i, temperature in enumerate(temperatures):
        if temperature > 0:
            powers = np.exp(d / temperature)
            sums[i] = powers.sum(), (d * powers).sum()
    return sums
