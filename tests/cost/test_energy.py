import os
import stat
import time

import pytest

from minillm import machine
from minillm.cost import energy
from minillm.cost.energy import EnergyMeter


@pytest.fixture
def counters(tmp_path, monkeypatch):
    """Two processor packages, one with a part; the second one is about to go round."""
    monkeypatch.setattr(energy, "POWERCAP", tmp_path)
    for name, now in {"intel-rapl:0": 5_000_000, "intel-rapl:1": 900, "intel-rapl:0:0": 7}.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "energy_uj").write_text(f"{now}\n")
        (tmp_path / name / "max_energy_range_uj").write_text("1000\n")
    return tmp_path


def test_a_processors_counter_is_read(counters):
    with EnergyMeter() as meter:
        (counters / "intel-rapl:0/energy_uj").write_text("8000000\n")
        (counters / "intel-rapl:0:0/energy_uj").write_text("999999\n")
        (counters / "intel-rapl:1/energy_uj").write_text("400\n")
    assert meter.energy.joules == pytest.approx(3.0 + 500e-6)
    assert meter.energy.measured
    assert "measured: the processor's counter, RAPL" in str(meter.energy)


def test_where_nothing_counts_it_is_estimated_and_said(tmp_path, monkeypatch):
    monkeypatch.setattr(energy, "POWERCAP", tmp_path / "nowhere")
    monkeypatch.setattr(machine, "usable_cores", lambda: 2)
    monkeypatch.setattr(energy.shutil, "which", lambda name: None)
    for device in ("cpu", "cuda"):
        with EnergyMeter(device) as meter:
            pass
        assert not meter.energy.measured
        assert meter.energy.joules == pytest.approx(20 * meter.energy.seconds)
        assert "estimated: 20 W assumed" in str(meter.energy)
    with EnergyMeter(watts=360.0) as meter:
        pass
    assert meter.energy.kwh == pytest.approx(360 * meter.energy.seconds / 3.6e6)


@pytest.mark.parametrize(("lines", "watts"), [("100.0\n200.0\n", 150), ("[N/A]\n", None)])
def test_a_gpus_power_is_sampled(tmp_path, monkeypatch, lines, watts):
    fake = tmp_path / "nvidia-smi"
    fake.write_text(f"#!/bin/sh\nprintf '{lines}' | sed 's/\\[N.A\\]/[N\\/A]/'\nexec sleep 30\n")
    fake.chmod(fake.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    with EnergyMeter("cuda:0", watts=10.0) as meter:
        time.sleep(0.3)
    assert meter.energy.measured == (watts is not None)
    assert meter.energy.joules == pytest.approx((watts or 10) * meter.energy.seconds)
