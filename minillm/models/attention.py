"""Scaled dot-product attention, written out and fast, and the layer around it. Lesson 03."""

import math
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from minillm.models.cache import Keep


class Tap(nn.Module):
    """A named point inside a model: does nothing, so that a forward hook can look or replace.

    `model.blocks[0].attention.weights.register_forward_hook(...)` sees every attention weight,
    and may return others. Hooks are the only way to look inside a model.
    """

    @property
    def watched(self) -> bool:
        """True while a hook is registered here."""
        return bool(self._forward_hooks)

    def forward(self, x: Tensor) -> Tensor:
        """Return `x` as it came."""
        return x


def causal_mask(T: int, S: int | None = None, *, device: torch.device | None = None) -> Tensor:
    """Who may read whom when nobody sees the future: (T, S) boolean, True = may attend.

    The T queries are the last T of S positions (S = T unless a cache holds earlier keys).

    >>> causal_mask(2, 3).int().tolist()
    [[1, 1, 0], [1, 1, 1]]
    """
    S = T if S is None else S
    return torch.ones(T, S, dtype=torch.bool, device=device).tril(S - T)


def attention_weights(q: Tensor, k: Tensor, mask: Tensor | None = None) -> Tensor:
    """softmax(QKᵀ/√D): how much each query reads from each key.

    q (B, H, T, D), k (B, H, S, D), mask broadcastable to (B, H, T, S), True = may attend.
    Returns (B, H, T, S); each row sums to 1, except that a query with nothing to read gets zeros.
    Vaswani et al. 2017, equation 1 (arXiv 1706.03762). Lesson 03.
    """
    D = q.size(-1)
    scores = q @ k.transpose(-2, -1) / math.sqrt(D)  # (B, H, T, S)
    if mask is None:
        return scores.softmax(-1)
    # The lowest finite number, not -inf: a row that is masked throughout stays free of NaN.
    scores = scores.masked_fill(~mask, torch.finfo(scores.dtype).min)
    return scores.softmax(-1).masked_fill(~mask, 0.0)


def attention(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None) -> Tensor:
    """softmax(QKᵀ/√D)V, the readable path. Shapes as in `attention_weights`; v (B, H, S, D)."""
    return attention_weights(q, k, mask) @ v


class Attention(nn.Module):
    """Multi-head self-attention over (B, T, C). Lesson 03.

    `turn` turns queries and keys by their position (rotary embeddings) or is None.
    With `qk_norm`, queries and keys are scaled to a fixed length before they meet
    (Henry et al. 2020, arXiv 2010.04245), so that the scores cannot blow up.
    """

    def __init__(
        self, width: int, heads: int, *, bias: bool, qk_norm: bool, dropout: float
    ) -> None:
        super().__init__()
        self.heads, self.qk_norm, self.dropout = heads, qk_norm, dropout
        self.qkv = nn.Linear(width, 3 * width, bias=bias)  # queries, keys, values in one product
        self.output = nn.Linear(width, width, bias=bias)
        self.weights = Tap()

    def forward(
        self,
        x: Tensor,
        mask: Tensor | None,
        turn: Callable[[Tensor], Tensor] | None = None,
        keep: Keep | None = None,
    ) -> Tensor:
        """x (B, T, C) to (B, T, C). mask None means causal over the T tokens of `x`.

        keep stores the new keys and values, and returns all there are (lesson 09).
        """
        B, T, C = x.shape
        # Each head gets its own slice of the width: (B, T, 3C) to (3, B, H, T, D).
        qkv = self.qkv(x).view(B, T, 3, self.heads, C // self.heads).permute(2, 0, 3, 1, 4)
        qk, v = qkv.split((2, 1))
        if self.qk_norm:
            qk = F.rms_norm(qk, qk.shape[-1:])
        if turn is not None:
            qk = turn(qk)
        q, k, v = *qk.unbind(), v.squeeze(0)
        if keep is not None:
            k, v = keep(k, v)  # (B, H, S, D)
        y = self.read(q, k, v, mask)  # (B, H, T, D)
        return self.output(y.transpose(1, 2).reshape(B, T, C))

    def read(self, q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None) -> Tensor:
        """Attend: fast, unless somebody watches the weights. Both paths are tested equal."""
        T, S = q.size(-2), k.size(-2)
        dropout = self.dropout if self.training else 0.0
        if not self.weights.watched:
            if mask is None and 1 < T != S:  # a single last row may read everything
                mask = causal_mask(T, S, device=q.device)
            causal = mask is None and T > 1
            return F.scaled_dot_product_attention(
                q, k, v, attn_mask=mask, is_causal=causal, dropout_p=dropout
            )
        if mask is None:
            mask = causal_mask(T, S, device=q.device)
        weights = self.weights(attention_weights(q, k, mask))
        return F.dropout(weights, dropout) @ v
