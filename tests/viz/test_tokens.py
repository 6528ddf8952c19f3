"""The tokens view's Python side: how a text is cut, merge by merge, and what is refused."""

import re

import numpy as np
import pytest

from minillm import viz
from minillm.tokenizer import BPETokenizer, ByteTokenizer, CharTokenizer
from minillm.viz.pieces import INSIDE, STAYS, cut_up
from minillm.world import World
from tests.viz.pages import HOSTILE

TEXTS = {
    "english": "the shuffle shuffles the other shuffle",
    "chinese": "你好，世界！你好吗？",
    "emoji": "👩\u200d👩\u200d👧\u200d👦 na\u0308ive 👍🏽",
    "code": 'def f(x):\n\treturn """x"""  # doc\r\n',
}


@pytest.fixture(scope="module")
def bpe():
    return BPETokenizer.train(" ".join(TEXTS.values()) * 3, vocab_size=320)


def pieces_at(pieces, data: bytes, step: int) -> list[bytes]:
    """The tokens after so many merges, read off `gone` as the script does."""
    places = [i for i in range(1, len(data)) if pieces.gone[i] == STAYS or pieces.gone[i] > step]
    return [data[a:b] for a, b in zip([0, *places], [*places, len(data)], strict=True)]


@pytest.mark.parametrize("name", TEXTS)
def test_after_all_merges_the_tokens_are_the_tokenizer_s(bpe, name):
    text = TEXTS[name]
    pieces = cut_up(bpe, text, "bpe")
    data = text.encode()
    assert pieces_at(pieces, data, 0) == [bytes([byte]) for byte in data]
    expected = [bpe.token_bytes(i) for i in bpe.encode(text)]
    assert pieces_at(pieces, data, len(pieces.merges)) == expected == pieces.tokens


@pytest.mark.parametrize("name", TEXTS)
def test_each_step_is_a_tokenizer_that_knows_that_many_merges(bpe, name):
    text = TEXTS[name]
    pieces = cut_up(bpe, text, "bpe")
    assert len(pieces.merges) > 5
    for step, merge in enumerate(pieces.merges, start=1):
        young = BPETokenizer(bpe.merges[: merge.rank + 1])
        expected = [young.token_bytes(i) for i in young.encode(text)]
        assert pieces_at(pieces, text.encode(), step) == expected
        start, middle, end = merge.first
        both = text.encode()[start:end]
        assert both == bpe.token_bytes(merge.made)
        assert text.encode()[start:middle] == bpe.token_bytes(bpe.merges[merge.rank][0])
        before = pieces_at(pieces, text.encode(), step - 1)
        assert len(before) - len(expected) == merge.count


def test_other_tokenizers_have_their_ends_only():
    text = TEXTS["chinese"]
    by_byte = cut_up(ByteTokenizer(), text, "bytes")
    assert (by_byte.gone == STAYS).all()
    by_char = cut_up(CharTokenizer.train(text), text, "characters")
    assert by_char.gone[:6].tolist() == [STAYS, INSIDE, INSIDE, STAYS, INSIDE, INSIDE]
    assert by_char.vocabulary == len(set(text))


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_world_s_words_get_the_spaces_that_printing_adds(language):
    world = World(seed=0, language=language)
    text = world.text(world.write(seed=1).tokens)
    pieces = cut_up(world.tokenizer, text, "world")
    assert b"".join(pieces.tokens).decode() == text
    assert pieces.ids == world.tokenizer.encode(text)


def test_lists_of_tokens_are_taken_as_they_come():
    pieces = cut_up(["The", "Ġcat", b"\xe4\xbd", b"\xa0"], "The cat你", "mine")
    assert pieces.tokens == [b"The", b" cat", b"\xe4\xbd", b"\xa0"]
    assert pieces.ids is None
    assert np.flatnonzero(pieces.gone == STAYS).tolist() == [0, 3, 7, 9]


@pytest.mark.parametrize(
    ("source", "text", "message"),
    [
        (["a", "c"], "ab", "mine: token 1 is b'c', but the text goes on with b'b'"),
        (["a"], "ab", "mine: the tokens end before the text, which goes on b'b'"),
        (["a", "", "b"], "ab", "mine: token 1 is empty"),
        (["a", "b", "c"], "ab", "mine: token 2 is b'c'"),
        (ByteTokenizer(), "", "The text has 0 bytes; a view shows 1 to 2,000. Pass a text that"),
        (ByteTokenizer(), "好" * 700, "The text has 2,100 bytes"),
    ],
)
def test_tokens_that_do_not_spell_the_text_are_refused(source, text, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        viz.tokens({"mine": source}, text)


def test_no_more_than_four_are_compared():
    for count in (0, 5):
        with pytest.raises(ValueError, match=f"{count} tokenizers came; a view shows 1 to 4"):
            viz.tokens({str(i): ByteTokenizer() for i in range(count)}, "a")


def test_half_a_surrogate_pair_is_bytes_like_any_other():
    view = viz.tokens(ByteTokenizer(), "a\ud83d")
    assert view.buffer == b"a\xed\xa0\xbd"
    assert view.header["glyphs"] == ["a", "U+D83D"]
    view.html().encode()  # nothing in it that UTF-8 forbids


def test_the_caption_and_the_poster_stand_for_the_view(bpe):
    view = viz.tokens({"bpe": bpe, "bytes": ByteTokenizer()}, TEXTS["english"])
    lines = view._repr_mimebundle_()["text/plain"].splitlines()
    assert lines[1].startswith("bytes: 38 tokens for 38 bytes, 1.00 bytes each: t | h | e | ·")
    assert view.poster.startswith(b"\x89PNG")


def test_the_poster_draws_hostile_tokens():
    tokens = [token for token in HOSTILE if token]
    text = b"".join(t if isinstance(t, bytes) else t.encode() for t in tokens).decode()
    view = viz.tokens({"<script>": tokens, "bytes": ByteTokenizer()}, text)
    assert view.poster.startswith(b"\x89PNG")
    assert len(view.poster) < 60_000


def test_no_name_is_a_replacement_character(bpe):
    for text in TEXTS.values():
        view = viz.tokens(bpe, text)
        assert "\ufffd" not in view.caption + str(view.header)


def test_a_live_view_tells_its_steps(bpe):
    pytest.importorskip("anywidget")
    live = viz.tokens({"one": bpe, "two": ByteTokenizer()}, TEXTS["english"]).live()
    assert live.steps == {"one": len(cut_up(bpe, TEXTS["english"], "").merges), "two": 0}
    assert (live.tokenizer, live.token) == ("one", None)
