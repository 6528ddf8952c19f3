"""Lesson 05, "How does a loss become learning?": its exercises.

A reference's docstring is the task, as the lesson sets it; a mistake's says what is wrong with it.
"""

import math
from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor

from minillm.exercises.registry import exercise


def _scores(generator: torch.Generator) -> Iterator[tuple]:
    def logits(rows: int, columns: int) -> Tensor:
        return 2 * torch.randn(rows, columns, generator=generator)

    yield logits(2, 3), torch.tensor([0, 2])
    yield logits(4, 6), torch.tensor([5, 0, 3, 3])
    yield logits(1, 4), torch.tensor([1])
    yield torch.tensor([[1000.0, 0.0, -1000.0], [-800.0, 900.0, 0.0]]), torch.tensor([0, 2])
    yield logits(5, 3).T.contiguous().T, torch.tensor([1, 1, 0, 2, 1])
    yield torch.zeros(3, 7), torch.tensor([6, 2, 0])
    yield torch.tensor([[200.0, 195.0, 198.0, 199.0, 0.0]]), torch.tensor([1])
    yield logits(3, 2) + 50.0, torch.tensor([1, 0, 0])


def _picked(values: Tensor, targets: Tensor) -> Tensor:
    return values.gather(1, targets[:, None])[:, 0]


@exercise("loss.cross_entropy", lesson="05", inputs=_scores)
def cross_entropy(logits: Tensor, targets: Tensor) -> Tensor:
    """The mean of -ln softmax(logits)[target] over N predictions: logits (N, V), targets (N,).

    Logits may be as large as 1000: work with ln sum exp, taken after the largest is subtracted.
    """
    top = logits.max(dim=1, keepdim=True).values
    log_sum = (logits - top).exp().sum(1).log() + top[:, 0]
    return (log_sum - logits[range(len(targets)), targets]).mean()


@cross_entropy.mistake
def overflows(logits, targets):
    """The exponential of a large number is infinite."""
    shares = logits.exp() / logits.exp().sum(1, keepdim=True)
    return -_picked(shares, targets).log().mean()


@cross_entropy.mistake(hint="overflows")
def overflows_in_the_sum(logits, targets):
    """The same, in ln sum exp."""
    return (logits.exp().sum(1).log() - _picked(logits, targets)).mean()


@cross_entropy.mistake
def log_of_softmax(logits, targets):
    """A probability too small for a float becomes 0, and its logarithm -inf."""
    return -_picked(logits.softmax(1), targets).log().mean()


@cross_entropy.mistake
def shift_not_undone(logits, targets):
    """Takes the largest off inside the logarithm, and not off the target's logit."""
    top = logits.max(dim=1, keepdim=True).values
    return ((logits - top).exp().sum(1).log() - _picked(logits, targets)).mean()


@cross_entropy.mistake
def all_targets_of_all(logits, targets):
    """`log_p[:, targets]` takes every target's column from every row."""
    return -logits.log_softmax(1)[:, targets].mean()


@cross_entropy.mistake(hint="log_of_softmax")
def something_added(logits, targets):
    """A small number inside the logarithm hides the infinity, and the size of the mistake."""
    return -(_picked(logits.softmax(1), targets) + 1e-9).log().mean()


@cross_entropy.mistake
def summed(logits, targets):
    """The sum over the predictions."""
    return cross_entropy(logits, targets) * len(targets)


@cross_entropy.mistake
def each_prediction(logits, targets):
    """One loss for each prediction."""
    return F.cross_entropy(logits, targets, reduction="none")


@cross_entropy.mistake
def in_bits(logits, targets):
    """Logarithms to base 2."""
    return cross_entropy(logits, targets) / math.log(2)


@cross_entropy.mistake
def sign_forgotten(logits, targets):
    """The mean log-probability, which is negative."""
    return -cross_entropy(logits, targets)


