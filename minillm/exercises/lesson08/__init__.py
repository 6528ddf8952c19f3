"""Lesson 08, "How do many devices train one model?": its exercises.

A reference's docstring is the task, as the lesson sets it; a mistake's says what is wrong with it.
"""

# In the order of the lesson.
from minillm.exercises.lesson08 import rows, average, ring, shard, speed_up  # noqa: F401, I001
