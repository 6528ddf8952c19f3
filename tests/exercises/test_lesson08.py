"""The references of lesson 08 against numpy, torch and one another."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from minillm.exercises.lesson08.average import average
from minillm.exercises.lesson08.ring import ring
from minillm.exercises.lesson08.rows import rows
from minillm.exercises.lesson08.shard import shard
from minillm.exercises.lesson08.speed_up import speed_up


@pytest.mark.parametrize(("count", "ranks"), [(12, 3), (10, 4), (3, 5), (7, 1)])
def test_rows_are_split_as_numpy_splits(count, ranks):
    wanted = np.array_split(np.arange(count), ranks)
    for rank in range(ranks):
        assert rows(count, ranks, rank) == wanted[rank].tolist()


def test_the_average_is_the_gradient_of_all_rows():
    g = torch.Generator().manual_seed(1)
    weight = torch.randn(3, generator=g, requires_grad=True)
    x, y = torch.randn(7, 3, generator=g), torch.randn(7, generator=g)

    def gradient(own):
        return torch.autograd.grad(F.mse_loss(x[own] @ weight, y[own]), weight)[0]

    parts = [rows(7, 3, rank) for rank in range(3)]
    averaged = average([gradient(part) for part in parts], [len(part) for part in parts])
    torch.testing.assert_close(averaged, gradient(list(range(7))))


@pytest.mark.parametrize("ranks", [2, 3, 6])
def test_after_one_round_each_rank_has_one_complete_sum(ranks):
    g = torch.Generator().manual_seed(2)
    start = torch.randint(0, 99, (ranks, ranks), generator=g)
    held = start.tolist()
    for step in range(ranks - 1):
        held = ring(held, step)
    sums = start.sum(0).tolist()
    for r in range(ranks):
        c = (r + 1) % ranks
        assert held[r][c] == sums[c]


@pytest.mark.parametrize(("numbers", "ranks"), [(10, 4), (8, 2), (5, 4)])
def test_shards_together_are_the_tensor(numbers, ranks):
    tensor = torch.arange(1.0, numbers + 1)
    pieces = [shard(tensor, ranks, rank) for rank in range(ranks)]
    assert len({len(piece) for piece in pieces}) == 1
    together = torch.cat(pieces)
    assert torch.equal(together[:numbers], tensor)
    assert not together[numbers:].any()


def test_speed_up_has_its_top_where_work_and_latency_balance():
    costs = (1.0, 0.0)
    gains = [speed_up(*costs, n, 0.005, 1e9) for n in range(1, 40)]
    assert gains[0] == 1
    assert gains.index(max(gains)) + 1 == 10  # the square root of 1 / (2 * 0.005)
