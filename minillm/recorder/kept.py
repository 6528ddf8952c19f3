"""A file of records, each with where its numbers come from."""

import json
import platform
from datetime import date
from pathlib import Path

import torch

import minillm
from minillm import assets, machine
from minillm.files import replacing
from minillm.training.precision import Precision


def today_here() -> dict:
    """The day, the machine and the versions that numbers were measured with."""
    return {
        "date": date.today().isoformat(),
        "machine": f"{machine.processor()}, {machine.usable_cores()} cores, {platform.system()}",
        "python": platform.python_version(),
        "torch": torch.__version__,
    }


def provenance(precision: Precision) -> dict:
    """The same, with the device that computed."""
    cuda = precision.device.type == "cuda"
    return {
        **today_here(),
        "device": torch.cuda.get_device_name(precision.device) if cuda else str(precision.device),
        "cuda": torch.version.cuda if cuda else None,
        "minillm": minillm.__version__,
    }


def add(path: str | Path, record: dict) -> None:
    """Put a record at the end of the file, which may not be there yet."""
    path = Path(path)
    records = [*read(path), record] if path.exists() else [record]
    lines = ",\n".join(json.dumps(one, allow_nan=False) for one in records)
    with replacing(path) as temporary:
        temporary.write_text(f"[\n{lines}\n]\n", encoding="utf-8")


def read(path: str | Path) -> list[dict]:
    """The records of a file; ValueError where it is another kind of file."""
    try:
        records = json.loads(Path(path).read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{path} is no file of records ({error}); name another one.") from error
    if not isinstance(records, list) or not all(
        isinstance(record, dict) and "what" in record for record in records
    ):
        raise ValueError(f"{path} is JSON, but no list of records; name another file.")
    return records


def load() -> list[dict]:
    """The records that come with the course."""
    return read(assets.path("recorded") / "runs.json")
