"""Lesson 02, "What does the model actually read?": its exercises.

A reference's docstring is the task, as the lesson sets it; a mistake's says what is wrong with it.
"""

# In the order of the lesson.
from minillm.exercises.lesson02 import (  # noqa: F401, I001
    decode,
    best_pair,
    merge,
    encode,
    bits_per_byte,
)
