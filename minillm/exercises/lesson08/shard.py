"""Lesson 08: one rank's part of a tensor."""

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor

from minillm.exercises.registry import exercise


def _tensors(generator: torch.Generator) -> Iterator[tuple]:
    yield torch.arange(1.0, 9.0), 2, 1
    yield torch.arange(1.0, 11.0), 4, 0
    yield torch.arange(1.0, 11.0), 4, 3
    yield torch.randn(3, 4, generator=generator), 3, 1
    yield torch.randn(3, 5, generator=generator), 4, 3
    yield torch.randn(5, generator=generator), 4, 2
    yield torch.randn(5, generator=generator), 4, 3  # nothing but padding
    yield torch.randn(4, 3, generator=generator).T, 2, 1
    yield torch.randn(2, 2, generator=generator), 1, 0


@exercise("devices.shard", lesson="08", inputs=_tensors)
def shard(tensor: Tensor, ranks: int, rank: int) -> Tensor:
    """What `rank` keeps of a tensor of any shape: one flat piece, as long on every rank.

    The numbers of the tensor are taken row by row and cut into `ranks` pieces, no longer than
    they must be. Where they do not divide evenly, zeros are added at the end of the whole.
    """
    flat = tensor.flatten()
    size = -(-len(flat) // ranks)  # rounded up
    piece = flat[rank * size : (rank + 1) * size]
    return F.pad(piece, (0, size - len(piece)))


@shard.mistake
def tail_lost(tensor, ranks, rank):
    """Pieces rounded down."""
    size = tensor.numel() // ranks
    return tensor.flatten()[rank * size : (rank + 1) * size]


@shard.mistake
def not_padded(tensor, ranks, rank):
    """The last piece is shorter."""
    size = -(-tensor.numel() // ranks)
    return tensor.flatten()[rank * size : (rank + 1) * size]


@shard.mistake
def sizes_differ(tensor, ranks, rank):
    """Pieces whose lengths differ by one."""
    return tensor.flatten().tensor_split(ranks)[rank]


@shard.mistake
def padded_in_front(tensor, ranks, rank):
    """Zeros before the first number."""
    size = -(-tensor.numel() // ranks)
    flat = F.pad(tensor.flatten(), (size * ranks - tensor.numel(), 0))
    return flat[rank * size : (rank + 1) * size]


@shard.mistake
def one_longer(tensor, ranks, rank):
    """Rounded up by adding one, even where it divides evenly."""
    size = tensor.numel() // ranks + 1
    flat = F.pad(tensor.flatten(), (0, size * ranks - tensor.numel()))
    return flat[rank * size : (rank + 1) * size]


@shard.mistake
def dealt_out(tensor, ranks, rank):
    """Every ranks-th number."""
    size = -(-tensor.numel() // ranks)
    return F.pad(tensor.flatten(), (0, size * ranks - tensor.numel()))[rank::ranks]


@shard.mistake
def columns_first(tensor, ranks, rank):
    """Column by column."""
    return shard(tensor.T if tensor.dim() == 2 else tensor, ranks, rank)


@shard.mistake
def whole_rows(tensor, ranks, rank):
    """Cuts the first axis only."""
    size = -(-len(tensor) // ranks)
    piece = tensor[rank * size : (rank + 1) * size]
    return torch.cat([piece, piece.new_zeros(size - len(piece), *tensor.shape[1:])])


@shard.mistake(hint="sizes_differ")
def last_is_longer(tensor, ranks, rank):
    """Pieces rounded down, and the rest goes to the last."""
    size, flat = tensor.numel() // ranks, tensor.flatten()
    return flat[rank * size :] if rank == ranks - 1 else flat[rank * size : (rank + 1) * size]


@shard.mistake(hint="padded_in_front")
def piece_padded_in_front(tensor, ranks, rank):
    """Zeros before the numbers of the last piece."""
    size = -(-tensor.numel() // ranks)
    piece = tensor.flatten()[rank * size : (rank + 1) * size]
    return F.pad(piece, (size - len(piece), 0))


@shard.mistake
def padding_in_many(tensor, ranks, rank):
    """An even split, whose shorter pieces get a zero each."""
    pieces = tensor.flatten().tensor_split(ranks)
    return F.pad(pieces[rank], (0, len(pieces[0]) - len(pieces[rank])))


@shard.mistake(hint="whole_rows")
def whole_rows_not_padded(tensor, ranks, rank):
    """Cuts the first axis, and the last piece is shorter."""
    size = -(-len(tensor) // ranks)
    return tensor[rank * size : (rank + 1) * size]


@shard.mistake(hint="whole_rows")
def whole_rows_made_flat(tensor, ranks, rank):
    """Cuts the first axis, and flattens afterwards."""
    return whole_rows(tensor, ranks, rank).flatten()
