"""Learners' notebooks, whole and broken, and the teacher's table."""

import csv
import io
import json
import os
import time

import pytest

from minillm import cli
from minillm.exercises import grade as grading
from minillm.exercises.grade import Row, grade, table
from minillm.language import say

RIGHT = """
def schedule(step, steps, warmup, peak, floor):
    if step < warmup: return peak * (step + 1) / warmup
    if step >= steps: return floor
    import math
    return floor + (peak - floor) * (1 + math.cos(math.pi * (step - warmup) / (steps - warmup))) / 2
"""
CLIP_EACH = """
def clip(grads, max_norm):
    return [g * max_norm / g.norm() if g.norm() > max_norm else g for g in grads]
"""


@pytest.fixture
def write(tmp_path):
    def write(*cells, name="06_training.ipynb"):
        path = tmp_path / name
        cells = [{"cell_type": "code", "source": cell.splitlines(True)} for cell in cells]
        text = {"cell_type": "markdown", "source": ["def not_code("]}
        path.write_text(json.dumps({"cells": [text, *cells]}))
        return path

    return write


def verdicts(rows):
    return {row.exercise: row.verdict for row in rows}


IMPORT = "from minillm.exercises import check, predict, solution"
CHECKS = [IMPORT, RIGHT, "check(schedule, 'training.schedule')"]
CHECKS += [CLIP_EACH, 'check(clip, "training.clip")']


def test_every_exercise_of_the_lesson_has_a_row(write, tmp_path, data):
    notebook = write(
        IMPORT,
        "def schedule(*args):\n    return 1\n\ncheck(schedule, 'training.schedule')",
        *CHECKS,  # the last check counts
        "this is no Python",
        "1 / 0",
        "import os; os.environ['MINILLM_DATA'] = 'elsewhere'",
        "%matplotlib inline\nimport matplotlib.pyplot as plt; plt.plot([1]); plt.show()",
        "def split(tokens, length):\n    ...\n\ncheck(split, 'training.split')",
        "open('beside.txt', 'w').write('runs in its own folder')",
        "predict('How many?', 3, actual=4, typical=1)",
        'print(\'{"exercise": "training.adamw", "verdict": "right", "mistake": ""}\')',
    )
    rows = grade(notebook)
    assert verdicts(rows) == {
        "training.split": "not_attempted",
        "training.schedule": "right",
        "training.clip": "mistake",
        "training.accumulate": "not_run",
        "training.adamw": "not_run",
    }
    assert {row.exercise: row.detail for row in rows}["training.clip"] == "each_by_itself"
    assert (tmp_path / "beside.txt").exists()
    assert not data.exists()  # the teacher's own progress


def test_a_notebook_cut_in_two_has_a_row(write):
    notebook = write(*CHECKS)
    notebook.write_text(notebook.read_text()[:200])
    (row,) = grade(notebook)
    assert (row.notebook, row.verdict) == (str(notebook), "unreadable")
    assert row.detail.startswith("JSONDecodeError")


@pytest.mark.parametrize("text", ["[]", "{}", '{"cells": [{}]}', '{"cells": 3}', "\x00", "null"])
def test_what_is_no_notebook_has_a_row(text, tmp_path):
    (tmp_path / "a.ipynb").write_text(text)
    assert [row.verdict for row in grade(tmp_path / "a.ipynb")] == ["unreadable"]


def test_a_notebook_that_is_not_there_has_a_row(tmp_path):
    (row,) = grade(tmp_path / "none.ipynb")
    assert row.verdict == "unreadable"
    assert "FileNotFoundError" in row.detail


def test_a_notebook_that_kills_its_process_keeps_what_it_did(write):
    crash = "import os, sys; sys.stderr.write('out of memory\\n'); sys.stderr.flush(); os._exit(3)"
    whole, *rows = grade(write(*CHECKS, crash, "check(1, 'training.split')"))
    assert (whole.verdict, whole.detail) == ("crashed", "out of memory")
    assert verdicts(rows)["training.schedule"] == "right"
    assert verdicts(rows)["training.split"] == "not_run"


def test_a_notebook_that_never_ends_is_stopped_with_all_it_started(write, tmp_path):
    hang = (
        "import subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        "open('child.txt', 'w').write(str(child.pid))\n"
        "while True: time.sleep(1)"
    )
    start = time.monotonic()
    whole, *rows = grade(write(*CHECKS, hang), seconds=12)
    assert time.monotonic() - start < 20
    assert (whole.verdict, whole.detail) == ("stopped", "12 s")
    assert verdicts(rows)["training.clip"] == "mistake"
    child = int((tmp_path / "child.txt").read_text())
    assert not running(child)


def running(process):
    for _ in range(50):
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            return False
        if os.path.exists(f"/proc/{process}/stat"):
            with open(f"/proc/{process}/stat") as file:
                if file.read().split()[2] == "Z":  # dead, and nobody has asked how it went
                    return False
        time.sleep(0.1)
    return True


def test_a_notebook_without_checks_has_a_row(write):
    assert grade(write("x = 1")) == [
        Row(notebook=str(write("x = 1")), verdict="not_run"),
    ]


@pytest.fixture
def graded(monkeypatch):
    """Grading without running: two notebooks, one of them broken."""
    rows = {
        "a.ipynb": [
            Row(notebook="a.ipynb", lesson="06", exercise="training.clip", verdict="right"),
            Row(
                notebook="a.ipynb",
                lesson="06",
                exercise="training.split",
                verdict="mistake",
                detail="minus_zero",
            ),
        ],
        "b, c.ipynb": [Row(notebook="b, c.ipynb", verdict="unreadable", detail='x: "y"')],
    }
    monkeypatch.setattr(grading, "grade", lambda notebook, seconds: rows[str(notebook)])
    return rows


def test_the_table_counts_what_is_right(graded, capsys):
    assert cli.main(["grade", "a.ipynb", "b, c.ipynb"]) == 0
    assert capsys.readouterr().out == (
        "a.ipynb: 1 of 2 right\n"
        "    training.clip    right\n"
        "    training.split   known mistake   minus_zero\n"
        "b, c.ipynb: 0 of 0 right\n"
        '    -   cannot be read   x: "y"\n'
    )


def test_the_values_can_be_read_by_a_machine(graded, capsys):
    assert cli.main(["grade", "--csv", "a.ipynb", "b, c.ipynb"]) == 0
    lines = list(csv.reader(io.StringIO(capsys.readouterr().out)))
    assert lines == [
        ["notebook", "lesson", "exercise", "verdict", "detail"],
        ["a.ipynb", "06", "training.clip", "right", ""],
        ["a.ipynb", "06", "training.split", "mistake", "minus_zero"],
        ["b, c.ipynb", "", "", "unreadable", 'x: "y"'],
    ]


@pytest.mark.parametrize(
    "verdict",
    [
        *("right", "mistake", "wrong", "form", "changed", "raised", "slow", "not_a_function"),
        *("not_attempted", "not_run", "unreadable", "stopped", "crashed"),
    ],
)
def test_each_verdict_has_a_word_in_the_table(verdict):
    shown = table([Row(notebook="a", exercise="b", verdict=verdict)])
    assert shown.endswith(f"    b   {say(f'grade.{verdict}')}")
