"""Lesson 06: hold out a part of a text."""

from collections.abc import Iterator

import torch

from minillm.exercises.registry import exercise


def _texts(generator: torch.Generator) -> Iterator[tuple]:
    yield list(range(20)), 2
    yield list(range(40)), 4
    yield torch.randint(0, 9, (30,), generator=generator).tolist(), 1
    yield list(range(100, 130)), 3  # held out: just one window
    yield list(range(50)), 7  # held out: shorter than a window
    yield list(range(60)), 2
    yield list(range(25)), 2  # its tenth has to be rounded
    yield list(range(28)), 2  # and to the next number it would be 3
    yield list(range(7)), 2  # its tenth is nothing


@exercise("training.split", lesson="06", inputs=_texts)
def split(tokens: list[int], length: int) -> tuple[list[list[int]], list[list[int]]]:
    """Cut a text into windows to train on and windows held out: `(training, held_out)`.

    Held out are the last `len(tokens) // 10` tokens. A window is a list of `length` tokens; one
    starts at every token that has enough tokens after it. No window crosses from one part into
    the other.
    """
    cut = len(tokens) - len(tokens) // 10

    def windows(part: list[int]) -> list[list[int]]:
        return [part[i : i + length] for i in range(len(part) - length + 1)]

    return windows(tokens[:cut]), windows(tokens[cut:])


def _parts(tokens):
    cut = len(tokens) - len(tokens) // 10
    return tokens[:cut], tokens[cut:]


def _windows(part, length, step=1):
    return [part[i : i + length] for i in range(0, len(part) - length + 1, step)]


@split.mistake
def windows_before_parts(tokens, length):
    """Makes the windows first and holds out the last tenth of them."""
    return _parts(_windows(tokens, length))


@split.mistake(hint="windows_before_parts")
def windows_before_parts_many(tokens, length):
    """The same, but holds out as many windows as a tenth has tokens."""
    windows = _windows(tokens, length)
    cut = len(windows) - len(tokens) // 10
    return windows[:cut], windows[cut:]


@split.mistake(hint="windows_before_parts")
def windows_before_parts_by_start(tokens, length):
    """The same, but holds out the windows that start in the last tenth."""
    cut, windows = len(tokens) - len(tokens) // 10, _windows(tokens, length)
    return windows[:cut], windows[cut:]


@split.mistake
def first_tenth(tokens, length):
    """Holds out the beginning."""
    cut = len(tokens) // 10
    return _windows(tokens[cut:], length), _windows(tokens[:cut], length)


@split.mistake
def swapped(tokens, length):
    """Returns the parts the other way round."""
    return split(tokens, length)[::-1]


@split.mistake
def no_windows(tokens, length):
    """Returns the two parts uncut."""
    return _parts(tokens)


@split.mistake
def trains_on_everything(tokens, length):
    """Holds the end out, and trains on it too."""
    return _windows(tokens, length), split(tokens, length)[1]


@split.mistake
def last_window_lost(tokens, length):
    """Stops one window early."""
    return tuple(windows[:-1] for windows in split(tokens, length))


@split.mistake(hint="last_window_lost")
def last_training_window_lost(tokens, length):
    """The same, in the training part alone."""
    training, held_out = split(tokens, length)
    return training[:-1], held_out


@split.mistake
def short_windows(tokens, length):
    """Starts a window at every token, even where too few follow."""
    return tuple([part[i : i + length] for i in range(len(part))] for part in _parts(tokens))


@split.mistake(hint="short_windows")
def short_windows_before_parts(tokens, length):
    """The same, and those of the training part reach across the seam."""
    return _parts([tokens[i : i + length] for i in range(len(tokens))])


@split.mistake
def side_by_side(tokens, length):
    """Windows that do not overlap."""
    return tuple(_windows(part, length, length) for part in _parts(tokens))


@split.mistake(hint="side_by_side")
def side_by_side_to_the_end(tokens, length):
    """The same, with a shorter one at the end."""
    parts = _parts(tokens)
    return tuple([p[i : i + length] for i in range(0, len(p), length)] for p in parts)


@split.mistake
def one_token_more(tokens, length):
    """Windows with the next token, as one needs them for training, but not here."""
    return tuple(_windows(part, length + 1) for part in _parts(tokens))


@split.mistake
def minus_zero(tokens, length):
    """Cuts with `[:-held]`, which is empty where held is 0."""
    held = len(tokens) // 10
    return _windows(tokens[:-held], length), _windows(tokens[-held:], length)


@split.mistake
def nine_tenths(tokens, length):
    """Rounds nine tenths down, and so holds out more than a tenth."""
    cut = int(0.9 * len(tokens))
    return _windows(tokens[:cut], length), _windows(tokens[cut:], length)


@split.mistake(hint="nine_tenths")
def tenth_rounded(tokens, length):
    """Rounds the tenth to the nearest number."""
    cut = len(tokens) - round(len(tokens) / 10)
    return _windows(tokens[:cut], length), _windows(tokens[cut:], length)


@split.mistake
def ten_tokens(tokens, length):
    """Holds out ten tokens, not a tenth of them."""
    return _windows(tokens[:-10], length), _windows(tokens[-10:], length)
