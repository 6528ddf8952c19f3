"""The whole recorder at a tiny size on the CPU, and what it would do on a GPU through stand-ins."""

import json
from dataclasses import replace

import pytest
import torch

from minillm import cli, cost, recorder
from minillm.recorder import kept, run, speed
from minillm.training.precision import Precision, choose

CARD = cost.Card(
    name="here", flops={"fp32": 1e9}, bandwidth=1e9, memory=1e9, watts=None, source="measured here"
)


@pytest.fixture(autouse=True)
def tiny(monkeypatch):
    size = replace(run.SMALL, steps=10, batches=(1, 2), timed=1, tokens=16)
    monkeypatch.setattr(run, "SMALL", size)
    monkeypatch.setattr(cost, "this_machine", lambda device: CARD)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    speed._card.cache_clear()
    yield
    speed._card.cache_clear()


@pytest.fixture
def recorded(tmp_path):
    def record(part, **options):
        path = tmp_path / "runs.json"
        recorder.record(path, parts=[part], small=True, device="cpu", **options)
        return kept.read(path)[-1]

    return record


def test_a_record_says_where_it_comes_from(recorded):
    found = recorded("memory", seed=3)
    assert (
        found["command"] == "python -m minillm record --only memory --small --device cpu --seed 3"
    )
    assert (found["what"], found["small"], found["seed"]) == ("memory", True, 3)
    assert found["torch"] == torch.__version__
    assert found["device"] == "cpu"
    assert found["cuda"] is None
    assert len(recorded("decode")["series"]) == 2  # added to the same file


def test_training_is_recorded_until_its_goal(recorded, tmp_path):
    text = tmp_path / "some.txt"
    text.write_text("she sells sea shells by the sea shore. " * 300)
    found = recorded("training", text=text)
    assert found["command"].endswith("--text some.txt")
    (row,) = found["series"]
    assert row["step"] == 10
    assert row["tokens"] == 10 * 64 * 64
    assert 0 < row["val_loss"] < 3.3


def test_speed_is_recorded_for_each_format_and_batch(recorded):
    rows = recorded("throughput")["series"]
    assert [(row["dtype"], row["batch"]) for row in rows] == [
        (dtype, batch) for dtype in ("fp32", "bf16", "fp16") for batch in (1, 2)
    ]
    for row in rows:
        assert row["tokens_per_second"] == pytest.approx(row["batch"] * 64 / row["seconds"])
        assert row["share"] == pytest.approx(row["flops_per_second"] / 1e9)
        assert row["of"] == "measured here"
        assert not row["compiled"]


def test_a_batch_that_does_not_fit_is_recorded_as_such(monkeypatch):
    def full(*_):
        raise MemoryError("full")

    monkeypatch.setattr(speed, "Trainer", full)
    row = speed.step(run.SMALL.shape, 2, choose("cpu"), compiled=False, seed=0, timed=1)
    assert row == {"dtype": "fp32", "compiled": False, "batch": 2, "out_of_memory": True}


def test_memory_climbs_and_falls_and_recomputing_needs_less(recorded):
    rows = recorded("memory")["series"]
    kept_all, again = ([r for r in rows if r["recompute"] == flag] for flag in (False, True))
    for part in (kept_all, again):
        bytes = {row["event"]: row["bytes"] for row in part}
        assert bytes["forward 0"] < bytes["forward 1"] < bytes["loss"] < bytes["peak"]
        assert part[-1]["predicted"] == pytest.approx(bytes["loss"], rel=0.01)
    assert again[-1]["bytes"] < kept_all[-1]["bytes"]
    events = [row["event"] for row in kept_all]
    assert events == ["forward 0", "forward 1", "loss", "backward 1", "backward 0", "peak"]


def test_writing_is_recorded_with_and_without_the_cache(recorded):
    cached, bare = recorded("decode")["series"]
    assert (cached["cached"], bare["cached"]) == (True, False)
    assert (cached["tokens"], bare["tokens"]) == (16, 2)
    assert not cached["compiled"]
    assert cached["share"] == pytest.approx(
        cached["tokens_per_second"] * cached["bytes_per_token"] / 1e9
    )


def test_on_a_gpu_each_native_format_is_measured_and_the_best_compiled(monkeypatch):
    gpu = Precision(device=torch.device("cuda"), dtype="bf16")
    monkeypatch.setattr(run, "formats", lambda device: ["bf16", "tf32", "fp32"])
    monkeypatch.setattr(run, "choose", lambda device, dtype: replace(gpu, dtype=dtype))
    monkeypatch.setattr(
        speed, "step", lambda shape, batch, way, *, compiled, **_: (way.dtype, compiled, batch)
    )
    size = replace(run.GPU, batches=(4, 8))
    monkeypatch.setattr(speed, "decode", lambda *_, cached, compiled, count: (cached, compiled))
    assert list(run._decode(size, gpu, 0, None)) == [(True, False), (False, False), (True, True)]
    ways = [("bf16", False), ("tf32", False), ("fp32", False), ("bf16", True)]
    found = list(run._throughput(size, gpu, 0, None))
    assert found == [(*way, batch) for way in ways for batch in (4, 8)]


def test_published_numbers_are_the_measure_where_they_are_known(monkeypatch):
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: "NVIDIA H200")
    gpu = Precision(device=torch.device("cuda"), dtype="bf16")
    peak, whose = speed._peak(gpu)
    assert (peak, "H200 datasheet" in whose) == (989.5e12, True)
    assert speed._peak(replace(gpu, dtype="fp32"))[0] == 67e12


def test_the_full_size_is_gpt2_and_nanogpts_shakespeare():
    with torch.device("meta"):
        model = speed.GPT(run.GPU.shape)
    assert cost.parameters(model) == pytest.approx(124e6, rel=0.01)
    shape = speed.preset("shakespeare-gpu")
    assert shape.batch_size == 64
    assert {k: shape.shape[k] for k in ("layers", "heads", "width", "context", "dropout")} == {
        "layers": 6,
        "heads": 6,
        "width": 384,
        "context": 256,
        "dropout": 0.2,
    }


def test_without_a_gpu_the_full_size_is_refused(tmp_path, capsys):
    assert cli.main(["record", "--device", "cpu", "--out", str(tmp_path / "r.json")]) == 2
    assert "--small" in capsys.readouterr().err
    assert not (tmp_path / "r.json").exists()
    assert cli.main(["record", "--small", "--only", "speed"]) == 2
    assert "training, throughput, memory, decode" in capsys.readouterr().err


def test_the_command_line_prints_each_row(tmp_path, capsys):
    out = str(tmp_path / "r.json")
    assert cli.main(["record", "--small", "--device", "cpu", "--only", "decode", "--out", out]) == 0
    captured = capsys.readouterr()
    rows = [json.loads(line) for line in captured.out.splitlines()]
    assert [row["cached"] for row in rows] == [True, False]
    assert f"Recorded in {out}." in captured.err


def test_a_file_of_another_kind_is_refused(tmp_path):
    path = tmp_path / "runs.json"
    for content, words in [("no", "is no file of records"), ("[1]", "no list of records")]:
        path.write_text(content)
        with pytest.raises(ValueError, match=words):
            kept.add(path, {"what": "x"})
        assert path.read_text() == content


def test_the_courses_own_records_are_found():
    assert {record["what"] for record in recorder.load()} == set(recorder.PARTS)
