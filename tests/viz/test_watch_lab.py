"""A watched run in a real JupyterLab: it grows, it is stopped, it stays."""

import nbformat
import pytest

from tests.viz.pages import code_notebook, settle

pytestmark = pytest.mark.browser
pytest.importorskip("anywidget")

SETUP = """\
import math, time
import torch
from torch import nn
from minillm import viz
from minillm.batches import windows
from minillm.tokenizer import CharTokenizer
from minillm.training import TrainConfig, Trainer

text = "def read(self):\\n    return self.value\\n" * 500
tokenizer = CharTokenizer.train(text)
train, held_out = windows(text, tokenizer, context=16, batch_size=4)


class Slow(nn.Sequential):
    def forward(self, ids):
        time.sleep(0.02)
        return super().forward(ids)


def trainer(steps):
    torch.manual_seed(0)
    model = Slow(nn.Embedding(tokenizer.vocab_size, 16), nn.Linear(16, tokenizer.vocab_size))
    return Trainer(model, train, None, TrainConfig(steps=steps))
"""
LOOP = """\
run = trainer({steps})
seen = viz.watch(run, marks={{"ln V": math.log(tokenizer.vocab_size)}})
for step in seen:
    if step.step % 20 == 1:
        seen.note(sample=f"<b>written</b> after {{step.step}}")
"""
INSIDE = "document.querySelector('.minillm-host')?.shadowRoot"
PLACE = f"{INSIDE}.querySelector('.place').textContent"


def notebook(folder, name: str, *cells: str):
    return code_notebook(folder, name, SETUP, *cells)


def steps_shown(lab) -> int:
    """The step the view stands at: "Step 1,234 · ..."."""
    return int(lab.page.evaluate(PLACE).split("·")[0].removeprefix("Step ").replace(",", ""))


def outputs(lab, n: int) -> list:
    return lab.cells()[n]["outputs"]


def test_a_run_grows_is_stopped_and_stays(lab):
    path = notebook(
        lab.server.root,
        "stopped.ipynb",
        LOOP.format(steps=5000),
        "print(run.step, len(run.history), len(seen.history))\n"
        "assert run.history[-1].loss < run.history[0].loss",
        "view = viz.curve({'stopped': seen})\nview",
    )
    lab.open(path.name)
    lab.run_cell(0)
    lab.start_cell(1)
    lab.page.wait_for_function(f"{INSIDE}?.querySelector('.state:not([hidden])')")
    seen = 0
    for _ in range(4):  # it grows, again and again
        lab.page.wait_for_function(
            f"(seen) => Number(({PLACE}.match(/[\\d,]+/) ?? ['0'])[0].replace(',', '')) > seen",
            arg=seen,
        )
        seen = steps_shown(lab)
    assert lab.is_busy()
    lab.interrupt()
    assert [out["output_type"] for out in outputs(lab, 1)] == ["display_data", "error"]
    shown, stopped = outputs(lab, 1)
    assert set(shown["data"]) == {"text/html", "image/png", "text/plain"}
    assert len(stopped["traceback"]) == 1  # a line, not the way through the trainer
    assert "The model and its history are whole" in stopped["traceback"][0]
    lab.page.wait_for_function(f"{INSIDE}?.querySelector('.state').hidden")
    lab.run_cell(2)
    done, history, watched = map(int, outputs(lab, 2)[0]["text"].split())
    assert seen <= done == history == watched < 5000
    assert steps_shown(lab) == done
    assert lab.errors() == ["cell 1: KeyboardInterrupt: "]
    lab.save()
    assert "widgets" not in nbformat.read(path, as_version=4).metadata
    lab.shutdown_kernel()
    lab.open(path.name)
    lab.shutdown_kernel()
    lab.page.wait_for_function("document.querySelectorAll('.minillm-host').length >= 1")
    settle(lab.page)
    assert steps_shown(lab) == done
    assert "<b>written</b> after" in lab.page.locator("pre", has_text="written").first.inner_text()


CALLED = """\
import time
from types import SimpleNamespace
from minillm import viz

shown = viz.CurveCallback()
shown.on_train_begin()
for step in range(1, 10_000):
    time.sleep(0.02)
    shown.on_log(None, SimpleNamespace(global_step=step), None, {"loss": 1 / step})
"""


def test_a_loop_that_calls_back_leaves_its_curve_when_it_is_stopped(lab):
    path = notebook(lab.server.root, "called.ipynb", CALLED, "len(shown.history)")
    lab.open(path.name)
    lab.start_cell(1)
    lab.page.wait_for_function(f"{INSIDE}?.querySelector('.state:not([hidden])')")
    lab.page.wait_for_timeout(1000)
    lab.interrupt()
    lab.page.wait_for_function(f"{INSIDE}?.querySelector('.state').hidden")
    lab.run_cell(2)
    done = int(outputs(lab, 2)[0]["data"]["text/plain"])
    assert steps_shown(lab) == done > 10
    shown = [out for out in outputs(lab, 1) if out["output_type"] == "display_data"]
    assert [set(out["data"]) for out in shown] == [{"text/html", "image/png", "text/plain"}]
