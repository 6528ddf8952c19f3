"""What a learner has tried, kept in one JSON file of their own: `python -m minillm progress`.

The file is `progress.json` in the user's data directory, or in the folder that `MINILLM_DATA`
names. Nobody else reads it; deleting it starts the course afresh.
"""

import json
import math
import os
import statistics
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path

from minillm.exercises.registry import Exercise, all_exercises
from minillm.files import data_folder, replacing
from minillm.language import say

_PATIENCE = 5.0  # seconds after which a lock that nobody renews was left by a process that died


def path() -> Path:
    """Where the progress is kept; the file need not exist yet."""
    return data_folder() / "progress.json"


def load() -> dict:
    """`{"exercises": {name: ...}, "predictions": {question: ...}}`, both empty at first.

    A damaged file is set aside under another name, and the progress starts afresh.
    """
    kept = _read()
    return _update(lambda afresh: None) if kept is None else kept


def record_try(exercise: Exercise, verdict: str) -> None:
    """Count a try at an exercise; the first time it was right is kept. OSError if it cannot be."""

    def change(kept: dict) -> None:
        entry = kept["exercises"].setdefault(exercise.name, {"tries": 0, "right": None})
        entry["tries"] = entry.get("tries", 0) + 1
        entry["last"] = verdict
        if verdict == "right":
            entry["right"] = entry.get("right") or _now()

    _update(change)


def record_prediction(question: str, value: float, actual: float) -> float:
    """Keep the learner's first number for a question, and return it. OSError if it cannot be."""

    def change(kept: dict) -> None:
        entry = {"value": value, "actual": actual, "when": _now()}
        kept["predictions"].setdefault(question, entry)

    return _update(change)["predictions"][question].get("value", value)


def tries(name: str) -> int:
    """How often the exercise was tried."""
    return load()["exercises"].get(name, {}).get("tries", 0)


def summary() -> str:
    """The learner's progress as text, lesson by lesson."""
    kept = load()
    lines = [say("progress.title")]
    for lesson, group in groupby(all_exercises(), key=lambda one: one.lesson):
        entries = [(one.name, kept["exercises"].get(one.name, {})) for one in group]
        right = sum(bool(entry.get("right")) for _, entry in entries)
        lines += [say("progress.lesson", lesson=lesson, right=right, total=len(entries))]
        lines += [f"    {_mark(entry)} {name:<24} {_status(entry)}" for name, entry in entries]
    lines += _predictions(kept["predictions"].values())
    lines += [say("progress.kept_in", path=path())]
    damaged = sorted(path().parent.glob("progress.damaged-*.json"))
    lines += [say("progress.damaged", path=aside) for aside in damaged]
    return "\n".join(lines)


def _mark(entry: dict) -> str:
    return "[x]" if entry.get("right") else "[-]" if entry else "[ ]"


def _status(entry: dict) -> str:
    if not entry:
        return say("progress.untried")
    key = "progress.right" if entry.get("right") else "progress.tried"
    return say(key, tries=entry.get("tries", 0))


def _predictions(entries: Iterable[dict]) -> list[str]:
    pairs = [(entry.get("value", 0), entry.get("actual", 0)) for entry in entries]
    factors = [
        math.exp(abs(math.log(value / actual))) for value, actual in pairs if value * actual > 0
    ]
    if not factors:
        return []
    return [
        say("progress.predictions", count=len(pairs), factor=f"{statistics.median(factors):.2g}")
    ]


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _read() -> dict | None:
    """What the file holds; None where it is damaged or not of our making."""
    try:
        kept = json.loads(path().read_text(encoding="utf-8"))
        entries = [*kept["exercises"].values(), *kept["predictions"].values()]
        numbers = [entry.get(key, 0) for entry in entries for key in ("tries", "value", "actual")]
    except FileNotFoundError:
        return {"exercises": {}, "predictions": {}}
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    return kept if all(isinstance(number, int | float) for number in numbers) else None


def _update(change: Callable[[dict], None]) -> dict:
    """Read, change and replace the file, one process at a time."""
    path().parent.mkdir(parents=True, exist_ok=True)
    with _lock():
        kept = _read()
        if kept is None:
            os.replace(path(), path().with_name(f"progress.damaged-{time.time_ns()}.json"))
            kept = {"exercises": {}, "predictions": {}}
        change(kept)
        with replacing(path()) as temporary:
            temporary.write_text(json.dumps(kept, ensure_ascii=False, indent=1), encoding="utf-8")
    return kept


@contextmanager
def _lock() -> Iterator[None]:
    """Hold `progress.lock`: a file only one process can create, on network drives too."""
    lock = path().with_suffix(".lock")
    holder, since = None, time.monotonic()
    while True:
        try:
            os.close(os.open(lock, os.O_CREAT | os.O_EXCL))
            break
        except FileExistsError:
            if holder != _stamp(lock):
                holder, since = _stamp(lock), time.monotonic()
            elif time.monotonic() - since > _PATIENCE:
                lock.unlink(missing_ok=True)
            time.sleep(0.01)
    try:
        yield
    finally:
        lock.unlink(missing_ok=True)


def _stamp(lock: Path) -> tuple[int, int] | None:
    """What tells one holder's lock from the next one's."""
    try:
        return lock.stat().st_ino, lock.stat().st_mtime_ns
    except FileNotFoundError:
        return None
