"""Tensors of which each process holds a part: the whole of one, and the part of a whole. Lesson 08.

A tensor that is not spread over processes passes through unchanged, so callers need not know.
"""

from torch import Tensor


def whole(tensor: Tensor) -> Tensor:
    """All of `tensor`. Where it is spread, its processes must all ask: they gather it."""
    gather = getattr(tensor, "full_tensor", None)  # a DTensor, torch's tensor in parts
    return gather() if gather else tensor


def part_like(tensor: Tensor, pattern: Tensor) -> Tensor:
    """What this process holds of `tensor` where `pattern` is spread; else all, on its device.

    Every process has the whole of `tensor` already, so nothing is sent.
    """
    tensor = tensor.to(pattern.device)
    if not hasattr(pattern, "full_tensor") or tensor.shape != pattern.shape:
        return tensor
    from torch.distributed.tensor import distribute_tensor  # half a second; only sharding pays it

    return distribute_tensor(tensor, pattern.device_mesh, pattern.placements, src_data_rank=None)
