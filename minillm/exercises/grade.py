"""`python -m minillm grade NOTEBOOK...`: run learners' notebooks and report every check.

A notebook runs in a process of its own, cell after cell, and goes on after an error. The checks
write what they found to a file that only the grading names, so that no printed text counts. The
learners' code is not fenced in: it may do whatever the person who grades may do.
"""

import csv
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from minillm.exercises.card import text_table
from minillm.exercises.registry import all_exercises
from minillm.language import say

SECONDS = 300  # one notebook may take
_RESULTS = "results.jsonl"
_FINISHED = "finished"  # written after the last cell


@dataclass(frozen=True, kw_only=True)
class Row:
    """What one notebook's check of an exercise found; without one, what befell the notebook."""

    notebook: str
    lesson: str = ""
    exercise: str = ""
    verdict: str  # of a Report; not_run; or unreadable, stopped, crashed (of a whole notebook)
    detail: str = ""  # a known mistake's key, or the reason


def grade(notebook: Path, seconds: float = SECONDS) -> list[Row]:
    """Run one notebook; the last result of every check in it, in the order of the course.

    Every exercise of a lesson that the notebook checks has a row. A notebook that cannot be read,
    crashes or runs longer than `seconds` has a row that says so, before what it got done.
    """
    name = str(notebook)
    try:
        code = "\n".join(code_cells(notebook))
    except (OSError, ValueError, KeyError, TypeError) as error:
        reason = f"{type(error).__name__}: {error}"
        return [Row(notebook=name, verdict="unreadable", detail=reason)]
    with tempfile.TemporaryDirectory() as folder:
        verdict, detail = _run(notebook, Path(folder), seconds)
        results = _results(Path(folder) / _RESULTS)
    written = {name for _, name in re.findall(r"""(["'])([\w.]+)\1""", code)}
    lessons = {one.lesson for one in all_exercises() if one.name in written | results.keys()}
    rows = [Row(notebook=name, verdict=verdict, detail=detail)] if verdict else []
    for one in all_exercises():
        if one.lesson in lessons:
            result = results.get(one.name, {"verdict": "not_run", "mistake": ""})
            found = {"verdict": result["verdict"], "detail": result["mistake"]}
            rows.append(Row(notebook=name, lesson=one.lesson, exercise=one.name, **found))
    return rows or [Row(notebook=name, verdict="not_run")]


def table(rows: list[Row]) -> str:
    """One notebook's rows as text, with a count of what is right."""
    right = sum(row.verdict == "right" for row in rows)
    total = sum(bool(row.exercise) for row in rows)
    summary = say("grade.summary", notebook=rows[0].notebook, right=right, total=total)
    lines = [(row.exercise or "-", say(f"grade.{row.verdict}"), row.detail) for row in rows]
    return f"{summary}\n{text_table((), lines)}"


def code_cells(notebook: Path) -> list[str]:
    """The source of each code cell; ValueError, KeyError or TypeError where it is no notebook."""
    with open(notebook, encoding="utf-8") as file:
        cells = json.load(file)["cells"]
    return ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]


def report(notebooks: Sequence[Path], *, as_csv: bool = False, limit: float = SECONDS) -> None:
    """Grade notebooks and print their rows: what `python -m minillm grade` does."""
    if as_csv:
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(["notebook", "lesson", "exercise", "verdict", "detail"])
    for notebook in notebooks:
        rows = grade(notebook, limit)
        if as_csv:
            writer.writerows(
                [row.notebook, row.lesson, row.exercise, row.verdict, row.detail] for row in rows
            )
        else:
            print(table(rows))
        sys.stdout.flush()


def run_cells(notebook: str) -> None:
    """Run every code cell in this process, going on after errors (what the child process does)."""
    from IPython.core.interactiveshell import InteractiveShell

    finished = Path(os.environ["MINILLM_DATA"], _FINISHED)  # cells may change the environment
    shell = InteractiveShell.instance()
    for cell in code_cells(Path(notebook)):
        shell.run_cell(cell)
    finished.touch()
    os._exit(0)  # whatever threads the notebook has left behind


def _run(notebook: Path, folder: Path, seconds: float) -> tuple[str, str]:
    """Run the notebook in a child process; ("", "") if it came to its end, else what befell it."""
    package = Path(__file__).parents[2]
    python_path = os.pathsep.join([str(package), os.environ.get("PYTHONPATH", "")])
    environment = {key: value for key, value in os.environ.items() if key != "MINILLM_BOOK"} | {
        "MINILLM_DATA": str(folder),  # not the teacher's own progress
        "MINILLM_RESULTS": str(folder / _RESULTS),
        "IPYTHONDIR": str(folder),
        "MPLBACKEND": "agg",
        "PYTHONPATH": python_path.rstrip(os.pathsep),
    }
    program = "import sys; from minillm.exercises.grade import run_cells; run_cells(sys.argv[1])"
    with open(folder / "errors.txt", "w+", encoding="utf-8", errors="replace") as errors:
        process = subprocess.Popen(
            [sys.executable, "-c", program, str(notebook.resolve())],
            cwd=notebook.resolve().parent,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=errors,
            start_new_session=True,
        )
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            return "stopped", f"{seconds:g} s"
        finally:
            _end(process)
        if (folder / _FINISHED).exists():
            return "", ""
        errors.seek(0)
        return "crashed", (errors.read().strip().splitlines() or [f"exit {process.returncode}"])[-1]


def _end(process: subprocess.Popen) -> None:
    """End the process, and on systems that have sessions all it has started."""
    with suppress(ProcessLookupError, PermissionError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    process.wait()


def _results(path: Path) -> dict[str, dict]:
    """The last result of each exercise. Lines that were cut short are left out."""
    results = {}
    with suppress(FileNotFoundError):
        for line in path.read_text(encoding="utf-8").splitlines():
            with suppress(ValueError):
                result = json.loads(line)
                results[result["exercise"]] = result
    return results
