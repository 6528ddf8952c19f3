"""Tuning a whole BERT beside Hugging Face's `BertModel`: same weights, head, batch, optimiser.

Ours is a whole step of `heads.tune`; the peer's loop is the plain one. Then our step with LoRA
beside our step that tunes everything. Rates in texts a second, on the CPU.
"""

import statistics
from collections.abc import Iterator

import torch
import torch.nn.functional as F
from table import Row, in_turns
from torch import nn

from minillm.adapt import heads, lora
from minillm.models import pretrained

BATCH, LONGEST, CLASSES, ROUNDS = 32, 64, 8, 15
RATES = dict(lr=5e-5, head_lr=1e-3)


class Theirs(nn.Module):
    """`BertModel` as our head calls an encoder."""

    def __init__(self, bert: nn.Module) -> None:
        super().__init__()
        self.bert = bert

    def forward(self, tokens: torch.Tensor, *, real: torch.Tensor) -> torch.Tensor:
        return self.bert(tokens, attention_mask=real).last_hidden_state


def rows() -> list[Row]:
    from transformers import BertModel

    folder, data = pretrained.find(pretrained.MINILM), _texts()
    ours, thin = _classifier(pretrained.load(folder)), _classifier(pretrained.load(folder))
    peer = _classifier(Theirs(BertModel.from_pretrained(folder)))
    torch.testing.assert_close(_judged(ours, data), _judged(peer, data), atol=1e-4, rtol=0)
    lora.adapt(thin, r".*\.(qkv|output|up|down)", rank=8, alpha=16)
    thin.head.requires_grad_(True)
    full, less = (
        heads.tune(model, data, epochs=10 * ROUNDS, batch_size=BATCH, **RATES)
        for model in (ours, thin)
    )
    they = _plain(peer, data)
    return [
        _row("tuning, all of MiniLM", lambda: next(full), "BertModel", lambda: next(they), 1),
        _row("tuning, LoRA of rank 8", lambda: next(less), "all of it", lambda: next(full)),
    ]


def _row(what: str, ours, name: str, peer, goal: float | None = None) -> Row:
    pairs = in_turns(ours, peer, rounds=ROUNDS)
    we, they = (BATCH / statistics.median(column) for column in zip(*pairs, strict=True))
    ratios = [theirs / mine for mine, theirs in pairs]
    low, middle, high = statistics.quantiles(ratios, n=4)
    what = f"{what}, {BATCH} x {LONGEST} tokens ({low:.2f} to {high:.2f}x)"
    return Row(what, f"{we:.1f} texts/s", f"{name} {they:.1f}", middle, goal)


def _texts() -> heads.Labelled:
    """One batch of noise, its rows half to wholly full, so that padding is part of the work."""
    generator = torch.Generator().manual_seed(0)
    lengths = torch.linspace(LONGEST // 2, LONGEST, BATCH).long().tolist()
    return heads.Labelled(
        tokens=[torch.randint(1000, 30_000, (n,), generator=generator) for n in lengths],
        labels=torch.arange(BATCH) % CLASSES,
        classes=CLASSES,
    )


def _classifier(encoder: nn.Module) -> heads.Classifier:
    return heads.Classifier(encoder, width=384, classes=CLASSES)


@torch.no_grad()
def _judged(model: heads.Classifier, data: heads.Labelled) -> torch.Tensor:
    """The mean states that the head reads: to see that both encoders compute the same."""
    tokens, real, _ = data.batch(range(BATCH))
    return heads.mean_state(model.eval().encoder(tokens, real=real), real)


def _plain(model: heads.Classifier, data: heads.Labelled) -> Iterator[float]:
    optimizer = torch.optim.AdamW(heads.groups(model, **RATES), fused=True)
    model.train()
    while True:
        tokens, real, labels = data.batch(range(BATCH))
        loss = F.cross_entropy(model(tokens, real=real), labels)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        yield loss.item()
