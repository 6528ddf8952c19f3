"""The bytes of training and of writing: predicted from the shape, and counted live. Lesson 07."""

import weakref
from dataclasses import dataclass

import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from minillm.cost.flops import parameters

WHOLE, HALF = 4, 2  # bytes of a number in fp32, and in bf16 or fp16


@dataclass(frozen=True, kw_only=True)
class TrainingBytes:
    """What a parameter needs beside itself while it is trained. All in fp32."""

    weights: int
    gradients: int
    optimizer: int

    @property
    def total(self) -> int:
        """All three; activations come on top."""
        return self.weights + self.gradients + self.optimizer


def training_bytes(model: nn.Module, *, averages: int = 2) -> TrainingBytes:
    """Weights, gradients and the optimiser's running averages: AdamW keeps two, Muon one."""
    once = WHOLE * parameters(model)
    return TrainingBytes(weights=once, gradients=once, optimizer=averages * once)


def activation_bytes(config, *, batch: int, half: bool = False, recompute: bool = False) -> int:
    """What one forward pass over `batch` full contexts keeps for the backward pass.

    config: a GPT's. half: products in bf16 or fp16. recompute: of each block only its input is
    kept. Without dropout, whose masks come on top, and with fused attention, which keeps no T x T
    weights. Exact for GPT-2's choices on a CPU (the tests count it); within a tenth for others
    in fp32. Compare Korthikanti et al. 2022, section 4.1 (arXiv 2205.05198).
    """
    c, tokens, number = config, batch * config.context, HALF if half else WHOLE
    layer = _layer_bytes(c, tokens, number) if not recompute else WHOLE * tokens * c.width
    norm = tokens * (WHOLE * c.width + _norm_bytes(c))  # the last norm: its input, its statistics
    head = tokens * (number * c.width + WHOLE * c.vocab_size)  # its input, and log-probabilities
    copies = HALF * c.vocab_size * c.width if half else 0  # of the head's weights
    return c.layers * layer + norm + head + copies


def _layer_bytes(c, tokens: int, number: int) -> int:
    """One block: what each of its operations needs again to find its gradient."""
    hidden = 8 if c.mlp != "swiglu" else 4 * (-(-c.width * 8 // 24) * 8) / c.width
    turned = 3 if c.qk_norm else 2 if c.position == "rotary" else 0  # queries, keys made anew
    stream = 2 * WHOLE * c.width  # what the two norms read, always in fp32
    normed = 2 * c.width  # what they hand on
    attention = (3 + 1 + turned) * c.width  # queries, keys, values; the result
    sums = WHOLE * c.heads * (3 if c.qk_norm else 1)  # one a row of weights, and of norms
    per_token = stream + number * (normed + attention + hidden * c.width) + sums
    copies = HALF * 12 * c.width**2 if number == HALF else 0  # of the block's weights
    return int(tokens * (per_token + 2 * _norm_bytes(c))) + copies


def _norm_bytes(c) -> int:
    """A layer norm keeps each token's mean and spread, an RMS norm its size."""
    return WHOLE * (2 if c.norm == "layer" else 1)


def cache_bytes(config, *, batch: int = 1, length: int | None = None, number: int = HALF) -> int:
    """Keys and values of `length` tokens (the whole context) of `batch` texts. Lesson 09."""
    length = config.context if length is None else length
    return 2 * config.layers * batch * length * config.width * number


def decode_bytes(model: nn.Module, *, batch: int = 1, length: int, number: int = HALF) -> int:
    """What has to be read to write one more token in `batch` texts: all weights, and the cache."""
    cache = cache_bytes(model.config, batch=batch, length=length, number=number)
    return number * parameters(model) + cache


class LiveTensors(TorchDispatchMode):
    """Counts the bytes of all tensors made inside the block that are still alive.

        with LiveTensors() as live:
            loss = model(tokens).sum()
        live.now, live.peak

    Exact and the same on every device; what a kernel needs for itself for a moment is not seen.
    """

    def __init__(self) -> None:
        super().__init__()
        self.now, self.peak = 0, 0
        self._known = weakref.WeakKeyDictionary()  # storages that are counted

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        """Run the operation, and count what it made."""
        given = {id(t.untyped_storage()) for t in _tensors((args, kwargs))}
        out = function(*args, **(kwargs or {}))
        for tensor in _tensors(out):
            storage = tensor.untyped_storage()
            if id(storage) in given or storage in self._known:
                continue  # a view of something that is there already
            size = storage.nbytes()
            self._known[storage] = size
            self.now += size
            self.peak = max(self.peak, self.now)
            weakref.finalize(storage, self._gone, size)
        return out

    def _gone(self, size: int) -> None:
        self.now -= size


def _tensors(tree: object) -> list[torch.Tensor]:
    return [leaf for leaf in tree_leaves(tree) if isinstance(leaf, torch.Tensor)]
