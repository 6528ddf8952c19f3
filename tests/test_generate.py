import io
import itertools

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from minillm import generate
from minillm.models.gpt import GPT, GPTConfig
from minillm.tokenizer import ByteTokenizer
from minillm.world import World

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


POSITIONS = ("none", "learned", "sinusoidal", "rotary")
PROMPTS = [list(range(9)), [3], list(range(40, 70)), [7, 7, 1]]  # one longer than the context


def alone(gpt, prompt, **options):
    return list(generate.tokens(gpt, prompt, temperature=0, **options))


@pytest.mark.parametrize("position", POSITIONS)
def test_prompts_of_unequal_length_side_by_side_are_what_each_is_alone(position):
    """30 tokens through a context of 16: every window moves, at a time of its own."""
    gpt = model(position)
    together = generate.batch(gpt, PROMPTS, count=30, temperature=0)
    assert together == [alone(gpt, prompt, count=30) for prompt in PROMPTS]
    assert len({tuple(row) for row in together}) > 1


@pytest.mark.parametrize("position", POSITIONS)
def test_a_text_that_joins_or_leaves_disturbs_no_other(position):
    gpt = model(position).eval()
    texts = {2: [5, 6, 7, 8, 9]}
    decoder = generate.Decoder(gpt, rows=3)
    logits = decoder.read([2], [texts[2]])
    for at in range(9):
        if at == 3:
            texts[0] = [1, 2]
            decoder.read([0], [[1, 2]])
        if at == 6:
            del texts[2]
        if at == 7:
            texts[1], texts[2] = [9] * 6, [4]
            decoder.read([1, 2], [[9] * 6, [4]])
        rows = sorted(texts)
        logits = decoder.step(rows, [at + row for row in rows])
        for row, found in zip(rows, logits, strict=True):
            texts[row].append(at + row)
            expected = gpt(torch.tensor([texts[row]]))[0, -1]
            torch.testing.assert_close(found, expected, atol=1e-4, rtol=1e-4)


def test_rows_of_a_batch_end_one_by_one():
    gpt = model()
    free = generate.batch(gpt, PROMPTS, count=12, temperature=0)
    end = free[0][5]
    cut = [row[: row.index(end)] if end in row else row for row in free]
    assert generate.batch(gpt, PROMPTS, count=12, temperature=0, end=end) == cut
    assert len(cut[0]) <= 5
    assert generate.batch(gpt, [], count=3) == []


def test_a_batch_draws_from_the_same_probabilities():
    gpt, n = model(), 400
    p = generate.probabilities(gpt.eval()(torch.tensor([[1, 2]]))[0, -1], top_k=5)
    drawn = generate.batch(gpt, [[1, 2]] * n, count=1, generator=seeded(), top_k=5)
    counts = torch.bincount(torch.tensor(drawn)[:, 0], minlength=256)
    assert set(counts.nonzero()[:, 0].tolist()) <= set(p.nonzero()[:, 0].tolist())
    spread = (p * (1 - p) / n) ** 0.5
    assert ((counts / n - p).abs() <= 4.5 * spread).all()


def test_the_penalty_lowers_what_was_seen_whatever_its_sign():
    logits = torch.tensor([2.0, -1.0, 0.5, -4.0])
    seen = torch.tensor([True, True, False, False])
    assert generate.penalised(logits, seen, 2.0).tolist() == [1.0, -2.0, 0.5, -4.0]


def test_the_penalty_counts_prompt_and_text_but_not_the_end_token():
    logits = torch.tensor([[4.0, 3.0, 3.5], [4.0, 3.0, 3.5]])
    choice = generate.Sampling(temperature=0, repetition_penalty=1.5)
    assert choice.choose(logits, [[0, 0], [0, 2]]) == [2, 1]
    assert choice.choose(logits, [[0, 0], [0, 2]], end=0) == [0, 0]


def test_a_penalty_ends_a_loop():
    gpt = model()
    looping = alone(gpt, [1], count=14)
    varied = alone(gpt, [1], count=14, repetition_penalty=3.0)
    assert len(set(varied)) > len(set(looping))


@pytest.mark.parametrize("bad", [0, -1.0, float("inf"), float("nan")])
def test_an_impossible_penalty_is_refused(bad):
    with pytest.raises(ValueError, match="repetition_penalty"):
        generate.Sampling(repetition_penalty=bad)


def tiny():
    shape = GPTConfig(vocab_size=5, context=8, layers=2, heads=2, width=8, position="rotary")
    gpt = GPT(shape, seed=1).eval()
    with torch.no_grad():
        for p in gpt.parameters():
            p.mul_(12)
    return gpt


def log_prob(gpt, prompt, ids):
    with torch.no_grad():
        logs = gpt(torch.tensor([prompt + ids]))[0].double().log_softmax(-1)
    return sum(logs[len(prompt) - 1 + i, token].item() for i, token in enumerate(ids))


