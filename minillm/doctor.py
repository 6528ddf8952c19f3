"""What this machine can do: `python -m minillm doctor`. Lesson 00.

torch and matplotlib are imported when their turn comes, so that there is a report where they are
missing too.
"""

import importlib.metadata
import os
import platform
import re
import shutil
import sys
import tempfile
import unicodedata
import warnings
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TextIO

from minillm import machine
from minillm.corpus import cache_folder
from minillm.files import data_folder
from minillm.language import say

LEAST_PYTHON = (3, 11)
LEAST_TORCH = (2, 10)
LEAST_MEMORY = 4e9  # bytes
LEAST_DISK = 2e9  # bytes
PACKAGES = ("jupyterlab", "matplotlib", "ipywidgets", "anywidget", "jupytext")
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
WORDS = ("machine", "memory", "disk", "device", "threads", "fonts", "browser", "cache", "data")
BF16_INSTRUCTIONS = ("avx512_bf16", "amx_bf16", "bf16", "sve_bf16")  # the last two are Arm's


class Status(StrEnum):
    """How a check ended: WARN limits a part of the course, FAIL stops it."""

    OK = "OK"
    WARN = "WARN"
    FAIL = "FAIL"


COLOURS = {Status.OK: "32", Status.WARN: "33", Status.FAIL: "31"}  # green, yellow, red


@dataclass(frozen=True, kw_only=True)
class Check:
    """One line of the report; the lines after the first of `text` say what to do."""

    status: Status
    name: str  # the same in every language: a proper name, or one of WORDS
    text: str


def run(stream: TextIO | None = None) -> int:
    """Print the report to `stream` (standard output); 1 if a check failed, else 0. Lesson 00."""
    stream = stream or sys.stdout
    print(say("doctor.title"), end="\n\n", file=stream, flush=True)  # torch takes seconds
    checks = report()
    names = [check.name for check in checks]
    labels = [say(f"doctor.{name}") if name in WORDS else name for name in names]
    width = max(map(_columns, labels))
    coloured = stream.isatty() and not os.environ.get("NO_COLOR")
    for check, label in zip(checks, labels, strict=True):
        status = f"{check.status:4}"
        if coloured:
            status = f"\x1b[{COLOURS[check.status]}m{status}\x1b[0m"
        padding = " " * (width - _columns(label))
        text = check.text.replace("\n", "\n" + " " * (len("WARN  ") + width + 2))
        print(f"{status}  {label}{padding}  {text}", file=stream)
    statuses = [check.status for check in checks]
    fails, warns = statuses.count(Status.FAIL), statuses.count(Status.WARN)
    end = "end_fail" if fails else "end_warn" if warns else "end_ok"
    print("\n" + say(f"doctor.{end}", fails=fails, warns=warns), file=stream)
    return 1 if fails else 0


def report() -> list[Check]:
    """Every check, in the order in which they are printed."""
    torch = _torch()
    checks = [_python(), torch, *map(_package, PACKAGES), _machine(), _memory(), _disk()]
    if torch.status is Status.OK:
        checks += [_device(), _bf16(), _threads()]
    folders = _folder("cache", cache_folder()), _folder("data", data_folder())
    return [*checks, _fonts(), _browser(), *folders]


def _ok(name: str, text: str) -> Check:
    return Check(status=Status.OK, name=name, text=text)


def _warn(name: str, text: str) -> Check:
    return Check(status=Status.WARN, name=name, text=text)


def _fail(name: str, text: str) -> Check:
    return Check(status=Status.FAIL, name=name, text=text)


def _python() -> Check:
    version, least = platform.python_version(), ".".join(map(str, LEAST_PYTHON))
    if sys.version_info[:2] < LEAST_PYTHON:
        return _fail("Python", say("doctor.python_old", version=version, least=least))
    return _ok("Python", f"{version}  {sys.executable}")


def _torch() -> Check:
    least = ".".join(map(str, LEAST_TORCH))
    try:
        import torch
    except Exception as error:  # a broken installation raises anything
        reason = _first_line(error)
        return _fail("PyTorch", say("doctor.torch_missing", reason=reason, least=least))
    version = torch.__version__
    if tuple(map(int, re.findall(r"\d+", version)[:2])) < LEAST_TORCH:
        return _fail("PyTorch", say("doctor.torch_old", version=version, least=least))
    return _ok("PyTorch", version)


def _package(name: str) -> Check:
    try:
        return _ok(name, importlib.metadata.version(name))
    except importlib.metadata.PackageNotFoundError:
        return _warn(name, _with_install(f"without_{name}", name))


