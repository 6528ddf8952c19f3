"""Lesson 09, "How do you get good text, fast?": its exercises.

A reference's docstring is the task, as the lesson sets it; a mistake's says what is wrong with it.
"""

# In the order of the lesson.
from minillm.exercises.lesson09 import (  # noqa: F401, I001
    top_p,
    penalty,
    cached,
    cache_bytes,
    accept,
)
