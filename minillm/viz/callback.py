"""The growing curve for training loops that call back: transformers' Trainer, and Lightning's."""

import time
from collections.abc import Mapping
from typing import Any

from minillm.viz.engine import View
from minillm.viz.screen import Screen, kernel
from minillm.viz.watch import watch

_OTHER_EVENTS = ("setup", "teardown", "state_dict", "load_state_dict")  # of Lightning


class CurveCallback:
    """Shows a run of somebody else's training loop while it trains.

        transformers.Trainer(..., callbacks=[viz.CurveCallback()])

    Takes what `watch` takes; `history` and `view` are there afterwards. Lightning is told by
    `self.log("loss", ...)` and `self.log("val_loss", ...)` in the module.
    """

    state_key = "minillm.viz.CurveCallback"  # Lightning tells callbacks apart by it

    def __init__(self, **options: Any) -> None:
        self._watched = watch((), **options)
        self._screen: Screen | None = None
        self._began = 0.0

    @property
    def history(self) -> list[dict[str, Any]]:
        """What was reported, step by step."""
        return self._watched.history

    @property
    def view(self) -> View | None:
        """The still view of the run so far, None before its first step."""
        return self._watched.view

    def __getattr__(self, name: str) -> Any:
        """Take every other event, and do nothing."""
        if name.startswith("on_") or name in _OTHER_EVENTS:
            return lambda *_, **__: None
        raise AttributeError(f"CurveCallback has no {name!r}.")

    def on_train_begin(self, *_: Any, **__: Any) -> None:
        """Show an empty curve."""
        self._began = time.perf_counter()
        self._screen = Screen(self._watched)
        if running := kernel():  # an interrupt ends the cell and calls nothing back
            running.shell.events.register("post_run_cell", self._end)

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_: Any) -> None:
        """Add what transformers' Trainer logs."""
        self._add(state.global_step, logs or {})

    def on_train_end(self, *_: Any, **__: Any) -> None:
        """Leave the still view."""
        self._end()

    on_train_start = on_train_begin  # as Lightning calls it

    def on_train_batch_end(self, trainer: Any, *_: Any, **__: Any) -> None:
        """Add what a Lightning module has logged of a training step."""
        logged = dict(trainer.callback_metrics)
        logged.pop("val_loss", None)  # the last one measured, not of this step
        self._add(trainer.global_step, logged)

    def on_validation_end(self, trainer: Any, *_: Any, **__: Any) -> None:
        """Add the held-out loss that a Lightning module has logged."""
        if not trainer.sanity_checking:
            self._add(trainer.global_step, {"val_loss": trainer.callback_metrics.get("val_loss")})

    def _add(self, step: int, found: Mapping[str, Any]) -> None:
        seconds = time.perf_counter() - self._began
        self._watched.log.add({"seconds": seconds, **found, "step": step})
        if self._screen:
            self._screen.refresh()

    def _end(self, *_: Any) -> None:
        if self._screen is None:
            return
        self._screen.close()
        self._screen = None
        if running := kernel():
            running.shell.events.unregister("post_run_cell", self._end)
