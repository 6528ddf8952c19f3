"""Beam search: keep the best few texts at every length, and return the likeliest. Lesson 09."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from minillm.generate.decode import reading
from minillm.generate.write import continuation
from minillm.models.gpt import GPT
from minillm.tokenizer import Tokenizer


@dataclass(frozen=True, kw_only=True)
class Beam:
    """One text that beam search found."""

    tokens: list[int]  # after the prompt, without the end token
    log_prob: float  # of all its tokens, the end included, nats
    score: float  # what it was ranked by: log_prob / length ** length_power
    ended: bool  # by the end token; else cut at `count`


@torch.inference_mode()
def beam(
    model: GPT,
    prompt: Sequence[int],
    *,
    width: int,
    count: int,
    end: int | None = None,
    length_power: float = 0.0,
) -> list[Beam]:
    """The `width` best continuations of up to `count` tokens that were found, best first.

    width 1 is greedy; a width of V ** count leaves nothing out. length_power divides a text's
    log-probability by that power of its length (1: the mean of its tokens), so that short texts
    do not win by being short. Jelinek's stack of hypotheses, with the normalisation of Wu et al.
    2016, equation 14 (arXiv 1609.08144), in its plain form. Lesson 09.
    """
    context = model.config.context
    if width < 1 or count < 1 or length_power < 0 or not 1 <= len(prompt) <= context - count:
        raise ValueError(
            f"width {width}, count {count}, length_power {length_power} and a prompt of "
            f"{len(prompt)} tokens came; expected width and count of at least 1, a power of at "
            f"least 0, and a prompt of at least 1 and, with {count} more, {context} tokens at most."
        )
    with reading(model):
        return _search(model, list(prompt), width, count, end, length_power)


def beam_text(model: GPT, tokenizer: Tokenizer, prompt: str, **options) -> str:
    """`prompt` and the best continuation that was found; options as in `beam`."""
    ids, end = tokenizer.encode(prompt), tokenizer.end
    best, *_ = beam(model, ids if end is None else [end, *ids], end=end, **options)
    return prompt + "".join(continuation(tokenizer, ids, best.tokens))


def _search(
    model: GPT, prompt: list[int], width: int, count: int, end: int | None, power: float
) -> list[Beam]:
    device = model.embedding.weight.device
    cache = model.new_cache(width, capacity=len(prompt) + count)
    logits = model(torch.tensor([prompt], device=device), cache=cache)[:, -1]  # (1, V)
    live: list[tuple[list[int], float]] = [([], 0.0)]
    done: list[Beam] = []
    for length in range(1, count + 1):
        so_far = torch.tensor([total for _, total in live], dtype=torch.double, device=device)
        totals = so_far[:, None] + logits.double().log_softmax(-1)  # (n, V)
        # Each live text can end in one way only: twice the width leaves enough that go on.
        best = totals.flatten().topk(min(2 * width, totals.numel()))
        rows, following = [], []
        for total, index in zip(best.values.tolist(), best.indices.tolist(), strict=True):
            row, token = divmod(index, totals.size(1))
            ids = live[row][0]
            if token == end:
                done.append(_beam(ids, total, length, power, ended=True))
            elif len(following) < width:
                rows.append(row)
                following.append(([*ids, token], total))
        live = following
        done = sorted(done, key=lambda one: -one.score)[:width]
        # The best that a live text can become: no more loss, and the largest divisor.
        if not live or (len(done) == width and done[-1].score >= live[0][1] / count**power):
            return done
        if length < count:
            cache.reorder(torch.tensor(rows, device=device))
            logits = model(torch.tensor([[ids[-1]] for ids, _ in live], device=device), cache=cache)
            logits = logits[:, -1]
    done += [_beam(ids, total, count, power, ended=False) for ids, total in live]
    return sorted(done, key=lambda one: -one.score)[:width]


def _beam(ids: list[int], total: float, length: int, power: float, *, ended: bool) -> Beam:
    return Beam(tokens=ids, log_prob=total, score=total / length**power, ended=ended)
