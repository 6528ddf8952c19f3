"""`predict(...)`: the learner's number first, then the answer beside it."""

import math

import torch

from minillm.exercises import progress
from minillm.exercises.card import Card, in_book, show
from minillm.language import say

_CLOSE = 1.1  # times too high or too low: near enough to be called close


def predict(
    question: str,
    value: float | None = None,
    *,
    actual: float,
    typical: float,
    unit: str = "",
) -> None:
    """Show the learner's `value` for a question beside the `actual` number.

    Untouched (`value=None`), a live notebook asks for a number and keeps the answer back; in the
    book a `typical` guess stands in, and is said to be one. The first number a learner gives is
    kept with their progress. A `value` that is no finite number is asked for again; `actual` and
    `typical` must be finite numbers (TypeError, ValueError).
    """
    actual, typical = _checked("actual", actual), _checked("typical", typical)
    if value is None and in_book():
        title, who, value, first = "typical_title", "typical", typical, typical
    elif not _is_number(value):
        show(_card(question, "predict_title", "blank", say("exercises.predict_first")))
        return
    else:
        title, who, value = "predict_title", "your_number", float(value)
        try:
            first = progress.record_prediction(question, value, actual)
        except OSError:
            first = value  # it cannot be kept; the lesson goes on

    numbers = (
        {who: value} | ({"first_number": first} if first != value else {}) | {"answer": actual}
    )
    rows = tuple(
        (say(f"exercises.{key}"), f"{_digits(number)} {unit}".rstrip())
        for key, number in numbers.items()
    )
    tone = "right" if _factor(value, actual) <= _CLOSE else "blank"
    show(_card(question, title, tone, _verdict(value, actual), rows=rows))


def _card(question: str, title: str, tone: str, text: str, **parts: object) -> Card:
    return Card(
        title=question, about=say(f"exercises.{title}"), tone=tone, paragraphs=(text,), **parts
    )


def _is_number(value: object) -> bool:
    if isinstance(value, torch.Tensor):
        return value.numel() == 1 and bool(value.isfinite().all())
    try:
        return not isinstance(value, str) and math.isfinite(value)
    except TypeError:
        return False


def _checked(name: str, value: object) -> float:
    if not _is_number(value):
        raise TypeError(f"predict({name}=) is {value!r}; it must be one finite number.")
    return float(value)


def _factor(value: float, actual: float) -> float:
    """How many times too high or too low (at least 1; inf where the signs differ)."""
    if value == actual:
        return 1.0
    if value * actual <= 0:
        return math.inf
    return max(value / actual, actual / value)


def _verdict(value: float, actual: float) -> str:
    factor = _factor(value, actual)
    if factor <= _CLOSE:
        return say("exercises.close")
    if factor == math.inf:
        return say("exercises.off_by", difference=_digits(abs(value - actual)))
    key = "too_high" if abs(value) > abs(actual) else "too_low"
    return say(f"exercises.{key}", factor=f"{factor:.2g}" if factor < 100 else f"{factor:.0f}")


def _digits(number: float) -> str:
    """Four digits, with thousands set apart."""
    return f"{number:,.0f}" if abs(number) >= 1000 else f"{number:.4g}"
