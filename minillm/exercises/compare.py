"""Is this answer that answer? And if not: does it have the wrong form, or the wrong values?

Alike are: a Python number and a 0-d tensor, a list and a tuple, an array and a tensor, 2 and 2.0,
floats of any width. Not alike are True and 1, a tensor of floats where integers are expected,
and shapes that would broadcast to each other.
"""

import math
from dataclasses import dataclass

import numpy as np
import torch

_SHOWN = 5  # rows of a table
_ROOM = 120  # letters of a value that is written out
_SMALLEST = 1e-2  # answers below this are compared as if they were this large: 0 is hit by 3e-9


@dataclass(frozen=True, kw_only=True)
class Difference:
    """How an answer differs: its form somewhere, or some values (`cells`: where, got, expected)."""

    cells: tuple[tuple[str, str, str], ...]
    form: bool
    axes: tuple[int, ...] = ()  # of a wrong shape with the right number of axes
    length: bool = False  # a list, as expected, but of another length
    total: int = 1  # values compared
    wrong: int = 1  # values that differ


def compare(
    got: object, expected: object, tolerance: float, where: str = "result"
) -> Difference | None:
    """None where `got` equals `expected` within `tolerance` of the largest value expected."""
    if isinstance(expected, list | tuple):
        return _compare_sequences(got, expected, tolerance, where)
    if isinstance(expected, str):
        if not isinstance(got, str):
            return _form(got, expected, where)
        if got == expected:
            return None
        return Difference(cells=((where, repr(got), repr(expected)),), form=False)
    return _compare_numbers(got, expected, tolerance, where)


def _compare_sequences(
    got: object, expected: list | tuple, tolerance: float, where: str
) -> Difference | None:
    if not isinstance(got, list | tuple):
        return _form(got, expected, where)
    if len(got) != len(expected):
        cells = ((where, describe(got), describe(expected)),)
        return Difference(cells=cells, form=True, length=True)
    parts = [
        compare(mine, theirs, tolerance, f"{where}[{i}]")
        for i, (mine, theirs) in enumerate(zip(got, expected, strict=True))
    ]
    differences = [part for part in parts if part]
    if not differences or any(part.form for part in differences):
        return next((part for part in differences if part.form), None)
    cells = [cell for part in differences for cell in part.cells]
    return Difference(
        cells=tuple(cells[:_SHOWN]),
        form=False,
        total=size(expected),
        wrong=sum(part.wrong for part in differences),
    )


def _compare_numbers(
    got: object, expected: object, tolerance: float, where: str
) -> Difference | None:
    mine, theirs = _array(got), _array(expected)
    if mine is None or theirs is None or mine.shape != theirs.shape:
        return _form(got, expected, where, mine, theirs)
    if _kind(mine) != _kind(theirs) and not _may_stand_for(mine, theirs):
        return _form(got, expected, where, mine, theirs)
    wrong = _wrong(mine, theirs, tolerance)
    if not wrong.any():
        return None
    cells = []
    for index in wrong.nonzero()[:_SHOWN].tolist():
        place = f"{where}{index}" if index else where
        cells.append((place, *_pair(mine[tuple(index)].item(), theirs[tuple(index)].item())))
    return Difference(cells=tuple(cells), form=False, total=theirs.numel(), wrong=int(wrong.sum()))


def _kind(values: torch.Tensor) -> str:
    if values.dtype is torch.bool:
        return "boolean"
    if values.is_complex():
        return "complex"
    return "float" if values.is_floating_point() else "integer"


def _may_stand_for(mine: torch.Tensor, theirs: torch.Tensor) -> bool:
    """An integer for a float, and a single float for an integer (its value decides)."""
    pair = _kind(mine), _kind(theirs)
    return pair == ("integer", "float") or (pair == ("float", "integer") and theirs.ndim == 0)


