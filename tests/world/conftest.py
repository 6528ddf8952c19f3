"""The two worlds that most tests look at."""

import pytest

from minillm.world import World


@pytest.fixture(scope="module", params=["en", "zh"])
def world(request):
    return World(seed=0, language=request.param)


@pytest.fixture(scope="module")
def english():
    return World(seed=0)


@pytest.fixture(scope="module")
def chinese():
    return World(seed=0, language="zh")
