"""Lesson 06: a learning rate with warm-up and cosine decay."""

import math
from collections.abc import Iterator

import torch

from minillm.exercises.registry import exercise


def _steps(generator: torch.Generator) -> Iterator[tuple]:
    for step in (8, 0, 10, 1, 4, 3, 11, 12, 15):
        yield step, 12, 4, 0.8, 0.2
    yield 30, 100, 20, 3e-3, 3e-4
    yield 25, 20, 5, 0.9, 0.3  # long after the end
    yield 5000, 20_000, 1000, 6e-4, 6e-5
    yield 0, 10, 0, 2, 0  # integers, and no warm-up
    yield 9, 10, 10, 0.5, 0.1  # nothing but warm-up
    yield 0, 9, 1, 0.6, 0.1  # one step of warm-up


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


def _cosine(step, start, end, peak, floor):
    """Half a cosine from `peak` at step `start` to `floor` at step `end`, and on."""
    return floor + (peak - floor) * (1 + math.cos(math.pi * (step - start) / (end - start))) / 2


@schedule.mistake
def first_step_wasted(step, steps, warmup, peak, floor):
    """Warms up from zero: the first step changes nothing."""
    return peak * step / warmup if step < warmup else schedule(step, steps, warmup, peak, floor)


@schedule.mistake(hint="first_step_wasted")
def first_step_wasted_steeper(step, steps, warmup, peak, floor):
    """The same, but in time for the peak."""
    if step < warmup:
        return peak * step / max(warmup - 1, 1)
    return schedule(step, steps, warmup, peak, floor)


@schedule.mistake
def peak_one_step_late(step, steps, warmup, peak, floor):
    """Divides by one step more, so that the peak comes after the warm-up."""
    if step < warmup:
        return peak * (step + 1) / (warmup + 1)
    return schedule(step, steps, warmup, peak, floor)


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
def warms_to_one(step, steps, warmup, peak, floor):
    """The share of the warm-up, not of the peak."""
    return (step + 1) / warmup if step < warmup else schedule(step, steps, warmup, peak, floor)


@schedule.mistake
def warmup_flat(step, steps, warmup, peak, floor):
    """The rate of step 0 in the whole warm-up."""
    return peak / warmup if step < warmup else schedule(step, steps, warmup, peak, floor)


@schedule.mistake
def no_warmup(step, steps, warmup, peak, floor):
    """A cosine from step 0."""
    return schedule(step, steps, 0, peak, floor)


@schedule.mistake(hint="no_warmup")
def peak_from_the_start(step, steps, warmup, peak, floor):
    """The peak in the whole warm-up."""
    return peak if step < warmup else schedule(step, steps, warmup, peak, floor)


@schedule.mistake
def above_peak(step, steps, warmup, peak, floor):
    """Goes on climbing at step `warmup`."""
    if step == warmup:
        return peak * (step + 1) / warmup
    return schedule(step, steps, warmup, peak, floor)


@schedule.mistake
def warmup_counted_twice(step, steps, warmup, peak, floor):
    """Measures the decay from step 0."""
    if step < warmup or step >= steps:
        return schedule(step, steps, warmup, peak, floor)
    return _cosine(step, 0, steps, peak, floor)


@schedule.mistake(hint="warmup_counted_twice")
def warmup_times_cosine(step, steps, warmup, peak, floor):
    """Multiplies the warm-up by a cosine that runs from step 0."""
    rise = min(1, (step + 1) / warmup) if warmup else 1
    return rise * schedule(step, steps, 0, peak, floor)


@schedule.mistake
def never_arrives(step, steps, warmup, peak, floor):
    """Divides the steps since the warm-up by all steps."""
    if step < warmup or step >= steps:
        return schedule(step, steps, warmup, peak, floor)
    return _cosine(step, warmup, warmup + steps, peak, floor)


@schedule.mistake
def one_step_ahead(step, steps, warmup, peak, floor):
    """Counts the first step of the decay as done."""
    if step < warmup or step >= steps:
        return schedule(step, steps, warmup, peak, floor)
    return _cosine(step + 1, warmup, steps, peak, floor)


@schedule.mistake(hint="one_step_ahead")
def last_step_at_floor(step, steps, warmup, peak, floor):
    """Arrives at step `steps - 1`."""
    if step < warmup or step >= steps:
        return schedule(step, steps, warmup, peak, floor)
    return _cosine(step, warmup, steps - 1, peak, floor)


