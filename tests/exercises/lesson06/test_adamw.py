"""The reference against PyTorch's AdamW."""

import torch

from minillm.exercises.lesson06.adamw import adamw


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
