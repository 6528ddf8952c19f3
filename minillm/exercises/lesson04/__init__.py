"""Lesson 04, "What does each part of the block buy?": its exercises.

A reference's docstring is the task, as the lesson sets it; a mistake's says what is wrong with it.
"""

# In the order of the lesson.
from minillm.exercises.lesson04 import sinusoids, layer_norm, block, mask, repair  # noqa: F401, I001
