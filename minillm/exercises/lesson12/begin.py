"""Which layers get a product, and what it is before training."""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from minillm.exercises.registry import exercise


def _draw(rows: int, columns: int) -> Tensor:
    """Random numbers; the same ones for the same size, and turned round for the size turned."""
    small, large = sorted((rows, columns))
    generator = torch.Generator().manual_seed(1_000 * small + large)
    drawn = torch.randn(small, large, generator=generator)
    return drawn if rows <= columns else drawn.T


def _models(generator: torch.Generator) -> Iterator[tuple]:
    one = {"attention.qkv": (12, 4), "attention.output": (4, 4), "mlp.up": (16, 4), "head": (9, 4)}
    two = {
        f"blocks.{block}.{name}": shape
        for block in range(2)
        for name, shape in (("attention.qkv", (9, 3)), ("attention.output", (3, 3)))
    } | {"out": (5, 3)}
    odd = {"up.mix": (6, 5), "mlp.up": (4, 5)}
    mlp = {"mlp.up": (20, 5), "mlp.down": (5, 20), "mlp.upper": (7, 5), "backup": (6, 5)}
    yield one, ["qkv", "output"], 2, _draw
    yield two, ["output"], 1, _draw
    yield two, ["qkv", "output"], 2, _draw
    yield mlp, ["down", "up"], 2, _draw
    yield mlp, ["gate"], 2, _draw
    yield odd, ["up"], 4, _draw


@exercise("lora.begin", lesson="12", inputs=_models)
def begin(
    shapes: dict[str, tuple[int, int]],
    targets: list[str],
    rank: int,
    draw: Callable[[int, int], Tensor],
) -> list[tuple[str, Tensor, Tensor]]:
    """For every layer to be adapted its (name, A, B), in the order of `shapes`.

    shapes: name of a layer to (out, in), the shape of its weight. A layer is adapted if the last
    part of its name, after the last dot, is one of `targets`. A (rank, in) is drawn at random:
    draw(rows, columns) gives such a matrix. B (out, rank) is zero.
    """
    return [
        (name, draw(rank, into), torch.zeros(out, rank))
        for name, (out, into) in shapes.items()
        if name.split(".")[-1] in targets
    ]


@begin.mistake
def square_only(shapes, targets, rank, draw):
    """Layers whose two sides differ are passed over."""
    square = {name: shape for name, shape in shapes.items() if shape[0] == shape[1]}
    return begin(square, targets, rank, draw)


@begin.mistake
def both_drawn(shapes, targets, rank, draw):
    """B is drawn too, so the model is another one before any training."""
    made = begin(shapes, targets, rank, draw)
    return [(name, A, draw(*B.shape)) for name, A, B in made]


@begin.mistake
def both_zero(shapes, targets, rank, draw):
    """A is zero too, so nothing will ever move."""
    return [(name, torch.zeros_like(A), B) for name, A, B in begin(shapes, targets, rank, draw)]


@begin.mistake
def other_one_zero(shapes, targets, rank, draw):
    """A is zero, B is drawn."""
    made = begin(shapes, targets, rank, draw)
    return [(name, torch.zeros_like(A), draw(*B.shape)) for name, A, B in made]


@begin.mistake
def sides_swapped(shapes, targets, rank, draw):
    """(out, in) is read as (in, out)."""
    turned = {name: shape[::-1] for name, shape in shapes.items()}
    return begin(turned, targets, rank, draw)


@begin.mistake
def turned(shapes, targets, rank, draw):
    """A is (in, r) and B is (r, out)."""
    return [(name, A.T, B.T) for name, A, B in begin(shapes, targets, rank, draw)]


@begin.mistake
def first_only(shapes, targets, rank, draw):
    """Stops at the first layer."""
    return begin(shapes, targets, rank, draw)[:1]


@begin.mistake(hint="first_only")
def one_each(shapes, targets, rank, draw):
    """One layer for each target, the first one found."""
    seen, made = set(), []
    for one in begin(shapes, targets, rank, draw):
        if one[0].split(".")[-1] not in seen:
            seen.add(one[0].split(".")[-1])
            made.append(one)
    return made


@begin.mistake
def part_of_the_name(shapes, targets, rank, draw):
    """Any name in which a target occurs."""
    last = {name: any(t in name for t in targets) for name in shapes}
    wide = {name.replace(".", " "): shape for name, shape in shapes.items() if last[name]}
    made = begin(wide, list(wide), rank, draw)
    return [(name.replace(" ", "."), A, B) for name, A, B in made]


@begin.mistake
def every_layer(shapes, targets, rank, draw):
    """All layers, asked for or not."""
    names = [name.split(".")[-1] for name in shapes]
    return begin(shapes, names, rank, draw)


@begin.mistake
def order_of_targets(shapes, targets, rank, draw):
    """Target by target, not layer by layer."""
    return [one for target in targets for one in begin(shapes, [target], rank, draw)]


@begin.mistake(hint="part_of_the_name")
def end_of_the_name(shapes, targets, rank, draw):
    """Any name that ends in the letters of a target."""
    fits = {name for name in shapes if name.endswith(tuple(targets))}
    made = begin(shapes, [name.split(".")[-1] for name in fits], rank, draw)
    return [one for one in made if one[0] in fits]


@begin.mistake
def whole_name(shapes, targets, rank, draw):
    """The whole name has to be a target."""
    return [one for one in begin(shapes, targets, rank, draw) if one[0] in targets]


@begin.mistake
def name_cut(shapes, targets, rank, draw):
    """Returns the last part of the name alone."""
    return [(name.split(".")[-1], A, B) for name, A, B in begin(shapes, targets, rank, draw)]


@begin.mistake
def other_way_round(shapes, targets, rank, draw):
    """(name, B, A)."""
    return [(name, B, A) for name, A, B in begin(shapes, targets, rank, draw)]


@begin.mistake(hint="part_of_the_name")
def any_part(shapes, targets, rank, draw):
    """Any part of the name, not the last one."""
    fits = {name for name in shapes if set(name.split(".")) & set(targets)}
    made = begin(shapes, [name.split(".")[-1] for name in fits], rank, draw)
    return [one for one in made if one[0] in fits]


@begin.mistake
def part_of_a_target(shapes, targets, rank, draw):
    """The last part of the name occurs somewhere in the targets' letters."""
    names = [name.split(".")[-1] for name in shapes]
    return begin(shapes, [name for name in names if name in " ".join(targets)], rank, draw)


@begin.mistake(hint="turned")
def first_turned(shapes, targets, rank, draw):
    """A is (in, r)."""
    return [(name, A.T, B) for name, A, B in begin(shapes, targets, rank, draw)]


@begin.mistake(hint="turned")
def second_turned(shapes, targets, rank, draw):
    """B is (r, out)."""
    return [(name, A, B.T) for name, A, B in begin(shapes, targets, rank, draw)]


@begin.mistake
def shaped_alike(shapes, targets, rank, draw):
    """B is made in A's shape."""
    return [(name, A, torch.zeros_like(A)) for name, A, _ in begin(shapes, targets, rank, draw)]
