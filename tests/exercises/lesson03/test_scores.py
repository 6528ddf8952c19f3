"""The reference against the package's own weights."""

import torch

from minillm.exercises.lesson03.scores import scores
from minillm.models.attention import attention_weights


def test_the_softmax_of_the_scores_is_the_packages_weights():
    generator = torch.Generator().manual_seed(1)
    q, k = torch.randn(5, 8, generator=generator), torch.randn(7, 8, generator=generator)
    torch.testing.assert_close(scores(q, k).softmax(-1), attention_weights(q, k))
