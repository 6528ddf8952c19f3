from types import SimpleNamespace

import pytest

from minillm.cost import roofline
from minillm.cost.roofline import CARDS, card_of, this_machine, timed


def test_work_takes_as_long_as_its_arithmetic_or_its_traffic():
    a100 = CARDS["A100"]
    assert a100.seconds(flops=312e12, bytes=1) == pytest.approx(1)
    assert a100.seconds(flops=1, bytes=2039e9) == pytest.approx(1)
    assert a100.ridge("bf16") == pytest.approx(153, abs=0.1)
    both = a100.seconds(flops=1e12 * a100.ridge("bf16"), bytes=1e12)
    assert both == pytest.approx(1e12 / a100.bandwidth)
    with pytest.raises(ValueError, match="T4 does not compute in bf16"):
        CARDS["T4"].seconds(flops=1, dtype="bf16")


def test_cards_are_cited_and_in_order():
    assert all("NVIDIA" in card.source and "20" in card.source for card in CARDS.values())
    for card in CARDS.values():
        assert card.flops["fp32"] < card.flops["fp16"]
        assert card.seconds(flops=0, bytes=card.memory, dtype="fp16") < 0.06  # reading it all


@pytest.mark.parametrize(
    ("name", "card"),
    [("Tesla T4", "T4"), ("NVIDIA H100 80GB HBM3", "H100"), ("NVIDIA H200", "H200")],
)
def test_a_card_is_known_by_the_name_its_driver_gives(name, card):
    assert card_of(name) is CARDS[card]
    assert card_of("NVIDIA GeForce RTX 4090") is None


def test_the_shortest_run_counts_and_the_first_does_not(monkeypatch):
    ticks = iter([10, 13, 20, 22, 30, 34])
    monkeypatch.setattr(roofline, "time", SimpleNamespace(perf_counter=lambda: next(ticks)))
    runs = []
    assert timed(lambda: runs.append(1), rounds=3) == 2
    assert len(runs) == 4


def test_this_machine_is_measured(monkeypatch):
    monkeypatch.setitem(roofline.MATMUL, "cpu", (32, 64))
    monkeypatch.setitem(roofline.COPIED, "cpu", 2**16)
    seconds = iter([1e-3, 2e-3, 4e-3])
    monkeypatch.setattr(roofline, "timed", lambda run, device, rounds: next(seconds))
    card = this_machine()
    assert card.flops == {"fp32": pytest.approx(2 * 64**3 / 2e-3)}
    assert card.bandwidth == pytest.approx(2 * 2**16 / 4e-3)
    assert card.memory > 1e8
