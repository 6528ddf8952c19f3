"""Limits of containers, from trees of files as Linux shows them."""

import os
import subprocess
import sys
from types import SimpleNamespace

import pytest

from minillm import machine

GB = 10**9


@pytest.fixture
def groups(tmp_path, monkeypatch):
    """Write the files of a container's limits: `groups(own, {path: text})`."""
    monkeypatch.setattr(machine, "CONTROL_GROUPS", tmp_path / "cgroup")
    monkeypatch.setattr(machine, "OWN_GROUPS", tmp_path / "own")

    def write(own: str, files: dict[str, str]) -> None:
        (tmp_path / "own").write_text(own)
        for name, text in files.items():
            path = tmp_path / "cgroup" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    return write


@pytest.fixture
def eight_cores(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(8)), raising=False)


@pytest.fixture
def ten_gigabytes(monkeypatch):
    system = SimpleNamespace(total=10 * GB, available=9 * GB)
    monkeypatch.setattr("psutil.virtual_memory", lambda: system)


@pytest.mark.usefixtures("eight_cores")
@pytest.mark.parametrize(
    ("own", "files", "cores"),
    [
        ("0::/\n", {"cpu.max": "max 100000\n"}, 8),
        ("0::/\n", {"cpu.max": "200000 100000\n"}, 2),
        ("0::/\n", {"cpu.max": "150000 100000\n"}, 2),  # rounded up
        ("0::/a/b\n", {"a/cpu.max": "300000 100000", "a/b/cpu.max": "max 100000"}, 3),
        ("4:cpu,cpuacct:/\n", {"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000"}, 8),
        ("4:cpu:/\n", {"cpu/cpu.cfs_quota_us": "100000", "cpu/cpu.cfs_period_us": "100000"}, 1),
        # inside a container the path is often the host's, and the limit lies at the root
        ("4:cpu:/x/y\n", {"cpu/cpu.cfs_quota_us": "99", "cpu/cpu.cfs_period_us": "33"}, 3),
        ("4:cpuset:/\n", {"cpu/cpu.cfs_quota_us": "99", "cpu/cpu.cfs_period_us": "33"}, 8),
        ("0::/\n", {"cpu.max": "9900000 100000\n"}, 8),  # a share larger than the affinity
    ],
)
def test_usable_cores_heed_the_containers_share(groups, own, files, cores):
    groups(own, files)
    assert machine.usable_cores() == cores


def test_usable_cores_heed_the_affinity(groups, monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {1, 5}, raising=False)
    assert machine.usable_cores() == 2
    monkeypatch.delattr(os, "sched_getaffinity")  # as on macOS and Windows
    monkeypatch.setattr(os, "cpu_count", lambda: 6)
    assert machine.usable_cores() == 6


@pytest.mark.usefixtures("ten_gigabytes")
@pytest.mark.parametrize(
    ("own", "files", "expected"),
    [
        ("0::/\n", {}, (10, 9)),
        ("0::/\n", {"memory.max": "max\n", "memory.current": f"{GB}\n"}, (10, 9)),
        (
            "0::/\n",
            {
                "memory.max": f"{4 * GB}\n",
                "memory.current": f"{3 * GB}\n",
                "memory.stat": f"anon 1\ninactive_file {2 * GB}\n",
            },
            (4, 3),
        ),
        (
            "0::/a/b\n",
            {
                "a/memory.max": f"{6 * GB}\n",
                "a/memory.current": f"{5 * GB}\n",
                "a/b/memory.max": f"{8 * GB}\n",
                "a/b/memory.current": f"{GB}\n",
            },
            (6, 1),
        ),
        (
            "3:memory:/\n",
            {
                "memory/memory.limit_in_bytes": f"{5 * GB}\n",
                "memory/memory.usage_in_bytes": f"{3 * GB}\n",
                "memory/memory.stat": f"inactive_file 0\ntotal_inactive_file {GB}\n",
            },
            (5, 3),
        ),
        ("3:memory:/\n", {"memory/memory.limit_in_bytes": "9223372036854771712\n"}, (10, 9)),
    ],
)
def test_memory_heeds_the_containers_limit(groups, own, files, expected):
    groups(own, files)
    total, available = machine.memory()
    assert (total / GB, available / GB) == expected


def test_memory_without_psutil_is_an_import_error(monkeypatch):
    monkeypatch.setitem(sys.modules, "psutil", None)
    with pytest.raises(ImportError):
        machine.memory()


def test_memory_of_this_machine_is_plausible():
    total, available = machine.memory()
    assert 1e8 < available <= total < 1e14


def test_processor_has_a_name():
    assert machine.processor().strip()


@pytest.mark.parametrize(
    ("returncode", "stdout", "found"),
    [
        (0, "GPU 0: NVIDIA T4 (UUID: GPU-1)\n", True),
        (0, "No devices found.\n", False),
        (9, "Unable to determine the device handle for GPU 0\n", False),
    ],
)
def test_a_gpu_is_what_the_driver_lists(monkeypatch, returncode, stdout, found):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setattr("shutil.which", lambda name: f"/bin/{name}")
    answer = SimpleNamespace(returncode=returncode, stdout=stdout)
    monkeypatch.setattr(subprocess, "run", lambda command, **settings: answer)
    assert machine.has_nvidia_gpu() == found
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "-1")
    assert not machine.has_nvidia_gpu()
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES")
    monkeypatch.setattr("shutil.which", lambda name: None)
    assert not machine.has_nvidia_gpu()