def _wrong(mine: torch.Tensor, theirs: torch.Tensor, tolerance: float) -> torch.Tensor:
    """Where two tensors of one shape differ (a boolean of that shape)."""
    if not theirs.is_floating_point() and not theirs.is_complex():
        return mine != theirs
    tolerance = max(tolerance, 4 * torch.finfo(theirs.dtype).eps)
    wide = torch.complex128 if theirs.is_complex() else torch.float64
    mine, theirs = mine.to(wide), theirs.to(wide)
    sizes = theirs.abs()[theirs.isfinite()]
    largest = max(sizes.max().item() if sizes.numel() else 0.0, _SMALLEST)
    return ~torch.isclose(mine, theirs, rtol=0.0, atol=tolerance * largest, equal_nan=True)


def _array(value: object) -> torch.Tensor | None:
    """Numbers of any kind as a tensor; None where the value is no such thing."""
    if isinstance(value, torch.Tensor):
        plain = value.layout is torch.strided and not value.is_meta
        return value.detach().cpu() if plain else None
    if isinstance(value, np.ndarray | np.generic):
        plain = value.dtype.kind in "biufc" and value.dtype.itemsize <= 8
        return torch.from_numpy(np.array(value)) if plain else None
    if isinstance(value, int) and abs(value) >= 2**63:  # a tensor has no room for it
        value = float(value) if abs(value) < 10**300 else math.inf
    if isinstance(value, float):
        return torch.tensor(value, dtype=torch.float64)
    return torch.tensor(value) if isinstance(value, int | complex) else None


def _form(
    got: object,
    expected: object,
    where: str,
    mine: torch.Tensor | None = None,
    theirs: torch.Tensor | None = None,
) -> Difference:
    axes = ()
    if mine is not None and theirs is not None and mine.ndim == theirs.ndim:
        sizes = zip(mine.shape, theirs.shape, strict=True)
        axes = tuple(axis for axis, (a, b) in enumerate(sizes) if a != b)
    cells = ((where, describe(got), describe(expected)),)
    return Difference(cells=cells, form=True, axes=axes)


def describe(value: object) -> str:
    """A value's type and shape in a few words: `tensor (2, 3) float32`, `list of 4`."""
    if isinstance(value, torch.Tensor):
        return f"tensor {tuple(value.shape)} {str(value.dtype).removeprefix('torch.')}"
    if isinstance(value, np.ndarray):
        return f"array {value.shape} {value.dtype}"
    if isinstance(value, list | tuple):
        return f"{type(value).__name__} of {len(value)}"
    return "None" if value is None else type(value).__name__


def brief(value: object, small: int = 8) -> str:
    """A value as one can read it on a card: written out where it is small, else described.

    Tensors of at most `small` numbers are written out, as long as the whole stays a line or two.
    """
    if isinstance(value, torch.Tensor):
        return describe(value) if value.numel() > small else f"tensor({brief(value.tolist())})"
    if isinstance(value, float):
        return f"{value:.5g}"
    if isinstance(value, list | tuple):
        text = ", ".join(brief(part, small) for part in value)
        text = f"[{text}]" if isinstance(value, list) else f"({text})"
        if len(text) <= _ROOM:
            return text
        return brief(value, 0) if small else describe(value)
    if callable(value):
        return getattr(value, "__name__", describe(value))
    return repr(value) if len(repr(value)) <= _ROOM else describe(value)


def size(value: object) -> int:
    """How many numbers a value holds: the smallest failing input is the one to look at."""
    if isinstance(value, torch.Tensor | np.ndarray):
        return math.prod(value.shape)
    if isinstance(value, list | tuple):
        return sum(size(part) for part in value)
    return len(value) if isinstance(value, str) else 1


def _pair(got: object, expected: object) -> tuple[str, str]:
    """Two numbers in as few digits as tell them apart."""
    if not isinstance(got, float) and not isinstance(expected, float):
        return str(got), str(expected)
    for digits in (5, 9, 17):
        pair = f"{got:.{digits}g}", f"{expected:.{digits}g}"
        if pair[0] != pair[1]:
            break
    return pair
