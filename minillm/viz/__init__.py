"""Views that work wherever a notebook goes: live, saved, in the book, on paper."""

from minillm.viz.attention import AttentionView, attention
from minillm.viz.engine import View

__all__ = ["AttentionView", "View", "attention"]
