"""The reference finds who reads whom, in functions and in the package's own layer."""

import pytest
import torch

from minillm.exercises.lesson03 import influence
from minillm.models.attention import Attention

T = 5
EVERY = torch.ones(T, T, dtype=torch.bool)


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        (influence.reads_back, EVERY.tril()),
        (influence.reads_all, EVERY),
        (influence.reads_one_ahead, EVERY.tril(1)),
        (influence.reads_itself, EVERY.tril().triu()),
        (influence.reads_previous, EVERY.tril(-1).triu(-1)),
    ],
    ids=lambda part: getattr(part, "__name__", ""),
)
def test_the_map_shows_who_reads_whom(model, expected):
    x = torch.randn(T, 8, generator=torch.Generator().manual_seed(1))
    assert torch.equal(influence.influence(model, x), expected)


def test_a_leak_at_one_place_is_found():
    x = torch.randn(T, 8, generator=torch.Generator().manual_seed(1))
    found = influence.influence(influence.first_reads_last, x)
    assert found.triu(1).nonzero().tolist() == [[0, T - 1]]


def test_the_packages_attention_does_not_leak():
    torch.manual_seed(0)
    layer = Attention(8, 2, bias=False, qk_norm=False, dropout=0.0)
    x = torch.randn(T, 8)
    with torch.no_grad():
        found = influence.influence(lambda x: layer(x[None], None)[0], x)
    assert torch.equal(found, EVERY.tril())
