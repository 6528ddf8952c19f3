"""Lesson 00, "Will it run here, and what is coming?": its exercise."""

from collections.abc import Iterator

import torch

from minillm.exercises.registry import exercise


def _texts(generator: torch.Generator) -> Iterator[tuple]:
    yield ("hello",)
    yield ("Banana bread, banana Bread",)
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


@different.mistake
def case_ignored(text):
    """Takes A and a for one."""
    return len(set(text.lower()))


@different.mistake
def spaces_left_out(text):
    """Does not count spaces and line ends."""
    return len({c for c in text if not c.isspace()})
