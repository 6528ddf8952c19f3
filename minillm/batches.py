"""From a text to the batches a model trains on, and the part that is held out. Lesson 06."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from minillm.tokenizer import Tokenizer

IGNORE = -100  # a target with this value is not scored (the default of torch's cross-entropy)


@dataclass(frozen=True, kw_only=True)
class Batch:
    """What a model reads and what it should have said.

    inputs and targets (B, T) int64; targets are the inputs one step later, or IGNORE.
    """

    inputs: Tensor
    targets: Tensor

    def to(self, device: torch.device | str) -> "Batch":
        """The same batch on another device; on its way to a GPU, Python goes on."""
        if torch.device(device).type != "cuda":
            return replace(self, inputs=self.inputs.to(device), targets=self.targets.to(device))
        # Only from pinned memory, which the system never moves, does a copy run by itself.
        inputs, targets = self.inputs.pin_memory(), self.targets.pin_memory()
        return replace(
            self,
            inputs=inputs.to(device, non_blocking=True),
            targets=targets.to(device, non_blocking=True),
        )

    @property
    def tokens(self) -> int:
        """How many targets count."""
        return int((self.targets != IGNORE).sum())


class Windows:
    """A long text as windows of `context` tokens.

    `sample` draws windows at random places, as training wants; `whole` walks through the text
    once, each token scored exactly once, as validation wants.
    """

    def __init__(self, ids: Sequence[int] | Tensor, *, context: int, batch_size: int) -> None:
        self.ids = torch.as_tensor(ids, dtype=torch.int64)
        self.context, self.batch_size = context, batch_size
        if len(self.ids) <= context:
            raise ValueError(
                f"The text has {len(self.ids)} tokens; a window needs more than {context}. "
                "Use a longer text or a shorter context."
            )

    def sample(self, generator: torch.Generator) -> Batch:
        """`batch_size` windows from anywhere in the text."""
        starts = torch.randint(
            len(self.ids) - self.context, (self.batch_size,), generator=generator
        )
        windows = self.ids[starts[:, None] + torch.arange(self.context + 1)]  # (B, T + 1)
        return Batch(inputs=windows[:, :-1], targets=windows[:, 1:])

    def whole(self, tokens: int = 8192) -> Iterator[Batch]:
        """Neighbouring windows from the first token to the last, the last one padded.

        A batch has about `tokens` tokens: a long context or a large vocabulary needs few windows.
        """
        batch_size = max(1, tokens // self.context)
        last = len(self.ids) - 1  # predictions to make
        rows = -(-last // self.context)
        inputs = torch.zeros(rows * self.context, dtype=torch.int64)
        targets = torch.full_like(inputs, IGNORE)
        inputs[:last], targets[:last] = self.ids[:-1], self.ids[1:]
        inputs, targets = inputs.view(rows, -1), targets.view(rows, -1)
        for i in range(0, rows, batch_size):
            yield Batch(inputs=inputs[i : i + batch_size], targets=targets[i : i + batch_size])


@dataclass(frozen=True, kw_only=True)
class ScoredBatch(Batch):
    """A batch whose best possible loss is known, target by target.

    log_probs (B, T) float64: what the oracle gives each target, nats. kinds (B, T): which kind of
    choice it is. Both are padded where targets are IGNORE.
    """

    log_probs: Tensor
    kinds: Tensor


class DocumentRows:
    """Whole documents of the world, one a row: attention never crosses from one to another.

    `end` is read before the first token and is the last target of each document, so that the loss
    of a row is -log P(document), which the oracle knows exactly.
    documents: for each its ids, the oracle's log-probabilities (nats) and kinds, three equally
    long sequences, the end token included. Lesson 05.
    """

    def __init__(
        self, documents: Iterable[tuple[Sequence, Sequence, Sequence]], *, end: int, batch_size: int
    ) -> None:
        self.batch_size = batch_size
        rows = [tuple(torch.as_tensor(part) for part in document) for document in documents]
        if not rows:
            raise ValueError("There are no documents; write at least one.")
        self.lengths = torch.tensor([len(ids) for ids, _, _ in rows])
        pad = torch.nn.utils.rnn.pad_sequence
        ids, log_probs, kinds = zip(*rows, strict=True)
        self.targets = pad([i.long() for i in ids], True, IGNORE)  # (N, T)
        self.inputs = self.targets.clamp(min=0).roll(1, dims=1)
        self.inputs[:, 0] = end
        self.log_probs, self.kinds = pad(log_probs, True, 0.0), pad(kinds, True, 0)

    @property
    def context(self) -> int:
        """Tokens of the longest document."""
        return self.targets.size(1)

    def sample(self, generator: torch.Generator) -> ScoredBatch:
        """`batch_size` documents at random, padded to the longest of them."""
        return self._rows(torch.randint(len(self.lengths), (self.batch_size,), generator=generator))

    def whole(self, batch_size: int = 128) -> Iterator[ScoredBatch]:
        """Every document once, in order."""
        for rows in torch.arange(len(self.lengths)).split(batch_size):
            yield self._rows(rows)

    def _rows(self, rows: Tensor) -> ScoredBatch:
        T = int(self.lengths[rows].max())
        return ScoredBatch(
            inputs=self.inputs[rows, :T],
            targets=self.targets[rows, :T],
            log_probs=self.log_probs[rows, :T],
            kinds=self.kinds[rows, :T],
        )


class Mixture:
    """Batches of one kind, and now and then one of another, so that neither is forgotten.

    share: how likely a batch is to be of `other`, drawn anew for each; both need only `sample`.
    Raises ValueError for a share that is not between 0 and 1. Lesson 11.
    """

    def __init__(self, data, other, *, share: float) -> None:
        if not 0 <= share <= 1:
            raise ValueError(f"share is {share}; expected a probability, between 0 and 1.")
        self.data, self.other, self.share = data, other, share

    def sample(self, generator: torch.Generator) -> Batch:
        """One batch, of either."""
        of_other = torch.rand(1, generator=generator) < self.share
        return (self.other if of_other else self.data).sample(generator)


def spelled(
    pieces: Sequence[str], log_probs: Sequence, kinds: Sequence, tokenizer: Tokenizer, end: int
) -> tuple[list[int], list[float], list[int]]:
    """A document of the world in the tokens of any tokenizer, as `DocumentRows` takes it.

    pieces: how each token of the document is printed, all but the end token. A word that becomes
    several tokens has its log-probability on the first of them and 0 on the others: by the chain
    rule their sum is the word's, so the floor of the document stays what it is.
    """
    ids, spread, of_kind = [], [], []
    for piece, log_prob, kind in zip([*pieces, None], log_probs, kinds, strict=True):
        own = [end] if piece is None else tokenizer.encode(piece)
        ids += own
        spread += [float(log_prob), *[0.0] * (len(own) - 1)]
        of_kind += [int(kind)] * len(own)
    return ids, spread, of_kind


def hold_out(text: str, share: float = 0.1) -> tuple[str, str]:
    """Cut a text in two: what training sees, and the last tenth, which it never sees.

    >>> hold_out("0123456789")
    ('012345678', '9')
    """
    cut = int(len(text) * (1 - share))
    return text[:cut], text[cut:]


def windows(
    text: str, tokenizer: Tokenizer, *, context: int, batch_size: int
) -> tuple[Windows, Windows]:
    """A text's training part and its held-out part, as windows."""
    parts = [tokenizer.encode(part) for part in hold_out(text)]
    if min(map(len, parts)) <= context:
        raise ValueError(
            f"The text is too short: {len(text)} characters make {len(parts[0])} tokens to train "
            f"on and {len(parts[1])} held out, and each part needs more than {context} "
            "(the context). Use a longer text, or a preset with a shorter context."
        )
    train, held_out = (Windows(ids, context=context, batch_size=batch_size) for ids in parts)
    return train, held_out
