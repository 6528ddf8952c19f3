"""Keys and values of the tokens read so far, so that a new token costs one row. Lesson 09."""

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor

# Takes the keys and values of new tokens, returns those of all tokens so far.
Keep = Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]


class LayerCache:
    """One layer's keys and values, (B, H, capacity, D) each, allocated once."""

    def __init__(self, shape: tuple[int, int, int, int], dtype: torch.dtype, device: torch.device):
        self.keys = torch.zeros(shape, dtype=dtype, device=device)
        self.values = torch.zeros(shape, dtype=dtype, device=device)

    def append(self, k: Tensor, v: Tensor, start: int) -> tuple[Tensor, Tensor]:
        """Store (B, H, T, D) from place `start` on; return keys and values of all S so far."""
        B, _, T, _ = k.shape
        # narrow is [:, :, start:end] in one step instead of three, which counts for one token.
        keys, values = self.keys.narrow(0, 0, B), self.values.narrow(0, 0, B)
        keys.narrow(2, start, T).copy_(k)
        values.narrow(2, start, T).copy_(v)
        return keys.narrow(2, 0, start + T), values.narrow(2, 0, start + T)

    def put(self, k: Tensor, v: Tensor, places: Tensor, span: int) -> tuple[Tensor, Tensor]:
        """Store (B, H, T, D), each row at its own `places` (B, T); return the first `span`."""
        B = len(k)
        rows = torch.arange(B, device=k.device)[:, None]
        self.keys[rows, :, places] = k.transpose(1, 2).to(self.keys.dtype)  # (B, T, H, D)
        self.values[rows, :, places] = v.transpose(1, 2).to(self.values.dtype)
        return self.keys[:B, :, :span], self.values[:B, :, :span]


class KVCache:
    """The caches of all layers, for B texts of at most `capacity` tokens. `generate` moves it.

    Texts that grow in step share one `length`, which the model moves on. Where each text has a
    length of its own, whoever calls the model keeps them, and says by `positions` where the new
    tokens go. A model that is called with fewer than B texts uses the first rows.

    Bytes: 2 (keys and values) x L x B x capacity x C x bytes per number.
    """

    def __init__(
        self,
        *,
        layers: int,
        batch: int,
        heads: int,
        capacity: int,
        head_width: int,
        dtype: torch.dtype = torch.float32,
        device: torch.device | str = "cpu",
    ) -> None:
        shape = (batch, heads, capacity, head_width)
        self.layers = [LayerCache(shape, dtype, torch.device(device)) for _ in range(layers)]
        self.capacity = capacity
        self.length = 0  # tokens stored, where all rows have the same

    def place(
        self, tokens: Tensor, positions: Tensor | None
    ) -> tuple[Tensor, Tensor | None, list[Keep]]:
        """Where new tokens (B, T) go: their positions, a mask if one is needed, each layer's store.

        Without `positions` every row goes on at `length`, which moves on; with positions (B, T)
        each row has places of its own.
        """
        if positions is None:
            start, end = self.length, self.length + tokens.size(1)
            self._check(end)
            self.length = end
            positions = torch.arange(start, end, device=tokens.device)
            return positions, None, [partial(layer.append, start=start) for layer in self.layers]
        positions = positions.expand(tokens.shape)
        S = self._span(positions)
        # Each row reads what it holds, up to the token itself.
        mask = torch.arange(S, device=tokens.device) <= positions[..., None]  # (B, T, S)
        keeps = [partial(layer.put, places=positions, span=S) for layer in self.layers]
        return positions, mask.unsqueeze(1), keeps

    def _span(self, places: Tensor) -> int:
        """How many places are read: up to the last one.

        Inside a compiled step it is the whole capacity: one shape, whatever the lengths.
        """
        if torch.compiler.is_compiling():
            return self.capacity
        end = int(places.max()) + 1
        self._check(end)
        return end

    def _check(self, end: int) -> None:
        if end > self.capacity:
            raise ValueError(
                f"The cache holds {self.capacity} tokens; {end} came. "
                "Make it longer, or read the text in a shorter window."
            )

    def clear(self) -> None:
        """Forget everything; the memory stays."""
        self.length = 0

    def reorder(self, rows: Tensor) -> None:
        """Row i becomes a copy of what row `rows[i]` was: beams that branch or die out."""
        for layer in self.layers:
            for kept in (layer.keys, layer.values):
                used = kept[:, :, : self.length]
                used[: len(rows)] = used[rows]

    def copy(self, rows: Tensor, other: "KVCache") -> None:
        """Row `rows[i]` takes over the first tokens of row i of a smaller cache."""
        for mine, theirs in zip(self.layers, other.layers, strict=True):
            mine.keys[rows, :, : other.length] = theirs.keys[:, :, : other.length]
            mine.values[rows, :, : other.length] = theirs.values[:, :, : other.length]

    @property
    def bytes(self) -> int:
        """Bytes allocated."""
        return sum(c.keys.nbytes + c.values.nbytes for c in self.layers)
