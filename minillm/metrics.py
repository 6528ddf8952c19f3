"""How good is a classifier, or an answer? Counts, shares, and whether a difference is one.

The arithmetic of classes is scikit-learn's; here labels are checked, classes that were never said
are counted as zero, and every number has a name. Lessons 10 and 11.
"""

import math
import re
import string
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from minillm.language import say


@dataclass(frozen=True, kw_only=True)
class Scores:
    """Accuracy, and precision, recall and F1 by class and averaged, all between 0 and 1."""

    accuracy: float
    classes: tuple[str, ...]
    precision: np.ndarray  # (classes,): of those that were called so, the share that is
    recall: np.ndarray  # (classes,): of those that are, the share that was called so
    f1: np.ndarray  # (classes,): the harmonic mean of the two
    count: np.ndarray  # (classes,): how many there are
    macro: tuple[float, float, float]  # precision, recall, F1: every class counts the same
    weighted: tuple[float, float, float]  # every example counts the same

    def __str__(self) -> str:
        """A table, a class a line."""
        long = max(map(len, (*self.classes, say("metrics.weighted"))))
        heads = [say(f"metrics.{key}") for key in ("precision", "recall", "f1", "count")]
        lines = [" " * long + "".join(f"{head:>11}" for head in heads)]
        rows = zip(self.classes, self.precision, self.recall, self.f1, self.count, strict=True)
        lines += [f"{n:{long}}{p:11.3f}{r:11.3f}{f:11.3f}{c:11}" for n, p, r, f, c in rows]
        for key, values in (("macro", self.macro), ("weighted", self.weighted)):
            lines.append(f"{say(f'metrics.{key}'):{long}}" + "".join(f"{v:11.3f}" for v in values))
        return "\n".join([*lines, say("metrics.accuracy", value=f"{self.accuracy:.3f}")])


def scores(truth: Sequence[int], said: Sequence[int], classes: Sequence[str]) -> Scores:
    """Judge what a classifier said: class numbers, 0 to len(classes) - 1. Lesson 10.

    Raises ValueError for labels out of range, unequal lengths, and a class with no example: its
    recall would be a share of nothing.
    """
    from sklearn.metrics import precision_recall_fscore_support as judge

    truth, said = _labels(truth, len(classes)), _labels(said, len(classes))
    if len(truth) != len(said):
        raise ValueError(f"{len(truth)} true labels came with {len(said)} answers.")
    missing = [name for i, name in enumerate(classes) if not (truth == i).any()]
    if missing:
        raise ValueError(f"Class {missing[0]!r} has no example among the true labels.")
    options = dict(labels=range(len(classes)), zero_division=0.0)
    precision, recall, f1, count = judge(truth, said, **options)
    return Scores(
        accuracy=float((truth == said).mean()),
        classes=tuple(classes),
        precision=precision,
        recall=recall,
        f1=f1,
        count=count,
        macro=tuple(map(float, judge(truth, said, average="macro", **options)[:3])),
        weighted=tuple(map(float, judge(truth, said, average="weighted", **options)[:3])),
    )


def confusion(truth: Sequence[int], said: Sequence[int], classes: int) -> np.ndarray:
    """How often each class (row) was called what (column): (classes, classes) counts.

    >>> confusion([0, 0, 1], [0, 1, 1], classes=2).tolist()
    [[1, 1], [0, 1]]
    """
    from sklearn.metrics import confusion_matrix

    numbers = range(classes)
    return confusion_matrix(_labels(truth, classes), _labels(said, classes), labels=numbers)


@dataclass(frozen=True, kw_only=True)
class Thresholds:
    """What one class would cost and bring at every threshold, from strict to lenient."""

    threshold: np.ndarray  # (N,) falling: called so from this probability on
    precision: np.ndarray  # (N,)
    recall: np.ndarray  # (N,) rising

    def at(self, recall: float) -> tuple[float, float]:
        """The strictest threshold that finds at least this share, and its precision."""
        i = int(np.argmax(self.recall >= recall - 1e-12))
        return float(self.threshold[i]), float(self.precision[i])


def thresholds(truth: Sequence[bool], probability: Sequence[float]) -> Thresholds:
    """Precision and recall of "is it one?" at every threshold. Lesson 10.

    Raises ValueError where there is not both a yes and a no.
    """
    from sklearn.metrics import precision_recall_curve

    truth, probability = np.asarray(truth, dtype=bool), np.asarray(probability, dtype=float)
    if truth.all() or not truth.any():
        raise ValueError(f"All {len(truth)} labels are {bool(truth.any())}; both are needed.")
    precision, recall, threshold = precision_recall_curve(truth, probability)
    return Thresholds(threshold=threshold[::-1], precision=precision[-2::-1], recall=recall[-2::-1])


