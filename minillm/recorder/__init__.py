"""What a GPU does with the course's models, measured and kept as JSON: `python -m minillm record`.

Lesson 07 replays the records where there is no GPU. Nothing in them is computed from published
numbers but the shares of a peak, and a record says which peak.
"""

from minillm.recorder.kept import load
from minillm.recorder.run import PARTS, record

__all__ = ["PARTS", "load", "record"]
