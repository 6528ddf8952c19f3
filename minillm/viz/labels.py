"""Tokens as they are shown: blanks as glyphs, pieces of a split character as bytes, words found."""

import unicodedata
from collections.abc import Sequence

_GLYPHS = {" ": "·", "\n": "↵", "\t": "⇥", "\r": "␍"}
_SPACE_MARKS = ("Ġ", "▁")  # how GPT-2's and SentencePiece's vocabularies write a leading space


def plain_text(token: str | bytes) -> str | bytes:
    """A token's own text: vocabulary marks undone (`Ġthe` is ` the`), bytes decoded where possible.

    >>> plain_text("Ġthe"), plain_text("##ing"), plain_text(b"\\xe4\\xbd")
    (' the', 'ing', b'\\xe4\\xbd')
    """
    if isinstance(token, (bytes, bytearray)):
        try:
            return bytes(token).decode("utf-8")
        except UnicodeDecodeError:
            return bytes(token)
    if token.startswith(_SPACE_MARKS):
        return " " + token[1:]
    if token.startswith("##") and len(token) > 2:
        return token[2:]
    return "\n" if token == "Ċ" else token


def label(token: str | bytes) -> str:
    """What a view writes for a token: one leading space dropped, every other blank made visible.

    >>> [label(t) for t in ("Ġthe", "\\n", " ", "", b"\\xe4\\xbd", "\\u2028")]
    ['the', '↵', '·', '∅', 'E4·BD', 'U+2028']
    """
    text = plain_text(token)
    if isinstance(text, bytes):
        return "·".join(f"{byte:02X}" for byte in text)
    if len(text) > 1 and text[0] == " " and not text[1].isspace():
        text = text[1:]
    return _written(text)


def spelled(token: str | bytes) -> str:
    """What a list of tokens writes: every blank made visible, so that no two look alike.

    >>> [spelled(t) for t in ("the", " the", b"\\xe4\\xbd")]
    ['the', '·the', 'E4·BD']
    """
    text = plain_text(token)
    return _written(text) if isinstance(text, str) else label(token)


def _written(text: str) -> str:
    return "".join(_GLYPHS.get(char) or _visible(char) for char in text) or "∅"


def _visible(char: str) -> str:
    """The character, or its number where it is a control, another blank or no character at all."""
    unseen = unicodedata.category(char) in ("Cc", "Cn", "Cs", "Zl", "Zp", "Zs")
    return f"U+{ord(char):04X}" if unseen else char


def words(tokens: Sequence[str | bytes]) -> list[int]:
    """The index of each token's word, so that the pieces of one word can be merged.

    A token continues the word before it when both are letters or digits with no space between
    (WordPiece: when it starts with `##`), or when both are pieces of one split character.

    >>> words(["The", " un", "happi", "ness", ".", " 心", "情"])
    [0, 1, 1, 1, 2, 3, 4]
    """
    wordpiece = any(isinstance(t, str) and t.startswith("##") and len(t) > 2 for t in tokens)
    found: list[int] = []
    for index, token in enumerate(tokens):
        if index == 0:
            found.append(0)
            continue
        if wordpiece:
            joined = isinstance(token, str) and token.startswith("##") and len(token) > 2
        else:
            joined = _joins(plain_text(tokens[index - 1]), plain_text(token))
        found.append(found[-1] + (not joined))
    return found


def _joins(before: str | bytes, text: str | bytes) -> bool:
    if isinstance(before, bytes) or isinstance(text, bytes):
        # the first byte of a character is never 10xxxxxx, so such a byte continues the one before
        return isinstance(text, bytes) and isinstance(before, bytes) and text[0] & 0xC0 == 0x80
    if not before or not text:
        return False
    return _is_letter(before[-1]) and _is_letter(text[0])


def _is_letter(char: str) -> bool:
    """A letter or digit of a script that puts spaces between words; Chinese does not."""
    return (char.isalnum() or char in "'’_") and unicodedata.category(char) != "Lo"
