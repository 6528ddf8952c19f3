"""From logits to what is drawn: temperature, then top-k, then top-p, as cuts on one sorted list.

The same rules as `minillm.generate.probabilities`, in NumPy, with what each cut leaves counted;
`minillm/viz/js/next_token/cuts.js` is this file once more.
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, kw_only=True)
class Cut:
    """One distribution before and after its cuts. Lesson 09."""

    order: np.ndarray  # (V,) ids, likeliest first; ties in the order of their ids
    full: np.ndarray  # (V,) probabilities over the whole vocabulary, in that order
    drawn: np.ndarray  # (V,) probabilities after the cuts, likewise; not 0 for the first `kept`
    kept: int  # tokens that can be drawn
    mass: float  # probability that they held before the cuts


def cut(
    logits: np.ndarray, *, temperature: float = 1.0, top_k: int | None = None, top_p: float = 1.0
) -> Cut:
    """Logits (V,) to probabilities before and after the cuts. Lesson 09.

    >>> made = cut(np.log([0.1, 0.6, 0.3]), top_p=0.8)
    >>> made.order.tolist(), made.kept, round(made.mass, 3)
    ([1, 2, 0], 2, 0.9)
    """
    order = np.argsort(-logits, kind="stable")
    if temperature == 0:
        full = np.zeros(len(logits))
        full[0] = 1.0
    else:
        scaled = (logits[order].astype(np.float64) - logits.max()) / temperature
        full = np.exp(scaled) / np.exp(scaled).sum()
    drawn = full.copy()
    if temperature > 0 and not (top_k is None and top_p == 1.0):
        if top_k is not None:
            drawn[top_k:] = 0.0
            drawn /= drawn.sum()
        before = drawn.cumsum() - drawn  # probability of all likelier tokens
        drawn[before >= top_p] = 0.0
        drawn /= drawn.sum()
    kept = int((drawn > 0).sum())
    return Cut(order=order, full=full, drawn=drawn, kept=kept, mass=float(full[:kept].sum()))


def entropy_bits(p: np.ndarray) -> np.ndarray:
    """Entropy of `(..., V)` in bits: the surprise to be expected.

    >>> float(entropy_bits(np.array([0.5, 0.25, 0.25, 0.0])))
    1.5
    """
    positive = np.where(p > 0, p, 1.0)  # 0 log 0 = 0
    return -(positive * np.log2(positive)).sum(-1)


def check_knobs(temperature: float, top_k: int | None, top_p: float) -> None:
    """Refuse what no temperature, top-k or top-p can be."""
    if not (0 <= temperature < np.inf and 0 < top_p <= 1 and (top_k is None or top_k >= 1)):
        raise ValueError(
            f"temperature {temperature}, top_k {top_k}, top_p {top_p} came; expected "
            "temperature at least 0, top_k at least 1, top_p above 0 and at most 1."
        )
