"""Lesson 12, "Can we adapt it cheaply?": its exercises.

A reference's docstring is the task, as the lesson sets it; a mistake's says what is wrong with it.
"""

# In the order of the lesson.
from minillm.exercises.lesson12 import thin, begin, room, swap, cut  # noqa: F401, I001
