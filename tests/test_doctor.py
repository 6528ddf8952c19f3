"""The report on machines that lack something: status, what to do, exit code, looks."""

import importlib.metadata
import io
import re
import subprocess
import sys
import warnings
from types import SimpleNamespace

import pytest
import torch
from matplotlib import font_manager

from minillm import doctor, machine
from minillm.doctor import Check, Status
from minillm.language import LANGUAGES

LABELS = {"en": ("memory", "Chinese font"), "zh": ("内存", "中文字体")}


@pytest.fixture(autouse=True)
def machine_in_order(monkeypatch, tmp_path):
    """A machine where every check is OK, so that a test sees only what it spoils."""
    monkeypatch.delenv("MINILLM_LANG", raising=False)
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("MINILLM_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("platformdirs.user_data_path", lambda name: tmp_path / "data" / name)
    monkeypatch.setattr(importlib.metadata, "version", lambda name: "1.2.3")
    monkeypatch.setattr(machine, "memory", lambda: (16 * 10**9, 12 * 10**9))
    monkeypatch.setattr(machine, "usable_cores", lambda: 64)
    monkeypatch.setattr(machine, "has_nvidia_gpu", lambda: False)
    monkeypatch.setattr("shutil.which", lambda name: f"/bin/{name}")
    disk = SimpleNamespace(free=50 * 10**9, total=100 * 10**9)
    monkeypatch.setattr("shutil.disk_usage", lambda path: disk)
    monkeypatch.setattr("minillm.viz.fonts.chinese_font", lambda: "Noto Sans CJK SC")
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    monkeypatch.setattr("torch.backends.mps.is_available", lambda: False)


def check(name: str) -> Check:
    """The check `name`, after seeing that it says what to do if it is not OK."""
    (found,) = [check for check in doctor.report() if check.name == name]
    assert (found.status == Status.OK) == ("\n" not in found.text)
    return found


def run() -> tuple[int, str]:
    stream = io.StringIO()
    return doctor.run(stream), stream.getvalue()


def test_a_machine_in_order():
    assert {check.status for check in doctor.report()} == {Status.OK}
    names = [check.name for check in doctor.report()]
    assert len(set(names)) == len(names) == 17
    code, text = run()
    assert code == 0
    assert text.startswith("What this machine can do\n\n")
    assert text.endswith("\n\nAll is well.\n")


def test_an_old_python_fails(monkeypatch):
    monkeypatch.setattr(sys, "version_info", (3, 10, 13, "final", 0))
    monkeypatch.setattr("platform.python_version", lambda: "3.10.13")
    assert check("Python").status == Status.FAIL
    assert "3.10.13; the course needs 3.11 or newer" in check("Python").text
    code, text = run()
    assert code == 1
    assert "FAIL  Python" in text
    assert "Failures: 1, warnings: 0" in text


def test_without_torch_there_is_a_report(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    found = check("PyTorch")
    assert found.status == Status.FAIL
    assert 'python -m pip install "torch>=2.10"' in found.text
    names = [check.name for check in doctor.report()]
    assert not {"device", "bf16", "threads"} & set(names)
    assert {"memory", "browser"} <= set(names)
    assert run()[0] == 1


@pytest.mark.parametrize(
    ("version", "status"),
    [
        ("2.9.1+cu128", Status.FAIL),
        ("1.13.0", Status.FAIL),
        ("2.10.0", Status.OK),
        ("2.13.0+cpu", Status.OK),
        ("3.0.0a0+git1", Status.OK),
    ],
)
def test_torch_must_be_new_enough(monkeypatch, version, status):
    monkeypatch.setattr(torch, "__version__", version)
    assert check("PyTorch").status == status
    assert version in check("PyTorch").text
    assert run()[0] == (status == Status.FAIL)


@pytest.mark.parametrize("missing", doctor.PACKAGES)
def test_a_missing_package_is_a_warning_that_installs_it(monkeypatch, missing):
    def version(name):
        if name == missing:
            raise importlib.metadata.PackageNotFoundError(name)
        return "1.2.3"

    monkeypatch.setattr(importlib.metadata, "version", version)
    assert check(missing).status == Status.WARN
    assert check(missing).text.endswith(f"python -m pip install {missing}")
    assert [check.name for check in doctor.report() if check.status != Status.OK] == [missing]
    code, text = run()
    assert code == 0
    assert text.endswith("Warnings: 1; each says what it limits and what to do.\n")


@pytest.mark.parametrize(("available", "status"), [(3.9e9, Status.WARN), (4e9, Status.OK)])
def test_little_memory_is_a_warning(monkeypatch, available, status):
    monkeypatch.setattr(machine, "memory", lambda: (8e9, available))
    assert check("memory").status == status
    assert f"{available / 1e9:.1f} GB free of 8.0 GB" in check("memory").text


def test_unknown_memory_is_a_warning(monkeypatch):
    def memory():
        raise ImportError("psutil")

    monkeypatch.setattr(machine, "memory", memory)
    assert check("memory").status == Status.WARN
    assert "pip install psutil" in check("memory").text


@pytest.mark.parametrize(("free", "status"), [(1.9e9, Status.WARN), (2e9, Status.OK)])
def test_a_full_disk_is_a_warning(monkeypatch, free, status):
    disk = SimpleNamespace(free=free, total=64e9)
    monkeypatch.setattr("shutil.disk_usage", lambda path: disk)
    assert check("disk").status == status
    assert f"{free / 1e9:.1f} GB free of 64.0 GB" in check("disk").text


def test_the_machine_is_described(monkeypatch):
    monkeypatch.setattr(machine, "processor", lambda: "Abacus 9")
    monkeypatch.setattr(machine, "usable_cores", lambda: 2)
    monkeypatch.setattr("os.cpu_count", lambda: 64)
    assert "Abacus 9, 2 of 64 cores usable" in check("machine").text


def pretend_gpu(monkeypatch, *, bf16: bool = True):
    properties = SimpleNamespace(total_memory=16 * 10**9)
    for name, answer in {
        "is_available": True,
        "get_device_name": "Tesla T4",
        "device_count": 2,
        "get_device_properties": properties,
    }.items():
        monkeypatch.setattr(torch.cuda, name, lambda *device, answer=answer: answer)
    monkeypatch.setattr(
        torch.cuda, "is_bf16_supported", lambda including_emulation: bf16 or including_emulation
    )
    monkeypatch.setattr(torch, "ones", lambda *shape, device: torch.zeros(shape))


def test_a_gpu_is_named(monkeypatch):
    pretend_gpu(monkeypatch)
    assert check("device").status == Status.OK
    assert check("device").text == "cuda: Tesla T4, 16 GB; GPUs: 2"


def test_a_gpu_that_does_not_compute_fails(monkeypatch):
    pretend_gpu(monkeypatch)

    def ones(*shape, device):
        raise RuntimeError("no kernel image is available\nand much advice")

    monkeypatch.setattr(torch, "ones", ones)
    assert check("device").status == Status.FAIL
    assert "Tesla T4 does not compute" in check("device").text
    assert "no kernel image is available)" in check("device").text
    assert "CUDA_VISIBLE_DEVICES" in check("device").text
    assert run()[0] == 1


def test_a_gpu_that_torch_cannot_use_is_a_warning(monkeypatch):
    def is_available():
        warnings.warn("The NVIDIA driver on your system is too old\n(found 1).", stacklevel=1)
        return False

    monkeypatch.setattr(machine, "has_nvidia_gpu", lambda: True)
    assert check("device").status == Status.WARN
    assert torch.__version__ in check("device").text  # most often a build without CUDA
    monkeypatch.setattr(torch.cuda, "is_available", is_available)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # elsewhere than in the check of the device
        assert "(The NVIDIA driver on your system is too old)" in check("device").text


def test_other_devices(monkeypatch):
    assert check("device").text.startswith("cpu")
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    assert check("device").text.startswith("mps")


def test_bf16_is_told_from_its_emulation(monkeypatch):
    """Emulation is no fault: the course runs."""
    for able, expected in [
        ({"avx512_bf16": True, "amx_bf16": False}, "instructions for it (avx512_bf16)"),
        ({"architecture": "arm64", "bf16": True, "sve_bf16": True}, "it (bf16, sve_bf16)"),
        ({"avx2": True, "avx512_bf16": False}, "emulated"),
    ]:
        monkeypatch.setattr(torch.cpu, "get_capabilities", lambda able=able: able, raising=False)
        assert expected in check("bf16").text
        assert check("bf16").status == Status.OK
    monkeypatch.delattr(torch.cpu, "get_capabilities")
    assert "cannot tell" in check("bf16").text
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    assert "lesson 07" in check("bf16").text
    pretend_gpu(monkeypatch, bf16=True)
    assert check("bf16").text.startswith("true: the GPU")
    pretend_gpu(monkeypatch, bf16=False)
    assert check("bf16").text.startswith("emulated")


def test_more_threads_than_cores_is_a_warning(monkeypatch):
    monkeypatch.setattr(torch, "get_num_threads", lambda: 8)
    monkeypatch.setattr(machine, "usable_cores", lambda: 8)
    assert check("threads").status == Status.OK
    monkeypatch.setattr(machine, "usable_cores", lambda: 2)
    assert check("threads").status == Status.WARN
    assert "8 threads on 2 cores" in check("threads").text
    assert "OMP_NUM_THREADS=2" in check("threads").text


def test_no_chinese_font_is_a_warning(monkeypatch):
    monkeypatch.undo()  # the fonts that are really here
    fonts = font_manager.fontManager.ttflist
    latin = next(font for font in fonts if font.name == "DejaVu Sans")
    damaged = SimpleNamespace(name="Damaged", fname=__file__)
    monkeypatch.setattr(font_manager.fontManager, "ttflist", [damaged, latin])
    assert check("fonts").status == Status.WARN
    assert "fonts-noto-cjk" in check("fonts").text
    boxes = SimpleNamespace(name="Last Resort High-Efficiency", fname="boxes.ttf")
    chinese = SimpleNamespace(name="Painted", fname="painted.ttf")
    monkeypatch.setattr(font_manager.fontManager, "ttflist", [latin, boxes, chinese])

    class Font:
        def __init__(self, path):
            self.letters = "语" if path != latin.fname else "e"

        def get_char_index(self, code):
            return self.letters.find(chr(code)) + 1

    monkeypatch.setattr("matplotlib.ft2font.FT2Font", Font)
    assert check("fonts") == Check(status=Status.OK, name="fonts", text="Painted")


def test_fonts_without_matplotlib_are_a_warning(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    (found,) = [check for check in doctor.report() if check.name == "fonts"]
    assert found.status == Status.WARN
    assert "matplotlib is not installed" in found.text


def test_no_browser_is_a_warning(monkeypatch):
    monkeypatch.setattr("shutil.which", lambda name: None)
    assert check("browser").status == Status.WARN
    monkeypatch.setattr("shutil.which", lambda name: "/bin/g" if name == "google-chrome" else None)
    assert check("browser") == Check(status=Status.OK, name="browser", text="/bin/g")


def test_folders_that_cannot_be_written_are_warnings(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("MINILLM_CACHE", str(tmp_path / "file" / "cache"))
    monkeypatch.setattr("platformdirs.user_data_path", lambda name: tmp_path / "file" / name)
    assert check("cache").status == check("data").status == Status.WARN
    assert "MINILLM_CACHE" in check("cache").text
    assert "your progress is not kept" in check("data").text


def test_folders_are_left_empty(tmp_path):
    assert check("cache").text == str(tmp_path / "cache")
    assert check("data").text == str(tmp_path / "data" / "minillm")
    assert not list((tmp_path / "cache").iterdir())


@pytest.mark.parametrize("lang", LANGUAGES)
def test_columns_are_aligned_in_every_language(monkeypatch, lang):
    """Also where a letter takes two columns, and in the lines that say what to do."""
    monkeypatch.setenv("MINILLM_LANG", lang)
    monkeypatch.setattr(machine, "memory", lambda: (2e9, 1e9))
    _, text = run()
    lines = text.split("\n")[2:-3]  # without title and end
    before = [re.match(r"(?:OK  |WARN)  \S.*?\s{2,}|\s+", line)[0] for line in lines]
    columns = {sum(2 if letter > "\u2e80" else 1 for letter in part) for part in before}
    assert len(columns) == 1
    assert len(lines) == len(doctor.report()) + 1  # one warning, and what to do
    for label in LABELS[lang]:
        assert label in text


def test_colours_are_for_terminals(monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    monkeypatch.setattr("shutil.which", lambda name: None)
    assert "\x1b" not in run()[1]
    stream = Terminal()
    doctor.run(stream)
    assert "\x1b[33mWARN\x1b[0m  browser " in stream.getvalue()
    assert "\x1b[32mOK  \x1b[0m  memory " in stream.getvalue()
    monkeypatch.setenv("NO_COLOR", "1")
    stream = Terminal()
    doctor.run(stream)
    assert stream.getvalue() == run()[1]


def test_the_report_goes_to_standard_output_by_itself(capsys):
    assert doctor.run() == 0
    assert capsys.readouterr().out == run()[1]


def test_importing_doctor_imports_neither_torch_nor_matplotlib():
    code = "import sys, minillm.doctor; print({'torch', 'matplotlib', 'psutil'} & {*sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
