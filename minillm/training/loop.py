"""The training loop, as an iterator of steps. Lesson 06."""

import math
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal, get_args

import torch
import torch.nn.functional as F
from torch import nn

from minillm import evaluate
from minillm.batches import IGNORE, Batch, Windows
from minillm.training import memory, precision
from minillm.training.optim import optimizers
from minillm.training.sharding import whole

Decay = Literal["linear", "cosine", "none"]
OptimizerName = Literal["adamw", "muon"]
WARM = 20  # steps after which a step takes as long as it will


@dataclass(frozen=True, kw_only=True)
class TrainConfig:
    """How to train. `presets` holds settings that were measured to work well together."""

    steps: int  # optimiser steps
    minutes: float | None = None  # stop (and finish the decay) after this much training time
    optimizer: OptimizerName = "adamw"  # "muon": Muon on hidden matrices, AdamW on the rest
    lr: float = 1e-3  # AdamW's peak learning rate
    matrix_lr: float = 0.02  # Muon's peak learning rate
    warmup: int = 0  # steps over which the rate climbs to its peak
    decay: Decay = "cosine"
    decay_share: float = 1.0  # the last part of training over which the rate falls
    floor: float = 0.0  # the rate at the end, as a share of its peak
    betas: tuple[float, float] = (0.9, 0.95)  # AdamW's memory of gradients and their squares
    momentum: float = 0.95  # Muon's memory of gradients
    weight_decay: float = 0.0  # AdamW, on matrices
    clip: float | None = 1.0  # largest length of the whole gradient; None: as it comes
    accumulate: int = 1  # batches per step
    validate_every: int | None = None  # steps; None: at the end only
    seed: int = 0  # of the batches and of dropout
    device: str | None = None  # "auto", "cpu", "cuda", "mps"; None: wherever the model is
    dtype: precision.DType = "fp32"  # of matrix products; "auto": the device's fastest
    compile: precision.Compile = "off"  # "auto": on a GPU, once the run is known to be long
    recompute: bool = False  # gradient checkpointing: less memory, a third more work

    def __post_init__(self) -> None:
        """Refuse settings that cannot work."""
        for name in ("steps", "accumulate"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}; it must be at least 1.")
        kinds = {
            "decay": Decay,
            "optimizer": OptimizerName,
            "dtype": precision.DType,
            "compile": precision.Compile,
        }
        for name, kind in kinds.items():
            if getattr(self, name) not in get_args(kind):
                raise ValueError(
                    f"{name} is {getattr(self, name)!r}; it must be one of {get_args(kind)}."
                )
        for name in ("lr", "matrix_lr", "decay_share", "minutes", "clip", "validate_every"):
            value = getattr(self, name)
            if value is not None and value <= 0:
                raise ValueError(f"{name} is {value}; it must be above 0.")


def schedule(config: TrainConfig, step: int, progress: float) -> float:
    """The learning rate at the start of a step, as a share of its peak. Lesson 06.

    Linear warm-up over the first steps, flat, then linear or cosine decay to `floor` over the
    last `decay_share` of training. `progress` is the share of training that is done.

    >>> config = TrainConfig(steps=100, warmup=10, decay="linear", decay_share=0.5)
    >>> [round(schedule(config, s, s / 100), 2) for s in (0, 9, 50, 75, 100)]
    [0.1, 1.0, 1.0, 0.5, 0.0]
    """
    rise = min(1.0, (step + 1) / config.warmup) if config.warmup else 1.0
    left = min(1.0, max(0.0, 1 - progress) / config.decay_share)  # 1 until the decay begins
    fall = {"none": 1.0, "linear": left, "cosine": 0.5 - 0.5 * math.cos(math.pi * left)}
    return rise * (config.floor + (1 - config.floor) * fall[config.decay])


@dataclass(frozen=True, kw_only=True)
class Step:
    """What one training step reports."""

    step: int  # steps done, this one included
    loss: float  # nats per token, before the step, on its own batch
    lr: float  # share of the peak learning rate
    grad_norm: float  # length of the whole gradient, before clipping; inf: fp16 overflowed
    tokens: int  # trained on so far
    seconds: float  # training time so far, validation left out
    val_loss: float | None = None  # nats per token on the whole held-out part, when measured


