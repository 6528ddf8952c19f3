"""How tokens are written, and which of them make a word."""

import pytest

from minillm.viz.labels import label, plain_text, words


@pytest.mark.parametrize(
    ("token", "shown"),
    [
        ("Ġthe", "the"),
        ("▁the", "the"),
        ("##ing", "ing"),
        ("##", "##"),
        ("  x", "··x"),
        ("a b", "a·b"),
        ("\t\n", "⇥↵"),
        ("Ċ", "↵"),
        ("\x00", "U+0000"),
        ("\u00a0", "U+00A0"),
        ("\ud800", "U+D800"),
        (b"caf\xc3\xa9", "café"),
        (b"\xe4\xbd", "E4·BD"),
        ("", "∅"),
    ],
)
def test_labels_leave_nothing_unseen(token, shown):
    assert label(token) == shown


def test_no_label_holds_a_replacement_character():
    assert all("\ufffd" not in label(bytes([byte])) for byte in range(256))


def test_a_piece_of_a_character_stays_bytes():
    assert plain_text(b"\xbd\xa0") == b"\xbd\xa0"


@pytest.mark.parametrize(
    ("tokens", "expected"),
    [
        (["un", "##happi", "##ness", "."], [0, 0, 0, 1]),
        ([" un", "happy", " cat"], [0, 0, 1]),
        (["Ġun", "happy", "Ċ", "x"], [0, 0, 1, 2]),
        (["don", "'t"], [0, 0]),
        (["你", "好"], [0, 1]),
        ([b"\xe4\xbd", b"\xa0", b"\xe5", b"\xa5\xbd"], [0, 0, 1, 1]),
        (["a", "", "b"], [0, 1, 2]),
    ],
)
def test_pieces_of_a_word_are_found(tokens, expected):
    assert words(tokens) == expected
