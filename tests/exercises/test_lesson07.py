"""The references of lesson 07 against torch and the package."""

import math

import pytest
import torch

from minillm import cost
from minillm.exercises.lesson07.flops import flops
from minillm.exercises.lesson07.memory import memory
from minillm.exercises.lesson07.roofline import roofline
from minillm.exercises.lesson07.scaler import scaler
from minillm.exercises.lesson07.share import share
from minillm.models.gpt import GPT, GPTConfig
from minillm.training.precision import LossScaler

SHAPE = GPTConfig(vocab_size=50, context=32, layers=3, heads=2, width=24, bias=False)


@pytest.mark.parametrize("tied", [True, False])
def test_flops_are_the_packages(tied):
    model = GPT(GPTConfig(**{**vars(SHAPE), "tied": tied}))
    assert flops(3, 24, 32, 50) == cost.flops_per_token(model).training


def test_the_roofline_is_the_packages():
    card = cost.CARDS["A100"]
    for work, traffic in [(1e12, 1e9), (1e9, 1e12)]:
        assert roofline(work, traffic, card.flops["bf16"], card.bandwidth) == pytest.approx(
            card.seconds(flops=work, bytes=traffic)
        )


@pytest.mark.parametrize("broken", [False, True])
def test_the_scaler_does_what_the_package_and_torch_do(broken):
    generator = torch.Generator().manual_seed(1)
    params = [torch.nn.Parameter(torch.zeros(size)) for size in (3, 2)]
    for p in params:
        p.grad = 100 * torch.randn(p.shape, generator=generator)
    if broken:
        params[1].grad[0] = float("nan")
    ours = scaler([p.grad.clone() for p in params], 16.0, 2, 1.5, 3)
    package = LossScaler(16.0, grow_every=3)
    package.clean = 2
    package.unscale(params)
    norm = torch.nn.utils.clip_grad_norm_(params, 1.5)
    package.update(math.isfinite(norm))
    assert ours[1:] == (package.scale, package.clean)
    assert bool(ours[0]) != broken
    for mine, p in zip(ours[0], params, strict=False):
        torch.testing.assert_close(mine, p.grad)


@pytest.mark.parametrize("recompute", [False, True])
def test_memory_is_the_packages_but_for_the_head(recompute):
    """The package counts the norms' statistics and the head as well, which need no block."""
    parameters = cost.parameters(GPT(SHAPE))
    found = memory(parameters, 3, 24, 2, 32, recompute) - 16 * parameters
    at_work = 4 * 64 * 16 * 24 * recompute
    without = GPTConfig(**{**vars(SHAPE), "layers": 1})
    head = cost.activation_bytes(without, batch=2, recompute=True) - 4 * 64 * 24
    statistics = 0 if recompute else 3 * 64 * (16 + 8)
    package = cost.activation_bytes(SHAPE, batch=2, recompute=recompute) - head - statistics
    assert found - at_work == package


def test_a_share_of_one_is_the_peak():
    assert share(10.0, 2.0, 6.0, 15.0, 2) == 1.0
