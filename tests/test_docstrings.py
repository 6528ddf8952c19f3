import re
from collections import Counter

import pytest

from minillm.docstrings import PACKAGES, Docstring, docstrings, split_by_file


@pytest.fixture(scope="module")
def texts():
    return docstrings()


def test_there_are_texts_of_every_package(texts):
    count = Counter(one.package for one in texts)
    assert set(count) == set(PACKAGES)
    assert 1200 < len(texts) < 2000
    assert min(count.values()) > 60
    assert all(one.file.startswith(f"{one.package}/") for one in texts)


def test_no_text_names_a_package_and_none_comes_twice(texts):
    names = re.compile("|".join(PACKAGES), re.IGNORECASE)
    assert not [one.text for one in texts if names.search(one.text)]
    assert sum("[MASK]" in one.text for one in texts) > 50
    assert len({" ".join(one.text.split()) for one in texts}) == len(texts)


def test_the_split_shares_no_file(texts):
    train, test = split_by_file(texts)
    assert not {one.file for one in train} & {one.file for one in test}
    assert Counter(train) + Counter(test) == Counter(texts)
    for package in PACKAGES:
        share = sum(one.package == package for one in test) / sum(
            one.package == package for one in texts
        )
        assert 0.1 < share < 0.5, package
    assert split_by_file(texts) == (train, test)


def test_what_cannot_be_split():
    with pytest.raises(ValueError, match="'nothing' has no docstring"):
        docstrings(["http", "nothing"])
    with pytest.raises(ValueError, match="'http' has a single file"):
        split_by_file([Docstring("x", "http", "http/client.py")])