@cross_entropy.mistake
def over_predictions(logits, targets):
    """Softmax along the wrong axis."""
    return -_picked(logits.log_softmax(0), targets).mean()


@cross_entropy.mistake
def no_softmax(logits, targets):
    """Takes the logit for a log-probability."""
    return -_picked(logits, targets).mean()


@cross_entropy.mistake
def softmax_twice(logits, targets):
    """Gives probabilities to a function that wants logits."""
    return F.cross_entropy(logits.softmax(1), targets)


@cross_entropy.mistake
def mean_over_everything(logits, targets):
    """Divides by N times V."""
    return cross_entropy(logits, targets) / logits.size(1)


@exercise("loss.gradient", lesson="05", inputs=_scores)
def gradient(logits: Tensor, targets: Tensor) -> Tensor:
    """The gradient of the mean cross-entropy with respect to the logits, (N, V): (p - y) / N.

    p is the softmax of each row, y is 1 at the target and 0 elsewhere. Without autograd.
    """
    p = logits.softmax(1)
    y = F.one_hot(targets, logits.size(1))
    return (p - y) / len(targets)


@gradient.mistake
def of_the_sum(logits, targets):
    """Of the sum over predictions, not of their mean."""
    return gradient(logits, targets) * len(targets)


@gradient.mistake
def uphill(logits, targets):
    """y - p."""
    return -gradient(logits, targets)


@gradient.mistake(hint="uphill")
def uphill_of_the_sum(logits, targets):
    """The same, not divided."""
    return -gradient(logits, targets) * len(targets)


@gradient.mistake
def target_not_subtracted(logits, targets):
    """p alone."""
    return logits.softmax(1) / len(targets)


@gradient.mistake
def of_raw_logits(logits, targets):
    """Forgets the softmax."""
    return (logits - F.one_hot(targets, logits.size(1))) / len(targets)


@gradient.mistake
def squared_error(logits, targets):
    """That of the squared error of the probabilities."""
    scores = logits.detach().clone().requires_grad_()
    loss = (scores.softmax(1) - F.one_hot(targets, logits.size(1))).square().sum(1).mean()
    return torch.autograd.grad(loss, scores)[0]


@gradient.mistake
def only_at_the_target(logits, targets):
    """Zero everywhere else."""
    return gradient(logits, targets) * F.one_hot(targets, logits.size(1))


@gradient.mistake
def every_row_every_target(logits, targets):
    """`p[:, targets] -= 1` takes 1 off every target's column in every row."""
    p = logits.softmax(1)
    p[:, targets] -= 1
    return p / len(targets)


@gradient.mistake(hint="overflows")
def overflowing_softmax(logits, targets):
    """A softmax of its own, whose exponentials are infinite."""
    p = logits.exp() / logits.exp().sum(1, keepdim=True)
    return (p - F.one_hot(targets, logits.size(1))) / len(targets)


@gradient.mistake
def over_the_wrong_axis(logits, targets):
    """Softmax over the predictions."""
    return (logits.softmax(0) - F.one_hot(targets, logits.size(1))) / len(targets)


@gradient.mistake
def divided_by_everything(logits, targets):
    """Divides by N times V."""
    return gradient(logits, targets) / logits.size(1)


def _texts(generator: torch.Generator) -> Iterator[tuple]:
    yield [5, 6, 7, 8], 0
    yield [3, 1, 4, 1, 5, 9, 2], 0
    yield torch.randint(1, 50, (9,), generator=generator).tolist(), 50
    yield [4], 7
    yield [2, 2, 2], 1


@exercise("loss.shift", lesson="05", inputs=_texts)
def shift(document: list[int], end: int) -> tuple[list[int], list[int]]:
    """What the model reads and what it should say: (inputs, targets), equally long.

    It reads `end` first, and should say the first token; at the last token it should say `end`.
    Nothing of the document is left out.
    """
    return [end, *document], [*document, end]


