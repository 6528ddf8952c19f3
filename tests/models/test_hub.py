"""Models by name: from a hub on this machine, which stands in for the real one, and its cache."""

import hashlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import torch
from huggingface_hub import constants

from minillm.models import pretrained
from minillm.models.bert import Bert, BertConfig
from minillm.models.gpt import GPT, GPTConfig

SHAPE = dict(vocab_size=50, context=16, layers=1, heads=2, width=8)
COMMIT = hashlib.sha1(b"the only one").hexdigest()


class Hub(BaseHTTPRequestHandler):
    """What huggingface_hub asks for: the commit, the list of files, each file's head and body."""

    def do_GET(self):
        path, server = self.path.partition("?")[0], self.server
        server.asked.append(path)
        for name, files in server.models.items():
            listing = [
                {"type": "file", "path": path, "size": len(data), "oid": etag(data)}
                for path, data in files.items()
            ]
            known = {
                f"/api/models/{name}/revision/main": json.dumps({"id": name, "sha": COMMIT}),
                f"/api/models/{name}/tree/{COMMIT}": json.dumps(listing),
            }
            bodies = {path: text.encode() for path, text in known.items()}
            bodies |= {f"/{name}/resolve/{COMMIT}/{file}": data for file, data in files.items()}
            if path in bodies:
                return self.answer(200, bodies[path])
        self.answer(404, b"", {"X-Error-Code": "RepoNotFound"})

    do_HEAD = do_GET

    def answer(self, status, body, headers=None):
        self.send_response(status)
        usual = {"Content-Length": str(len(body)), "ETag": f'"{etag(body)}"'}
        for name, value in (usual | {"X-Repo-Commit": COMMIT} | (headers or {})).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def log_message(self, *words):
        pass


def etag(data):
    return hashlib.sha1(data).hexdigest()


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """A small BERT and a small GPT-2 with random weights, and their files on the hub."""
    made = {"tiny/bert": Bert(BertConfig(**SHAPE)).eval(), "tiny/gpt2": GPT(GPTConfig(**SHAPE))}
    files = {}
    for name, model in made.items():
        folder = pretrained.save(model, tmp_path_factory.mktemp("saved"))
        files[name] = {path.name: path.read_bytes() for path in folder.iterdir()}
        files[name]["pytorch_model.bin"] = b"a pickle, which nobody wants"
        files[name]["merges.txt"] = b"of its tokenizer"
    return made, files


@pytest.fixture
def hub(models, tmp_path, monkeypatch):
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    server.models, server.asked = models[1], []
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{server.server_port}/")
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    server.stop = lambda: (server.shutdown(), server.server_close(), thread.join())
    yield server
    server.stop()


def same(model, expected):
    assert type(model) is type(expected)
    for name, tensor in expected.state_dict().items():
        torch.testing.assert_close(model.state_dict()[name], tensor, atol=0, rtol=0)


def test_a_name_is_fetched_once_and_then_found_without_a_network(models, hub):
    for name, expected in models[0].items():
        same(pretrained.load(name), expected)
    assert any(path.endswith("merges.txt") for path in hub.asked)
    assert not any(path.endswith(".bin") for path in hub.asked)
    hub.stop()
    for name, expected in models[0].items():
        same(pretrained.load(name), expected)


def test_a_cache_that_holds_but_a_part_is_filled(models, hub):
    from huggingface_hub import hf_hub_download

    endpoint = f"http://127.0.0.1:{hub.server_port}"
    hf_hub_download("tiny/bert", "config.json", revision=COMMIT, endpoint=endpoint)
    refs = Path(constants.HF_HUB_CACHE, "models--tiny--bert", "refs")
    refs.mkdir(exist_ok=True)
    (refs / "main").write_text(COMMIT)
    same(pretrained.load("tiny/bert"), models[0]["tiny/bert"])


def refused(name):
    with pytest.raises(FileNotFoundError) as caught:
        pretrained.load(name)
    said = str(caught.value)
    assert repr(name) in said
    assert "\n" not in said
    return said


def test_what_does_not_come_says_why(hub, monkeypatch):
    here = f"did not come from http://127.0.0.1:{hub.server_port}: "
    assert f"{here}there is no such model" in refused("tiny/none")
    assert f"{here}that cannot be a model's name" in refused("models/tiny/bert")
    hub.models = {"tiny/cut": {"config.json": b'{"model_type": "bert"}'}}
    with pytest.raises(FileNotFoundError, match=r"no model\.safetensors in .*tiny--cut"):
        pretrained.load("tiny/cut")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert f"{here}HF_HUB_OFFLINE forbids" in refused("tiny/bert")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    hub.stop()
    assert f"{here}ConnectError" in refused("tiny/bert")


def test_a_download_that_breaks_off_is_not_taken_for_a_model(models, hub, monkeypatch):
    whole = Hub.answer

    def half(self, status, body, headers=None):
        if self.command == "GET" and self.path.endswith("safetensors"):
            headers = {"Content-Length": str(len(body))}
            body = body[: len(body) // 2]
        whole(self, status, body, headers)

    with monkeypatch.context() as broken:
        broken.setattr(Hub, "answer", half)
        broken.setattr("time.sleep", lambda seconds: None)  # before each of five more tries
        assert "RemoteProtocolError: peer closed connection" in refused("tiny/bert")
    same(pretrained.load("tiny/bert"), models[0]["tiny/bert"])
