"""From a prompt to text: tokens one by one, many prompts at once, pieces that stop. Lesson 09."""

import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import TextIO

import torch

from minillm.generate.choose import Sampling
from minillm.generate.decode import Decoder, reading
from minillm.models.gpt import GPT
from minillm.tokenizer import Tokenizer


def tokens(
    model: GPT,
    prompt: Sequence[int],
    *,
    count: int,
    generator: torch.Generator | None = None,
    cache: bool = True,
    compile: bool = False,
    end: int | None = None,
    **sampling,
) -> Iterator[int]:
    """Up to `count` new token ids after `prompt`, one by one; fewer if `end` is drawn.

    With `cache`, keys and values of the text so far are kept and a token costs one row; without,
    everything is read again for every token. Both give the same text. `compile` as in `Decoder`;
    `sampling` is what `Sampling` takes: temperature, top_k, top_p, repetition_penalty.
    """
    choice = Sampling(**sampling)
    with reading(model):
        decoder = Decoder(model, cache=cache, compile=compile)
        logits = decoder.read([0], [prompt])
        for left in reversed(range(count)):
            (chosen,) = choice.choose(logits, decoder.texts, generator, end=end)
            if chosen == end:
                return
            yield chosen
            if left:
                logits = decoder.step([0], [chosen])


def batch(
    model: GPT,
    prompts: Sequence[Sequence[int]],
    *,
    count: int,
    generator: torch.Generator | None = None,
    compile: bool = False,
    end: int | None = None,
    **sampling,
) -> list[list[int]]:
    """What `tokens` writes after each of the prompts, which may differ in length, side by side.

    At temperature 0 each is what it would be alone; otherwise the prompts share the generator's
    draws.
    """
    choice, rows = Sampling(**sampling), list(range(len(prompts)))
    written: list[list[int]] = [[] for _ in prompts]
    if not rows or count < 1:
        return written
    with reading(model):
        decoder = Decoder(model, len(rows), compile=compile)
        logits = decoder.read(rows, prompts)
        for left in reversed(range(count)):
            texts = [decoder.texts[row] for row in rows]
            chosen = choice.choose(logits, texts, generator, end=end)
            new = {row: token for row, token in zip(rows, chosen, strict=True) if token != end}
            for row, token in new.items():
                written[row].append(token)
            rows = list(new)
            if not rows or not left:
                return written
            logits = decoder.step(rows, list(new.values()))
    return written


def continuation(tokenizer: Tokenizer, prompt: Sequence[int], new: Iterable[int]) -> Iterator[str]:
    """The text of `new` token ids after those of a prompt, in pieces as they come.

    How a piece is printed may depend on what stands before it, so the prompt goes through too.
    """
    left = len(tokenizer.decode(prompt))
    for piece in tokenizer.stream(chain(prompt, new)):
        fresh, left = piece[left:], max(0, left - len(piece))
        if fresh:
            yield fresh


def until(pieces: Iterable[str], stop: str | Sequence[str]) -> Iterator[str]:
    """The pieces up to the first of the `stop` strings, of which nothing comes out.

    What might become a stop string is held back until it is decided.

    >>> "".join(until(["one. t", "wo", ". three"], ["two.", "three"]))
    'one. '
    """
    stops = [stop] if isinstance(stop, str) else list(stop)
    if not all(isinstance(one, str) and one for one in stops):
        raise ValueError(f"stop is {stop!r}; give one or more texts that are not empty.")
    waiting = ""
    for piece in pieces:
        waiting += piece
        found = [(at + len(one), at) for one in stops if (at := waiting.find(one)) >= 0]
        if found:
            _, at = min(found)  # the first to be complete, however the text came in pieces
            if at:
                yield waiting[:at]
            return
        ready = len(waiting) - max((_begun(waiting, one) for one in stops), default=0)
        if ready:
            yield waiting[:ready]
            waiting = waiting[ready:]
    if waiting:
        yield waiting


def _begun(text: str, stop: str) -> int:
    """How many characters at the end of `text` may be the beginning of `stop`."""
    longest = min(len(text), len(stop) - 1)
    return next((n for n in range(longest, 0, -1) if text.endswith(stop[:n])), 0)


def stream(
    model: GPT, tokenizer: Tokenizer, prompt: str, *, stop: str | Sequence[str] = (), **options
) -> Iterator[str]:
    """The continuation of `prompt`, in pieces as they come; options as in `tokens`.

    It ends before the first of the `stop` strings. Where the tokenizer has an end token, the
    model has learnt to read it before each document.
    """
    ids, end = tokenizer.encode(prompt), tokenizer.end
    new = tokens(model, ids if end is None else [end, *ids], end=end, **options)
    yield from until(continuation(tokenizer, ids, new), stop)


def text(model: GPT, tokenizer: Tokenizer, prompt: str, **options) -> str:
    """`prompt` and its continuation; options as in `stream`."""
    return prompt + "".join(stream(model, tokenizer, prompt, **options))


def show(
    model: GPT, tokenizer: Tokenizer, prompt: str, *, to: TextIO | None = None, **options
) -> None:
    """Print `prompt` and its continuation as it comes, in a terminal or under a notebook's cell.

    Options as in `stream`. The prompt waits for the first piece: one that cannot be read prints
    nothing.
    """
    for i, piece in enumerate(chain(stream(model, tokenizer, prompt, **options), ["\n"])):
        print(piece if i else prompt + piece, end="", file=to or sys.stdout, flush=True)
