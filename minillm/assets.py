"""Trained models and recorded runs that come with the course, wherever it runs.

A checkout of the course has them in assets/. A package installed alone, as on Colab, takes them
from the course's repository when they are first asked for.
"""

import json
from functools import cache
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path

from minillm import corpus

CHECKOUT = Path(__file__).resolve().parent.parent / "assets"


@cache
def _known() -> dict[str, dict]:
    """Bytes and SHA-256 of each asset's file, by name, and its title where it is no model.

    assets/keep.py writes them.
    """
    return json.loads(Path(__file__).with_suffix(".json").read_text(encoding="utf-8"))


def path(name: str) -> Path:
    """The folder of an asset: `run.load_model(assets.path("world"))` loads a model.

    Found in the checkout, else in the user's cache, else downloaded and checked against its
    SHA-256. Raises ValueError for another name, ConnectionError and OSError as `corpus.fetch`.
    """
    if name not in _known():
        raise ValueError(f"There is no asset {name!r}; there are {', '.join(_known())}.")
    if (CHECKOUT / name).is_dir():
        return CHECKOUT / name
    known = _known()[name]
    title = known.get("file", "model.safetensors")
    file = corpus.cache_folder() / "assets" / name / title
    if not file.exists():
        url = f"{_repository()}/raw/main/assets/{name}/{title}"
        corpus.fetch(corpus.Source(url=url, sha256=known["sha256"], size=known["bytes"]), file)
    return file.parent


def _repository() -> str:
    """The address that pyproject.toml gave this package when it was installed."""
    try:
        addresses = metadata("minillm").get_all("Project-URL") or []
    except PackageNotFoundError:
        addresses = []
    for entry in addresses:
        kind, _, address = entry.partition(", ")
        if kind == "Repository":
            return address
    raise FileNotFoundError(
        f"{CHECKOUT} is not there, and minillm is not installed, so nothing says where its "
        "trained models can be had. Run from a checkout of the course, or install the package."
    )
