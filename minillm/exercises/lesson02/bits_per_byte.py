"""Exercise `pieces.bits_per_byte`: a loss that can be compared."""

import math
from collections.abc import Iterator

import torch

from minillm.exercises.registry import exercise


def _losses(generator: torch.Generator) -> Iterator[tuple]:
    yield math.log(256), 5, "ferry"
    yield 2.0, 6, "渡船不开"
    yield 3.5, 3, "the printing house"
    yield 1.25, 9, "naïve 词元 🌊"
    yield 0.0, 4, "sure"
    yield 4.2, 1, "字"
    yield 0.7, 30, "A line\nand another, with spaces.  "
    yield 6.1, 11, "一块铅字可以和一个词一样长"


@exercise("pieces.bits_per_byte", lesson="02", inputs=_losses)
def bits_per_byte(loss: float, tokens: int, text: str) -> float:
    """A loss in nats per token as bits per byte of the text.

    loss is the mean over the `tokens` tokens that spell `text`; its bytes are those of UTF-8.
    """
    return loss * tokens / len(text.encode("utf-8")) / math.log(2)


@bits_per_byte.mistake
def per_character(loss, tokens, text):
    """Divides by characters."""
    return loss * tokens / len(text) / math.log(2)


@bits_per_byte.mistake
def still_nats(loss, tokens, text):
    """Not converted to bits."""
    return loss * tokens / len(text.encode())


@bits_per_byte.mistake
def converted_the_wrong_way(loss, tokens, text):
    """Multiplies by ln 2."""
    return loss * tokens / len(text.encode()) * math.log(2)


@bits_per_byte.mistake
def still_per_token(loss, tokens, text):
    """Bits, but per token."""
    return loss / math.log(2)


@bits_per_byte.mistake
def mean_divided_again(loss, tokens, text):
    """Takes the mean for the loss of the whole text."""
    return loss / len(text.encode()) / math.log(2)


@bits_per_byte.mistake
def ratio_upside_down(loss, tokens, text):
    """Multiplies by bytes per token."""
    return loss * len(text.encode()) / tokens / math.log(2)


@bits_per_byte.mistake(hint="mean_divided_again")
def mean_divided_again_in_nats(loss, tokens, text):
    """The same, and no bits."""
    return loss / len(text.encode())


@bits_per_byte.mistake(hint="ratio_upside_down")
def ratio_upside_down_of_characters(loss, tokens, text):
    """The same, with characters."""
    return loss * len(text) / tokens / math.log(2)


@bits_per_byte.mistake
def times_bytes(loss, tokens, text):
    """Brackets forgotten: divides by ln 2, and multiplies by the bytes."""
    return loss * tokens / math.log(2) * len(text.encode())


@bits_per_byte.mistake
def logarithm_of_the_loss(loss, tokens, text):
    """Takes log2 of the loss for a loss in bits."""
    return math.log2(loss) * tokens / len(text.encode())


@bits_per_byte.mistake
def rounded(loss, tokens, text):
    """With 0.693 for ln 2."""
    return loss * tokens / 0.693 / len(text.encode())


@bits_per_byte.mistake
def times_eight(loss, tokens, text):
    """Counts a byte's own bits."""
    return 8 * loss * tokens / len(text.encode()) / math.log(2)


@bits_per_byte.mistake
def whole_text(loss, tokens, text):
    """The bits of the whole text."""
    return loss * tokens / math.log(2)


@bits_per_byte.mistake
def other_bytes(loss, tokens, text):
    """Bytes of another encoding."""
    return loss * tokens / len(text.encode("utf-16-le")) / math.log(2)


@bits_per_byte.mistake(hint="other_bytes")
def other_bytes_with_a_mark(loss, tokens, text):
    """The same, with the mark that `utf-16` puts first."""
    return loss * tokens / len(text.encode("utf-16")) / math.log(2)