def _labels(labels: Sequence[int], classes: int) -> np.ndarray:
    labels = np.asarray(labels)
    if labels.ndim != 1 or not len(labels) or labels.dtype.kind not in "iu":
        raise ValueError(
            f"Labels are a list of whole numbers; {labels.dtype} of shape {labels.shape} came."
        )
    wrong = labels[(labels < 0) | (labels >= classes)]
    if len(wrong):
        raise ValueError(f"Label {wrong[0]} is outside 0..{classes - 1}.")
    return labels


def plain(answer: str) -> list[str]:
    """An answer's words: small letters, no punctuation, no articles.

    Rajpurkar et al. 2016, section 6.1 (arXiv 1606.05250).

    >>> plain("The red kite, of course!")
    ['red', 'kite', 'of', 'course']
    """
    bare = answer.lower().translate(str.maketrans("", "", string.punctuation + "。，、！？：；"))
    return re.sub(r"\b(a|an|the)\b", " ", bare).split()


def exact_match(answer: str, expected: str) -> bool:
    """Whether an answer says the same words in the same order; see `plain`. Lesson 11."""
    return plain(answer) == plain(expected)


def token_f1(answer: str, expected: str) -> float:
    """How many words two answers share: harmonic mean of precision and recall. Lesson 11.

    >>> round(token_f1("the red kite", "a kite"), 3)
    0.667
    """
    mine, theirs = plain(answer), plain(expected)
    shared = sum((Counter(mine) & Counter(theirs)).values())
    if not mine or not theirs:
        return float(mine == theirs)
    return 2 * shared / (len(mine) + len(theirs))


@dataclass(frozen=True, kw_only=True)
class Spread:
    """A number that was measured several times, as with several seeds."""

    mean: float
    deviation: float  # of one measurement
    low: float  # of a 95 % interval for the mean
    high: float
    n: int

    def __str__(self) -> str:
        """Mean and half the interval: 0.713 ± 0.021 (n = 3)."""
        return f"{self.mean:.3f} ± {self.high - self.mean:.3f} (n = {self.n})"


def spread(values: Sequence[float]) -> Spread:
    """Mean, standard deviation and Student's 95 % interval. Needs two values or more.

    With three seeds the interval is 4.3 standard errors wide on either side: three is few.
    """
    from scipy.stats import t

    values = np.asarray(values, dtype=float)
    if values.ndim != 1 or len(values) < 2:
        raise ValueError(f"A spread needs two or more values in a list; {values.shape} came.")
    mean, deviation = float(values.mean()), float(values.std(ddof=1))
    half = float(t.ppf(0.975, len(values) - 1)) * deviation / math.sqrt(len(values))
    return Spread(mean=mean, deviation=deviation, low=mean - half, high=mean + half, n=len(values))


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Two classifiers on the same examples: how far apart, and how sure that is."""

    difference: float  # share right, first minus second
    low: float  # of a 95 % interval for it
    high: float
    only_first: int  # examples that only the first got right
    only_second: int

    @property
    def real(self) -> bool:
        """Whether the interval leaves zero out."""
        return self.low > 0 or self.high < 0


def compare(
    first: Sequence[bool],
    second: Sequence[bool],
    *,
    groups: Sequence | None = None,
    draws: int = 2000,
    seed: int = 0,
) -> Comparison:
    """Is one classifier better than another, or was it luck of the test? A paired bootstrap.

    first, second: for each example, whether it was right. Examples are drawn again and again, with
    putting back, and both are scored on the same draw: what is hard is hard for both, so that the
    difference varies less than the two scores. groups: examples that belong together (one file)
    are drawn together, or a file of forty texts would count as forty opinions. Efron 1979.
    The interval tells of the choice of examples alone; that of seeds comes on top.
    """
    first, second = np.asarray(first, dtype=bool), np.asarray(second, dtype=bool)
    if first.shape != second.shape or first.ndim != 1 or not len(first):
        raise ValueError(f"Two lists of equal length were expected; {first.shape}, {second.shape}.")
    gain = first.astype(float) - second
    _, group = np.unique(np.arange(len(gain)) if groups is None else groups, return_inverse=True)
    sums, sizes = np.bincount(group, weights=gain), np.bincount(group)
    drawn = np.random.default_rng(seed).integers(len(sums), size=(draws, len(sums)))
    found = sums[drawn].sum(1) / sizes[drawn].sum(1)
    low, high = np.quantile(found, (0.025, 0.975))
    return Comparison(
        difference=float(gain.mean()),
        low=float(low),
        high=float(high),
        only_first=int((gain > 0).sum()),
        only_second=int((gain < 0).sum()),
    )
