"""How good is a model? Loss on unseen text, in the units people compare. Lessons 05, 06."""

import math

import torch
import torch.nn.functional as F
from torch import nn

from minillm.batches import IGNORE, Windows


@torch.no_grad()
def loss(model: nn.Module, data: Windows) -> float:
    """Mean cross-entropy over all of `data`, nats per token; dropout off. Lesson 05."""
    was_training = model.training
    model.eval()
    device = next(model.parameters()).device
    total, tokens = 0.0, 0
    try:
        for batch in data.whole():
            batch = batch.to(device)
            logits = model(batch.inputs).float()  # (B, T, V)
            total += F.cross_entropy(
                logits.flatten(0, 1), batch.targets.flatten(), ignore_index=IGNORE, reduction="sum"
            ).item()
            tokens += batch.tokens
    finally:
        model.train(was_training)
    return total / tokens


def perplexity(loss: float) -> float:
    """exp(loss in nats): the number of equally likely choices that would be as hard.

    >>> round(perplexity(math.log(65)))
    65
    """
    return math.exp(loss)


def bits_per_byte(loss: float, *, tokens: int, bytes: int) -> float:
    """A loss in nats per token as bits per byte of text, fair between tokenizers. Lesson 02.

    >>> bits_per_byte(math.log(256), tokens=10, bytes=10)
    8.0
    """
    return loss * tokens / bytes / math.log(2)
