"""Lesson 06, "How do you train on real text without wasting hours?": data and learning rate.

A reference's docstring is the task, as the lesson sets it; a mistake's says what is wrong with it.
"""

import math
from collections.abc import Iterator

import torch

from minillm.exercises.registry import exercise


def _texts(generator: torch.Generator) -> Iterator[tuple]:
    yield list(range(20)), 2
    yield list(range(40)), 4
    yield torch.randint(0, 9, (25,), generator=generator).tolist(), 1
    yield list(range(100, 130)), 3  # held out: just one window
    yield list(range(15)), 2  # held out: shorter than a window
    yield list(range(7)), 2  # a tenth of it is nothing


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


def _windows(part: list[int], length: int, step: int = 1) -> list[list[int]]:
    return [part[i : i + length] for i in range(0, len(part) - length + 1, step)]


@split.mistake
def windows_before_parts(tokens, length):
    """Makes the windows first and holds out the last tenth of them."""
    windows = _windows(tokens, length)
    cut = len(windows) - len(windows) // 10
    return windows[:cut], windows[cut:]


@split.mistake(hint="windows_before_parts")
def windows_before_parts_by_tokens(tokens, length):
    """Holds out the windows that start in the last tenth."""
    cut, windows = len(tokens) - len(tokens) // 10, _windows(tokens, length)
    return windows[:cut], windows[cut:]


@split.mistake
def first_tenth(tokens, length):
    """Holds out the beginning."""
    cut = len(tokens) // 10
    return _windows(tokens[cut:], length), _windows(tokens[:cut], length)


@split.mistake
def trains_on_everything(tokens, length):
    """Holds the end out, and trains on it too."""
    cut = len(tokens) - len(tokens) // 10
    return _windows(tokens, length), _windows(tokens[cut:], length)


@split.mistake
def last_window_lost(tokens, length):
    """Stops one window early."""
    cut = len(tokens) - len(tokens) // 10
    return _windows(tokens[:cut], length)[:-1], _windows(tokens[cut:], length)[:-1]


@split.mistake
def short_windows(tokens, length):
    """Starts a window at every token, even where too few follow."""
    cut = len(tokens) - len(tokens) // 10
    training, held_out = tokens[:cut], tokens[cut:]
    return tuple([p[i : i + length] for i in range(len(p))] for p in (training, held_out))


@split.mistake
def side_by_side(tokens, length):
    """Windows that do not overlap."""
    cut = len(tokens) - len(tokens) // 10
    return _windows(tokens[:cut], length, length), _windows(tokens[cut:], length, length)


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


def _steps(generator: torch.Generator) -> Iterator[tuple]:
    for step in (8, 1, 4, 0, 3, 11, 12, 15):
        yield step, 12, 4, 1.0, 0.1
    yield 0, 10, 0, 3e-3, 0.0  # no warm-up
    yield 7, 10, 1, 2, 0  # integers
    yield 5000, 20_000, 1000, 6e-4, 6e-5
    yield 9, 10, 10, 0.5, 0.1  # nothing but warm-up
    yield 10, 10, 10, 0.5, 0.1


@exercise("training.schedule", lesson="06", inputs=_steps)
def schedule(step: int, steps: int, warmup: int, peak: float, floor: float) -> float:
    """The learning rate at `step`, counted from 0, of a run of `steps` steps.

    In the first `warmup` steps it grows evenly: `peak / warmup` at step 0, `peak` at step
    `warmup - 1`. Then it follows half a cosine, from `peak` at step `warmup` down to `floor` at
    step `steps`, and stays there.
    """
    if step < warmup:
        return peak * (step + 1) / warmup
    if step >= steps:
        return floor
    progress = (step - warmup) / (steps - warmup)
    return floor + (peak - floor) * (1 + math.cos(math.pi * progress)) / 2


