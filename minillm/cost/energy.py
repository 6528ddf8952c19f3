"""Energy: from a counter where the machine has one, else estimated, and always said which.

Lessons 07 and 19.
"""

import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from minillm import machine

POWERCAP = Path("/sys/class/powercap")  # where Linux shows Intel's and AMD's energy counters
# An assumption: server processors are sold with 4 to 8 W a core; memory and power supply need more.
WATTS_PER_CORE = 10.0
SAMPLE_MS = 200  # milliseconds between two looks at a GPU's power


@dataclass(frozen=True, kw_only=True)
class Energy:
    """What some work took."""

    joules: float
    seconds: float
    measured: bool  # by a counter; else estimated as watts times seconds
    source: str  # of the number, in words

    @property
    def kwh(self) -> float:
        """The same in kilowatt hours, as it is paid for."""
        return self.joules / 3.6e6

    def __str__(self) -> str:
        """The number, the time, and where it comes from."""
        how = "measured" if self.measured else "estimated"
        return f"{self.joules:.1f} J in {self.seconds:.1f} s ({how}: {self.source})"


class EnergyMeter:
    """Measures a block's energy; `energy` holds it afterwards.

        with EnergyMeter() as meter:
            ...
        print(meter.energy)

    device: "cpu" reads the processor's counter (RAPL), "cuda" asks the driver for the GPU's power
    several times a second. Where neither answers: `watts` (default: 10 W a usable core) times
    seconds. A counter sees the whole processor or card, other programs included.
    """

    def __init__(self, device: str = "cpu", *, watts: float | None = None) -> None:
        self.device = device.partition(":")[0]
        self.index = device.partition(":")[2] or "0"
        cores = machine.usable_cores()
        self.assumed = f"{watts or WATTS_PER_CORE * cores:.0f} W assumed"
        self.watts = watts or WATTS_PER_CORE * cores
        self.energy: Energy | None = None

    def __enter__(self) -> "EnergyMeter":
        """Read the counter, or begin to watch."""
        self._watching = _watch_gpu(self.index) if self.device == "cuda" else None
        self._before = _rapl() if self.device == "cpu" else {}
        self._start = time.perf_counter()
        return self

    def __exit__(self, *exception: object) -> None:
        """Read it again; `energy` says what was used."""
        seconds = time.perf_counter() - self._start
        joules, source = None, ""
        if self._before:
            joules, source = _difference(self._before, _rapl()), "the processor's counter, RAPL"
        elif self._watching:
            watts = _mean_watts(self._watching)
            joules = None if watts is None else watts * seconds
            source = "the GPU's power, from nvidia-smi"
        measured = joules is not None
        self.energy = Energy(
            joules=joules if measured else self.watts * seconds,
            seconds=seconds,
            measured=measured,
            source=source if measured else self.assumed,
        )


def _rapl() -> dict[Path, int]:
    """Microjoules so far of each processor package; empty where they cannot be read."""
    try:
        files = sorted(POWERCAP.glob("intel-rapl:?/energy_uj"))  # not :0:1, which are parts
        return {file: int(file.read_text()) for file in files}
    except OSError:  # most systems let only the administrator read them
        return {}


def _difference(before: dict[Path, int], after: dict[Path, int]) -> float:
    """Joules between two readings; a counter that has gone round is put right."""
    total = 0
    for file, start in before.items():
        used = after[file] - start
        if used < 0:
            used += int(file.with_name("max_energy_range_uj").read_text())
        total += used
    return total / 1e6


def _watch_gpu(index: str) -> subprocess.Popen | None:
    """A process that prints the GPU's power until it is stopped; None without a driver."""
    if not shutil.which("nvidia-smi"):
        return None
    command = ["nvidia-smi", f"--id={index}", "--query-gpu=power.draw"]
    command += ["--format=csv,noheader,nounits", f"--loop-ms={SAMPLE_MS}"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)


def _mean_watts(watching: subprocess.Popen) -> float | None:
    watching.terminate()
    out, _ = watching.communicate()
    found = []
    for line in out.splitlines():
        try:
            found.append(float(line))
        except ValueError:  # "[N/A]" on cards that do not tell
            continue
    return sum(found) / len(found) if found else None
