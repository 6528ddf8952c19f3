"""The best change of a given rank."""

from collections.abc import Iterator

import torch
from torch import Tensor

from minillm.exercises.registry import exercise


def _changes(generator: torch.Generator) -> Iterator[tuple]:
    yield torch.tensor([[3.0, 0.0, 0.0], [0.0, 0.0, 2.0]]), 1
    yield torch.randn(6, 4, generator=generator), 2
    yield torch.randn(3, 7, generator=generator), 1
    yield torch.randn(5, 5, generator=generator), 3
    yield torch.randn(4, 6, generator=generator), 4  # nothing is lost


@exercise("lora.cut", lesson="12", inputs=_changes, tolerance=1e-4)
def cut(change: Tensor, rank: int) -> Tensor:
    """The matrix of that rank which is nearest to `change`, of the same shape (out, in).

    torch.linalg.svd(change, full_matrices=False) gives U, S and V with change = U @ diag(S) @ V:
    one direction after another, the largest first, as columns of U and rows of V. Kept are the
    first `rank` of them.
    """
    U, S, V = torch.linalg.svd(change, full_matrices=False)
    return U[:, :rank] * S[:rank] @ V[:rank]


@cut.mistake
def smallest_kept(change, rank):
    """Keeps the last directions."""
    U, S, V = torch.linalg.svd(change, full_matrices=False)
    return U[:, -rank:] * S[-rank:] @ V[-rank:]


@cut.mistake
def what_is_lost(change, rank):
    """Returns what is cut off."""
    return change - cut(change, rank)


@cut.mistake
def no_lengths(change, rank):
    """The singular values are forgotten."""
    U, _, V = torch.linalg.svd(change, full_matrices=False)
    return U[:, :rank] @ V[:rank]


@cut.mistake
def one_too_few(change, rank):
    """One direction less."""
    return cut(change, rank - 1)


@cut.mistake
def one_too_many(change, rank):
    """One direction more."""
    return cut(change, rank + 1)


@cut.mistake
def that_one_alone(change, rank):
    """The direction of that number, and not those before it."""
    return cut(change, rank) - cut(change, rank - 1)


@cut.mistake
def uncut(change, rank):
    """Nothing is cut."""
    return change.clone()


@cut.mistake
def first_rows(change, rank):
    """Keeps rows of the matrix itself."""
    out = torch.zeros_like(change)
    out[:rank] = change[:rank]
    return out


@cut.mistake(hint="first_rows")
def first_columns(change, rank):
    """Keeps columns of the matrix itself."""
    out = torch.zeros_like(change)
    out[:, :rank] = change[:, :rank]
    return out


@cut.mistake
def squared(change, rank):
    """The singular values are multiplied in twice."""
    U, S, V = torch.linalg.svd(change, full_matrices=False)
    return U[:, :rank] * S[:rank].square() @ V[:rank]


@cut.mistake
def columns_of_v(change, rank):
    """Takes columns of V as if it came turned, and turns it."""
    U, S, V = torch.linalg.svd(change, full_matrices=False)
    return U[:, :rank] * S[:rank] @ V[:, :rank].T


@cut.mistake
def roots(change, rank):
    """The roots of the singular values."""
    U, S, V = torch.linalg.svd(change, full_matrices=False)
    return U[:, :rank] * S[:rank].sqrt() @ V[:rank]


@cut.mistake
def largest_numbers(change, rank):
    """Keeps the largest numbers of the matrix, not directions."""
    least = change.abs().flatten().topk(rank).values[-1]
    return change * (change.abs() >= least)


@cut.mistake(hint="that_one_alone")
def the_next_alone(change, rank):
    """The direction with that index, counted from 0."""
    U, S, V = torch.linalg.svd(change, full_matrices=False)
    return S[rank] * torch.outer(U[:, rank], V[rank])
