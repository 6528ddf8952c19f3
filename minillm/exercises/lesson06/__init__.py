"""Lesson 06, "How do you train on real text without wasting hours?": its exercises.

A reference's docstring is the task, as the lesson sets it; a mistake's says what is wrong with it.
"""

# In the order of the lesson.
from minillm.exercises.lesson06 import split, schedule, clip, accumulate, adamw  # noqa: F401, I001
