"""One step of training with a loss scale."""

import math
from collections.abc import Iterator

import torch
from torch import Tensor

from minillm.exercises.registry import exercise


def _gradients(generator: torch.Generator) -> Iterator[tuple]:
    def draw(*sizes: int, factor: float = 8.0) -> list[Tensor]:
        return [factor * torch.randn(size, generator=generator) for size in sizes]

    inf, nan = float("inf"), float("nan")
    yield [torch.tensor([24.0, 32.0])], 8.0, 0, 10.0, 4
    yield [torch.tensor([24.0, 32.0])], 8.0, 1, 2.5, 4
    yield draw(3, 2), 1024.0, 2, 5.0, 7
    yield [torch.tensor([1.0, inf])], 64.0, 2, 1.0, 5
    yield [torch.tensor([3.0]), torch.tensor([nan, 1.0])], 512.0, 3, 1.0, 9
    yield [torch.tensor([2.0, -inf]), torch.tensor([3.0])], 16.0, 1, 4.0, 3
    yield [torch.tensor([1.0, 2.0]), torch.tensor([4.0, inf])], 3.0, 0, 1.0, 2
    yield draw(4, factor=1000.0), 256.0, 3, 2.0, 4
    yield draw(2, 3, 1, factor=100.0), 32.0, 5, 1.5, 6
    yield draw(2), 128.0, 0, 9.0, 1
    yield [torch.tensor([0.5, -0.5])], 2.0, 0, 100.0, 3


@exercise("gpu.scaler", lesson="07", inputs=_gradients)
def scaler(
    grads: list[Tensor], scale: float, clean: int, max_norm: float, patience: int
) -> tuple[list[Tensor], float, int]:
    """One step with a loss scale: the gradients to use, the new scale, the new count."""
    if not all(grad.isfinite().all() for grad in grads):
        return [], scale / 2, 0
    grads = [grad / scale for grad in grads]
    norm = math.sqrt(sum(grad.square().sum().item() for grad in grads))
    if norm > max_norm:
        grads = [grad * max_norm / norm for grad in grads]
    clean += 1
    if clean == patience:
        return grads, scale * 2, 0
    return grads, scale, clean


def _clipped(grads, max_norm, root=math.sqrt):
    norm = root(sum(grad.square().sum().item() for grad in grads))
    return [grad * max_norm / norm for grad in grads] if norm > max_norm else list(grads)


def _changed(grads, scale, clean, max_norm, patience, *, by):
    """The right step, with `by` in place of unscaling and clipping."""
    right, after, count = scaler(grads, scale, clean, max_norm, patience)
    return (by(grads) if right else []), after, count


@scaler.mistake
def clipped_before_unscaling(grads, scale, clean, max_norm, patience):
    """Clips gradients that are still `scale` times too long."""
    by = lambda g: [grad / scale for grad in _clipped(g, max_norm)]  # noqa: E731
    return _changed(grads, scale, clean, max_norm, patience, by=by)


@scaler.mistake
def never_unscaled(grads, scale, clean, max_norm, patience):
    """Clips, and hands on what is left of the scaled gradients."""
    by = lambda g: _clipped(g, max_norm)  # noqa: E731
    return _changed(grads, scale, clean, max_norm, patience, by=by)


@scaler.mistake
def never_clipped(grads, scale, clean, max_norm, patience):
    """Unscales only."""
    by = lambda g: [grad / scale for grad in g]  # noqa: E731
    return _changed(grads, scale, clean, max_norm, patience, by=by)


@scaler.mistake
def scaled_up(grads, scale, clean, max_norm, patience):
    """Multiplies by the scale once more."""
    by = lambda g: _clipped([grad * scale for grad in g], max_norm)  # noqa: E731
    return _changed(grads, scale, clean, max_norm, patience, by=by)


@scaler.mistake
def always_max_norm(grads, scale, clean, max_norm, patience):
    """Lengthens short gradients to the limit, too."""
    by = lambda g: _clipped([grad * 1e6 for grad in g], max_norm)  # noqa: E731
    return _changed(grads, scale, clean, max_norm, patience, by=by)


@scaler.mistake
def other_norm(grads, scale, clean, max_norm, patience):
    """The sum of the squares, without its root."""
    by = lambda g: _clipped([grad / scale for grad in g], max_norm, root=float)  # noqa: E731
    return _changed(grads, scale, clean, max_norm, patience, by=by)


@scaler.mistake
def each_clipped(grads, scale, clean, max_norm, patience):
    """Clips each tensor by its own norm."""
    by = lambda g: [_clipped([grad / scale], max_norm)[0] for grad in g]  # noqa: E731
    return _changed(grads, scale, clean, max_norm, patience, by=by)


@scaler.mistake
def by_value(grads, scale, clean, max_norm, patience):
    """Cuts off single values."""
    by = lambda g: [(grad / scale).clamp(-max_norm, max_norm) for grad in g]  # noqa: E731
    return _changed(grads, scale, clean, max_norm, patience, by=by)


def _finite(grad):
    return bool(grad.isfinite().all())


