from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from minillm.batches import Windows
from minillm.models.gpt import GPT, GPTConfig
from minillm.training import TrainConfig, Trainer, memory

SHAPE = GPTConfig(vocab_size=7, context=8, layers=2, heads=2, width=16, dropout=0.2)
DATA = Windows([i * i % 7 for i in range(300)], context=8, batch_size=4)
CONFIG = TrainConfig(steps=3, lr=1e-2)


def test_computing_again_changes_nothing_but_the_memory():
    """Dropout included: what is computed again draws the same random numbers."""
    kept, again = (
        Trainer(GPT(SHAPE, seed=0), DATA, DATA, replace(CONFIG, recompute=recompute))
        for recompute in (False, True)
    )
    calls = []
    again.model.blocks[0].mlp.register_forward_hook(
        lambda *_: calls.append(torch.is_grad_enabled())
    )
    assert [s.loss for s in kept] == [s.loss for s in again]
    for p, q in zip(kept.model.parameters(), again.model.parameters(), strict=True):
        torch.testing.assert_close(p, q, rtol=0, atol=0)
    assert calls.count(True) == 2 * 3  # forward, and once more in the backward pass
    assert kept.history[-1].val_loss == again.history[-1].val_loss


def test_a_second_trainer_does_not_compute_again_what_is_computed_again():
    model = GPT(SHAPE)
    for _ in range(2):
        memory.recompute_blocks(model)
    calls = []
    model.blocks[0].mlp.register_forward_hook(lambda *_: calls.append(1))
    model(torch.zeros(1, 8, dtype=torch.int64)).sum().backward()
    assert len(calls) == 2


def test_a_model_without_blocks_cannot_compute_them_again():
    with pytest.raises(ValueError, match="Linear has no `blocks`"):
        memory.recompute_blocks(nn.Linear(2, 2))


def pretend_gpu(monkeypatch):
    held = memory.Memory(allocated=39 * 10**9, peak=39 * 10**9, total=40 * 10**9)
    monkeypatch.setattr(memory, "memory", lambda device: held)


def test_a_full_gpu_gets_one_line_with_the_numbers_and_three_things_to_do(monkeypatch):
    pretend_gpu(monkeypatch)
    t = Trainer(GPT(SHAPE), DATA, None, CONFIG)

    def full(module, arguments):
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.50 GiB. GPU 0 has")

    t.model.register_forward_pre_hook(full)
    with pytest.raises(MemoryError) as error:
        next(iter(t))
    text = str(error.value)
    assert "\n" not in text
    assert "39.0 GB held, 2.7 GB more needed, 40.0 GB in all" in text
    assert all(option in text for option in ("--accumulate", "--recompute", "--preset"))
    assert t.step == 0


def test_the_cpus_own_message_is_read(monkeypatch):
    monkeypatch.setattr(memory.machine, "memory", lambda: (8 * 10**9, 10**9))
    cpu = torch.device("cpu")
    words = r"cpu is out of memory: 1,125,899.9 GB more.*8.0 GB in"
    with pytest.raises(MemoryError, match=words), memory.explaining_memory(cpu):
        torch.empty(2**50, dtype=torch.uint8)
    with pytest.raises(RuntimeError, match="something else"), memory.explaining_memory(cpu):
        raise RuntimeError("something else")
    with pytest.raises(MemoryError, match="an unknown amount"), memory.explaining_memory(cpu):
        raise RuntimeError("out of memory")


def test_the_report_of_a_gpu(monkeypatch):
    assert memory.memory(torch.device("cpu")) is None
    answers = {"memory_allocated": 3, "max_memory_allocated": 5}
    for name, answer in answers.items():
        monkeypatch.setattr(torch.cuda, name, lambda device, answer=answer: answer)
    properties = SimpleNamespace(total_memory=8)
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda device: properties)
    found = memory.memory(torch.device("cuda"))
    assert (found.allocated, found.peak, found.total) == (3, 5, 8)
