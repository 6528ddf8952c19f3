"""Exercises that know their mistakes: `check`, `predict` and `solution`, called by the lessons.

    def clip(grads, max_norm):
        ...

    check(clip, "training.clip")

How to add an exercise stands in `registry.py`.
"""

from minillm.exercises.checker import check, solution
from minillm.exercises.prediction import predict

__all__ = ["check", "predict", "solution"]
