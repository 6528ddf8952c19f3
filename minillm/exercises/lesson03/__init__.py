"""Lesson 03, "How does a token fetch what it needs?": its exercises.

A reference's docstring is the task, as the lesson sets it; a mistake's says what is wrong with it.
"""

# In the order of the lesson.
from minillm.exercises.lesson03 import (  # noqa: F401, I001
    scores,
    softmax,
    causal,
    influence,
    split,
    previous,
)
