"""Lesson 04: layer normalisation."""

from collections.abc import Iterator

import torch
from torch import Tensor

from minillm.exercises.registry import exercise


def _streams(generator: torch.Generator) -> Iterator[tuple]:
    def normal(*shape: int) -> Tensor:
        return torch.randn(shape, generator=generator)

    yield torch.tensor([[1.0, 3.0]]), torch.ones(2), torch.zeros(2), 1e-5
    yield 3 * normal(2, 4) + 1, torch.ones(4), torch.zeros(4), 1e-5
    yield normal(3, 5), 1 + 0.5 * normal(5), normal(5), 1e-5
    yield 100 * normal(4, 3) - 50, normal(3), normal(3), 1e-5
    yield 0.01 * normal(2, 6), normal(6), normal(6), 1e-3  # as small as eps
    yield torch.full((1, 3), 2.0), torch.ones(3), torch.arange(3.0), 1e-5  # nothing to tell apart
    yield normal(2, 3, 4), normal(4), normal(4), 0.5
    yield normal(5, 3).T, normal(5), normal(5), 1e-5  # not contiguous


@exercise("transformer.layer_norm", lesson="04", inputs=_streams)
def layer_norm(x: Tensor, gain: Tensor, bias: Tensor, eps: float) -> Tensor:
    """Every vector of x (..., C) with mean 0 and variance 1, then times gain (C,) plus bias (C,).

    The variance is the mean squared distance from the mean. eps is added to it before the root
    is taken, so that nothing is divided by zero. `x` is left as it is.
    """
    centred = x - x.mean(-1, keepdim=True)
    variance = centred.square().mean(-1, keepdim=True)
    return centred / torch.sqrt(variance + eps) * gain + bias


def _normed(x, dims=-1, correction=0):
    """The centred vectors, and their variance."""
    mean = x.mean(dims, keepdim=True)
    return x - mean, x.var(dims, keepdim=True, correction=correction)


@layer_norm.mistake
def unbiased(x, gain, bias, eps):
    """Divides by C - 1, as `x.var()` does."""
    centred, variance = _normed(x, correction=1)
    return centred / (variance + eps).sqrt() * gain + bias


@layer_norm.mistake(hint="unbiased")
def unbiased_deviation(x, gain, bias, eps):
    """The same, with eps added to `x.std()`."""
    centred, variance = _normed(x, correction=1)
    return centred / (variance.sqrt() + eps) * gain + bias


@layer_norm.mistake(hint="unbiased")
def unbiased_without_eps(x, gain, bias, eps):
    """The same, with no eps at all."""
    centred, variance = _normed(x, correction=1)
    return centred / variance.sqrt() * gain + bias


@layer_norm.mistake
def eps_of_its_own(x, gain, bias, eps):
    """Takes the usual eps, not the one that came."""
    centred, variance = _normed(x)
    return centred / (variance + 1e-5).sqrt() * gain + bias


@layer_norm.mistake
def eps_outside(x, gain, bias, eps):
    """Adds eps after the root."""
    centred, variance = _normed(x)
    return centred / (variance.sqrt() + eps) * gain + bias


@layer_norm.mistake
def eps_forgotten(x, gain, bias, eps):
    """Divides by zero where all numbers are alike."""
    centred, variance = _normed(x)
    return centred / variance.sqrt() * gain + bias


@layer_norm.mistake
def root_forgotten(x, gain, bias, eps):
    """Divides by the variance."""
    centred, variance = _normed(x)
    return centred / (variance + eps) * gain + bias


@layer_norm.mistake
def mean_kept(x, gain, bias, eps):
    """Divides by the root mean square, as RMS norm does."""
    return x / (x.square().mean(-1, keepdim=True) + eps).sqrt() * gain + bias


@layer_norm.mistake(hint="mean_kept")
def not_centred(x, gain, bias, eps):
    """Divides by the deviation, and leaves the mean in."""
    return x / (_normed(x)[1] + eps).sqrt() * gain + bias


@layer_norm.mistake
def around_zero(x, gain, bias, eps):
    """Takes the mean off, and measures the size of what was there before."""
    centred, _ = _normed(x)
    return centred / (x.square().mean(-1, keepdim=True) + eps).sqrt() * gain + bias


@layer_norm.mistake
def second_axis(x, gain, bias, eps):
    """Axis 1, which is the last one of a table, and not of three axes."""
    centred, variance = _normed(x, dims=1)
    return centred / (variance + eps).sqrt() * gain + bias


@layer_norm.mistake
def over_tokens(x, gain, bias, eps):
    """Each number over all tokens, as batch norm does."""
    centred, variance = _normed(x, dims=-2)
    return centred / (variance + eps).sqrt() * gain + bias


@layer_norm.mistake
def over_everything(x, gain, bias, eps):
    """One mean and one variance for the whole table."""
    centred, variance = _normed(x, dims=tuple(range(x.dim())))
    return centred / (variance + eps).sqrt() * gain + bias


@layer_norm.mistake(hint="over_everything")
def over_everything_by_default(x, gain, bias, eps):
    """The same, with `x.std()`."""
    return (x - x.mean()) / (x.std() + eps) * gain + bias


@layer_norm.mistake
def bias_too_early(x, gain, bias, eps):
    """Adds the bias before it multiplies."""
    centred, variance = _normed(x)
    return (centred / (variance + eps).sqrt() + bias) * gain


@layer_norm.mistake
def no_gain_no_bias(x, gain, bias, eps):
    """Stops at mean 0 and variance 1."""
    centred, variance = _normed(x)
    return centred / (variance + eps).sqrt()


@layer_norm.mistake(hint="no_gain_no_bias")
def no_bias(x, gain, bias, eps):
    """Leaves the bias out."""
    centred, variance = _normed(x)
    return centred / (variance + eps).sqrt() * gain


@layer_norm.mistake(hint="no_gain_no_bias")
def no_gain(x, gain, bias, eps):
    """Leaves the gain out."""
    centred, variance = _normed(x)
    return centred / (variance + eps).sqrt() + bias


@layer_norm.mistake
def unit_length(x, gain, bias, eps):
    """Makes the length 1, not the variance."""
    centred, _ = _normed(x)
    return centred / (centred.square().sum(-1, keepdim=True) + eps).sqrt() * gain + bias
