"""Run a learner's function on an exercise's inputs: safely, and without touching anything else."""

import ast
import ctypes
import inspect
import linecache
import os
import textwrap
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch

from minillm.exercises.compare import compare
from minillm.exercises.registry import Exercise


class TooSlow(BaseException):
    """Raised inside a call that has run out of time; no `except Exception` swallows it."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What one call came to: a value or an error, and the arguments it changed in place."""

    value: object = None
    error: BaseException | None = None
    changed: tuple[str, ...] = ()

    def agrees(self, other: "Outcome", tolerance: float) -> bool:
        """Whether both calls returned the same, or raised the same kind of error."""
        if self.error or other.error:
            return type(self.error) is type(other.error)
        return compare(self.value, other.value, tolerance) is None


def outcomes(function: Callable, exercise: Exercise) -> list[Outcome]:
    """What `function` makes of each of the exercise's inputs.

    Inputs are made anew for each run, and once more to tell whether the function changed them.
    """
    names = exercise.arguments()
    results = []
    for arguments, untouched in zip(exercise.cases(), exercise.cases(), strict=True):
        value = error = None
        try:
            value = function(*arguments)
        except (Exception, SystemExit) as raised:
            error = raised
        changed = (
            name
            for name, now, before in zip(names, arguments, untouched, strict=True)
            if _changed(now, before)
        )
        results.append(Outcome(value=value, error=error, changed=tuple(changed)))
    return results


def _changed(now: object, before: object) -> bool:
    """Whether an argument is no longer what it was; what is no plain data may change."""
    if not isinstance(before, list | tuple | torch.Tensor | int | float | str):
        return False
    if type(now) is not type(before):
        return True
    if isinstance(before, list | tuple):
        return len(now) != len(before) or any(map(_changed, now, before))
    if isinstance(before, torch.Tensor):
        same = now.shape == before.shape and now.dtype == before.dtype
        return not (same and torch.allclose(now, before, rtol=0.0, atol=0.0, equal_nan=True))
    return now != before


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise TooSlow in this thread if the block runs longer, and again each second after.

    Works alike in a script, in a notebook's kernel and in any thread, on every system, because it
    uses no signal. Its limit: Python delivers it between two steps of Python, so that one long
    call into C (a huge product of matrices, `time.sleep`) ends first.
    """
    thread = ctypes.c_ulong(threading.get_ident())
    throw = ctypes.pythonapi.PyThreadState_SetAsyncExc
    finished, lock = threading.Event(), threading.Lock()

    def watch() -> None:
        wait = seconds
        while not finished.wait(wait):
            with lock:
                if not finished.is_set():
                    throw(thread, ctypes.py_object(TooSlow))
            wait = 1.0

    threading.Thread(target=watch, daemon=True).start()
    try:
        yield
    finally:
        while not finished.is_set():
            try:
                with lock:
                    finished.set()
            except TooSlow:  # it came just now: still put the watcher to rest
                continue
        throw(thread, None)  # a TooSlow that is on its way must not reach other code


def unfinished(function: Callable) -> bool:
    """Whether the function's source is a stub, or still has a `...` where code is to be written.

    True too where there is no source to read.
    """
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function))).body[0]
    except (OSError, TypeError, SyntaxError, IndexError):
        return True
    statements = getattr(tree, "body", [])
    in_index = {id(n) for s in ast.walk(tree) if isinstance(s, ast.Subscript) for n in ast.walk(s)}
    blanks = any(_is_ellipsis(n) and id(n) not in in_index for n in ast.walk(tree))
    return blanks or all(map(_does_nothing, statements))


def _is_ellipsis(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value is ...


def _does_nothing(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.Return | ast.Expr):  # `return None`, a docstring
        return statement.value is None or isinstance(statement.value, ast.Constant)
    if isinstance(statement, ast.Raise):
        return "NotImplementedError" in ast.dump(statement)
    return isinstance(statement, ast.Pass)


def line_of(function: Callable, error: BaseException) -> tuple[int, str] | None:
    """The last line of the learner's own code on the way to the error: its number and text.

    Cells of one notebook count as the learner's own (a helper may stand in an earlier one), and so
    do files beside the function's.
    """
    code = getattr(inspect.unwrap(function), "__code__", None)
    if code is None:
        return None
    home = os.path.dirname(code.co_filename)
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if os.path.dirname(frame.filename) == home:
            text = frame.line or linecache.getline(frame.filename, frame.lineno).strip()
            return frame.lineno, text
    return None
