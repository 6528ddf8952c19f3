"""Let a model read, and leave it as it was: what every look inside begins with."""

import torch
from torch import Tensor, nn


def read(model: nn.Module, ids: list[int]) -> Tensor:
    """The model's logits (1, T, V); dropout is off, and a model in training stays in training."""
    was_training = model.training
    device = next((p.device for p in model.parameters()), None)
    try:
        model.eval()
        with torch.no_grad():
            return model(torch.tensor([ids], device=device))
    finally:
        model.train(was_training)
