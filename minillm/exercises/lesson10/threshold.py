"""Lesson 10: how low must the bar be to find enough?"""

import math
from collections.abc import Iterator

import torch

from minillm.exercises.registry import exercise


def _judged(generator: torch.Generator) -> Iterator[tuple]:
    def chance(n: int) -> list[float]:
        return [round(p, 3) for p in torch.rand(n, generator=generator).tolist()]

    yield [True, True, False, True, False], [0.9, 0.7, 0.8, 0.3, 0.1], 0.6
    yield [True, False, True, True, False, True], [0.9, 0.95, 0.6, 0.2, 0.1, 0.8], 0.75
    yield [False, True], [0.8, 0.3], 1.0
    truth = (torch.rand(30, generator=generator) < 0.3).tolist()
    yield truth, chance(30), 0.8
    yield [True, False, True, True], [0.5, 0.5, 0.5, 0.2], 0.5  # equal chances
    yield [False] * 8 + [True] * 3, chance(11), 0.34
    truth = (torch.rand(40, generator=generator) < 0.5).tolist()
    yield truth, chance(40), 0.5
    yield [True, True, True, True, True], [0.1, 0.2, 0.3, 0.4, 0.6], 0.2
    yield [True, False, True, False, True, False], [0.3, 0.2, 0.9, 0.8, 0.6, 0.55], 0.9


@exercise("classify.threshold", lesson="10", inputs=_judged)
def threshold(truth: list[bool], probability: list[float], recall: float) -> float:
    """The highest bar that still finds the share `recall` of what is to be found.

    A text is called positive where its probability is at least the bar. The bar is one of the
    probabilities. At least the share `recall` (above 0, at most 1) of the texts whose truth is
    True must be called positive.
    """
    for bar in sorted(probability, reverse=True):
        found = sum(t and p >= bar for t, p in zip(truth, probability, strict=True))
        if found >= recall * sum(truth):
            return bar


def _positive(truth, probability):
    """The probabilities of what is to be found, from the highest."""
    return sorted((p for t, p in zip(truth, probability, strict=True) if t), reverse=True)


@threshold.mistake
def lowest_bar(truth, probability, recall):
    """The lowest of the bars that find enough."""
    return min(probability)


@threshold.mistake
def share_of_all(truth, probability, recall):
    """So that the share of all texts is called positive."""
    ranked = sorted(probability, reverse=True)
    return ranked[math.ceil(recall * len(ranked)) - 1]


@threshold.mistake
def precision_instead(truth, probability, recall):
    """The lowest bar whose calls are right often enough."""
    best = max(probability)
    for bar in sorted(probability, reverse=True):
        called = [t for t, p in zip(truth, probability, strict=True) if p >= bar]
        if sum(called) >= recall * len(called):
            best = bar
    return best


@threshold.mistake
def falls_short(truth, probability, recall):
    """Stops at the last bar that finds no more than the share."""
    found = _positive(truth, probability)
    return found[max(0, math.floor(recall * len(found) - 1e-9) - 1)]


@threshold.mistake
def strictly_above(truth, probability, recall):
    """Calls positive what is above the bar, not on it."""
    for bar in sorted(probability, reverse=True):
        found = sum(t and p > bar for t, p in zip(truth, probability, strict=True))
        if found >= recall * sum(truth):
            return bar
    return min(probability)


@threshold.mistake
def one_too_many(truth, probability, recall):
    """More than the share, where just the share would do."""
    found = _positive(truth, probability)
    return found[min(len(found) - 1, math.floor(recall * len(found)))]


@threshold.mistake
def ranked_from_below(truth, probability, recall):
    """Counts from the lowest probability."""
    found = _positive(truth, probability)[::-1]
    return found[math.ceil(recall * len(found) - 1e-9) - 1]


@threshold.mistake
def the_share_itself(truth, probability, recall):
    """Takes the share for a bar."""
    return recall


@threshold.mistake
def every_bar(truth, probability, recall):
    """All bars that find enough."""
    bars = sorted(set(probability), reverse=True)
    total = sum(truth)
    pairs = list(zip(truth, probability, strict=True))
    return [b for b in bars if sum(t and p >= b for t, p in pairs) >= recall * total]


@threshold.mistake(hint="falls_short")
def rounded(truth, probability, recall):
    """Rounds the number of texts to be found."""
    found = _positive(truth, probability)
    return found[max(0, round(recall * len(found)) - 1)]


@threshold.mistake
def between_two(truth, probability, recall):
    """A quantile, which may fall between two probabilities."""
    found = torch.tensor(_positive(truth, probability), dtype=torch.float64)
    return torch.quantile(found, 1 - recall).item()


@threshold.mistake(hint="share_of_all")
def quantile_of_all(truth, probability, recall):
    """The same, of all texts."""
    return torch.quantile(torch.tensor(probability, dtype=torch.float64), 1 - recall).item()


@threshold.mistake(hint="share_of_all")
def found_of_all(truth, probability, recall):
    """What is found, divided by the number of all texts."""
    pairs = list(zip(truth, probability, strict=True))
    bars = [b for b in probability if sum(t and p >= b for t, p in pairs) >= recall * len(truth)]
    return max(bars, default=min(probability))


@threshold.mistake
def first_in_the_list(truth, probability, recall):
    """The first bar in the list that finds enough."""
    pairs = list(zip(truth, probability, strict=True))
    enough = recall * sum(truth)
    return next(b for b in probability if sum(t and p >= b for t, p in pairs) >= enough)


@threshold.mistake
def truth_left_behind(truth, probability, recall):
    """The probabilities sorted, and the truth as it was."""
    return threshold(truth, sorted(probability, reverse=True), recall)


@threshold.mistake
def bar_before(truth, probability, recall):
    """The last bar that does not find enough."""
    bar = threshold(truth, probability, recall)
    return min((p for p in probability if p > bar), default=bar)


@threshold.mistake(hint="one_too_many")
def always_one_too_many(truth, probability, recall):
    """Counts from 1 in a list that counts from 0."""
    found = _positive(truth, probability)
    return found[min(len(found) - 1, math.ceil(recall * len(found) - 1e-9))]


@threshold.mistake(hint="ranked_from_below")
def quantile_from_below(truth, probability, recall):
    """The quantile at `recall`, not at 1 - recall."""
    found = torch.tensor(_positive(truth, probability), dtype=torch.float64)
    return torch.quantile(found, recall).item()


@threshold.mistake(hint="lowest_bar")
def lowest_of_the_positive(truth, probability, recall):
    """The bar that finds all that is to be found."""
    return min(_positive(truth, probability))


@threshold.mistake(hint="precision_instead")
def highest_for_precision(truth, probability, recall):
    """The highest bar whose calls are right often enough."""
    for bar in sorted(probability, reverse=True):
        called = [t for t, p in zip(truth, probability, strict=True) if p >= bar]
        if sum(called) >= recall * len(called):
            return bar
    return min(probability)
