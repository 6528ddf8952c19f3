"""Tiny Shakespeare by character: seconds to nanoGPT's published CPU result, and to ours.

nanoGPT's recipe (its README, "I only have a macbook"): 4 layers, 4 heads, width 128, context 64,
batch 12, 2,000 steps of AdamW, validation loss about 1.88. Both see the same first nine tenths;
ours is scored on the whole last tenth.
"""

import json
import pickle
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
from itertools import pairwise
from pathlib import Path

import numpy as np
from table import Row

from minillm.tokenizer import CharTokenizer
from minillm.training import checkpoint

TARGET = 1.8857  # nats per character, the loss to reach
STEPS = 2000  # of nanoGPT's recipe
TIMED = 120  # of these, as many are run for their speed


def rows(checkout: Path | None, text: Path | None) -> list[Row]:
    if text is None:
        return [Row(f"tiny Shakespeare to {TARGET}", "not measured (give TEXT=FILE)")]
    steps, ours, loss = _ours(text)
    what = f"tiny Shakespeare to {TARGET} ({steps} steps, reached {loss:.4f})"
    if checkout is None:
        return [Row(what, f"{ours:.1f} s")]
    peer = _nanogpt(checkout, text)
    return [Row(what, f"{ours:.1f} s", f"nanoGPT {peer:.1f} s", peer / ours, 5)]


def _ours(text: Path) -> tuple[int, float, float]:
    """Steps to the target, seconds for them (the median step, as for the peer), loss reached."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "minillm", "train", "--text", text.resolve(), "--json"]
        command += ["--until-loss", str(TARGET), "--out", folder]
        out = subprocess.check_output(command, text=True, stderr=subprocess.DEVNULL)
        history = checkpoint.load(folder).about["training"]["history"]
    last = json.loads(out.splitlines()[-1])
    took = [b["seconds"] - a["seconds"] for a, b in pairwise(history)]
    return last["step"], statistics.median(took) * last["step"], last["val_loss"]


def _nanogpt(checkout: Path, text: Path) -> float:
    """Seconds for its 2,000 steps: the median step, evaluation left out, times 2,000."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder, "nanogpt")
        shutil.copytree(checkout, copy, ignore=shutil.ignore_patterns(".git"))
        data = copy / "data" / "shakespeare_char"
        content = text.read_text(encoding="utf-8")
        ids = CharTokenizer.train(content).encode(content)
        cut = int(len(ids) * 0.9)
        np.array(ids[:cut], dtype=np.uint16).tofile(data / "train.bin")
        np.array(ids[cut:], dtype=np.uint16).tofile(data / "val.bin")
        (data / "meta.pkl").write_bytes(pickle.dumps({"vocab_size": len(set(ids))}))
        command = [sys.executable, "train.py", "config/train_shakespeare_char.py"]
        recipe = dict(
            device="cpu",
            compile=False,
            eval_iters=1,
            eval_interval=10**6,
            log_interval=1,
            block_size=64,
            batch_size=12,
            n_layer=4,
            n_head=4,
            n_embd=128,
            max_iters=TIMED,
            lr_decay_iters=STEPS,
            dropout=0.0,
        )
        command += [f"--{name}={value}" for name, value in recipe.items()]
        out = subprocess.check_output(command, cwd=copy, text=True, stderr=subprocess.STDOUT)
    steps = [float(ms) for ms in re.findall(r"^iter \d+: .*time ([\d.]+)ms", out, re.M)]
    assert len(steps) > TIMED // 2, out[-2000:]
    return statistics.median(steps[10:]) / 1000 * STEPS
