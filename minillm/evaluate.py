"""How good is a model? Loss on unseen text, in the units people compare. Lessons 05, 06."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn

from minillm.batches import IGNORE, DocumentRows, Windows


def loss(model: nn.Module, data: Windows | DocumentRows) -> float:
    """Mean cross-entropy over all of `data`, nats per token; dropout off. Lesson 05."""
    total, tokens = summed_loss(model, data)
    return total / tokens


@torch.no_grad()
def summed_loss(model: nn.Module, data: Windows | DocumentRows) -> tuple[float, int]:
    """The same before the division: nats over all of `data`, and how many tokens were scored."""
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
    return total, tokens


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


@dataclass(frozen=True, kw_only=True)
class Regret:
    """How far a model is above the floor: its loss minus the oracle's, on the same tokens."""

    bits: float  # per token of the world
    error: float  # one standard error of it, bits
    tokens: int  # of the world, that were scored


@torch.no_grad()
def regret(model: nn.Module, data: DocumentRows, kinds: Sequence[str]) -> dict[str, Regret]:
    """Regret over all tokens ("all") and for each of `kinds`, in bits per token. Lesson 05.

    Zero is the best that any model can do on average; on a few documents it may come out below.
    The error takes documents, not tokens, as independent: tokens of one document are not.
    """
    was_training = model.training
    model.eval()
    device = next(model.parameters()).device
    above, counted = [], []  # per document: (kinds,) sums of bits, and of tokens
    try:
        for batch in data.whole():
            logits = model(batch.inputs.to(device)).cpu().double()  # (B, T, V)
            nats = F.cross_entropy(
                logits.transpose(1, 2), batch.targets, ignore_index=IGNORE, reduction="none"
            )
            extra = (nats + batch.log_probs) / math.log(2)  # (B, T)
            for k in range(len(kinds)):
                here = (batch.kinds == k) & (batch.targets != IGNORE)
                above.append((extra * here).sum(1))
                counted.append(here.sum(1))
    finally:
        model.train(was_training)
    sums = _by_document(above, len(kinds))  # (documents, kinds)
    counts = _by_document(counted, len(kinds))
    out = {"all": _ratio(sums.sum(1), counts.sum(1))}
    return out | {kind: _ratio(sums[:, k], counts[:, k]) for k, kind in enumerate(kinds)}


def _by_document(parts: list[torch.Tensor], kinds: int) -> torch.Tensor:
    return torch.stack([torch.cat(parts[k::kinds]) for k in range(kinds)], dim=1).double()


def _ratio(sums: torch.Tensor, counts: torch.Tensor) -> Regret:
    """Mean per token with its standard error, documents being the independent draws."""
    total = counts.sum()
    mean = sums.sum() / total
    error = (sums - mean * counts).square().sum().sqrt() / total
    return Regret(bits=mean.item(), error=error.item(), tokens=int(total))
