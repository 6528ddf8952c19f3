"""Lesson 07, "What does a GPU change?": its exercises.

A reference's docstring is the task, as the lesson sets it; a mistake's says what is wrong with it.
"""

# In the order of the lesson.
from minillm.exercises.lesson07 import flops, roofline, share, scaler, memory  # noqa: F401, I001
