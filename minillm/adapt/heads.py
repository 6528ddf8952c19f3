"""A reader becomes a classifier: a new last layer, and how much of the rest is tuned. Lesson 10.

Any encoder will do that maps tokens (B, T) and `real=` (B, T) to states (B, T, C). To tune its last
blocks alone, it keeps them in a `blocks` list.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import torch
import torch.nn.functional as F
from torch import Tensor, nn

Pool = Literal["mean", "first"]


class Classifier(nn.Module):
    """An encoder, the mean (or the first) of its states, and one linear layer: logits (B, classes).

    The head starts at zero, so that before training all classes are alike.
    """

    def __init__(
        self, encoder: nn.Module, *, width: int, classes: int, pool: Pool = "mean"
    ) -> None:
        super().__init__()
        if classes < 2:
            raise ValueError(f"classes is {classes}; there must be at least 2 to choose from.")
        if pool not in get_args(Pool):
            raise ValueError(f"pool is {pool!r}; it must be one of {get_args(Pool)}.")
        self.encoder, self.pool = encoder, pool
        self.head = nn.Linear(width, classes)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)

    def forward(self, tokens: Tensor, *, real: Tensor | None = None) -> Tensor:
        """tokens (B, T) to logits (B, classes); real (B, T) as for the encoder."""
        return self.judge(self.encoder(tokens, real=real), real=real)

    def judge(self, states: Tensor, *, real: Tensor | None = None) -> Tensor:
        """States (B, T, C) of the encoder to logits (B, classes)."""
        return self.head(states[:, 0] if self.pool == "first" else mean_state(states, real))


def mean_state(states: Tensor, real: Tensor | None = None) -> Tensor:
    """The mean of each text's states, padding left out: (B, T, C) to (B, C).

    >>> mean_state(torch.tensor([[[1.0], [3.0], [9.0]]]), torch.tensor([[True, True, False]]))
    tensor([[2.]])
    """
    if real is None:
        return states.mean(1)
    share = real.to(states.dtype)[..., None]  # (B, T, 1)
    return (states * share).sum(1) / share.sum(1).clamp(min=1)


def freeze(model: nn.Module, *, last: int | None) -> int:
    """Choose what training may move, and return how many numbers that is.

    last: None, everything; 0, the head alone; n, the head and the last n blocks of the encoder.
    """
    blocks = getattr(model.encoder, "blocks", [])
    if last is not None and not 0 <= last <= len(blocks):
        raise ValueError(f"last is {last}; this encoder has {len(blocks)} blocks.")
    model.requires_grad_(last is None)
    model.head.requires_grad_(True)
    for block in blocks[len(blocks) - (last or 0) :]:
        block.requires_grad_(True)
    return sum(p.numel() for p in model.parameters() if p.requires_grad)


def groups(
    model: nn.Module, *, lr: float, head_lr: float, weight_decay: float = 0.01
) -> list[dict]:
    """Parameter groups for AdamW: what was trained before learns slowly, the new head faster.

    Only matrices decay, and what is frozen is left out.
    """
    made: dict[tuple, list] = {}
    for name, p in model.named_parameters():
        if p.requires_grad:
            rate = head_lr if name.startswith("head.") else lr
            made.setdefault((rate, weight_decay if p.dim() > 1 else 0.0), []).append(p)
    return [dict(params=ps, lr=rate, weight_decay=decay) for (rate, decay), ps in made.items()]


@dataclass(frozen=True, kw_only=True)
class Labelled:
    """Texts as tokens, and the class of each: what a classifier is trained and judged on."""

    tokens: list[Tensor]  # one row each, unequal lengths
    labels: Tensor  # (N,) int64, 0 to classes - 1
    classes: int
    pad: int = 0  # the token that fills short rows up

    def __post_init__(self) -> None:
        """Refuse labels that name no class, and classes that have no text."""
        if len(self.tokens) != len(self.labels):
            raise ValueError(f"{len(self.tokens)} texts came with {len(self.labels)} labels.")
        wrong = [i for i in self.labels.tolist() if not 0 <= i < self.classes]
        if wrong:
            raise ValueError(f"Label {wrong[0]} is outside 0..{self.classes - 1}.")
        empty = set(range(self.classes)) - set(self.labels.tolist())
        if empty:
            raise ValueError(f"Class {min(empty)} has no example; leave it out or find some.")

    @classmethod
    def of(cls, texts: Sequence[str], labels: Sequence[str], tokenizer, *, most: int):
        """Texts cut to `most` tokens, classes in alphabetical order of their names."""
        names = sorted(set(labels))
        return cls(
            tokens=[torch.tensor(tokenizer.encode(text, most)) for text in texts],
            labels=torch.tensor([names.index(label) for label in labels]),
            classes=len(names),
            pad=tokenizer.pad,
        )

    def batch(self, rows: Sequence[int]) -> tuple[Tensor, Tensor, Tensor]:
        """tokens (B, T), real (B, T) and labels (B,) of some rows, padded to the longest."""
        tokens = [self.tokens[i] for i in rows]
        lengths = torch.tensor([len(row) for row in tokens])
        padded = nn.utils.rnn.pad_sequence(tokens, True, self.pad)
        real = torch.arange(padded.size(1)) < lengths[:, None]
        return padded, real, self.labels[list(rows)]

    def by_length(self, size: int) -> Iterator[list[int]]:
        """All rows, neighbours of like length: little padding, for reading without training."""
        order = sorted(range(len(self.tokens)), key=lambda i: len(self.tokens[i]))
        return (order[i : i + size] for i in range(0, len(order), size))

    def shuffled(self, size: int, generator: torch.Generator) -> Iterator[list[int]]:
        """All rows once in batches at random, rows of like length together."""
        chance = torch.rand(len(self.tokens), generator=generator)
        lengths = torch.tensor([len(row) for row in self.tokens])
        rows = (lengths * (0.8 + 0.4 * chance)).argsort()  # a little out of order, each time anew
        batches = rows.split(size)
        for i in torch.randperm(len(batches), generator=generator).tolist():
            yield batches[i].tolist()


def tune(
    model: Classifier,
    data: Labelled,
    *,
    epochs: float,
    lr: float,
    head_lr: float,
    batch_size: int = 32,
    seed: int = 0,
    weights: Tensor | None = None,
) -> Iterator[float]:
    """Train what is not frozen, one batch a step; yields each batch's loss, nats.

    AdamW; the rates climb over a tenth of the steps and then fall in a line to zero. weights
    (classes,): how much an example of each class counts. Dropout and order follow `seed`.
    """
    optimizer = torch.optim.AdamW(groups(model, lr=lr, head_lr=head_lr), fused=True)
    per_epoch = -(-len(data.tokens) // batch_size)
    steps = max(1, round(epochs * per_epoch))
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda s: min((s + 1) / max(1, 0.1 * steps), (steps - s) / steps)
    )
    generator, rows = torch.Generator().manual_seed(seed), iter(())
    model.train()
    for step in range(steps):
        if (batch := next(rows, None)) is None:
            rows = data.shuffled(batch_size, generator)
            batch = next(rows)
        tokens, real, labels = data.batch(batch)
        with torch.random.fork_rng():  # dropout draws from the global generator: lend it a seed
            torch.manual_seed(seed * 1_000_003 + step)
            loss = F.cross_entropy(model(tokens, real=real), labels, weight=weights)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        yield loss.item()
    model.zero_grad(set_to_none=True)  # as much memory as the weights
    model.eval()


@torch.no_grad()
def predict(model: Classifier, data: Labelled, batch_size: int = 64) -> Tensor:
    """Probabilities of the classes for every text, (N, classes); dropout off."""
    was_training = model.training
    model.eval()
    out = torch.empty(len(data.tokens), data.classes)
    for rows in data.by_length(batch_size):
        tokens, real, _ = data.batch(rows)
        out[rows] = model(tokens, real=real).softmax(1)
    model.train(was_training)
    return out
