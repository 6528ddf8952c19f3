import inspect
import json
import os
import pickle
import re
import subprocess
import sys
import textwrap
import unicodedata
from collections import Counter
from functools import cache
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from minillm import tokenizer
from minillm.tokenizer import (
    BPETokenizer,
    ByteTokenizer,
    CharTokenizer,
    bpe,
    count_pairs,
    merge,
    words,
)

many = settings(max_examples=400, deadline=None)  # each is quick, but the machine may be busy

SAMPLES = {
    "english": "It's what they'll say: I've been there, she'd said; we're 100% sure. CAN'T!",
    "chinese": "语言模型读到的不是文字，而是编号。“你好，世界！”——2024年，第３章。",
    "code": 'def f(x):\n\tif x >= 10 and x != 0xFF:\n        return [i**2 for i in "a_b"]\n\n\n',
    "emoji": "👍🏽 👨‍👩‍👧‍👦🇫🇷 ❤️ok😀😀",
    "spaces": " \t\n \r\n a  b   c\u00a0\u00a0d\u3000e\u2028f\x85g\x1c\x1f h \n",
    "marks": "e\u0301 नमस्ते สวัสดี مرحبا ½ Ⅻ ₂ ²",
}
NAMES = ["<|end|>", "<|结束|>"]
# text() alone leaves lone surrogates out, and among all characters they would come too seldom.
ANY_TEXT = st.text(st.characters() | st.characters(categories=["Cs"]))
PIECES = st.lists(st.sampled_from([c for s in SAMPLES.values() for c in s] + list("'sdtm re ll ")))


@cache
def learnt() -> BPETokenizer:
    """Trained on code, English and the samples, so that every script has merges."""
    text = inspect.getsource(textwrap) + inspect.getsource(json.decoder)
    return BPETokenizer.train(
        text + "".join(SAMPLES.values()) * 5, vocab_size=256 + 600 + len(NAMES), specials=NAMES
    )


def all_tokenizers():
    return [CharTokenizer.train("".join(SAMPLES.values())), ByteTokenizer(), learnt()]


# Round trips


@many
@given(ANY_TEXT)
@example("\ud83d\ude00")  # two lone halves: they must not melt into one emoji
@example("\x00\r\n\ufeff\U0010ffff\udfff")
def test_bytes_and_bpe_give_back_any_text(text):
    for tok in (ByteTokenizer(), learnt()):
        ids = tok.encode(text)
        assert tok.decode(ids) == text
        assert b"".join(map(tok.token_bytes, ids)) == text.encode("utf-8", "surrogatepass")
        assert all(type(i) is int and 0 <= i < tok.vocab_size for i in ids)


@many
@given(ANY_TEXT.filter(bool))
@example("\ud83d\ude00")
def test_characters_give_back_their_own_alphabet(text):
    tok = CharTokenizer.train(text)
    assert tok.vocab_size == len(set(text))
    ids = tok.encode(text)
    assert len(ids) == len(text)
    assert tok.decode(ids) == text
    assert tok.encode("".join(sorted(set(text)))) == list(range(tok.vocab_size))


@many
@given(ANY_TEXT)
def test_words_joined_are_the_text(text):
    assert "".join(words(text)) == text


# Decoding anything


def expected_text(data: bytes) -> str:
    """U+FFFD for broken bytes by Python's own rule, encoded surrogates read one by one."""
    parts = re.split(rb"(\xed[\xa0-\xbf][\x80-\xbf])", data)
    modes = ("replace", "surrogatepass")
    return "".join(part.decode("utf-8", modes[i % 2]) for i, part in enumerate(parts))


# Bytes near the edges of UTF-8's rules, where random bytes rarely fall.
TRICKY = st.lists(
    st.sampled_from(
        list("é你😀\ud800\udfff".encode("utf-8", "surrogatepass") + b"\xc0\xe0\xf5\xffa")
    )
)


