"""Recipes that were measured: a model's shape and how to train it, by one name. Lesson 06."""

from dataclasses import dataclass
from typing import Any

from minillm.models.gpt import GPTConfig
from minillm.training.loop import TrainConfig


@dataclass(frozen=True, kw_only=True)
class Preset:
    """A named recipe; what the text decides (the vocabulary) is filled in by `model`."""

    about: str
    batch_size: int  # windows a step
    shape: dict[str, Any]  # GPTConfig, without vocab_size
    training: dict[str, Any]  # TrainConfig

    def model(self, vocab_size: int, **changes: Any) -> GPTConfig:
        """The model's shape for a vocabulary, with `changes` to the recipe."""
        return GPTConfig(**{**self.shape, "vocab_size": vocab_size, **changes})

    def train(self, **changes: Any) -> TrainConfig:
        """How to train it, with `changes` to the recipe."""
        return TrainConfig(**{**self.training, **changes})


_MODERN = dict(
    position="rotary",
    norm="rms",
    mlp="relu2",
    qk_norm=True,
    bias=False,
    tied=False,
    zero_branches=True,
)

# Muon for the matrices, the rate falling in a line over the last seven tenths.
_MUON = dict(
    optimizer="muon",
    lr=0.012,
    matrix_lr=0.015,
    momentum=0.85,
    decay="linear",
    decay_share=0.7,
    clip=None,
)

PRESETS = {
    "nano": Preset(
        about="0.8M parameters, today's recipe: Muon, rotary positions; 20 s on two cores",
        batch_size=12,
        shape=dict(context=64, layers=4, heads=4, width=128, **_MODERN),
        training=dict(steps=240, validate_every=60, **_MUON),
    ),
    "world": Preset(
        about="0.43M parameters for the world's documents; a minute on two cores to its floor",
        batch_size=32,
        shape=dict(context=128, layers=2, heads=4, width=128, **{**_MODERN, "tied": True}),
        training=dict(steps=500, validate_every=50, **_MUON),
    ),
    "page": Preset(
        about="about 1M parameters, small enough to run inside a web page",
        batch_size=16,
        shape=dict(context=128, layers=4, heads=4, width=128, **_MODERN),
        training=dict(steps=3000, validate_every=250, **_MUON),
    ),
    "shakespeare-gpu": Preset(
        about="10.6M parameters for tiny Shakespeare on a GPU, nanoGPT's size, today's recipe",
        batch_size=64,
        shape=dict(context=256, layers=6, heads=6, width=384, dropout=0.2, **_MODERN),
        # The rates are those of nano, tuned on a CPU; nobody has tuned them on a GPU yet.
        training=dict(steps=2500, validate_every=100, **_MUON),
    ),
    "gpt2": Preset(
        about="GPT-2's 124M parameters (with its 50,257 tokens) and GPT-3's recipe for that size",
        batch_size=16,
        shape=dict(context=1024, layers=12, heads=12, width=768),
        training=dict(
            steps=20_000,
            accumulate=32,  # half a million tokens a step
            lr=6e-4,
            warmup=700,
            floor=0.1,
            weight_decay=0.1,
            validate_every=1000,
        ),
    ),
    "gpt2-nano": Preset(
        about="0.8M parameters, GPT-2's recipe: AdamW, learned positions; slower to learn",
        batch_size=12,
        shape=dict(context=64, layers=4, heads=4, width=128),
        training=dict(
            steps=2000,
            lr=1e-3,
            warmup=100,
            floor=0.1,
            betas=(0.9, 0.99),
            weight_decay=0.1,
            validate_every=250,
        ),
    ),
}


def preset(name: str) -> Preset:
    """The recipe called `name`."""
    if name not in PRESETS:
        raise ValueError(f"There is no preset {name!r}; choose one of {', '.join(PRESETS)}.")
    return PRESETS[name]
