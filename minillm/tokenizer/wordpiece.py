"""BERT's tokenizer: whole words where it knows them, else pieces. Lesson 10."""

import json
import os
from collections.abc import Iterable
from pathlib import Path

from minillm.files import replacing
from minillm.tokenizer.base import Tokenizer, checked, of_its_model

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")


class WordPieceTokenizer(Tokenizer):
    """Words, or the longest pieces that the vocabulary has; `##` marks one that goes on.

    Every text is put between [CLS] and [SEP]. Unlike the course's own tokenizers it forgets:
    spaces, and capitals and accents where `lowercase`. The `tokenizers` library does the work.
    Wu et al. 2016, section 4.1 (arXiv 1609.08144).

    >>> words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "un", "##happy", "cat"]
    >>> tokenizer = WordPieceTokenizer(words)
    >>> [words[i] for i in tokenizer.encode("Unhappy dog")]
    ['[CLS]', 'un', '##happy', '[UNK]', '[SEP]']
    """

    kind = "wordpiece"

    def __init__(self, pieces: Iterable[str], lowercase: bool = True):
        """Take the pieces in the order of their ids; `lowercase`: capitals and accents go."""
        from tokenizers import AddedToken, BertWordPieceTokenizer

        self.pieces, self.lowercase = tuple(pieces), lowercase
        ids = {piece: i for i, piece in enumerate(self.pieces)}
        missing = [name for name in SPECIAL if name not in ids]
        if missing or len(ids) != len(self.pieces):
            what = f"lacks {', '.join(missing)}" if missing else "names a piece twice"
            raise ValueError(f"A WordPiece vocabulary has each piece once; this one {what}.")
        super().__init__(piece.encode() for piece in self.pieces)
        self.pad, _, self.first, self.last, self.mask = (ids[name] for name in SPECIAL)
        self._engine = BertWordPieceTokenizer(ids, lowercase=lowercase)
        self._engine.add_special_tokens([AddedToken(name, special=True) for name in SPECIAL])

    @classmethod
    def load_folder(cls, folder: str | os.PathLike) -> "WordPieceTokenizer":
        """From a model's folder in Hugging Face's layout: vocab.txt, or else tokenizer.json.

        Raises FileNotFoundError where there is neither, ValueError where it is no WordPiece or does
        not belong to the model whose config.json stands beside it.
        """
        return of_its_model(cls._read(Path(folder)), Path(folder))

    @classmethod
    def _read(cls, folder: Path) -> "WordPieceTokenizer":
        settings = folder / "tokenizer_config.json"
        options = json.loads(settings.read_text(encoding="utf-8")) if settings.is_file() else {}
        lowercase = bool(options.get("do_lower_case", True))
        if (folder / "vocab.txt").is_file():
            lines = (folder / "vocab.txt").read_text(encoding="utf-8").split("\n")
            return cls([line for line in lines if line], lowercase)
        if not (folder / "tokenizer.json").is_file():
            raise FileNotFoundError(
                f"There is no tokenizer in {folder}: vocab.txt or tokenizer.json was expected."
            )
        saved = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
        kind = saved.get("model", {}).get("type")
        if kind != "WordPiece":
            raise ValueError(f"{folder / 'tokenizer.json'} is a {kind}, not a WordPiece tokenizer.")
        vocabulary = saved["model"]["vocab"]
        return cls(sorted(vocabulary, key=vocabulary.get), lowercase)

    def save_folder(self, folder: str | os.PathLike) -> Path:
        """Write vocab.txt, tokenizer.json and its settings, as `transformers` reads them."""
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        names = dict(zip(("pad", "unk", "cls", "sep", "mask"), SPECIAL, strict=True))
        settings = {"tokenizer_class": "BertTokenizer", "do_lower_case": self.lowercase}
        settings |= {f"{name}_token": token for name, token in names.items()}
        files = {
            "vocab.txt": "\n".join(self.pieces) + "\n",
            "tokenizer.json": self._engine.to_str(),
            "tokenizer_config.json": json.dumps(settings, indent=2),
        }
        for name, text in files.items():
            with replacing(folder / name) as temporary:
                temporary.write_text(text, encoding="utf-8")
        return folder

    def encode(self, text: str, most: int | None = None) -> list[int]:
        """The ids between [CLS] and [SEP]; `most` cuts the text so that these still fit."""
        ids = self._engine.encode(checked(text)).ids
        return ids if most is None or len(ids) <= most else [*ids[: most - 1], self.last]

    def decode(self, ids: Iterable[int]) -> str:
        """The words again, with a space between them; [CLS], [SEP] and padding are left out."""
        hidden = {self.pad, self.first, self.last}
        shown = [self.token_bytes(i).decode() for i in ids if i not in hidden]
        return " ".join(shown).replace(" ##", "")

    def to_dict(self) -> dict:
        """The pieces, and whether capitals count."""
        return super().to_dict() | {"pieces": list(self.pieces), "lowercase": self.lowercase}