@many
@given(TRICKY | st.lists(st.integers(0, 255)))
@example([0xED, 0xA0])
@example([0xE0, 0x80, 0x80])
@example([0xF0, 0x9F, 0x98])
def test_any_ids_decode_and_stream_alike(ids):
    tok = ByteTokenizer()
    assert tok.decode(ids) == expected_text(bytes(ids))
    assert "".join(tok.stream(ids)) == tok.decode(ids)


@many
@given(st.lists(st.integers(0, 255 + 600 + len(NAMES))))
def test_any_bpe_ids_decode_and_stream_alike(ids):
    tok = learnt()
    assert tok.vocab_size == 256 + 600 + len(NAMES)
    assert tok.decode(ids) == expected_text(b"".join(map(tok.token_bytes, ids)))
    assert "".join(tok.stream(ids)) == tok.decode(ids)


@many
@given(ANY_TEXT)
def test_stream_gives_each_character_once_it_is_whole(text):
    assert list(ByteTokenizer().stream(ByteTokenizer().encode(text))) == list(text)


def test_stream_does_not_read_ahead():
    tok, read = ByteTokenizer(), []
    ids = (read.append(i) or i for i in tok.encode("你好吗"))
    assert list(islice(tok.stream(ids), 2)) == ["你", "好"]
    assert bytes(read).decode() == "你好"


def test_stream_flushes_a_cut_character():
    assert list(ByteTokenizer().stream([97, 0xE4, 0xBD])) == ["a", "\ufffd"]


@pytest.mark.parametrize("make", [list, np.array, iter])
def test_ids_may_come_in_any_iterable(make):
    assert ByteTokenizer().decode(make([72, 105])) == "Hi"


@pytest.mark.parametrize("bad", [-1, 256, 10**30])
def test_ids_out_of_range_are_named(bad):
    for call in (ByteTokenizer().decode, lambda ids: list(ByteTokenizer().stream(ids))):
        with pytest.raises(ValueError, match=rf"{bad} is outside 0\.\.255.*another tokenizer"):
            call([65, bad])


@pytest.mark.parametrize("bad", [np.zeros((2, 3), int), [1.5], [[1, 2]], "abc"])
def test_ids_of_a_wrong_type_are_named(bad):
    with pytest.raises(TypeError, match="one whole number, got"):
        ByteTokenizer().decode(bad)


# Characters


def test_unknown_characters_are_named_once_in_order():
    tok = CharTokenizer.train("abc")
    with pytest.raises(ValueError, match=r": '中', '\\ud800'\. Train it on") as caught:
        tok.encode("a中b\ud800中")
    assert caught.value.__context__ is None
    with pytest.raises(ValueError, match="'1', '2', '3', '4', '5' and 4 more"):
        tok.encode("123456789")


@pytest.mark.parametrize("bad", [[], "aa", ["ab"], ["a", ""], [1]])
def test_characters_must_be_single_and_distinct(bad):
    with pytest.raises(ValueError, match="distinct single characters"):
        CharTokenizer(bad)


def test_text_must_be_a_str():
    for tok in all_tokenizers():
        with pytest.raises(TypeError, match="as a str, got bytes"):
            tok.encode(b"text")
    for train in (CharTokenizer.train, lambda text: BPETokenizer.train(text, vocab_size=300)):
        with pytest.raises(TypeError, match="as a str, got list"):
            train(["text"])


# BPE against the naive algorithm


def naive_train(text: str, steps: int) -> list[tuple[int, int]]:
    """Count every pair anew at each step."""
    chunks = [list(word.encode("utf-8", "surrogatepass")) for word in words(text)]
    merges = []
    while len(merges) < steps:
        pairs = Counter()
        for ids in chunks:
            pairs.update(count_pairs(ids))
        best = min(pairs, key=lambda pair: (-pairs[pair], pair), default=None)
        if best is None or pairs[best] < 2:
            break
        chunks = [merge(ids, best, 256 + len(merges)) for ids in chunks]
        merges.append(best)
    return merges


