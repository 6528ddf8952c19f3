"""Training: the loop, the optimisers, checkpoints. Lesson 06."""

from minillm.training.checkpoint import save_model
from minillm.training.loop import Step, TrainConfig, Trainer

__all__ = ["Step", "TrainConfig", "Trainer", "save_model"]
