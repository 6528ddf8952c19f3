"""The learner's number first, then the answer."""

import json
import math

import numpy as np
import pytest
import torch

from minillm.exercises import predict


def ask(value=None, actual=8.0, typical=2.0, **more):
    predict("How many?", value, actual=actual, typical=typical, **more)


def test_without_a_number_the_answer_is_kept_back(capsys, data):
    ask(actual=8.765)
    shown = capsys.readouterr().out
    assert "How many?" in shown
    assert "in place of `None`" in shown
    assert "8.765" not in shown
    assert not data.exists()


@pytest.mark.parametrize("value", ["8", math.nan, math.inf, [8], torch.ones(2), int, 1j])
def test_what_is_no_number_is_asked_for_again(value, capsys, data):
    ask(value)
    assert "in place of `None`" in capsys.readouterr().out
    assert not data.exists()


@pytest.mark.parametrize(
    ("value", "actual", "said"),
    [
        (4, 8.0, "2 times too small"),
        (8e3, 8.0, "1000 times too large"),
        (8.5, 8.0, "Close."),
        (0, 0.0, "Close."),
        (-4.0, -8.0, "2 times too small"),
        (-1, 8.0, "Off by 9."),
        (0, 8.0, "Off by 8."),
        (torch.tensor(4.0), torch.tensor(8.0), "2 times too small"),
        (np.float32(4), np.int64(8), "2 times too small"),
    ],
)
def test_a_number_stands_beside_the_answer(value, actual, said, capsys):
    ask(value, actual)
    assert said in capsys.readouterr().out


def test_numbers_carry_their_unit_and_large_ones_are_legible(capsys):
    ask(1_500_000, actual=12_345_678, unit="bytes")
    shown = capsys.readouterr().out
    assert "1,500,000 bytes" in shown
    assert "12,345,678 bytes" in shown


def test_the_first_number_is_the_one_that_is_kept(capsys, data):
    ask(4)
    assert "first" not in capsys.readouterr().out
    ask(8)
    shown = capsys.readouterr().out
    assert "your first number   4" in shown
    entry = json.loads((data / "progress.json").read_text())["predictions"]["How many?"]
    assert (entry["value"], entry["actual"]) == (4.0, 8.0)


def test_in_the_book_a_typical_guess_is_shown_as_such(capsys, data, monkeypatch):
    monkeypatch.setenv("MINILLM_BOOK", "1")
    ask(actual=8.0, typical=2.0)
    shown = capsys.readouterr().out
    assert "a typical guess   2" in shown
    assert "answer            8" in shown
    assert not data.exists()


@pytest.mark.parametrize("name", ["actual", "typical"])
def test_the_teachers_numbers_have_to_be_numbers(name):
    with pytest.raises(TypeError, match=rf"predict\({name}=\) is 'eight'"):
        ask(4, **{name: "eight"})


def test_a_lesson_goes_on_where_nothing_can_be_kept(data, capsys):
    data.write_text("a file where the folder should be")
    ask(4)
    assert "2 times too small" in capsys.readouterr().out
