"""From a text to the batches a model trains on, and the part that is held out. Lesson 06."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

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
        """The same batch on another device."""
        return Batch(inputs=self.inputs.to(device), targets=self.targets.to(device))

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

    def whole(self, batch_size: int = 128) -> Iterator[Batch]:
        """Neighbouring windows from the first token to the last, the last one padded."""
        last = len(self.ids) - 1  # predictions to make
        rows = -(-last // self.context)
        inputs = torch.zeros(rows * self.context, dtype=torch.int64)
        targets = torch.full_like(inputs, IGNORE)
        inputs[:last], targets[:last] = self.ids[:-1], self.ids[1:]
        inputs, targets = inputs.view(rows, -1), targets.view(rows, -1)
        for i in range(0, rows, batch_size):
            yield Batch(inputs=inputs[i : i + batch_size], targets=targets[i : i + batch_size])


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
