"""The service under a real client library, under load, and under clients that misbehave."""

import itertools
import json
import os
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import openai
import pytest

from minillm import cli, generate
from minillm.serve import server
from minillm.training import checkpoint

ROOT = Path(__file__).parents[2]
ASKED = {"model": "tiny", "prompt": "ab", "max_tokens": 12, "temperature": 0}


def client(service):
    return openai.OpenAI(base_url=service.address, api_key="none", max_retries=0, timeout=30)


def alone(service, prompt="ab", count=12, **options):
    """What the library writes, without a service."""
    options = {"temperature": 0, **options}
    return "".join(
        generate.stream(service.model, service.tokenizer, prompt, count=count, **options)
    )


def until(true, seconds=10):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.01)


def test_the_client_library_gets_what_the_package_writes(service):
    with client(service) as ask:
        assert [model.id for model in ask.models.list()] == ["tiny"]
        whole = ask.completions.create(**ASKED)
        assert whole.choices[0].text == alone(service)
        assert whole.choices[0].finish_reason == "length"
        assert (whole.usage.prompt_tokens, whole.usage.completion_tokens) == (2, 12)
        events = list(
            ask.completions.create(**ASKED, stream=True, stream_options={"include_usage": True})
        )
    *parts, last, usage = events
    assert "".join(event.choices[0].text for event in parts) == alone(service)
    assert len(parts) > 3
    assert {event.choices[0].finish_reason for event in parts} == {None}
    assert last.choices[0].finish_reason == "length"
    assert usage.usage.total_tokens == 14


def test_a_stop_string_ends_the_text_before_it(service):
    stop = alone(service)[5:8]
    with client(service) as ask:
        cut = ask.completions.create(**ASKED, stop=[stop, "nowhere"])
        assert cut.choices[0].text == alone(service, stop=stop)
        assert cut.choices[0].finish_reason == "stop"
    until(lambda: service.load()["running"] == 0)


def test_the_seed_and_the_settings_count(service):
    with client(service) as ask:
        options = {**ASKED, "temperature": 1, "max_tokens": 20}
        seeded = [ask.completions.create(**options, seed=s).choices[0].text for s in (1, 1, 2)]
        assert seeded[0] == seeded[1] != seeded[2]
        penalised = ask.completions.create(**ASKED, extra_body={"repetition_penalty": 3.0})
    expected = alone(service, repetition_penalty=3.0)
    assert penalised.choices[0].text == expected != alone(service)


def test_many_requests_at_once_share_steps_and_get_what_each_would_get_alone(running):
    with running(rows=8, waiting=32) as service, client(service) as ask:
        prompts = ["x" * (i % 7 + 1) + chr(97 + i) for i in range(32)]
        counts = [5 + i % 11 for i in range(32)]
        expected = [alone(service, p, n) for p, n in zip(prompts, counts, strict=True)]
        calls = itertools.count()
        hook = service.model.register_forward_pre_hook(lambda *_: (next(calls), None)[1])

        def one(prompt, count):
            asked = {**ASKED, "prompt": prompt, "max_tokens": count}
            return ask.completions.create(**asked).choices[0].text

        with ThreadPoolExecutor(32) as threads:
            written = list(threads.map(one, prompts, counts))
        hook.remove()
        assert written == expected
        assert len(set(written)) > 10
        assert next(calls) < sum(counts) / 2
        assert service.load() == {"status": "ok", "running": 0, "waiting": 0}


