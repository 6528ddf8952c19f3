"""Lesson 00, "Will it run here, and what is coming?": its exercise."""

from collections.abc import Iterator
from itertools import pairwise

import torch

from minillm.exercises.registry import exercise


def _texts(generator: torch.Generator) -> Iterator[tuple]:
    yield ("hello",)
    yield ("Banana bread, banana Bread",)
    yield ("a, a!",)
    yield ("Mississippi",)
    yield (" abbc",)  # its only space is at an end
    yield ("x",)
    yield ("",)
    yield ("1 2  3\n1 2\t3!",)
    yield ("你好，你好",)


@exercise("start.different", lesson="00", inputs=_texts)
def different(text: str) -> int:
    """How many different characters `text` is made of."""
    return len(set(text))


@different.mistake
def all_of_them(text):
    """Counts every character."""
    return len(text)


@different.mistake
def words(text):
    """Counts different words."""
    return len(set(text.split()))


@different.mistake
def letters_only(text):
    """Leaves out everything that is no letter."""
    return len({c for c in text if c.isalpha()})


@different.mistake(hint="letters_only")
def letters_and_digits(text):
    """The same, but counts digits."""
    return len({c for c in text if c.isalnum()})


@different.mistake
def case_ignored(text):
    """Takes A and a for one."""
    return len(set(text.lower()))


@different.mistake
def spaces_left_out(text):
    """Does not count spaces and line ends."""
    return len({c for c in text if not c.isspace()})


@different.mistake(hint="spaces_left_out")
def stripped(text):
    """Cuts them off at both ends only."""
    return len(set(text.strip()))


@different.mistake
def only_once(text):
    """Counts what occurs exactly once."""
    return sum(text.count(c) == 1 for c in text)


@different.mistake
def more_than_once(text):
    """Counts what comes again."""
    return len({c for c in text if text.count(c) > 1})


@different.mistake
def unlike_the_last(text):
    """Compares each character with the one before it only."""
    return len(text[:1]) + changes(text)


@different.mistake(hint="unlike_the_last")
def changes(text):
    """The same, and the first character does not count."""
    return sum(a != b for a, b in pairwise(text))


@different.mistake
def first_only(text):
    """Returns inside the loop."""
    return len(text[:1])


@different.mistake
def of_the_page(text):
    """Returns the number that the page names, of its own text."""
    return 168
