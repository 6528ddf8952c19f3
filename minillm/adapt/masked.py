"""Masked language modelling: some tokens are hidden, and these alone are asked for. Lesson 10."""

from collections.abc import Sequence

import torch
from torch import Tensor

from minillm.batches import IGNORE, Batch


def hide(
    tokens: Tensor,
    *,
    share: float,
    mask: int,
    special: Sequence[int],
    vocab_size: int,
    generator: torch.Generator,
) -> Batch:
    """Hide about `share` of the tokens (B, T), at least one a row; the others are no targets.

    Of the hidden ones 80 % become `mask`, 10 % any other token and 10 % stay as they are, so that
    the model may trust no token it sees. Those in `special` are never hidden. Devlin et al. 2018
    (arXiv 1810.04805), section 3.1. Raises ValueError for a row with nothing to hide.
    """
    if not 0 < share < 1:
        raise ValueError(f"share is {share}; it must be between 0 and 1, as 0.15.")
    never = torch.tensor([*special, mask])
    may = ~torch.isin(tokens, never)
    if not (enough := may.any(1)).all():
        row = int((~enough).nonzero()[0])
        raise ValueError(f"Row {row} has special tokens alone, so nothing to hide; leave it out.")
    dice = torch.rand(tokens.shape, generator=generator).masked_fill(~may, 1.0)
    hidden = (dice < share) | (dice == dice.amin(1, keepdim=True))
    words = torch.arange(vocab_size)
    words = words[~torch.isin(words, never)]
    other = words[torch.randint(len(words), tokens.shape, generator=generator)]
    fate = torch.rand(tokens.shape, generator=generator)
    shown = torch.where(fate < 0.8, mask, torch.where(fate < 0.9, other, tokens))
    return Batch(
        inputs=torch.where(hidden, shown, tokens),
        targets=tokens.masked_fill(~hidden, IGNORE),
    )


class MaskedRows:
    """Texts whose tokens are hidden anew in every batch: what a `Trainer` takes to pretrain.

    The texts of a batch have one length, so that there is no padding; each text is as likely as
    any other. The arguments after `batch_size` are those of `hide`.
    """

    def __init__(self, texts: Sequence[Tensor], *, batch_size: int, **how) -> None:
        if not texts:
            raise ValueError("There are no texts; give at least one.")
        self.batch_size, self.how = batch_size, how
        self.lengths = torch.tensor([len(text) for text in texts])
        self.of_length = {
            T: torch.stack([text for text in texts if len(text) == T])
            for T in set(self.lengths.tolist())
        }

    def sample(self, generator: torch.Generator) -> Batch:
        """`batch_size` texts at random, all as long as one that was drawn first."""
        first = torch.randint(len(self.lengths), (), generator=generator)
        rows = self.of_length[int(self.lengths[first])]
        drawn = torch.randint(len(rows), (self.batch_size,), generator=generator)
        return hide(rows[drawn], generator=generator, **self.how)
