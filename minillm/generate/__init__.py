"""Write text with a model: one token at a time, drawn from what the model expects. Lesson 09."""

from minillm.generate.beam import Beam, beam, beam_text
from minillm.generate.choose import Sampling, penalised, probabilities
from minillm.generate.decode import Decoder
from minillm.generate.write import batch, continuation, show, stream, text, tokens, until

__all__ = [
    "Beam",
    "Decoder",
    "Sampling",
    "batch",
    "beam",
    "beam_text",
    "continuation",
    "penalised",
    "probabilities",
    "show",
    "stream",
    "text",
    "tokens",
    "until",
]
