import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from minillm.distributed import launch, writes


@pytest.fixture
def script(tmp_path):
    def write(text):
        path = tmp_path / "script.py"
        path.write_text("import os, sys, time\nrank = os.environ['RANK']\n" + textwrap.dedent(text))
        return path

    return write


def test_rank_0_is_heard_and_all_get_the_arguments(script, capfd, tmp_path):
    path = script("""
        print("rank", rank, "of", os.environ["WORLD_SIZE"], *sys.argv[1:])
        open(f"{sys.argv[1]}/{rank}", "w").write(os.environ["OMP_NUM_THREADS"])
        print("to stderr too", file=sys.stderr)
    """)
    launch(path, tmp_path, "贝", processes=3)
    out, err = capfd.readouterr()
    assert sorted(out.splitlines()) == [f"rank 0 of 3 {tmp_path} 贝", "to stderr too"]
    assert err == ""
    threads = {(tmp_path / str(rank)).read_text() for rank in range(3)}
    assert len(threads) == 1
    assert int(threads.pop()) >= 1


def test_the_last_words_of_the_failed_rank_are_repeated(script, capfd):
    path = script("""
        if rank == "0":
            time.sleep(60)
        for i in range(40):
            print("line", i)
        raise KeyError("a clear reason")
    """)
    start = time.perf_counter()
    with pytest.raises(RuntimeError, match=r"Rank 1 failed \(code 1\)") as caught:
        launch(path, processes=2)
    assert time.perf_counter() - start < 50  # rank 0 was ended
    message = str(caught.value)
    assert message.endswith("KeyError: 'a clear reason'")
    assert "line 39" in message
    assert "line 3\n" not in message
    assert "line" not in capfd.readouterr().out


def test_a_killed_process_is_told_by_its_signal(script):
    path = script("""
        print("so far so good")
        if rank == "1":
            os.kill(os.getpid(), 9)
        time.sleep(60)
    """)
    with pytest.raises(RuntimeError, match=r"Rank 1 failed \(ended by signal 9\)[^$]*so far so"):
        launch(path, processes=2)


def test_an_interrupt_ends_all_processes(script, tmp_path):
    path = script(f"""
        open(f"{tmp_path}/{{rank}}", "w").write(str(os.getpid()))
        print("begun", flush=True)
        time.sleep(600)
    """)
    caller = "import sys; from minillm.distributed import launch; launch(sys.argv[1], processes=2)"
    process = subprocess.Popen(
        [sys.executable, "-c", caller, path],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    assert process.stdout.readline() == "begun\n"
    while not (tmp_path / "1").exists() or not (tmp_path / "1").read_text():
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=40)
    assert "KeyboardInterrupt" in err
    for rank in "01":
        with pytest.raises(ProcessLookupError):
            os.kill(int((tmp_path / rank).read_text()), 0)


def test_a_script_that_is_not_there_is_refused():
    with pytest.raises(FileNotFoundError, match=r"nowhere\.py"):
        launch("nowhere.py", processes=2)
    with pytest.raises(FileNotFoundError, match="Name a Python file"):
        launch(processes=2)
    with pytest.raises(ValueError, match="processes is 0"):
        launch("-m", "minillm", processes=0)


@pytest.mark.parametrize(("rank", "wanted"), [(None, True), ("0", True), ("1", False)])
def test_one_process_writes(monkeypatch, rank, wanted):
    monkeypatch.delenv("RANK", raising=False)
    if rank:
        monkeypatch.setenv("RANK", rank)
    assert writes() is wanted
