"""More words for a trained model: new rows, the old ones as they were. Lesson 11."""

from dataclasses import replace

import torch
from torch import nn


@torch.no_grad()
def extend_vocabulary(model: nn.Module, vocab_size: int) -> nn.Module:
    """The same model with tokens added behind its own: it reads and says the old ones as before.

    model: one that is built from a dataclass `config` with a `vocab_size`, and keeps its tokens in
    `embedding` and, where reading and writing do not share their table, in `head`.
    A new row is the mean of the old ones, so that at first a new token is as likely as a middling
    old one (Hewitt 2021, Initializing New Word Embeddings for Pretrained Language Models).
    Raises ValueError where vocab_size is below the model's own.
    """
    have = model.config.vocab_size
    if vocab_size < have:
        raise ValueError(
            f"vocab_size is {vocab_size}, and the model has {have} tokens; words can only be added."
        )
    larger = type(model)(replace(model.config, vocab_size=vocab_size))
    weights = model.state_dict()
    for name in ("embedding.weight", "head.weight"):
        if name in weights:
            old = weights[name]  # (V, C)
            weights[name] = torch.cat([old, old.mean(0).expand(vocab_size - have, -1)])
    larger.load_state_dict(weights)
    return larger.to(model.embedding.weight.device).train(model.training)
