"""The next-token view and the tokens view in a real JupyterLab: chosen in, read back, reopened."""

import nbformat
import pytest

from tests.viz.pages import code_notebook, settle

pytestmark = pytest.mark.browser
pytest.importorskip("anywidget")

SETUP = """\
import numpy as np
from minillm import viz
from minillm.tokenizer import BPETokenizer, ByteTokenizer
logits = np.random.default_rng(0).normal(size=(4, 6)) * 2
expected = viz.next_token(logits, ["a", "b", "c", "d", "e", "f"], [0, 1, 2, 3])
text = "shuffle the shuffle"
bpe = BPETokenizer.train(text * 9, vocab_size=270)
cut = viz.tokens({"bpe": bpe, "bytes": ByteTokenizer()}, text)
"""
HOSTS = "document.querySelectorAll('.minillm-host').length"


def notebook(folder, name: str, *cells: str):
    return code_notebook(folder, name, SETUP, *cells)


def drawn(lab, count: int) -> None:
    lab.page.wait_for_function(f"{HOSTS} >= {count}")
    settle(lab.page)


def test_python_reads_the_knobs_and_the_chosen_token(lab):
    told = "print(live.token, live.top_k, live.choice is not None)"
    path = notebook(lab.server.root, "knobs.ipynb", "live = expected.live()\nlive", told)
    lab.open(path.name)
    lab.run_all()
    assert lab.errors() == []
    drawn(lab, 1)
    assert lab.cells()[2]["outputs"][0]["text"] == "4 None False\n"
    lab.page.locator(".strip .token").nth(2).click()
    lab.page.locator(".bars tr[data-rank]").nth(1).click()
    slider = lab.page.locator(".knob input").nth(1)
    slider.focus()
    slider.press("Home")  # the leftmost stop keeps one token
    lab.page.wait_for_timeout(400)  # told a little later, once the slider rests
    lab.run_cell(2)
    assert lab.cells()[2]["outputs"][0]["text"] == "2 1 True\n"


def test_a_cell_moves_the_knobs_and_the_merges(lab):
    shown = "one = expected.live()\ntwo = cut.live()\nfrom IPython.display import display"
    moved = "one.top_k = 2\none.token = 1\ntwo.steps = {'bpe': 0, 'bytes': 0}"
    path = notebook(lab.server.root, "moved.ipynb", f"{shown}\ndisplay(one, two)", moved)
    lab.open(path.name)
    lab.run_all()
    assert lab.errors() == []
    drawn(lab, 2)
    lab.page.wait_for_selector("text=2 of 6 tokens may be drawn")
    lab.page.wait_for_selector("text=Every token is one byte")
    assert lab.page.locator(".stepper input").input_value() == "0"


def test_keys_in_the_views_leave_the_notebook_alone(lab):
    path = notebook(lab.server.root, "typed.ipynb", "expected", "cut")
    lab.open(path.name)
    lab.run_all()
    drawn(lab, 2)
    active = "window.jupyterapp.shell.currentWidget.content.activeCellIndex"
    for panel in (lab.page.locator(".bars").locator(".."), lab.page.locator(".strip").last):
        panel.focus()
        before = lab.page.evaluate(active)
        for key in ("ArrowDown", "ArrowUp", "a", "Enter"):  # "a" would add a cell
            lab.page.keyboard.press(key)
        settle(lab.page)
        assert lab.page.evaluate(active) == before
        assert len(lab.cells()) == 3


def test_a_saved_notebook_draws_again_with_no_kernel(lab):
    path = notebook(lab.server.root, "kept.ipynb", "expected", "cut")
    lab.open(path.name)
    lab.run_all()
    assert lab.errors() == []
    drawn(lab, 2)
    lab.save()
    saved = nbformat.read(path, as_version=4)
    assert "widgets" not in saved.metadata
    for cell in saved.cells[1:]:
        assert {"text/html", "image/png", "text/plain"} <= set(cell.outputs[0].data)
    lab.shutdown_kernel()
    lab.open(path.name)
    lab.shutdown_kernel()
    drawn(lab, 2)
    lab.page.locator(".strip .token", has_text="shuffle").first.hover()
    settle(lab.page)
    assert "position 0" in lab.page.locator(".line").inner_text()


def test_a_notebook_that_is_not_trusted_shows_the_pictures(lab):
    path = notebook(lab.server.root, "strange.ipynb", "expected", "cut")
    made = nbformat.read(path, as_version=4)
    space: dict = {}
    exec(SETUP, space)
    for cell, name in zip(made.cells[1:], ("expected", "cut"), strict=True):
        bundle = space[name]._repr_mimebundle_()
        cell.outputs = [nbformat.v4.new_output("execute_result", data=bundle, execution_count=2)]
    nbformat.write(made, path)
    lab.open(path.name)
    lab.page.wait_for_selector(".jp-OutputArea img")
    assert lab.page.evaluate(HOSTS) == 0
    assert lab.page.locator(".jp-OutputArea img").count() == 2
