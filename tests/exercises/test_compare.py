"""What counts as the same answer, and how a difference is told."""

import math

import numpy as np
import pytest
import torch

from minillm.exercises.compare import brief, compare, describe, size

SAME = {
    "number and 0-d tensor": (torch.tensor(2.5), 2.5),
    "0-d tensor and number": (2.5, torch.tensor(2.5)),
    "list and tuple": ([1, 2], (1, 2)),
    "array and tensor": (np.array([1.0, 2.0]), torch.tensor([1.0, 2.0])),
    "tensor and array": (torch.tensor([1, 2]), np.array([1, 2])),
    "numpy number": (np.float32(0.5), 0.5),
    "an integer that stands for a float": (2, 2.0),
    "a whole float that stands for an integer": (6.0, 6),
    "a tensor of integers for one of floats": (torch.tensor([1, 2]), torch.tensor([1.0, 2.0])),
    "float64 for float32": (torch.ones(2, dtype=torch.float64), torch.ones(2)),
    "a tensor that takes gradients": (torch.ones(2, requires_grad=True), torch.ones(2)),
    "rounding of float32": (torch.tensor([1e4, 1.0 + 3e-7]), torch.tensor([1e4, 1.0])),
    "rounding of bfloat16": (torch.tensor([1.0]), torch.tensor([1.01], dtype=torch.bfloat16)),
    "nothing but rounding left": (3e-9, 0.0),
    "not a number, twice": (torch.tensor([math.nan, 1.0]), torch.tensor([math.nan, 1.0])),
    "infinity, twice": (torch.tensor([-math.inf, 1.0]), torch.tensor([-math.inf, 1.0])),
    "an integer beyond 64 bits": (6 * 10**21, 6 * 10**21),
    "nested": ((torch.ones(1), ["a", 2]), [torch.ones(1), ("a", 2)]),
    "empty": (torch.zeros(0, 3), torch.zeros(0, 3)),
    "complex": (1j, torch.tensor(1j)),
}
OTHER_FORM = {
    "shapes that broadcast": (torch.ones(3, 1), torch.ones(3)),
    "a number for a tensor": (1.0, torch.ones(1)),
    "another length": ([1, 2, 3], [1, 2]),
    "a tensor for a list": (torch.tensor([1, 2]), [1, 2]),
    "a list for a tensor": ([1.0, 2.0], torch.tensor([1.0, 2.0])),
    "True for 1": (True, 1),
    "1 for True": (torch.tensor([1, 0]), torch.tensor([True, False])),
    "floats for integers": (torch.tensor([1.0]), torch.tensor([1])),
    "complex for a float": (torch.tensor([1j]), torch.tensor([1.0])),
    "None": (None, 1.0),
    "text for a number": ("1", 1),
    "a number for text": (1, "1"),
    "a generator": ((x for x in [1]), [1]),
    "a list of text as an array": (np.array(["a"]), torch.ones(1)),
    "deep inside": ([1, (2, "a")], [1, (2, 3)]),
}
OTHER_VALUES = {
    "a number": (2.5, 2.6),
    "a small number": (3.05e-4, 3e-4),
    "text": ("ab", "ac"),
    "an integer by one": (10**15 + 1, 10**15),
    "a float that is no integer": (6.5, 6),
    "infinity of the other sign": (math.inf, -math.inf),
    "not a number": (math.nan, 1.0),
    "one element of a tensor": (torch.tensor([1.0, 2.0]), torch.tensor([1.0, 2.001])),
    "more than float32 rounds": (torch.tensor([1.0, 1.0001]), torch.ones(2)),
    "a boolean": (torch.tensor([True]), torch.tensor([False])),
}


def cases(table):
    return pytest.mark.parametrize(("got", "expected"), table.values(), ids=table)


@cases(SAME)
def test_the_same(got, expected):
    assert compare(got, expected, 1e-5) is None


@cases(OTHER_FORM)
def test_another_form(got, expected):
    assert compare(got, expected, 1e-5).form


@cases(OTHER_VALUES)
def test_other_values(got, expected):
    difference = compare(got, expected, 1e-5)
    assert not difference.form
    assert difference.wrong == 1
    (cell,) = difference.cells
    assert cell[1] != cell[2]


def test_the_tolerance_is_a_part_of_the_largest_value():
    large = torch.tensor([1000.0, 0.0])
    assert compare(large + 0.009, large, 1e-5) is None
    assert compare(large + 0.011, large, 1e-5).wrong == 2
    assert compare(large + 0.011, large, 1e-4) is None


def test_the_axes_of_a_wrong_size_are_named():
    difference = compare(torch.ones(2, 5, 4), torch.ones(2, 4, 5), 1e-5)
    assert difference.axes == (1, 2)
    assert difference.cells == (("result", "tensor (2, 5, 4) float32", "tensor (2, 4, 5) float32"),)
    assert compare(torch.ones(2), torch.ones(2, 1), 1e-5).axes == ()


def test_differing_values_are_found_and_counted_wherever_they_are():
    expected = [torch.zeros(2, 3), 7, "a"]
    got = [torch.zeros(2, 3), 8, "b"]
    got[0][1, 2] = 0.5
    difference = compare(got, expected, 1e-5)
    assert difference.cells == (
        ("result[0][1, 2]", "0.5", "0"),
        ("result[1]", "8", "7"),
        ("result[2]", "'b'", "'a'"),
    )
    assert (difference.wrong, difference.total) == (3, 8)


def test_only_the_first_few_differences_are_shown():
    difference = compare(torch.ones(100), torch.zeros(100), 1e-5)
    assert len(difference.cells) == 5
    assert difference.wrong == difference.total == 100


def test_a_wrong_form_goes_before_wrong_values():
    difference = compare([1, [2]], [7, 2], 1e-5)
    assert difference.form
    assert difference.cells == (("result[1]", "list of 1", "int"),)


def test_a_list_of_another_length_is_told_from_another_form():
    difference = compare([1, 2], [1, 2, 3], 1e-5)
    assert difference.form
    assert difference.length
    assert difference.cells == (("result", "list of 2", "list of 3"),)
    assert not compare(5, [1, 2, 3], 1e-5).length


def test_numbers_are_shown_in_digits_that_tell_them_apart():
    (cell,) = compare(1.00002, 1.0, 1e-5).cells
    assert cell == ("result", "1.00002", "1")
    (cell,) = compare(1 / 3, 0.5, 1e-5).cells
    assert cell == ("result", "0.33333", "0.5")


def test_values_are_described():
    assert describe(None) == "None"
    assert describe(torch.zeros(2, dtype=torch.int64)) == "tensor (2,) int64"
    assert describe(np.zeros((2, 1))) == "array (2, 1) float64"
    assert describe([1, 2]) == "list of 2"
    assert describe(compare) == "function"


def test_small_values_are_written_out_and_large_ones_described():
    assert brief(torch.tensor([1.0, 0.25])) == "tensor([1, 0.25])"
    assert brief(torch.zeros(3, 3)) == "tensor (3, 3) float32"
    assert brief([torch.tensor([1]), (2, "a")]) == "[tensor([1]), (2, 'a')]"
    assert brief([torch.arange(8.0) / 7] * 3) == "[" + ", ".join(["tensor (8,) float32"] * 3) + "]"
    assert brief(list(range(1000))) == "list of 1000"
    assert brief("x" * 1000) == "str"
    assert brief(compare) == "compare"


def test_sizes_are_counted_through():
    assert size([torch.zeros(2, 3), (1, "abc")]) == 6 + 1 + 3
