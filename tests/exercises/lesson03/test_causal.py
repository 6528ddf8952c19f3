"""The reference against the package's mask."""

import torch

from minillm.exercises.lesson03.causal import causal
from minillm.models.attention import attention_weights, causal_mask


def test_causal_weights_are_the_packages():
    q = torch.randn(6, 4, generator=torch.Generator().manual_seed(1))
    expected = attention_weights(q, q, causal_mask(6))
    torch.testing.assert_close(causal(q @ q.T / 2), expected)
