"""How much a model computes, predicted from its shape. Lesson 07."""

from collections.abc import Callable
from dataclasses import dataclass

from torch import nn
from torch.utils.flop_counter import FlopCounterMode


def parameters(model: nn.Module) -> int:
    """Numbers the model has learnt or can learn, shared ones counted once."""
    return sum(p.numel() for p in model.parameters())


@dataclass(frozen=True, kw_only=True)
class FlopsPerToken:
    """Floating-point operations for one token of a full context (a multiply-add counts two)."""

    linear: int  # weights times activations
    attention: int  # queries times keys, weights times values

    @property
    def forward(self) -> int:
        """Reading a token."""
        return self.linear + self.attention

    @property
    def training(self) -> int:
        """Reading it and learning from it: the backward pass costs twice the forward pass."""
        return 3 * self.forward


def flops_per_token(model: nn.Module) -> FlopsPerToken:
    """Predicted from the shape, with the whole T x T square counted, as hardware computes it.

    model: one whose `config` has layers, context, width, vocab_size and tied, such as `GPT`.
    Kaplan et al. 2020, table 1 (arXiv 2001.08361), without the parts that grow with C alone.
    Tested against torch's own counter.
    """
    c = model.config
    linear = sum(2 * m.weight.numel() for m in model.modules() if isinstance(m, nn.Linear))
    if c.tied:
        linear += 2 * c.vocab_size * c.width
    return FlopsPerToken(linear=linear, attention=c.layers * 4 * c.context * c.width)


def counted_flops(run: Callable[[], object]) -> int:
    """What PyTorch counts while `run()` works: the matrix products, a multiply-add as two.

    Attention is counted as the full T x T square, and fused attention on a CPU not at all.
    """
    with FlopCounterMode(display=False) as counter:
        run()
    return counter.get_total_flops()
