"""Lesson 03: who reads whom, found out from outside."""

import math
from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from minillm.exercises.registry import exercise


def reads_back(x: Tensor) -> Tensor:
    """A right one: each output is the mean of its token and those before it."""
    return x.cumsum(0) / torch.arange(1, len(x) + 1)[:, None]


def reads_all(x: Tensor) -> Tensor:
    """A mask forgotten."""
    return (x @ x.T / 4).softmax(-1) @ x


def reads_one_ahead(x: Tensor) -> Tensor:
    """A mask with one diagonal too many."""
    seen = torch.ones(len(x), len(x), dtype=torch.bool).tril(1)
    return (x @ x.T / 4).masked_fill(~seen, -math.inf).softmax(-1) @ x


def reads_itself(x: Tensor) -> Tensor:
    """No attention at all."""
    return 2 * x[:, :3] + 1


def reads_previous(x: Tensor) -> Tensor:
    """A previous-token head."""
    return x.roll(1, dims=0) * (torch.arange(len(x)) > 0)[:, None]


def falls(x: Tensor) -> Tensor:
    """Outputs go down when a token grows."""
    return -x.cumsum(0)


def up_and_down(x: Tensor) -> Tensor:
    """One number of an output rises as much as another falls."""
    moved = x.sum(1, keepdim=True).cumsum(0)
    return torch.cat([moved, -moved], dim=1)


def moves_a_little(x: Tensor) -> Tensor:
    """Only one number of an output moves."""
    out = torch.zeros_like(x)
    out[:, 0] = x.sum(1).cumsum(0)
    return out


def reads_a_little(x: Tensor) -> Tensor:
    """Reads the last number of each token only."""
    return x[:, -1:].cumsum(0).expand(x.shape)


def first_reads_last(x: Tensor) -> Tensor:
    """A leak at one place only."""
    return torch.cat([x[:1] + x[-1:], x[1:]])


def _cases(generator: torch.Generator) -> Iterator[tuple]:
    for model in (reads_back, reads_all, reads_one_ahead):
        yield model, torch.randn(3, 5, generator=generator)
    for model in (reads_itself, reads_previous, first_reads_last):
        yield model, torch.randn(4, 7, generator=generator)
    zeros = torch.randn(4, 6, generator=generator)
    zeros[1] = 0.0  # to set this one to zero, or to double it, would change nothing
    yield reads_one_ahead, zeros
    yield reads_back, torch.zeros(2, 4)
    yield falls, torch.randn(3, 4, generator=generator)
    yield up_and_down, torch.randn(3, 2, generator=generator)
    yield moves_a_little, torch.randn(3, 5, generator=generator)
    yield reads_a_little, torch.randn(3, 6, generator=generator)


@exercise("attention.influence", lesson="03", inputs=_cases)
def influence(model: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """Which output moves when which token is changed: (T, T) booleans.

    x (T, C): one token a row; model(x) has one output a row, T rows. Row t, column s is True if
    output t is not the same once token s, and no other, has been changed. `x` is left as it is.
    """
    before = model(x)
    columns = []
    for s in range(len(x)):
        changed = x.clone()
        changed[s] += 1.0
        columns.append((model(changed) != before).any(dim=1))
    return torch.stack(columns, dim=1)


def _map(model, x, change, moved=None):
    """The map under another `change(x, s)`, or another sense of what has moved."""
    before = model(x)
    moved = moved or (lambda after: (after != before).any(dim=1))
    return torch.stack([moved(model(change(x, s))) for s in range(len(x))], dim=1)


def _one(x, s, by=1.0):
    changed = x.clone()
    changed[s] += by
    return changed


@influence.mistake
def turned_over(model, x):
    """One row for each changed token."""
    return influence(model, x).T


@influence.mistake
def changes_pile_up(model, x):
    """Never takes a change back: an earlier one still shows."""
    before, changed, columns = model(x), x.clone(), []
    for s in range(len(x)):
        changed[s] += 1.0
        columns.append((model(changed) != before).any(dim=1))
    return torch.stack(columns, dim=1)


@influence.mistake(hint="changes_pile_up")
def changes_pile_up_turned_over(model, x):
    """The same, with a row for each changed token."""
    return changes_pile_up(model, x).T


@influence.mistake
def feature_changed(model, x):
    """Changes a column of x, a little of every token."""

    def change(x, s):
        changed = x.clone()
        changed[:, s] += 1.0
        return changed

    return _map(model, x, change)


@influence.mistake
def everything_changed(model, x):
    """Adds to all of x: every token changes."""
    return _map(model, x, lambda x, s: x + 1.0)


@influence.mistake
def one_number_changed(model, x):
    """Changes the first number of a token: a model may read the others."""

    def change(x, s):
        changed = x.clone()
        changed[s, 0] += 1.0
        return changed

    return _map(model, x, change)


@influence.mistake
def upwards_only(model, x):
    """Adds the differences up with their signs: what goes down is not seen."""
    before = model(x)
    return _map(model, x, _one, lambda after: (after - before).sum(dim=1) > 0)


@influence.mistake(hint="upwards_only")
def differences_added(model, x):
    """Adds the differences up, so that they may cancel."""
    before = model(x)
    return _map(model, x, _one, lambda after: (after - before).sum(dim=1).abs() > 1e-6)


@influence.mistake
def all_numbers(model, x):
    """Asks whether every number of an output has moved."""
    before = model(x)
    return _map(model, x, _one, lambda after: (after != before).all(dim=1))


@influence.mistake
def nothing_moves(model, x):
    """The change is too small, or made on both sides of the comparison."""
    return torch.zeros(len(x), len(x), dtype=torch.bool)


@influence.mistake
def inputs_compared(model, x):
    """Compares what went in."""
    return torch.eye(len(x), dtype=torch.bool)


@influence.mistake
def any_output(model, x):
    """One answer for all outputs together."""
    before = model(x)
    return _map(model, x, _one, lambda after: (after != before).any().expand(len(x)))


@influence.mistake(hint="any_output")
def any_output_turned_over(model, x):
    """The same, with a row for each changed token."""
    return any_output(model, x).T


@influence.mistake
def set_to_zero(model, x):
    """A token that was zero already is not changed."""
    return _map(model, x, lambda x, s: _one(x, s, -x[s]))


@influence.mistake(hint="set_to_zero")
def doubled(model, x):
    """Twice zero is zero."""
    return _map(model, x, lambda x, s: _one(x, s, x[s]))


@influence.mistake
def last_one_only(model, x):
    """Changes the last token only."""
    found = torch.zeros(len(x), len(x), dtype=torch.bool)
    found[:, -1] = influence(model, x)[:, -1]
    return found


@influence.mistake
def stays_where_it_is(model, x):
    """True where nothing has moved."""
    return ~influence(model, x)


@influence.mistake
def later_only(model, x):
    """Reports the leaks alone."""
    return influence(model, x).triu(1)
