"""Lesson 10, "How does a pretrained reader become a classifier?": its exercises.

A reference's docstring is the task, as the lesson sets it; a mistake's says what is wrong with it.
"""

# In the order of the lesson.
from minillm.exercises.lesson10 import gap, split, head, macro, threshold  # noqa: F401, I001
