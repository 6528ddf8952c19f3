"""Watching a run: every step is passed on, and what stays behind is whole."""

import signal

import nbformat
import numpy as np
import pytest
from nbclient import NotebookClient

from minillm import viz
from minillm.viz import screen
from tests.viz.runs import records


class Running:
    """Stands for a trainer: keeps a history, can be gone on with."""

    def __init__(self, steps):
        self.history, self._left = [], records(steps)

    def __iter__(self):
        while self._left:
            self.history.append(self._left.pop(0))
            yield self.history[-1]


class Page:
    """Stands for a notebook on screen: keeps what it is shown and sent."""

    def __init__(self, monkeypatch):
        self.shown, self.sent, self.closed = [], [], False
        monkeypatch.setattr(screen, "kernel", lambda: self)
        monkeypatch.setattr(screen, "_is_looked_at", lambda running: True)
        monkeypatch.setattr("IPython.display.display", self.display)

    def display(self, widget, display_id):
        self.widget = widget
        widget.observe(lambda change: self.sent.append(change["new"]), "header")
        return self

    def update(self, shown, raw=False):
        assert self.widget.comm is not None  # still there: nothing flickers
        self.shown.append(shown)


@pytest.fixture
def page(monkeypatch):
    pytest.importorskip("anywidget")
    return Page(monkeypatch)


def test_every_step_is_passed_on_as_it_is():
    told = records(20)
    assert [step is record for step, record in zip(viz.watch(told), told, strict=True)] == [
        True
    ] * 20


def test_in_a_script_nothing_is_shown(capsys):
    for _ in viz.watch(records(3)):
        pass
    assert capsys.readouterr().out == ""


def test_notes_stay_with_their_step():
    seen = viz.watch(records(10, every=100))
    for step in seen:
        if step["step"] == 4:
            seen.note(sample="four")
    assert [record.get("sample") for record in seen.history][2:5] == [None, "four", None]
    assert viz.curve({"a": seen}).header["runs"][0]["samples"] == [[4.0, "four"]]
    assert seen.view.header["runs"] == viz.curve({"": seen}).header["runs"]


def test_a_run_is_gone_on_with():
    run = Running(30)
    for step in viz.watch(run):
        if step["step"] == 10:
            break
    seen = viz.watch(run)
    assert len(seen.history) == 10
    for _ in seen:
        pass
    assert seen.history == run.history
    assert len(run.history) == 30


def test_a_bad_record_is_refused_at_once():
    with pytest.raises(ValueError, match="record 1 is 'word'; expected a loss"):
        next(iter(viz.watch(["word"])))


def test_the_view_grows_and_is_replaced(page, monkeypatch):
    monkeypatch.setattr(screen, "PAUSE", 0)
    monkeypatch.setattr(screen, "SHARE", 1e9)
    for _ in viz.watch(records(50), against={"before": records(30)}, floor=1.0):
        pass
    rows = [header["runs"][1]["rows"] for header in page.sent]
    assert rows == list(range(1, 51))
    assert all(header["live"] and header["runs"][0]["rows"] == 30 for header in page.sent)
    (view,) = page.shown
    assert isinstance(view, viz.View)
    assert view.header["live"] is False
    assert view.header["runs"][1]["rows"] == 50
    assert page.widget.comm is None  # closed


def test_drawing_keeps_to_its_rate_and_its_share(page, monkeypatch):
    clock = iter(range(10**6))
    monkeypatch.setattr(screen.time, "perf_counter", lambda: next(clock) / 100)
    for _ in viz.watch(records(240)):  # a look at the clock: 10 ms; a drawing: two
        pass
    # a drawing of 10 ms earns a pause of 2 s: two hundred looks
    assert len(page.sent) == 2


def test_there_are_at_most_ten_messages_a_second(page, monkeypatch):
    looks = []
    monkeypatch.setattr(screen, "SHARE", 1e9)  # drawing may cost what it likes
    monkeypatch.setattr(screen.time, "perf_counter", lambda: looks.append(0) or len(looks) / 1000)
    sent = []
    for _ in viz.watch(records(1000)):
        if len(page.sent) > len(sent):
            sent.append(len(looks) / 1000)
    assert len(sent) > 3
    assert min(np.diff(sent)) >= 0.1


@pytest.mark.parametrize("error", [KeyboardInterrupt, FloatingPointError, RuntimeError])
def test_whatever_ends_the_loop_the_curve_stays(page, error):
    def body(step):
        if step["step"] == 20:
            raise error

    with pytest.raises(error):
        [body(step) for step in viz.watch(records(50))]
    (view,) = page.shown
    assert view.header["runs"][0]["rows"] == 20


def test_an_interrupted_trainer_says_so_in_a_line(page):
    class Stopped(Running):
        def __iter__(self):
            yield from (step for step, _ in zip(super().__iter__(), range(7), strict=False))
            raise KeyboardInterrupt  # step 8 is done and in the history, and was not passed on

    with pytest.raises(KeyboardInterrupt) as caught:
        for _ in viz.watch(Stopped(50)):
            pass
    (line,) = caught.value._render_traceback_()
    assert line.startswith("Stopped after step 8.")
    assert page.shown[0].header["runs"][0]["rows"] == 8


def test_no_step_leaves_no_curve(page):
    for _ in viz.watch([]):
        pass
    assert page.shown == [{"text/plain": "No step was taken."}]


def test_a_second_press_does_not_cut_the_end_short():
    with screen._undisturbed():
        signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@pytest.mark.parametrize(
    ("msg_id", "looked_at"),
    [
        ("0d1f4a52-9d51-4b8e-8f0d-6a3c1d2e4f50", True),  # JupyterLab
        ("92f0a0c8-3bd7e5a1f2c4d6e8_10412_17", False),  # jupyter_client
    ],
)
def test_a_page_is_told_from_a_program(msg_id, looked_at):
    pytest.importorskip("anywidget")

    class Kernel:
        def get_parent(self):
            return {"header": {"msg_id": msg_id}}

    assert screen._is_looked_at(Kernel()) == looked_at


CELL = """\
from minillm import viz
for step in viz.watch([3.0, 2.0, 1.0]):
    print(step)
"""


def test_a_notebook_that_nobody_looks_at_keeps_the_still_view_alone():
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(CELL)])
    NotebookClient(notebook, kernel_name="python3", timeout=120).execute()
    display, printed = notebook.cells[0].outputs
    assert set(display.data) == {"text/html", "image/png", "text/plain"}
    assert display.data["text/plain"].startswith("Loss fell from 3.00 to 1.00 in 3 steps.")
    assert printed.text == "3.0\n2.0\n1.0\n"
    assert "widgets" not in notebook.metadata
