"""The reference as what a head's query does with one-hot places."""

import torch

from minillm.exercises.lesson03.previous import previous


def test_each_place_asks_for_the_one_before():
    places = torch.eye(7)
    queries = places @ previous(7)
    assert torch.equal(queries[1:], places[:-1])
    assert not queries[0].any()
