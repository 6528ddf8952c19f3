"""Lesson 06, "How do you train on real text without wasting hours?": gradients."""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from minillm.exercises.registry import exercise


def _gradients(generator: torch.Generator) -> Iterator[tuple]:
    def normal(*shape: int) -> Tensor:
        return torch.randn(shape, generator=generator)

    yield [torch.tensor([3.0, 0.0]), torch.tensor([4.0])], 2.5
    yield [0.1 * normal(3), 0.1 * normal(2, 3)], 4.0  # small already
    yield [normal(4, 5), normal(5), torch.tensor(2.0)], 0.5
    yield [torch.tensor([-6.0])], 2.0
    yield [torch.tensor([0.3, 2.5]), torch.tensor([0.2])], 2.0
    yield [1e6 * normal(3, 2), normal(4)], 3.0  # one explodes
    yield [3 * normal(3, 4).T, normal(2, 6)[:, ::2]], 2.0  # not contiguous
    yield [torch.zeros(3), torch.zeros(2)], 1.5


@exercise("training.clip", lesson="06", inputs=_gradients)
def clip(grads: list[Tensor], max_norm: float) -> list[Tensor]:
    """The gradients, scaled so that their norm is at most `max_norm`.

    The norm is that of all gradients taken as one long vector. Gradients within it stay as they
    are, and the tensors of `grads` are not changed.
    """
    norm = torch.sqrt(sum((grad**2).sum() for grad in grads))
    scale = torch.clamp(max_norm / norm, max=1.0)
    return [grad * scale for grad in grads]


def _norm(grads: list[Tensor]) -> Tensor:
    return torch.cat([grad.flatten() for grad in grads]).norm()


def _scaled(grads, max_norm, norm):
    """The gradients, scaled by `max_norm / norm` where `norm` is too large."""
    return [grad * (max_norm / norm) if norm > max_norm else grad * 1 for grad in grads]


@clip.mistake
def each_by_itself(grads, max_norm):
    """Every tensor has a norm of its own."""
    return [clip([grad], max_norm)[0] for grad in grads]


@clip.mistake
def by_value(grads, max_norm):
    """Cuts the values off."""
    return [grad.clamp(-max_norm, max_norm) for grad in grads]


@clip.mistake
def always_scaled(grads, max_norm):
    """Scales small gradients up."""
    return [grad * max_norm / _norm(grads) for grad in grads]


@clip.mistake(hint="always_scaled")
def always_scaled_safely(grads, max_norm):
    """The same, with a small number against division by zero."""
    return [grad * max_norm / (_norm(grads) + 1e-6) for grad in grads]


@clip.mistake
def norms_added(grads, max_norm):
    """The sum of the norms is not the norm of all."""
    return _scaled(grads, max_norm, sum(grad.norm() for grad in grads))


@clip.mistake
def largest_norm(grads, max_norm):
    """The norm of the largest tensor alone."""
    return _scaled(grads, max_norm, max(grad.norm() for grad in grads))


@clip.mistake
def root_forgotten(grads, max_norm):
    """Compares with, and divides by, the sum of squares."""
    return _scaled(grads, max_norm, _norm(grads) ** 2)


@clip.mistake
def absolute_sum(grads, max_norm):
    """The sum of absolute values is another norm."""
    return _scaled(grads, max_norm, sum(grad.abs().sum() for grad in grads))


@clip.mistake
def upside_down(grads, max_norm):
    """Multiplies by norm / max_norm."""
    return [grad / min(max_norm / _norm(grads), 1) for grad in grads]


@clip.mistake
def down_to_one(grads, max_norm):
    """Divides by the norm, so that 1 is left of it."""
    return [grad / _norm(grads) if _norm(grads) > max_norm else grad * 1 for grad in grads]


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


def _each_gradient(mean_loss, weight, batches):
    """The gradient and the number of examples of every micro-batch."""
    for x, y in batches:
        yield torch.autograd.grad(mean_loss(weight, x, y), weight)[0], len(x)


@accumulate.mistake
def only_added(mean_loss, weight, batches):
    """Adds up means: as many times too large as there are micro-batches."""
    return sum(grad for grad, _ in _each_gradient(mean_loss, weight, batches))


@accumulate.mistake
def every_batch_equal(mean_loss, weight, batches):
    """The mean of the means."""
    return only_added(mean_loss, weight, batches) / len(batches)


@accumulate.mistake
def last_one_only(mean_loss, weight, batches):
    """Clears the gradient before every micro-batch."""
    return list(_each_gradient(mean_loss, weight, batches))[-1][0]


@accumulate.mistake(hint="last_one_only")
def last_share_only(mean_loss, weight, batches):
    """The same, with the share of the last micro-batch."""
    grad, size = list(_each_gradient(mean_loss, weight, batches))[-1]
    return grad * size / sum(len(x) for x, _ in batches)


@accumulate.mistake(hint="last_one_only")
def last_part_only(mean_loss, weight, batches):
    """The same, divided by the number of micro-batches."""
    return last_one_only(mean_loss, weight, batches) / len(batches)


@accumulate.mistake
def never_divided(mean_loss, weight, batches):
    """The gradient of the sum of all losses."""
    return sum(grad * size for grad, size in _each_gradient(mean_loss, weight, batches))


@accumulate.mistake
def means_over_examples(mean_loss, weight, batches):
    """Divides a sum of means by the number of examples."""
    return only_added(mean_loss, weight, batches) / sum(len(x) for x, _ in batches)


@accumulate.mistake
def examples_over_batches(mean_loss, weight, batches):
    """Divides a sum over examples by the number of micro-batches."""
    return never_divided(mean_loss, weight, batches) / len(batches)
