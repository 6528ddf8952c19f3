"""Lesson 08: one step of an all-reduce round a ring."""

from collections.abc import Iterator

import torch

from minillm.exercises.registry import exercise


def _rings(generator: torch.Generator) -> Iterator[tuple]:
    def held(ranks: int) -> list[list[int]]:
        numbers = torch.randperm(90, generator=generator)[: ranks * ranks].view(ranks, ranks)
        return (numbers + 1).tolist()

    yield [[1, 2, 3], [10, 20, 30], [100, 200, 300]], 0
    yield [[1, 2, 3], [10, 20, 30], [100, 200, 300]], 1
    yield held(4), 2
    yield held(4), 1
    yield held(2), 0
    yield held(5), 3


@exercise("devices.ring", lesson="08", inputs=_rings)
def ring(held: list[list[float]], step: int) -> list[list[float]]:
    """What every rank holds after one step round the ring; `held` stays as it is.

    held[r][c] is chunk c on rank r; N ranks hold N chunks each. In step s = 0, 1, ... each rank r
    sends its chunk (r - s) mod N to rank r + 1 (the last rank to rank 0), which adds it to its own
    chunk of the same number. All send at once.
    """
    N = len(held)
    after = [list(chunks) for chunks in held]
    for r in range(N):
        c = (r - step) % N
        after[(r + 1) % N][c] += held[r][c]
    return after


def _passed(held, chunk, to=1, put=lambda old, came: old + came):
    N = len(held)
    after = [list(chunks) for chunks in held]
    for r in range(N):
        c, there = chunk(r) % N, (r + to) % N
        after[there][c] = put(held[there][c], held[r][c])
    return after


@ring.mistake
def overwritten(held, step):
    """The chunk that comes takes the place of one's own."""
    return _passed(held, lambda r: r - step, put=lambda old, came: came)


@ring.mistake
def wrong_way_round(held, step):
    """Chunk r + s."""
    return _passed(held, lambda r: r + step)


@ring.mistake
def always_the_same(held, step):
    """Chunk r in every step."""
    return _passed(held, lambda r: r)


@ring.mistake
def one_chunk_off(held, step):
    """Chunk r - s - 1: the one that the next step sends."""
    return _passed(held, lambda r: r - step - 1)


@ring.mistake
def receivers_number(held, step):
    """Counts the chunk from the rank that receives."""
    return _passed(held, lambda r: r + 1 - step)


@ring.mistake
def to_the_left(held, step):
    """Sends to rank r - 1."""
    return _passed(held, lambda r: r - step, to=-1)


@ring.mistake
def ring_not_closed(held, step):
    """The last rank sends nothing."""
    after = ring(held, step)
    after[0] = list(held[0])
    return after


@ring.mistake
def given_away(held, step):
    """The sender keeps nothing of what it sent."""
    after = ring(held, step)
    for r in range(len(held)):
        after[r][(r - step) % len(held)] = 0
    return after


@ring.mistake
def everything_sent(held, step):
    """All chunks at once."""
    return [[a + b for a, b in zip(own, held[r - 1], strict=True)] for r, own in enumerate(held)]


@ring.mistake(hint="to_the_left")
def fetched_from_the_right(held, step):
    """Rank r fetches its chunk from rank r + 1."""
    return _passed(held, lambda r: r - 1 - step, to=-1)


@ring.mistake
def other_number(held, step):
    """The receiver adds it to the next chunk."""
    N = len(held)
    after = [list(chunks) for chunks in held]
    for r in range(N):
        c = (r - step) % N
        after[(r + 1) % N][(c + 1) % N] += held[r][c]
    return after


@ring.mistake
def all_steps(held, step):
    """All steps up to this one, one after the other."""
    for s in range(step + 1):
        held = ring(held, s)
    return held


@ring.mistake
def rest_forgotten(held, step):
    """Begins with zeros, and fills in only what arrives."""
    N = len(held)
    after = [[0] * N for _ in held]
    for r in range(N):
        c, there = (r - step) % N, (r + 1) % N
        after[there][c] = held[there][c] + held[r][c]
    return after


@ring.mistake
def whole_sum(held, step):
    """What all ranks hold when everything is over."""
    sums = [sum(chunks) for chunks in zip(*held, strict=True)]
    return [list(sums) for _ in held]
