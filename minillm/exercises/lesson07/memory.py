"""How much memory does training need?"""

from collections.abc import Iterator

import torch

from minillm.exercises.registry import exercise


def _trainings(generator: torch.Generator) -> Iterator[tuple]:
    yield 100, 2, 3, 1, 5, False
    yield 100, 2, 3, 1, 5, True
    yield 1000, 3, 7, 2, 11, False
    yield 1000, 3, 7, 2, 11, True
    yield 124_439_808, 12, 768, 16, 1024, False
    yield 124_439_808, 12, 768, 16, 1024, True
    yield 500, 1, 4, 9, 13, True
    yield 17, 5, 8, 3, 2, False


@exercise("gpu.memory", lesson="07", inputs=_trainings)
def memory(
    parameters: int, layers: int, width: int, batch: int, context: int, recompute: bool
) -> int:
    """Bytes at the peak of training in fp32 with AdamW."""
    tokens = batch * context
    blocks = layers * 16 * width
    if recompute:
        blocks = layers * width + 16 * width
    return 4 * (4 * parameters + tokens * blocks)


def _states(parameters, layers, width, batch, context, recompute, *, copies):
    """With another number of copies of the parameters."""
    total = memory(parameters, layers, width, batch, context, recompute)
    return total + 4 * (copies - 4) * parameters


@memory.mistake
def weights_only(*given):
    """The weights, and no gradients and averages."""
    return _states(*given, copies=1)


@memory.mistake
def averages_forgotten(*given):
    """Weights and gradients."""
    return _states(*given, copies=2)


@memory.mistake
def one_average(*given):
    """One running average, as Muon or momentum keeps."""
    return _states(*given, copies=3)


@memory.mistake
def numbers(*given):
    """Counts numbers, not bytes."""
    return memory(*given) // 4


@memory.mistake
def half_precision(*given):
    """Two bytes a number."""
    return memory(*given) // 2


@memory.mistake
def one_text(parameters, layers, width, batch, context, recompute):
    """The activations of a batch of one."""
    return memory(parameters, layers, width, 1, context, recompute)


@memory.mistake
def one_layer(parameters, layers, width, batch, context, recompute):
    """The activations of one block."""
    blocks = width + 16 * width if recompute else 16 * width
    return 16 * parameters + 4 * batch * context * blocks


@memory.mistake
def one_token(parameters, layers, width, batch, context, recompute):
    """The context is forgotten."""
    return memory(parameters, layers, width, batch, 1, recompute)


@memory.mistake
def recompute_ignored(parameters, layers, width, batch, context, recompute):
    """As if everything were kept."""
    return memory(parameters, layers, width, batch, context, False)


@memory.mistake
def recomputed_always(parameters, layers, width, batch, context, recompute):
    """As if nothing but inputs were ever kept."""
    return memory(parameters, layers, width, batch, context, True)


@memory.mistake
def recompute_turned(parameters, layers, width, batch, context, recompute):
    """Keeps all with `recompute`, and little without."""
    return memory(parameters, layers, width, batch, context, not recompute)


@memory.mistake
def nothing_at_work(parameters, layers, width, batch, context, recompute):
    """Forgets the block that is being computed again."""
    total = memory(parameters, layers, width, batch, context, recompute)
    return total - 4 * batch * context * 16 * width * recompute


@memory.mistake
def inputs_forgotten(parameters, layers, width, batch, context, recompute):
    """The block at work alone, without the inputs of the others."""
    total = memory(parameters, layers, width, batch, context, recompute)
    return total - 4 * batch * context * layers * width * recompute


@memory.mistake
def activations_forgotten(parameters, layers, width, batch, context, recompute):
    """The parameters' part alone."""
    return 16 * parameters


@memory.mistake
def activations_in_numbers(parameters, layers, width, batch, context, recompute):
    """Bytes for the parameters, numbers for the activations."""
    total = memory(parameters, layers, width, batch, context, recompute)
    return 16 * parameters + (total - 16 * parameters) // 4
