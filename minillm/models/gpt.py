"""A decoder-only Transformer: reads tokens, scores every possible next one. Lessons 03 to 05."""

from dataclasses import dataclass
from typing import Literal, get_args

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from minillm.models.attention import Attention
from minillm.models.cache import KVCache
from minillm.models.layers import MLP, NORMS, Rotary, sinusoids

Position = Literal["none", "learned", "sinusoidal", "rotary"]
Norm = Literal["layer", "rms"]
NormPlace = Literal["before", "after"]
MLPKind = Literal["gelu", "relu2", "swiglu"]


def check_shape(config: object, *sizes: str) -> None:
    """Refuse what no stack of blocks can have: ValueError names the setting of the config."""
    for name in sizes:
        value = getattr(config, name)
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise ValueError(f"{name} is {value!r}; it must be a whole number of at least 1.")
    if config.width % config.heads:
        raise ValueError(
            f"width {config.width} does not divide into {config.heads} heads; "
            f"choose a width that is a multiple of {config.heads}."
        )
    if not 0.0 <= config.dropout < 1.0:
        raise ValueError(f"dropout is {config.dropout}; it must be at least 0 and below 1.")


@dataclass(frozen=True, kw_only=True)
class GPTConfig:
    """The shape of a GPT. The defaults are GPT-2's choices; `presets` holds whole recipes."""

    vocab_size: int  # tokens
    context: int  # longest text read at once, tokens
    layers: int  # blocks
    heads: int  # per block
    width: int  # C, numbers a token carries; divisible by heads
    position: Position = "learned"
    norm: Norm = "layer"
    norm_place: NormPlace = "before"  # "before": each branch reads a normalised stream
    mlp: MLPKind = "gelu"
    qk_norm: bool = False  # scale queries and keys to a fixed length
    bias: bool = True  # in the linear layers
    tied: bool = True  # the output head shares the embedding's weights
    zero_branches: bool = False  # a branch's last layer starts at zero: a fresh block adds nothing
    dropout: float = 0.0  # share of numbers dropped in training, 0 to 1

    def __post_init__(self) -> None:
        """Refuse shapes that cannot work."""
        check_shape(self, "vocab_size", "context", "layers", "heads", "width")
        if self.position in ("rotary", "sinusoidal") and self.head_width % 2:
            raise ValueError(
                f"{self.position} positions pair numbers up, but a head is {self.head_width} wide; "
                "choose width / heads even."
            )
        kinds = {"position": Position, "norm": Norm, "norm_place": NormPlace, "mlp": MLPKind}
        for name, kind in kinds.items():
            if getattr(self, name) not in get_args(kind):
                raise ValueError(
                    f"{name} is {getattr(self, name)!r}; it must be one of {get_args(kind)}."
                )

    @property
    def head_width(self) -> int:
        """D, numbers per head."""
        return self.width // self.heads


class Block(nn.Module):
    """Attention moves information between tokens; the MLP works on each token by itself."""

    def __init__(self, config: GPTConfig) -> None:
        super().__init__()
        c = config
        self.before = c.norm_place == "before"
        self.attention_norm = NORMS[c.norm](c.width)
        self.attention = Attention(
            c.width, c.heads, bias=c.bias, qk_norm=c.qk_norm, dropout=c.dropout
        )
        self.mlp_norm = NORMS[c.norm](c.width)
        self.mlp = MLP(c.width, c.mlp, bias=c.bias)
        self.dropout = nn.Dropout(c.dropout) if c.dropout else nn.Identity()

    def forward(self, x: Tensor, mask: Tensor | None, turn=None, keep=None) -> Tensor:
        """x (B, T, C) to (B, T, C): the stream plus what the two branches add to it."""
        if self.before:
            x = x + self.dropout(self.attention(self.attention_norm(x), mask, turn, keep))
            return x + self.dropout(self.mlp(self.mlp_norm(x)))
        x = self.attention_norm(x + self.dropout(self.attention(x, mask, turn, keep)))
        return self.mlp_norm(x + self.dropout(self.mlp(x)))


