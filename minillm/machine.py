"""What the operating system says of this machine: processor, usable cores and memory, GPU."""

import math
import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

CONTROL_GROUPS = Path("/sys/fs/cgroup")  # where Linux keeps the limits of a container
OWN_GROUPS = Path("/proc/self/cgroup")  # the groups that this process belongs to


def processor() -> str:
    """The processor's name, as exactly as the system tells it."""
    if sys.platform == "linux":
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
        if match := re.search(r"^model name\s*: (.+)$", text, re.MULTILINE):  # none on Arm
            return match[1]
    if sys.platform == "darwin":
        command = ["sysctl", "-n", "machdep.cpu.brand_string"]
        return subprocess.run(command, capture_output=True, text=True).stdout.strip()
    return platform.processor() or platform.machine()


def usable_cores() -> int:
    """Cores that this process may use: its affinity, and its container's share, rounded up."""
    affinity = getattr(os, "sched_getaffinity", None)  # Linux only
    cores = len(affinity(0)) if affinity else os.cpu_count() or 1
    for folder in _control_groups("cpu"):
        # Version 2 writes both numbers in one file, "150000 100000" or "max 100000".
        share = _words(folder / "cpu.max") or [
            *_words(folder / "cpu.cfs_quota_us"),  # "-1" where there is no limit
            *_words(folder / "cpu.cfs_period_us"),
        ]
        if len(share) == 2 and share[0].isdigit():
            cores = min(cores, math.ceil(int(share[0]) / int(share[1])))
    return cores


def memory() -> tuple[int, int]:
    """Total and available memory in bytes, within the limit of the container.

    Raises ImportError where psutil is not installed.
    """
    import psutil  # comes with JupyterLab; the package itself does without

    system = psutil.virtual_memory()
    total, available = system.total, system.available
    for folder in _control_groups("memory"):
        limit = _number(folder, "memory.max", "memory.limit_in_bytes")
        if limit is None:
            continue
        used = _number(folder, "memory.current", "memory.usage_in_bytes") or 0
        stat = _words(folder / "memory.stat")
        parts = dict(zip(stat[::2], stat[1::2], strict=True))
        # What only caches files counts as used, but is given up when memory gets short.
        cached = parts.get("total_inactive_file") or parts.get("inactive_file", 0)
        total = min(total, limit)
        available = min(available, limit - used + int(cached))
    return total, available


def has_nvidia_gpu() -> bool:
    """Whether the driver lists an NVIDIA GPU that nobody hid from this process."""
    if "CUDA_VISIBLE_DEVICES" in os.environ or not shutil.which("nvidia-smi"):
        return False  # hidden on purpose, or no driver
    listed = subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True)
    return listed.returncode == 0 and "GPU 0" in listed.stdout


def _control_groups(controller: str) -> Iterator[Path]:
    """Folders that may limit this process, innermost first; none where the system is not Linux.

    Both versions of control groups: 2 keeps every limit in one tree, 1 has a tree for each.
    """
    lines = OWN_GROUPS.read_text().splitlines() if OWN_GROUPS.exists() else []
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controller in controllers.split(","):
            root = CONTROL_GROUPS / controller
        elif not controllers:
            root = CONTROL_GROUPS
        else:
            continue
        inner = root / path.lstrip("/")
        yield from (folder for folder in (inner, *inner.parents) if folder.is_relative_to(root))


def _words(path: Path) -> list[str]:
    return path.read_text().split() if path.is_file() else []


def _number(folder: Path, *names: str) -> int | None:
    """The number in whichever of these files is there; None for "max"."""
    words = [word for name in names for word in _words(folder / name)]
    return int(words[0]) if words and words[0].isdigit() else None
