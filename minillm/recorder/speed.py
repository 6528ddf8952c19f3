"""A training run, and the speed of training and of writing."""

import time
from collections.abc import Iterator
from functools import cache

import torch

from minillm import cost, generate
from minillm.batches import Windows, windows
from minillm.models.gpt import GPT, GPTConfig
from minillm.presets import preset
from minillm.tokenizer import CharTokenizer
from minillm.training import TrainConfig, Trainer, memory
from minillm.training.precision import HALF, Precision

WARM = 3  # steps that do not count: the first ones compile, allocate and choose kernels


def training(
    text: str, precision: Precision, seed: int, goal: float, changes: dict, smaller: dict
) -> Iterator[dict]:
    """Train the preset shakespeare-gpu until the held-out loss is at most `goal`; a row each time.

    Seconds are of training alone, compiling included.
    """
    recipe, tokenizer = preset("shakespeare-gpu"), CharTokenizer.train(text)
    shape = recipe.model(tokenizer.vocab_size, **smaller)
    data = windows(text, tokenizer, context=shape.context, batch_size=recipe.batch_size)
    how = dict(seed=seed, device=str(precision.device), dtype=precision.dtype, compile="auto")
    trainer = Trainer(GPT(shape, seed=seed), *data, recipe.train(**how, **changes))
    losses = []
    for step in trainer:
        losses.append(step.loss)
        if step.val_loss is None:
            continue
        row = {"step": step.step, "tokens": step.tokens, "seconds": round(step.seconds, 3)}
        yield row | {"loss": sum(losses) / len(losses), "val_loss": step.val_loss}
        losses.clear()
        if step.val_loss <= goal:
            break


def step(
    shape: GPTConfig, batch: int, precision: Precision, *, compiled: bool, seed: int, timed: int
) -> dict:
    """The speed of a whole training step on random tokens: forward, backward, AdamW.

    `share` is the model FLOP utilisation (Chowdhery et al. 2022, appendix B, arXiv 2204.02311).
    """
    about = {"dtype": precision.dtype, "compiled": compiled, "batch": batch}
    ids = torch.randint(shape.vocab_size, (100_000,), generator=torch.Generator().manual_seed(seed))
    data = Windows(ids, context=shape.context, batch_size=batch)
    torch.compiler.reset()  # a batch of another size would be compiled for any size, and slower
    config = TrainConfig(
        steps=WARM + timed,
        seed=seed,
        device=str(precision.device),
        dtype=precision.dtype,
        compile="on" if compiled else "off",
    )
    model = GPT(shape, seed=seed)
    _forget_peak(precision.device)
    try:
        history = list(Trainer(model, data, None, config))
    except MemoryError:
        return about | {"out_of_memory": True}
    seconds = (history[-1].seconds - history[WARM - 1].seconds) / timed
    tokens = batch * shape.context
    flops = tokens * cost.flops_per_token(model).training
    peak, whose = _peak(precision)
    held = memory.memory(precision.device)
    return about | {
        "seconds": seconds,
        "tokens_per_second": tokens / seconds,
        "flops_per_second": flops / seconds,
        "share": flops / seconds / peak,
        "of": whose,
        "peak_bytes": held.peak if held else None,
    }


def decode(
    shape: GPTConfig, precision: Precision, seed: int, *, cached: bool, compiled: bool, count: int
) -> dict:
    """Tokens a second when one text is written, and what the memory's bandwidth would allow."""
    dtype = HALF.get(precision.dtype, torch.float32)
    model = GPT(shape, seed=seed).to(precision.device, dtype)
    prompt = list(range(16))

    def write(n: int) -> None:
        how = dict(cache=cached, compile=compiled, temperature=0)
        for _ in generate.tokens(model, prompt, count=n, **how):
            pass

    write(count)  # compiles whatever will be met
    start = time.perf_counter()
    write(count)  # every token is read by Python, so that nothing is left under way
    seconds = time.perf_counter() - start
    number = torch.finfo(dtype).bits // 8
    moved = cost.decode_bytes(model, length=len(prompt) + count // 2, number=number)
    card = _card(precision)
    return {
        "cached": cached,
        "compiled": compiled,
        "dtype": str(dtype).removeprefix("torch."),
        "parameters": cost.parameters(model),
        "tokens": count,
        "tokens_per_second": count / seconds,
        "bytes_per_token": moved,
        "share": moved * count / seconds / card.bandwidth,
        "of": card.source,
    }


@cache
def _card(precision: Precision) -> cost.Card:
    """The published numbers of this device; where they are not known, its measured ones."""
    cuda = precision.device.type == "cuda"
    published = cost.card_of(torch.cuda.get_device_name(precision.device)) if cuda else None
    return published or cost.this_machine(precision.device)


def _peak(precision: Precision) -> tuple[float, str]:
    """FLOP/s that count as 100%, and whose word that is."""
    card = _card(precision)
    return card.flops.get(precision.dtype, card.flops["fp32"]), card.source


def _forget_peak(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats(device)
