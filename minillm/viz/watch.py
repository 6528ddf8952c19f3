"""Watching a run: the curve grows while the loop runs, and stays when it ends. Lesson 06."""

from collections.abc import Iterator, Mapping
from typing import Any

from minillm.language import say
from minillm.viz.caption import look
from minillm.viz.columns import pack
from minillm.viz.curve import view_of
from minillm.viz.engine import View
from minillm.viz.history import Log, logs
from minillm.viz.screen import Screen


class watch:
    """Goes through training steps and shows the curve meanwhile.

        for step in viz.watch(trainer):
            ...

    Where a notebook is on screen, the curve grows with every step. When the loop ends, by itself,
    by `break`, by an error or by the square, the still view takes its place, which needs no kernel.
    Elsewhere (a test, the book) only the still view is shown, in a script nothing.

    steps: a trainer, or any iterable of records; see `curve` for what a record may hold. A trainer
        that has a `history` already goes on from there.
    name: of the run.
    against: runs to draw beside it, as `curve` takes them; they keep the colours they had there.
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
    def view(self) -> View | None:
        """The still view of the run so far, None before its first step."""
        return view_of([*self._others, self.log], self._look) if self.log.rows else None

    def packed(self) -> tuple[dict, bytes]:
        """Header and numbers of the growing view."""
        headers, buffer = pack([*self._others, self.log], live=True)
        return {**self._look, "runs": headers, "live": True}, buffer
