"""What a model costs: numbers, FLOPs, bytes, seconds, joules; predicted, then measured. Lesson 07.

Models are any `nn.Module` whose `config` has the fields of a GPT's.
"""

from minillm.cost.energy import Energy, EnergyMeter
from minillm.cost.flops import FlopsPerToken, counted_flops, flops_per_token, parameters
from minillm.cost.memory import (
    LiveTensors,
    activation_bytes,
    cache_bytes,
    decode_bytes,
    training_bytes,
)
from minillm.cost.roofline import CARDS, Card, card_of, this_machine, timed

__all__ = [
    "CARDS",
    "Card",
    "Energy",
    "EnergyMeter",
    "FlopsPerToken",
    "LiveTensors",
    "activation_bytes",
    "cache_bytes",
    "card_of",
    "counted_flops",
    "decode_bytes",
    "flops_per_token",
    "parameters",
    "this_machine",
    "timed",
    "training_bytes",
]