def _with_install(key: str, package: str) -> str:
    return say(f"doctor.{key}") + "\n" + say("doctor.install", package=package)


def _machine() -> Check:
    return _ok(
        "machine",
        say(
            "doctor.machine_is",
            system=platform.platform(terse=True),
            processor=machine.processor(),
            usable=machine.usable_cores(),
            cores=os.cpu_count(),
        ),
    )


def _memory() -> Check:
    try:
        total, available = machine.memory()
    except ImportError:  # psutil comes with JupyterLab
        return _warn("memory", _with_install("memory_unknown", "psutil"))
    text = say("doctor.free_of", free=available / 1e9, total=total / 1e9)
    if available < LEAST_MEMORY:
        return _warn("memory", say("doctor.memory_low", text=text, least=LEAST_MEMORY / 1e9))
    return _ok("memory", text)


def _disk() -> Check:
    disk = shutil.disk_usage(".")
    text = say("doctor.free_of", free=disk.free / 1e9, total=disk.total / 1e9)
    if disk.free < LEAST_DISK:
        return _warn("disk", say("doctor.disk_low", text=text, least=LEAST_DISK / 1e9))
    return _ok("disk", text)


def _device() -> Check:
    import torch

    with warnings.catch_warnings(record=True) as caught:  # such as: the driver is too old
        warnings.simplefilter("always")
        found = torch.cuda.is_available()
    if not found and machine.has_nvidia_gpu():
        reason = _first_line(caught[0].message) if caught else torch.__version__
        return _warn("device", say("doctor.device_unused", reason=reason))
    if not found:
        mps = torch.backends.mps.is_available()
        return _ok("device", say("doctor.device_mps" if mps else "doctor.device_cpu"))
    name = torch.cuda.get_device_name()
    try:
        torch.ones(1, device="cuda").add_(1).item()
    except RuntimeError as error:  # such as: this build has no code for so old a GPU
        reason = _first_line(error)
        return _fail("device", say("doctor.device_broken", name=name, reason=reason))
    memory = torch.cuda.get_device_properties(0).total_memory
    count = torch.cuda.device_count()
    return _ok("device", say("doctor.device_cuda", name=name, memory=memory / 1e9, count=count))


def _bf16() -> Check:
    """Is bf16 computed in hardware? Where it is emulated it works, but no faster."""
    import torch

    if torch.cuda.is_available():
        from minillm.training.precision import true_bf16

        return _ok("bf16", say("doctor.bf16_gpu" if true_bf16() else "doctor.bf16_emulated"))
    if torch.backends.mps.is_available():
        return _ok("bf16", say("doctor.bf16_mps"))
    if not hasattr(torch.cpu, "get_capabilities"):  # PyTorch 2.10
        return _ok("bf16", say("doctor.bf16_unknown", version=torch.__version__))
    able = torch.cpu.get_capabilities()
    found = ", ".join(name for name in BF16_INSTRUCTIONS if able.get(name))
    if not found:
        return _ok("bf16", say("doctor.bf16_emulated"))
    return _ok("bf16", say("doctor.bf16_cpu", instructions=found))


def _threads() -> Check:
    import torch

    threads, cores = torch.get_num_threads(), machine.usable_cores()
    if threads > cores:
        return _warn("threads", say("doctor.threads_many", threads=threads, cores=cores))
    return _ok("threads", str(threads))


def _fonts() -> Check:
    try:
        import matplotlib
    except ImportError:  # said already, among the packages
        return _warn("fonts", say("doctor.fonts_unknown"))
    from minillm.viz import fonts

    font = fonts.chinese_font()
    if not font:
        return _warn("fonts", say("doctor.fonts_none", folder=matplotlib.get_cachedir()))
    return _ok("fonts", font)


def _browser() -> Check:
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    return _ok("browser", found) if found else _warn("browser", say("doctor.browser_none"))


def _folder(name: str, folder: Path) -> Check:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return _ok(name, str(folder))
    except OSError as error:
        reason = error.strerror
        return _warn(name, say(f"doctor.{name}_locked", folder=folder, reason=reason))


def _first_line(error: Exception | str) -> str:
    return (str(error).splitlines() or [repr(error)])[0]


def _columns(text: str) -> int:
    """Columns that a terminal gives to `text`: two for a Chinese character."""
    return sum(1 + (unicodedata.east_asian_width(letter) in "WF") for letter in text)