def naive_encode(text: str, merges) -> list[int]:
    """Make every merge in turn, word by word."""
    out = []
    for word in words(text):
        ids = list(word.encode("utf-8", "surrogatepass"))
        for new_id, pair in enumerate(merges, 256):
            ids = merge(ids, pair, new_id)
        out += ids
    return out


# Few letters give many ties and long runs of one letter.
FEW_LETTERS = st.text(st.sampled_from("aaab你'\n "), max_size=200)


@many
@given(FEW_LETTERS | ANY_TEXT, st.integers(0, 40), FEW_LETTERS)
@example("aaaaaaa aaaa aaaaa", 10, "aaaaaaaaaaaa")
@example("abababab babab", 10, "bababababa")
def test_fast_bpe_equals_the_naive_algorithm(text, steps, other):
    tok = BPETokenizer.train(text, vocab_size=256 + steps)
    merges = naive_train(text, steps)
    assert list(tok.merges) == merges
    for s in (text, other):
        assert tok.encode(s) == naive_encode(s, merges)
    tokens = [tok.token_bytes(i) for i in range(tok.vocab_size)]
    assert len(set(tokens)) == len(tokens)  # no two ways to one token


def test_fast_bpe_equals_the_naive_algorithm_on_real_text():
    text = inspect.getsource(textwrap)[:4000] + SAMPLES["chinese"] * 3
    tok = BPETokenizer.train(text, vocab_size=256 + 100)
    assert list(tok.merges) == naive_train(text, 100)
    assert tok.encode(text) == naive_encode(text, tok.merges)


@many
@given(st.lists(st.integers(0, 2)))
def test_count_pairs_and_merge_by_their_definitions(ids):
    pairs = count_pairs(ids)
    assert sum(pairs.values()) == max(0, len(ids) - 1)
    as_text = "".join(map(str, ids))
    for a, b in pairs:
        assert merge(ids, (a, b), 9) == [int(c) for c in as_text.replace(f"{a}{b}", "9")]


def test_ties_go_to_the_smallest_ids():
    assert BPETokenizer.train("cd,ab,cd,ab", vocab_size=257).merges == ((97, 98),)


def test_training_stops_when_no_pair_occurs_twice():
    # "abcabc" is ab c ab c, then abc abc: the pair of those two occurs once.
    assert BPETokenizer.train("abcabc", vocab_size=999).merges == ((97, 98), (256, 99))
    assert BPETokenizer.train("", vocab_size=300).vocab_size == 256


def test_progress_is_reported_and_ends_full():
    text = inspect.getsource(textwrap)
    calls = []
    tok = BPETokenizer.train(text, vocab_size=256 + 200, progress=lambda *c: calls.append(c))
    assert calls == [(64, 200), (128, 200), (192, 200), (200, 200)]
    assert len(tok.merges) == 200
    calls.clear()
    tok = BPETokenizer.train("ab ab", vocab_size=999, progress=lambda *c: calls.append(c))
    assert calls == [(len(tok.merges), len(tok.merges))]


def test_the_cache_is_bounded_and_changes_nothing(monkeypatch):
    monkeypatch.setattr(bpe, "_CACHED_WORDS", 4)
    text = "".join(SAMPLES.values()) * 2
    small = BPETokenizer(learnt().merges)
    assert small.encode(text) == learnt().encode(text)
    assert 1 <= len(small._cache) <= 4
    ids = small.encode("cat")
    ids.append(0)  # the caller's list is the caller's own
    assert small.encode("cat") == ids[:-1]


# Special tokens


def test_special_tokens_come_last_and_text_cannot_forge_them():
    tok = learnt()
    assert list(tok.specials.items()) == [(NAMES[0], 856), (NAMES[1], 857)]
    for name, i in tok.specials.items():
        assert tok.token_bytes(i) == name.encode()
        ids = tok.encode(f"one{name}two")
        assert not set(ids) & set(tok.specials.values())
        assert tok.decode([*tok.encode("one"), i, *tok.encode("two")]) == f"one{name}two"