class GPT(nn.Module):
    """P(next token | the tokens before it), as logits over the vocabulary.

    Radford et al. 2019 (GPT-2) with the defaults of `GPTConfig`. `seed` fixes the initial weights.

    >>> tiny = GPT(GPTConfig(vocab_size=5, context=8, layers=1, heads=2, width=4))
    >>> tiny(torch.tensor([[1, 2, 3]])).shape
    torch.Size([1, 3, 5])
    """

    def __init__(self, config: GPTConfig, *, seed: int = 0) -> None:
        super().__init__()
        self.config = c = config
        with torch.random.fork_rng(devices=[]):  # torch fills new layers from the global generator
            self._build(c)
        self.initialise(torch.Generator().manual_seed(seed))

    def _build(self, c: GPTConfig) -> None:
        self.embedding = nn.Embedding(c.vocab_size, c.width)
        self.position = nn.Embedding(c.context, c.width) if c.position == "learned" else None
        self.rotary = Rotary(c.head_width, c.context) if c.position == "rotary" else None
        if c.position == "sinusoidal":
            self.register_buffer("sinusoids", sinusoids(c.context, c.width), persistent=False)
        self.dropout = nn.Dropout(c.dropout) if c.dropout else nn.Identity()
        self.blocks = nn.ModuleList(Block(c) for _ in range(c.layers))
        self.norm = NORMS[c.norm](c.width) if c.norm_place == "before" else nn.Identity()
        self.head = None if c.tied else nn.Linear(c.width, c.vocab_size, bias=False)

    @torch.no_grad()
    def initialise(self, generator: torch.Generator) -> None:
        """Draw all weights afresh: normal, 0.02; what a branch adds to the stream is smaller.

        The last layer of each branch is scaled by 1/√(2L), so that the sum of 2L branches keeps
        its size (GPT-2, section 2.3), or starts at zero.
        """
        for name, p in self.named_parameters():
            if p.dim() < 2:
                p.fill_(1.0 if name.endswith("norm.weight") else 0.0)
            elif name.endswith(("attention.output.weight", "mlp.down.weight")):
                std = 0.0 if self.config.zero_branches else 0.02 / (2 * self.config.layers) ** 0.5
                p.normal_(0.0, std, generator=generator)
            else:
                p.normal_(0.0, 0.02, generator=generator)

    def forward(
        self,
        tokens: Tensor,
        *,
        mask: Tensor | None = None,
        positions: Tensor | None = None,
        cache: KVCache | None = None,
    ) -> Tensor:
        """tokens (B, T) to logits (B, T, V).

        mask (B, 1, T, S) or (T, S), True = may attend, replaces the causal mask.
        positions (T,) or (B, T), default 0, 1, 2... after what the cache holds.
        cache keeps keys and values from call to call; only the new tokens are passed. With
        positions (B, T), each row's new tokens go to places of their own in it.
        """
        _, T = tokens.shape
        start = cache.length if cache is not None and positions is None else 0
        if start + T > self.config.context:
            raise ValueError(
                f"{start + T} tokens came, but this model reads {self.config.context} at once; "
                "pass the last ones only."
            )
        keeps = [None] * self.config.layers
        if cache is not None:
            positions, read, keeps = cache.place(tokens, positions)
            mask = read if mask is None else mask
        elif positions is None:
            positions = torch.arange(T, device=tokens.device)
        x = self.embedding(tokens)  # (B, T, C)
        if self.position is not None:
            x = x + self.position(positions)
        elif self.config.position == "sinusoidal":
            x = x + self.sinusoids[positions]
        x = self.dropout(x)
        turn = self.rotary.at(positions) if self.rotary is not None else None
        for block, keep in zip(self.blocks, keeps, strict=True):
            x = block(x, mask, turn, keep)
        return self.logits(self.norm(x))

    def logits(self, x: Tensor) -> Tensor:
        """The stream (B, T, C) read out as scores of every token (B, T, V)."""
        return F.linear(x, self.embedding.weight) if self.head is None else self.head(x)

    def new_cache(self, batch: int = 1, capacity: int | None = None) -> KVCache:
        """An empty cache that fits this model, on its device, in its number format."""
        c, weight = self.config, self.embedding.weight
        return KVCache(
            layers=c.layers,
            batch=batch,
            heads=c.heads,
            capacity=capacity or c.context,
            head_width=c.head_width,
            dtype=weight.dtype,
            device=weight.device,
        )
