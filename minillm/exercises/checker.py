"""`check(f, "name")`: is it right, and if not, which mistake is it?"""

import json
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache

from minillm.exercises import answers, progress
from minillm.exercises.attempt import Outcome, TooSlow, outcomes, time_limit, unfinished
from minillm.exercises.card import Card, Fold, in_book, show
from minillm.exercises.compare import compare, size
from minillm.exercises.registry import Exercise, find
from minillm.language import say

SECONDS = 10.0  # for all calls of one check together
_outcomes_once = cache(outcomes)  # of references and mistakes, which answer the same each time


@dataclass(frozen=True, kw_only=True)
class Report:
    """What a check found, and the card that says so.

    The verdict is right, mistake (a known one), wrong (in its values), form (in its type or
    shape), changed (right, but it changes its input), raised, slow, not_a_function or
    not_attempted.
    """

    verdict: str
    card: Card
    mistake: str = ""  # the key of a known mistake's hint


def check(function: Callable, name: str) -> None:
    """Show whether `function` solves the exercise `name`, and if not, what seems to be wrong.

    Whatever the learner's function does, a lesson goes on: only an unknown `name` raises
    ValueError. A try is counted in the learner's progress, an untouched stub is not.
    """
    exercise = find(name)
    report = examine(function, exercise)
    card = report.card
    try:
        if report.verdict != "not_attempted":
            progress.record_try(exercise, report.verdict)
    except OSError as error:
        note = say("exercises.not_kept", reason=error)
        card = replace(card, paragraphs=(*card.paragraphs, note))
    _tell_teacher(exercise, report)
    show(card)


def solution(name: str, show_now: bool = False) -> None:
    """Show how the exercise `name` can be solved: after a try, or at once with `show_now=True`.

    In the book, where nobody can try, it is folded. An unknown `name` raises ValueError.
    """
    exercise = find(name)
    if in_book():
        fold = Fold(title=say("exercises.unfold"), code=exercise.source())
        show(answers.card(exercise, "solution", "blank", folds=(fold,)))
    elif show_now or progress.tries(name):
        show(answers.card(exercise, "solution", "right", code=exercise.source()))
    else:
        text = say("exercises.try_first", name=name)
        show(answers.card(exercise, "solution_later", "blank", text))


def examine(function: Callable, exercise: Exercise, seconds: float = SECONDS) -> Report:
    """Run the function on the exercise's inputs and tell what it does, showing nothing."""
    if not callable(function):
        card = answers.not_a_function(exercise, function)
        return Report(verdict="not_a_function", card=card)
    try:
        with time_limit(seconds):
            found = outcomes(function, exercise)
    except TooSlow as stop:
        return Report(verdict="slow", card=answers.slow(exercise, function, stop, seconds))
    if all(_is_blank(outcome, function) for outcome in found):
        return Report(verdict="not_attempted", card=answers.not_attempted(exercise))
    return _judge(function, exercise, found)


def _judge(function: Callable, exercise: Exercise, found: list[Outcome]) -> Report:
    """Compare the outcomes with the reference's, then with those of each known mistake."""
    changed = sorted({name for outcome in found for name in outcome.changed})
    expected = _outcomes_once(exercise.reference, exercise)
    failing = _failing(found, expected, exercise)
    if not failing:
        if changed:
            return Report(verdict="changed", card=answers.changed(exercise, changed))
        return Report(verdict="right", card=answers.right(exercise, len(found)))

    def simplest(inputs: list[int]) -> int:
        """The input with the fewest numbers: the easiest to think about."""
        return min(inputs, key=lambda i: size(cases[i]))

    cases, note = exercise.cases(), answers.changed_note(changed)
    hint, explained = _nearest_mistake(exercise, found, failing)
    if hint:
        case = simplest(explained)
        notes = [note, say("exercises.more_differs") if explained != failing else ""]
        card = answers.known(exercise, hint, notes, found[case], expected[case], case)
        return Report(verdict="mistake", mistake=hint, card=card)
    case = simplest(failing)
    got, want = found[case], expected[case]
    if got.error:
        return Report(verdict="raised", card=answers.raised(exercise, function, got.error, case))
    difference = compare(got.value, want.value, exercise.tolerance)
    card = answers.unlike(exercise, note, got.value, difference, case)
    return Report(verdict="form" if difference.form else "wrong", card=card)


def _nearest_mistake(
    exercise: Exercise, found: list[Outcome], failing: list[int]
) -> tuple[str, list[int]]:
    """The mistake that explains the most failing inputs: its hint, and those inputs.

    A mistake explains an input if it differs from the reference there, and the learner's answer
    equals it. A learner with exactly this mistake has all failing inputs explained by it. For one
    who makes a second mistake as well, it has to explain two thirds of the inputs on which it
    shows, and three inputs or half of the failing ones: fewer may be a coincidence.
    """
    hint, inputs = "", []
    for key, mistake in exercise.mistakes:
        theirs = _outcomes_once(mistake, exercise)
        shows = _shows(mistake, exercise)
        unlike = _failing(found, theirs, exercise)
        explained = [i for i in shows if i not in unlike]
        enough = 3 * len(explained) >= 2 * len(shows)
        if enough and len(explained) > len(inputs):
            hint, inputs = key, explained
    return (hint, inputs) if len(inputs) >= min(3, len(failing) / 2) else ("", [])


@cache  # it too is the same each time, and half the work of a check
def _shows(mistake: Callable, exercise: Exercise) -> list[int]:
    """On which inputs a known mistake differs from the reference."""
    theirs = _outcomes_once(mistake, exercise)
    return _failing(theirs, _outcomes_once(exercise.reference, exercise), exercise)


def _failing(found: list[Outcome], other: list[Outcome], exercise: Exercise) -> list[int]:
    """On which inputs the two disagree."""
    pairs = enumerate(zip(found, other, strict=True))
    return [i for i, (mine, theirs) in pairs if not mine.agrees(theirs, exercise.tolerance)]


def _is_blank(outcome: Outcome, function: Callable) -> bool:
    """Whether this is what a stub comes to: `...`, `pass`, NotImplementedError, a gap to fill in.

    A function that has code in it and returns None is no stub: it has forgotten its `return`.
    """
    parts = outcome.value if isinstance(outcome.value, list | tuple) else [outcome.value]
    if isinstance(outcome.error, NotImplementedError) or any(part is ... for part in parts):
        return True
    if outcome.error:  # `total = ...` still stands there, and was computed with
        return "ellipsis" in str(outcome.error) and unfinished(function)
    return outcome.value is None and unfinished(function)


def _tell_teacher(exercise: Exercise, report: Report) -> None:
    """Append the result to the file that `MINILLM_RESULTS` names, while a notebook is graded."""
    if file_name := os.environ.get("MINILLM_RESULTS"):
        result = {"exercise": exercise.name, "verdict": report.verdict, "mistake": report.mistake}
        with open(file_name, "a", encoding="utf-8") as file:
            file.write(json.dumps(result) + "\n")
