"""The references of lesson 05 against torch and the package."""

import math

import torch
import torch.nn.functional as F

from minillm.batches import DocumentRows
from minillm.exercises.lesson05 import cross_entropy, gradient, perplexity, shift


def test_cross_entropy_and_its_gradient_are_torchs():
    generator = torch.Generator().manual_seed(4)
    logits = (9 * torch.randn(6, 5, generator=generator)).requires_grad_()
    targets = torch.randint(0, 5, (6,), generator=generator)
    loss = F.cross_entropy(logits, targets)
    torch.testing.assert_close(cross_entropy(logits, targets), loss)
    (by_autograd,) = torch.autograd.grad(loss, logits)
    torch.testing.assert_close(gradient(logits, targets), by_autograd)


def test_shift_is_what_a_row_of_documents_does():
    document = [4, 2, 9]
    inputs, targets = shift(document, 0)
    ids = [*document, 0]  # the world's documents hold their end token
    row = DocumentRows([(ids, [0.0] * 4, [0] * 4)], end=0, batch_size=1)
    (batch,) = row.whole()
    assert batch.inputs[0].tolist() == inputs
    assert batch.targets[0].tolist() == targets


def test_perplexity_of_parts_is_that_of_the_whole():
    losses = [0.3, 2.0, 1.1, 0.7, 3.0]
    parts = [losses[:2], losses[2:]]
    found = perplexity([sum(p) / len(p) for p in parts], [len(p) for p in parts])
    assert math.isclose(found, math.exp(sum(losses) / 5))
