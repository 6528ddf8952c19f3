"""The references of lesson 06 against other people's code, and against what they promise."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as some

from minillm.exercises.lesson06 import schedule, split
from minillm.exercises.lesson06_gradients import accumulate, clip, squared_error
from minillm.exercises.lesson06_optimizer import adamw


@given(some.integers(0, 120), some.integers(1, 9))
def test_no_token_is_trained_on_and_held_out(count, length):
    training, held_out = split(list(range(count)), length)
    assert not {t for w in training for t in w} & {t for w in held_out for t in w}
    assert {len(window) for window in training + held_out} <= {length}
    assert len(held_out) == max(0, count // 10 - length + 1)
    assert training[-1:] == ([] if count - count // 10 < length else [training[-1]])


def test_the_schedule_is_torchs_cosine_after_the_warmup():
    weight = torch.nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.SGD([weight], lr=2.0)
    cosine = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=30, eta_min=0.5)
    for step in range(10, 41):
        assert schedule(step, 40, 10, 2.0, 0.5) == pytest.approx(cosine.get_last_lr()[0])
        optimizer.step()
        cosine.step()


def test_the_schedule_warms_up_evenly_from_its_first_step():
    rates = [schedule(step, 100, 5, 1.0, 0.0) for step in range(5)]
    assert rates == pytest.approx([0.2, 0.4, 0.6, 0.8, 1.0])


@pytest.mark.parametrize("max_norm", [0.1, 2.0, 1e6])
def test_clipping_is_torchs(max_norm):
    generator = torch.Generator().manual_seed(1)
    shapes = (3, 4), (4,), ()
    params = [torch.nn.Parameter(torch.zeros(shape)) for shape in shapes]
    for param in params:
        param.grad = torch.randn(param.shape, generator=generator)
    clipped = clip([param.grad.clone() for param in params], max_norm)
    torch.nn.utils.clip_grad_norm_(params, max_norm)
    for param, ours in zip(params, clipped, strict=True):
        torch.testing.assert_close(ours, param.grad)


def test_accumulation_is_the_large_batch():
    generator = torch.Generator().manual_seed(1)
    weight = torch.randn(3, generator=generator, requires_grad=True)
    x, y = torch.randn(11, 3, generator=generator), torch.randn(11, generator=generator)
    large = torch.autograd.grad(squared_error(weight, x, y), weight)[0]
    batches = list(zip(x.split(4), y.split(4), strict=True))
    torch.testing.assert_close(accumulate(squared_error, weight, batches), large)


def test_adamw_is_torchs_over_several_steps():
    generator = torch.Generator().manual_seed(1)
    param = torch.nn.Parameter(torch.randn(5, generator=generator))
    optimizer = torch.optim.AdamW([param], lr=0.1, betas=(0.9, 0.95), eps=1e-6, weight_decay=0.3)
    weight, mean, square = param.detach().clone(), torch.zeros(5), torch.zeros(5)
    for step in range(1, 6):
        param.grad = torch.randn(5, generator=generator)
        weight, mean, square = adamw(
            weight, param.grad, mean, square, step, 0.1, 0.9, 0.95, 1e-6, 0.3
        )
        optimizer.step()
        torch.testing.assert_close(weight, param.detach())
