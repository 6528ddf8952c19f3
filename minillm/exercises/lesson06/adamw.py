"""Lesson 06: one step of AdamW."""

from collections.abc import Iterator

import torch
from torch import Tensor

from minillm.exercises.registry import exercise


def _states(generator: torch.Generator) -> Iterator[tuple]:
    def normal(*shape: int) -> Tensor:
        return torch.randn(shape, generator=generator)

    usual = 0.1, 0.9, 0.95, 1e-3, 0.1  # lr, beta1, beta2, eps, decay
    one = torch.tensor([1.0])
    yield one, torch.tensor([0.5]), 0.1 * one, 0.2 * one, 3, *usual
    yield normal(3), normal(3), torch.zeros(3), torch.zeros(3), 1, *usual  # the first step
    yield normal(2, 3), normal(2, 3), normal(2, 3), normal(2, 3) ** 2, 10, *usual
    yield normal(3), 1e-3 * normal(3), 1e-3 * normal(3), 1e-6 * normal(3) ** 2, 2, *usual
    yield normal(2), 1e4 * normal(2), 1e4 * normal(2), 1e8 * normal(2) ** 2, 5, *usual
    yield normal(4, 2).T, normal(4, 2).T, normal(2, 4), normal(2, 4) ** 2, 4, *usual
    yield normal(2), torch.zeros(2), torch.zeros(2), torch.zeros(2), 1, 0.1, 0.9, 0.95, 1e-3, 0.0


@exercise("training.adamw", lesson="06", inputs=_states)
def adamw(
    weight: Tensor,
    grad: Tensor,
    mean: Tensor,
    square: Tensor,
    step: int,
    lr: float,
    beta1: float,
    beta2: float,
    eps: float,
    decay: float,
) -> tuple[Tensor, Tensor, Tensor]:
    """One step of AdamW: the new `(weight, mean, square)`; the old ones are not changed.

    `mean` and `square` are the running means of the gradient and of its square; `step` counts
    from 1. The weight first loses the share `lr * decay` of itself. Then it moves by `lr` times
    the corrected mean, divided by (the root of the corrected square, plus `eps`).
    """
    mean = beta1 * mean + (1 - beta1) * grad
    square = beta2 * square + (1 - beta2) * grad**2
    corrected_mean = mean / (1 - beta1**step)
    corrected_square = square / (1 - beta2**step)
    weight = weight * (1 - lr * decay)
    return weight - lr * corrected_mean / (corrected_square.sqrt() + eps), mean, square


def _averages(grad, mean, square, step, beta1, beta2):
    """The running means, and both of them corrected."""
    mean = beta1 * mean + (1 - beta1) * grad
    square = beta2 * square + (1 - beta2) * grad**2
    return mean, square, mean / (1 - beta1**step), square / (1 - beta2**step)


@adamw.mistake
def decay_in_gradient(weight, grad, mean, square, step, lr, beta1, beta2, eps, decay):
    """Adds the decay to the gradient (L2), where the square rescales it."""
    grad = grad + decay * weight
    return adamw(weight, grad, mean, square, step, lr, beta1, beta2, eps, 0.0)


@adamw.mistake
def decay_without_rate(weight, grad, mean, square, step, lr, beta1, beta2, eps, decay):
    """Loses the share `decay`, whatever the learning rate."""
    return adamw(weight, grad, mean, square, step, lr, beta1, beta2, eps, decay / lr)


@adamw.mistake
def no_decay(weight, grad, mean, square, step, lr, beta1, beta2, eps, decay):
    """Adam without the W."""
    return adamw(weight, grad, mean, square, step, lr, beta1, beta2, eps, 0.0)


@adamw.mistake
def decay_afterwards(weight, grad, mean, square, step, lr, beta1, beta2, eps, decay):
    """Decays the weight that has moved already."""
    weight, *state = no_decay(weight, grad, mean, square, step, lr, beta1, beta2, eps, decay)
    return weight * (1 - lr * decay), *state


@adamw.mistake
def not_corrected(weight, grad, mean, square, step, lr, beta1, beta2, eps, decay):
    """Uses the running means as they are (as after a million steps)."""
    return adamw(weight, grad, mean, square, 10**6, lr, beta1, beta2, eps, decay)


@adamw.mistake(hint="not_corrected")
def mean_not_corrected(weight, grad, mean, square, step, lr, beta1, beta2, eps, decay):
    """Corrects the square alone."""
    *state, _, corrected = _averages(grad, mean, square, step, beta1, beta2)
    move = lr * state[0] / (corrected.sqrt() + eps)
    return weight * (1 - lr * decay) - move, *state


@adamw.mistake(hint="not_corrected")
def square_not_corrected(weight, grad, mean, square, step, lr, beta1, beta2, eps, decay):
    """Corrects the mean alone."""
    *state, corrected, _ = _averages(grad, mean, square, step, beta1, beta2)
    move = lr * corrected / (state[1].sqrt() + eps)
    return weight * (1 - lr * decay) - move, *state


