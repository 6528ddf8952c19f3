"""Where files are kept, and how to write one so that the old or the new one is there, whole."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import platformdirs


@contextmanager
def replacing(path: str | os.PathLike) -> Iterator[Path]:
    """Lend a temporary name beside `path`; what is written there takes its place in one move.

    If the block raises, `path` stays as it was and the temporary file goes.
    """
    path = Path(path)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        yield temporary
        with open(temporary, "rb+") as file:
            os.fsync(file.fileno())  # on the disk before it gets its name
        os.replace(temporary, path)
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def data_folder() -> Path:
    """Where a learner's progress is kept: `MINILLM_DATA`, else the user's data folder."""
    chosen = os.environ.get("MINILLM_DATA")
    return Path(chosen).expanduser() if chosen else platformdirs.user_data_path("minillm")