@scaler.mistake
def overflow_used(grads, scale, clean, max_norm, patience):
    """Takes the step although a gradient is not finite."""
    if all(map(_finite, grads)):
        return scaler(grads, scale, clean, max_norm, patience)
    return _clipped([grad / scale for grad in grads], max_norm), scale / 2, 0


@scaler.mistake
def overflow_patched(grads, scale, clean, max_norm, patience):
    """Puts zeros in the place of what is not finite, and steps."""
    if all(map(_finite, grads)):
        return scaler(grads, scale, clean, max_norm, patience)
    patched = [grad.nan_to_num(0.0, 0.0, 0.0) / scale for grad in grads]
    return _clipped(patched, max_norm), scale / 2, 0


@scaler.mistake
def zeros_instead(grads, scale, clean, max_norm, patience):
    """Gradients of zero in the place of no step: momentum and weight decay still move."""
    found, scale, clean = scaler(grads, scale, clean, max_norm, patience)
    return found or [torch.zeros_like(grad) for grad in grads], scale, clean


@scaler.mistake
def some_tensors_used(grads, scale, clean, max_norm, patience):
    """Leaves out only the tensors that overflowed."""
    if all(map(_finite, grads)):
        return scaler(grads, scale, clean, max_norm, patience)
    kept = [grad / scale for grad in grads if _finite(grad)]
    return _clipped(kept, max_norm), scale / 2, 0


def _unless(broken, grads, scale, clean, max_norm, patience):
    """A step that is left out where `broken` is true, and taken like a clean one elsewhere."""
    if broken:
        return [], scale / 2, 0
    grown = (scale * 2, 0) if clean + 1 == patience else (scale, clean + 1)
    return _clipped([grad / scale for grad in grads], max_norm), *grown


@scaler.mistake
def nan_unnoticed(grads, *rest):
    """Looks for infinity only."""
    return _unless(any(grad.isinf().any() for grad in grads), grads, *rest)


@scaler.mistake(hint="nan_unnoticed")
def inf_unnoticed(grads, *rest):
    """Looks for nan only."""
    return _unless(any(grad.isnan().any() for grad in grads), grads, *rest)


@scaler.mistake
def broken_unnoticed(grads, *rest):
    """Looks at the first tensor only."""
    return _unless(not _finite(grads[0]), grads, *rest)


@scaler.mistake(hint="broken_unnoticed")
def all_must_break(grads, *rest):
    """Leaves the step out only if no tensor is whole."""
    return _unless(not any(map(_finite, grads)), grads, *rest)


@scaler.mistake(hint="broken_unnoticed")
def never_looks(*given):
    """Takes each step for a clean one."""
    return _unless(False, *given)


@scaler.mistake
def scale_kept(grads, scale, clean, max_norm, patience):
    """Leaves the step out, but not the scale that made it overflow."""
    found, after, count = scaler(grads, scale, clean, max_norm, patience)
    return found, (after if found else scale), count


@scaler.mistake
def doubled_on_overflow(grads, scale, clean, max_norm, patience):
    """Moves the scale the wrong way."""
    found, after, count = scaler(grads, scale, clean, max_norm, patience)
    return found, (after if found else scale * 2), count


@scaler.mistake
def count_kept_on_overflow(grads, scale, clean, max_norm, patience):
    """Goes on counting where it was."""
    found, after, count = scaler(grads, scale, clean, max_norm, patience)
    return found, after, (count if found else clean)


@scaler.mistake
def overflow_counted(grads, scale, clean, max_norm, patience):
    """Counts the step that overflowed among the clean ones."""
    found, after, count = scaler(grads, scale, clean, max_norm, patience)
    return found, after, (count if found else clean + 1)


@scaler.mistake
def never_grows(grads, scale, clean, max_norm, patience):
    """Counts, and never doubles; or compares before it counts, a step too late."""
    found, after, count = scaler(grads, scale, clean, max_norm, patience)
    return (found, scale, clean + 1) if found else (found, after, count)


@scaler.mistake
def grows_always(grads, scale, clean, max_norm, patience):
    """Doubles after every clean step."""
    found, after, count = scaler(grads, scale, clean, max_norm, patience)
    return (found, scale * 2, 0) if found else (found, after, count)


@scaler.mistake(hint="grows_always")
def grows_and_counts_on(grads, scale, clean, max_norm, patience):
    """Doubles after every clean step, and counts them without end."""
    found, after, count = scaler(grads, scale, clean, max_norm, patience)
    return (found, scale * 2, clean + 1) if found else (found, after, count)


@scaler.mistake
def count_goes_on(grads, scale, clean, max_norm, patience):
    """Doubles in time, and does not begin to count again."""
    found, after, count = scaler(grads, scale, clean, max_norm, patience)
    return found, after, (clean + 1 if found else count)


@scaler.mistake
def unscaled_by_the_new(grads, scale, clean, max_norm, patience):
    """Moves the scale first, and divides by the new one."""
    right, after, count = scaler(grads, scale, clean, max_norm, patience)
    return (_clipped([g / after for g in grads], max_norm) if right else []), after, count
