"""Several processes on this machine, started and ended together. Lesson 08.

What the processes do when they train one model stands in `training.distributed`.
"""

import os
import re
import subprocess
import sys
import tempfile
from collections import deque
from pathlib import Path

from minillm.machine import usable_cores

PATIENCE = 15  # seconds that processes have to end by themselves when they are told to
LINES = 15  # of a failed process that its error repeats


class LostRank(RuntimeError):
    """Another process of the same run has died, or cannot be reached any more."""


def writes() -> bool:
    """Whether this process writes files and progress: rank 0, or one that is alone."""
    return os.environ.get("RANK", "0") == "0"


def launch(*command: str | Path, processes: int) -> None:
    """Run a script or `"-m", module`, with its arguments, in several processes, as torchrun does.

        launch("script.py", processes=2)
        launch("-m", "minillm", "train", "--corpus", "world", processes=2)

    What rank 0 prints appears as it comes. RuntimeError, with the last lines of the process that
    failed, when one does; the others are ended. An interrupt ends all of them.
    """
    if processes < 1:
        raise ValueError(f"processes is {processes}; it must be at least 1.")
    if not command or (command[0] != "-m" and not Path(command[0]).is_file()):
        raise FileNotFoundError(
            f"There is no script {str(command[0]) if command else ''!r}. Name a Python file, or "
            'a module after "-m".'
        )
    with tempfile.TemporaryDirectory() as logs:
        agent = subprocess.Popen(
            _torchrun(processes, logs) + [str(part) for part in command],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            env=_environment(processes),
            start_new_session=True,  # an interrupt reaches us alone, and we pass it on
        )
        said: deque[str] = deque(maxlen=200)
        try:
            for line in agent.stdout:
                own = line.removeprefix(_MARK)
                said.append(own)
                if own != line:
                    print(own, end="", flush=True)
            failed = agent.wait()
        finally:
            _end(agent)
        if failed:
            raise RuntimeError(_reason(Path(logs), "".join(said)))


_MARK = "rank 0| "  # before each line that comes from rank 0, and not from torchrun itself


def _torchrun(processes: int, logs: str) -> list[str]:
    run = [sys.executable, "-m", "torch.distributed.run", "--standalone"]  # finds a free port
    show = ["--tee=3", "--local-ranks-filter=0", f"--log-dir={logs}"]
    return [*run, f"--nproc-per-node={processes}", *show]


def _environment(processes: int) -> dict[str, str]:
    threads = max(1, usable_cores() // processes)  # or each process would take all cores
    return {
        "OMP_NUM_THREADS": str(threads),
        **os.environ,
        "TORCHELASTIC_LOG_LINE_PREFIX_TEMPLATE": _MARK.replace("0", "${local_rank}"),
        "TORCH_ELASTIC_SHUTDOWN_TIMEOUT": str(PATIENCE),
        "PYTHONUNBUFFERED": "1",
    }


def _end(agent: subprocess.Popen) -> None:
    """Have torchrun end its processes, if they have not ended yet."""
    if agent.poll() is None:
        agent.terminate()
        try:
            agent.wait(PATIENCE + 20)
        except subprocess.TimeoutExpired:
            agent.kill()
            agent.wait()
    agent.stdout.close()


def _reason(logs: Path, said: str) -> str:
    """Which process failed first, how, and the last lines it wrote."""
    first = said.rpartition("Root Cause")[2]
    rank, code = (re.search(rf"{name}\s*: (-?\d+)", first) for name in ("rank", "exitcode"))
    if not rank or not code:
        return f"torchrun could not start the processes:\n{said}"
    how = f"ended by signal {-int(code[1])}" if code[1].startswith("-") else f"code {code[1]}"
    written = "".join(
        path.read_text(errors="replace")
        for name in ("stdout", "stderr")
        for path in logs.glob(f"*/attempt_0/{rank[1]}/{name}.log")
    )
    last = "\n".join(written.splitlines()[-LINES:])
    return f"Rank {rank[1]} failed ({how}). The last lines it wrote:\n{last or '(none)'}"
