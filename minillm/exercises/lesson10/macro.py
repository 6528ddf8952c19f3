"""Lesson 10: precision, recall and F1, every class counting the same."""

from collections.abc import Iterator

import torch

from minillm.exercises.registry import exercise


def _answers(generator: torch.Generator) -> Iterator[tuple]:
    def draw(n: int, classes: int) -> list[int]:
        return torch.randint(0, classes, (n,), generator=generator).tolist()

    yield [0, 0, 0, 0, 1, 1], [0, 0, 1, 1, 1, 1], 2
    yield [0, 1, 2, 0, 1, 2, *draw(14, 3)], draw(20, 3), 3
    yield [0, 0, 0, 0, 0, 1, 2], [0, 0, 0, 0, 0, 1, 0], 3  # class 2 is never said
    yield [0, 1, 2, 3], [1, 2, 3, 0], 4  # all wrong
    yield [2, 1, 0, 0], [2, 1, 0, 0], 3  # all right
    yield [*[0] * 18, 1, 1, 2], [*[0] * 17, 1, 1, 0, 2], 3
    yield [0, 1, 1, 1], [0, 0, 0, 0], 2
    yield [0, 1, 2, 3, 4, *draw(25, 5)], [0, 1, 2, 3, 4, *draw(25, 5)], 5


@exercise("classify.macro", lesson="10", inputs=_answers)
def macro(truth: list[int], said: list[int], classes: int) -> tuple[float, float, float]:
    """(precision, recall, F1), each the plain mean over the classes 0 to classes - 1.

    Precision of a class: of the texts that were called so, the share that is. Recall: of the texts
    that are, the share that was called so. F1: 2PR / (P + R). Every class is in `truth`; one that
    was never said has precision 0, and F1 is 0 where precision and recall are.
    """
    totals = [0.0, 0.0, 0.0]
    for c in range(classes):
        hits = sum(t == s == c for t, s in zip(truth, said, strict=True))
        precision = hits / said.count(c) if c in said else 0.0
        recall = hits / truth.count(c)
        f1 = 2 * precision * recall / (precision + recall) if hits else 0.0
        for i, value in enumerate((precision, recall, f1)):
            totals[i] += value / classes
    return tuple(totals)


def _each(truth, said, classes):
    """Hits, calls and examples of every class."""
    pairs = list(zip(truth, said, strict=True))
    return [
        (sum(t == s == c for t, s in pairs), said.count(c), truth.count(c)) for c in range(classes)
    ]


def _share(a, b):
    return a / b if b else 0.0


def _f1(p, r):
    return _share(2 * p * r, p + r)


@macro.mistake
def examples_alike(truth, said, classes):
    """All examples in one pot: three times the accuracy."""
    accuracy = sum(t == s for t, s in zip(truth, said, strict=True)) / len(truth)
    return accuracy, accuracy, accuracy


@macro.mistake
def weighted(truth, said, classes):
    """Each class counts by how many examples it has."""
    each = _each(truth, said, classes)
    ps, rs = [_share(h, s) for h, s, _ in each], [h / t for h, _, t in each]
    counts = [t / len(truth) for _, _, t in each]
    columns = (ps, rs, [_f1(p, r) for p, r in zip(ps, rs, strict=True)])
    return tuple(sum(w * x for w, x in zip(counts, column, strict=True)) for column in columns)


@macro.mistake
def swapped(truth, said, classes):
    """Recall first."""
    precision, recall, f1 = macro(truth, said, classes)
    return recall, precision, f1


@macro.mistake
def f1_of_the_means(truth, said, classes):
    """F1 of the mean precision and the mean recall."""
    precision, recall, _ = macro(truth, said, classes)
    return precision, recall, _f1(precision, recall)


@macro.mistake
def plain_mean(truth, said, classes):
    """(P + R) / 2 for F1."""
    precision, recall, _ = macro(truth, said, classes)
    return precision, recall, (precision + recall) / 2


@macro.mistake
def unsaid_left_out(truth, said, classes):
    """The mean precision of the classes that were said."""
    each = _each(truth, said, classes)
    _, recall, f1 = macro(truth, said, classes)
    kept = [h / s for h, s, _ in each if s]
    return sum(kept) / len(kept), recall, f1


