"""Every lesson has its form, and what runs lessons lets none reach the network.

That each one runs, and what it costs, is in test_book.py: the book executes them.
"""

import jupytext
import nbformat
import pytest
import yaml
from jupytext.config import load_jupytext_config
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from lessons.build import KERNEL, lessons, notebook_of
from lessons.offline import Offline
from minillm.language import LANGUAGES

CODE_CELLS = 25
SCREEN_LINES = 45
HEAD = ("objectives", "prerequisites", "minutes", "misconceptions", "discuss")

each_lesson = pytest.mark.parametrize(
    ("lang", "lesson"),
    [
        pytest.param(lang, lesson, id=f"{lang} {lesson.stem}")
        for lang in LANGUAGES
        for lesson in lessons(lang=lang)
    ],
)


def run(notebook, offline):
    """Run a notebook in a kernel that has no network."""
    client = NotebookClient(
        notebook,
        timeout=60,
        kernel_name=KERNEL["name"],
        resources={"metadata": {"path": str(offline.folder)}},
    )
    client.execute(env=offline.env)


def test_the_course_has_lessons():
    assert lessons()


def code(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"][1:]  # the builder's own


@each_lesson
def test_a_lesson_has_its_head(lang, lesson):
    head = nbformat.read(notebook_of(lesson, lang=lang), as_version=4).metadata.get("minillm", {})
    assert [name for name in HEAD if name not in head] == []
    assert 20 <= head["minutes"] <= 50
    assert head["objectives"]
    assert head["misconceptions"]
    assert head["discuss"]


@each_lesson
def test_a_lessons_title_is_a_question(lang, lesson):
    titles = [line for line in lesson.read_text(encoding="utf-8").splitlines() if line[:2] == "# "]
    assert titles[0].endswith({"en": "?", "zh": "？"}[lang])


@each_lesson
def test_a_lesson_is_one_sitting(lang, lesson):
    cells = code(nbformat.read(notebook_of(lesson, lang=lang), as_version=4))
    assert len(cells) <= CODE_CELLS
    assert [cell.source for cell in cells if cell.source.count("\n") >= SCREEN_LINES] == []


@each_lesson
def test_a_lesson_opened_in_jupyterlab_stays_as_it_is(lang, lesson):
    """JupyterLab rewrites a Markdown notebook that names its kernel or language otherwise."""
    text = lesson.read_text(encoding="utf-8")
    assert f"display_name: {KERNEL['display_name']}" in text
    assert text.count("\n```{code-cell}") == text.count("\n```{code-cell} ipython3\n") > 0


@each_lesson
def test_a_lesson_saved_in_jupyterlab_keeps_its_head(lang, lesson):
    """What JupyterLab keeps is a setting in pyproject.toml; by itself it would drop the head."""
    text = lesson.read_text(encoding="utf-8")
    config = load_jupytext_config(str(lesson))
    notebook = jupytext.reads(text, fmt="md:myst", config=config)
    saved = jupytext.writes(notebook, fmt="md:myst", config=config)
    before, after = (yaml.safe_load(t.split("---\n", 2)[1]) for t in (text, saved))
    assert after == before


def notebook_with(*sources):
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(s) for s in sources])


def test_a_reach_for_the_network_is_refused_and_seen_even_when_it_is_caught(tmp_path):
    offline = Offline(tmp_path)
    reach = "import urllib.request\ntry: urllib.request.urlopen('http://example.org')"
    notebook = notebook_with(
        f"{reach}\nexcept OSError as error: print(error)",
        "import socket, sys, subprocess\nlistener = socket.create_server(('127.0.0.1', 0))",
        "socket.create_connection(listener.getsockname()).close(); listener.close()",
        "command = \"import socket; socket.create_connection(('192.0.2.1', 80))\"",
        "assert subprocess.run([sys.executable, '-c', command], stderr=-3).returncode == 1",
        "held = b'1' * 300_000_000",
    )
    run(notebook, offline)
    assert "no network in this test" in notebook.cells[0].outputs[0].text
    assert offline.attempts() == [
        "socket.getaddrinfo example.org",
        "socket.getaddrinfo 192.0.2.1",
    ]
    assert 300_000_000 < offline.peak_bytes() < 600_000_000


def test_a_failing_cell_fails_the_run(tmp_path):
    with pytest.raises(CellExecutionError, match="1 / 0"):
        run(notebook_with("1 / 0"), Offline(tmp_path))
