"""Lesson 04: a table of positions made of sines and cosines."""

import math
from collections.abc import Iterator

import torch
from torch import Tensor

from minillm.exercises.registry import exercise


def _sizes(generator: torch.Generator) -> Iterator[tuple]:
    yield from [(4, 4), (3, 8), (6, 6), (1, 2), (5, 2), (40, 10), (7, 16)]


@exercise("transformer.sinusoids", lesson="04", inputs=_sizes)
def sinusoids(length: int, width: int) -> Tensor:
    """The table of positions, (length, width): row t belongs to position t, counted from 0.

    The first half of a row holds sines, the second half the cosines of the same angles. Angle i
    is t / 10000 ** (2 i / width), for i = 0, 1, ..., width / 2 - 1. The width is even.
    """
    rate = 10_000.0 ** (-torch.arange(0, width, 2) / width)  # (width / 2,)
    angle = torch.arange(length)[:, None] * rate  # (length, width / 2)
    return torch.cat([angle.sin(), angle.cos()], dim=1)


def _angle(length, exponent, base=10_000.0):
    return torch.arange(length)[:, None] * base ** (-exponent)


def _waves(angle):
    return torch.cat([angle.sin(), angle.cos()], dim=1)


def _exponent(width):
    return torch.arange(0, width, 2) / width


@sinusoids.mistake
def interleaved(length, width):
    """Sine, cosine, sine, cosine: the order of the paper."""
    angle = _angle(length, _exponent(width))
    return torch.stack([angle.sin(), angle.cos()], dim=2).flatten(1)


@sinusoids.mistake
def cosines_first(length, width):
    """The halves changed places."""
    angle = _angle(length, _exponent(width))
    return torch.cat([angle.cos(), angle.sin()], dim=1)


@sinusoids.mistake
def not_doubled(length, width):
    """The exponent is i / width: only half of the range of speeds."""
    return _waves(_angle(length, torch.arange(width // 2) / width))


@sinusoids.mistake
def doubled_twice(length, width):
    """Counts i in steps of two, and doubles it again."""
    return _waves(_angle(length, 2 * _exponent(width)))


@sinusoids.mistake
def a_speed_for_each_column(length, width):
    """Every column has a speed of its own; even ones are sines, odd ones cosines."""
    angle = _angle(length, torch.arange(width) / width)
    return torch.where(torch.arange(width) % 2 == 0, angle.sin(), angle.cos())


@sinusoids.mistake(hint="a_speed_for_each_column")
def a_speed_for_each_column_in_halves(length, width):
    """The same, with the sines first."""
    angle = _angle(length, torch.arange(width) / width)
    return torch.cat([angle[:, : width // 2].sin(), angle[:, width // 2 :].cos()], dim=1)


@sinusoids.mistake(hint="a_speed_for_each_column")
def a_speed_for_each_column_doubled(length, width):
    """The same, with the exponent of the formula."""
    angle = _angle(length, 2 * torch.arange(width) / width)
    return torch.where(torch.arange(width) % 2 == 0, angle.sin(), angle.cos())


@sinusoids.mistake(hint="a_speed_for_each_column")
def a_speed_for_each_column_doubled_in_halves(length, width):
    """The same, with the sines first."""
    angle = _angle(length, 2 * torch.arange(width) / width)
    return torch.cat([angle[:, : width // 2].sin(), angle[:, width // 2 :].cos()], dim=1)


@sinusoids.mistake
def one_speed(length, width):
    """All angles are the position: the exponent was cut off to 0."""
    return _waves(_angle(length, torch.zeros(width // 2)))


@sinusoids.mistake
def faster_and_faster(length, width):
    """Multiplies where it should divide."""
    return _waves(_angle(length, -_exponent(width)))


@sinusoids.mistake
def power_of_e(length, width):
    """The base is e."""
    return _waves(_angle(length, _exponent(width), math.e))


@sinusoids.mistake
def from_one(length, width):
    """The first position is 1."""
    return _waves(_angle(length + 1, _exponent(width)))[1:]


@sinusoids.mistake
def sines_only(length, width):
    """Twice the sines."""
    angle = _angle(length, _exponent(width)).sin()
    return torch.cat([angle, angle], dim=1)


@sinusoids.mistake
def second_speed_first(length, width):
    """Counts i from 1, so that the fastest hand is missing."""
    return _waves(_angle(length, _exponent(width) + 2 / width))


@sinusoids.mistake
def lying(length, width):
    """One position a column."""
    return sinusoids(length, width).T


@sinusoids.mistake
def in_turns(length, width):
    """Whole turns for radians."""
    return _waves(2 * math.pi * _angle(length, _exponent(width)))


@sinusoids.mistake
def in_degrees(length, width):
    """Takes the angles for degrees."""
    return _waves(_angle(length, _exponent(width)) * math.pi / 180)


@sinusoids.mistake
def power_of_the_quotient(length, width):
    """Divides first, and raises the quotient to the power."""
    return _waves((torch.arange(length)[:, None] / 10_000) ** _exponent(width))


@sinusoids.mistake
def exponent_without_brackets(length, width):
    """Python reads `10000 ** 2 * i / width` as a square, times i / width."""
    i = torch.arange(width // 2)
    return _waves(torch.arange(length)[:, None] / (10_000.0**2 * i / width))


@sinusoids.mistake
def up_to_the_end(length, width):
    """The slowest speed is exactly 1 / 10000."""
    return _waves(_angle(length, torch.linspace(0, 1, width // 2)))


@sinusoids.mistake
def angles_only(length, width):
    """The angles themselves, twice."""
    angle = _angle(length, _exponent(width))
    return torch.cat([angle, angle], dim=1)
