"""What comes with the course is what its records say, and works."""

import hashlib
import json

import pytest

from minillm import assets, corpus, evaluate
from minillm.batches import DocumentRows, Windows
from minillm.recorder import PARTS
from minillm.run import load_model
from minillm.world import KINDS, World

NAMES = sorted(name for name, known in assets._known().items() if "file" not in known)
RECORDS = ["classify", "lora", "masked", "shop"]  # measured once, with no model beside them


def test_there_are_assets():
    assert {"stdlib", "world"} <= set(NAMES)
    folders = {path.name for path in assets.CHECKOUT.iterdir() if path.is_dir()}
    assert folders - {"__pycache__"} == {*NAMES, *RECORDS, "recorded"}


@pytest.mark.parametrize("name", RECORDS)
def test_a_record_alone_is_the_known_file_and_says_how_it_was_made(name):
    known = assets._known()[name]
    content = (assets.path(name) / known["file"]).read_bytes()
    assert (len(content), hashlib.sha256(content).hexdigest()) == (known["bytes"], known["sha256"])
    record = json.loads(content)
    assert record["command"].startswith("python assets/")
    assert {"date", "machine", "python", "torch"} <= record.keys()
    assert len(record["runs"]) >= 3


@pytest.mark.parametrize("name", NAMES)
def test_a_record_tells_of_the_file_beside_it(name):
    folder = assets.path(name)
    record = json.loads((folder / "record.json").read_text(encoding="utf-8"))
    content = (folder / "model.safetensors").read_bytes()
    assert assets._known()[name] == {"bytes": len(content), "sha256": record["sha256"]}
    assert hashlib.sha256(content).hexdigest() == record["sha256"]
    assert record["command"].startswith("python -m minillm train --corpus")
    assert "--seed" in record["command"]
    model, _ = load_model(folder)
    assert record["parameters"] == sum(p.numel() for p in model.parameters())


def test_the_recorded_runs_say_where_they_come_from():
    content = (assets.path("recorded") / "runs.json").read_bytes()
    known = assets._known()["recorded"]
    assert known["bytes"] == len(content)
    assert known["sha256"] == hashlib.sha256(content).hexdigest()
    records = json.loads(content)
    assert {record["what"] for record in records} == set(PARTS)
    for record in records:
        assert record["command"].startswith(f"python -m minillm record --only {record['what']}")
        assert ("--small" in record["command"]) == record["small"]
        assert all(record[key] for key in ("date", "device", "machine", "torch", "series"))


def test_the_model_of_the_town_has_the_regret_of_its_record():
    model, tokenizer = load_model(assets.path("world"))
    record = json.loads((assets.path("world") / "record.json").read_text(encoding="utf-8"))
    fresh = World(seed=0).documents(60, seed=77)
    found = evaluate.regret(model, DocumentRows(fresh, end=tokenizer.end, batch_size=32), KINDS)
    recorded = record["regret_bits"]["all"]
    assert abs(found["all"].bits - recorded) < 4 * found["all"].error + 0.01


def test_the_model_of_the_library_has_about_the_loss_of_its_record():
    """The text is that of this machine's Python, so the number differs a little."""
    model, tokenizer = load_model(assets.path("stdlib"))
    record = json.loads((assets.path("stdlib") / "record.json").read_text(encoding="utf-8"))
    text = corpus.stdlib()[-60_000:]  # of the part that was held out
    data = Windows(tokenizer.encode(text), context=model.config.context, batch_size=16)
    assert abs(evaluate.loss(model, data) - record["val_loss"]) < 0.5


def test_outside_a_checkout_an_asset_is_downloaded_once_and_checked(monkeypatch, tmp_path):
    content = (assets.path("world") / "model.safetensors").read_bytes()
    asked = []

    def fetch(source, path):
        asked.append(source)
        path.parent.mkdir(parents=True)
        path.write_bytes(content)

    monkeypatch.setattr(assets, "CHECKOUT", tmp_path / "nowhere")
    monkeypatch.setattr(assets, "_repository", lambda: "https://example.org/course")
    monkeypatch.setattr(corpus, "fetch", fetch)
    monkeypatch.setenv("MINILLM_CACHE", str(tmp_path / "cache"))
    for _ in range(2):
        load_model(assets.path("world"))
    (source,) = asked
    assert source.url == "https://example.org/course/raw/main/assets/world/model.safetensors"
    assert source.sha256 == hashlib.sha256(content).hexdigest()


def test_another_name_is_refused():
    with pytest.raises(ValueError, match="no asset 'nothing'; there are"):
        assets.path("nothing")
