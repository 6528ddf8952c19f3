"""The recorder itself: which parts there are, at which size, and how one is kept."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from minillm import corpus
from minillm.models.gpt import GPTConfig
from minillm.presets import preset
from minillm.recorder import kept, speed, timeline
from minillm.training.precision import Precision, choose, formats


@dataclass(frozen=True, kw_only=True)
class Size:
    """How much is measured; `GPU` is the real thing, `SMALL` tries the recorder out."""

    training: str | None  # the corpus that is trained on; None: a piece of the standard library
    steps: int | None  # of it; None: the preset's
    goal: float  # held-out loss at which training stops, nats per token
    shape: GPTConfig  # of the model whose speed is measured
    batches: tuple[int, ...]  # of its training
    timed: int  # steps
    tokens: int  # written with the cache; without it an eighth


GPU = Size(
    training="shakespeare",
    steps=None,
    goal=1.4697,  # what nanoGPT reaches with this configuration (its README, 2022)
    shape=preset("gpt2").model(50_304),  # GPT-2's 50,257 tokens, filled up to a multiple of 64
    batches=(4, 8, 16, 32, 64, 128),
    timed=10,
    tokens=256,
)
SMALL = Size(
    training=None,
    steps=20,
    goal=1.0,
    shape=preset("gpt2").model(512, layers=2, heads=2, width=64, context=64),
    batches=(2, 8),
    timed=3,
    tokens=32,
)

Part = Callable[[Size, Precision, int, Path | None], Iterator[dict]]


def _training(size: Size, precision: Precision, seed: int, text: Path | None) -> Iterator[dict]:
    if text is not None:
        material = corpus.from_file(text)
    elif size.training is None:
        material = corpus.stdlib(max_bytes=200_000)
    else:
        material = corpus.load(size.training)
    changes = {} if size.steps is None else {"steps": size.steps, "validate_every": 10}
    small = size.training is None
    smaller = dict(layers=2, heads=2, width=64, context=64) if small else {}
    yield from speed.training(material, precision, seed, size.goal, changes, smaller)


def _throughput(size: Size, precision: Precision, seed: int, text: Path | None) -> Iterator[dict]:
    ways = [(dtype, False) for dtype in formats(precision.device)]
    if precision.device.type == "cuda":
        ways.append((precision.dtype, True))  # compiling for a CPU takes long and gains little
    for dtype, compiled in ways:
        for batch in size.batches:
            way = choose(precision.device, dtype)
            yield speed.step(size.shape, batch, way, compiled=compiled, seed=seed, timed=size.timed)


def _memory(size: Size, precision: Precision, seed: int, text: Path | None) -> Iterator[dict]:
    for recompute in (False, True):
        yield from timeline.step(size.shape, size.batches[1], precision, seed, recompute)


def _decode(size: Size, precision: Precision, seed: int, text: Path | None) -> Iterator[dict]:
    ways = [(True, False, size.tokens), (False, False, max(1, size.tokens // 8))]
    if precision.device.type == "cuda":
        ways.append((True, True, size.tokens))
    for cached, compiled, count in ways:
        how = dict(cached=cached, compiled=compiled, count=count)
        yield speed.decode(size.shape, precision, seed, **how)


PARTS: dict[str, Part] = {
    "training": _training,
    "throughput": _throughput,
    "memory": _memory,
    "decode": _decode,
}


def record(
    out: str | Path,
    *,
    parts: Sequence[str] = tuple(PARTS),
    small: bool = False,
    device: str = "auto",
    seed: int = 0,
    text: Path | None = None,
    report: Callable[[dict], None] = lambda row: None,
) -> None:
    """Measure each of `parts` and add its record to the file `out`; `report` sees every row.

    ValueError without a GPU, unless `small`: then the same code runs at a tiny shape on whatever
    there is, and the record says so.
    """
    unknown = [part for part in parts if part not in PARTS]
    if unknown:
        raise ValueError(
            f"There is no part {unknown[0]!r} to record; there are {', '.join(PARTS)}."
        )
    precision = choose(device)
    if precision.device.type == "cpu" and not small:
        raise ValueError(
            "There is no GPU here, and the full size would take a CPU days. Run this on a machine "
            "with a GPU, or give --small: the same measurements at a tiny shape, marked as such."
        )
    size = SMALL if small else GPU
    for part in parts:
        about = {"what": part, "small": small, "seed": seed, **kept.provenance(precision)}
        about["command"] = _command(part, small, device, seed, text)
        series = []
        for row in PARTS[part](size, precision, seed, text):
            series.append(row)
            report({"what": part, **row})
        kept.add(out, {**about, "series": series})


def _command(part: str, small: bool, device: str, seed: int, text: Path | None) -> str:
    words = ["python -m minillm record --only", part]
    words += ["--small"] * small + ([] if device == "auto" else ["--device", device])
    words += ["--seed", str(seed)] + ([] if text is None else ["--text", text.name])
    return " ".join(words)
