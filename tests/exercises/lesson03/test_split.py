"""The reference against a slice for each head."""

import torch

from minillm.exercises.lesson03.split import split


def test_each_head_gets_its_slice_of_every_token():
    x = torch.arange(60).view(5, 12)
    for head, part in enumerate(split(x, 3)):
        assert torch.equal(part, x[:, 4 * head : 4 * head + 4])