@adamw.mistake
def corrected_as_at_first(weight, grad, mean, square, step, lr, beta1, beta2, eps, decay):
    """Divides by 1 - beta, whatever the step."""
    return adamw(weight, grad, mean, square, 1, lr, beta1, beta2, eps, decay)


@adamw.mistake(hint="corrected_as_at_first")
def corrected_by_product(weight, grad, mean, square, step, lr, beta1, beta2, eps, decay):
    """Multiplies by `step` where a power is meant."""
    *state, _, _ = _averages(grad, mean, square, step, beta1, beta2)
    corrected_mean, corrected_square = state[0] / (1 - beta1 * step), state[1] / (1 - beta2 * step)
    move = lr * corrected_mean / (corrected_square.sqrt() + eps)
    return weight * (1 - lr * decay) - move, *state


@adamw.mistake(hint="corrected_as_at_first")
def corrected_by_power_of_rest(weight, grad, mean, square, step, lr, beta1, beta2, eps, decay):
    """Takes the power of 1 - beta, not of beta."""
    *state, _, _ = _averages(grad, mean, square, step, beta1, beta2)
    corrected_mean = state[0] / (1 - beta1) ** step
    corrected_square = state[1] / (1 - beta2) ** step
    move = lr * corrected_mean / (corrected_square.sqrt() + eps)
    return weight * (1 - lr * decay) - move, *state


@adamw.mistake
def corrected_downwards(weight, grad, mean, square, step, lr, beta1, beta2, eps, decay):
    """Multiplies by 1 - beta**step."""
    *state, _, _ = _averages(grad, mean, square, step, beta1, beta2)
    corrected_mean, corrected_square = state[0] * (1 - beta1**step), state[1] * (1 - beta2**step)
    move = lr * corrected_mean / (corrected_square.sqrt() + eps)
    return weight * (1 - lr * decay) - move, *state


@adamw.mistake
def corrected_off_by_one(weight, grad, mean, square, step, lr, beta1, beta2, eps, decay):
    """Takes `step` to count from 0."""
    return adamw(weight, grad, mean, square, step + 1, lr, beta1, beta2, eps, decay)


@adamw.mistake(hint="corrected_off_by_one")
def corrected_one_behind(weight, grad, mean, square, step, lr, beta1, beta2, eps, decay):
    """Takes one step off, and divides by zero at the first."""
    return adamw(weight, grad, mean, square, step - 1, lr, beta1, beta2, eps, decay)


@adamw.mistake
def keeps_corrected(weight, grad, mean, square, step, lr, beta1, beta2, eps, decay):
    """Returns the corrected means as the state."""
    weight, *_ = adamw(weight, grad, mean, square, step, lr, beta1, beta2, eps, decay)
    return weight, *_averages(grad, mean, square, step, beta1, beta2)[2:]


def _with_means(weight, mean, square, step, lr, beta1, beta2, eps, decay):
    """The step with running means that were made in another way."""
    corrected_mean, corrected_square = mean / (1 - beta1**step), square / (1 - beta2**step)
    move = lr * corrected_mean / (corrected_square.sqrt() + eps)
    return weight * (1 - lr * decay) - move, mean, square


@adamw.mistake
def sums_not_means(weight, grad, mean, square, step, lr, beta1, beta2, eps, decay):
    """Adds the whole gradient, not the share that the old mean has left."""
    mean, square = beta1 * mean + grad, beta2 * square + grad**2
    return _with_means(weight, mean, square, step, lr, beta1, beta2, eps, decay)


@adamw.mistake
def betas_turned_round(weight, grad, mean, square, step, lr, beta1, beta2, eps, decay):
    """Gives the new gradient the weight of the old mean."""
    mean = (1 - beta1) * mean + beta1 * grad
    square = (1 - beta2) * square + beta2 * grad**2
    return _with_means(weight, mean, square, step, lr, beta1, beta2, eps, decay)


@adamw.mistake(hint="betas_turned_round")
def beta_turned_round(weight, grad, mean, square, step, lr, beta1, beta2, eps, decay):
    """The same, for the mean alone."""
    mean = (1 - beta1) * mean + beta1 * grad
    square = beta2 * square + (1 - beta2) * grad**2
    return _with_means(weight, mean, square, step, lr, beta1, beta2, eps, decay)


@adamw.mistake
def one_beta_for_both(weight, grad, mean, square, step, lr, beta1, beta2, eps, decay):
    """Uses beta1 for the square too."""
    return adamw(weight, grad, mean, square, step, lr, beta1, beta1, eps, decay)


@adamw.mistake(hint="one_beta_for_both")
def one_beta_for_correction(weight, grad, mean, square, step, lr, beta1, beta2, eps, decay):
    """Averages with beta2, but corrects with beta1."""
    *state, mean, _ = _averages(grad, mean, square, step, beta1, beta2)
    move = lr * mean / ((state[1] / (1 - beta1**step)).sqrt() + eps)
    return weight * (1 - lr * decay) - move, *state


