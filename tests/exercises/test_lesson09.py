"""The references of lesson 09 against torch and the package."""

import torch

from minillm import generate
from minillm.exercises.lesson09.accept import accept
from minillm.exercises.lesson09.cache_bytes import cache_bytes
from minillm.exercises.lesson09.cached import cached
from minillm.exercises.lesson09.penalty import penalised
from minillm.exercises.lesson09.top_p import top_p
from minillm.models.attention import attention, causal_mask
from minillm.models.gpt import GPT, GPTConfig


def numbers(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def test_top_p_and_the_penalty_are_the_package_s():
    logits = 2 * numbers(30)
    for limit in (0.1, 0.5, 0.9, 1.0):
        expected = generate.probabilities(logits, top_p=limit)
        torch.testing.assert_close(top_p(logits.double().softmax(0), limit), expected)
    seen = torch.arange(30) % 3 == 0
    mine = penalised(logits, [*range(0, 30, 3), 0, 3], 1.3)
    torch.testing.assert_close(mine, generate.penalised(logits, seen, 1.3))


def test_a_text_read_in_parts_is_the_text_read_at_once():
    q, k, v = numbers(3, 7, 4)
    expected = attention(q, k, v, causal_mask(7))
    keys, values, found = k[:0], v[:0], []
    for part in (slice(0, 3), slice(3, 4), slice(4, 7)):
        output, keys, values = cached(q[part], k[part], v[part], keys, values)
        found.append(output)
    torch.testing.assert_close(torch.cat(found), expected)
    assert torch.equal(keys, k)


def test_cache_bytes_are_what_the_package_allocates():
    shape = GPTConfig(vocab_size=5, context=11, layers=3, heads=2, width=8)
    cache = GPT(shape).new_cache(batch=4)
    assert cache_bytes(3, 2, 2, 8, 11, 4, 4) == cache.bytes


def test_what_comes_out_has_the_distribution_of_the_large_model():
    p, q = (2 * numbers(2, 50)).softmax(1).double()
    keep, rest = accept(p, q)
    torch.testing.assert_close(q * keep + (1 - (q * keep).sum()) * rest, p)
