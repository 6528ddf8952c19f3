"""lessons/build.py: notebooks in step with their lessons, the same bytes every time."""

import sys
from types import ModuleType, SimpleNamespace

import matplotlib
import nbformat
import pytest
from IPython.core.inputtransformer2 import TransformerManager

from lessons.build import build, lessons, main, notebook_of, out_of_step, render
from minillm.language import LANGUAGES, language

ADDRESS = "https://example.org/some/course"

LESSON = """\
---
kernelspec:
  display_name: Python 3 (ipykernel)
  language: python
  name: python3
minillm:
  prerequisites: [two hands]
  objectives: [count to three]
  minutes: 30
---
# How far can you count?

中文也可以。

```{code-cell} ipython3
:tags: [interrupt]

print("one")
```

```{code-cell} ipython3
print("two")
```

```{code-cell} ipython3
print("two")
```

+++ {"tags": ["teacher"]}

For the teacher.

+++

For all.
"""


@pytest.fixture
def course(tmp_path):
    """A course of one lesson in each language, not yet built."""
    (tmp_path / "pyproject.toml").write_text(f'[project.urls]\nRepository = "{ADDRESS}"\n')
    for folder in (tmp_path / "lessons", tmp_path / "lessons/zh"):
        folder.mkdir()
        (folder / "01_counting.md").write_text(LESSON, encoding="utf-8")
        (folder / "index.md").write_text("# Not a lesson\n")
    return tmp_path


def read(course, lang="en"):
    return nbformat.read(notebook_of(lessons(course, lang)[0], course, lang), as_version=4)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_notebook_is_in_step_with_its_lesson(lang):
    assert out_of_step(langs=(lang,)) == {}, "run `make notebooks`"


def test_building_goes_from_missing_to_in_step(course):
    before = build(course)
    assert [path.relative_to(course).as_posix() for path in before] == [
        "notebooks/01_counting.ipynb",
        "notebooks/zh/01_counting.ipynb",
    ]
    assert set(before.values()) == {"missing"}
    assert out_of_step(course) == {}


def test_building_twice_writes_the_same_bytes(course):
    (lesson,) = lessons(course)
    first = render(lesson, url=ADDRESS)
    assert render(lesson, url=ADDRESS) == first
    build(course)
    notebook = notebook_of(lesson, course)
    assert notebook.read_bytes() == first.encode()
    written = notebook.stat().st_mtime_ns
    assert build(course) == {}
    assert notebook.stat().st_mtime_ns == written, "an up-to-date notebook was written again"


def test_a_run_notebook_is_stale_and_its_outputs_go(course):
    build(course)
    path = notebook_of(lessons(course)[0], course)
    notebook = read(course)
    notebook.cells[2].outputs = [nbformat.v4.new_output("stream", text="one\n")]
    notebook.cells[2].execution_count = 1
    notebook.metadata["widgets"] = {}
    nbformat.write(notebook, path)
    assert out_of_step(course) == {path: "stale"}
    build(course)
    clean = read(course)
    assert "widgets" not in clean.metadata
    for cell in clean.cells:
        if cell.cell_type == "code":
            assert (cell.outputs, cell.execution_count) == ([], None)


def test_a_notebook_without_a_lesson_is_named_and_kept(course, capsys):
    build(course)
    orphan = course / "notebooks" / "07_gone.ipynb"
    orphan.write_text("{}")
    (course / "notebooks" / "01_counting-Copy1.ipynb").write_text("{}")  # a learner's own
    assert out_of_step(course) == {orphan: "orphan"}
    assert main([], course) == 0
    assert orphan.exists()
    assert "notebooks/07_gone.ipynb  orphan" in capsys.readouterr().out


def test_check_writes_nothing_and_fails_when_out_of_step(course, capsys):
    assert main(["--check", "--lang", "zh"], course) == 1
    assert capsys.readouterr().out == "notebooks/zh/01_counting.ipynb  missing\n"
    assert not (course / "notebooks").exists()
    assert main(["--lang", "zh"], course) == 0
    assert main(["--check", "--lang", "zh"], course) == 0
    assert not notebook_of(lessons(course)[0], course).exists(), "English was not asked for"