@adamw.mistake(hint="one_beta_for_both")
def one_beta_for_averages(weight, grad, mean, square, step, lr, beta1, beta2, eps, decay):
    """Corrects with beta2, but averages with beta1."""
    mean = beta1 * mean + (1 - beta1) * grad
    square = beta1 * square + (1 - beta1) * grad**2
    return _with_means(weight, mean, square, step, lr, beta1, beta2, eps, decay)


@adamw.mistake
def square_forgotten(weight, grad, mean, square, step, lr, beta1, beta2, eps, decay):
    """Averages the gradient itself twice."""
    mean = beta1 * mean + (1 - beta1) * grad
    square = beta2 * square + (1 - beta2) * grad
    return _with_means(weight, mean, square, step, lr, beta1, beta2, eps, decay)


@adamw.mistake(hint="square_forgotten")
def mean_squared(weight, grad, mean, square, step, lr, beta1, beta2, eps, decay):
    """Squares the mean, not the gradient."""
    mean = beta1 * mean + (1 - beta1) * grad
    square = beta2 * square + (1 - beta2) * mean**2
    return _with_means(weight, mean, square, step, lr, beta1, beta2, eps, decay)


@adamw.mistake
def mean_unused(weight, grad, mean, square, step, lr, beta1, beta2, eps, decay):
    """Moves by the gradient of this step alone."""
    *state, _, square = _averages(grad, mean, square, step, beta1, beta2)
    return weight * (1 - lr * decay) - lr * grad / (square.sqrt() + eps), *state


@adamw.mistake
def old_means_used(weight, grad, mean, square, step, lr, beta1, beta2, eps, decay):
    """Moves by the means as they came in."""
    weight, *_ = _with_means(weight, mean, square, step, lr, beta1, beta2, eps, decay)
    return weight, *_averages(grad, mean, square, step, beta1, beta2)[:2]


@adamw.mistake
def rate_forgotten(weight, grad, mean, square, step, lr, beta1, beta2, eps, decay):
    """Moves as far whatever the learning rate."""
    return adamw(weight, grad, mean, square, step, 1.0, beta1, beta2, eps, lr * decay)


@adamw.mistake
def decay_without_weight(weight, grad, mean, square, step, lr, beta1, beta2, eps, decay):
    """Takes the same off every weight."""
    moved, *state = no_decay(weight, grad, mean, square, step, lr, beta1, beta2, eps, decay)
    return moved - lr * decay, *state


@adamw.mistake
def root_forgotten(weight, grad, mean, square, step, lr, beta1, beta2, eps, decay):
    """Divides by the square itself."""
    *state, mean, square = _averages(grad, mean, square, step, beta1, beta2)
    return weight * (1 - lr * decay) - lr * mean / (square + eps), *state


@adamw.mistake
def root_before_correction(weight, grad, mean, square, step, lr, beta1, beta2, eps, decay):
    """Corrects the root, not the square."""
    *state, mean, _ = _averages(grad, mean, square, step, beta1, beta2)
    root = state[1].sqrt() / (1 - beta2**step)
    return weight * (1 - lr * decay) - lr * mean / (root + eps), *state


@adamw.mistake
def eps_under_root(weight, grad, mean, square, step, lr, beta1, beta2, eps, decay):
    """Adds eps before the root is taken."""
    *state, mean, square = _averages(grad, mean, square, step, beta1, beta2)
    return weight * (1 - lr * decay) - lr * mean / (square + eps).sqrt(), *state


@adamw.mistake
def eps_before_correction(weight, grad, mean, square, step, lr, beta1, beta2, eps, decay):
    """Adds eps to the root of the square that is not corrected yet."""
    return adamw(
        weight, grad, mean, square, step, lr, beta1, beta2, eps / (1 - beta2**step) ** 0.5, decay
    )


@adamw.mistake
def eps_added_last(weight, grad, mean, square, step, lr, beta1, beta2, eps, decay):
    """Leaves out the brackets round the divisor."""
    *state, mean, square = _averages(grad, mean, square, step, beta1, beta2)
    return weight * (1 - lr * decay) - lr * mean / square.sqrt() + eps, *state


@adamw.mistake
def eps_forgotten(weight, grad, mean, square, step, lr, beta1, beta2, eps, decay):
    """Divides by zero where there was never a gradient."""
    return adamw(weight, grad, mean, square, step, lr, beta1, beta2, 0.0, decay)


@adamw.mistake
def uphill(weight, grad, mean, square, step, lr, beta1, beta2, eps, decay):
    """Moves along the gradient."""
    *state, mean, square = _averages(grad, mean, square, step, beta1, beta2)
    return weight * (1 - lr * decay) + lr * mean / (square.sqrt() + eps), *state


@adamw.mistake
def another_order(weight, grad, mean, square, step, lr, beta1, beta2, eps, decay):
    """Returns the means first."""
    weight, mean, square = adamw(weight, grad, mean, square, step, lr, beta1, beta2, eps, decay)
    return mean, square, weight
