import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from minillm import cli, presets
from minillm.batches import IGNORE, Windows
from minillm.distributed import launch
from minillm.training import checkpoint, distributed
from tests.training import workers

ROOT = Path(__file__).parents[2]
WORKERS = Path(workers.__file__)
TEXT = "She sells sea shells on the sea shore. " * 60


@pytest.fixture(autouse=True)
def surroundings(tmp_path, monkeypatch):
    """An empty folder with a text; processes that find the package, one thread each."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setitem(presets.PRESETS, "tiny", workers.TINY)
    Path("shells.txt").write_text(TEXT)


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """What two processes measured, and where they saved."""
    out = tmp_path_factory.mktemp("equal")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(ROOT))
        patch.setenv("OMP_NUM_THREADS", "1")
        launch(WORKERS, "equal", out, processes=2)
    return json.loads((out / "found.json").read_text()) | {"folder": out}


def furthest(a, b):
    return max(
        (torch.tensor(x) - torch.tensor(y)).abs().max().item() for x, y in zip(a, b, strict=True)
    )


@pytest.mark.parametrize("case", workers.CASES)
def test_two_processes_do_what_one_does(found, case):
    kind, changes, shard = workers.CASES[case]
    alone = workers.trainer(kind, changes)
    want, got = workers.measured(alone), found[case]
    assert furthest(got["gradient"], want["gradient"]) < 1e-6
    assert max(abs(x) for p in want["gradient"] for x in torch.tensor(p).flatten()) > 0.01
    assert furthest(got["weights"], want["weights"]) < 1e-4
    for mine, theirs in zip(got["steps"], want["steps"], strict=True):
        assert mine == pytest.approx(theirs, abs=1e-5)
    everything = sum(p.numel() for p in alone.model.parameters())
    assert got["held"] == (pytest.approx(everything / 2, rel=0.02) if shard else everything)


def test_a_sharded_run_is_saved_whole_and_goes_on_in_any_way(found):
    kind, changes, _ = workers.CASES["sharded, muon"]
    alone = workers.trainer(kind, {**changes, "steps": 8})
    checkpoint.resume(alone, checkpoint.load(found["folder"]))
    assert alone.step == 6
    losses = [s.loss for s in alone]
    assert len(losses) == 2
    for shard in (True, False):
        assert found[f"resumed, shard {shard}"] == pytest.approx(losses, abs=1e-5)


def test_ranks_drop_different_numbers(found):
    first, second = found["drops"]
    assert first != second


def torchrun(*arguments, processes=2):
    """As a user starts it: two processes that train with the tiny preset."""
    run = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    command = [*run, f"--nproc_per_node={processes}", str(WORKERS), "command", *arguments]
    return subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A shell that runs the tests in the background has them ignore interrupts.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def pid_of(rank, agent):
    """The process that torchrun started as that rank."""
    for process in Path("/proc").glob("[0-9]*"):
        try:
            parent = (process / "stat").read_text().rpartition(")")[2].split()[1]
            if int(parent) == agent and f"\0RANK={rank}\0" in (process / "environ").read_text():
                return int(process.name)
        except (FileNotFoundError, ProcessLookupError):
            continue
    raise AssertionError(f"no rank {rank} under {agent}")


START = ("train", "--text", "shells.txt", "--preset", "tiny", "--out", "m", "--json")


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="looks processes up in /proc")
def test_a_killed_rank_ends_the_run_which_goes_on_with_one_and_with_two(capfd):
    run = torchrun(*START)
    first = json.loads(run.stdout.readline())
    assert first["step"] == 20
    others = pid_of(0, run.pid)
    os.kill(pid_of(1, run.pid), signal.SIGKILL)
    _, err = run.communicate(timeout=60)
    assert run.returncode != 0
    assert not Path(f"/proc/{others}").exists()
    (line,) = [line for line in err.splitlines() if line.startswith("minillm: ")]
    assert line.startswith("minillm: Rank 0 stops: another process of this run has ended")
    assert "--resume m" in line
    assert "gloo" not in err

    stopped = checkpoint.load("m").about["training"]["step"]
    assert stopped % 20 == 0
    # Any loss is below 99, so each of these runs ends when it has validated once.
    until = ("train", "--resume", "m", "--until-loss", "99", "--json")
    assert cli.main(until) == 0
    run = torchrun(*until)
    out, _ = run.communicate(timeout=60)
    assert run.returncode == 0
    assert [json.loads(line)["step"] for line in out.splitlines()] == [stopped + 40]
    mixed = checkpoint.load("m").about["training"]["history"]

    assert cli.main([*START[:-2], "alone", "--json", "--steps", "2000", "--until-loss", "99"]) == 0
    while (alone := checkpoint.load("alone").about["training"]["history"])[-1]["step"] < len(mixed):
        assert cli.main(["train", "--resume", "alone", *until[3:]]) == 0
    assert [s["step"] for s in mixed] == list(range(1, stopped + 41))
    for mine, theirs in zip(mixed, alone, strict=True):
        assert mine["loss"] == pytest.approx(theirs["loss"], abs=1e-3)
        assert mine["tokens"] == theirs["tokens"]
    capfd.readouterr()


def test_an_interrupt_to_one_rank_stops_all_after_the_same_step():
    run = torchrun(*START)
    run.stdout.readline()
    os.kill(pid_of(1, run.pid), signal.SIGINT)
    _, err = run.communicate(timeout=60)
    assert run.returncode != 0
    (line,) = [line for line in err.splitlines() if line.startswith("Stopped after step")]
    step = int(re.search(r"step (\d+) and saved", line)[1])
    assert step >= 20
    assert checkpoint.load("m").about["training"]["step"] == step


def test_bad_input_is_said_once():
    run = torchrun("train", "--text", "nowhere.txt", "--preset", "tiny", "--out", "m")
    out, err = run.communicate(timeout=60)
    assert run.returncode != 0
    assert out == ""
    (line,) = [line for line in err.splitlines() if line.startswith("minillm: ")]
    assert "nowhere.txt" in line
    assert "Root Cause" in err  # torchrun itself knows that it failed, too
    assert not Path("m").exists()


FIVE = distributed.Ranks(rank=0, size=5, device=torch.device("cpu"))


def test_a_batch_that_cannot_be_shared_out_is_refused():
    with pytest.raises(ValueError, match=r"4 rows .* 5 equal parts. Numbers .*: 1, 2, 4\."):
        workers.trainer("windows", {}, FIVE)


def test_shards_need_somebody_to_share_with(monkeypatch):
    monkeypatch.delenv("RANK", raising=False)
    with pytest.raises(ValueError, match="torchrun --nproc_per_node=2"):
        distributed.joined(shard=True).__enter__()
    with distributed.joined() as ranks:
        assert ranks is None


def test_every_process_needs_its_own_gpu(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    around = {"RANK": "3", "WORLD_SIZE": "4", "LOCAL_RANK": "3", "LOCAL_WORLD_SIZE": "4"}
    for name, value in around.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ValueError, match=r"4 processes .* 2 GPU\(s\).*--nproc_per_node=2"):
        distributed.joined().__enter__()


def part(data, rank, size):
    ranks = distributed.Ranks(rank=rank, size=size, device=torch.device("cpu"))
    return distributed.Part(data, ranks)


@pytest.mark.parametrize("size", [1, 2, 4])
def test_the_parts_of_a_batch_hold_every_row_once(size):
    data = workers.DATA["windows"]
    whole = data.sample(torch.Generator().manual_seed(3))
    parts = [part(data, r, size).sample(torch.Generator().manual_seed(3)) for r in range(size)]
    assert sorted(row for p in parts for row in p.inputs.tolist()) == sorted(whole.inputs.tolist())
    assert sum(p.tokens for p in parts) == whole.tokens


@pytest.mark.parametrize("length", [9, 25, 300])  # one row, three, many
def test_the_parts_of_what_is_held_out_score_every_token_once(length):
    data = Windows(torch.arange(length), context=8, batch_size=4)
    passes = [list(part(data, rank, 2).whole()) for rank in range(2)]
    assert len(passes[0]) == len(passes[1]) > 0  # a sharded model needs both in each pass
    targets = torch.cat([batch.targets for batches in passes for batch in batches])
    assert sorted(targets[targets != IGNORE].tolist()) == list(range(1, length))
