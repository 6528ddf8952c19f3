import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from minillm import generate
from minillm.models.gpt import GPT, GPTConfig
from minillm.tokenizer import ByteTokenizer

LOGITS = torch.tensor([2.0, -1.0, 3.0, 0.5, 3.0])


def model(position="learned", context=16):
    shape = GPTConfig(vocab_size=256, context=context, layers=2, heads=2, width=16)
    gpt = GPT(shape, seed=0)
    with torch.no_grad():
        for p in gpt.parameters():
            p.mul_(8)  # peaked predictions, so that paths differ when they should
    return gpt


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def test_temperature_one_is_softmax():
    torch.testing.assert_close(generate.probabilities(LOGITS), LOGITS.double().softmax(-1))


def test_temperature_zero_takes_the_first_likeliest():
    assert generate.probabilities(LOGITS, temperature=0).tolist() == [0, 0, 1, 0, 0]


def test_top_k_keeps_the_k_likeliest_in_proportion():
    p = generate.probabilities(LOGITS, top_k=3)
    expected = LOGITS.double().softmax(-1) * torch.tensor([1, 0, 1, 0, 1])
    torch.testing.assert_close(p, expected / expected.sum())


def test_top_p_keeps_the_fewest_that_reach_p():
    full = LOGITS.softmax(-1)  # 0.405, 0.405, 0.149, 0.033, 0.007
    for top_p, kept in [(0.3, 1), (0.5, 2), (0.9, 3), (1.0, 5)]:
        p = generate.probabilities(LOGITS, top_p=top_p)
        assert (p > 0).sum() == kept
        assert full[p > 0].sum() >= top_p - 1e-6


@settings(deadline=None)
@given(
    st.lists(st.floats(-30, 30), min_size=1, max_size=20),
    st.one_of(st.just(0), st.floats(1e-6, 5)),
    st.one_of(st.none(), st.integers(1, 25)),
    st.floats(0.01, 1),
)
def test_any_cut_is_a_distribution_that_keeps_the_likeliest(logits, temperature, top_k, top_p):
    logits = torch.tensor(logits)
    p = generate.probabilities(logits, temperature=temperature, top_k=top_k, top_p=top_p)
    assert p.sum().item() == pytest.approx(1, abs=1e-5)
    assert (p >= 0).all()
    assert p[logits.argmax()] == p.max()
    assert (p > 0).sum() <= (top_k or len(logits))


@pytest.mark.parametrize("bad", [dict(temperature=-1), dict(top_k=0), dict(top_p=0.0)])
def test_impossible_cuts_are_refused(bad):
    with pytest.raises(ValueError, match="came; expected"):
        generate.probabilities(LOGITS, **bad)


@pytest.mark.parametrize("temperature", [0, 1.0])
def test_the_cache_changes_nothing_but_speed(temperature):
    """40 tokens through a context of 16: the window moves twice."""
    written = [
        list(
            generate.tokens(
                model(),
                range(10),
                count=40,
                temperature=temperature,
                generator=seeded(),
                cache=cache,
            )
        )
        for cache in (True, False)
    ]
    assert written[0] == written[1]
    assert len(set(written[0])) > 3


def test_greedy_takes_the_likeliest_token_each_time():
    gpt = model()
    ids = list(range(5))
    for token in generate.tokens(gpt, range(5), count=6, temperature=0):
        assert token == gpt.eval()(torch.tensor([ids]))[0, -1].argmax()
        ids.append(token)


def test_the_seed_decides():
    gpt, tokenizer = model(), ByteTokenizer()
    texts = [generate.text(gpt, tokenizer, "ab", count=20, generator=seeded(s)) for s in (0, 0, 1)]
    assert texts[0] == texts[1] != texts[2]
    assert texts[0].startswith("ab")


def test_draws_follow_the_probabilities():
    gpt = model()
    p = generate.probabilities(gpt.eval()(torch.tensor([[1, 2]]))[0, -1])
    g = seeded()
    n = 400
    drawn = [next(generate.tokens(gpt, [1, 2], count=1, generator=g)) for _ in range(n)]
    top = int(p.argmax())
    spread = (p[top] * (1 - p[top]) / n) ** 0.5
    assert abs(drawn.count(top) / n - p[top]) < 4 * spread


def test_a_model_in_training_stays_in_training():
    gpt = model().train()
    list(generate.tokens(gpt, [1], count=2))
    assert gpt.training


def test_a_stream_stopped_early_leaves_the_model_as_it_was():
    gpt = model().train()
    pieces = generate.tokens(gpt, [1], count=5)
    next(pieces)
    pieces.close()
    assert gpt.training


def test_an_empty_prompt_is_refused():
    with pytest.raises(ValueError, match="empty"):
        next(generate.tokens(model(), [], count=1))
