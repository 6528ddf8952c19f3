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
    trainer = SimpleNamespace(global_step=0, callback_metrics={}, sanity_checking=True)
    shown.on_validation_end(trainer, module)  # Lightning tries a batch first
    trainer.sanity_checking = False
    shown.on_train_start(trainer, module)
    for step in (1, 2, 3):
        trainer.global_step, trainer.callback_metrics["loss"] = step, 6.0 / step
        shown.on_train_batch_end(trainer, module, None, None, 0)
        if step == 2:
            trainer.callback_metrics["val_loss"] = 9.0
            shown.on_validation_end(trainer, module)
    shown.on_train_end(trainer, module)
    assert [r["loss"] for r in shown.history] == [6.0, 3.0, 2.0]
    assert [r.get("val_loss") for r in shown.history] == [None, 9.0, None]


def test_other_events_are_taken_and_other_names_are_not():
    shown = viz.CurveCallback()
    assert shown.on_epoch_end(1, 2, three=3) is None
    with pytest.raises(AttributeError, match="no 'hstory'"):
        _ = shown.hstory
