import os
import signal
from dataclasses import replace
from itertools import count, pairwise
from types import SimpleNamespace

import pytest
import torch
import torch.nn.functional as F

from minillm import evaluate
from minillm.batches import Windows
from minillm.models.gpt import GPT, GPTConfig
from minillm.training.loop import TrainConfig, Trainer, schedule, summed_loss

SHAPE = GPTConfig(vocab_size=7, context=8, layers=1, heads=2, width=16)
DATA = Windows([i * i % 7 for i in range(300)], context=8, batch_size=4)
HELD_OUT = Windows([i * i % 7 for i in range(300, 400)], context=8, batch_size=4)
CONFIG = TrainConfig(steps=12, lr=1e-2, optimizer="muon", validate_every=5)


def trainer(config=CONFIG, shape=SHAPE, data=DATA, seed=0):
    model = GPT(shape, seed=seed)
    return Trainer(model, data, HELD_OUT, config)


def weights(t):
    return torch.cat([p.detach().flatten() for p in t.model.parameters()])


def test_every_step_reports():
    t = trainer()
    steps = list(t)
    assert [s.step for s in steps] == list(range(1, 13))
    assert steps == t.history
    assert [s.tokens for s in steps] == [32 * n for n in range(1, 13)]
    assert [s.step for s in steps if s.val_loss is not None] == [5, 10, 12]
    assert steps[-1].val_loss == evaluate.loss(t.model, HELD_OUT)
    assert steps[-1].val_loss < steps[0].loss
    assert all(a.seconds < b.seconds for a, b in pairwise(steps))
    assert all(s.grad_norm > 0 for s in steps)


@pytest.mark.parametrize("dropout", [0.0, 0.3])
def test_the_same_seed_gives_the_same_run(dropout):
    shape = replace(SHAPE, dropout=dropout)
    a, b, c = trainer(shape=shape), trainer(shape=shape), trainer(replace(CONFIG, seed=1), shape)
    state = torch.get_rng_state()
    for t in (a, b, c):
        list(t)
    assert torch.equal(weights(a), weights(b))
    assert not torch.equal(weights(a), weights(c))
    assert torch.equal(torch.get_rng_state(), state)


def test_a_broken_loop_goes_on_where_it_stopped():
    whole, cut = trainer(), trainer()
    list(whole)
    for step in cut:
        if step.step == 7:
            break
    assert cut.step == 7
    list(cut)
    assert torch.equal(weights(whole), weights(cut))
    assert len(cut.history) == 12


def test_an_interrupt_waits_for_the_end_of_the_step():
    whole, cut = trainer(), trainer()
    list(whole)
    original = DATA.sample

    class Pressed(Windows):
        presses = 1

        def sample(self, generator):
            batch = original(generator)
            if cut.step == 4 and self.presses:
                self.presses -= 1
                os.kill(os.getpid(), signal.SIGINT)
            return batch

    cut.train = Pressed(DATA.ids, context=8, batch_size=4)
    with pytest.raises(KeyboardInterrupt):
        for _ in cut:
            pass
    assert cut.step == 5
    assert len(cut.history) == 5
    list(cut)
    assert torch.equal(weights(whole), weights(cut))


def test_accumulated_batches_equal_one_large_batch():
    """The mean over all tokens, also when the parts hold different numbers of them."""
    t = trainer(replace(CONFIG, accumulate=3))
    seen = []

    class Noted(Windows):
        def sample(self, generator):
            seen.append(super().sample(generator))
            return seen[-1]

    t.train = Noted(DATA.ids, context=8, batch_size=4)
    loss, tokens = t._gradient()
    inputs = torch.cat([b.inputs for b in seen])
    targets = torch.cat([b.targets for b in seen])
    twin = trainer().model
    large = F.cross_entropy(twin(inputs).flatten(0, 1), targets.flatten())
    large.backward()
    assert tokens == 96
    assert loss == pytest.approx(large.item(), abs=1e-6)
    for p, q in zip(t.model.parameters(), twin.parameters(), strict=True):
        torch.testing.assert_close(p.grad, q.grad, atol=1e-6, rtol=1e-5)


def test_clipping_bounds_the_step_and_reports_the_norm_before():
    free, bound = trainer(replace(CONFIG, clip=None)), trainer(replace(CONFIG, clip=1e-4))
    assert next(iter(free)).grad_norm == pytest.approx(next(iter(bound)).grad_norm)
    clipped = torch.cat([p.grad.flatten() for p in bound.model.parameters()]).norm()
    assert clipped.item() == pytest.approx(1e-4, rel=1e-2)


def test_minutes_end_training_and_finish_the_decay(monkeypatch):
    ticks = count(step=10.0)  # a clock on which every step takes 10 s
    clock = SimpleNamespace(perf_counter=lambda: next(ticks))
    monkeypatch.setattr("minillm.training.loop.time", clock)
    steps = list(trainer(replace(CONFIG, steps=10**9, minutes=2)))
    assert [step.seconds for step in steps[-2:]] == [110, 120]
    assert steps[-1].val_loss is not None
    assert steps[-1].lr < 0.5


def test_schedule_shapes():
    linear = TrainConfig(steps=100, decay="linear", decay_share=0.4, floor=0.1)
    rates = [schedule(linear, s, s / 100) for s in range(101)]
    assert rates[:61] == [1.0] * 61
    assert rates[80] == pytest.approx(0.55)
    assert rates[100] == pytest.approx(0.1)
    cosine = TrainConfig(steps=100, warmup=10)
    assert schedule(cosine, 4, 0.04) < schedule(cosine, 9, 0.09)
    assert schedule(cosine, 50, 0.5) == pytest.approx(0.5)


def test_a_gradient_that_blows_up_stops_training_with_the_model_as_it_was():
    t = trainer()
    next(iter(t))
    with torch.no_grad():
        t.model.embedding.weight[0] = float("inf")
    before = weights(t)
    with pytest.raises(FloatingPointError, match="step 2"):
        next(iter(t))
    assert torch.equal(weights(t), before)


def test_ignored_targets_do_not_count():
    batch = next(iter(Windows(range(6), context=4, batch_size=1).whole()))
    model = trainer().model
    logits = model(batch.inputs)
    picked = logits.log_softmax(-1).flatten(0, 1)[:5]
    expected = -picked[range(5), [1, 2, 3, 4, 5]].sum()
    torch.testing.assert_close(summed_loss(model, batch), expected)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (dict(steps=0), "steps is 0"),
        (dict(decay="step"), "decay is 'step'"),
        (dict(optimizer="sgd"), "optimizer"),
        (dict(lr=0.0), "lr is 0"),
    ],
)
def test_impossible_settings_are_refused(change, words):
    with pytest.raises(ValueError, match=words):
        replace(CONFIG, **change)