@macro.mistake(hint="unsaid_left_out")
def unsaid_left_out_of_all(truth, said, classes):
    """All three means over the classes that were said."""
    each = [(h / s, h / t) for h, s, t in _each(truth, said, classes) if s]
    n = len(each)
    return (
        sum(p for p, _ in each) / n,
        sum(r for _, r in each) / n,
        sum(_f1(p, r) for p, r in each) / n,
    )


@macro.mistake
def nothing_by_nothing(truth, said, classes):
    """A class that was never said: 0 / 0."""
    each = _each(truth, said, classes)
    ps, rs = [h / s for h, s, _ in each], [h / t for h, _, t in each]
    f1 = [2 * p * r / (p + r) for p, r in zip(ps, rs, strict=True)]
    return sum(ps) / classes, sum(rs) / classes, sum(f1) / classes


@macro.mistake
def class_one_alone(truth, said, classes):
    """As if there were a yes and a no."""
    hits, calls, count = _each(truth, said, classes)[1]
    p, r = _share(hits, calls), hits / count
    return p, r, _f1(p, r)


@macro.mistake
def every_class_listed(truth, said, classes):
    """Three lists, not averaged."""
    each = _each(truth, said, classes)
    ps, rs = [_share(h, s) for h, s, _ in each], [h / t for h, _, t in each]
    return ps, rs, [_f1(p, r) for p, r in zip(ps, rs, strict=True)]


@macro.mistake
def over_all_texts(truth, said, classes):
    """Every share is divided by the number of texts."""
    each = _each(truth, said, classes)
    p = sum(h / len(said) for h, _, _ in each) / classes
    return p, p, p


@macro.mistake(hint="nothing_by_nothing")
def not_a_number(truth, said, classes):
    """0 / 0 in NumPy or torch: nan, which stays in the mean."""
    each = torch.tensor(_each(truth, said, classes), dtype=torch.float64)
    p, r = each[:, 0] / each[:, 1], each[:, 0] / each[:, 2]
    return p.mean().item(), r.mean().item(), (2 * p * r / (p + r)).mean().item()


@macro.mistake(hint="unsaid_left_out")
def nan_left_out(truth, said, classes):
    """The same, with a mean that passes over nan."""
    each = torch.tensor(_each(truth, said, classes), dtype=torch.float64)
    p, r = each[:, 0] / each[:, 1], each[:, 0] / each[:, 2]
    return p.nanmean().item(), r.mean().item(), (2 * p * r / (p + r)).nanmean().item()


@macro.mistake
def unsaid_is_perfect(truth, said, classes):
    """A class that was never said was never said wrongly: precision 1."""
    _, recall, f1 = macro(truth, said, classes)
    each = _each(truth, said, classes)
    return sum(h / s if s else 1.0 for h, s, _ in each) / classes, recall, f1


@macro.mistake
def one_class_alone(truth, said, classes):
    """Returns inside the loop: class 0."""
    hits, calls, count = _each(truth, said, classes)[0]
    p, r = _share(hits, calls), hits / count
    return p, r, _f1(p, r)


@macro.mistake(hint="one_class_alone")
def last_class_alone(truth, said, classes):
    """What the loop's last round left behind."""
    hits, calls, count = _each(truth, said, classes)[-1]
    p, r = _share(hits, calls), hits / count
    return p, r, _f1(p, r)


@macro.mistake
def not_divided(truth, said, classes):
    """Sums over the classes."""
    return tuple(classes * value for value in macro(truth, said, classes))


def _without(c, truth, said, classes):
    """The means when class c adds nothing."""
    hits, calls, count = _each(truth, said, classes)[c]
    p, r = _share(hits, calls), hits / count
    own = (p, r, _f1(p, r))
    return tuple(m - x / classes for m, x in zip(macro(truth, said, classes), own, strict=True))


@macro.mistake
def class_left_out(truth, said, classes):
    """range(1, classes + 1): class 0 is missing, and one without texts takes its place."""
    return _without(0, truth, said, classes)


@macro.mistake(hint="class_left_out")
def last_class_left_out(truth, said, classes):
    """range(classes - 1)."""
    return _without(-1, truth, said, classes)
