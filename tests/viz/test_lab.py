"""The views in a real JupyterLab: run, chosen in, saved, reopened with no kernel, not trusted."""

import nbformat
import numpy as np
import pytest

from minillm import viz
from tests.viz.pages import code_notebook, settle

pytestmark = pytest.mark.browser
pytest.importorskip("anywidget")

SETUP = """\
import numpy as np
from minillm import viz
tokens = ["The", " cat", " sat", " on", " it"]
weights = np.random.default_rng(0).dirichlet(np.ones(5), size=(2, 3, 5))
view = viz.attention(weights, tokens, head=(1, 1))
"""
BERTVIZ_DRAWN = """() => [...document.querySelectorAll('.minillm-bertviz')]
    .filter(view => view.querySelector('svg line')).length === 2"""
HOSTS = "document.querySelectorAll('.minillm-host').length"


def notebook(folder, name: str, *cells: str):
    return code_notebook(folder, name, SETUP, *cells)


def drawn(lab, count: int = 1) -> None:
    """Wait until so many views stand on the page."""
    lab.page.wait_for_function(f"{HOSTS} >= {count}")
    settle(lab.page)


def test_python_reads_what_is_chosen_in_a_live_view(lab):
    path = notebook(
        lab.server.root, "live.ipynb", "live = view.live()\nlive", "print(live.head, live.token)"
    )
    lab.open(path.name)
    lab.run_all()
    assert lab.errors() == []
    drawn(lab)
    assert lab.cells()[2]["outputs"][0]["text"] == "[1, 1] None\n"
    overview = lab.page.locator(".side canvas").first.bounding_box()
    lab.page.mouse.click(overview["x"] + 45, overview["y"] + 40)  # layer 0, head 0
    lab.page.locator(".token", has_text="sat").click()
    settle(lab.page)
    lab.run_cell(2)
    assert lab.cells()[2]["outputs"][0]["text"] == "[0, 0] 2\n"


def test_a_cell_can_choose_in_a_live_view(lab):
    path = notebook(
        lab.server.root,
        "told.ipynb",
        "live = view.live()\nlive",
        "live.head = [0, 2]\nlive.token = 4",
    )
    lab.open(path.name)
    lab.run_all()
    drawn(lab)
    lab.page.wait_for_selector("text=Layer 0 · Head 2")
    assert "(4)" in lab.page.locator(".readout").inner_text()


def test_a_saved_notebook_draws_again_with_no_kernel(lab):
    bertviz = [f"viz.bertviz_{kind}(weights, tokens)" for kind in ("heads", "model")]
    path = notebook(lab.server.root, "saved.ipynb", "view", *bertviz)
    lab.open(path.name)
    lab.run_all()
    assert lab.errors() == []
    drawn(lab)
    lab.page.wait_for_function(BERTVIZ_DRAWN)
    lab.save()
    outputs = nbformat.read(path, as_version=4).cells[1].outputs[0].data
    assert {"text/html", "image/png", "text/plain"} <= set(outputs)
    assert "widgets" not in nbformat.read(path, as_version=4).metadata
    lab.shutdown_kernel()
    lab.open(path.name)
    lab.shutdown_kernel()
    drawn(lab)
    lab.page.wait_for_function(BERTVIZ_DRAWN)
    lab.page.locator(".token", has_text="sat").hover()
    settle(lab.page)
    assert "sat" in lab.page.locator(".readout").inner_text()


def test_keys_in_a_view_leave_the_notebook_alone(lab):
    path = notebook(lab.server.root, "keys.ipynb", "view", "1 + 1")
    lab.open(path.name)
    lab.run_all()
    drawn(lab)
    active = "window.jupyterapp.shell.currentWidget.content.activeCellIndex"
    lab.page.locator(".stage").focus()
    before = lab.page.evaluate(active)
    for key in ("ArrowUp", "ArrowUp", "ArrowDown", "a", "Enter"):  # "a" would add a cell
        lab.page.keyboard.press(key)
    settle(lab.page)
    assert lab.page.evaluate(active) == before
    assert len(lab.cells()) == 3
    assert "Pinned." in lab.page.locator(".view [aria-live]").text_content()


def test_a_notebook_that_is_not_trusted_shows_the_picture(lab):
    path = notebook(lab.server.root, "foreign.ipynb", "view")
    source = nbformat.read(path, as_version=4)
    weights = np.random.default_rng(0).dirichlet(np.ones(5), size=(2, 3, 5))
    bundle = viz.attention(weights, ["a", "b", "c", "d", "e"])._repr_mimebundle_()
    output = nbformat.v4.new_output("execute_result", data=bundle, execution_count=2)
    source.cells[1].outputs = [output]
    nbformat.write(source, path)
    lab.open(path.name)
    lab.page.wait_for_selector(".jp-OutputArea img")
    assert lab.page.evaluate(HOSTS) == 0
    assert lab.page.locator(".jp-OutputArea img").bounding_box()["width"] > 400
    shown = lab.page.locator(".jp-OutputArea-output").last.inner_text()
    assert "buffer" not in shown  # no data lying about
    assert "=>" not in shown  # no script either


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_view_follows_jupyterlab_s_theme(lab, tmp_path, theme):
    path = notebook(lab.server.root, "themes.ipynb", "view")
    lab.open(path.name)
    lab.run_all()
    drawn(lab)
    lab.screenshot(tmp_path / "lab.png", theme)
    assert lab.page.locator(".view").get_attribute("data-theme") == theme


def test_a_live_view_of_a_long_text_fetches_the_heads_it_lacks(lab):
    long = """
from minillm.viz import payload
payload.BUDGET = 12_000
T = 100
tokens = [f"t{i}" for i in range(T)]
weights = np.random.default_rng(0).dirichlet(np.ones(T), size=(4, 4, T))
view = viz.attention(weights, tokens, head=(0, 0))
left = [[l, h] for l in range(4) for h in range(4) if [l, h] not in view.header["whole"]]
live = view.live()
live"""
    path = notebook(lab.server.root, "long.ipynb", long, "live.head = left[-1]\nlive.token = 51")
    lab.open(path.name)
    lab.run_all()
    assert lab.errors() == []
    drawn(lab)
    # a pooled matrix has no row of its own for position 51
    lab.page.wait_for_function(
        """() => document.querySelector('.minillm-host').shadowRoot
            .querySelector('.readout').textContent.includes('(51)')"""
    )
