import json
import os
import resource
import signal
import subprocess
import sys
import textwrap

import pytest
import torch
from safetensors.torch import save_file

from minillm.batches import windows
from minillm.models.gpt import GPT, GPTConfig
from minillm.run import load_model
from minillm.tokenizer import BPETokenizer, ByteTokenizer, CharTokenizer
from minillm.training import TrainConfig, Trainer, checkpoint, save_model

TEXT = "the quick brown fox jumps over the lazy dog. " * 12


def parts(steps=8, optimizer="muon", dropout=0.2):
    tokenizer = CharTokenizer.train(TEXT)
    shape = GPTConfig(
        vocab_size=tokenizer.vocab_size, context=8, layers=1, heads=2, width=16, dropout=dropout
    )
    model = GPT(shape, seed=0)
    config = TrainConfig(steps=steps, optimizer=optimizer, lr=1e-2)
    data = windows(TEXT, tokenizer, context=8, batch_size=4)
    return tokenizer, Trainer(model, *data, config)


@pytest.mark.parametrize("optimizer", ["adamw", "muon"])
def test_a_resumed_run_equals_an_uninterrupted_one_bit_for_bit(tmp_path, optimizer):
    _, whole = parts(optimizer=optimizer)
    list(whole)
    tokenizer, first = parts(optimizer=optimizer)
    for step in first:
        if step.step == 5:
            break
    save_model(tmp_path, first.model, tokenizer, trainer=first)
    _, second = parts(optimizer=optimizer)
    checkpoint.resume(second, checkpoint.load(tmp_path))
    assert second.history == first.history
    list(second)
    for p, q in zip(whole.model.parameters(), second.model.parameters(), strict=True):
        assert torch.equal(p, q)
    assert [s.loss for s in whole.history] == [s.loss for s in second.history]
    assert whole.history[-1].val_loss == second.history[-1].val_loss


@pytest.mark.parametrize(
    "tokenizer",
    [CharTokenizer.train(TEXT), ByteTokenizer(), BPETokenizer.train(TEXT, vocab_size=270)],
    ids=lambda t: type(t).__name__,
)
def test_model_and_tokenizer_come_back(tmp_path, tokenizer):
    model = GPT(GPTConfig(vocab_size=tokenizer.vocab_size, context=8, layers=1, heads=1, width=8))
    save_model(tmp_path, model, tokenizer)
    back, tokenizer_back = load_model(tmp_path)
    ids = tokenizer_back.encode("the fox")
    assert ids == tokenizer.encode("the fox")
    assert torch.equal(back(torch.tensor([ids])), model.eval()(torch.tensor([ids])))
    assert not back.training
    assert os.listdir(tmp_path) == [checkpoint.FILE]


def save_small(folder):
    tokenizer, trainer = parts()
    return save_model(folder, trainer.model, tokenizer, trainer=trainer)


@pytest.mark.parametrize("keep", [0, 4, 100, 5000])
def test_a_cut_file_is_refused(tmp_path, keep):
    path = save_small(tmp_path)
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(ValueError, match="damaged or something else"):
        load_model(tmp_path)


def test_a_foreign_file_is_refused(tmp_path):
    save_file({"w": torch.zeros(2)}, tmp_path / checkpoint.FILE)
    with pytest.raises(ValueError, match="minillm did not write it"):
        load_model(tmp_path)


def test_a_missing_model_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="no model at"):
        load_model(tmp_path / "nowhere")


def test_weights_of_another_shape_are_refused_by_name(tmp_path):
    save_small(tmp_path)
    other = GPT(GPTConfig(vocab_size=5, context=8, layers=1, heads=2, width=16))
    with pytest.raises(ValueError, match=r"embedding.weight is \(\d+, 16\) in the file and \(5, 1"):
        checkpoint.load(tmp_path).fill(other)


def test_a_model_without_its_training_state_does_not_resume(tmp_path):
    tokenizer, trainer = parts()
    save_model(tmp_path, trainer.model, tokenizer)
    with pytest.raises(ValueError, match="not go on training"):
        checkpoint.resume(trainer, checkpoint.load(tmp_path))


def test_the_file_says_what_it_is(tmp_path):
    saved = checkpoint.load(save_small(tmp_path).parent)
    assert saved.about["model"]["width"] == 16
    assert json.dumps(saved.about)


def test_a_save_that_is_killed_leaves_the_last_one(tmp_path):
    """kill -9 at random moments while a process saves without end: the file always loads."""
    script = textwrap.dedent("""
        import sys, torch
        from minillm.models.gpt import GPT, GPTConfig
        from minillm.tokenizer import ByteTokenizer
        from minillm.training import save_model
        model = GPT(GPTConfig(vocab_size=256, context=8, layers=4, heads=2, width=256))
        for i in range(10**6):
            torch.nn.init.constant_(model.embedding.weight, i)
            save_model(sys.argv[1], model, ByteTokenizer())
            print(i, flush=True)
    """)
    process = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    done = [int(process.stdout.readline()) for _ in range(5)][-1]
    os.kill(process.pid, signal.SIGKILL)
    rest, _ = process.communicate()
    done = max([done, *map(int, rest.split())])
    model, _ = load_model(tmp_path)
    values = model.embedding.weight.unique()
    assert len(values) == 1
    assert done <= values.item() <= done + 1


def test_a_full_disk_keeps_the_last_save_and_says_so(tmp_path):
    path = save_small(tmp_path)
    before = path.read_bytes()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        with pytest.raises(OSError, match="could not be written"):
            save_small(tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, ignored)
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == [checkpoint.FILE]
