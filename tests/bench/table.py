"""Rows of a benchmark, and how to time two things side by side."""

import statistics
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    what: str
    ours: str
    peer: str = "not measured"
    ratio: float | None = None  # how many times better than the peer
    goal: float | None = None


def show(rows: Iterable[Row]) -> None:
    for row in rows:
        ratio = "not measured" if row.ratio is None else f"{row.ratio:.2f}x"
        goal = "" if row.goal is None else f"goal {row.goal:g}x"
        if row.ratio is not None and row.goal is not None:
            goal += ", reached" if row.ratio >= row.goal else ", MISSED"
        print(f"{row.what:58} {row.ours:>16} | {row.peer:>24} | {ratio:>12}  {goal}", flush=True)


def seconds(run: Callable[[], object]) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def in_turns(
    ours: Callable[[], object], peer: Callable[[], object], rounds: int
) -> list[tuple[float, float]]:
    """Seconds of each in every round, one after the other, so that both meet the same weather."""
    ours(), peer()
    return [(seconds(ours), seconds(peer)) for _ in range(rounds)]


def alternate(ours: Callable[[], object], peer: Callable[[], object], rounds: int) -> tuple:
    """Median seconds of each, taken in turns."""
    pairs = in_turns(ours, peer, rounds)
    return tuple(statistics.median(column) for column in zip(*pairs, strict=True))
