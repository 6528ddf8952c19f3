"""Lesson 10: a test that shares no file with the training texts."""

from collections import Counter
from collections.abc import Iterator
from itertools import groupby

import torch

from minillm.exercises.registry import exercise


def _files(generator: torch.Generator) -> Iterator[tuple]:
    yield ["a", "a", "b", "b", "b", "c"], 3
    yield ["x", "x", "y", "y", "x", "z", "z", "x", "w"], 3  # files that come in parts
    names = torch.randint(0, 6, (10,), generator=generator).repeat_interleave(2).tolist()
    yield [f"file{n}.py" for n in names], 6
    yield ["only", "other"], 1
    yield ["p", "p", "p", "q", "r", "r"], 4  # reached exactly
    yield ["m", "m", "n", "n", "n", "o", "o", "p"], 2
    yield ["b", *["large"] * 6, "c", "d", "e", "f"], 2
    names = torch.randint(0, 9, (12,), generator=generator).repeat_interleave(3).tolist()
    yield [f"{n}/code.py" for n in names], 10


@exercise("classify.split", lesson="10", inputs=_files)
def split(files: list[str], wanted: int) -> tuple[list[int], list[int]]:
    """The rows to train on and the rows to test on, (train, test): two rising lists of numbers.

    files[i] is the file that text i stands in. Whole files go to the test, in the order in which
    they first come in the list, until the test holds at least `wanted` texts.
    """
    chosen, test = set(), []
    for file in dict.fromkeys(files):
        if len(test) >= wanted:
            break
        chosen.add(file)
        test = [i for i, name in enumerate(files) if name in chosen]
    return [i for i, name in enumerate(files) if name not in chosen], test


def _of(files, chosen):
    """The two lists, from the files of the test."""
    rows = range(len(files))
    return [i for i in rows if files[i] not in chosen], [i for i in rows if files[i] in chosen]


@split.mistake
def cut_by_rows(files, wanted):
    """The first rows, whatever file they are of."""
    rows = list(range(len(files)))
    return rows[wanted:], rows[:wanted]


@split.mistake(hint="cut_by_rows")
def cut_by_last_rows(files, wanted):
    """The last rows."""
    rows = list(range(len(files)))
    return rows[:-wanted], rows[-wanted:]


@split.mistake
def neighbours_only(files, wanted):
    """Takes a file that comes in parts for several files."""
    test = []
    for _, rows in groupby(range(len(files)), key=files.__getitem__):
        if len(test) < wanted:
            test += rows
    return [i for i in range(len(files)) if i not in test], test


@split.mistake
def stops_before(files, wanted):
    """Leaves out the file that would reach the number."""
    chosen, count = [], 0
    for file in dict.fromkeys(files):
        count += files.count(file)
        if count > wanted:
            break
        chosen.append(file)
    return _of(files, chosen)


@split.mistake
def one_file_more(files, wanted):
    """Goes on when the number is reached."""
    chosen, count = [], 0
    for file in dict.fromkeys(files):
        if count > wanted:
            break
        chosen.append(file)
        count += files.count(file)
    return _of(files, chosen)


@split.mistake
def counts_files(files, wanted):
    """So many files, not texts."""
    return _of(files, list(dict.fromkeys(files))[:wanted])


@split.mistake
def swapped(files, wanted):
    """Test first."""
    return split(files, wanted)[::-1]


@split.mistake
def names_not_rows(files, wanted):
    """The names of the files."""
    train, test = split(files, wanted)
    return [files[i] for i in train], [files[i] for i in test]


@split.mistake
def in_both(files, wanted):
    """All rows are trained on, the test's too."""
    return list(range(len(files))), split(files, wanted)[1]


@split.mistake
def in_the_order_of_names(files, wanted):
    """Files in alphabetical order."""
    chosen, count = [], 0
    for file in sorted(set(files)):
        if count >= wanted:
            break
        chosen.append(file)
        count += files.count(file)
    return _of(files, chosen)


def _until_enough(files, order, wanted):
    """The two lists, files taken in the given order."""
    chosen, count = [], 0
    for file in order:
        if count < wanted:
            chosen.append(file)
            count += files.count(file)
    return _of(files, chosen)


@split.mistake
def another_order(files, wanted):
    """Begins with the file that comes last."""
    return _until_enough(files, list(dict.fromkeys(files))[::-1], wanted)


@split.mistake(hint="another_order")
def largest_first(files, wanted):
    """Begins with the file of the most texts."""
    return _until_enough(files, [name for name, _ in Counter(files).most_common()], wanted)


@split.mistake
def large_passed_over(files, wanted):
    """Passes over what would exceed the number, and goes on with later files."""
    chosen, count = [], 0
    for file in dict.fromkeys(files):
        if count + files.count(file) <= wanted:
            chosen.append(file)
            count += files.count(file)
    return _of(files, chosen)


@split.mistake
def not_rising(files, wanted):
    """The rows of the test file by file, not in their order."""
    train, test = split(files, wanted)
    return train, sorted(test, key=lambda i: files.index(files[i]))


@split.mistake(hint="not_rising")
def neither_rising(files, wanted):
    """The rows of both parts file by file."""
    train, test = not_rising(files, wanted)
    return sorted(train, key=lambda i: files.index(files[i])), test


@split.mistake
def later_texts_uncounted(files, wanted):
    """The files of the first rows: forgets that they have more texts below."""
    return _of(files, files[:wanted])


@split.mistake
def first_rows_alone(files, wanted):
    """`files.index` finds the first row of a file, and no other."""
    test = [files.index(file) for file in dict.fromkeys(files[i] for i in split(files, wanted)[1])]
    return [i for i in range(len(files)) if i not in test], test
