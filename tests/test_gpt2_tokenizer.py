"""GPT-2's tokenizer with a small vocabulary, beside the `transformers` library's own."""

import json
import shutil
import sys

import pytest
import torch
from tokenizers import ByteLevelBPETokenizer

from minillm import cli
from minillm import tokenizer as tokenizers
from minillm.models import pretrained
from minillm.models.bert import Bert, BertConfig
from minillm.tokenizer import BPETokenizer, GPT2Tokenizer, WordPieceTokenizer
from minillm.tokenizer.gpt2 import byte_of
from minillm.tokenizer.wordpiece import SPECIAL

transformers = pytest.importorskip("transformers")

TEXT = "Return the café's 2 cats, it's  naïve 你好\n\tdéjà vu 🙂🙂 they'll see 1234 " * 5
END = "<|endoftext|>"
AWKWARD = [
    "",
    " ",
    "  two  spaces  \n\n and\ttabs\r\n  ",
    "it's they'll IT'S we’ve 'twas",
    "naïve café e\u0301 \u00a0\u2003\u200b\u3000\ufeff\x00\x7f\x85\x1c",
    "你好，世界 🙂👩‍👩‍👧‍👦🇨🇳 \U0001f600x ½ ٣٤ Ⅷ ゙",
    f"one{END}two {END} <|endoftext| >{END}",
    "Ġ Ċ ¡ ÿ Ā ģ",
    "a" * 300,
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """vocab.json and merges.txt as GPT-2 has them: bytes, merges, the end token."""
    folder = tmp_path_factory.mktemp("gpt2")
    peer = ByteLevelBPETokenizer()
    peer.train_from_iterator([TEXT], vocab_size=330, show_progress=False)
    vocabulary = json.loads(peer.to_str())["model"]["vocab"]
    peer.save_model(str(folder))
    (folder / "vocab.json").write_text(json.dumps(vocabulary | {END: len(vocabulary)}))
    return folder


@pytest.fixture(scope="module")
def theirs(folder):
    return transformers.GPT2Tokenizer.from_pretrained(folder)


@pytest.fixture(params=["vocab.json", "tokenizer.json"])
def ours(request, folder, theirs, tmp_path):
    if request.param == "tokenizer.json":
        theirs.save_pretrained(tmp_path)
        assert (tmp_path / "tokenizer.json").exists()
        folder = tmp_path
    return GPT2Tokenizer.load_folder(folder)


def test_the_ids_are_those_of_transformers(ours, theirs):
    assert ours.vocab_size == len(theirs)
    assert ours.end == theirs.eos_token_id
    for text in [TEXT, *AWKWARD]:
        ids = ours.encode(text)
        assert ids == theirs(text)["input_ids"], text
        assert ours.decode(ids) == text == "".join(ours.stream(ids))


def test_every_character_comes_back(ours, theirs):
    text = "".join(map(chr, [*range(0xD800), *range(0xE000, sys.maxunicode + 1, 37)]))
    ids = ours.encode(text)
    assert ids == theirs(text)["input_ids"]
    assert ours.decode(ids) == text


def test_the_course_s_own_tokenizer_cuts_alike(folder):
    lines = (folder / "merges.txt").read_text(encoding="utf-8").split("\n")[1:-1]
    merges, made = [], {bytes([i]): i for i in range(256)}
    for line in lines:
        left, right = (bytes(byte_of()[c] for c in part) for part in line.split(" "))
        merges.append((made[left], made[right]))
        made[left + right] = len(made)
    ours, bpe = GPT2Tokenizer.load_folder(folder), BPETokenizer(merges)
    assert len(merges) > 40
    for text in [TEXT, *(awkward.replace(END, "") for awkward in AWKWARD)]:
        pieces = [ours.token_bytes(i) for i in ours.encode(text)]
        assert pieces == [bpe.token_bytes(i) for i in bpe.encode(text)], text


def test_a_dict_brings_it_back(ours):
    again = tokenizers.from_dict(json.loads(json.dumps(ours.to_dict())))
    assert again.encode(TEXT + END) == ours.encode(TEXT + END)
    assert again.end == ours.end


def test_what_does_not_belong_together_is_refused(ours, folder, tmp_path):
    ours._engine.save(str(tmp_path / "tokenizer.json"))
    (tmp_path / "config.json").write_text('{"vocab_size": 50257}')
    with pytest.raises(ValueError, match=f"{ours.vocab_size} pieces.*50257: they do not belong"):
        GPT2Tokenizer.load_folder(tmp_path)


def test_what_is_no_gpt2_tokenizer_is_refused(folder, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"tokenizer\.json was expected, or vocab\.json"):
        GPT2Tokenizer.load_folder(tmp_path)
    ids = {character: i for i, character in enumerate(byte_of())}
    (tmp_path / "merges.txt").write_text("#version: 0.2\na b\n")
    for vocabulary, says in (
        (ids, "merges do not fit the vocabulary"),
        (ids | {"ab": 999}, "ids of 257 tokens are not 0 to 256"),
        (ids | {"ab": 256, "你": 257}, "'你' stands for no byte"),
        ({"a": 0, "b": 1, "ab": 2}, "254 of the 256 bytes have no token"),
    ):
        (tmp_path / "vocab.json").write_text(json.dumps(vocabulary))
        with pytest.raises(ValueError, match=says):
            GPT2Tokenizer.load_folder(tmp_path)
    (tmp_path / "tokenizer.json").write_text("{")
    with pytest.raises(ValueError, match=r"in .*cannot be read.*no tokenizer in Hugging Face's"):
        GPT2Tokenizer.load_folder(tmp_path)
    WordPieceTokenizer([*SPECIAL, "cat"]).save_folder(tmp_path)
    with pytest.raises(ValueError, match="byte-level BPE was expected, this is a WordPiece"):
        GPT2Tokenizer.load_folder(tmp_path)
    with pytest.raises(TypeError, match="Expected text"):
        GPT2Tokenizer.load_folder(folder).encode(3)
    with pytest.raises(ValueError, match="half a surrogate pair"):
        GPT2Tokenizer.load_folder(folder).encode("\ud83d")


def test_the_command_line_goes_on_as_transformers_does(folder, theirs, tmp_path, capsys):
    shape = dict(n_positions=32, n_embd=8, n_layer=2, n_head=2, initializer_range=0.5)
    config = transformers.GPT2Config(vocab_size=len(theirs), eos_token_id=theirs.eos_token_id)
    config.update(shape | {"bos_token_id": theirs.eos_token_id})
    peer = transformers.GPT2LMHeadModel(config).eval()
    peer.save_pretrained(tmp_path)
    for name in ("vocab.json", "merges.txt"):
        shutil.copy(folder / name, tmp_path)
    prompt = torch.tensor([[theirs.eos_token_id, *theirs("the cats")["input_ids"]]])
    options = dict(do_sample=False, pad_token_id=theirs.eos_token_id)
    mask = torch.ones_like(prompt)
    written = peer.generate(prompt, attention_mask=mask, max_new_tokens=12, **options)
    command = ["generate", "--model", str(tmp_path), "--prompt", "the cats", "--tokens", "12"]
    assert cli.main([*command, "--temperature", "0", "--device", "cpu"]) == 0
    assert capsys.readouterr().out == theirs.decode(written[0, 1:]) + "\n"


def test_a_model_that_does_not_write_is_refused(tmp_path, capsys):
    shape = dict(vocab_size=9, context=8, layers=1, heads=1, width=4)
    pretrained.save(Bert(BertConfig(**shape)), tmp_path)
    assert cli.main(["generate", "--model", str(tmp_path), "--prompt", "a"]) == 2
    assert "holds a Bert, which writes no text" in capsys.readouterr().err