@pytest.mark.parametrize("bad", ["<|end|>", ["a", "a"], [""], ["a\n"], ["\ud800"], [3]])
def test_special_names_are_checked(bad):
    with pytest.raises(ValueError, match="list of distinct printable names"):
        BPETokenizer.train("text", vocab_size=300, specials=bad)


def test_vocab_size_must_hold_bytes_and_specials():
    with pytest.raises(ValueError, match="256 bytes and 1 special tokens already make 257"):
        BPETokenizer.train("text", vocab_size=256, specials=["<|end|>"])
    assert (
        BPETokenizer.train("text", vocab_size=257, specials=["<|end|>"]).specials["<|end|>"] == 256
    )


@pytest.mark.parametrize(
    ("merges", "message"),
    [
        ([(97, 98), (257, 97)], r"Merge 1 joins two ids below 257, got \(257, 97\)"),
        ([(97, -1)], "joins two ids below 256"),
        ([(97, 98, 99)], "joins two ids"),
        ([(97, 98.0)], "joins two ids"),
        ([(97, 98), (97, 98)], r"Merge 1, \(97, 98\), is there twice"),
    ],
)
def test_merges_are_checked(merges, message):
    with pytest.raises(ValueError, match=message):
        BPETokenizer(merges)


# Parity with the `tokenizers` library


@cache
def reference():
    """Our merges in the library's own BPE; it writes each byte as a printable character."""
    library = pytest.importorskip("tokenizers", reason="parity needs the tokenizers library")
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [b for b in range(256) if b not in printable]
    letter = {b: chr(b) for b in printable} | {b: chr(256 + i) for i, b in enumerate(others)}
    tok = learnt()
    names = ["".join(letter[b] for b in tok.token_bytes(i)) for i in range(256 + len(tok.merges))]
    vocab = {name: i for i, name in enumerate(names)}
    model = library.models.BPE(vocab, [(names[a], names[b]) for a, b in tok.merges])
    peer = library.Tokenizer(model)
    peer.pre_tokenizer = library.pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    return peer


@pytest.mark.parametrize("name", SAMPLES)
def test_parity_on_samples(name):
    text = SAMPLES[name] * 3
    ids = learnt().encode(text)
    assert ids == reference().encode(text).ids
    assert len(ids) < len(text.encode())  # merges were made, so that there is something to compare


def test_parity_on_real_source():
    text = inspect.getsource(inspect) + inspect.getsource(subprocess)
    assert learnt().encode(text) == reference().encode(text).ids


# The library knows an older Unicode: letters assigned since then may fall in another class there.
ASSIGNED = st.text(st.characters(exclude_categories=("Cs", "Cn")))


@many
@given(PIECES.map("".join) | ASSIGNED | FEW_LETTERS)
def test_parity_on_any_text(text):
    assert learnt().encode(text) == reference().encode(text).ids


@many
@given(PIECES.map("".join) | ASSIGNED)
@example("".join(SAMPLES.values()))  # it holds 'T, which is no ending in capitals
def test_words_are_cut_where_the_library_cuts(text):
    theirs = reference().pre_tokenizer.pre_tokenize_str(text)
    assert list(words(text)) == [text[a:b] for _, (a, b) in theirs]


def test_every_assigned_character_falls_in_the_same_class():
    peer = reference().pre_tokenizer
    for start in range(0, 0x110000, 64):
        chars = [chr(c) for c in range(start, start + 64)]
        chars = [c for c in chars if unicodedata.category(c) not in ("Cs", "Cn")]
        text = "".join(f"!{c}a{c}1 {c} " for c in chars)
        theirs = [text[a:b] for _, (a, b) in peer.pre_tokenize_str(text)]
        assert list(words(text)) == theirs


# Files


@pytest.mark.parametrize("tok", all_tokenizers(), ids=repr)
def test_saved_tokenizers_come_back(tok, tmp_path):
    path = tmp_path / "tokenizer.json"
    tok.save(path)
    tok.save(str(path))  # over the old one
    back = tokenizer.load(path)
    assert type(back) is type(tok)
    assert back.to_dict() == tok.to_dict() == json.loads(json.dumps(tok.to_dict()))
    text = "".join(SAMPLES.values())
    assert back.encode(text) == tok.encode(text)
    assert [back.token_bytes(i) for i in range(back.vocab_size)] == [
        tok.token_bytes(i) for i in range(tok.vocab_size)
    ]
    assert pickle.loads(pickle.dumps(tok)).encode(text) == tok.encode(text)
    assert os.listdir(tmp_path) == ["tokenizer.json"]


