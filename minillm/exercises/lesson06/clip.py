"""Lesson 06: clip gradients by their common norm."""

from collections.abc import Iterator

import torch
from torch import Tensor

from minillm.exercises.registry import exercise


def _gradients(generator: torch.Generator) -> Iterator[tuple]:
    def normal(*shape: int) -> Tensor:
        return torch.randn(shape, generator=generator)

    yield [torch.tensor([3.0, 0.0]), torch.tensor([4.0])], 2.5
    yield [torch.tensor([0.3, 0.0]), torch.tensor([0.4])], 2.0  # small already
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
    return [grad * (max_norm / norm) if norm > max_norm else grad for grad in grads]


@clip.mistake
def each_by_itself(grads, max_norm):
    """Every tensor has a norm of its own."""
    return [clip([grad], max_norm)[0] for grad in grads]


@clip.mistake(hint="each_by_itself")
def each_by_itself_always(grads, max_norm):
    """The same, and small ones are enlarged."""
    return [grad / grad.norm() * max_norm for grad in grads]


@clip.mistake
def by_value(grads, max_norm):
    """Cuts the values off."""
    return [grad.clamp(-max_norm, max_norm) for grad in grads]


@clip.mistake(hint="by_value")
def by_value_above(grads, max_norm):
    """Cuts the large values off, but not the very negative ones."""
    return [grad.clamp(max=max_norm) for grad in grads]


@clip.mistake
def always_scaled(grads, max_norm):
    """Scales small gradients up."""
    return [grad * max_norm / _norm(grads) for grad in grads]


@clip.mistake(hint="always_scaled")
def always_scaled_safely(grads, max_norm):
    """The same, with a small number against division by zero."""
    return [grad * max_norm / (_norm(grads) + 1e-6) for grad in grads]


@clip.mistake
def small_scaled(grads, max_norm):
    """Takes the larger of the two factors: scales the small, leaves the large."""
    return [grad * max(1.0, max_norm / (_norm(grads) + 1e-9)) for grad in grads]


@clip.mistake
def norms_added(grads, max_norm):
    """The sum of the norms is not the norm of all."""
    return _scaled(grads, max_norm, sum(grad.norm() for grad in grads))


@clip.mistake(hint="norms_added")
def norms_averaged(grads, max_norm):
    """Nor is their mean."""
    return _scaled(grads, max_norm, sum(grad.norm() for grad in grads) / len(grads))


@clip.mistake
def largest_only(grads, max_norm):
    """The norm of the largest tensor alone."""
    return _scaled(grads, max_norm, max(grad.norm() for grad in grads))


@clip.mistake(hint="largest_only")
def largest_value_only(grads, max_norm):
    """The largest value alone."""
    return _scaled(grads, max_norm, max(grad.abs().max() for grad in grads))


@clip.mistake
def root_forgotten(grads, max_norm):
    """Compares with, and divides by, the sum of squares."""
    return _scaled(grads, max_norm, _norm(grads) ** 2)


@clip.mistake
def squares_forgotten(grads, max_norm):
    """Adds up the values: those of opposite sign cancel."""
    return _scaled(grads, max_norm, sum(grad.sum() for grad in grads))


@clip.mistake(hint="squares_forgotten")
def absolute_values_added(grads, max_norm):
    """Adds up the absolute values, which is another norm."""
    return _scaled(grads, max_norm, sum(grad.abs().sum() for grad in grads))


@clip.mistake(hint="squares_forgotten")
def sums_squared(grads, max_norm):
    """Adds up the values of a tensor before it squares."""
    return _scaled(grads, max_norm, sum(grad.sum() ** 2 for grad in grads) ** 0.5)


@clip.mistake
def squares_averaged(grads, max_norm):
    """The root of the mean square: the more numbers, the less they count."""
    count = sum(grad.numel() for grad in grads)
    return _scaled(grads, max_norm, _norm(grads) / count**0.5)


@clip.mistake
def norm_of_a_matrix(grads, max_norm):
    """`norm(matrix, 2)` is the most that the matrix stretches a vector."""
    norms = [torch.linalg.norm(grad, 2) if grad.ndim == 2 else grad.norm() for grad in grads]
    return _scaled(grads, max_norm, torch.stack(norms).norm())


@clip.mistake
def norm_so_far(grads, max_norm):
    """Scales each tensor by the norm of those up to it."""
    norms = [_norm(grads[: i + 1]) for i in range(len(grads))]
    return [_scaled([g], max_norm, norm)[0] for g, norm in zip(grads, norms, strict=True)]


@clip.mistake
def upside_down(grads, max_norm):
    """Multiplies by norm / max_norm."""
    return [grad / min(max_norm / _norm(grads), 1) for grad in grads]


@clip.mistake
def limit_forgotten(grads, max_norm):
    """Divides by the norm, so that 1 is left of it."""
    return [grad / _norm(grads) if _norm(grads) > max_norm else grad for grad in grads]


@clip.mistake
def norm_forgotten(grads, max_norm):
    """Divides by `max_norm`."""
    return [grad / max_norm if _norm(grads) > max_norm else grad for grad in grads]
