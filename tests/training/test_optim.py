import pytest
import torch
from torch import nn

from minillm.models.gpt import GPT, GPTConfig
from minillm.training.loop import TrainConfig
from minillm.training.optim import Muon, optimizers, orthogonalise


def randn(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("shape", [(8, 8), (8, 32), (32, 8), (3, 16, 4)])
def test_orthogonalise_pulls_every_singular_value_near_one(shape):
    values = torch.linalg.svdvals(orthogonalise(randn(*shape)))
    assert values.min() > 0.4
    assert values.max() < 1.3


def test_orthogonalise_keeps_the_singular_vectors():
    x = randn(6, 9)
    U, _, Vh = torch.linalg.svd(x, full_matrices=False)
    inside = U.T @ orthogonalise(x, steps=10) @ Vh.T
    assert (inside - torch.diag(inside.diag())).abs().max() < 1e-3


def test_a_stack_is_done_like_its_members():
    x = randn(5, 4, 12)
    alone = torch.stack([orthogonalise(m) for m in x])
    torch.testing.assert_close(orthogonalise(x), alone, atol=1e-6, rtol=1e-5)


def test_muon_follows_torchs_own():
    """Same directions as torch.optim.Muon; torch works in bfloat16, hence the tolerance."""
    shapes = [(16, 16), (16, 16), (64, 16), (16, 64)]
    ours = [nn.Parameter(randn(*s, seed=i)) for i, s in enumerate(shapes)]
    theirs = [nn.Parameter(p.detach().clone()) for p in ours]
    a = Muon(ours, lr=0.02, momentum=0.9, weight_decay=0.1)
    b = torch.optim.Muon(theirs, lr=0.02, momentum=0.9, weight_decay=0.1, nesterov=True)
    for step in range(3):
        for i, (p, q) in enumerate(zip(ours, theirs, strict=True)):
            p.grad = randn(*p.shape, seed=100 * step + i)
            q.grad = p.grad.clone()
        a.step()
        b.step()
    for i, (p, q) in enumerate(zip(ours, theirs, strict=True)):
        start = randn(*p.shape, seed=i)
        moved, expected = (p - start).flatten(), (q - start).flatten()
        assert torch.cosine_similarity(moved, expected, dim=0) > 0.999
        assert abs(moved.norm() / expected.norm() - 1) < 0.02


def test_muon_refuses_vectors():
    with pytest.raises(ValueError, match=r"shape \(3,\)"):
        Muon([nn.Parameter(torch.zeros(3))])


def test_muon_moves_hidden_matrices_and_adamw_the_rest():
    model = GPT(GPTConfig(vocab_size=9, context=8, layers=2, heads=2, width=8, tied=False))
    chosen = optimizers(model, TrainConfig(steps=1, optimizer="muon", weight_decay=0.1))
    moved = {type(o).__name__: {id(p) for g in o.param_groups for p in g["params"]} for o in chosen}
    matrices = {id(p) for n, p in model.blocks.named_parameters() if p.dim() == 2}
    assert moved["Muon"] == matrices
    assert moved["AdamW"] == {id(p) for p in model.parameters()} - matrices
    decayed = {g["weight_decay"]: g["params"] for g in chosen[0].param_groups}
    assert all(p.dim() == 1 for p in decayed[0.0])
    assert all(p.dim() == 2 for p in decayed[0.1])


def test_frozen_models_are_refused():
    model = nn.Linear(2, 2).requires_grad_(False)
    with pytest.raises(ValueError, match="unfreeze"):
        optimizers(model, TrainConfig(steps=1))


def test_a_fused_parameter_is_moved_part_by_part():
    parts = [nn.Parameter(randn(4, 8, seed=i)) for i in range(3)]
    fused = nn.Parameter(torch.cat([p.detach() for p in parts]))
    a, b = Muon(parts, lr=0.1), Muon([fused], lr=0.1, parts=3)
    fused.grad = randn(12, 8, seed=9)
    for p, g in zip(parts, fused.grad.chunk(3), strict=True):
        p.grad = g.clone()
    a.step()
    b.step()
    torch.testing.assert_close(fused, torch.cat(parts), atol=1e-6, rtol=1e-5)
