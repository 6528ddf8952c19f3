"""Lessons in a real JupyterLab: run all, press the square in mid-training, carry on."""

import shutil
from pathlib import Path

import nbformat
import pytest
from matplotlib import image

from lessons.build import lessons, notebook_of

pytestmark = pytest.mark.browser


def interruptible(notebook):
    """The cell that a learner may interrupt, tagged in the lesson, and the code cell after it."""
    tagged = [n for n, c in enumerate(notebook.cells) if "interrupt" in c.metadata.get("tags", [])]
    if not tagged:
        return None
    (first,) = tagged
    after = [n for n, c in enumerate(notebook.cells) if n > first and c.cell_type == "code"]
    return first, after[0]


def lessons_to_interrupt():
    for path in filter(Path.exists, map(notebook_of, lessons())):
        if cells := interruptible(nbformat.read(path, as_version=4)):
            yield pytest.param(path, *cells, id=path.stem)


def test_a_lesson_can_be_interrupted():
    assert list(lessons_to_interrupt()), "tag the training cell of lesson 06 with `interrupt`"


@pytest.mark.parametrize(("notebook", "training", "following"), list(lessons_to_interrupt()))
def test_a_lesson_runs_is_interrupted_and_carries_on(lab, notebook, training, following):
    shutil.copy(notebook, lab.server.root)
    lab.open(notebook.name)
    lab.run_all(seconds=600)  # tests/test_book.py holds lessons to less; here others compute too
    assert lab.errors() == []
    assert all(cell["execution_count"] for cell in lab.cells() if cell["cell_type"] == "code")
    whole = lab.seconds(training)

    lab.start_cell(training)
    lab.page.wait_for_timeout(min(3000, whole * 300))
    assert lab.is_busy(), "the cell was over before the square was pressed"
    lab.interrupt()
    assert lab.seconds(training) < 0.8 * whole, "the cell ran to its end all the same"
    lab.run_cell(following)
    assert lab.errors() == [], "the training cell catches its interrupt and says how far it came"
    counts = [lab.cells()[n]["execution_count"] for n in (training, following)]
    assert counts[0] < counts[1], "the cell after it did not run"


TRAINING = """\
import time
steps = 0
try:
    for steps in range(60):
        time.sleep(0.1)
        print(steps)
except KeyboardInterrupt:
    print("stopped")
"""


@pytest.fixture
def counting(lab):
    """A small notebook, open: prose, a cell that counts for six seconds, one that looks at it."""
    v4 = nbformat.v4
    notebook = v4.new_notebook(
        cells=[
            v4.new_markdown_cell("# 数一数\n\n" + "A line of prose.\n\n" * 40),
            v4.new_code_cell(TRAINING, metadata={"tags": ["interrupt"]}),
            v4.new_code_cell("steps"),
            v4.new_code_cell("1 / 0"),
        ],
        metadata={"kernelspec": {"display_name": "Python 3 (ipykernel)", "name": "python3"}},
    )
    path = lab.server.root / "counting.ipynb"
    nbformat.write(notebook, path)
    lab.open(path.name)
    return path


def result(lab, n):
    return lab.cells()[n]["outputs"][0]["data"]["text/plain"]


def test_the_square_stops_a_cell_and_the_next_one_sees_how_far_it_came(lab, counting):
    assert not lab.is_busy()
    lab.start_cell(1)
    lab.page.wait_for_timeout(1500)
    assert lab.is_busy()
    lab.interrupt()
    assert lab.cells()[1]["outputs"][0]["text"].endswith("stopped\n")
    lab.run_cell(2)
    assert 0 < int(result(lab, 2)) < 59
    assert lab.seconds(1) < 6


def test_an_error_is_seen_and_a_saved_notebook_shows_its_outputs_again(lab, counting):
    lab.run_all()
    assert result(lab, 2) == "59"
    assert lab.errors() == ["cell 3: ZeroDivisionError: division by zero"]
    assert lab.seconds(1) > 6
    lab.save()
    assert nbformat.read(counting, as_version=4).cells[2].execution_count == 2
    lab.shutdown_kernel()
    lab.open(counting.name)
    assert result(lab, 2) == "59"


def test_pictures_show_the_whole_notebook_in_both_themes(lab, counting, tmp_path):
    pixels = {}
    for theme in ("light", "dark"):
        lab.screenshot(tmp_path / f"{theme}.png", theme)
        pixels[theme] = image.imread(tmp_path / f"{theme}.png")[..., :3]
    assert pixels["light"].shape == pixels["dark"].shape
    assert pixels["light"].shape[0] > lab.page.viewport_size["height"]
    assert pixels["light"].mean() > 0.8
    assert pixels["dark"].mean() < 0.3


def test_a_reach_of_the_page_for_the_network_is_refused_and_seen(lab, counting):
    fetch = "fetch('http://example.org/x').then(() => 'answered', () => 'refused')"
    assert lab.page.evaluate(fetch) == "refused"
    assert lab.outside == ["http://example.org/x"]
    lab.outside.clear()  # else the fixture fails the test