@pytest.mark.parametrize("power", [0.0, 1.0])
@pytest.mark.parametrize("end", [None, 2])
def test_a_beam_of_full_width_finds_what_trying_everything_finds(end, power):
    gpt, prompt, count = tiny(), [3, 1], 3
    every = []
    for n in range(1, count + 1):
        for ids in map(list, itertools.product(range(5), repeat=n)):
            ends = end is not None and ids[-1] == end
            if end not in ids[:-1] and (ends or n == count):
                total = log_prob(gpt, prompt, ids)
                every.append((total / n**power, ids[:-1] if ends else ids, ends))
    every.sort(key=lambda one: -one[0])
    found = generate.beam(gpt, prompt, width=5**count, count=count, end=end, length_power=power)
    assert [(one.tokens, one.ended) for one in found] == [row[1:] for row in every]
    assert [one.score for one in found] == pytest.approx([row[0] for row in every], abs=1e-4)


def test_a_beam_of_one_is_greedy_and_a_wider_one_finds_likelier_text():
    gpt = model("rotary")
    greedy = alone(gpt, [4, 2], count=6)
    (one,) = generate.beam(gpt, [4, 2], width=1, count=6)
    assert one.tokens == greedy
    wide = generate.beam(gpt, [4, 2], width=8, count=6)
    assert len({tuple(beam.tokens) for beam in wide}) == 8
    for beam in [one, *wide]:
        assert beam.log_prob == pytest.approx(log_prob(gpt, [4, 2], beam.tokens), abs=1e-3)
    assert wide[0].log_prob >= one.log_prob


@pytest.mark.parametrize("bad", [dict(width=0), dict(count=0), dict(count=16), dict(prompt=[])])
def test_an_impossible_beam_is_refused(bad):
    options = {"prompt": [1], "width": 2, "count": 2, **bad}
    with pytest.raises(ValueError, match="came; expected"):
        generate.beam(model(), options.pop("prompt"), **options)


@given(
    st.text("ab.", max_size=30),
    st.lists(st.text("ab.", min_size=1, max_size=4), max_size=3),
    st.data(),
)
def test_nothing_of_a_stop_string_comes_out_however_the_text_is_cut(text, stops, data):
    pieces, rest = [], text
    while rest:
        n = data.draw(st.integers(1, len(rest)))
        pieces, rest = [*pieces, rest[:n]], rest[n:]
    complete = [
        (at + len(one), at) for one in stops for at in range(len(text)) if text.startswith(one, at)
    ]
    expected = text[: min(complete)[1]] if complete else text
    assert "".join(generate.until(pieces, stops)) == expected


def test_a_stop_string_across_tokens_ends_a_text():
    gpt, tokenizer = model(), ByteTokenizer()
    options = dict(count=30, temperature=0)
    whole = generate.text(gpt, tokenizer, "ab", **options)[2:]
    stop = whole[7:10]  # three tokens
    pieces = list(generate.stream(gpt, tokenizer, "ab", stop=stop, **options))
    assert "".join(pieces) == whole[: whole.index(stop)]
    assert len(pieces) > 1
    with pytest.raises(ValueError, match="stop is"):
        list(generate.stream(gpt, tokenizer, "ab", stop="", **options))


def test_a_text_is_shown_as_it_comes():
    gpt, tokenizer, shown = model(), ByteTokenizer(), io.StringIO()
    generate.show(gpt, tokenizer, "ab", to=shown, count=5, temperature=0)
    assert shown.getvalue() == generate.text(gpt, tokenizer, "ab", count=5, temperature=0) + "\n"


def test_a_compiled_step_is_compiled_once_and_writes_the_same(monkeypatch):
    """What fixed shapes promise; which code is made of them is the compiler's business."""
    from torch._dynamo.testing import CompileCounter

    counter, compiler = CompileCounter(), torch.compile
    monkeypatch.setattr(
        torch, "compile", lambda m, **kw: compiler(m, backend=counter, fullgraph=True)
    )
    gpt = model("rotary")
    written = generate.batch(gpt, PROMPTS, count=20, temperature=0, compile=True)
    assert written == generate.batch(gpt, PROMPTS, count=20, temperature=0)
    assert counter.frame_count == 1
    with pytest.raises(ValueError, match="a cache where the step is compiled"):
        generate.Decoder(gpt, cache=False, compile=True)


def test_the_world_s_documents_end_by_themselves_in_a_batch():
    tokenizer = World().tokenizer
    shape = GPTConfig(vocab_size=tokenizer.vocab_size, context=64, layers=1, heads=2, width=16)
    gpt = GPT(shape, seed=0)
    documents = generate.batch(gpt, [[0]] * 5, count=10, generator=seeded(), end=0)
    assert all(0 not in ids for ids in documents)