def test_halves_of_a_surrogate_pair_stay_two_in_a_file(tmp_path):
    tok = CharTokenizer.train("\ud83d\ude00😀")
    tok.save(tmp_path / "t.json")
    assert tokenizer.load(tmp_path / "t.json").characters == ("\ud83d", "\ude00", "😀")


def test_a_file_cut_anywhere_is_refused(tmp_path):
    path = tmp_path / "t.json"
    BPETokenizer.train("low lower 低", vocab_size=270, specials=NAMES).save(path)
    whole = path.read_bytes()
    for size in range(len(whole)):
        path.write_bytes(whole[:size])
        with pytest.raises(ValueError, match=r"t\.json cannot be read as a tokenizer; save it"):
            tokenizer.load(path)


GOOD = {"format": "minillm.tokenizer/1", "kind": "bpe", "merges": [[97, 98]], "specials": []}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\x80\x02\xff", "codec can't decode"),
        (b"[" * 100_000, "JSON array|recursion"),
        (b"[1, 2]", "not a saved tokenizer"),
        (b'{"version": "1.0", "model": {}}', "expected a dict with format"),
        ({"kind": "words"}, "Unknown kind of tokenizer 'words'"),
        ({"kind": ["bpe"]}, "Unknown kind"),
        ({"format": "minillm.tokenizer/2"}, "expected a dict with format 'minillm.tokenizer/1'"),
        ({"kind": "bytes"}, "bytes tokenizer is damaged"),
        ({"kind": "characters"}, "characters tokenizer is damaged"),
        ({"merges": [[97, 300]]}, "damaged: Merge 0"),
        ({"merges": [5]}, "damaged"),
        ({"specials": "<|end|>"}, "damaged: specials must be"),
        ({"extra": 1}, "unexpected keyword argument 'extra'"),
    ],
)
def test_foreign_and_damaged_files_are_refused(tmp_path, content, message):
    path = tmp_path / "t.json"
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(GOOD | content).encode())
    with pytest.raises(ValueError, match=f"(?s)cannot be read as a tokenizer.*({message})"):
        tokenizer.load(path)


def test_the_good_file_of_the_test_above_is_good():
    assert tokenizer.from_dict(GOOD).encode("ab") == [256]


def test_a_missing_file_is_an_os_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        tokenizer.load(tmp_path / "none.json")
    with pytest.raises(FileNotFoundError):
        ByteTokenizer().save(tmp_path / "no_folder" / "t.json")


@pytest.mark.parametrize("moment", ["fsync", "replace"])
def test_a_failed_save_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch, moment):
    path = tmp_path / "t.json"
    learnt().save(path)

    def fail(*args):
        raise OSError("No space left on device")

    monkeypatch.setattr(os, moment, fail)
    with pytest.raises(OSError, match="No space left"):
        ByteTokenizer().save(path)
    assert os.listdir(tmp_path) == ["t.json"]
    assert tokenizer.load(path).to_dict() == learnt().to_dict()


@pytest.mark.parametrize("moment", ["fsync", "replace"])
def test_a_save_killed_midway_leaves_the_old_file(tmp_path, moment):
    path = tmp_path / "t.json"
    learnt().save(path)
    code = f"""
        import os
        from minillm.tokenizer import ByteTokenizer
        os.{moment} = lambda *args: os._exit(9)  # no handler runs, no buffer is written out
        ByteTokenizer().save({str(path)!r})
    """
    root = Path(tokenizer.__file__).parents[2]
    killed = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], cwd=root, check=False)
    assert killed.returncode == 9
    assert tokenizer.load(path).to_dict() == learnt().to_dict()
