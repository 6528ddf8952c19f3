"""Training runs that were never run, and how to read what a view was sent."""

import math
import zlib

import numpy as np


def records(steps: int = 240, *, end: float = 1.5, seed: int = 0, every: int = 40) -> list[dict]:
    """A run that falls from 5.1 towards `end`, measured on held-out text every few steps."""
    rng = np.random.default_rng(seed)
    found = []
    for step in range(1, steps + 1):
        loss = end + (5.1 - end) * math.exp(-step / 60) + 0.05 * rng.normal()
        found.append(
            {
                "step": step,
                "loss": loss,
                "lr": min(1.0, step / 20),
                "grad_norm": 0.5 + abs(rng.normal()),
                "tokens": 768 * step,
                "seconds": 0.07 * step,
            }
        )
        if step % every == 0:
            found[-1]["val_loss"] = loss + 0.1
            found[-1]["regret"] = {"grammar": 1 / step, "recall": 9 / step}
            found[-1]["grad_norms"] = {"block 0": 1 / step, "block 1": 2 / step}
            found[-1]["sample"] = f"written after {step}"
    return found


def unpack(headers: list[dict], buffer: bytes) -> list[dict[str, np.ndarray]]:
    """The columns of each run as the script reads them, its map as `mapped` and `norms`."""
    raw, at = zlib.decompress(buffer), 0

    def take(rows: int, exact: bool) -> np.ndarray:
        nonlocal at
        kind = np.dtype("<f8" if exact else "<f4")
        size = rows * kind.itemsize
        planes = np.frombuffer(raw[at : at + size], np.uint8).reshape(kind.itemsize, rows)
        at += size
        numbers = np.ascontiguousarray(planes.T).view(kind)[:, 0]
        return np.cumsum(numbers) if exact else numbers

    found = []
    for header in headers:
        columns = {n: take(header["rows"], n in ("step", "tokens")) for n in header["columns"]}
        columns["mapped"] = take(header["mapped"], True)
        columns["norms"] = np.array([take(header["mapped"], False) for _ in header["layers"]])
        found.append(columns)
    assert at == len(raw)
    return found
