import math
from itertools import pairwise

import pytest
import torch
from torch import nn

from minillm import evaluate
from minillm.batches import Windows


class Bigram(nn.Module):
    """Logits that depend on the last token alone, so that the loss is known."""

    def __init__(self, table):
        super().__init__()
        self.table = nn.Parameter(table)
        self.dropout = nn.Dropout(0.5)

    def forward(self, tokens):
        return self.dropout(self.table)[tokens]


def test_loss_is_the_mean_over_every_token():
    table = torch.randn(5, 5, generator=torch.Generator().manual_seed(0))
    ids = [0, 3, 1, 4, 4, 2, 0, 1, 3, 2, 2]
    log_p = table.log_softmax(-1)
    expected = -sum(log_p[a, b].item() for a, b in pairwise(ids)) / 10
    model = Bigram(table)  # in training mode: dropout must be off, and on again afterwards
    for context in (1, 3, 10):
        data = Windows(ids, context=context, batch_size=1)
        assert evaluate.loss(model, data) == pytest.approx(expected, abs=1e-6)
    assert model.training


def test_uniform_model():
    model = Bigram(torch.zeros(8, 8))
    loss = evaluate.loss(model, Windows([1, 2, 3, 4], context=2, batch_size=1))
    assert loss == pytest.approx(math.log(8))
    assert evaluate.perplexity(loss) == pytest.approx(8)
    assert evaluate.bits_per_byte(loss, tokens=3, bytes=9) == pytest.approx(1)
