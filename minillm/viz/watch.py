"""Watching a run: the curve grows while the loop runs, and stays when it ends. Lesson 06."""

import importlib.util
import re
import signal
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from minillm.language import say
from minillm.viz.columns import pack
from minillm.viz.curve import SECTIONS, look, view_of
from minillm.viz.engine import View
from minillm.viz.history import Log, logs

PAUSE = 0.2  # seconds between two drawings, at least
SHARE = 0.01  # of the time may go into drawing


class watch:
    """Goes through training steps and shows the curve meanwhile.

        for step in viz.watch(trainer):
            ...

    Where a notebook is on screen, the curve grows with every step. When the loop ends, by itself,
    by `break`, by an error or by the square, the still view takes its place, which needs no kernel.
    Elsewhere (a test, the book) only the still view is shown, in a script nothing.

    steps: a trainer, or any iterable of records; see `curve` for what a record may hold. A trainer
        that has a `history` already goes on from there.
    name: of the run. against: more runs to draw beside it, as `curve` takes them.
    floor, marks, unit: as for `curve`.
    """

    def __init__(
        self,
        steps: Any,
        *,
        name: str = "",
        against: object = None,
        floor: float | None = None,
        marks: Mapping[str, float] | None = None,
        unit: str | None = None,
    ) -> None:
        self._steps = steps
        self.log = Log(name)
        self._taken = 0  # records of the trainer's history
        self._catch_up()
        self._others = [] if against is None else logs(against)
        self._look = look(floor, marks, unit)

    def __iter__(self) -> Iterator[Any]:
        """The steps, one by one, as they come."""
        screen = Screen(self)
        try:
            for step in self._steps:
                self.log.add(step)
                self._taken += 1
                yield step
                screen.refresh()  # after the loop's body, with what it has noted
        except KeyboardInterrupt as pressed:
            self._catch_up()  # with the step that was finished before the trainer stopped
            # One line instead of the way through the trainer. The cell still ends as interrupted,
            # so that "Run All" stops here too.
            steps = self.log.columns["step"]
            words = say("curve.stopped", step=f"{steps[-1] if steps else 0:,.0f}")
            pressed._render_traceback_ = lambda: [words]
            raise
        finally:
            screen.close()

    def _catch_up(self) -> None:
        """Take the steps that a trainer has done and this loop has not seen."""
        done = getattr(self._steps, "history", [])
        for record in done[self._taken :]:
            self.log.add(record)
        self._taken = len(done)

    def note(self, **found: Any) -> None:
        """Add to the last step what the loop found out, such as `sample=...` or `regret={...}`.

        Takes the fields of a record; see `curve`.
        """
        self.log.note(**found)

    @property
    def history(self) -> list[dict[str, Any]]:
        """What every step reported, and what was noted: to save, or to compare with later runs."""
        return self.log.history

    @property
    def view(self) -> View:
        """The still view of the run so far."""
        return view_of([self.log, *self._others], self._look)

    def packed(self) -> tuple[dict, bytes]:
        """Header and numbers of the growing view."""
        headers, buffer = pack([self.log, *self._others], live=True)
        return {**self._look, "runs": headers, "live": True}, buffer


class Screen:
    """The place in a notebook where a watched run is drawn; without a notebook it does nothing."""

    def __init__(self, watched: watch) -> None:
        self._watched = watched
        self._widget = self._place = None
        self._due = 0.0
        running = kernel()
        if running is None:
            return
        from IPython.display import display

        if _is_looked_at(running):
            self._widget = _widget(*watched.packed())
            self._place = display(self._widget, display_id=True)
        else:
            self._place = display({"text/plain": ""}, raw=True, display_id=True)

    def refresh(self) -> None:
        """Send what is new, unless it is too soon."""
        start = time.perf_counter()
        if self._widget is None or start < self._due:
            return
        header, buffer = self._watched.packed()
        with self._widget.hold_sync():  # one message
            self._widget.header, self._widget.buffer = header, buffer
        end = time.perf_counter()
        self._due = end + max(PAUSE, (end - start) / SHARE)

    def close(self) -> None:
        """Put the still view in the place of the growing one."""
        if self._place is None:
            return
        with _undisturbed():
            if self._watched.log.rows:
                self._place.update(self._watched.view)
            else:
                self._place.update({"text/plain": say("curve.no_step")}, raw=True)
            if self._widget is not None:
                self._widget.close()


def _widget(header: dict, buffer: bytes) -> Any:
    growing = View(
        kind="curve",
        header=header,
        buffer=buffer,
        caption="",
        draw=bytes,
        selection={"step": None},
        sections=SECTIONS,
    )
    return growing.live()


def kernel() -> Any:
    """The running Jupyter kernel, None in a script or a terminal."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    return getattr(shell, "kernel", None)


def _is_looked_at(running: Any) -> bool:
    """Whether a page shows what this cell shows, and can show widgets.

    A program that runs a notebook (a test, the book) would keep the widget's state in it. Such
    programs speak through jupyter_client, which numbers its messages: session_process_number.
    """
    asked = running.get_parent().get("header", {}).get("msg_id", "")
    return not re.search(r"_\d+_\d+$", asked) and importlib.util.find_spec("anywidget") is not None


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Let no second press of the square cut the block short."""
    if threading.current_thread() is not threading.main_thread():
        yield  # signals reach the main thread only
        return
    previous = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, previous)
