"""The reference against PyTorch's softmax."""

import pytest
import torch

from minillm.exercises.lesson03.softmax import softmax


@pytest.mark.parametrize("size", [1e-3, 1.0, 1e3])
def test_softmax_is_torchs(size):
    scores = size * torch.randn(6, 9, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(softmax(scores), scores.softmax(-1))
