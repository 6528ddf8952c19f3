"""Lesson 09: what was said is made unlikelier."""

import math
from collections.abc import Iterator

import torch
from torch import Tensor

from minillm.exercises.registry import exercise


def _logits(generator: torch.Generator) -> Iterator[tuple]:
    yield torch.tensor([3.0, -1.0, 2.0, -2.0]), [0, 1], 2.0
    yield torch.tensor([1.5, 0.5, -0.5]), [0, 2, 2, 0], 1.2
    yield 3 * torch.randn(12, generator=generator), [4, 11, 4, 0, 7, 4], 1.3
    yield torch.tensor([2.0, -2.0, 0.0]), [], 1.5
    yield torch.tensor([0.0, -4.0, 4.0]), [0, 1, 2], 1.5
    yield torch.tensor([2.0, -3.0, 1.0]), [1, 0], 1.0


@exercise("generate.penalty", lesson="09", inputs=_logits)
def penalised(logits: Tensor, seen: list[int], penalty: float) -> Tensor:
    """The logits (V,) with every token in `seen` made unlikelier; `logits` stays as it is.

    A seen token's logit is divided by the penalty where it is positive, and multiplied by it
    where it is negative. How often a token was seen makes no difference.
    """
    new = logits.clone()
    for token in set(seen):
        new[token] = new[token] / penalty if new[token] > 0 else new[token] * penalty
    return new


@penalised.mistake
def divided_whatever_the_sign(logits, seen, penalty):
    """A negative logit that is divided moves up."""
    new = logits.clone()
    new[sorted(set(seen))] /= penalty
    return new


@penalised.mistake(hint="divided_whatever_the_sign")
def multiplied_whatever_the_sign(logits, seen, penalty):
    """A positive logit that is multiplied moves up."""
    new = logits.clone()
    new[sorted(set(seen))] *= penalty
    return new


@penalised.mistake
def rewarded(logits, seen, penalty):
    """Both the wrong way round."""
    return penalised(logits, seen, 1 / penalty)


@penalised.mistake
def for_every_time(logits, seen, penalty):
    """A token that was seen three times is penalised three times."""
    new = logits.clone()
    for token in seen:
        new[token] = new[token] / penalty if new[token] > 0 else new[token] * penalty
    return new


@penalised.mistake
def subtracted(logits, seen, penalty):
    """Takes the penalty off."""
    new = logits.clone()
    new[sorted(set(seen))] -= penalty
    return new


@penalised.mistake
def probability_divided(logits, seen, penalty):
    """Divides the probability: ln penalty off the logit."""
    new = logits.clone()
    new[sorted(set(seen))] -= math.log(penalty)
    return new


@penalised.mistake
def everything_penalised(logits, seen, penalty):
    """Does it to the whole vocabulary."""
    return torch.where(logits > 0, logits / penalty, logits * penalty)


@penalised.mistake
def the_unseen_penalised(logits, seen, penalty):
    """Does it to those that were not seen."""
    return penalised(logits, [i for i in range(len(logits)) if i not in seen], penalty)


@penalised.mistake
def forbidden(logits, seen, penalty):
    """What was seen can never come again."""
    new = logits.clone()
    new[sorted(set(seen))] = -math.inf
    return new


@penalised.mistake
def one_sign_left_out(logits, seen, penalty):
    """Negative logits stay as they are."""
    return torch.where(logits > 0, penalised(logits, seen, penalty), logits)


@penalised.mistake(hint="one_sign_left_out")
def the_other_sign_left_out(logits, seen, penalty):
    """Positive logits stay as they are."""
    return torch.where(logits < 0, penalised(logits, seen, penalty), logits)


@penalised.mistake
def softmax_taken(logits, seen, penalty):
    """Goes on to probabilities."""
    return penalised(logits, seen, penalty).softmax(0)
