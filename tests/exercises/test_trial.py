"""What the checks say to wrong answers that were written without knowing which mistakes they know.

A reader of the lessons wrote `trial.toml` from the pages alone; what a good teacher would answer
was added afterwards. So this tests the choice of known mistakes, and not only that they are caught.
"""

import ast
import math
import pathlib
import tomllib
from collections import Counter

import pytest
import torch

from minillm.exercises.checker import examine
from minillm.exercises.registry import all_exercises, find

ANSWERS = tomllib.loads(pathlib.Path(__file__).with_name("trial.toml").read_text())["answer"]


def defined(code, path):
    """The function that `code` defines, with a source that can be read, as in a notebook."""
    path.write_text(code)
    namespace = {"math": math, "torch": torch}
    exec(compile(code, path, "exec"), namespace)
    return namespace[ast.parse(code).body[0].name]


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda answer: answer["exercise"])
def test_an_answer_gets_what_a_good_teacher_would_say(answer, tmp_path):
    function = defined(answer["code"], tmp_path / "answer.py")
    report = examine(function, find(answer["exercise"]))
    assert (report.verdict, report.mistake) == (answer["verdict"], answer["hint"]), answer["wrong"]


def test_no_answer_is_kept_twice():
    kept = Counter((answer["exercise"], answer["code"]) for answer in ANSWERS)
    assert kept.most_common(1)[0][1] == 1


def test_most_answers_of_each_lesson_get_a_hint():
    answers = Counter(find(answer["exercise"]).lesson for answer in ANSWERS)
    hints = Counter(find(answer["exercise"]).lesson for answer in ANSWERS if answer["hint"])
    assert set(answers) == set(hints) == {exercise.lesson for exercise in all_exercises()}
    assert min(answers.values()) >= 10
    assert min(hints.values()) >= 6
