"""Views that work wherever a notebook goes: live, saved, in the book, on paper."""

from minillm.viz.attention import AttentionView, attention
from minillm.viz.bertviz import bertviz_heads, bertviz_model
from minillm.viz.callback import CurveCallback
from minillm.viz.curve import curve
from minillm.viz.engine import View
from minillm.viz.model import model
from minillm.viz.next_token import next_token
from minillm.viz.steps import attention_steps
from minillm.viz.tokens import tokens
from minillm.viz.watch import watch

__all__ = [
    "AttentionView",
    "CurveCallback",
    "View",
    "attention",
    "attention_steps",
    "bertviz_heads",
    "bertviz_model",
    "curve",
    "model",
    "next_token",
    "tokens",
    "watch",
]
