"""Lesson 08: whose rows are whose."""

from collections.abc import Iterator

import torch

from minillm.exercises.registry import exercise


def _splits(generator: torch.Generator) -> Iterator[tuple]:
    yield 12, 2, 0
    yield 12, 2, 1
    for rank in range(4):
        yield 10, 4, rank
    yield 11, 3, 2
    yield 3, 4, 3  # more ranks than rows
    yield 5, 1, 0


@exercise("devices.rows", lesson="08", inputs=_splits)
def rows(count: int, ranks: int, rank: int) -> list[int]:
    """The list of the rows that `rank` trains on, of a batch of rows 0 to count - 1.

    Rank 0 takes the first rows, rank 1 the next, and so on; every row belongs to exactly one
    rank. Where they do not divide evenly, the first ranks take one row more than the others.
    """
    size, extra = divmod(count, ranks)
    start = rank * size + min(rank, extra)
    return list(range(start, start + size + (rank < extra)))


@rows.mistake
def rest_left_out(count, ranks, rank):
    """Equal parts, the rows that are left belong to nobody."""
    size = count // ranks
    return list(range(rank * size, (rank + 1) * size))


@rows.mistake
def rest_to_the_last(count, ranks, rank):
    """All the rows that are left go to the last rank."""
    size = count // ranks
    return list(range(rank * size, count if rank == ranks - 1 else (rank + 1) * size))


@rows.mistake
def rounded_up(count, ranks, rank):
    """Parts rounded up: the last ranks get what is left, or nothing."""
    size = -(-count // ranks)
    return list(range(count))[rank * size : (rank + 1) * size]


@rows.mistake
def more_to_the_last(count, ranks, rank):
    """The last ranks take one more, not the first."""
    size, extra = divmod(count, ranks)
    start = rank * size + max(0, rank - (ranks - extra))
    return list(range(start, start + size + (rank >= ranks - extra)))


@rows.mistake
def every_nth(count, ranks, rank):
    """Deals the rows out like cards."""
    return list(range(rank, count, ranks))


@rows.mistake
def everybody_everything(count, ranks, rank):
    """The whole batch on every rank."""
    return list(range(count))


@rows.mistake
def overlapping(count, ranks, rank):
    """The larger parts of the ranks before are not counted in the start."""
    size, extra = divmod(count, ranks)
    return list(range(rank * size, rank * size + size + (rank < extra)))


@rows.mistake
def one_too_many(count, ranks, rank):
    """The first row of the next rank too."""
    own = rows(count, ranks, rank)
    return [*own, own[-1] + 1] if own and own[-1] + 1 < count else own


@rows.mistake(hint="rest_left_out")
def rest_stepped_over(count, ranks, rank):
    """Parts begin where they should, but none is longer."""
    size, extra = divmod(count, ranks)
    start = rank * size + min(rank, extra)
    return list(range(start, start + size))


@rows.mistake
def leftovers_apart(count, ranks, rank):
    """The row that is more comes from the end of the batch, not from behind its own."""
    size, extra = divmod(count, ranks)
    own = list(range(rank * size, (rank + 1) * size))
    return [*own, ranks * size + rank] if rank < extra else own


@rows.mistake
def rest_to_the_first(count, ranks, rank):
    """All the rows that are left go to rank 0."""
    size, extra = divmod(count, ranks)
    start = rank * size + extra if rank else 0
    return list(range(start, (rank + 1) * size + extra))


@rows.mistake
def beyond_the_end(count, ranks, rank):
    """Parts rounded up, and not cut off where the batch ends."""
    size = -(-count // ranks)
    return list(range(rank * size, (rank + 1) * size))


@rows.mistake
def one_rank_too_many(count, ranks, rank):
    """As many ranks as there are rows left over take one more, and then one rank besides."""
    size, extra = divmod(count, ranks)
    start = rank * size + min(rank, extra)
    return list(range(start, start + size + (rank <= extra)))