def test_what_a_notebook_is_made_of(course):
    build(course)
    path = notebook_of(lessons(course)[0], course)
    notebook = read(course)
    nbformat.validate(notebook)
    assert path.read_text(encoding="utf-8").endswith("}\n")
    assert "中文也可以" in path.read_text(encoding="utf-8")
    assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
    assert notebook.metadata == {
        "kernelspec": {
            "display_name": "Python 3 (ipykernel)",
            "language": "python",
            "name": "python3",
        },
        "language_info": {"name": "python"},
        "minillm": {
            "prerequisites": ["two hands"],
            "objectives": ["count to three"],
            "minutes": 30,
        },
    }
    kinds = [(cell.cell_type, cell.metadata.get("tags")) for cell in notebook.cells]
    assert kinds == [
        ("code", ["colab"]),
        ("markdown", None),
        ("code", ["interrupt"]),
        ("code", None),
        ("code", None),
        ("markdown", ["teacher"]),
        ("markdown", None),
    ]


def test_cells_keep_their_ids_when_their_neighbours_change(course):
    build(course)
    before = read(course).cells
    assert len({cell.id for cell in before}) == len(before), "equal cells share an id"
    lesson = lessons(course)[0]
    changed = lesson.read_text(encoding="utf-8").replace("How far", "How very far")
    lesson.write_text(changed, encoding="utf-8")
    build(course)
    kept = [old.id == new.id for old, new in zip(before, read(course).cells, strict=True)]
    assert kept == [True, False, True, True, True, True, True]


def test_a_lesson_that_cannot_be_read_is_named(course):
    lesson = lessons(course)[0]
    lesson.write_text("---\nminillm: [\n---\n# Broken\n")
    with pytest.raises(ValueError, match=r"01_counting\.md cannot be read as a notebook"):
        render(lesson, url=ADDRESS)


@pytest.fixture
def run_first_cell(course, monkeypatch):
    """Runs the first cell of a language's notebook; gives what it asked of IPython."""
    monkeypatch.setenv("MINILLM_LANG", "en")

    def run(lang):
        build(course)
        commands = []
        shell = SimpleNamespace(run_line_magic=lambda *command: commands.append(command))
        code = TransformerManager().transform_cell(read(course, lang).cells[0].source)
        with matplotlib.rc_context():
            exec(code, {"get_ipython": lambda: shell})
            commands.append(list(matplotlib.rcParams["font.family"]))
        return commands

    return run


@pytest.mark.parametrize("on_colab", [False, True])
@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_first_cell_installs_the_package_on_colab_and_only_there(
    run_first_cell, lang, on_colab, monkeypatch
):
    if on_colab:
        monkeypatch.setitem(sys.modules, "google.colab", ModuleType("google.colab"))
    commands = run_first_cell(lang)[:-1]
    installed = [("pip", f"install --quiet --no-deps git+{ADDRESS}")]
    assert commands == (installed if on_colab else [])


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_first_cell_sets_the_language_and_a_font_for_it(run_first_cell, lang, monkeypatch):
    monkeypatch.setattr("minillm.viz.fonts.chinese_font", lambda: "Some Chinese Font")
    families = run_first_cell(lang)[-1]
    assert language() == lang
    assert ("Some Chinese Font" in families) == (lang == "zh")


def test_a_notebook_holds_nothing_of_its_translators_marks(course):
    lesson = lessons(course, "zh")[0]
    marked = LESSON.replace('+++ {"tags"', '+++ {"english": "h1", "now": "h2", "tags"')
    marked = marked.replace(":tags: [interrupt]", ":tags: [interrupt]\n:english: h3")
    lesson.write_text(marked, encoding="utf-8")
    build(course)
    keys = [sorted(cell.metadata) for cell in read(course, "zh").cells[1:]]
    assert keys == [[], ["tags"], [], [], ["tags"], []]


@pytest.mark.parametrize(
    ("lang", "link", "leads"),
    [
        ("en", "02_more.md", "02_more.ipynb"),
        ("en", "zh/02_more.md#here", "zh/02_more.ipynb#here"),
        ("zh", "../02_more.md", "../02_more.ipynb"),
        ("en", "glossary.md", f"{ADDRESS}/blob/main/lessons/glossary.md"),
        ("zh", "glossary.md#gpt", f"{ADDRESS}/blob/main/lessons/zh/glossary.md#gpt"),
        ("zh", "../glossary.md", f"{ADDRESS}/blob/main/lessons/glossary.md"),
        ("en", "https://a.org/x.md", "https://a.org/x.md"),
    ],
)
def test_links_lead_from_a_notebook_where_they_led_from_the_lesson(course, lang, link, leads):
    lesson = lessons(course, lang)[0]
    lesson.write_text(LESSON.replace("For all.", f"See [this]({link})."), encoding="utf-8")
    build(course)
    assert read(course, lang).cells[-1].source == f"See [this]({leads})."
