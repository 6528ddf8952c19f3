"""On this machine, and through a stand-in for torch.cuda where a GPU would be."""

import json
from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch

from minillm.batches import Windows
from minillm.models.gpt import GPT, GPTConfig
from minillm.training import TrainConfig, Trainer, precision
from minillm.training.precision import LossScaler, choose

SHAPE = GPTConfig(vocab_size=7, context=8, layers=2, heads=2, width=16)
DATA = Windows([i * i % 7 for i in range(300)], context=8, batch_size=4)
CONFIG = TrainConfig(steps=6, lr=1e-2)
CPU = torch.device("cpu")


def trained(**changes):
    t = Trainer(GPT(SHAPE, seed=0), DATA, DATA, replace(CONFIG, **changes))
    list(t)
    return t


def weights(t):
    return torch.cat([p.detach().flatten() for p in t.model.parameters()])


def pretend_gpu(monkeypatch, capability=(8, 0), count=1):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: count)
    monkeypatch.setattr(torch.cuda, "current_device", lambda: 0)
    properties = SimpleNamespace(major=capability[0], total_memory=40 * 10**9)
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda device: properties)
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: capability)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: "Pretend 100")


def test_this_machine_trains_in_fp32_unless_asked(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    assert (choose().device, choose().dtype) == (CPU, "fp32")
    assert choose("cpu", "bf16").dtype == "bf16"
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    assert choose().device.type == "mps"


@pytest.mark.parametrize(
    ("capability", "dtype"),
    [((9, 0), "bf16"), ((8, 0), "bf16"), ((7, 5), "fp16"), ((6, 1), "fp32")],
)
def test_a_gpu_gets_the_fastest_format_that_it_has_in_hardware(monkeypatch, capability, dtype):
    pretend_gpu(monkeypatch, capability)
    found = choose()
    assert (found.device.type, found.dtype) == ("cuda", dtype)
    assert found.name == f"Pretend 100, {dtype}"
    assert (found.scaler().scale > 1) == (dtype == "fp16")


@pytest.mark.parametrize(
    ("device", "dtype", "words"),
    [
        ("cuda", "bf16", "natively in fp16, fp32 only"),
        ("cuda", "tf32", "natively in fp16, fp32 only"),
        ("cuda:3", "auto", "no cuda:3"),
        ("cpu", "tf32", "cpu computes natively in fp32, bf16, fp16 only"),
        ("gpu", "auto", "choose auto, cpu, cuda or mps"),
        ("xla", "auto", "no xla"),
    ],
)
def test_what_is_not_there_is_refused(monkeypatch, device, dtype, words):
    pretend_gpu(monkeypatch, (7, 5))
    with pytest.raises(ValueError, match=words):
        choose(device, dtype)


def test_products_in_fp32_use_tf32_on_a_gpu_unless_fp32_was_asked(monkeypatch):
    pretend_gpu(monkeypatch)
    before = torch.get_float32_matmul_precision()
    for dtype, switch in [("bf16", "high"), ("tf32", "high"), ("fp32", "highest")]:
        with choose("cuda", dtype).matmuls():
            assert torch.get_float32_matmul_precision() == switch
        assert torch.get_float32_matmul_precision() == before
    with choose("cpu").matmuls():
        assert torch.get_float32_matmul_precision() == before


@pytest.mark.parametrize("dtype", ["bf16", "fp16"])
def test_half_precision_computes_in_half_and_keeps_weights_whole(dtype):
    whole, half = trained(), trained(dtype=dtype)
    assert half.history[-1].loss != whole.history[-1].loss
    assert half.history[-1].loss == pytest.approx(whole.history[-1].loss, rel=0.02)
    assert half.history[-1].val_loss == pytest.approx(whole.history[-1].val_loss, rel=0.02)
    assert {p.dtype for p in half.model.parameters()} == {torch.float32}
    assert {p.grad.dtype for p in half.model.parameters()} == {torch.float32}
    assert all(s.grad_norm < 10 for s in half.history if s.grad_norm < float("inf"))


def test_a_step_that_overflows_is_left_out_and_the_scale_halved():
    t = Trainer(GPT(SHAPE, seed=0), DATA, None, replace(CONFIG, dtype="fp16"))
    t.scaler.scale = 2.0**40  # nothing survives this in fp16
    before = weights(t)
    first = next(iter(t))
    assert first.grad_norm == float("inf") or first.grad_norm != first.grad_norm
    assert torch.equal(weights(t), before)
    assert t.scaler.scale == 2.0**39
    assert (t.step, len(t.history)) == (1, 1)
    t.scaler.scale = 2.0**10
    next(iter(t))
    assert not torch.equal(weights(t), before)
    assert json.loads(json.dumps([s.loss for s in t.history]))


def test_training_that_blows_up_in_fp16_ends_when_the_scale_cannot_help():
    t = Trainer(GPT(SHAPE, seed=0), DATA, None, replace(CONFIG, steps=100, dtype="fp16"))
    with torch.no_grad():
        t.model.embedding.weight[0] = float("inf")
    with pytest.raises(FloatingPointError, match="step 17"):
        list(t)
    assert t.scaler.scale < 1


def test_the_scaler_by_hand():
    weight = torch.nn.Parameter(torch.tensor([1.0, 2.0]))
    scaler = LossScaler(8.0, grow_every=2)
    scaler.scaled((weight * torch.tensor([3.0, 4.0])).sum()).backward()
    assert weight.grad.tolist() == [24.0, 32.0]
    scaler.unscale([weight, torch.nn.Parameter(torch.zeros(1))])
    assert weight.grad.tolist() == [3.0, 4.0]
    scales = []
    for finite in (True, True, True, False, True, True):
        assert scaler.update(finite)
        scales.append(scaler.scale)
    assert scales == [8.0, 16.0, 16.0, 8.0, 8.0, 16.0]


def test_a_gradient_that_vanishes_in_fp16_comes_back_with_a_scale():
    weight = torch.nn.Parameter(torch.ones(1))

    def gradient(scaler):
        weight.grad = None
        loss = (weight.half().float() * 1e-9).sum()  # the gradient passes through fp16
        scaler.scaled(loss).backward()
        scaler.unscale([weight])
        return weight.grad.item()

    assert gradient(LossScaler()) == 0
    assert gradient(LossScaler(2.0**16)) == pytest.approx(1e-9, rel=1e-2)


def test_compiling_pays_on_a_gpu_in_a_long_run():
    cuda = torch.device("cuda")
    assert precision.compile_pays(cuda, 600)
    assert not precision.compile_pays(cuda, 60)
    assert not precision.compile_pays(CPU, 1e9)


def test_a_long_run_is_compiled_once_its_length_is_known(monkeypatch):
    compiled = []
    monkeypatch.setattr(torch, "compile", lambda f: compiled.append(f) or f)
    monkeypatch.setattr(precision, "compile_pays", lambda device, left: left > 0)
    t = Trainer(GPT(SHAPE), DATA, None, replace(CONFIG, steps=25, compile="auto"))
    for step in t:
        assert len(compiled) == (step.step >= 20)
    trained(compile="off")
    assert len(compiled) == 1
    back = Trainer(GPT(SHAPE), DATA, None, replace(CONFIG, steps=50, compile="auto"))
    back.step = back.began = 25  # as `checkpoint.resume` leaves it
    for step in back:
        assert (len(compiled) == 2) == (step.step >= 45)


def test_a_compiled_step_is_the_same_step(monkeypatch):
    original = torch.compile
    monkeypatch.setattr(torch, "compile", lambda f: original(f, backend="aot_eager"))
    assert trained(compile="on").history[-1].loss == pytest.approx(trained().history[-1].loss)


def test_a_run_goes_on_in_another_format(tmp_path):
    from minillm.tokenizer import ByteTokenizer
    from minillm.training import checkpoint, save_model

    half = trained(dtype="fp16")
    half.scaler.scale = 512.0
    save_model(tmp_path, half.model, ByteTokenizer(), trainer=half)
    for dtype, scale in [("fp16", 512.0), ("fp32", 1.0)]:
        config = replace(CONFIG, steps=8, dtype=dtype, device="cpu")
        back = Trainer(GPT(SHAPE, seed=5), DATA, None, config)
        checkpoint.resume(back, checkpoint.load(tmp_path))
        assert back.scaler.scale == scale
        assert torch.equal(weights(back), weights(half))
        assert [s.step for s in back] == [7, 8]
    whole = trained()
    save_model(tmp_path, whole.model, ByteTokenizer(), trainer=whole)
    into_half = Trainer(GPT(SHAPE), DATA, None, replace(CONFIG, dtype="fp16"))
    checkpoint.resume(into_half, checkpoint.load(tmp_path))
    assert into_half.scaler.scale == precision.FIRST_SCALE


@pytest.mark.parametrize("change", [dict(dtype="int8"), dict(compile="yes")])
def test_unknown_settings_are_refused(change):
    with pytest.raises(ValueError, match="must be one of"):
        replace(CONFIG, **change)
