"""From logits to the next token: repetition penalty, temperature, top-k, top-p, a draw."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor


def probabilities(
    logits: Tensor, *, temperature: float = 1.0, top_k: int | None = None, top_p: float = 1.0
) -> Tensor:
    """Logits (..., V) to the distributions the next tokens are drawn from, each summing to 1.

    temperature 0 takes the likeliest token; below 1 sharpens, above 1 flattens.
    top_k keeps the k likeliest tokens. top_p keeps the fewest likeliest tokens that together
    hold at least that probability (Holtzman et al. 2019, arXiv 1904.09751), of what top_k left.
    Lesson 09.
    """
    Sampling(temperature=temperature, top_k=top_k, top_p=top_p)
    if temperature == 0:
        best = logits.argmax(-1)
        return torch.nn.functional.one_hot(best, logits.size(-1)).to(logits.dtype)
    p = (logits.double() / temperature).softmax(-1)  # double: a tiny temperature stays a number
    if top_k is None and top_p == 1.0:
        return p
    order = logits.argsort(dim=-1, descending=True, stable=True)
    p = p.gather(-1, order)
    if top_k is not None:
        p[..., top_k:] = 0.0
        p = p / p.sum(-1, keepdim=True)
    before = p.cumsum(-1) - p  # probability of all likelier tokens
    p[before >= top_p] = 0.0
    return torch.zeros_like(p).scatter(-1, order, p / p.sum(-1, keepdim=True))


def penalised(logits: Tensor, seen: Tensor, penalty: float) -> Tensor:
    """Logits (..., V) with every token that was `seen` (booleans, the same shape) made unlikelier.

    A positive logit is divided by the penalty and a negative one multiplied, so that both fall
    (Keskar et al. 2019, section 4.1, arXiv 1909.05858, as it is commonly built). Lesson 09.
    """
    lower = torch.where(logits > 0, logits / penalty, logits * penalty)
    return torch.where(seen, lower, logits)


@dataclass(frozen=True, kw_only=True)
class Sampling:
    """How the next token is chosen. Lesson 09."""

    temperature: float = 1.0  # 0: the likeliest token
    top_k: int | None = None  # tokens
    top_p: float = 1.0  # probability
    repetition_penalty: float = 1.0  # 1: none

    def __post_init__(self) -> None:
        """Refuse what no temperature, top-k, top-p or penalty can be."""
        whole = self.top_k is None or (isinstance(self.top_k, int) and self.top_k >= 1)
        if not (0 <= self.temperature < math.inf and 0 < self.top_p <= 1 and whole):
            raise ValueError(
                f"temperature {self.temperature}, top_k {self.top_k}, top_p {self.top_p} came; "
                "expected temperature at least 0, top_k a whole number of at least 1, "
                "top_p above 0 and at most 1."
            )
        if not 0 < self.repetition_penalty < math.inf:
            raise ValueError(
                f"repetition_penalty {self.repetition_penalty} came; expected a number above 0: "
                "1 changes nothing, 1.2 is usual."
            )

    def choose(
        self,
        logits: Tensor,
        texts: Sequence[Sequence[int]],
        generator: torch.Generator | None = None,
        *,
        end: int | None = None,
    ) -> list[int]:
        """A next token for each row of logits (N, V); `texts` are what each row has read.

        The repetition penalty counts every token of a text but `end`, which opens each document.
        """
        if self.repetition_penalty != 1.0:
            seen = torch.zeros(logits.shape, dtype=torch.bool)
            for row, ids in enumerate(texts):
                seen[row, [i for i in set(ids) if i != end]] = True
            logits = penalised(logits, seen.to(logits.device), self.repetition_penalty)
        if self.temperature == 0:
            return logits.argmax(-1).tolist()
        p = probabilities(logits, temperature=self.temperature, top_k=self.top_k, top_p=self.top_p)
        if generator is not None:
            p = p.to(generator.device)
        return torch.multinomial(p, 1, generator=generator)[:, 0].tolist()
