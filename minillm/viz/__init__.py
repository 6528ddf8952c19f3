"""Views that work wherever a notebook goes: live, saved, in the book, on paper."""

from minillm.viz.attention import AttentionView, attention
from minillm.viz.bertviz import bertviz_heads, bertviz_model
from minillm.viz.engine import View
from minillm.viz.model import model
from minillm.viz.next_token import next_token
from minillm.viz.steps import attention_steps
from minillm.viz.tokens import tokens

__all__ = [
    "AttentionView",
    "View",
    "attention",
    "attention_steps",
    "bertviz_heads",
    "bertviz_model",
    "model",
    "next_token",
    "tokens",
]
