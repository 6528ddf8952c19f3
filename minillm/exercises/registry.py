"""The exercises: a reference each, the inputs it is tried on, and the mistakes people make.

An exercise stands in the module or package of its lesson (`lesson06`), which is found by itself:

    def _inputs(generator):  # plain ones first, then edge cases; no two sizes alike
        yield torch.randn(2, 3, generator=generator), 0.5

    @exercise("topic.name", lesson="06", inputs=_inputs)
    def name(x, limit): ...

    @name.mistake
    def each_row(x, limit): ...

Its words stand in `strings/lesson06.en.toml` and `strings/lesson06.zh.toml`, under `[topic.name]`:

    start     where to begin, for a learner who has written nothing yet
    notice    one sentence on what to notice, for a learner who is right
    each_row  what a learner with this mistake seems to have done, and what to look at
"""

import ast
import difflib
import importlib
import inspect
import pkgutil
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import torch

from minillm.language import say


@dataclass(frozen=True, eq=False)
class Exercise:
    """A function to write: `reference` is right, and so is what agrees with it on `inputs`."""

    name: str  # "topic.what", unique in the course
    lesson: str  # "06"
    reference: Callable
    inputs: Callable[[torch.Generator], Iterator[tuple]]  # yields the arguments of one call each
    tolerance: float  # of the largest value in the answer
    mistakes: list[tuple[str, Callable]] = field(default_factory=list)  # (hint, wrong function)

    def __call__(self, *arguments: object) -> object:
        """What the reference answers."""
        return self.reference(*arguments)

    def mistake(self, function: Callable | None = None, *, hint: str | None = None) -> Callable:
        """Register a wrong answer: `@clip.mistake`, whose hint has the function's name.

        A second way to make the same mistake shares the hint of the first:
        `@clip.mistake(hint="name_of_the_first")`.
        """
        if function is None:
            return lambda function: self.mistake(function, hint=hint)
        self.mistakes.append((hint or function.__name__, function))
        return function

    def cases(self) -> list[tuple]:
        """The arguments of every call, made anew and always the same."""
        return list(self.inputs(torch.Generator().manual_seed(0)))

    def arguments(self) -> list[str]:
        """The names of the reference's arguments."""
        return list(inspect.signature(self.reference).parameters)

    def say(self, key: str) -> str:
        """The words of this exercise: `start`, `notice` or a mistake's hint."""
        return say(f"{self.name}.{key}")

    def hints(self) -> dict[str, str]:
        """Every mistake's hint by its key, each once."""
        return {hint: self.say(hint) for hint, _ in self.mistakes}

    def source(self) -> str:
        """The reference as the learner might have written it, without the decorator."""
        source = textwrap.dedent(inspect.getsource(self.reference))
        first = ast.parse(source).body[0].lineno  # of `def`: decorators stand above it
        return "".join(source.splitlines(keepends=True)[first - 1 :]).rstrip()


_exercises: dict[str, Exercise] = {}


def exercise(
    name: str, *, lesson: str, inputs: Callable, tolerance: float = 1e-5
) -> Callable[[Callable], Exercise]:
    """Register the decorated function as the reference of exercise `name`.

    `inputs(generator)` yields tuples of arguments, from the plainest to the edge cases; all its
    randomness comes from the generator. `tolerance` is a fraction of the largest value in the
    answer, and is widened by itself for half-precision answers.
    """

    def register(reference: Callable) -> Exercise:
        known = _exercises.get(name)
        if known and known.reference.__module__ != reference.__module__:
            raise ValueError(
                f"Exercise {name!r} is already in {known.reference.__module__}; "
                f"choose another name in {reference.__module__}."
            )
        _exercises[name] = Exercise(name, lesson, reference, inputs, tolerance)
        return _exercises[name]

    return register


def all_exercises() -> list[Exercise]:
    """Every exercise of the course, by lesson and then in the order of the file."""
    package = importlib.import_module("minillm.exercises")
    for module in pkgutil.iter_modules(package.__path__):
        if module.name.startswith("lesson"):
            importlib.import_module(f"minillm.exercises.{module.name}")
    return sorted(_exercises.values(), key=lambda one: one.lesson)


def find(name: str) -> Exercise:
    """The exercise of that name; ValueError, with names close to it, where there is none."""
    exercises = {one.name: one for one in all_exercises()}
    if name not in exercises:
        close = difflib.get_close_matches(str(name), exercises)
        meant = f"Did you mean {' or '.join(close)}?" if close else "Every lesson names its own."
        raise ValueError(f"No exercise is called {name!r}. {meant} `progress.summary()` lists all.")
    return exercises[name]
