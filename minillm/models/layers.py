"""The parts of a block besides attention: norms, MLPs, positions. Lesson 04."""

import math
from collections.abc import Callable
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class RMSNorm(nn.Module):
    """Divide each vector by its root mean square; no gain, no bias.

    Zhang and Sennrich 2019, equation 4 without the gain (arXiv 1910.07467).
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.shape = (width,)

    def forward(self, x: Tensor) -> Tensor:
        """(..., C) to (..., C), each vector of length √C."""
        return F.rms_norm(x, self.shape)


NORMS: dict[str, Callable[[int], nn.Module]] = {
    "layer": nn.LayerNorm,
    "rms": RMSNorm,
    "bert": partial(nn.LayerNorm, eps=1e-12),  # what BERT's weights were trained with
}


class MLP(nn.Module):
    """Two linear maps with a bend between them, the same for every token.

    kind "gelu" (GPT-2's tanh form), "exact gelu" (BERT's), "relu2" (So et al. 2021, arXiv
    2109.08668) or "swiglu"
    (Shazeer 2020, arXiv 2002.05202; hidden width 8/3 C in multiples of 8, so that all kinds
    hold about 8 C² weights).
    """

    def __init__(self, width: int, kind: str, *, bias: bool) -> None:
        super().__init__()
        self.kind = kind
        hidden = 4 * width if kind != "swiglu" else math.ceil(width * 8 / 3 / 8) * 8
        self.up = nn.Linear(width, hidden, bias=bias)
        self.gate = nn.Linear(width, hidden, bias=bias) if kind == "swiglu" else None
        self.down = nn.Linear(hidden, width, bias=bias)

    def forward(self, x: Tensor) -> Tensor:
        """(B, T, C) to (B, T, C)."""
        h = self.up(x)
        if self.gate is not None:
            h = F.silu(self.gate(x)) * h
        elif self.kind == "relu2":
            h = F.relu(h).square()
        else:
            h = F.gelu(h, approximate="tanh" if self.kind == "gelu" else "none")
        return self.down(h)


def sinusoids(length: int, width: int) -> Tensor:
    """Sines and cosines of falling frequency, one row a position: (length, width).

    Vaswani et al. 2017, section 3.5 (arXiv 1706.03762), with all sines first.
    """
    rate = torch.exp(-math.log(10_000.0) * torch.arange(0, width, 2) / width)  # (C/2,)
    angle = torch.arange(length)[:, None] * rate  # (T, C/2)
    return torch.cat([angle.sin(), angle.cos()], dim=-1)


class Rotary(nn.Module):
    """Turn each pair of numbers of a query or key by an angle that grows with its position.

    The score of two turned vectors depends on their distance alone.
    Su et al. 2021, equation 34 (arXiv 2104.09864), pairing the two halves of a vector.
    """

    def __init__(self, head_width: int, context: int) -> None:
        super().__init__()
        table = sinusoids(context, head_width)  # (context, D): sines, then cosines
        sin, cos = table.chunk(2, dim=-1)
        self.register_buffer("cos", torch.cat([cos, cos], dim=-1), persistent=False)
        self.register_buffer("sin", torch.cat([-sin, sin], dim=-1), persistent=False)

    def at(self, positions: Tensor) -> Callable[[Tensor], Tensor]:
        """The turn for tokens at `positions`, (T,) or (B, T)."""
        cos, sin = self.cos[positions], self.sin[positions]  # (..., T, D)
        if positions.dim() == 2:
            cos, sin = cos[:, None], sin[:, None]  # (B, 1, T, D): the same for every head

        def turn(x: Tensor) -> Tensor:
            left, right = x.chunk(2, dim=-1)
            return x * cos + torch.cat([right, left], dim=-1) * sin

        return turn
