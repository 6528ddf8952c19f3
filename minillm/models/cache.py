"""Keys and values of the tokens read so far, so that a new token costs one row. Lesson 09."""

import torch
from torch import Tensor


class LayerCache:
    """One layer's keys and values, (B, H, capacity, D) each, allocated once."""

    def __init__(self, shape: tuple[int, int, int, int], dtype: torch.dtype, device: torch.device):
        self.keys = torch.zeros(shape, dtype=dtype, device=device)
        self.values = torch.zeros(shape, dtype=dtype, device=device)
        self.length = 0

    def append(self, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
        """Store the (B, H, T, D) keys and values of T new tokens; return those of all S so far."""
        start, end = self.length, self.length + k.size(-2)
        if end > self.keys.size(-2):
            raise ValueError(
                f"The cache holds {self.keys.size(-2)} tokens; {end} came. "
                "Make it longer, or read the text in a shorter window."
            )
        # narrow is [:, :, start:end] in one step instead of three, which counts for one token.
        self.keys.narrow(2, start, end - start).copy_(k)
        self.values.narrow(2, start, end - start).copy_(v)
        self.length = end
        return self.keys.narrow(2, 0, end), self.values.narrow(2, 0, end)


class KVCache:
    """The caches of all layers. Lives as long as one generation; `generate` alone moves it.

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

    @property
    def length(self) -> int:
        """Tokens stored."""
        return self.layers[0].length

    def clear(self) -> None:
        """Forget everything; the memory stays."""
        for layer in self.layers:
            layer.length = 0

    @property
    def bytes(self) -> int:
        """Bytes allocated."""
        return sum(c.keys.nbytes + c.values.nbytes for c in self.layers)
