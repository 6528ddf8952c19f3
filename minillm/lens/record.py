"""What a model did with a text, as plain arrays: the way from model and text to a view. Lesson 03.

Any `nn.Module` can be looked into that keeps this small protocol: called with token ids (B, T), it
sends each layer's attention weights (B, H, T, S) through a submodule whose name ends in
`attention.weights` (such as `blocks.0.attention.weights`), layer after layer. A forward hook there
sees them. Where the model has `config.context`, longer texts are refused before it is called.
"""

from dataclasses import asdict
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from minillm.lens.reading import read
from minillm.tokenizer import Tokenizer
from minillm.viz.weights import LIMIT


class Recorded(NamedTuple):
    """One reading of one text: `viz.attention(*recorded)` shows it."""

    weights: np.ndarray  # (L, H, T, T) float32, rows sum to 1
    tokens: list[str | bytes]  # the T tokens, as views show them


def attention(model: nn.Module, tokenizer: Tokenizer, text: str) -> Recorded:
    """Every attention weight of `model` as it reads `text`: `Recorded(weights, tokens)`. Lesson 03.

    Dropout is off and nothing is learnt; a model in training is left in training. Where the
    tokenizer has an end token, the model reads it first, as it did before each document in
    training, so it is token 0 here: without it, the first word's row would be a reading that the
    model has never learnt. Several recordings make the frames of one view:

        frames[f"step {n}"] = record.attention(model, tokenizer, text).weights

    Raises ValueError for an empty text, one that is longer than the model's context or a view's
    1,024 tokens, and a model that does not keep the protocol above.
    """
    taps = _taps(model)
    ids = tokenizer.encode(text)
    if not ids:
        raise ValueError("The text is empty; give a text of at least one token.")
    start = [] if tokenizer.end is None else [tokenizer.end]
    _check_length(model, tokenizer, start, ids)
    layers: list[Tensor] = []
    hooks = [tap.register_forward_hook(lambda *seen: layers.append(seen[-1])) for tap in taps]
    try:
        read(model, start + ids)
    finally:
        for hook in hooks:
            hook.remove()
    weights = torch.cat(layers).float().cpu().numpy()  # (L, H, T, T): each layer's B is 1
    return Recorded(weights, [*map(tokenizer.token_bytes, start), *_shown(tokenizer, ids)])


def _taps(model: nn.Module) -> list[nn.Module]:
    """The points inside a model where attention weights can be seen, in the order of its layers."""
    named = model.named_modules()
    taps = [tap for name, tap in named if name.split(".")[-2:] == ["attention", "weights"]]
    if not taps:
        raise ValueError(
            f"{type(model).__name__} has no submodule `attention.weights` to look through. "
            "Give a minillm model, or pass a Hugging Face model's weights to the view yourself: "
            "viz.attention(model(**inputs, output_attentions=True).attentions, tokens)."
        )
    return taps


def _check_length(model: nn.Module, tokenizer: Tokenizer, start: list[int], ids: list[int]) -> None:
    """Refuse more tokens than the model reads or a view shows; say how much of the text fits."""
    context = getattr(getattr(model, "config", None), "context", LIMIT)
    most, came = min(context, LIMIT), len(start) + len(ids)
    if came > most:
        fits = tokenizer.decode(ids[: most - len(start)]).rstrip("\ufffd")
        reads = "this model reads" if context <= LIMIT else "a view shows"
        end = ", the end token included" if start else ""
        raise ValueError(
            f"The text makes {came:,} tokens{end}, but {reads} {most:,} at most. "
            f"Give a part of it, for example text[:{len(fits)}]."
        )


def _shown(tokenizer: Tokenizer, ids: list[int]) -> list[str | bytes]:
    """Each token's bytes; where printing adds the spaces (the world), each word with its own.

    The first word gets one too, so that all copies of a word are alike.
    """
    own = [tokenizer.token_bytes(number) for number in ids]
    if tokenizer.decode(ids) == Tokenizer.decode(tokenizer, ids):  # the bytes are the whole text
        return own
    pieces = list(tokenizer.stream(ids))
    spaced = any(piece.startswith(" ") for piece in pieces)  # Chinese puts none between words
    starts = [spaced and (i == 0 or piece[0].isspace()) for i, piece in enumerate(pieces)]
    return [" " * space + token.decode() for space, token in zip(starts, own, strict=True)]


def weights(model: nn.Module) -> tuple[dict, dict[str, np.ndarray]]:
    """What a model is made of, as plain values: its config, and every weight by name, float32.

    For `viz.model`, which runs it in a page. The config is a dataclass in `model.config`.
    """
    arrays = {name: p.detach().float().cpu().numpy() for name, p in model.named_parameters()}
    return asdict(model.config), arrays