BAD = {
    "not JSON": (b"{", 400, "not JSON"),
    "not UTF-8": (b"\xff\xfe", 400, "not JSON"),
    "too deep": (b"[" * 100_000, 400, "not JSON"),
    "a list": (b"[1]", 400, "JSON object"),
    "nothing": (b"", 400, "not JSON"),
    "no prompt": ({"model": "tiny"}, 400, "prompt is missing"),
    "null prompt": ({**ASKED, "prompt": None}, 400, "prompt is missing"),
    "a number": ({**ASKED, "prompt": 3}, 400, "expected one text"),
    "two prompts": ({**ASKED, "prompt": ["a", "b"]}, 400, "several requests"),
    "empty prompt": ({**ASKED, "prompt": ""}, 400, "empty"),
    "another model": ({**ASKED, "model": "gpt"}, 404, "has 'tiny'"),
    "too long": ({**ASKED, "prompt": "a" * 60}, 400, "reads 64 at once"),
    "too many": ({**ASKED, "max_tokens": 10**9}, 400, "reads 64 at once"),
    "no tokens": ({**ASKED, "max_tokens": 0}, 400, "max_tokens is 0"),
    "half a token": ({**ASKED, "max_tokens": 1.5}, 400, "max_tokens is 1.5"),
    "true": ({**ASKED, "max_tokens": True}, 400, "max_tokens is True"),
    "words": ({**ASKED, "temperature": "hot"}, 400, "temperature is 'hot'"),
    "not a number": (b'{"model": "tiny", "prompt": "a", "temperature": NaN}', 400, "temperature"),
    "infinite": (b'{"model": "tiny", "prompt": "a", "top_p": 1e999}', 400, "top_p is inf"),
    "empty stop": ({**ASKED, "stop": ""}, 400, "stop is ''"),
    "unknown": ({**ASKED, "colour": "red"}, 400, "no parameter 'colour'"),
    "unserved": ({**ASKED, "logprobs": 5}, 400, "not served"),
    "several": ({**ASKED, "n": 2}, 400, "several requests"),
    "huge": (b" " * 1_500_000, 413, "1,000,000 are read"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_request_gets_one_line_in_the_known_shape(service, case):
    body, status, words = BAD[case]
    code, answer = service.ask(body=body)
    assert (code, set(answer)) == (status, {"error"})
    assert set(answer["error"]) == {"message", "type", "param", "code"}
    assert words in answer["error"]["message"]
    assert answer["error"]["type"] == "invalid_request_error"


def test_the_client_library_raises_its_own_errors(service):
    with client(service) as ask:
        with pytest.raises(openai.NotFoundError, match="has 'tiny'"):
            ask.completions.create(**{**ASKED, "model": "gpt"})
        with pytest.raises(openai.BadRequestError, match="64 at once"):
            ask.completions.create(**{**ASKED, "prompt": "a" * 64})


def test_other_addresses_methods_names_and_forms_are_refused(service):
    assert service.ask("/v1/chat")[0] == 404
    assert service.ask("/v1/completions")[0] == 405
    assert service.ask("/v1/models", headers={"Host": "evil.example"})[0] == 403
    assert service.ask("/v1/models", headers={"Host": "localhost:1"})[0] == 200
    code, answer = service.ask(body=ASKED, headers={"Content-Type": "text/plain"})
    assert code == 415
    assert "application/json" in answer["error"]["message"]


@pytest.fixture
def slow(running):
    """One row and one place to wait, and every step takes a while."""
    with running(rows=1, waiting=1) as service:
        service.model.register_forward_pre_hook(lambda *_: time.sleep(0.03))
        yield service


def begin(service, **changes):
    """A raw connection on which a stream has begun."""
    where = urlsplit(service.address)
    body = json.dumps({**ASKED, "max_tokens": 60, "stream": True, **changes}).encode()
    head = (
        f"POST {where.path}/completions HTTP/1.1\r\nHost: {where.netloc}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    link = socket.create_connection((where.hostname, where.port), timeout=30)
    link.sendall(head.encode() + body)
    return link


def received(link):
    link.settimeout(30)
    data = b""
    while b"[DONE]" not in data:
        piece = link.recv(65536)
        assert piece, data
        data += piece
    return data.decode()


def test_a_client_that_goes_away_frees_its_row(slow):
    link = begin(slow)
    assert b"data:" in link.recv(65536) + link.recv(65536)
    assert slow.load()["running"] == 1
    link.close()
    until(lambda: slow.load()["running"] == 0, seconds=1)  # 60 tokens would take 1.8 s
    assert slow.ask(body={**ASKED, "max_tokens": 2})[0] == 200


def test_a_client_that_goes_away_leaves_the_queue(slow):
    with begin(slow):
        until(lambda: slow.load()["running"] == 1)
        waiting = begin(slow)
        until(lambda: slow.load()["waiting"] == 1)
        code, answer = slow.ask(body=ASKED)
        assert (code, answer["error"]["type"]) == (429, "rate_limit_error")
        with client(slow) as ask, pytest.raises(openai.RateLimitError):
            ask.completions.create(**ASKED)
        waiting.close()
        until(lambda: slow.load()["waiting"] == 0)
    until(lambda: slow.load()["running"] == 0)


def test_half_a_request_and_then_nothing_harms_nobody(slow):
    where = urlsplit(slow.address)
    with socket.create_connection((where.hostname, where.port)) as link:
        link.sendall(b"POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Le")
        assert slow.ask(body={**ASKED, "max_tokens": 1})[0] == 200


def test_a_stop_cuts_what_is_under_way_with_a_last_word(running):
    with running(rows=1, waiting=1, grace=0.1) as service:
        service.model.register_forward_pre_hook(lambda *_: time.sleep(0.03))
        with begin(service) as link, begin(service) as second:
            until(lambda: service.load()["running"] == service.load()["waiting"] == 1)
            service.stop()
            texts = received(link), received(second)
        for text in texts:
            assert "The service is stopping." in text
            assert text.rstrip("0\r\n").endswith("data: [DONE]")
        service.thread.join(10)
        where = urlsplit(service.address)
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection((where.hostname, where.port))


def test_a_stop_lets_what_is_nearly_done_be_done(running):
    with running(grace=10) as service:
        service.model.register_forward_pre_hook(lambda *_: time.sleep(0.03))
        with begin(service, max_tokens=8) as link:
            until(lambda: service.load()["running"] == 1)
            service.stop()
            text = received(link)
    assert '"finish_reason": "length"' in text


def test_a_model_that_fails_on_one_text_goes_on_with_the_next(running, caplog):
    with running() as service:

        def fail(model, given, named=None):
            if given[0].size(1) == 3:
                raise RuntimeError("a secret path")

        service.model.register_forward_pre_hook(fail)
        code, answer = service.ask(body={**ASKED, "prompt": "abc"})
        assert (code, answer["error"]["type"]) == (500, "server_error")
        assert "secret" not in json.dumps(answer)
        assert service.ask(body=ASKED)[0] == 200
    assert "a secret path" in caplog.text


@pytest.fixture
def saved(tmp_path, service):
    checkpoint.save_model(tmp_path / "tiny", service.model, service.tokenizer)
    return str(tmp_path / "tiny")


def test_the_command_serves_until_it_is_told_to_stop(saved):
    process = subprocess.Popen(
        [sys.executable, "-m", "minillm", "serve", "--model", saved, "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), "MINILLM_LANG": "en"},
    )
    try:
        line = process.stdout.readline()
        assert line.startswith("Serving tiny at http://127.0.0.1:")
        address = line.split()[3].rstrip(".")
        with openai.OpenAI(base_url=address, api_key="none", timeout=30) as ask:
            assert len(ask.completions.create(**ASKED).choices[0].text) > 0
        process.send_signal(signal.SIGTERM)
        rest, errors = process.communicate(timeout=30)
    finally:
        process.kill()
    assert (process.returncode, errors) == (0, "")
    assert rest.startswith("Stopping")


def test_a_taken_port_is_said(saved, service, capsys):
    port = str(urlsplit(service.address).port)
    assert cli.main(["serve", "--model", saved, "--port", port]) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"minillm: Cannot listen at 127.0.0.1, port {port}")
    assert said.count("\n") == 1


@pytest.mark.parametrize(
    ("host", "open_"), [("127.0.0.1", False), ("::1", False), ("0.0.0.0", True)]
)
def test_who_can_come_in_is_said(monkeypatch, capsys, host, open_):
    monkeypatch.setenv("MINILLM_LANG", "en")
    server._greet(host, "tiny", "http://here/v1")
    said = capsys.readouterr()
    assert said.out == "Serving tiny at http://here/v1. Stop with Ctrl-C.\n"
    assert ("other machines can use this model" in said.err) == open_
