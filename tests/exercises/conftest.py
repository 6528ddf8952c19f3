"""The tests of exercises keep no progress but their own, and speak English."""

import pytest


@pytest.fixture(autouse=True)
def data(tmp_path, monkeypatch):
    """The folder in which this test's progress is kept."""
    for name in ("MINILLM_BOOK", "MINILLM_LANG", "MINILLM_RESULTS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("MINILLM_DATA", str(tmp_path / "data"))
    return tmp_path / "data"
