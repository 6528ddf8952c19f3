import pytest
import torch

from minillm.batches import Batch
from minillm.cost import memory
from minillm.cost.memory import LiveTensors
from minillm.models.gpt import GPT, GPTConfig
from minillm.training.loop import summed_loss
from minillm.training.memory import recompute_blocks

SHAPE = dict(vocab_size=50, context=32, layers=3, heads=2, width=24)
MODERN = dict(position="rotary", norm="rms", mlp="relu2", qk_norm=True, bias=False, tied=False)


def measured(config, batch=2, half=None, recompute=False):
    """Bytes that a forward pass leaves behind, and the most there were in the whole step."""
    model = GPT(config)
    if recompute:
        recompute_blocks(model)
    tokens = torch.zeros(batch, config.context, dtype=torch.int64)
    with LiveTensors() as live:
        with torch.autocast("cpu", dtype=half, enabled=half is not None):
            loss = summed_loss(model, Batch(inputs=tokens, targets=tokens))
        kept = live.now
        loss.backward()
    return kept, live.peak


@pytest.mark.parametrize("half", [None, torch.bfloat16, torch.float16])
@pytest.mark.parametrize("recompute", [False, True])
@pytest.mark.parametrize("batch", [1, 3])
def test_activations_are_predicted_to_the_byte(half, recompute, batch):
    config = GPTConfig(**SHAPE)
    predicted = memory.activation_bytes(config, batch=batch, half=bool(half), recompute=recompute)
    kept, _ = measured(config, batch, half, recompute)
    positions, loss = 8 * config.context, 8  # int64 numbers, and two single ones in fp32
    assert kept - predicted == positions + loss


@pytest.mark.parametrize(
    "change", [dict(mlp="swiglu"), dict(position="rotary"), dict(qk_norm=True), MODERN]
)
def test_other_choices_are_predicted_within_a_tenth(change):
    config = GPTConfig(**SHAPE | change)
    kept, _ = measured(config)
    assert memory.activation_bytes(config, batch=2) == pytest.approx(kept, rel=0.1)


def test_computing_again_needs_less_at_its_peak():
    config = GPTConfig(**SHAPE | dict(layers=8))
    assert measured(config, recompute=True)[1] < 0.5 * measured(config)[1]


def test_training_bytes_are_those_of_the_real_thing():
    model = GPT(GPTConfig(**SHAPE))
    optimizer = torch.optim.AdamW(model.parameters())
    model(torch.zeros(1, 4, dtype=torch.int64)).sum().backward()
    optimizer.step()
    found = memory.training_bytes(model)
    assert found.weights == sum(p.nbytes for p in model.parameters())
    assert found.gradients == sum(p.grad.nbytes for p in model.parameters())
    averages = [t for s in optimizer.state.values() for t in s.values() if t.dim()]
    assert found.optimizer == sum(t.nbytes for t in averages)
    assert found.total == 16 * sum(p.numel() for p in model.parameters())


def test_cache_bytes_are_those_of_the_cache():
    model = GPT(GPTConfig(**SHAPE))
    cache = model.new_cache(batch=3, capacity=20)
    assert memory.cache_bytes(model.config, batch=3, length=20, number=4) == cache.bytes
    assert memory.cache_bytes(model.config) == model.half().new_cache().bytes
    both = memory.decode_bytes(model, batch=3, length=20)
    assert both == sum(p.nbytes for p in model.parameters()) + cache.bytes // 2


def test_live_tensors_counts_storages_once_and_forgets_what_is_gone():
    with LiveTensors() as live:
        x = torch.zeros(100)
        y = x[10:].view(9, 10)
        assert live.now == 400
        x.add_(1)
        z = y + 1
        assert live.now == 400 + 360
        del x
        assert live.now == 400 + 360
        del y, z
        assert (live.now, live.peak) == (0, 760)
    a = torch.zeros(5)
    with LiveTensors() as live:
        b = a.view(5, 1)
        assert live.now == 0
    assert b.numel() == 5
