"""Tensors in a safetensors file: written whole or not at all, and read with a clear error."""

import json
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from minillm.files import replacing


def write(path: Path, tensors: dict[str, Tensor], about: dict[str, str]) -> None:
    """Write tensors by name, and strings about them; OSError where there is no room for them."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with replacing(path) as temporary:
            save_file(tensors, temporary, metadata=about)
    except SafetensorError as error:
        raise OSError(
            f"{path} could not be written ({error}). Nothing was lost: the previous save, if any, "
            "is still there. Free some space or choose another folder."
        ) from error


def read(path: Path) -> dict[str, Tensor]:
    """The tensors of a file by name; ValueError where it is damaged or something else."""
    try:
        return load_file(path)
    except SafetensorError as error:
        raise ValueError(f"{path} is cut off or no safetensors file ({error}).") from error


def write_folder(
    folder: str | Path, names: tuple[str, str], settings: dict, tensors: dict[str, Tensor]
) -> Path:
    """Write settings in JSON and tensors beside them, as Hugging Face keeps a model.

    names: of the two files. Returns the folder. Each file is whole or old.
    """
    first, second = (Path(folder) / name for name in names)
    write(second, {name: t.cpu().contiguous() for name, t in tensors.items()}, {"format": "pt"})
    with replacing(first) as temporary:
        temporary.write_text(json.dumps(settings, indent=2), encoding="utf-8")
    return Path(folder)


def read_settings(path: Path) -> dict:
    """The settings that `write_folder` wrote; ValueError where they are damaged."""
    try:
        settings = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{path} is cut off or no JSON ({error}).") from error
    if not isinstance(settings, dict):
        raise ValueError(f"{path} is not a JSON object of settings.")
    return settings
