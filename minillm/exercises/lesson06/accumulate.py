"""Lesson 06: the gradient of a large batch from small ones."""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from minillm.exercises.registry import exercise


def squared_error(weight: Tensor, x: Tensor, y: Tensor) -> Tensor:
    """The mean squared error of a linear model over the examples of one micro-batch."""
    return ((x @ weight - y) ** 2).mean()


def _micro_batches(generator: torch.Generator) -> Iterator[tuple]:
    def batches(width: int, *sizes: int) -> list[tuple[Tensor, Tensor]]:
        return [
            (torch.randn(n, width, generator=generator), torch.randn(n, generator=generator))
            for n in sizes
        ]

    for width, sizes in ((1, (3, 1)), (2, (4, 4, 1)), (3, (2, 5, 3, 1)), (2, (4, 4)), (2, (6,))):
        weight = torch.randn(width, generator=generator, requires_grad=True)
        yield squared_error, weight, batches(width, *sizes)
    weight = torch.tensor([1e3, -1e3], requires_grad=True)
    yield squared_error, weight, batches(2, 1, 2)
    (x, y), last = batches(3, 5, 2)
    weight = torch.randn(3, generator=generator, requires_grad=True)
    yield squared_error, weight, [(x.T.contiguous().T, y), last]
    weight = torch.randn(2, generator=generator, requires_grad=True)
    weight.grad = torch.ones(2)  # of the step before
    yield squared_error, weight, batches(2, 3, 3)


@exercise("training.accumulate", lesson="06", inputs=_micro_batches)
def accumulate(mean_loss: Callable, weight: Tensor, batches: list[tuple[Tensor, Tensor]]) -> Tensor:
    """The gradient of the mean loss over all examples, one micro-batch `(x, y)` at a time.

    `mean_loss(weight, x, y)` is the mean over the examples of one micro-batch, of which there are
    `len(x)`; the last micro-batch may be smaller. `weight` takes gradients (`requires_grad`).
    """
    examples = sum(len(x) for x, _ in batches)
    weight.grad = None
    for x, y in batches:
        loss = mean_loss(weight, x, y) * len(x) / examples
        loss.backward()
    return weight.grad


def _each(mean_loss, weight, batches):
    """Of every micro-batch: its loss, that loss's gradient, and its number of examples."""
    for x, y in batches:
        loss = mean_loss(weight, x, y)
        yield loss, torch.autograd.grad(loss, weight, retain_graph=True)[0], len(x)


def _examples(batches):
    return sum(len(x) for x, _ in batches)


@accumulate.mistake
def only_added(mean_loss, weight, batches):
    """Adds up means: as many times too large as there are micro-batches."""
    return sum(grad for _, grad, _ in _each(mean_loss, weight, batches))


@accumulate.mistake
def old_gradient_kept(mean_loss, weight, batches):
    """Adds to what the step before has left in `.grad`."""
    total = accumulate.reference(mean_loss, weight.detach().requires_grad_(), batches)
    return total if weight.grad is None else total + weight.grad


@accumulate.mistake
def every_batch_equal(mean_loss, weight, batches):
    """The mean of the means."""
    return only_added(mean_loss, weight, batches) / len(batches)


@accumulate.mistake
def last_one_only(mean_loss, weight, batches):
    """Clears the gradient before every micro-batch."""
    return list(_each(mean_loss, weight, batches))[-1][1]


@accumulate.mistake(hint="last_one_only")
def last_share_only(mean_loss, weight, batches):
    """The same, with the share of the last micro-batch."""
    return last_one_only(mean_loss, weight, batches) * len(batches[-1][0]) / _examples(batches)


@accumulate.mistake(hint="last_one_only")
def last_part_only(mean_loss, weight, batches):
    """The same, divided by the number of micro-batches."""
    return last_one_only(mean_loss, weight, batches) / len(batches)


@accumulate.mistake
def one_left_out(mean_loss, weight, batches):
    """Leaves out the last micro-batch, and counts without it."""
    return accumulate(mean_loss, weight, batches[:-1] or batches)


@accumulate.mistake(hint="one_left_out")
def last_left_out(mean_loss, weight, batches):
    """Leaves out the last micro-batch, but counts it."""
    counted = _examples(batches[:-1] or batches) / _examples(batches)
    return one_left_out(mean_loss, weight, batches) * counted


