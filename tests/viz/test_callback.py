"""The curve in other people's training loops."""

from types import SimpleNamespace

import pytest

from minillm import viz


def test_it_follows_transformers_own_dispatch():
    trainer_callback = pytest.importorskip("transformers.trainer_callback")
    shown = viz.CurveCallback(name="tuned", floor=0.5)
    handler = trainer_callback.CallbackHandler([shown], None, None, None, None)
    arguments = SimpleNamespace()
    state = trainer_callback.TrainerState()
    control = trainer_callback.TrainerControl()
    handler.on_train_begin(arguments, state, control)
    for step in (10, 20):
        state.global_step = step
        handler.on_step_end(arguments, state, control)
        logs = {"loss": 30 / step, "learning_rate": 1e-4, "epoch": 0.1}
        handler.on_log(arguments, state, control, logs)
    handler.on_log(arguments, state, control, {"eval_loss": 1.25})
    handler.on_train_end(arguments, state, control)
    assert [r["step"] for r in shown.history] == [10, 20]
    assert [r["loss"] for r in shown.history] == [3.0, 1.5]
    assert shown.history[1]["val_loss"] == 1.25
    assert shown.history[1]["lr"] == 1e-4
    assert 0 <= shown.history[0]["seconds"] <= shown.history[1]["seconds"]
    assert "tuned: Loss fell from 3.00 to 1.50 in 20 steps." in shown.view.caption


def test_it_follows_lightning_s_calls():
    shown = viz.CurveCallback()
    module = object()
    for step in (1, 2):
        trainer = SimpleNamespace(global_step=step, callback_metrics={"loss": 4.0 / step})
        shown.on_train_start(trainer, module)
        shown.on_train_batch_end(trainer, module, None, None, 0)
    shown.on_train_end(trainer, module)
    assert [(r["step"], r["loss"]) for r in shown.history] == [(1, 4.0), (2, 2.0)]


def test_other_events_are_taken_and_other_names_are_not():
    shown = viz.CurveCallback()
    assert shown.on_epoch_end(1, 2, three=3) is None
    with pytest.raises(AttributeError, match="no 'state_key'"):
        _ = shown.state_key
