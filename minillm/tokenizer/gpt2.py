"""GPT-2's tokenizer, read from its folder: the byte pair encoding of lesson 02, ready-made."""

import json
import os
from pathlib import Path

from minillm.tokenizer.base import Tokenizer, checked, of_its_model, utf8

END = "<|endoftext|>"  # stood before and after each document that GPT-2 was trained on


class GPT2Tokenizer(Tokenizer):
    """Byte-level BPE with the ids of a published model. Radford et al. 2019, section 2.2.

    Unlike a `BPETokenizer` it reads the name of a special token in a text as that token, as the
    `tokenizers` library does, which does the work.

    >>> ids = {character: i for i, character in enumerate(byte_of())} | {"ab": 256, "Ġab": 257}
    >>> tokenizer = GPT2Tokenizer.of(ids, [("a", "b"), ("Ġ", "ab")])
    >>> [tokenizer.token_bytes(i) for i in tokenizer.encode("ab abc")]
    [b'ab', b' ab', b'c']
    """

    kind = "gpt2"

    def __init__(self, saved: str):
        """Take the text of a tokenizer.json; ValueError where that is no byte-level BPE."""
        from tokenizers import Tokenizer as Engine
        from tokenizers.decoders import ByteLevel
        from tokenizers.models import BPE

        try:
            self._engine = Engine.from_str(saved)
        except Exception as error:  # the library's errors have no class of their own
            raise ValueError(f"This is no tokenizer in Hugging Face's layout: {error}") from error
        model, decoder = self._engine.model, self._engine.decoder
        if not isinstance(model, BPE) or not isinstance(decoder, ByteLevel):
            raise ValueError(
                f"A byte-level BPE was expected, this is a {type(model).__name__} with "
                f"{type(decoder).__name__} behind it."
            )
        self._engine.no_truncation()
        self._engine.no_padding()
        special = {token.content for token in self._engine.get_added_tokens_decoder().values()}
        ids, known = self._engine.get_vocab(), byte_of()
        _check(ids)
        try:
            tokens = [
                utf8(token) if token in special else bytes(known[c] for c in token)
                for token in sorted(ids, key=ids.get)
            ]
        except KeyError as error:
            raise ValueError(f"{error.args[0]!r} stands for no byte in GPT-2's way.") from error
        super().__init__(tokens)
        self.end = ids.get(END)

    @classmethod
    def of(cls, vocabulary: dict[str, int], merges: list[tuple[str, str]]) -> "GPT2Tokenizer":
        """From what vocab.json and merges.txt hold, cut into words as GPT-2 does."""
        from tokenizers import AddedToken, decoders, models, pre_tokenizers
        from tokenizers import Tokenizer as Engine

        _check(vocabulary)
        try:
            engine = Engine(models.BPE(vocabulary, merges))
        except Exception as error:  # as above
            raise ValueError(f"The merges do not fit the vocabulary: {error}") from error
        engine.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        engine.decoder = decoders.ByteLevel()
        if END in vocabulary:
            engine.add_special_tokens([AddedToken(END, special=True)])
        return cls(engine.to_str())

    @classmethod
    def load_folder(cls, folder: str | os.PathLike) -> "GPT2Tokenizer":
        """From a model's folder in Hugging Face's layout: tokenizer.json, or else the older two.

        Raises FileNotFoundError where there is neither, ValueError where it is of another kind or
        does not belong to the model whose config.json stands beside it.
        """
        folder = Path(folder)
        try:
            tokenizer = cls._read(folder)
        except ValueError as error:
            raise ValueError(f"The tokenizer in {folder} cannot be read. {error}") from error
        return of_its_model(tokenizer, folder)

    @classmethod
    def _read(cls, folder: Path) -> "GPT2Tokenizer":
        names = ("tokenizer.json", "vocab.json", "merges.txt")
        whole, vocabulary, merges = (folder / name for name in names)
        if whole.is_file():
            return cls(whole.read_text(encoding="utf-8"))
        if not vocabulary.is_file() or not merges.is_file():
            raise FileNotFoundError(
                f"There is no tokenizer of GPT-2's kind in {folder}: tokenizer.json was expected, "
                "or vocab.json and merges.txt."
            )
        lines = merges.read_text(encoding="utf-8").split("\n")
        pairs = [tuple(line.split(" ")) for line in lines if line and "#version" not in line]
        return cls.of(json.loads(vocabulary.read_text(encoding="utf-8")), pairs)

    def encode(self, text: str) -> list[int]:
        """The ids of `text`; nothing is put before or behind."""
        try:
            return self._engine.encode(checked(text), add_special_tokens=False).ids
        except TypeError as error:
            if not isinstance(text, str):
                raise
            message = f"{text!r:.80} holds half a surrogate pair, which is no character."
            raise ValueError(message) from error

    def to_dict(self) -> dict:
        """The text of its tokenizer.json."""
        return super().to_dict() | {"saved": self._engine.to_str()}


def _check(ids: dict[str, int]) -> None:
    """Refuse a vocabulary with holes, or without a token for each byte: text would get lost."""
    if sorted(ids.values()) != list(range(len(ids))):
        raise ValueError(f"The ids of {len(ids)} tokens are not 0 to {len(ids) - 1}.")
    missing = sorted(byte_of().keys() - ids.keys())
    if missing:
        raise ValueError(f"{len(missing)} of the 256 bytes have no token, such as {missing[0]!r}.")


def byte_of() -> dict[str, int]:
    """The byte that each character of a token stands for.

    A byte with a picture of its own in Latin-1 is that character. The others, such as the space,
    are the characters from 256 on, in order, so that no token holds a space: that is Ġ.
    """
    seen = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in seen]
    return {chr(b): b for b in seen} | {chr(256 + i): b for i, b in enumerate(others)}
