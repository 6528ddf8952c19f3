"""BERT: an encoder, whose tokens read the whole text, both ways. Lesson 10."""

from dataclasses import dataclass
from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from minillm.models.gpt import Block, check_shape
from minillm.models.layers import NORMS


@dataclass(frozen=True, kw_only=True)
class BertConfig:
    """The shape of a BERT. What a `Block` asks for beside it is the same in every BERT."""

    vocab_size: int  # tokens
    context: int  # longest text read at once, tokens
    layers: int  # blocks
    heads: int  # per block
    width: int  # C, numbers a token carries; divisible by heads
    segments: int = 2  # texts in one row that are told apart
    pooler: bool = True  # a linear layer and a tanh on the first token
    dropout: float = 0.1  # share of numbers dropped in training, 0 to 1

    norm: ClassVar[str] = "bert"
    norm_place: ClassVar[str] = "after"  # the sum of stream and branch is normalised
    mlp: ClassVar[str] = "exact gelu"
    qk_norm: ClassVar[bool] = False
    bias: ClassVar[bool] = True

    def __post_init__(self) -> None:
        """Refuse shapes that cannot work."""
        check_shape(self, "vocab_size", "context", "layers", "heads", "width", "segments")


class Bert(nn.Module):
    """Every token's meaning in its text: tokens (B, T) to states (B, T, C).

    Devlin et al. 2018 (arXiv 1810.04805). `seed` fixes the initial weights.

    >>> tiny = Bert(BertConfig(vocab_size=5, context=8, layers=1, heads=2, width=4))
    >>> tiny(torch.tensor([[1, 2, 3]])).shape
    torch.Size([1, 3, 4])
    """

    def __init__(self, config: BertConfig, *, seed: int = 0) -> None:
        super().__init__()
        self.config = c = config
        with torch.random.fork_rng(devices=[]):  # torch fills new layers from the global generator
            self.embedding = nn.Embedding(c.vocab_size, c.width)
            self.position = nn.Embedding(c.context, c.width)
            self.segment = nn.Embedding(c.segments, c.width)
            self.norm = NORMS[c.norm](c.width)
            self.dropout = nn.Dropout(c.dropout)
            self.blocks = nn.ModuleList(Block(c) for _ in range(c.layers))
            self.pooler = nn.Linear(c.width, c.width) if c.pooler else None
        _draw(self, torch.Generator().manual_seed(seed))

    def forward(
        self, tokens: Tensor, *, real: Tensor | None = None, segments: Tensor | None = None
    ) -> Tensor:
        """tokens (B, T) to states (B, T, C).

        real (B, T) boolean, True = a token of the text, False = padding, which nobody reads.
        segments (B, T): which text of the row each token belongs to; default 0 throughout.
        """
        return self.encode(self.embed(tokens, segments), real=real)

    def embed(self, tokens: Tensor, segments: Tensor | None = None) -> Tensor:
        """What the first block reads: token, place and segment, added and normalised."""
        T, context = tokens.size(1), self.config.context
        if context < T:
            raise ValueError(
                f"{T} tokens came, but this model reads {context} at once; "
                "cut the text, or read it in parts."
            )
        segment = self.segment.weight[0] if segments is None else self.segment(segments)
        x = self.embedding(tokens) + self.position.weight[:T] + segment
        return self.dropout(self.norm(x))

    def encode(
        self, x: Tensor, *, real: Tensor | None = None, start: int = 0, stop: int | None = None
    ) -> Tensor:
        """x (B, T, C) through the blocks from `start` up to, not including, `stop`.

        So the states before a block may be kept, and only what follows be computed again.
        """
        B, T, _ = x.shape
        if real is None:
            real = torch.ones(B, T, dtype=torch.bool, device=x.device)
        mask = real[:, None, None, :]  # (B, 1, 1, S): the same for every head and every reader
        for block in self.blocks[start:stop]:
            x = block(x, mask)
        return x

    def pooled(self, states: Tensor) -> Tensor:
        """The first token's state (B, C), through the layer that BERT was trained to judge by."""
        if self.pooler is None:
            raise ValueError("This BERT has no pooler; take a mean of its states instead.")
        return torch.tanh(self.pooler(states[:, 0]))


class MaskedBert(nn.Module):
    """BERT as it is pretrained: logits (B, T, V) of what may have stood at every place.

    Devlin et al. 2018, section 3.1, task 1. The last product shares the embedding's weights.
    """

    def __init__(self, encoder: Bert, *, seed: int = 0) -> None:
        super().__init__()
        self.config, c = encoder.config, encoder.config
        self.encoder = encoder
        with torch.random.fork_rng(devices=[]):
            self.transform = nn.Linear(c.width, c.width)
            self.norm = NORMS[c.norm](c.width)
        self.bias = nn.Parameter(torch.zeros(c.vocab_size))
        _draw(self.transform, torch.Generator().manual_seed(seed))

    def forward(
        self, tokens: Tensor, *, real: Tensor | None = None, segments: Tensor | None = None
    ) -> Tensor:
        """tokens (B, T) to logits (B, T, V); arguments as for `Bert`."""
        states = self.encoder(tokens, real=real, segments=segments)
        x = self.norm(F.gelu(self.transform(states)))
        return F.linear(x, self.encoder.embedding.weight, self.bias)


@torch.no_grad()
def _draw(module: nn.Module, generator: torch.Generator) -> None:
    """Matrices normal, 0.02; norms 1; biases 0."""
    for name, p in module.named_parameters():
        if p.dim() > 1:
            p.normal_(0.0, 0.02, generator=generator)
        else:
            p.fill_(1.0 if name.endswith("norm.weight") else 0.0)
