"""Lesson 11, "How does a language model become an assistant?": its exercises.

A reference's docstring is the task, as the lesson sets it; a mistake's says what is wrong with it.
"""

from minillm.exercises.lesson11.answers import exact_match, token_f1
from minillm.exercises.lesson11.prompts import mask, template
from minillm.exercises.lesson11.room import fit

__all__ = ["exact_match", "fit", "mask", "template", "token_f1"]
