"""The card for each thing a check can find."""

import textwrap
from collections.abc import Callable

from minillm.exercises.attempt import Outcome, line_of
from minillm.exercises.card import Card, Fold, in_book
from minillm.exercises.compare import Difference, brief, compare, describe
from minillm.exercises.registry import Exercise
from minillm.language import say

_WIDTH = 80  # letters in a line of arguments


def card(exercise: Exercise, title: str, tone: str, *texts: str, **parts: object) -> Card:
    """A card about the exercise; `title` is a key of the catalogue, empty texts are left out."""
    return Card(
        title=say(f"exercises.{title}"),
        about=exercise.name,
        tone=tone,
        paragraphs=tuple(filter(None, texts)),
        **parts,
    )


def not_a_function(exercise: Exercise, thing: object) -> Card:
    """For `check(f(), ...)` instead of `check(f, ...)`."""
    text = say("exercises.pass_the_function", got=describe(thing))
    return card(exercise, "not_a_function", "fault", text)


def not_attempted(exercise: Exercise) -> Card:
    """Where to begin; in the book, whose readers cannot try, the mistakes' hints as well."""
    folds = [Fold(title=say("exercises.start"), paragraphs=(exercise.say("start"),))]
    if in_book():
        hints = tuple(exercise.hints().values())
        folds.append(Fold(title=say("exercises.hints"), items=hints))
    text = "" if in_book() else say("exercises.write_it")
    return card(exercise, "not_attempted", "blank", text, folds=tuple(folds))


def slow(exercise: Exercise, function: Callable, stop: BaseException, seconds: float) -> Card:
    """The function was stopped, and where it was."""
    text = say("exercises.stopped", seconds=f"{seconds:g}")
    return card(exercise, "slow", "fault", text, code=_line(function, stop))


def right(exercise: Exercise, inputs: int) -> Card:
    """One sentence on what to notice."""
    text = say("exercises.agrees", count=inputs)
    return card(exercise, "right", "right", text, exercise.say("notice"))


def changed(exercise: Exercise, names: list[str]) -> Card:
    """The values are right, but an argument is no longer what it was."""
    text = say("exercises.values_right")
    return card(exercise, "not_yet", "hint", text, changed_note(names))


def changed_note(names: list[str]) -> str:
    """Which arguments were changed in place; empty where none was."""
    listed = ", ".join(f"`{name}`" for name in names)
    return say("exercises.changed", names=listed) if names else ""


def known(
    exercise: Exercise, hint: str, notes: list[str], got: Outcome, want: Outcome, case: int
) -> Card:
    """The hint of a known mistake, and one input on which it shows."""
    difference = None if got.error else compare(got.value, want.value, exercise.tolerance)
    shown = _side_by_side(exercise, case, difference)
    return card(exercise, "not_yet", "hint", exercise.say(hint), *notes, **shown)


def raised(exercise: Exercise, function: Callable, error: BaseException, case: int) -> Card:
    """The error, and the line of the learner's code it came from."""
    line = _line(function, error)
    text = "" if line else say("exercises.called", arguments=", ".join(exercise.arguments()))
    message = textwrap.shorten(f"{type(error).__name__}: {error}", 500)
    code = "\n".join(filter(None, [message, line]))
    return card(exercise, "raised", "fault", text, code=code, given=_given(exercise, case))


def unlike(exercise: Exercise, note: str, value: object, difference: Difference, case: int) -> Card:
    """Another type or shape than expected, or other values, side by side."""
    if not difference.form:
        title, key = "not_yet", "some_differ" if difference.total > 1 else "one_differs"
    else:
        found = [name for name in ("axes", "length") if getattr(difference, name)]
        title, key = "form", "none" if value is None else (*found, "other_form")[0]
    text = say(
        f"exercises.{key}",
        wrong=difference.wrong,
        total=difference.total,
        axes=", ".join(map(str, difference.axes)),
    )
    return card(exercise, title, "fault", text, note, **_side_by_side(exercise, case, difference))


def _side_by_side(exercise: Exercise, case: int, difference: Difference | None) -> dict:
    """The parts of a card that show one input, and what came against what was expected."""
    heads = tuple(say(f"exercises.{key}") for key in ("where", "yours", "expected"))
    table = {"heads": heads, "rows": difference.cells} if difference else {}
    return {"given": _given(exercise, case), **table}


def _given(exercise: Exercise, case: int) -> str:
    """The arguments of one input, written out where they are small."""
    values = zip(exercise.arguments(), exercise.cases()[case], strict=True)
    lines = [""]
    for part in [f"{name} = {brief(value)}" for name, value in values]:
        if lines[-1] and len(lines[-1]) + len(part) > _WIDTH:
            lines.append("")
        lines[-1] += (", " if lines[-1] else "") + part
    return say("exercises.given", arguments=",\n".join(lines))


def _line(function: Callable, error: BaseException) -> str:
    line = line_of(function, error)
    return say("exercises.line", number=line[0], text=line[1]) if line else ""
