"""Save and resume: one safetensors file holds weights, optimiser, tokenizer, settings. Lesson 06.

A single file is replaced in a single move, so a save that is cut leaves the last one whole.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from minillm import tokenizer as tokenizers
from minillm import weights
from minillm.tokenizer import Tokenizer
from minillm.training.loop import Step, Trainer
from minillm.training.sharding import part_like, whole

FILE = "model.safetensors"
FORMAT = "minillm 1"


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """A file read back: tensors by name ("model.…", "state.…"), and what describes them."""

    path: Path
    tensors: dict[str, Tensor]
    about: dict  # "model", "tokenizer"; after training "training" and "run"

    def fill(self, model: nn.Module) -> None:
        """Copy the saved weights into `model`; refuse any name or shape that does not match."""
        saved = {
            name.removeprefix("model."): t
            for name, t in self.tensors.items()
            if name.startswith("model.")
        }
        own = model.state_dict()
        for name in sorted(saved.keys() | own.keys()):
            a, b = saved.get(name), own.get(name)
            if a is None or b is None or a.shape != b.shape:
                shape = lambda t: "nothing" if t is None else str(tuple(t.shape))  # noqa: E731
                raise ValueError(
                    f"{self.path} does not fit this model: {name} is {shape(a)} in the file and "
                    f"{shape(b)} in the model."
                )
        model.load_state_dict({name: part_like(t, own[name]) for name, t in saved.items()})

    def tokenizer(self) -> Tokenizer:
        """The tokenizer the model was trained with."""
        return tokenizers.from_dict(self.about["tokenizer"])


def save_model(
    folder: str | Path,
    model: nn.Module,
    tokenizer: Tokenizer,
    *,
    trainer: Trainer | None = None,
    run: dict | None = None,
) -> Path:
    """Write `folder/model.safetensors`, atomically; with `trainer`, all that resuming needs.

    model: any module with a dataclass `config`, from which it can be built again.
    run: anything in JSON that says where the model comes from (the text, the settings).
    Where several processes train together, all of them call this, and rank 0 writes.
    """
    tensors = {f"model.{name}": t for name, t in model.state_dict().items()}
    about = {"model": asdict(model.config), "tokenizer": tokenizer.to_dict(), "run": run or {}}
    if trainer is not None:
        tensors |= _optimizer_state(trainer)
        about["training"] = {
            "config": asdict(trainer.config),
            "step": trainer.step,
            "tokens": trainer.tokens,
            "seconds": trainer.seconds,
            "scaler": [trainer.scaler.scale, trainer.scaler.clean],
            "history": [asdict(step) for step in trainer.history],
        }
    path, writes = Path(folder) / FILE, trainer is None or trainer.rank == 0
    gathered = {}
    for name, tensor in tensors.items():  # one at a time: the whole model is on no GPU
        tensor = whole(tensor.detach())
        if writes:
            gathered[name] = tensor.cpu().contiguous()
    if writes:
        weights.write(path, gathered, {"format": FORMAT, "about": json.dumps(about)})
    return path


def load(folder: str | Path) -> Checkpoint:
    """Read what `save_model` wrote. ValueError where the file is cut or not ours."""
    path = Path(folder)
    path = path / FILE if path.is_dir() else path
    if not path.exists():
        raise FileNotFoundError(
            f"There is no model at {path}. Name the folder that `train --out` wrote."
        )
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            if metadata.get("format") != FORMAT:
                raise ValueError(
                    f"{path} is a safetensors file, but minillm did not write it: its format is "
                    f"{metadata.get('format')!r}, expected {FORMAT!r}."
                )
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise ValueError(
            f"{path} cannot be read as a model ({error}). It is damaged or something else; "
            "train again, or copy it again from where it came."
        ) from error
    return Checkpoint(path=path, tensors=tensors, about=json.loads(metadata["about"]))


def resume(trainer: Trainer, checkpoint: Checkpoint) -> None:
    """Put `trainer` (same model, data and settings) where the saved run stood, bit for bit."""
    if "training" not in checkpoint.about:
        raise ValueError(
            f"{checkpoint.path} holds a finished model without its training state; "
            "it can generate, but not go on training."
        )
    checkpoint.fill(trainer.model)
    for name, optimizer, p in _parameters(trainer):
        prefix = f"state.{name}."
        for key, tensor in checkpoint.tensors.items():
            if key.startswith(prefix):
                optimizer.state[p][key.removeprefix(prefix)] = part_like(tensor, p)
    training = checkpoint.about["training"]
    trainer.step = trainer.began = training["step"]
    trainer.tokens = training["tokens"]
    trainer.seconds = training["seconds"]
    trainer.history = [Step(**step) for step in training["history"]]
    if "scaler" in training:  # younger than the format
        trainer.scaler.restore(*training["scaler"])


def _parameters(trainer: Trainer):
    """Each trained parameter with its name and the optimiser that moves it."""
    names = {p: name for name, p in trainer.model.named_parameters()}
    for optimizer in trainer.optimizers:
        for group in optimizer.param_groups:
            for p in group["params"]:
                yield names[p], optimizer, p


def _optimizer_state(trainer: Trainer) -> dict[str, Tensor]:
    return {
        f"state.{name}.{key}": torch.as_tensor(value)
        for name, optimizer, p in _parameters(trainer)
        for key, value in optimizer.state[p].items()
    }
