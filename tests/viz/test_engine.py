"""The engine: one display, one script, one widget."""

import os
import re

import numpy as np
import pytest

from minillm import viz
from minillm.viz import script
from minillm.viz.engine import SHARED


@pytest.fixture
def view(weights, tokens):
    return viz.attention(weights, tokens)


def test_the_default_display_needs_no_widget(view):
    bundle = view._repr_mimebundle_()
    assert set(bundle) == {"text/html", "image/png", "text/plain"}
    assert "https://" not in bundle["text/html"]
    assert bundle["text/html"].index("<img") < bundle["text/html"].index("<script")


def test_the_book_ships_the_script_once(view, monkeypatch):
    alone = view.html()
    monkeypatch.setenv(SHARED, "1")
    assert len(alone) - len(view.html()) > 15_000
    assert "DecompressionStream" not in view.html()
    assert "minillmViews" in view.html()
    for kind in script.VIEWS:
        assert f"VIEWS.{kind} = " in script.source(*script.VIEWS)


def test_a_saved_page_carries_its_script_even_in_the_book(view, monkeypatch, tmp_path):
    monkeypatch.setenv(SHARED, "1")
    path = view.save(tmp_path / "page.html")
    assert "DecompressionStream" in path.read_text(encoding="utf-8")
    assert os.listdir(tmp_path) == ["page.html"]


def test_saving_where_nothing_may_be_written_leaves_what_was_there(view, tmp_path, monkeypatch):
    path = tmp_path / "page.html"
    path.write_text("before")
    monkeypatch.setattr(os, "replace", lambda *names: (_ for _ in ()).throw(OSError("full")))
    with pytest.raises(OSError, match="full"):
        view.save(path)
    assert path.read_text() == "before"
    assert os.listdir(tmp_path) == ["page.html"]


def test_every_script_file_is_joined_and_no_comment_stays():
    for kind in script.VIEWS:
        folder = script.SCRIPTS / kind
        borrowed = [name for name in script.VIEWS[kind] if "/" in name]
        assert all((script.SCRIPTS / f"{name}.js").is_file() for name in borrowed)
        own = set(script.VIEWS[kind]) - set(borrowed)
        assert {file.stem for file in folder.glob("*.js")} == own
        joined = script.source(kind)
        assert not [line for line in joined.splitlines() if line.startswith("//")]
    assert {file.stem for file in (script.SCRIPTS / "core").glob("*.js")} == set(script.CORE)


def test_every_word_that_a_script_asks_for_is_in_the_catalogue(view):
    for kind in script.VIEWS:
        sections = ("viz", kind)
        shown = viz.View(
            kind=kind,
            header={},
            buffer=b"",
            caption="",
            draw=bytes,
            selection={},
            sections=sections,
        )
        files = [*(script.SCRIPTS / "core").glob("*.js"), *(script.SCRIPTS / kind).glob("*.js")]
        asked = {
            key
            for file in files
            for key in re.findall(r'say\(\s*"(\w+)"', file.read_text(encoding="utf-8"))
        }
        assert len(asked) > 3
        assert asked <= set(shown.strings)


def test_the_script_stays_within_its_size():
    for kind in script.VIEWS:
        assert len(script.inline(kind)) <= 60_000
        assert len(script.shared(kind)) <= 30_000  # a page may show several kinds


def test_a_page_loads_the_scripts_of_the_views_it_shows(view):
    rng = np.random.default_rng(0)
    steps = viz.attention_steps(*rng.normal(size=(3, 4, 4)), ['<script>{"kind":"curve"', *"abc"])
    page = view.html(shared=True) + steps.html(shared=True) + view.html(shared=True)
    assert script.kinds_on(page) == ("attention", "steps")
    assert script.kinds_on(view.html()) == ()  # it brings its own
    assert script.kinds_on("<p>Only words.</p>") == ()
    assert len(script.shared("attention", "steps")) < len(script.shared())


def test_a_live_view_can_be_read_and_written(view):
    pytest.importorskip("anywidget")
    live = view.live()
    assert live.head == [1, 2]
    assert live.token is None
    assert live.buffer == view.buffer
    assert "export default" in live._esm
    live.head = [0, 1]
    assert live.get_state("head") == {"head": [0, 1]}
    assert view.live().head == [1, 2]  # another widget has a selection of its own


def test_a_live_view_sends_a_head_that_the_page_lacks(view, monkeypatch):
    pytest.importorskip("anywidget")
    live = view.live()
    sent = []
    monkeypatch.setattr(live, "send", lambda content, buffers: sent.append((content, buffers)))
    live._handle_custom_msg({"need": [0, 1]}, [])
    live._handle_custom_msg({"other": 1}, [])
    assert sent == [({"have": [0, 1]}, [view.detail([0, 1])])]
