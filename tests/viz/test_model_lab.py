"""The model in the page in a real JupyterLab: typed to, read back, saved, reopened, not trusted."""

import nbformat
import pytest

from minillm import viz
from minillm.lens import record
from minillm.models.gpt import GPT, GPTConfig
from minillm.tokenizer import CharTokenizer
from tests.viz.pages import code_notebook

pytestmark = pytest.mark.browser
pytest.importorskip("anywidget")

SETUP = """\
from minillm import viz
from minillm.lens import record
from minillm.models.gpt import GPT, GPTConfig
from minillm.tokenizer import CharTokenizer
letters = CharTokenizer.train("abc ")
shape = GPTConfig(vocab_size=4, context=16, layers=1, heads=2, width=8)
talk = viz.model(*record.weights(GPT(shape)), letters, prompts=["abc"], name="Tiny")
"""
HOSTS = "document.querySelectorAll('.minillm-host').length"


def wait_for_chips(lab, count: int) -> None:
    lab.page.wait_for_function(
        """(count) => document.querySelector('.minillm-host')?.shadowRoot
            .querySelectorAll('.token').length === count""",
        arg=count,
    )


def test_python_reads_what_was_typed(lab):
    path = code_notebook(
        lab.server.root, "talk.ipynb", SETUP, "live = talk.live()\nlive", "live.text"
    )
    lab.open(path.name)
    lab.run_all()
    assert lab.errors() == []
    wait_for_chips(lab, 3)
    lab.page.get_by_role("textbox", name="Type a text").fill("ab cab")
    wait_for_chips(lab, 6)
    lab.page.get_by_role("button", name="One token").click()
    wait_for_chips(lab, 7)
    assert len(lab.cells()) == 3  # what was typed did not reach the notebook's keys
    lab.run_cell(2)
    assert lab.cells()[2]["outputs"][0]["data"]["text/plain"] == "'ab cab'"


def test_a_saved_notebook_talks_again_with_no_kernel(lab):
    path = code_notebook(lab.server.root, "kept.ipynb", SETUP, "talk")
    lab.open(path.name)
    lab.run_all()
    assert lab.errors() == []
    wait_for_chips(lab, 3)
    lab.save()
    saved = nbformat.read(path, as_version=4)
    assert "widgets" not in saved.metadata
    assert {"text/html", "image/png", "text/plain"} <= set(saved.cells[1].outputs[0].data)
    lab.shutdown_kernel()
    lab.open(path.name)
    lab.shutdown_kernel()
    wait_for_chips(lab, 3)
    lab.page.get_by_role("button", name="One token").click()
    wait_for_chips(lab, 4)


def test_a_notebook_that_is_not_trusted_shows_the_picture(lab):
    letters = CharTokenizer.train("abc ")
    model = GPT(GPTConfig(vocab_size=4, context=16, layers=1, heads=2, width=8))
    bundle = viz.model(*record.weights(model), letters, prompts=["abc"])._repr_mimebundle_()
    path = code_notebook(lab.server.root, "strange.ipynb", "talk")
    made = nbformat.read(path, as_version=4)
    made.cells[0].outputs = [
        nbformat.v4.new_output("execute_result", data=bundle, execution_count=1)
    ]
    nbformat.write(made, path)
    lab.open(path.name)
    lab.page.wait_for_selector(".jp-OutputArea img")
    assert lab.page.evaluate(HOSTS) == 0
