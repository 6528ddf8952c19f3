"""One JSON file: whole whatever happens, and shared by several notebooks."""

import json
import multiprocessing
import os

import pytest

from minillm import cli
from minillm.exercises import progress
from minillm.exercises.registry import find


def try_often(name, times):
    for _ in range(times):
        progress.record_try(find(name), "wrong")


def test_tries_are_counted():
    assert progress.tries("training.clip") == 0
    try_often("training.clip", 2)
    assert progress.tries("training.clip") == 2
    assert progress.tries("training.adamw") == 0


def test_two_notebooks_at_once_lose_nothing():
    context = multiprocessing.get_context("spawn")
    names = "training.clip", "training.clip"
    notebooks = [context.Process(target=try_often, args=(name, 40)) for name in names]
    for notebook in notebooks:
        notebook.start()
    for notebook in notebooks:
        notebook.join()
    assert progress.tries("training.clip") == 80


def test_the_lock_of_a_process_that_died_is_broken(data, monkeypatch):
    monkeypatch.setattr(progress, "_PATIENCE", 0.05)
    data.mkdir()
    (data / "progress.lock").touch()
    try_often("training.clip", 1)
    assert os.listdir(data) == ["progress.json"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        '{"exercises": {"training.clip": {"tri',
        "[]",
        '{"exercises": {}}',
        '{"exercises": [], "predictions": {}}',
        '{"exercises": {"training.clip": 3}, "predictions": {}}',
        '{"exercises": {"training.clip": {"tries": "three"}}, "predictions": {}}',
        '{"exercises": {}, "predictions": {"how?": {"value": null, "actual": 1}}}',
        "\udcff",
    ],
)
@pytest.mark.parametrize("use", [progress.summary, lambda: try_often("training.clip", 1)])
def test_a_damaged_file_is_set_aside_and_not_lost(text, use, data):
    data.mkdir()
    damaged = text.encode("utf-8", "surrogateescape")
    (data / "progress.json").write_bytes(damaged)
    use()
    (aside,) = data.glob("progress.damaged-*.json")
    assert aside.read_bytes() == damaged
    assert json.loads((data / "progress.json").read_text()).keys() == {"exercises", "predictions"}
    assert str(aside) in progress.summary()


def test_what_another_version_wrote_is_kept(data):
    data.mkdir()
    kept = {"exercises": {"gone": {"tries": 1, "more": []}}, "predictions": {}, "new": [1]}
    (data / "progress.json").write_text(json.dumps(kept))
    try_often("training.clip", 1)
    after = json.loads((data / "progress.json").read_text())
    assert after["new"] == [1]
    assert after["exercises"]["gone"] == {"tries": 1, "more": []}


def test_a_failed_write_leaves_the_old_file(data, monkeypatch):
    try_often("training.clip", 1)
    before = (data / "progress.json").read_bytes()

    def full(*arguments):
        raise OSError("no space left")

    monkeypatch.setattr("minillm.files.os.replace", full)
    with pytest.raises(OSError, match="no space left"):
        try_often("training.clip", 1)
    assert (data / "progress.json").read_bytes() == before
    assert os.listdir(data) == ["progress.json"]


def test_the_summary_tells_right_from_tried_from_untried(capsys):
    progress.record_try(find("training.clip"), "right")
    progress.record_try(find("training.clip"), "wrong")
    progress.record_try(find("training.adamw"), "wrong")
    progress.record_prediction("a", 2.0, 1.0)
    progress.record_prediction("b", 1.0, 3.0)
    progress.record_prediction("c", 1.0, 8.0)
    assert cli.main(["progress"]) == 0
    shown = capsys.readouterr().out
    assert "Lesson 06: 1 of 5 right" in shown
    lines = {line.split("] ")[1].split()[0]: line for line in shown.splitlines() if "] " in line}
    assert lines["training.clip"].startswith("    [x]")
    assert lines["training.clip"].endswith("right, tries: 2")
    assert lines["training.adamw"].startswith("    [-]")
    assert lines["training.adamw"].endswith("tries: 1")
    assert lines["training.split"].startswith("    [ ]")
    assert "Predictions: 3; half of them within a factor of 3" in shown
    assert str(progress.path()) in shown


def test_looking_at_the_progress_writes_nothing(data):
    assert "0 of 5" in progress.summary()
    assert not data.exists()


def test_it_is_kept_in_the_users_data_folder_unless_another_is_named(data, monkeypatch):
    assert progress.path() == data / "progress.json"
    monkeypatch.delenv("MINILLM_DATA")
    monkeypatch.setattr("platformdirs.user_data_path", lambda name: data / "of" / name)
    assert progress.path() == data / "of" / "minillm" / "progress.json"
    monkeypatch.setenv("MINILLM_DATA", "~/mine")
    assert "~" not in str(progress.path())