class Trainer:
    """Trains a model, one step at a time.

        for step in Trainer(model, train, held_out, TrainConfig(steps=300)):
            print(step.step, step.loss)

    `model` is any module that maps tokens (B, T) to logits (B, T, V). Stop when you like, by
    `break` or by interrupting: the step under way is finished first, so the model, the history
    and the optimiser always agree, and a new `for` goes on where the last one stopped.
    Step s draws its batch from `seed` and s alone, so that a resumed run sees the same batches.
    """

    rank = 0  # which of the processes that train together this is (`training.distributed`)

    def __init__(
        self,
        model: nn.Module,
        train: Windows,
        validation: Windows | None,
        config: TrainConfig,
    ) -> None:
        self.model, self.train, self.validation, self.config = model, train, validation, config
        self.forward = model  # what training calls: the model, or something wrapped around it
        here = next(model.parameters()).device
        self.precision = precision.choose(config.device or here, config.dtype)
        with memory.explaining_memory(self.precision.device):
            model.to(self.precision.device)
        if config.recompute:
            memory.recompute_blocks(model)
        self.loss, self.scaler = summed_loss, self.precision.scaler()
        if config.compile == "on":
            self._compile()
        self.optimizers = optimizers(model, config)
        self.step, self.tokens, self.seconds = 0, 0, 0.0
        self.began = 0  # the step at which this trainer took over, from a checkpoint
        self.history: list[Step] = []

    @property
    def progress(self) -> float:
        """The share of training that is done, by steps or by time, whichever is further."""
        by_time = self.seconds / (60 * self.config.minutes) if self.config.minutes else 0.0
        return max(self.step / self.config.steps, by_time)

    def __iter__(self) -> Iterator[Step]:
        """Train to the end, from wherever training stands."""
        while self.progress < 1:
            with _uninterrupted():
                self._once()
            yield self.history[-1]

    def _once(self) -> None:
        """A step, with what the device needs around it."""
        with memory.explaining_memory(self.precision.device), self.precision.matmuls():
            self.history.append(self._advance())

    def _advance(self) -> Step:
        """One step, whole: batches, gradient, update, and validation where it is due."""
        config, start = self.config, time.perf_counter()
        share = schedule(config, self.step, self.progress)
        self.model.train()
        loss, tokens = self._gradient()
        self.scaler.unscale(self.model.parameters())
        limit = math.inf if config.clip is None else config.clip
        norm = whole(nn.utils.clip_grad_norm_(self.model.parameters(), limit))
        loss, norm = torch.stack([loss, norm]).tolist()  # the one place that waits for a GPU
        finite = math.isfinite(norm)
        if not self.scaler.update(finite):
            raise FloatingPointError(
                f"The gradient of step {self.step + 1} is {norm}: training has blown up. "
                f"The model is as step {self.step} left it; lower the learning rate or clip."
            )
        for optimizer in self.optimizers if finite else ():  # fp16 overflowed: leave the step out
            for group in optimizer.param_groups:
                group["lr"] = group["peak_lr"] * share
            optimizer.step()
        self.step, self.tokens = self.step + 1, self.tokens + tokens
        self.seconds += self._took(start)
        if config.compile == "auto" and self.step == self.began + WARM:
            self._compile_if_it_pays()
        return Step(
            step=self.step,
            loss=loss,
            lr=share,
            grad_norm=norm,
            tokens=self.tokens,
            seconds=self.seconds,
            val_loss=self._validate() if self._validation_due() else None,
        )

    def _gradient(self) -> tuple[torch.Tensor, int]:
        """Leave the mean gradient over this step's batches in the model; mean loss, tokens."""
        seed = self.config.seed * 1_000_003 + self.step
        generator = torch.Generator().manual_seed(seed)
        batches = [self.train.sample(generator) for _ in range(self.config.accumulate)]
        tokens = sum(batch.tokens for batch in batches)
        self.model.zero_grad(set_to_none=True)
        total = torch.zeros((), device=self.precision.device)
        # Dropout draws from the global generator; each rank drops other numbers.
        with self.precision.seeded(seed + self.rank * 10**12):
            for batch in batches:
                with self.precision.autocast():
                    loss = self.loss(self.forward, batch.to(self.precision.device))
                # Dividing by all tokens makes the sum of the parts the gradient of the whole.
                loss = loss / tokens
                self.scaler.scaled(loss).backward()
                total += loss.detach()
        return total, tokens

    def _took(self, start: float) -> float:
        return time.perf_counter() - start

    def _compile(self) -> None:
        self.loss = torch.compile(summed_loss)

    def _compile_if_it_pays(self) -> None:
        """Compile from here on, if what is left of the run is long enough."""
        left = (1 - self.progress) / self.progress * self.seconds
        if precision.compile_pays(self.precision.device, left):
            self._compile()

    def _validation_due(self) -> bool:
        every = self.config.validate_every
        if self.validation is None:
            return False
        return self.progress >= 1 or (every is not None and self.step % every == 0)

    def _validate(self) -> float:
        with self.precision.autocast():
            return evaluate.loss(self.model, self.validation)


def summed_loss(model: nn.Module, batch: Batch) -> torch.Tensor:
    """Cross-entropy summed over the batch's targets, nats. Lesson 05."""
    logits = model(batch.inputs).float()  # (B, T, V)
    return F.cross_entropy(
        logits.flatten(0, 1), batch.targets.flatten(), ignore_index=IGNORE, reduction="sum"
    )


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Hold back an interrupt (Ctrl-C, Jupyter's square) until the block is done."""
    if threading.current_thread() is not threading.main_thread():
        yield  # signals reach the main thread only
        return
    pressed: list[int] = []
    previous = signal.signal(signal.SIGINT, lambda number, frame: pressed.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, previous)
    if pressed:
        raise KeyboardInterrupt