@accumulate.mistake(hint="one_left_out")
def first_left_out(mean_loss, weight, batches):
    """Leaves out the first micro-batch, but counts it."""
    rest = batches[1:]
    if not rest:
        return torch.zeros_like(weight)
    return accumulate(mean_loss, weight, rest) * _examples(rest) / _examples(batches)


@accumulate.mistake
def first_one_only(mean_loss, weight, batches):
    """Returns within the loop."""
    share = len(batches[0][0]) / _examples(batches)
    return accumulate(mean_loss, weight, batches[:1]) * share


@accumulate.mistake
def never_divided(mean_loss, weight, batches):
    """The gradient of the sum of all losses."""
    return sum(grad * size for _, grad, size in _each(mean_loss, weight, batches))


@accumulate.mistake
def means_over_examples(mean_loss, weight, batches):
    """Divides a sum of means by the number of examples."""
    return only_added(mean_loss, weight, batches) / _examples(batches)


@accumulate.mistake
def examples_over_batches(mean_loss, weight, batches):
    """Divides a sum over examples by the number of micro-batches."""
    return never_divided(mean_loss, weight, batches) / len(batches)


@accumulate.mistake
def small_counts_more(mean_loss, weight, batches):
    """Divides each mean by its number of examples."""
    return sum(grad / size for _, grad, size in _each(mean_loss, weight, batches))


@accumulate.mistake
def all_like_the_first(mean_loss, weight, batches):
    """Takes every micro-batch to be as large as the first."""
    examples = len(batches[0][0]) * len(batches)
    return never_divided(mean_loss, weight, batches) / examples


def _counted_again(mean_loss, weight, batches, share):
    """Adds up `.grad`, in which `backward` has added up already."""
    so_far = total = torch.zeros_like(weight)
    for _, grad, size in _each(mean_loss, weight, batches):
        so_far = so_far + grad
        total = total + so_far * share(size)
    return total


@accumulate.mistake
def counted_again(mean_loss, weight, batches):
    """The weighted sum of what has been added up so far."""
    examples = _examples(batches)
    return _counted_again(mean_loss, weight, batches, lambda size: size / examples)


@accumulate.mistake(hint="counted_again")
def counted_again_equally(mean_loss, weight, batches):
    """The mean of what has been added up so far."""
    return _counted_again(mean_loss, weight, batches, lambda size: 1 / len(batches))


@accumulate.mistake(hint="counted_again")
def counted_again_undivided(mean_loss, weight, batches):
    """The sum of what has been added up so far."""
    return _counted_again(mean_loss, weight, batches, lambda size: 1)


@accumulate.mistake(hint="counted_again")
def losses_counted_again(mean_loss, weight, batches):
    """Adds up the losses, and lets `backward` run over the sum in each round."""
    so_far = total = torch.zeros_like(weight)
    for _, grad, size in _each(mean_loss, weight, batches):
        so_far = so_far + grad * size / _examples(batches)
        total = total + so_far
    return total


@accumulate.mistake
def divided_each_time(mean_loss, weight, batches):
    """Divides the sum inside the loop, so that the early ones are divided often."""
    total = torch.zeros_like(weight)
    for _, grad, _ in _each(mean_loss, weight, batches):
        total = (total + grad) / len(batches)
    return total


@accumulate.mistake(hint="divided_each_time")
def halved_each_time(mean_loss, weight, batches):
    """The mean of what there is and of what comes, in every round."""
    first, *rest = (grad for _, grad, _ in _each(mean_loss, weight, batches))
    for grad in rest:
        first = (first + grad) / 2
    return first


@accumulate.mistake
def loss_returned(mean_loss, weight, batches):
    """The mean loss, not its gradient."""
    total = sum(loss * size for loss, _, size in _each(mean_loss, weight, batches))
    return total / _examples(batches)


@accumulate.mistake(hint="loss_returned")
def mean_loss_returned(mean_loss, weight, batches):
    """The mean of the losses."""
    losses = [loss for loss, _, _ in _each(mean_loss, weight, batches)]
    return sum(losses) / len(losses)


@accumulate.mistake(hint="loss_returned")
def loss_sum_returned(mean_loss, weight, batches):
    """The sum of the losses."""
    return sum(loss for loss, _, _ in _each(mean_loss, weight, batches))
