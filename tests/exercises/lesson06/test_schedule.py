"""The reference against PyTorch's cosine."""

import pytest
import torch

from minillm.exercises.lesson06.schedule import schedule


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
