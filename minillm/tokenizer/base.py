"""What every tokenizer can do, and the two that have nothing to learn: characters, bytes."""

import codecs
import json
import operator
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import ClassVar

from minillm.files import replacing

FORMAT = "minillm.tokenizer/1"


class Tokenizer:
    """What every tokenizer can do: `encode`, `decode`, `stream`, `token_bytes`, `save`. Lesson 02.

    A subclass hands over the bytes of its tokens, in the order of their ids, and adds `encode`.
    """

    kind: str  # its name in a saved file
    end: int | None = None  # the token that ends a document, where texts are made of documents
    kinds: ClassVar[dict[str, type["Tokenizer"]]] = {}  # every tokenizer that has been imported

    def __init_subclass__(cls) -> None:
        """Remember the class, so that a saved tokenizer finds it."""
        cls.kinds[cls.kind] = cls

    def __init__(self, tokens: Iterable[bytes]):
        """Take the bytes of token 0, 1, 2, ..."""
        self._tokens = tuple(tokens)

    def __repr__(self) -> str:
        """Name the class and the size, as in `ByteTokenizer(vocab_size=256)`."""
        return f"{type(self).__name__}(vocab_size={self.vocab_size})"

    @property
    def vocab_size(self) -> int:
        """How many tokens there are: ids run from 0 to `vocab_size - 1`."""
        return len(self._tokens)

    def encode(self, text: str) -> list[int]:
        """The ids of the tokens that spell `text`."""
        raise NotImplementedError

    def decode(self, ids: Iterable[int]) -> str:
        """The text that `ids` spell; U+FFFD stands for bytes that are not a whole character.

        >>> ByteTokenizer().decode([72, 105, 228, 189])
        'Hi�'
        """
        return _text(b"".join(map(self.token_bytes, ids)))

    def stream(self, ids: Iterable[int]) -> Iterator[str]:
        """Decode ids as they come: text is held back until its last character is whole.

        The strings joined are `decode(ids)`; a character left unfinished at the end is U+FFFD.
        """
        waiting = b""
        for token in ids:
            waiting += self.token_bytes(token)
            ready = len(waiting) - _unfinished(waiting)
            if ready:
                yield _text(waiting[:ready])
                waiting = waiting[ready:]
        if waiting:
            yield _text(waiting)

    def token_bytes(self, token: int) -> bytes:
        """The exact UTF-8 bytes of one token; they may be a part of a character."""
        try:
            number = operator.index(token)
        except TypeError:
            raise TypeError(
                f"A token id is one whole number, got {token!r:.80}; decode one row at a time."
            ) from None
        if not 0 <= number < self.vocab_size:
            raise ValueError(
                f"Token id {number} is outside 0..{self.vocab_size - 1}, the ids of {self!r}; "
                "were these ids made by another tokenizer?"
            )
        return self._tokens[number]

    def to_dict(self) -> dict:
        """What `from_dict` rebuilds this tokenizer from; fit for JSON."""
        return {"format": FORMAT, "kind": self.kind}

    def save(self, path: str | os.PathLike) -> None:
        """Write the tokenizer to a JSON file; whatever happens, no half-written file is left."""
        with replacing(path) as temporary:
            temporary.write_text(json.dumps(self.to_dict()), encoding="utf-8")


class CharTokenizer(Tokenizer):
    """One token for each character of the text it was trained on. Lesson 02.

    >>> CharTokenizer.train("hello").encode("hole")
    [1, 3, 2, 0]
    """

    kind = "characters"

    def __init__(self, characters: Iterable[str]):
        """Take the distinct characters, in the order of their ids."""
        self.characters = tuple(characters)
        self._ids = {character: i for i, character in enumerate(self.characters)}
        single = all(isinstance(c, str) and len(c) == 1 for c in self.characters)
        if not single or not 0 < len(self._ids) == len(self.characters):
            raise ValueError(
                "A CharTokenizer needs one or more distinct single characters, "
                f"got {self.characters!r:.80}."
            )
        super().__init__(map(utf8, self.characters))

    @classmethod
    def train(cls, text: str) -> "CharTokenizer":
        """Collect the characters of `text`, sorted by code point."""
        return cls(sorted(set(checked(text))))

    def encode(self, text: str) -> list[int]:
        """One id for each character; ValueError names those it has never seen."""
        try:
            return [self._ids[character] for character in checked(text)]
        except KeyError:
            unknown = list(dict.fromkeys(c for c in text if c not in self._ids))
        more = f" and {len(unknown) - 5} more" if len(unknown) > 5 else ""
        raise ValueError(
            f"Characters not in this vocabulary: {', '.join(map(repr, unknown[:5]))}{more}. "
            "Train it on text that has them, or use ByteTokenizer, which reads any text."
        )

    def to_dict(self) -> dict:
        """The characters, each a string of its own: two halves of a surrogate pair stay two."""
        return super().to_dict() | {"characters": list(self.characters)}


class ByteTokenizer(Tokenizer):
    """One token for each byte of UTF-8: 256 tokens read any text. Lesson 02.

    >>> ByteTokenizer().encode("é")
    [195, 169]
    """

    kind = "bytes"

    def __init__(self):
        """Nothing to learn: token i is byte i."""
        super().__init__(bytes([i]) for i in range(256))

    def encode(self, text: str) -> list[int]:
        """One id for each byte of the text in UTF-8."""
        return list(utf8(checked(text)))


def of_its_model(tokenizer: Tokenizer, folder: Path) -> Tokenizer:
    """`tokenizer`, unless the model whose config.json is in `folder` has another vocabulary."""
    config, size = folder / "config.json", tokenizer.vocab_size
    if config.is_file():
        model = json.loads(config.read_text(encoding="utf-8")).get("vocab_size", size)
        if model != size:
            raise ValueError(
                f"The tokenizer in {folder} has {size} pieces and the model beside it reads "
                f"{model}: they do not belong together."
            )
    return tokenizer


def checked(text: str) -> str:
    """`text` itself, or a TypeError that says what came instead."""
    if not isinstance(text, str):
        raise TypeError(f"Expected text as a str, got {type(text).__name__}: {text!r:.80}")
    return text


def utf8(text: str) -> bytes:
    """UTF-8 for every Python str: a lone surrogate, which UTF-8 forbids, gets its three bytes."""
    return text.encode("utf-8", "surrogatepass")


def _text(data: bytes) -> str:
    """Undo `utf8`; U+FFFD stands for bytes that are no character."""
    return data.decode("utf-8", "minillm.surrogatepass_or_replace")


def _surrogate_or_replacement(error: UnicodeDecodeError) -> tuple[str, int]:
    try:
        return codecs.lookup_error("surrogatepass")(error)
    except UnicodeDecodeError:
        return "\ufffd", error.end


codecs.register_error("minillm.surrogatepass_or_replace", _surrogate_or_replacement)


def _unfinished(data: bytes) -> int:
    """How many bytes at the end may be the start of a character that is still coming."""
    for back, byte in enumerate(reversed(data[-3:]), start=1):
        if byte >= 0xC0:  # the first byte of a character, whose top bits tell its length
            length = 2 + (byte >= 0xE0) + (byte >= 0xF0)
            return back if back < length else 0
        if byte < 0x80:
            return 0
    return 0
