"""The place in a notebook where a run is drawn while it trains."""

import importlib.util
import re
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from minillm.language import say
from minillm.viz.curve import SECTIONS
from minillm.viz.engine import View

PAUSE = 0.2  # seconds between two drawings, at least
SHARE = 0.005  # of the time may go into drawing


class Growing(Protocol):
    """What can be drawn while it grows."""

    @property
    def view(self) -> View | None:
        """The still view of what has come so far, None where nothing has."""

    def packed(self) -> tuple[dict, bytes]:
        """Header and numbers of the growing view."""


class Screen:
    """Draws something that grows, and leaves its still view; without a notebook it does nothing."""

    def __init__(self, watched: Growing) -> None:
        self._watched = watched
        self._widget = self._place = None
        self._due = 0.0
        running = kernel()
        if running is None:
            return
        if _is_looked_at(running):
            self._widget = _widget(*watched.packed())
            self._place = _show(self._widget)
        else:
            self._place = _show({"text/plain": ""}, raw=True)

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
            view = self._watched.view
            shown = {"text/plain": say("curve.no_step")} if view is None else view
            self._place.update(shown, raw=view is None)
            if self._widget is not None:
                self._widget.close()


def _show(shown: Any, **options: Any) -> Any:
    """Show something below the cell; what comes back can put something else in its place."""
    from IPython.display import display

    return display(shown, display_id=True, **options)


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
