"""Lesson 11, "How does a language model become an assistant?": its exercises.

A reference's docstring is the task, as the lesson sets it; a mistake's says what is wrong with it.
"""

# In the order of the lesson.
from minillm.exercises.lesson11 import template, mask, answers, shared, room  # noqa: F401, I001
