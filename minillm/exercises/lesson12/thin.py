"""A frozen layer with a thin product beside it."""

from collections.abc import Iterator

import torch
from torch import Tensor

from minillm.exercises.registry import exercise


def _layers(generator: torch.Generator) -> Iterator[tuple]:
    def case(before: tuple[int, ...], out: int, into: int, rank: int, alpha: float) -> tuple:
        shapes = (*before, into), (out, into), (rank, into), (out, rank)
        return *(torch.randn(shape, generator=generator) for shape in shapes), alpha

    yield case((4,), 3, 5, 2, 6.0)
    yield case((), 6, 4, 1, 3.0)
    yield case((2, 3), 4, 7, 3, 16.0)
    yield case((5,), 4, 4, 2, 1.0)
    yield case((3,), 9, 2, 2, 4.0)


@exercise("lora.thin", lesson="12", inputs=_layers)
def thin(x: Tensor, weight: Tensor, A: Tensor, B: Tensor, alpha: float) -> Tensor:
    """What the layer gives with its product beside it: (..., in) to (..., out).

    weight (out, in), as in nn.Linear: without the product the layer gives x @ weight.T.
    A (r, in), B (out, r). What the product adds is multiplied by alpha / r.
    """
    return x @ weight.T + alpha / A.shape[0] * (x @ A.T) @ B.T


@thin.mistake
def no_scale(x, weight, A, B, alpha):
    """Alpha and r play no part."""
    return x @ weight.T + x @ A.T @ B.T


@thin.mistake
def not_by_rank(x, weight, A, B, alpha):
    """Times alpha, not alpha / r."""
    return x @ weight.T + alpha * x @ A.T @ B.T


@thin.mistake(hint="not_by_rank")
def times_rank(x, weight, A, B, alpha):
    """Times alpha * r."""
    return x @ weight.T + alpha * A.shape[0] * x @ A.T @ B.T


@thin.mistake
def scale_turned_round(x, weight, A, B, alpha):
    """Times r / alpha."""
    return x @ weight.T + A.shape[0] / alpha * x @ A.T @ B.T


@thin.mistake
def scaled_twice(x, weight, A, B, alpha):
    """A and B are both scaled."""
    return x @ weight.T + (alpha / A.shape[0]) ** 2 * x @ A.T @ B.T


@thin.mistake
def width_for_rank(x, weight, A, B, alpha):
    """The wrong side of A is taken for its rank."""
    return x @ weight.T + alpha / A.shape[1] * x @ A.T @ B.T


@thin.mistake(hint="width_for_rank")
def outputs_for_rank(x, weight, A, B, alpha):
    """The wrong side of B is taken for its rank."""
    return x @ weight.T + alpha / B.shape[0] * x @ A.T @ B.T


@thin.mistake
def product_alone(x, weight, A, B, alpha):
    """The frozen layer is left out."""
    return alpha / A.shape[0] * x @ A.T @ B.T


@thin.mistake
def frozen_alone(x, weight, A, B, alpha):
    """The product is left out."""
    return x @ weight.T


@thin.mistake
def all_scaled(x, weight, A, B, alpha):
    """The frozen layer is scaled as well."""
    return alpha / A.shape[0] * (x @ weight.T + x @ A.T @ B.T)


@thin.mistake
def taken_away(x, weight, A, B, alpha):
    """The product is taken away."""
    return x @ weight.T - alpha / A.shape[0] * x @ A.T @ B.T


@thin.mistake
def root_of_rank(x, weight, A, B, alpha):
    """Divides by the root of r, as Kalajdzievski 2023 does (arXiv 2312.03732)."""
    return x @ weight.T + alpha / A.shape[0] ** 0.5 * x @ A.T @ B.T


@thin.mistake
def whole_division(x, weight, A, B, alpha):
    """Drops what is left over."""
    return x @ weight.T + alpha // A.shape[0] * x @ A.T @ B.T


@thin.mistake
def alpha_forgotten(x, weight, A, B, alpha):
    """Times 1 / r."""
    return x @ weight.T + x @ A.T @ B.T / A.shape[0]


@thin.mistake
def product_twice(x, weight, A, B, alpha):
    """Merged, and beside the layer once more."""
    return x @ weight.T + 2 * alpha / A.shape[0] * x @ A.T @ B.T
