"""Views that work wherever a notebook goes: live, saved, in the book, on paper."""

from minillm.viz.attention import AttentionView, attention
from minillm.viz.engine import View
from minillm.viz.steps import attention_steps

__all__ = ["AttentionView", "View", "attention", "attention_steps"]
