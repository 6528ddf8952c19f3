"""The references of lesson 12 against the package."""

import torch
from torch import nn

from minillm import cost
from minillm.adapt import lora
from minillm.exercises.lesson12.begin import _draw, begin
from minillm.exercises.lesson12.cut import cut
from minillm.exercises.lesson12.room import room
from minillm.exercises.lesson12.swap import swap
from minillm.exercises.lesson12.thin import thin


def layer(seed=0, rank=2):
    """Of the package, as after training."""
    g = torch.Generator().manual_seed(seed)
    base = nn.Linear(5, 7, bias=False)
    base.weight.data.normal_(generator=g)
    made = lora.LoRALinear(base, rank=rank, alpha=6, generator=g)
    made.B.data.normal_(generator=g)
    return made


@torch.no_grad()
def test_the_product_and_its_merging_are_the_packages():
    one, x = layer(), torch.randn(3, 5, generator=torch.Generator().manual_seed(1))
    weight, adapter = one.base.weight.clone(), (one.A, one.B, 6)
    torch.testing.assert_close(thin(x, weight, *adapter), one(x))
    one.add(1.0)
    torch.testing.assert_close(swap(weight, None, adapter), one.base.weight)
    torch.testing.assert_close(swap(one.base.weight, adapter, None), weight)


def test_what_is_made_at_the_start_and_its_bytes_are_the_packages():
    model = nn.Sequential(nn.Linear(5, 7, bias=False), nn.Linear(7, 7, bias=False))
    shapes = {name: tuple(p.shape) for name, p in model.named_modules() if name for p in [p.weight]}
    made = begin(shapes, ["0", "1"], 2, _draw)
    layers = lora.adapt(model, ".*", rank=2, alpha=1)
    assert [(name, A.shape, B.shape) for name, A, B in made] == [
        (name, one.A.shape, one.B.shape) for name, one in layers.items()
    ]
    weights, gradients, averages = room([*shapes.values()], 2)
    trained = sum(p.numel() for p in model.parameters() if p.requires_grad)
    assert weights == cost.training_bytes(model).weights
    assert gradients == 4 * trained
    assert averages == 2 * gradients


def test_no_trained_product_is_nearer_than_the_cut():
    change = torch.randn(5, 7, generator=torch.Generator().manual_seed(2))
    S = torch.linalg.svdvals(change)
    left = (change - cut(change, 2)).square().sum()
    torch.testing.assert_close(left, S[2:].square().sum())
