"""Write text with a model: one token at a time, drawn from what the model expects. Lesson 09."""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from minillm.models.gpt import GPT
from minillm.tokenizer import Tokenizer


def probabilities(
    logits: Tensor, *, temperature: float = 1.0, top_k: int | None = None, top_p: float = 1.0
) -> Tensor:
    """Logits (V,) to the distribution the next token is drawn from, (V,), summing to 1.

    temperature 0 takes the likeliest token; below 1 sharpens, above 1 flattens.
    top_k keeps the k likeliest tokens. top_p keeps the fewest likeliest tokens that together
    hold at least that probability (Holtzman et al. 2019, arXiv 1904.09751), of what top_k left.
    """
    if temperature < 0 or not 0 < top_p <= 1 or (top_k is not None and top_k < 1):
        raise ValueError(
            f"temperature {temperature}, top_k {top_k}, top_p {top_p} came; expected "
            "temperature at least 0, top_k at least 1, top_p above 0 and at most 1."
        )
    if temperature == 0:
        return torch.nn.functional.one_hot(logits.argmax(), logits.numel()).to(logits.dtype)
    p = (logits.double() / temperature).softmax(-1)  # double: a tiny temperature stays a number
    if top_k is None and top_p == 1.0:
        return p
    p, order = p.sort(descending=True, stable=True)
    if top_k is not None:
        p[top_k:] = 0.0
        p = p / p.sum()
    before = p.cumsum(-1) - p  # probability of all likelier tokens
    p[before >= top_p] = 0.0
    return torch.zeros_like(p).scatter(-1, order, p / p.sum())


@torch.inference_mode()
def tokens(
    model: GPT,
    prompt: Sequence[int],
    *,
    count: int,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float = 1.0,
    generator: torch.Generator | None = None,
    cache: bool = True,
) -> Iterator[int]:
    """Up to `count` new token ids after `prompt`, one by one.

    With `cache`, keys and values of the text so far are kept and a token costs one row; without,
    everything is read again for every token. Both give the same text. When the model's context
    is full, the window moves on by half of it.
    """
    if not len(prompt):
        raise ValueError("The prompt is empty; give at least one token to continue.")
    was_training = model.training
    model.eval()
    context, device = model.config.context, model.embedding.weight.device
    window = list(prompt)[-context:]
    store = model.new_cache() if cache else None
    try:
        for _ in range(count):
            if len(window) > context:
                window = window[-(context // 2 + 1) :]
                if store is not None:
                    store.clear()
            new = window[store.length :] if store is not None else window
            logits = model(torch.tensor([new], device=device), cache=store)[0, -1]  # (V,)
            if temperature == 0:
                chosen = int(logits.argmax())
            else:
                p = probabilities(logits, temperature=temperature, top_k=top_k, top_p=top_p)
                chosen = int(torch.multinomial(p, 1, generator=generator))
            window.append(chosen)
            yield chosen
    finally:
        model.train(was_training)


def stream(model: GPT, tokenizer: Tokenizer, prompt: str, **options) -> Iterator[str]:
    """The continuation of `prompt`, in pieces as they come; options as in `tokens`."""
    return tokenizer.stream(tokens(model, tokenizer.encode(prompt), **options))


def text(model: GPT, tokenizer: Tokenizer, prompt: str, **options) -> str:
    """`prompt` and its continuation; options as in `tokens`."""
    return prompt + "".join(stream(model, tokenizer, prompt, **options))