@shift.mistake
def not_shifted(document, end):
    """Asks for the token that it has just read."""
    return list(document), list(document)


@shift.mistake(hint="not_shifted")
def not_shifted_with_end(document, end):
    """The same, with the end token."""
    return [*document, end], [*document, end]


@shift.mistake(hint="not_shifted")
def not_shifted_with_start(document, end):
    """The same, with the end token in front."""
    return [end, *document], [end, *document]


@shift.mistake
def backwards(document, end):
    """Asks for the token before."""
    return [*document, end], [end, *document]


@shift.mistake
def swapped(document, end):
    """Targets first, with the ends left out."""
    return list(document[1:]), list(document[:-1])


@shift.mistake
def ends_left_out(document, end):
    """The usual cut of a long text: nothing before the first token, no end."""
    return list(document[:-1]), list(document[1:])


@shift.mistake
def never_asked_to_stop(document, end):
    """The first token is asked for, the end is not."""
    return [end, *document[:-1]], list(document)


@shift.mistake
def first_never_asked(document, end):
    """The end is asked for, the first token is not."""
    return list(document), [*document[1:], end]


@shift.mistake
def rolled_round(document, end):
    """The last target is the first token."""
    return list(document), [*document[1:], document[0]]


@shift.mistake
def two_ahead(document, end):
    """Skips a token."""
    return [end, *document], [*document[1:], end, end]


def _parts(generator: torch.Generator) -> Iterator[tuple]:
    yield [2.0, 1.0], [30, 10]
    yield [1.5, 0.5, 2.5], [8, 4, 2]
    yield (3 * torch.rand(5, generator=generator)).tolist(), [7, 40, 3, 12, 90]
    yield [0.7], [13]
    yield [0.0, 0.0], [5, 6]
    yield [2.0, 2.0], [1, 100]
    yield [1.0, 3.0], [10, 10]


@exercise("loss.perplexity", lesson="05", inputs=_parts)
def perplexity(losses: list[float], counts: list[int]) -> float:
    """The perplexity of a text that was scored in parts.

    losses[i] is the mean loss of part i in nats per token, counts[i] how many tokens it has.
    Perplexity is the exponential of the mean loss over all tokens.
    """
    total = sum(loss * count for loss, count in zip(losses, counts, strict=True))
    return math.exp(total / sum(counts))


def _weighted(values, counts):
    pairs = zip(values, counts, strict=True)
    return sum(value * count for value, count in pairs) / sum(counts)


@perplexity.mistake
def parts_alike(losses, counts):
    """Every part counts the same."""
    return math.exp(sum(losses) / len(losses))


@perplexity.mistake
def mean_of_perplexities(losses, counts):
    """Exponentials first, mean after."""
    return sum(math.exp(loss) for loss in losses) / len(losses)


@perplexity.mistake(hint="mean_of_perplexities")
def weighted_mean_of_perplexities(losses, counts):
    """The same, weighted."""
    return _weighted([math.exp(loss) for loss in losses], counts)


@perplexity.mistake
def not_divided(losses, counts):
    """The exponential of the loss of the whole text."""
    return math.exp(min(700.0, sum(a * b for a, b in zip(losses, counts, strict=True))))


@perplexity.mistake
def loss_returned(losses, counts):
    """The mean loss itself."""
    return _weighted(losses, counts)


@perplexity.mistake
def power_of_two(losses, counts):
    """2 to the power of nats."""
    return 2 ** _weighted(losses, counts)


@perplexity.mistake
def losses_added(losses, counts):
    """The exponential of the summed losses."""
    return math.exp(sum(losses))


@perplexity.mistake
def means_over_tokens(losses, counts):
    """Divides a sum of means by the number of tokens."""
    return math.exp(sum(losses) / sum(counts))


@perplexity.mistake
def turned_round(losses, counts):
    """The probability, not its inverse."""
    return math.exp(-_weighted(losses, counts))
