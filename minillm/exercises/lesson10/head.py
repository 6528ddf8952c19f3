"""Lesson 10: the new last layer."""

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor

from minillm.exercises.registry import exercise


def _states(generator: torch.Generator) -> Iterator[tuple]:
    def normal(*shape: int) -> Tensor:
        return torch.randn(shape, generator=generator)

    def real(lengths: list[int]) -> Tensor:
        return torch.arange(max(lengths)) < torch.tensor(lengths)[:, None]

    yield normal(2, 3, 4), real([3, 1]), normal(2, 4), torch.tensor([0.5, -0.5])
    yield normal(3, 5, 2), real([2, 5, 4]), normal(6, 2), normal(6)
    yield normal(1, 4, 3), real([4]), normal(2, 3), normal(2)  # no padding
    yield 5 * normal(4, 6, 3), real([1, 6, 2, 3]).flip(1), normal(5, 3), normal(5)  # in front
    yield normal(2, 7, 8), real([7, 3]), normal(3, 8), torch.zeros(3)
    states = normal(3, 4, 5)
    states[1, 2:] = 1e6  # what stands in the padding must not matter
    yield states, real([4, 2, 3]), normal(4, 5), normal(4)


@exercise("classify.head", lesson="10", inputs=_states, tolerance=1e-4)
def head(states: Tensor, real: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """The logits of a classifier, (B, classes), from an encoder's states.

    states (B, T, C); real (B, T) boolean, False where a row is padding; weight (classes, C) and
    bias (classes,) are the new layer. A text's state is the mean of its real tokens' states.
    """
    share = real[..., None].to(states.dtype)  # (B, T, 1)
    mean = (states * share).sum(1) / share.sum(1)  # (B, C)
    return mean @ weight.T + bias


@head.mistake
def padding_counted(states, real, weight, bias):
    """The mean over all places."""
    return F.linear(states.mean(1), weight, bias)


@head.mistake
def divided_by_all(states, real, weight, bias):
    """Padding left out of the sum, but not of the number that it is divided by."""
    return F.linear((states * real[..., None]).mean(1), weight, bias)


@head.mistake
def summed(states, real, weight, bias):
    """The sum of the real states."""
    return F.linear((states * real[..., None]).sum(1), weight, bias)


@head.mistake
def first_token(states, real, weight, bias):
    """The first token alone."""
    return F.linear(states[:, 0], weight, bias)


@head.mistake
def last_token(states, real, weight, bias):
    """The last real token alone."""
    return F.linear(states[range(len(states)), real.sum(1) - 1], weight, bias)


@head.mistake(hint="last_token")
def last_place(states, real, weight, bias):
    """What stands at the end of the row, padding or not."""
    return F.linear(states[:, -1], weight, bias)


@head.mistake
def padding_in_front(states, real, weight, bias):
    """As many states as there are real ones, always from the left."""
    counted = torch.arange(states.shape[1]) < real.sum(1, keepdim=True)
    return head(states, counted, weight, bias)


@head.mistake
def largest(states, real, weight, bias):
    """The largest number of each column."""
    return F.linear(states.masked_fill(~real[..., None], -1e9).amax(1), weight, bias)


@head.mistake
def all_texts_together(states, real, weight, bias):
    """Divides by the real tokens of the whole batch."""
    return F.linear((states * real[..., None]).sum(1) / real.sum(), weight, bias)


@head.mistake(hint="all_texts_together")
def one_mean(states, real, weight, bias):
    """One mean for all texts."""
    return F.linear(states[real].mean(0), weight, bias).expand(len(states), -1)


@head.mistake
def bias_forgotten(states, real, weight, bias):
    """No bias."""
    return head(states, real, weight, torch.zeros_like(bias))


@head.mistake
def shares_returned(states, real, weight, bias):
    """Softmax of the logits."""
    return head(states, real, weight, bias).softmax(1)


@head.mistake
def mean_of_padding(states, real, weight, bias):
    """`real` taken for its opposite."""
    return head(states, ~real, weight, bias)


@head.mistake
def one_logit_a_token(states, real, weight, bias):
    """No mean at all."""
    return F.linear(states, weight, bias)


@head.mistake(hint="shares_returned")
def logarithms_returned(states, real, weight, bias):
    """Log-softmax of the logits."""
    return head(states, real, weight, bias).log_softmax(1)
