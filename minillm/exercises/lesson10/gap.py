"""Lesson 10: hide some tokens, and ask for those alone."""

from collections.abc import Iterator

import torch
from torch import Tensor

from minillm.exercises.registry import exercise


def _texts(generator: torch.Generator) -> Iterator[tuple]:
    def text(*shape: int) -> tuple[Tensor, Tensor]:
        tokens = torch.randint(5, 40, shape, generator=generator)
        return tokens, torch.rand(shape, generator=generator)

    dice = torch.tensor([[0.05, 0.9, 0.1, 0.15, 0.3, 0.01]])  # 0.15 is not below it
    yield torch.tensor([[2, 7, 8, 9, 7, 3]]), dice, [0, 2, 3], 4
    tokens, dice = text(3, 9)
    tokens[:, 0], tokens[:, -1] = 2, 3
    tokens[1, 6:] = torch.tensor([3, 0, 0])
    yield tokens, dice / 3, [0, 2, 3], 4
    yield *text(2, 30), [], 4
    yield *text(1, 40), [0], 39  # the mask is an ordinary number elsewhere
    tokens, dice = text(4, 12)
    tokens[:, ::3] = 1
    yield tokens, dice / 2, [1], 50
    yield torch.tensor([[2, 3, 0]]), torch.zeros(1, 3), [0, 2, 3], 4  # nothing may be hidden
    yield torch.tensor([[6, 7]]), torch.tensor([[0.0, 0.1499]]), [0], 4  # everything is


@exercise("classify.gap", lesson="10", inputs=_texts)
def gap(tokens: Tensor, dice: Tensor, special: list[int], mask: int) -> tuple[Tensor, Tensor]:
    """Hide tokens for masked-language modelling: (inputs, targets), both (B, T).

    A token is hidden where its number in `dice` (B, T) is below 0.15, unless it is one of
    `special`. inputs: the tokens, with `mask` where one is hidden. targets: the token that was
    there where one is hidden, -100 everywhere else. `tokens` itself stays as it is.
    """
    may = ~torch.isin(tokens, torch.tensor(special, dtype=tokens.dtype))
    hidden = (dice < 0.15) & may
    return tokens.masked_fill(hidden, mask), tokens.masked_fill(~hidden, -100)


def _special(tokens, special):
    return torch.isin(tokens, torch.tensor(special, dtype=tokens.dtype))


def _hidden(tokens, dice, special):
    return (dice < 0.15) & ~_special(tokens, special)


def _where(tokens, hidden, mask):
    return tokens.masked_fill(hidden, mask), tokens.masked_fill(~hidden, -100)


@gap.mistake
def everything_asked(tokens, dice, special, mask):
    """The targets are all tokens, also those that can be read."""
    return gap(tokens, dice, special, mask)[0], tokens


@gap.mistake(hint="everything_asked")
def all_but_special_asked(tokens, dice, special, mask):
    """The same, without the special tokens."""
    asked = tokens.masked_fill(_special(tokens, special), -100)
    return gap(tokens, dice, special, mask)[0], asked


@gap.mistake
def visible_asked(tokens, dice, special, mask):
    """-100 where a token is hidden, the token where it can be read."""
    hidden = _hidden(tokens, dice, special)
    return tokens.masked_fill(hidden, mask), tokens.masked_fill(hidden, -100)


@gap.mistake
def special_hidden(tokens, dice, special, mask):
    """Hides padding and the ends of the text too."""
    return gap(tokens, dice, [], mask)


@gap.mistake
def mask_asked(tokens, dice, special, mask):
    """The targets are taken from the inputs after these have been covered."""
    inputs, _ = gap(tokens, dice, special, mask)
    return inputs, inputs.masked_fill(~_hidden(tokens, dice, special), -100)


@gap.mistake
def nothing_hidden(tokens, dice, special, mask):
    """The model reads what it is asked."""
    return tokens, gap(tokens, dice, special, mask)[1]


@gap.mistake
def large_hidden(tokens, dice, special, mask):
    """Hides where the number is large."""
    return _where(tokens, (dice > 0.15) & ~_special(tokens, special), mask)


@gap.mistake(hint="large_hidden")
def large_or_equal_hidden(tokens, dice, special, mask):
    """The same, with 0.15 itself."""
    return _where(tokens, (dice >= 0.15) & ~_special(tokens, special), mask)


@gap.mistake
def not_below(tokens, dice, special, mask):
    """Hides at 0.15 itself, too."""
    return _where(tokens, (dice <= 0.15) & ~_special(tokens, special), mask)


@gap.mistake
def special_alone_hidden(tokens, dice, special, mask):
    """Hides the special tokens and spares the others."""
    return _where(tokens, (dice < 0.15) & _special(tokens, special), mask)


@gap.mistake
def ends_spared(tokens, dice, special, mask):
    """Spares the first and the last place of each row, whatever stands there."""
    hidden = dice < 0.15
    hidden[:, [0, -1]] = False
    return _where(tokens, hidden, mask)


@gap.mistake
def shifted(tokens, dice, special, mask):
    """The targets stand one place further left, as where the next token is asked for."""
    inputs, targets = gap(tokens, dice, special, mask)
    return inputs, torch.cat([targets[:, 1:], torch.full_like(targets[:, :1], -100)], 1)


@gap.mistake(hint="special_hidden")
def special_hidden_unasked(tokens, dice, special, mask):
    """Hides the special tokens, and does not ask for them."""
    return gap(tokens, dice, [], mask)[0], gap(tokens, dice, special, mask)[1]


@gap.mistake
def zero_for_ignored(tokens, dice, special, mask):
    """0 is a token like any other: the model is asked for it."""
    hidden = _hidden(tokens, dice, special)
    return tokens.masked_fill(hidden, mask), tokens.masked_fill(~hidden, 0)


@gap.mistake
def ignored_in_the_inputs(tokens, dice, special, mask):
    """-100 where the mask should be."""
    return gap(tokens, dice, special, -100)


@gap.mistake
def swapped(tokens, dice, special, mask):
    """Targets first."""
    return gap(tokens, dice, special, mask)[::-1]


@gap.mistake
def only_hidden_listed(tokens, dice, special, mask):
    """The targets are a short list of the hidden tokens."""
    return gap(tokens, dice, special, mask)[0], tokens[_hidden(tokens, dice, special)]


@gap.mistake(hint="special_hidden")
def first_special_spared(tokens, dice, special, mask):
    """Spares the first of the special tokens alone."""
    return gap(tokens, dice, special[:1], mask)


@gap.mistake
def special_asked(tokens, dice, special, mask):
    """Does not hide the special tokens, but asks for them."""
    return gap(tokens, dice, special, mask)[0], gap(tokens, dice, [], mask)[1]


@gap.mistake
def as_bert_did(tokens, dice, special, mask):
    """Leaves a fifth of the tokens that are asked for as they are."""
    inputs, targets = gap(tokens, dice, special, mask)
    return torch.where(dice < 0.8 * 0.15, inputs, tokens), targets
