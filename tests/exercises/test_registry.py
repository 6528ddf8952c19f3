"""Every exercise of the course: its reference, its inputs, its mistakes, its words.

These tests run over the whole registry, so that an exercise added later is covered by them.
"""

import itertools
import re

import pytest

from minillm.exercises.attempt import outcomes
from minillm.exercises.checker import examine
from minillm.exercises.registry import all_exercises, exercise, find
from minillm.language import LANGUAGES, catalogue

EXERCISES = all_exercises()
MISTAKES = [(one, hint, wrong) for one in EXERCISES for hint, wrong in one.mistakes]

each_exercise = pytest.mark.parametrize("one", EXERCISES, ids=lambda one: one.name)
each_mistake = pytest.mark.parametrize(
    ("one", "hint", "wrong"),
    MISTAKES,
    ids=[f"{one.name}.{wrong.__name__}" for one, _, wrong in MISTAKES],
)


def dots(*arguments): ...


def nothing(*arguments):
    pass


def docstring(*arguments):
    """What is to be done."""


def documented_dots(*arguments):
    """What is to be done."""
    ...


def refuses(*arguments):
    """What is to be done."""
    raise NotImplementedError


def refuses_with_words(*arguments):
    raise NotImplementedError("write this")


def returns_none(*arguments):
    return None


def returns_dots(*arguments):
    return ...


def returns_blanks(*arguments):
    """What is to be done."""
    first = ...
    return first, ...


STUBS = [
    dots,
    nothing,
    docstring,
    documented_dots,
    refuses,
    refuses_with_words,
    returns_none,
    returns_dots,
    returns_blanks,
]


def test_lesson_06_has_its_exercises():
    names = [one.name for one in EXERCISES if one.lesson == "06"]
    assert names == [
        "training.split",
        "training.adamw",
        "training.accumulate",
        "training.schedule",
        "training.clip",
    ]


@each_exercise
def test_the_reference_is_right(one):
    report = examine(one.reference, one)
    assert report.verdict == "right", report.card


@each_mistake
def test_a_mistake_is_caught_with_its_own_hint(one, hint, wrong):
    report = examine(wrong, one)
    assert (report.verdict, report.mistake) == ("mistake", hint), report.card
    assert report.card.paragraphs[0] == one.say(hint)
    assert len(report.card.paragraphs) == 1  # it explains everything, and changes no input


@each_exercise
def test_no_two_mistakes_look_alike(one):
    found = [(hint, outcomes(wrong, one)) for hint, wrong in one.mistakes]
    for (hint, mine), (other, theirs) in itertools.combinations(found, 2):
        pairs = zip(mine, theirs, strict=True)
        alike = all(a.agrees(b, one.tolerance) for a, b in pairs)
        assert not alike or hint == other, f"no input tells {hint} from {other}"


@each_exercise
@pytest.mark.parametrize("stub", STUBS, ids=lambda stub: stub.__name__)
def test_a_stub_is_not_attempted(one, stub):
    assert examine(stub, one).verdict == "not_attempted"


@each_exercise
def test_there_are_inputs_and_mistakes_enough(one):
    assert len(one.cases()) >= 5
    assert len(one.hints()) >= 3


@each_exercise
def test_inputs_are_the_same_each_time_and_of_one_form(one):
    assert {len(arguments) for arguments in one.cases()} == {len(one.arguments())}
    first, second = outcomes(one.reference, one), outcomes(one.reference, one)
    assert all(a.agrees(b, 0.0) for a, b in zip(first, second, strict=True))
    assert not any(outcome.error or outcome.changed for outcome in first)


@each_exercise
def test_each_input_is_a_different_one(one):
    texts = [repr(arguments) for arguments in one.cases()]
    assert len(set(texts)) == len(texts)


@pytest.mark.parametrize("lang", LANGUAGES)
@each_exercise
def test_an_exercise_has_all_its_words_and_no_others(one, lang):
    words = {key for key in catalogue(lang) if key.startswith(f"{one.name}.")}
    assert words == {f"{one.name}.{key}" for key in ("start", "notice", *one.hints())}


@each_exercise
def test_no_hint_gives_the_line_away(one):
    lines = [line.partition("=")[2].strip() or line.strip() for line in one.source().splitlines()]
    code = [line.removeprefix("return ") for line in lines if re.search(r"[*/+(]", line)]
    texts = [catalogue(lang)[f"{one.name}.{key}"] for lang in LANGUAGES for key in one.hints()]
    assert code
    assert [line for line in code for text in texts if line in text] == []


@each_exercise
def test_a_solution_is_code_that_passes(one):
    namespace = dict(vars(__import__(one.reference.__module__, fromlist=["_"])))
    exec(one.source(), namespace)
    assert one.source().startswith("def ")
    assert examine(namespace[one.reference.__name__], one).verdict == "right"


def test_an_exercise_answers_like_its_reference():
    schedule = find("training.schedule")
    assert schedule(0, 10, 4, 1.0, 0.0) == schedule.reference(0, 10, 4, 1.0, 0.0) == 0.25


def test_an_unknown_name_is_refused_with_names_close_to_it():
    with pytest.raises(ValueError, match=r"No exercise is called 'training.clop'.*training.clip"):
        find("training.clop")
    with pytest.raises(ValueError, match=r"'\?\?\?'. Every lesson .* `progress.summary\(\)`"):
        find("???")


def test_a_name_taken_elsewhere_is_refused():
    with pytest.raises(ValueError, match=r"'training.clip' is already in minillm.exercises"):
        exercise("training.clip", lesson="06", inputs=iter)(dots)
    assert find("training.clip").reference.__module__.startswith("minillm.exercises")
