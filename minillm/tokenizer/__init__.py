"""Text to numbers and back: characters, bytes, and byte-level BPE. Lesson 02.

Every tokenizer keeps the exact bytes of each token, so any text survives the trip there and back,
and a view can show the pieces of a character that was cut in two.
"""

import json
import os
from pathlib import Path

from minillm.tokenizer.base import FORMAT, ByteTokenizer, CharTokenizer, Tokenizer
from minillm.tokenizer.bpe import BPETokenizer, count_pairs, merge, words
from minillm.tokenizer.gpt2 import GPT2Tokenizer
from minillm.tokenizer.wordpiece import WordPieceTokenizer

__all__ = [
    "BPETokenizer",
    "ByteTokenizer",
    "CharTokenizer",
    "GPT2Tokenizer",
    "Tokenizer",
    "WordPieceTokenizer",
    "count_pairs",
    "from_dict",
    "load",
    "merge",
    "words",
]


def from_dict(saved: dict) -> Tokenizer:
    """Rebuild a tokenizer from `to_dict()`; ValueError says what is wrong with anything else."""
    if not isinstance(saved, dict) or saved.get("format") != FORMAT:
        raise ValueError(
            f"This is not a saved tokenizer: expected a dict with format {FORMAT!r}, "
            f"got {saved!r:.80}."
        )
    fields = {name: value for name, value in saved.items() if name not in ("format", "kind")}
    kind = saved.get("kind")
    cls = Tokenizer.kinds.get(kind) if isinstance(kind, str) else None
    if cls is None:
        raise ValueError(
            f"Unknown kind of tokenizer {kind!r:.80}; expected one of {', '.join(Tokenizer.kinds)}."
        )
    try:
        return cls(**fields)
    except (TypeError, ValueError) as error:
        raise ValueError(f"The saved {cls.kind} tokenizer is damaged: {error}") from error


def load(path: str | os.PathLike) -> Tokenizer:
    """Read a tokenizer that `save` wrote; ValueError where the file is cut off or another's."""
    try:
        return from_dict(json.loads(Path(path).read_text(encoding="utf-8")))
    except (ValueError, RecursionError) as error:
        raise ValueError(
            f"{os.fspath(path)} cannot be read as a tokenizer; save it again with "
            f"tokenizer.save(path). {error}"
        ) from error