@schedule.mistake(hint="one_step_ahead")
def decay_from_last_of_warmup(step, steps, warmup, peak, floor):
    """Has the peak at step `warmup - 1` only."""
    if step < warmup or step >= steps:
        return schedule(step, steps, warmup, peak, floor)
    return _cosine(step, warmup - 1, steps, peak, floor)


@schedule.mistake
def falls_to_zero(step, steps, warmup, peak, floor):
    """A cosine to zero, without a floor."""
    return schedule(step, steps, warmup, peak, 0.0)


@schedule.mistake(hint="falls_to_zero")
def cut_off_at_floor(step, steps, warmup, peak, floor):
    """A cosine to zero, cut off at the floor."""
    rate = schedule(step, steps, warmup, peak, 0.0)
    return rate if step < warmup else max(floor, rate)


@schedule.mistake(hint="falls_to_zero")
def zero_and_then_floor(step, steps, warmup, peak, floor):
    """A cosine to zero, and the floor when it is over."""
    return schedule(step, steps, warmup, peak, floor if step >= steps else 0.0)


@schedule.mistake
def floor_on_top(step, steps, warmup, peak, floor):
    """Adds the floor to a cosine from the whole peak."""
    if step < warmup or step >= steps:
        return schedule(step, steps, warmup, peak, floor)
    return floor + schedule(step, steps, warmup, peak, 0.0)


@schedule.mistake
def floor_not_added(step, steps, warmup, peak, floor):
    """A cosine of the right height that stands on zero."""
    if step < warmup or step >= steps:
        return schedule(step, steps, warmup, peak, floor)
    return schedule(step, steps, warmup, peak, floor) - floor


@schedule.mistake
def climbs(step, steps, warmup, peak, floor):
    """The cosine the other way round."""
    return _decay(step, steps, warmup, peak, floor, lambda p: (1 - math.cos(math.pi * p)) / 2)


@schedule.mistake
def not_halved(step, steps, warmup, peak, floor):
    """1 + cos runs from 2 to 0."""
    return _decay(step, steps, warmup, peak, floor, lambda p: 1 + math.cos(math.pi * p))


@schedule.mistake
def below_floor(step, steps, warmup, peak, floor):
    """The bare cosine runs from 1 to -1."""
    return _decay(step, steps, warmup, peak, floor, lambda p: math.cos(math.pi * p))


@schedule.mistake(hint="below_floor")
def below_floor_by_half(step, steps, warmup, peak, floor):
    """The bare cosine, halved."""
    return _decay(step, steps, warmup, peak, floor, lambda p: math.cos(math.pi * p) / 2)


@schedule.mistake
def quarter_wave(step, steps, warmup, peak, floor):
    """A quarter of a cosine: it lands on the floor at full speed."""
    return _decay(step, steps, warmup, peak, floor, lambda p: math.cos(math.pi / 2 * p))


@schedule.mistake
def whole_wave(step, steps, warmup, peak, floor):
    """A whole cosine: down and up again."""
    return _decay(step, steps, warmup, peak, floor, lambda p: (1 + math.cos(2 * math.pi * p)) / 2)


@schedule.mistake
def other_angle(step, steps, warmup, peak, floor):
    """The cosine of a fraction."""
    return _decay(step, steps, warmup, peak, floor, lambda p: (1 + math.cos(p)) / 2)


@schedule.mistake(hint="other_angle")
def angle_in_degrees(step, steps, warmup, peak, floor):
    """180 degrees given to a function that takes radians."""
    return _decay(step, steps, warmup, peak, floor, lambda p: (1 + math.cos(180 * p)) / 2)


@schedule.mistake
def straight_line(step, steps, warmup, peak, floor):
    """A linear decay."""
    return _decay(step, steps, warmup, peak, floor, lambda p: 1 - p)


@schedule.mistake
def climbs_again(step, steps, warmup, peak, floor):
    """Follows the cosine past its end."""
    if step < steps:
        return schedule(step, steps, warmup, peak, floor)
    return _cosine(step, warmup, steps, peak, floor)


@schedule.mistake
def nothing_afterwards(step, steps, warmup, peak, floor):
    """No rate when the run is over."""
    return schedule(step, steps, warmup, peak, floor) if step <= steps else 0.0
