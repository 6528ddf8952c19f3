"""What a model expects next, as plain arrays: the way from model and text to `viz.next_token`.

Any `nn.Module` will do that turns token ids (B, T) into logits (B, T, V). The logit lens also asks
for `model.blocks`, the layers in order, `model.norm`, what comes after the last, and
`model.logits`, which reads scores (B, T, V) out of the stream (B, T, C). Lessons 09 and 18.
"""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from minillm.lens.reading import read
from minillm.tokenizer import Tokenizer
from minillm.world.oracle import Oracle


class Predicted(NamedTuple):
    """What is expected after each token of a text: `viz.next_token(*predicted)` shows it."""

    logits: np.ndarray  # (T, V), a logit lens (L + 1, T, V): log-probabilities, nats, float32
    vocabulary: list[bytes]  # the V tokens
    text: list[int]  # the T tokens read; row t is about the token after text[t]


def predictions(model: nn.Module, tokenizer: Tokenizer, text: str) -> Predicted:
    """Log-probabilities of every next token, after each token of `text`. Lessons 05 and 09.

    Where the tokenizer has an end token, the model reads it first, as before each document in
    training: then row 0 is about the text's first token, and an empty text is one to start from.
    Raises ValueError for an empty text without it, and for one longer than the model's context.
    """
    ids = _ids(tokenizer, text)
    logits = read(model, ids)[0]
    return Predicted(_logs(logits), _vocabulary(tokenizer), ids)


def logit_lens(model: nn.Module, tokenizer: Tokenizer, text: str) -> Predicted:
    """The same after every layer: what each stage of the stream says, read out too early.

    Row 0 of L + 1 is the embeddings, row l the stream after block l, all through the model's own
    last norm and head (nostalgebraist 2020, "interpreting GPT: the logit lens"); the last row is
    what the model says. Lesson 18.
    """
    missing = [name for name in ("blocks", "norm", "logits") if not hasattr(model, name)]
    if missing:
        raise ValueError(
            f"{type(model).__name__} has no {' and no '.join(missing)}: a logit lens needs "
            "model.blocks, model.norm and model.logits, as minillm's GPT has them."
        )
    ids = _ids(tokenizer, text)
    stream: list[Tensor] = []
    hooks = [model.blocks[0].register_forward_pre_hook(lambda _, given: stream.append(given[0]))]
    for block in model.blocks:
        hooks.append(block.register_forward_hook(lambda _, given, made: stream.append(made)))
    try:
        read(model, ids)
    finally:
        for hook in hooks:
            hook.remove()
    with torch.no_grad():
        logits = torch.cat([model.logits(model.norm(x)) for x in stream])  # (L + 1, T, V)
    return Predicted(_logs(logits), _vocabulary(tokenizer), ids)


def truth(oracle: Oracle, tokenizer: Tokenizer, text: str) -> np.ndarray:
    """The world's own probabilities at the same places as `predictions`, (T, V). Lesson 05."""
    ids = tokenizer.encode(text)
    words = [token.decode() for token in _vocabulary(tokenizer)]
    number = {word: i for i, word in enumerate(words)}
    rows = np.zeros((len(ids) + 1, len(words)))
    for t in range(len(ids) + 1):
        for word, p in oracle.next([words[i] for i in ids[:t]]).items():
            rows[t, number[word]] = p
    return rows


def _ids(tokenizer: Tokenizer, text: str) -> list[int]:
    ids = tokenizer.encode(text)
    if tokenizer.end is not None:
        return [tokenizer.end, *ids]
    if not ids:
        raise ValueError("The text is empty; give a text of at least one token.")
    return ids


def _logs(logits: Tensor) -> np.ndarray:
    return logits.double().log_softmax(-1).float().cpu().numpy()


def _vocabulary(tokenizer: Tokenizer) -> list[bytes]:
    return [tokenizer.token_bytes(i) for i in range(tokenizer.vocab_size)]
