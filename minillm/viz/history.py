"""What training runs reported, as columns of numbers: any records in, checked and filled in.

Lesson 06. A record is a mapping or an object; what it may hold is in `FIELDS`.
"""

import math
from array import array
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

AXES = ("step", "tokens", "seconds")  # counted from the start of the run: they never go back
CURVES = ("loss", "val_loss", "lr", "grad_norm", "floor")
FIELDS = (*AXES, *CURVES, "regret", "grad_norms", "sample")
# How transformers' Trainer names the same things.
_ALSO = {
    "eval_loss": "val_loss",
    "learning_rate": "lr",
    "num_input_tokens_seen": "tokens",
}
Norms = Mapping[str, float] | Sequence[float]


class Log:
    """One run, record by record. Columns hold NaN where a record does not say.

    `regret` of a record becomes columns `regret.grammar`, ...; its `grad_norms`, by layer, and its
    `sample` of the model's writing are kept by row.
    """

    def __init__(self, name: str, records: Iterable[object] = ()) -> None:
        self.name = name
        self.called = name or "history"  # in errors
        self.rows = 0
        self.columns: dict[str, array] = {"step": array("d")}
        self.layers: tuple[str, ...] = ()
        self.norms: dict[int, list[float]] = {}  # by row, a number for each of `layers`
        self.samples: dict[int, str] = {}  # by row
        self.broken: list[int] = []  # rows whose loss came and was no finite number
        for record in records:
            self.add(record)

    def add(self, record: object) -> None:
        """Add what one step reported; a second record of the same step completes the first."""
        found = _read(record)
        if not found:
            raise ValueError(
                f"{self.called}: record {self.rows + 1} is {record!r}; expected a loss, or a "
                f"mapping or object with some of {', '.join(FIELDS)}."
            )
        last = self.columns["step"][-1] if self.rows else 0.0
        step = _number(self.called, "step", found.pop("step", last + 1))
        if not math.isfinite(step) or step < last:
            raise ValueError(
                f"{self.called}: step {step:g} comes after step {last:g}; expected the records of "
                "one run in the order of its steps."
            )
        if self.rows == 0 or step > last:
            self.rows += 1
            for column in self.columns.values():
                column.append(math.nan)
            self.columns["step"][-1] = step
        self._fill(found)

    def note(self, **found: object) -> None:
        """Add to the last step: a `sample` of the model's writing, its `regret`, and so on."""
        if unknown := set(found) - set(FIELDS):
            raise ValueError(f"Cannot note {sorted(unknown)}; known are {', '.join(FIELDS)}.")
        if not self.rows:
            raise ValueError("There is no step yet to note something of: note inside the loop.")
        self._fill(found)

    def _fill(self, found: dict[str, Any]) -> None:
        """Put what a record says into the last row."""
        row = self.rows - 1
        for field, value in found.items():
            if value is None:
                continue
            if field == "sample":
                self.samples[row] = str(value)
            elif field == "grad_norms":
                self._add_norms(row, value)
            elif field == "regret":
                for kind, bits in value.items():
                    self._put(f"regret.{kind}", getattr(bits, "bits", bits))
            else:
                self._put(field, value)

    def _put(self, field: str, value: object) -> None:
        if field not in self.columns:
            self.columns[field] = array("d", [math.nan]) * self.rows
        self.columns[field][-1] = number = _number(self.called, field, value)
        if field == "loss" and not math.isfinite(number):
            self.broken.append(self.rows - 1)

    def _add_norms(self, row: int, norms: Norms) -> None:
        if not isinstance(norms, Mapping):
            norms = {str(layer): norm for layer, norm in enumerate(norms)}
        layers = tuple(str(layer) for layer in norms)
        if self.layers and layers != self.layers:
            raise ValueError(
                f"{self.called}: grad_norms of {list(layers)} after {list(self.layers)}; expected "
                "the same layers each time."
            )
        self.layers = layers
        self.norms[row] = [_number(self.called, "grad_norms", norm) for norm in norms.values()]

    @property
    def history(self) -> list[dict[str, Any]]:
        """Every record as a dictionary, with what was noted, to keep or to compare with later."""
        out, broken = [], set(self.broken)
        for row in range(self.rows):
            values = {name: column[row] for name, column in self.columns.items()}
            said = {name: value for name, value in values.items() if not math.isnan(value)}
            if row in broken:
                said["loss"] = math.nan
            kinds = [name for name in said if name.startswith("regret.")]
            if kinds:
                said["regret"] = {name.removeprefix("regret."): said.pop(name) for name in kinds}
            if row in self.norms:
                said["grad_norms"] = dict(zip(self.layers, self.norms[row], strict=True))
            if row in self.samples:
                said["sample"] = self.samples[row]
            out.append(said)
        return out

    def arrays(self) -> dict[str, np.ndarray]:
        """The columns, `(rows,)` each: axes without holes, broken losses infinite, the rest NaN."""
        found = {name: np.array(column) for name, column in self.columns.items()}
        if self.broken:
            found["loss"][self.broken] = np.inf
        for axis in AXES[1:]:
            known = np.isfinite(found[axis]) if axis in found else np.zeros(0, bool)
            if not known.any():
                found.pop(axis, None)
                continue
            # Records between two that say, such as a validation's, lie on the line between them.
            found[axis] = np.interp(found["step"], found["step"][known], found[axis][known])
            back = np.flatnonzero(np.diff(found[axis]) < 0)
            if back.size:
                raise ValueError(
                    f"{self.called}: {axis} goes back at step {found['step'][back[0] + 1]:g}; "
                    f"expected {axis} counted from the start of the run."
                )
        return found


def logs(runs: object) -> list[Log]:
    """The runs of `{name: history}`, or of one history; a history is a list of records.

    Anything with a `history`, such as a trainer, stands for it.
    """
    named = runs if isinstance(runs, Mapping) else {"": runs}
    if not named:
        raise ValueError("runs is empty; expected {name: history} or one history.")
    found = [_log(str(name), records) for name, records in named.items()]
    for log in found:
        if not log.rows:
            raise ValueError(f"{log.called} is empty: no step has been recorded.")
        if "loss" not in log.columns and "val_loss" not in log.columns:
            have = ", ".join(log.columns)
            raise ValueError(f"{log.called} has no loss: its records hold {have}.")
    return found


def _log(name: str, records: Any) -> Log:
    if isinstance(records, Log):
        return records
    records = getattr(records, "history", records)
    if isinstance(records, (str, bytes, Mapping)) or not hasattr(records, "__iter__"):
        raise ValueError(f"runs[{name!r}] is {records!r}; expected a list of records.")
    return Log(name, records)


def _read(record: object) -> dict[str, Any]:
    """The known fields that a record has; a plain number is a loss."""
    if isinstance(record, Mapping):
        named = ((_ALSO.get(name, name), value) for name, value in record.items())
        return {name: value for name, value in named if value is not None and name in FIELDS}
    found = {name: getattr(record, name, None) for name in FIELDS}
    found = {name: value for name, value in found.items() if value is not None}
    return {"loss": record} if not found and hasattr(record, "__float__") else found


def _number(run: str, field: str, value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        raise ValueError(f"{run}: {field} is {value!r}; expected a number.") from None
