"""A trained model as a service: `python -m minillm serve --model DIR`. Lesson 09."""

from minillm.serve.server import run, serve

__all__ = ["run", "serve"]
