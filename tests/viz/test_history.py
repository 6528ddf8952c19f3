"""Records of any kind become columns; records of no use say why."""

import math
import re
from dataclasses import dataclass

import numpy as np
import pytest

from minillm.viz.history import Log, logs
from tests.viz.runs import records


@dataclass(frozen=True)
class Step:
    step: int
    loss: float
    lr: float = 1.0
    val_loss: float | None = None


def test_objects_mappings_and_plain_numbers_are_records():
    losses = [3.0, 2.0, 1.5]
    told = {
        "objects": [Step(i + 1, loss) for i, loss in enumerate(losses)],
        "mappings": [{"step": i + 1, "loss": loss} for i, loss in enumerate(losses)],
        "numbers": losses,
        "array": np.array(losses),
    }
    for log in logs(told):
        columns = log.arrays()
        np.testing.assert_array_equal(columns["step"], [1, 2, 3])
        np.testing.assert_array_equal(columns["loss"], losses)


def test_a_trainer_stands_for_its_history():
    class Trained:
        history = (Step(1, 2.0), Step(2, 1.0))

    assert logs(Trained())[0].rows == 2
    assert [log.name for log in logs({"a": Trained(), "b": Trained().history})] == ["a", "b"]


def test_what_transformers_logs_is_understood():
    history = [
        {"loss": 2.5, "grad_norm": 1.25, "learning_rate": 5e-5, "epoch": 0.1, "step": 10},
        {"eval_loss": 2.25, "eval_runtime": 0.1, "epoch": 0.1, "step": 10},
        {"loss": 2.0, "grad_norm": 1.5, "learning_rate": 4e-5, "epoch": 0.2, "step": 20},
        {"train_runtime": 1.0, "train_loss": 2.25, "epoch": 0.2, "step": 20},
    ]
    columns = logs(history)[0].arrays()
    np.testing.assert_array_equal(columns["step"], [10, 20])
    np.testing.assert_array_equal(columns["loss"], [2.5, 2.0])
    np.testing.assert_array_equal(columns["val_loss"], [2.25, np.nan])
    np.testing.assert_allclose(columns["lr"], [5e-5, 4e-5])


def test_a_history_comes_back_as_it_went_in():
    told = records(120)
    assert Log("a", told).history == told
    assert Log("b", Log("a", told).history).history == told


def test_regret_may_come_as_objects_with_bits():
    class Regret:
        bits = 0.25

    log = Log("", [{"loss": 1.0, "regret": {"grammar": Regret(), "recall": 0.5}}])
    assert log.history == [{"step": 1, "loss": 1.0, "regret": {"grammar": 0.25, "recall": 0.5}}]


def test_a_loss_that_is_no_number_is_a_gap_and_a_missing_one_is_not():
    log = Log("", [{"loss": 3.0}, {"loss": math.nan}, {"val_loss": 2.0}, {"loss": math.inf}])
    assert log.broken == [1, 3]
    np.testing.assert_array_equal(log.arrays()["loss"], [3.0, np.inf, np.nan, np.inf])
    assert math.isnan(log.history[1]["loss"])
    assert "loss" not in log.history[2]


def test_axes_have_no_holes():
    told = [{"loss": 1.0, "tokens": 100}, {"val_loss": 1.0}, {"loss": 1.0, "tokens": 300}]
    np.testing.assert_array_equal(logs(told)[0].arrays()["tokens"], [100, 200, 300])


@pytest.mark.parametrize(
    ("runs", "message"),
    [
        ([], "history is empty: no step has been recorded"),
        ({"a": []}, "a is empty"),
        ({}, "runs is empty; expected {name: history}"),
        (3.0, "runs[''] is 3.0; expected a list of records"),
        ({"step": 3, "loss": 2.0}, "runs['step'] is 3; expected a list of records"),
        ({"a": [{"los": 2.0}]}, "a: record 1 is {'los': 2.0}; expected a loss, or a mapping"),
        ({"a": [object]}, "a: record 1 is <class 'object'>"),
        ({"a": [{"step": 1, "lr": 0.1}]}, "a has no loss: its records hold step, lr"),
        ({"a": [{"loss": "low"}]}, "a: loss is 'low'; expected a number"),
        ([{"step": 5, "loss": 1.0}, {"step": 3, "loss": 1.0}], "step 3 comes after step 5"),
        ([{"step": math.nan, "loss": 1.0}], "step nan comes after step 0"),
        (
            [{"loss": 1.0, "tokens": 9}, {"loss": 1.0, "tokens": 5}],
            "tokens goes back at step 2; expected tokens counted from the start",
        ),
        (
            [{"loss": 1.0, "grad_norms": [1.0, 2.0]}, {"loss": 1.0, "grad_norms": [1.0]}],
            "grad_norms of ['0'] after ['0', '1']; expected the same layers each time",
        ),
    ],
)
def test_runs_of_no_use_say_why(runs, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        [log.arrays() for log in logs(runs)]


def test_notes_belong_to_the_last_step():
    log = Log("", [{"loss": 2.0}, {"loss": 1.0}])
    log.note(sample="words", regret={"recall": 0.5})
    assert log.history[1] == {
        "step": 2,
        "loss": 1.0,
        "regret": {"recall": 0.5},
        "sample": "words",
    }
    with pytest.raises(ValueError, match=r"Cannot note \['smaple'\]; known are step"):
        log.note(smaple="words")
    with pytest.raises(ValueError, match="note inside the loop"):
        Log("").note(sample="words")
