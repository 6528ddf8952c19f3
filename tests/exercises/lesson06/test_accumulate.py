"""The reference against one large batch."""

import torch

from minillm.exercises.lesson06.accumulate import accumulate, squared_error


def test_accumulation_is_the_large_batch():
    generator = torch.Generator().manual_seed(1)
    weight = torch.randn(3, generator=generator, requires_grad=True)
    x, y = torch.randn(11, 3, generator=generator), torch.randn(11, generator=generator)
    large = torch.autograd.grad(squared_error(weight, x, y), weight)[0]
    batches = list(zip(x.split(4), y.split(4), strict=True))
    torch.testing.assert_close(accumulate(squared_error, weight, batches), large)
