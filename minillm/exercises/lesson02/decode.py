"""Exercise `pieces.decode`: from tokens back to text, when a character was cut in two."""

from collections.abc import Iterator

import torch

from minillm.exercises.registry import exercise


def _spelled(generator: torch.Generator) -> Iterator[tuple]:
    yield [1, 0, 2], [b"b", b"a", b"rn"]
    yield [0, 1, 2, 3], [b"\xe4", b"\xbd\xa0", b"\xe5\xa5", b"\xbd"]  # 你好
    yield [2, 0, 1], [b"\x98\xba", b"!", b" \xf0\x9f"]  # the emoji's first half comes last
    yield [1, 0, 0, 2], [b"na", b"ba", b"\xc3\xa9"]
    yield [258, 256, 257, 104, 233], [bytes([i]) for i in range(256)] + [b"\xe8\xaf", b"\xad", b"A"]
    yield [0, 1], [b"caf", b"\xc3"]  # cut off
    yield [], [b"a", b"b"]
    yield [3, 3, 0], [b" ", b"x", b"y", b"\xf0\x9f\x8c\x8a"]


@exercise("pieces.decode", lesson="02", inputs=_spelled)
def decode(ids: list[int], vocabulary: list[bytes]) -> str:
    """The text that the tokens `ids` spell. vocabulary[i] holds the bytes of token i.

    A token may hold a part of a character. Bytes that are no whole character in the end
    become the replacement character, U+FFFD.
    """
    return b"".join(vocabulary[i] for i in ids).decode("utf-8", errors="replace")


@decode.mistake
def each_alone(ids, vocabulary):
    """Makes text of each token, and joins the texts."""
    return "".join(vocabulary[i].decode("utf-8", "replace") for i in ids)


@decode.mistake(hint="each_alone")
def each_alone_strictly(ids, vocabulary):
    """The same, and fails at the first half of a character."""
    return "".join(vocabulary[i].decode("utf-8") for i in ids)


@decode.mistake(hint="each_alone")
def each_alone_dropping(ids, vocabulary):
    """The same, and loses what is cut."""
    return "".join(vocabulary[i].decode("utf-8", "ignore") for i in ids)


@decode.mistake(hint="each_alone")
def each_alone_caught(ids, vocabulary):
    """The same, with one sign for each token that is no text."""
    texts = [vocabulary[i].decode("utf-8", "replace") for i in ids]
    return "".join("\ufffd" if "\ufffd" in text else text for text in texts)


@decode.mistake
def fails_on_a_part(ids, vocabulary):
    """No errors="replace"."""
    return b"".join(vocabulary[i] for i in ids).decode("utf-8")


@decode.mistake
def drops_a_part(ids, vocabulary):
    """Leaves out what is no whole character."""
    return b"".join(vocabulary[i] for i in ids).decode("utf-8", "ignore")


@decode.mistake
def all_or_nothing(ids, vocabulary):
    """Gives up the whole text for one part of a character."""
    try:
        return b"".join(vocabulary[i] for i in ids).decode("utf-8")
    except UnicodeDecodeError:
        return "\ufffd"


@decode.mistake
def byte_by_byte(ids, vocabulary):
    """One letter for each byte."""
    return b"".join(vocabulary[i] for i in ids).decode("latin-1")


@decode.mistake(hint="byte_by_byte")
def byte_by_byte_chr(ids, vocabulary):
    """The same, and skips what is not printable ASCII."""
    return "".join(chr(b) for i in ids for b in vocabulary[i] if 32 <= b < 127)


@decode.mistake(hint="byte_by_byte")
def byte_by_byte_ascii(ids, vocabulary):
    """The same, with a sign for each byte that is not ASCII."""
    return b"".join(vocabulary[i] for i in ids).decode("ascii", "replace")


@decode.mistake
def as_printed(ids, vocabulary):
    """Takes what Python prints of bytes for their text."""
    return "".join(str(vocabulary[i]) for i in ids)


@decode.mistake(hint="as_printed")
def as_printed_at_once(ids, vocabulary):
    """The same, after joining."""
    return str(b"".join(vocabulary[i] for i in ids))


@decode.mistake
def spaces_between(ids, vocabulary):
    """Joins tokens as if they were words."""
    return b" ".join(vocabulary[i] for i in ids).decode("utf-8", "replace")


@decode.mistake
def ids_for_bytes(ids, vocabulary):
    """Takes the ids themselves for bytes."""
    return bytes(i for i in ids if i < 256).decode("utf-8", "replace")


@decode.mistake(hint="ids_for_bytes")
def ids_for_letters(ids, vocabulary):
    """Takes the ids for the numbers of letters."""
    return "".join(map(chr, ids))
