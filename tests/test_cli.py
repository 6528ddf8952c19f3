import contextlib
import io
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from minillm import assets, cli
from minillm.sources import WorldSource
from minillm.training import checkpoint

ROOT = Path(__file__).parents[1]
TEXT = "She sells sea shells on the sea shore. " * 200


@pytest.fixture
def text(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "shells.txt"
    path.write_text(TEXT)
    return str(path)


def run(capsys, *arguments):
    """Exit code, stdout, stderr."""
    try:
        code = cli.main(list(arguments))
    except SystemExit as stop:  # argparse's own way out
        code = stop.code
    captured = capsys.readouterr()
    return code, captured.out, captured.err


@pytest.fixture(scope="module")
def learnt(tmp_path_factory):
    """A model that has learnt TEXT, to read only, and what its training printed."""
    folder = tmp_path_factory.mktemp("shells")
    (folder / "shells.txt").write_text(TEXT)
    options = ("--text", str(folder / "shells.txt"), "--steps", "120", "--json")
    out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    with contextlib.redirect_stdout(out):
        assert cli.main(["train", *options, "--out", str(folder / "model")]) == 0
    out.seek(0)
    return str(folder / "model"), out.read()


def test_train_reports_in_json_and_generate_continues(learnt, capsys):
    model, out = learnt
    lines = [json.loads(line) for line in out.splitlines()]
    assert [line["step"] for line in lines] == [60, 120]
    assert set(lines[0]) == {"step", "tokens", "seconds", "loss", "val_loss"}
    assert lines[0]["tokens"] == 60 * 12 * 64
    assert lines[1]["val_loss"] < lines[0]["loss"]
    code, out, _ = run(
        capsys,
        *("generate", "--model", model, "--prompt", "She sells"),
        *("--tokens", "20", "--temperature", "0"),
    )
    assert code == 0
    assert out == "She sells sea shells on the s\n"


def test_a_text_is_cut_at_a_stop_string_penalised_or_searched_for(learnt, capsys):
    write = ("generate", "--model", learnt[0], "--prompt", "She sells", "--tokens", "20")
    greedy = (*write, "--temperature", "0")
    code, out, _ = run(capsys, *greedy, "--stop", "shore", "--stop", "hells")
    assert (code, out) == (0, "She sells sea s\n")
    assert run(capsys, *write, "--beams", "3")[1] == "She sells sea shells on the s\n"
    for wrong, words in (("--beams", "width 0"), ("--repetition-penalty", "repetition_penalty 0")):
        code, out, err = run(capsys, *write, wrong, "0")
        assert (code, out) == (2, "")
        assert words in err


@pytest.mark.parametrize("option", ["temperature 0", "seed 1", "stop e", "top-p 0.5", "compile"])
def test_a_beam_search_refuses_what_it_would_not_heed(capsys, option):
    name, *value = option.split()
    start = ("generate", "--model", "nowhere", "--prompt", "a", "--beams", "2")
    code, out, err = run(capsys, *start, f"--{name}", *value)
    assert (code, out) == (2, "")
    assert f"--beams and --{name} do not go together" in err


def test_the_seed_decides_what_is_written(text, capsys):
    run(capsys, "train", "--text", text, "--steps", "2", "--out", "model", "--json")
    write = ("generate", "--model", "model", "--prompt", "S", "--tokens", "30", "--seed")
    outs = [run(capsys, *write, seed)[1] for seed in ("1", "1", "2")]
    assert outs[0] == outs[1] != outs[2]


@pytest.mark.parametrize("tokenizer", ["byte", "bpe"])
def test_other_tokenizers(text, capsys, tokenizer):
    size = () if tokenizer == "byte" else ("--vocab-size", "300")
    arguments = ("train", "--text", text, "--steps", "2", "--out", "m", "--tokenizer", tokenizer)
    assert run(capsys, *arguments, *size, "--json")[0] == 0
    assert checkpoint.load("m").tokenizer().kind.startswith(tokenizer)


def test_until_loss_stops_early(text, capsys):
    arguments = ("train", "--text", text, "--out", "m", "--json", "--until-loss", "4")
    code, out, _ = run(capsys, *arguments)
    assert code == 0
    assert [json.loads(line)["step"] for line in out.splitlines()] == [60]


def test_a_run_goes_on_as_if_it_had_not_stopped(text, capsys):
    command = [sys.executable, "-m", "minillm", "train", "--text", text, "--out", "killed"]
    process = subprocess.Popen(
        [*command, "--minutes", "5"],
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": ROOT},
        # A shell that runs the tests in the background has them ignore interrupts.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    seen = b""
    while not any(int(step) >= 3 for step in re.findall(rb"step (\d+) ", seen)):
        piece = process.stderr.read1()
        assert piece, seen  # it ended before anybody stopped it
        seen += piece
    process.send_signal(signal.SIGINT)
    _, rest = process.communicate()
    assert process.returncode == 130
    assert b"--resume killed" in rest
    stopped = checkpoint.load("killed").about["training"]["step"]
    assert stopped >= 3
    code, out, _ = run(capsys, "train", "--resume", "killed", "--steps", str(stopped + 2), "--json")
    assert code == 0
    assert json.loads(out.splitlines()[-1])["step"] == stopped + 2


def test_the_progress_bar_shows_loss_and_speed(text, capsys):
    code, out, err = run(capsys, "train", "--text", text, "--steps", "3")
    assert code == 0
    assert out == ""
    assert "100%" in err
    assert "tokens/s" in err
    assert "step 3" in err
    assert Path("runs/shells-nano", checkpoint.FILE).exists()


def test_a_second_run_gets_a_folder_of_its_own(text, capsys):
    for _ in range(2):
        run(capsys, "train", "--text", text, "--steps", "1", "--json")
    assert sorted(os.listdir("runs")) == ["shells-nano", "shells-nano-2"]


BAD = {
    "missing": (["train", "--text", "nowhere.txt"], "nowhere.txt"),
    "empty": (["train", "--text", "empty.txt"], "empty.txt"),
    "binary": (["train", "--text", "binary.txt"], "binary.txt"),
    "short": (["train", "--text", "short.txt"], "too short"),
    "folder": (["train", "--text", "."], "folder"),
    "preset": (["train", "--text", "shells.txt", "--preset", "huge"], "choose one of nano"),
    "tokenizer": (["train", "--text", "shells.txt", "--tokenizer", "word"], "char, byte, bpe"),
    "corpus": (["train", "--corpus", "library"], "stdlib"),
    "steps": (["train", "--text", "shells.txt", "--steps", "0"], "at least 1"),
    "minutes": (["train", "--text", "shells.txt", "--minutes", "-1"], "above 0"),
    "option": (["train", "--text", "shells.txt", "--colour", "red"], "--colour"),
    "abbreviation": (["train", "--text", "shells.txt", "--step", "1"], "--step"),
    "source": (["train"], "--text"),
    "alone": (["train", "--text", "shells.txt", "--shard"], "torchrun --nproc_per_node=2"),
    "two sources": (["train", "--text", "shells.txt", "--corpus", "stdlib"], "not allowed"),
    "command": (["fly"], "fly"),
    "no model": (["generate", "--model", "nowhere", "--prompt", "a"], "train --out"),
    "foreign model": (["generate", "--model", "shells.txt", "--prompt", "a"], "damaged"),
    "no model to look into": (["attention", "--model", "nowhere", "--text", "a"], "train --out"),
    "no text to read": (["attention", "--model", "nowhere"], "--text"),
    "out is a file": (["train", "--text", "shells.txt", "--out", "shells.txt/m"], "shells.txt"),
    "read-only": (["train", "--text", "shells.txt", "--out", "/proc/minillm"], "/proc/minillm"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_gets_one_line_and_code_2(text, capsys, case):
    Path("empty.txt").touch()
    Path("binary.txt").write_bytes(b"\x89PNG\r\n\x00\xff")
    Path("short.txt").write_text("Too short to learn from.")
    before = sorted(os.listdir("."))
    arguments, words = BAD[case]
    code, out, err = run(capsys, *arguments)
    assert code == 2
    assert out == ""
    assert words in err
    assert "Traceback" not in err
    if "usage" not in err:
        assert err.startswith("minillm: ")
        assert err.count("\n") == 1
    assert sorted(os.listdir(".")) == before


def test_a_prompt_the_tokenizer_never_saw(text, capsys):
    run(capsys, "train", "--text", text, "--steps", "1", "--out", "m", "--json")
    code, out, err = run(capsys, "generate", "--model", "m", "--prompt", "贝壳")
    assert (code, out) == (2, "")
    assert "'贝', '壳'" in err


@pytest.fixture
def shells(text, capsys):
    """A model that has hardly learnt to read shells."""
    run(capsys, "train", "--text", text, "--steps", "1", "--out", "m", "--json")
    return ("attention", "--model", "m", "--text")


def island(path):
    """The data in a page that holds one view."""
    page = Path(path).read_text(encoding="utf-8")
    return json.loads(
        page.partition('<script type="application/json">')[2].partition("</script")[0]
    )


def test_attention_writes_a_page_of_its_own(shells, capsys):
    code, out, err = run(capsys, *shells, "She sells", "--out", "page.html", "--head", "L2.H1")
    assert (code, err) == (0, "")
    assert "page.html" in out
    data = island("page.html")
    assert data["selection"]["head"] == [2, 1]
    assert "".join(data["header"]["read"][0]) == "She·sells"
    assert data["header"]["shape"] == [1, 4, 4, 9, 9]
    assert run(capsys, *shells, "She sells", "--head", "3.2")[0] == 0
    assert island("attention.html")["selection"]["head"] == [3, 2]


@pytest.mark.parametrize("head", ["L4.H0", "L0.H4", "3", "L1H3", "L-1.H0", "L².H0"])
def test_a_head_that_is_not_there_is_refused(shells, capsys, head):
    code, out, err = run(capsys, *shells, "She", "--head", head)
    assert (code, out) == (2, "")
    assert f"{head!r}" in err
    assert "layers 0 to 3 and heads 0 to 3" in err
    assert not Path("attention.html").exists()


def test_a_text_that_cannot_be_looked_into_is_refused(shells, capsys):
    for words, said in (("", "empty"), ("贝", "'贝'"), ("She " * 40, "reads 64 at most")):
        code, out, err = run(capsys, *shells, words)
        assert (code, out) == (2, "")
        assert said in err
    assert not Path("attention.html").exists()


def test_the_page_speaks_the_reader_s_language(shells, capsys, monkeypatch):
    monkeypatch.setenv("MINILLM_LANG", "zh")
    code, out, _ = run(capsys, *shells, "She")
    assert code == 0
    assert "已写入 attention.html" in out
    assert island("attention.html")["lang"] == "zh"


def test_a_finished_model_is_not_overwritten(text, capsys):
    run(capsys, "train", "--text", text, "--steps", "1", "--out", "m", "--json")
    before = Path("m", checkpoint.FILE).read_bytes()
    code, _, err = run(capsys, "train", "--text", text, "--steps", "1", "--out", "m")
    assert code == 2
    assert "--resume m" in err
    assert Path("m", checkpoint.FILE).read_bytes() == before


def test_a_run_does_not_resume_on_another_text_or_with_another_model(text, capsys):
    run(capsys, "train", "--text", text, "--steps", "1", "--out", "m", "--json")
    code, _, err = run(capsys, "train", "--resume", "m", "--preset", "nano")
    assert code == 2
    assert "--preset cannot change" in err
    Path(text).write_text(TEXT + "!")
    code, _, err = run(capsys, "train", "--resume", "m", "--steps", "2")
    assert code == 2
    assert "has changed" in err


def test_help_speaks_both_languages(capsys, monkeypatch):
    assert "trained model" in run(capsys, "--help")[1]
    monkeypatch.setenv("MINILLM_LANG", "zh")
    assert "续写" in run(capsys, "--help")[1]


def test_output_to_a_closed_pipe_is_no_error(text, capsys):
    run(capsys, "train", "--text", text, "--steps", "1", "--out", "m", "--json")
    command = f"{sys.executable} -m minillm generate --model m --prompt S --tokens 3000 | head -c 9"
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert len(done.stdout) == 9
    assert done.stderr == ""


def test_the_world_reports_regret_and_its_model_generates(text, capsys, monkeypatch):
    monkeypatch.setattr(WorldSource, "documents", 300)
    arguments = ("train", "--corpus", "world", "--steps", "50", "--out", "w", "--json")
    code, out, _ = run(capsys, *arguments)
    assert code == 0
    (line,) = map(json.loads, out.splitlines())
    assert set(line["regret"]) == {"all", "grammar", "world", "recall"}
    assert 0 < line["regret"]["grammar"] < line["regret"]["all"] < line["regret"]["recall"]
    code, out, _ = run(capsys, "generate", "--model", "w", "--prompt", "It was a", "--tokens", "20")
    assert code == 0
    assert out.startswith("It was a ")


def test_where_to_generate_is_chosen_on_the_command_line(capsys):
    model = str(assets.path("world"))
    start = ("generate", "--model", model, "--prompt", "It was a", "--tokens", "3", "--seed", "0")
    code, out, _ = run(capsys, *start, "--device", "cpu")
    assert code == 0
    assert run(capsys, *start)[1] == out  # by default; there is no GPU where tests run
    for command in (start, ("serve", "--model", model), ("chat", "--model", model)):
        code, _, err = run(capsys, *command, "--device", "toaster")
        assert code == 2
        assert "toaster" in err


def test_device_and_format_are_chosen_on_the_command_line(text, capsys):
    options = ("--device", "cpu", "--dtype", "fp16", "--recompute", "--accumulate", "3")
    start = ("train", "--text", text, "--steps", "2", "--json", "--out")
    assert run(capsys, *start, "half", *options)[0] == 0
    about = checkpoint.load("half").about
    config = about["training"]["config"]
    assert (config["device"], config["dtype"], config["recompute"]) == ("cpu", "fp16", True)
    assert config["accumulate"] == 3
    assert about["training"]["tokens"] == 2 * 12 * 64  # a step is as large as it was
    assert (
        run(capsys, "train", "--resume", "half", "--steps", "3", "--dtype", "fp32", "--json")[0]
        == 0
    )
    config = checkpoint.load("half").about["training"]["config"]
    assert (config["dtype"], config["recompute"]) == ("fp32", True)
    code, _, err = run(capsys, *start, "x", "--accumulate", "5")
    assert code == 2
    assert "12 windows does not fall into 5" in err
    code, _, err = run(capsys, *start, "x", "--dtype", "tf32", "--device", "cpu")
    assert code == 2
    assert "computes natively in" in err


def test_pieces_see_the_windows_of_the_whole_batch(text, capsys):
    runs = []
    for name, options in {"whole": (), "cut": ("--accumulate", "4")}.items():
        code, out, _ = run(
            capsys, "train", "--text", text, "--steps", "5", "--json", "--out", name, *options
        )
        assert code == 0
        runs.append(json.loads(out.splitlines()[-1])["val_loss"])
    assert runs[0] == pytest.approx(runs[1], rel=1e-4)


def test_a_machine_out_of_memory_says_so_in_one_line(text, capsys, monkeypatch):
    def full(*_, **__):
        raise MemoryError("cuda is out of memory: 1 GB held")

    monkeypatch.setattr("minillm.run.train", full)
    code, _, err = run(capsys, "train", "--text", text, "--steps", "1", "--out", "m")
    assert code == 1
    assert err == "minillm: cuda is out of memory: 1 GB held\n"
