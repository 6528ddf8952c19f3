"""The references of lesson 10 against scikit-learn, torch and the package."""

import pytest
import torch
from sklearn.metrics import precision_recall_fscore_support

from minillm.adapt.heads import Classifier
from minillm.docstrings import Docstring, split_by_file
from minillm.exercises.lesson10.gap import gap
from minillm.exercises.lesson10.head import head
from minillm.exercises.lesson10.macro import macro
from minillm.exercises.lesson10.split import split
from minillm.exercises.lesson10.threshold import threshold
from minillm.metrics import scores, thresholds


def test_gap_asks_for_what_it_hides_and_for_nothing_else():
    g = torch.Generator().manual_seed(0)
    tokens, dice = torch.randint(5, 99, (50, 40), generator=g), torch.rand(50, 40, generator=g)
    inputs, targets = gap(tokens, dice, [7], 4)
    hidden = inputs == 4
    assert 0.12 < hidden.float().mean() < 0.18
    assert torch.equal(targets != -100, hidden)
    assert torch.equal(torch.where(hidden, targets, inputs), tokens)
    assert not (tokens[hidden] == 7).any()


def test_split_shares_no_file_as_the_package_s():
    files = ["x/a", "x/b", "x/a", "x/c", "x/b", "x/b"]
    train, test = split(files, 3)
    assert (train, test) == ([3], [0, 1, 2, 4, 5])
    texts = [Docstring(str(i), "x", file) for i, file in enumerate(files)]
    for part in (split_by_file(texts), [[texts[i] for i in rows] for rows in (train, test)]):
        assert not {one.file for one in part[0]} & {one.file for one in part[1]}


def test_head_is_the_package_s():
    g = torch.Generator().manual_seed(0)
    states, real = (
        torch.randn(3, 5, 4, generator=g),
        torch.arange(5) < torch.tensor([[2], [5], [3]]),
    )
    model = Classifier(torch.nn.Identity(), width=4, classes=6)
    torch.nn.init.normal_(model.head.weight, generator=g)
    torch.nn.init.normal_(model.head.bias, generator=g)
    torch.testing.assert_close(
        head(states, real, model.head.weight, model.head.bias), model.judge(states, real=real)
    )


def test_macro_is_scikit_learn_s():
    g = torch.Generator().manual_seed(0)
    truth = [0, 1, 2, 3, *torch.randint(0, 4, (30,), generator=g).tolist()]
    said = torch.randint(0, 3, (34,), generator=g).tolist()  # class 3 is never said
    expected = precision_recall_fscore_support(truth, said, average="macro", zero_division=0)
    assert macro(truth, said, 4) == pytest.approx(expected[:3])
    assert macro(truth, said, 4) == pytest.approx(scores(truth, said, "abcd").macro)


def test_threshold_is_the_package_s():
    g = torch.Generator().manual_seed(0)
    truth = (torch.rand(60, generator=g) < 0.4).tolist()
    probability = torch.rand(60, generator=g, dtype=torch.float64).tolist()
    for recall in (0.1, 0.5, 0.85, 1.0):
        bar, _ = thresholds(truth, probability).at(recall)
        assert threshold(truth, probability, recall) == bar
