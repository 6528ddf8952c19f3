"""The bytes that tuning needs."""

from collections.abc import Iterator

import torch

from minillm.exercises.registry import exercise

BYTES = 4


def _shapes(generator: torch.Generator) -> Iterator[tuple]:
    yield [(128, 512)], None
    yield [(128, 512)], 4
    yield [(384, 128), (128, 128), (512, 128), (128, 512)], None
    yield [(384, 128), (128, 128), (512, 128), (128, 512)], 8
    yield [(30, 20), (7, 9)], 1
    yield [(4096, 4096), (11008, 4096)], 16


@exercise("lora.room", lesson="12", inputs=_shapes)
def room(shapes: list[tuple[int, int]], rank: int | None) -> tuple[int, int, int]:
    """The bytes of (weights, gradients, AdamW's averages) while a model is tuned.

    shapes: (out, in) of each of its matrices. rank None: all of them are tuned. Else they are
    frozen, and beside each there is a product of that rank. A number takes 4 bytes. Everything
    that is trained has a gradient, and AdamW keeps two averages of it.
    """
    frozen = trained = sum(out * into for out, into in shapes)
    if rank is None:
        frozen = 0
    else:
        trained = sum(rank * (out + into) for out, into in shapes)
    return BYTES * (frozen + trained), BYTES * trained, 2 * BYTES * trained


@room.mistake
def gradients_of_all(shapes, rank):
    """Frozen weights seem to have gradients."""
    weights, _, averages = room(shapes, rank)
    return weights, weights, averages


@room.mistake(hint="gradients_of_all")
def gradients_of_the_frozen(shapes, rank):
    """The gradients are those of full tuning."""
    return room(shapes, rank)[0], room(shapes, None)[1], room(shapes, rank)[2]


@room.mistake
def averages_of_all(shapes, rank):
    """Nothing is saved but the gradients."""
    return *room(shapes, rank)[:2], room(shapes, None)[2]


@room.mistake(hint="averages_of_all")
def nothing_saved(shapes, rank):
    """All numbers are treated as trained."""
    weights = room(shapes, rank)[0]
    return weights, weights, 2 * weights


@room.mistake
def frozen_forgotten(shapes, rank):
    """What is frozen seems to take no room."""
    _, gradients, averages = room(shapes, rank)
    return gradients, gradients, averages


@room.mistake
def own_weights_forgotten(shapes, rank):
    """The products themselves are not counted."""
    return room(shapes, None)[0], *room(shapes, rank)[1:]


@room.mistake
def one_average(shapes, rank):
    """AdamW keeps one average."""
    weights, gradients, _ = room(shapes, rank)
    return weights, gradients, gradients


@room.mistake
def numbers(shapes, rank):
    """Numbers, not bytes."""
    return tuple(part // BYTES for part in room(shapes, rank))


@room.mistake
def half_the_product(shapes, rank):
    """A or B is left out."""
    if rank is None:
        return room(shapes, None)
    trained = sum(rank * into for _, into in shapes)
    frozen = sum(out * into for out, into in shapes)
    return BYTES * (frozen + trained), BYTES * trained, 2 * BYTES * trained


@room.mistake(hint="half_the_product")
def other_half_of_the_product(shapes, rank):
    """The other one is left out."""
    return half_the_product([(into, out) for out, into in shapes], rank)


@room.mistake
def product_multiplied_out(shapes, rank):
    """Counts r x out x in."""
    if rank is None:
        return room(shapes, None)
    frozen = sum(out * into for out, into in shapes)
    trained = rank * frozen
    return BYTES * (frozen + trained), BYTES * trained, 2 * BYTES * trained


@room.mistake
def square_layers(shapes, rank):
    """Takes one side for both."""
    if rank is None:
        return room(shapes, None)
    trained = sum(2 * rank * out for out, _ in shapes)
    frozen = sum(out * into for out, into in shapes)
    return BYTES * (frozen + trained), BYTES * trained, 2 * BYTES * trained


@room.mistake(hint="square_layers")
def square_layers_of_inputs(shapes, rank):
    """Takes the other side for both."""
    return (
        square_layers([(into, out) for out, into in shapes], rank) if rank else room(shapes, rank)
    )


@room.mistake
def full_counted_twice(shapes, rank):
    """In full tuning the weights count as frozen and as trained."""
    weights, gradients, averages = room(shapes, rank)
    return weights + (gradients if rank is None else 0), gradients, averages


@room.mistake
def rank_ignored(shapes, rank):
    """Always full tuning."""
    return room(shapes, None)


@room.mistake
def rank_one(shapes, rank):
    """One column and one row, whatever the rank."""
    return room(shapes, rank and 1)


@room.mistake
def two_bytes(shapes, rank):
    """Half precision."""
    return tuple(part // 2 for part in room(shapes, rank))


@room.mistake(hint="averages_of_all")
def averages_of_everything(shapes, rank):
    """Averages of the frozen weights and of the product."""
    weights, gradients, _ = room(shapes, rank)
    return weights, gradients, 2 * weights


@room.mistake(hint="averages_of_all")
def kept_for_the_frozen(shapes, rank):
    """Gradients and averages are those of full tuning."""
    return room(shapes, rank)[0], *room(shapes, None)[1:]


@room.mistake
def nothing_tuned(shapes, rank):
    """Takes None for rank 0."""
    return room(shapes, rank or 0)


@room.mistake
def first_matrix(shapes, rank):
    """Leaves the loop after one matrix."""
    return room(shapes[:1], rank)


@room.mistake
def square_only(shapes, rank):
    """Only square matrices get a product."""
    square = [(out, into) for out, into in shapes if out == into]
    if rank is None:
        return room(shapes, None)
    rest = sum(out * into for out, into in shapes if out != into)
    weights, gradients, averages = room(square, rank)
    return BYTES * rest + weights, gradients, averages


@room.mistake
def other_order(shapes, rank):
    """Averages before gradients."""
    weights, gradients, averages = room(shapes, rank)
    return weights, averages, gradients
