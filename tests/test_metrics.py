import numpy as np
import pytest

from minillm import metrics
from minillm.metrics import compare, confusion, exact_match, scores, spread, thresholds, token_f1

# by hand: 6 of a, 3 of b, 1 of c; c is never said
TRUTH = [0, 0, 0, 0, 0, 0, 1, 1, 1, 2]
SAID = [0, 0, 0, 0, 1, 1, 1, 1, 0, 0]


def test_scores_are_those_worked_out_by_hand():
    found = scores(TRUTH, SAID, "abc")
    assert found.accuracy == 0.6
    np.testing.assert_allclose(found.precision, [4 / 6, 2 / 4, 0])
    np.testing.assert_allclose(found.recall, [4 / 6, 2 / 3, 0])
    f1 = [4 / 6, 4 / 7, 0]
    np.testing.assert_allclose(found.f1, f1)
    assert found.count.tolist() == [6, 3, 1]
    assert found.macro == pytest.approx((7 / 18, 4 / 9, sum(f1) / 3))
    assert found.weighted == pytest.approx((0.55, 0.6, 0.6 * f1[0] + 0.3 * f1[1]))
    assert "accuracy 0.600" in str(found)
    table = [line.split() for line in str(found).splitlines()]
    assert ["b", "0.500", "0.667", "0.571", "3"] in table
    assert ["macro", "0.389", "0.444", "0.413"] in table


def test_confusion_has_truth_in_rows():
    assert confusion(TRUTH, SAID, 3).tolist() == [[4, 2, 0], [1, 2, 0], [1, 0, 0]]


def test_thresholds_from_strict_to_lenient():
    found = thresholds([True, False, True, False], [0.9, 0.8, 0.6, 0.1])
    assert found.threshold.tolist() == [0.9, 0.8, 0.6, 0.1]
    np.testing.assert_allclose(found.recall, [0.5, 0.5, 1, 1])
    np.testing.assert_allclose(found.precision, [1, 1 / 2, 2 / 3, 2 / 4])
    assert found.at(0.5) == (0.9, 1.0)
    assert found.at(1.0) == (0.6, pytest.approx(2 / 3))


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: scores([0, 1], [0], "ab"), "2 true labels came with 1 answers"),
        (lambda: scores([0, 0], [0, 1], "ab"), "Class 'b' has no example"),
        (lambda: scores([0, 2], [0, 1], "ab"), r"Label 2 is outside 0\.\.1"),
        (lambda: scores([0, 1], [0, -1], "ab"), "Label -1"),
        (lambda: confusion([0.5, 1.0], [0, 1], 2), "whole numbers; float64"),
        (lambda: scores([], [], "ab"), r"shape \(0,\)"),
        (lambda: thresholds([True, True], [0.1, 0.2]), "All 2 labels are True"),
        (lambda: spread([0.5]), "two or more"),
        (lambda: compare([True], [True, False]), r"\(1,\), \(2,\)"),
    ],
)
def test_bad_input_is_named(call, says):
    with pytest.raises(ValueError, match=says):
        call()


def test_answers_are_compared_by_their_words():
    assert exact_match("The red kite.", "red kite")
    assert not exact_match("kite red", "red kite")
    assert token_f1("it was red", "red") == pytest.approx(0.5)
    assert token_f1("red red", "red") == pytest.approx(2 / 3)  # a word counts as often as it stands
    assert token_f1("blue", "red") == token_f1("", "red") == 0
    assert token_f1("the", "") == 1


def test_a_spread_is_student_s():
    found = spread([0.7, 0.8, 0.75])
    assert found.mean == pytest.approx(0.75)
    assert found.deviation == pytest.approx(0.05)
    assert found.high - found.mean == pytest.approx(4.3027 * 0.05 / 3**0.5, rel=1e-4)
    assert str(found) == "0.750 ± 0.124 (n = 3)"


def test_an_interval_holds_the_truth_as_often_as_it_says():
    rng = np.random.default_rng(0)
    held = 0
    for trial in range(200):
        first, second = rng.random(300) < 0.8, rng.random(300) < 0.7
        found = compare(first, second, draws=500, seed=trial)
        held += found.low <= 0.1 <= found.high
    assert 180 <= held <= 199


def test_texts_of_one_file_are_not_independent():
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(10), 30)
    better = np.repeat(rng.random(10) < 0.7, 30)  # whole files are won or lost
    worse = ~better
    alone, together = compare(better, worse), compare(better, worse, groups=groups)
    assert alone.difference == together.difference
    assert together.high - together.low > 3 * (alone.high - alone.low)
    assert alone.only_first + alone.only_second == 300


def test_equal_answers_differ_by_nothing():
    right = np.arange(50) % 3 == 0
    found = compare(right, right)
    assert (found.difference, found.low, found.high, found.real) == (0, 0, 0, False)
    assert compare(np.ones(50, bool), right).real


def test_the_words_of_a_table_are_in_both_languages(monkeypatch):
    monkeypatch.setenv("MINILLM_LANG", "zh")
    assert "召回率" in str(metrics.scores(TRUTH, SAID, "abc"))
