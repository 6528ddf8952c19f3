"""BERT's tokenizer on a small vocabulary; with the real one in tests/models/test_pretrained.py."""

import json

import pytest

from minillm import tokenizer as tokenizers
from minillm.tokenizer import WordPieceTokenizer
from minillm.tokenizer.wordpiece import SPECIAL

PIECES = [*SPECIAL, "un", "##happy", "##ness", "cat", "Cat", "?", "é", "e"]


def shown(tokenizer, text, **options):
    return [tokenizer.pieces[i] for i in tokenizer.encode(text, **options)]


def test_the_longest_piece_is_taken_first():
    tokenizer = WordPieceTokenizer(PIECES)
    assert shown(tokenizer, "unhappyness cat?") == (
        ["[CLS]", "un", "##happy", "##ness", "cat", "?", "[SEP]"]
    )
    assert shown(tokenizer, "dog [MASK]") == ["[CLS]", "[UNK]", "[MASK]", "[SEP]"]
    assert tokenizer.decode(tokenizer.encode("Unhappyness  cat?")) == "unhappyness cat ?"


def test_capitals_and_accents_may_count():
    assert shown(WordPieceTokenizer(PIECES), "Cat é")[1:-1] == ["cat", "e"]
    assert shown(WordPieceTokenizer(PIECES, lowercase=False), "Cat é")[1:-1] == ["Cat", "é"]


def test_a_long_text_keeps_its_ends():
    assert shown(WordPieceTokenizer(PIECES), "cat cat cat cat", most=4) == (
        ["[CLS]", "cat", "cat", "[SEP]"]
    )


@pytest.mark.parametrize("source", ["vocab.txt", "tokenizer.json"])
@pytest.mark.parametrize("lowercase", [True, False])
def test_a_folder_brings_it_back(tmp_path, source, lowercase):
    tokenizer = WordPieceTokenizer(PIECES, lowercase)
    tokenizer.save_folder(tmp_path)
    (tmp_path / ({"vocab.txt", "tokenizer.json"} - {source}).pop()).unlink()
    again = WordPieceTokenizer.load_folder(tmp_path)
    assert again.to_dict() == tokenizer.to_dict()
    assert again.encode("Cat é?") == tokenizer.encode("Cat é?")


def test_a_dict_brings_it_back():
    tokenizer = WordPieceTokenizer(PIECES, lowercase=False)
    again = tokenizers.from_dict(json.loads(json.dumps(tokenizer.to_dict())))
    assert again.encode("unhappy Cat") == tokenizer.encode("unhappy Cat")


def test_what_is_no_wordpiece_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"lacks \[MASK\]"):
        WordPieceTokenizer([p for p in PIECES if p != "[MASK]"])
    with pytest.raises(ValueError, match="twice"):
        WordPieceTokenizer([*PIECES, "cat"])
    with pytest.raises(FileNotFoundError, match="no tokenizer in"):
        WordPieceTokenizer.load_folder(tmp_path)
    (tmp_path / "tokenizer.json").write_text('{"model": {"type": "BPE"}}')
    with pytest.raises(ValueError, match="is a BPE, not a WordPiece"):
        WordPieceTokenizer.load_folder(tmp_path)
    WordPieceTokenizer(PIECES).save_folder(tmp_path)
    (tmp_path / "config.json").write_text('{"vocab_size": 30522}')
    with pytest.raises(ValueError, match=r"13 pieces.*30522: they do not belong together"):
        WordPieceTokenizer.load_folder(tmp_path)
    with pytest.raises(TypeError, match="Expected text"):
        WordPieceTokenizer(PIECES).encode(3)
