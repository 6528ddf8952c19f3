"""LoRA: leave a trained matrix alone, and learn a thin product beside it. Lesson 12.

Hu et al. 2021 (arXiv 2106.09685): W + (alpha / r) B A, with A (r, in) and B (out, r). Any model
with `nn.Linear` layers will do. Only what is learnt is saved, in the layout of the `peft` library.
"""

import math
import re
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from minillm import weights

WEIGHTS, SETTINGS = "adapter_model.safetensors", "adapter_config.json"
PREFIX = "base_model.model."  # peft's name for the model that it wraps


class LoRALinear(nn.Module):
    """A linear layer (..., in) to (..., out) that is left alone, and a product of rank r beside it.

    B starts at zero, so that at first nothing has changed.
    """

    def __init__(
        self, base: nn.Linear, *, rank: int, alpha: float, generator: torch.Generator
    ) -> None:
        super().__init__()
        if not 1 <= rank <= min(base.in_features, base.out_features):
            raise ValueError(
                f"rank is {rank}; a layer of {base.in_features} to {base.out_features} takes 1 to "
                f"{min(base.in_features, base.out_features)}."
            )
        self.base, self.rank, self.scale, self.merged = base, rank, alpha / rank, False
        like = dict(dtype=base.weight.dtype, device=base.weight.device)
        bound = 1 / math.sqrt(base.in_features)
        first = torch.empty(rank, base.in_features).uniform_(-bound, bound, generator=generator)
        self.A = nn.Parameter(first.to(**like))
        self.B = nn.Parameter(torch.zeros(base.out_features, rank, **like))

    def forward(self, x: Tensor) -> Tensor:
        """What the layer gave, and what was learnt since: two thin products, never B A itself."""
        if self.merged:
            return self.base(x)
        return self.base(x) + self.scale * F.linear(F.linear(x, self.A), self.B)

    @torch.no_grad()
    def add(self, sign: float) -> None:
        """Put the product into the layer's own weights (1), or take it out again (-1)."""
        self.base.weight.add_(self.B @ self.A, alpha=sign * self.scale)


def adapt(
    model: nn.Module, targets: str, *, rank: int, alpha: float, seed: int = 0
) -> dict[str, LoRALinear]:
    """Freeze the model and wrap the linear layers whose name matches `targets`; returns them.

    targets: a regular expression for the whole name, such as r"blocks.*(qkv|output|up|down)".
    Square layers or not. Raises ValueError where it matches none, and says what there is.
    """
    pattern = re.compile(targets)
    linear = {name: m for name, m in model.named_modules() if type(m) is nn.Linear}
    chosen = [name for name in linear if pattern.fullmatch(name)]
    if not chosen:
        raise ValueError(
            f"{targets!r} matches no linear layer. There are {len(linear)}: "
            f"{', '.join([*linear][:6])}{', ...' if len(linear) > 6 else ''}."
        )
    model.requires_grad_(False)
    generator, made = torch.Generator().manual_seed(seed), {}
    for name in chosen:
        made[name] = LoRALinear(linear[name], rank=rank, alpha=alpha, generator=generator)
        _put(model, name, made[name])
    return made


def _put(model: nn.Module, name: str, module: nn.Module) -> None:
    parent, _, own = name.rpartition(".")
    setattr(model.get_submodule(parent), own, module)


def adapted(model: nn.Module) -> dict[str, LoRALinear]:
    """The wrapped layers by name; ValueError where there is none."""
    found = {name: m for name, m in model.named_modules() if isinstance(m, LoRALinear)}
    if not found:
        raise ValueError(f"This {type(model).__name__} has no LoRA layer; call adapt() first.")
    return found


def merge(model: nn.Module) -> None:
    """Put every product into its layer's weights: as fast as before, and no more to be trained."""
    _move(model, merged=True)


def unmerge(model: nn.Module) -> None:
    """Take the products out again: the weights are what they were, to rounding."""
    _move(model, merged=False)


def _move(model: nn.Module, *, merged: bool) -> None:
    for layer in adapted(model).values():
        if layer.merged is not merged:
            layer.add(1.0 if merged else -1.0)
            layer.merged = merged


def save(model: nn.Module, folder: str | Path) -> Path:
    """Write what was learnt, and nothing else: two files that `peft` reads; returns the folder."""
    layers = adapted(model)
    one = next(iter(layers.values()))
    settings = {
        "peft_type": "LORA",
        "task_type": None,
        "base_model_name_or_path": None,
        "r": one.rank,
        "lora_alpha": one.scale * one.rank,
        "lora_dropout": 0.0,
        "bias": "none",
        "fan_in_fan_out": False,
        "inference_mode": True,
        "target_modules": list(layers),
    }
    tensors = {}
    for name, layer in layers.items():
        tensors[f"{PREFIX}{name}.lora_A.weight"] = layer.A.detach()
        tensors[f"{PREFIX}{name}.lora_B.weight"] = layer.B.detach()
    return weights.write_folder(folder, (SETTINGS, WEIGHTS), settings, tensors)


@torch.no_grad()
def load(model: nn.Module, folder: str | Path) -> dict[str, LoRALinear]:
    """Give a model the adapter that `save`, or peft, has written; one that it has is replaced.

    Raises FileNotFoundError, and ValueError that names the layer or shape that does not fit.
    """
    folder = Path(folder)
    for name in (SETTINGS, WEIGHTS):
        if not (folder / name).is_file():
            raise FileNotFoundError(
                f"There is no {name} in {folder}; save(model, folder) makes it."
            )
    settings, tensors = weights.read_settings(folder / SETTINGS), weights.read(folder / WEIGHTS)
    names = [name.removeprefix(PREFIX).rpartition(".lora_")[0] for name in tensors]
    strange = [n for n, t in zip(tensors, names, strict=True) if not t or PREFIX not in n]
    if strange:
        raise ValueError(f"{folder / WEIGHTS} is no LoRA adapter: it holds {strange[0]}.")
    remove(model)
    linear = {name for name, m in model.named_modules() if type(m) is nn.Linear}
    for name in names:
        if name not in linear:
            raise ValueError(f"{folder} adapts {name}, and the model has no such linear layer.")
    pattern = "|".join(map(re.escape, dict.fromkeys(names)))
    layers = adapt(model, pattern, rank=settings["r"], alpha=settings["lora_alpha"])
    for name, layer in layers.items():
        for part, own in (("A", layer.A), ("B", layer.B)):
            saved = tensors.get(f"{PREFIX}{name}.lora_{part}.weight")
            if saved is None or saved.shape != own.shape:
                what = "nothing" if saved is None else str(tuple(saved.shape))
                raise ValueError(
                    f"{folder}: lora_{part} of {name} is {what}, expected {tuple(own.shape)}."
                )
            own.copy_(saved)
    return layers


def remove(model: nn.Module) -> None:
    """Unwrap all layers: the model as it was, still frozen; to rounding, where it was merged."""
    for name, layer in [*model.named_modules()]:
        if isinstance(layer, LoRALinear):
            if layer.merged:
                layer.add(-1.0)
            _put(model, name, layer.base)