def _decay(step, steps, warmup, peak, floor, shape):
    """The schedule with another `shape(progress)` of its decay."""
    if step < warmup or step >= steps:
        return schedule(step, steps, warmup, peak, floor)
    return floor + (peak - floor) * shape((step - warmup) / (steps - warmup))


@schedule.mistake
def first_step_wasted(step, steps, warmup, peak, floor):
    """Warms up from zero: the first step changes nothing."""
    return peak * step / warmup if step < warmup else schedule(step, steps, warmup, peak, floor)


@schedule.mistake
def warms_from_floor(step, steps, warmup, peak, floor):
    """Warms up from the floor."""
    if step < warmup:
        return floor + (peak - floor) * (step + 1) / warmup
    return schedule(step, steps, warmup, peak, floor)


@schedule.mistake(hint="warms_from_floor")
def warms_from_floor_at_zero(step, steps, warmup, peak, floor):
    """Warms up from the floor, which step 0 has."""
    if step < warmup:
        return floor + (peak - floor) * step / warmup
    return schedule(step, steps, warmup, peak, floor)


@schedule.mistake
def warmup_counted_twice(step, steps, warmup, peak, floor):
    """Measures the decay from step 0."""
    if step < warmup or step >= steps:
        return schedule(step, steps, warmup, peak, floor)
    return floor + (peak - floor) * (1 + math.cos(math.pi * step / steps)) / 2


@schedule.mistake
def never_arrives(step, steps, warmup, peak, floor):
    """Divides the steps since the warm-up by all steps."""
    if step < warmup or step >= steps:
        return schedule(step, steps, warmup, peak, floor)
    return floor + (peak - floor) * (1 + math.cos(math.pi * (step - warmup) / steps)) / 2


@schedule.mistake
def falls_to_zero(step, steps, warmup, peak, floor):
    """A cosine to zero, without a floor."""
    return schedule(step, steps, warmup, peak, 0.0)


@schedule.mistake(hint="falls_to_zero")
def cut_off_at_floor(step, steps, warmup, peak, floor):
    """A cosine to zero, cut off at the floor."""
    rate = schedule(step, steps, warmup, peak, 0.0)
    return rate if step < warmup else max(floor, rate)


@schedule.mistake
def floor_on_top(step, steps, warmup, peak, floor):
    """Adds the floor to a cosine from the whole peak."""
    if step < warmup or step >= steps:
        return schedule(step, steps, warmup, peak, floor)
    return floor + schedule(step, steps, warmup, peak, 0.0)


@schedule.mistake
def not_halved(step, steps, warmup, peak, floor):
    """1 + cos runs from 2 to 0."""
    return _decay(step, steps, warmup, peak, floor, lambda p: 1 + math.cos(math.pi * p))


@schedule.mistake
def cosine_below_zero(step, steps, warmup, peak, floor):
    """The bare cosine runs from 1 to -1."""
    return _decay(step, steps, warmup, peak, floor, lambda p: math.cos(math.pi * p))


@schedule.mistake
def quarter_cosine(step, steps, warmup, peak, floor):
    """A quarter of a cosine: it lands on the floor at full speed."""
    return _decay(step, steps, warmup, peak, floor, lambda p: math.cos(math.pi / 2 * p))


@schedule.mistake
def without_pi(step, steps, warmup, peak, floor):
    """The cosine of a fraction."""
    return _decay(step, steps, warmup, peak, floor, lambda p: (1 + math.cos(p)) / 2)


@schedule.mistake
def straight_line(step, steps, warmup, peak, floor):
    """A linear decay."""
    return _decay(step, steps, warmup, peak, floor, lambda p: 1 - p)


@schedule.mistake
def rises_again(step, steps, warmup, peak, floor):
    """Follows the cosine past its end."""
    if step < steps:
        return schedule(step, steps, warmup, peak, floor)
    progress = (step - warmup) / (steps - warmup)
    return floor + (peak - floor) * (1 + math.cos(math.pi * progress)) / 2
