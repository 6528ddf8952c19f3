"""What a training run is asked for: material, model, how long, where. Lesson 06."""

from dataclasses import dataclass, fields
from typing import Any

from minillm import corpus
from minillm.presets import preset
from minillm.sources import Source, TextSource, WorldSource
from minillm.training.loop import TrainConfig

TOKENIZERS = ("char", "byte", "bpe")


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """What a run was asked for; kept in its checkpoint so that `--resume` needs no more."""

    text: str | None = None  # a file
    corpus: str | None = None  # or a corpus by name
    tokenizer: str = "char"
    vocab_size: int = 1024  # tokens, for bpe
    preset: str = "nano"
    steps: int | None = None  # None: the preset's
    minutes: float | None = None
    until_loss: float | None = None  # stop when validation loss is at most this, nats per token
    seed: int = 0
    device: str | None = None  # None: the best there is; so for the next two
    dtype: str | None = None
    compile: str | None = None
    recompute: bool | None = None  # gradient checkpointing
    accumulate: int | None = None  # pieces that each batch is cut into
    fingerprint: str = ""  # of the material, filled in when it is read

    def __post_init__(self) -> None:
        """Refuse settings that cannot work."""
        if self.tokenizer not in TOKENIZERS:
            raise ValueError(
                f"There is no tokenizer {self.tokenizer!r}; choose one of {', '.join(TOKENIZERS)}."
            )
        if self.batch_size % self.pieces or self.pieces < 1:
            raise ValueError(
                f"A batch of {self.batch_size} windows does not fall into {self.accumulate} equal "
                "pieces; give --accumulate another number."
            )

    @property
    def pieces(self) -> int:
        """How many pieces each batch is cut into."""
        return 1 if self.accumulate is None else self.accumulate

    @property
    def batch_size(self) -> int:
        """Windows in a batch, before it is cut."""
        return preset(self.preset).batch_size

    @property
    def training(self) -> TrainConfig:
        """The preset's settings with this recipe's changes."""
        own = preset(self.preset).train()
        changes: dict[str, Any] = {"seed": self.seed, "accumulate": own.accumulate * self.pieces}
        for name in ("device", "dtype", "compile"):
            changes[name] = getattr(self, name) or "auto"
        changes["recompute"] = self.recompute or own.recompute
        if self.steps is not None:
            changes["steps"] = self.steps
        if self.minutes is not None:
            changes["minutes"] = self.minutes
            changes.setdefault("steps", 10**9)  # time alone decides
        return preset(self.preset).train(**changes)

    @property
    def source(self) -> Source:
        """The text, from the file or the corpus; or the world."""
        if self.text is not None:
            return TextSource(corpus.from_file(self.text))
        if self.corpus == "world":
            return WorldSource()
        return TextSource(corpus.load(self.corpus or "stdlib"))


# What a run may change when it goes on: how long, and on what.
CHANGEABLE = ("steps", "minutes", "until_loss", "device", "dtype", "compile", "recompute")
CHANGEABLE += ("accumulate",)
OPTIONS = [f.name for f in fields(Recipe) if f.name != "fingerprint"] + ["out"]
