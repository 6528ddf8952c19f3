"""minillm: how language models work, and where they get stuck.

A package small enough to read in an afternoon, in the order of the course's lessons.
"""

__version__ = "0.1.0"
