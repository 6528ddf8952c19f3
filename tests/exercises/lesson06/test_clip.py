"""The reference against PyTorch's clipping."""

import pytest
import torch

from minillm.exercises.lesson06.clip import clip


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
