import asyncio
import contextlib
import json
import threading
import urllib.error
import urllib.request

import pytest
import torch

from minillm.models.gpt import GPT, GPTConfig
from minillm.serve import serve
from minillm.tokenizer import ByteTokenizer


def peaked():
    """A model whose paths differ when they should."""
    shape = GPTConfig(vocab_size=256, context=64, layers=2, heads=2, width=16, position="rotary")
    gpt = GPT(shape, seed=0).eval()
    with torch.no_grad():
        for p in gpt.parameters():
            p.mul_(8)
    return gpt


class Service:
    """A service in a thread of this process, at a port of its own."""

    def __init__(self, model, **options):
        self.model, self.tokenizer = model, ByteTokenizer()
        self.started = threading.Event()
        self.thread = threading.Thread(target=lambda: asyncio.run(self._serve(options)))
        self.thread.start()
        assert self.started.wait(30)

    async def _serve(self, options):
        self.loop, self.stopping = asyncio.get_running_loop(), asyncio.Event()

        def ready(address):
            self.address = address
            self.started.set()

        options = dict(stop=self.stopping, ready=ready, **options)
        await serve(self.model, self.tokenizer, "tiny", **options)

    def stop(self):
        with contextlib.suppress(RuntimeError):  # it has stopped already
            self.loop.call_soon_threadsafe(self.stopping.set)

    def ask(self, path="/v1/completions", body=None, headers=()):
        """Status and JSON of a raw request."""
        data = json.dumps(body).encode() if isinstance(body, dict) else body
        request = urllib.request.Request(
            self.address.removesuffix("/v1") + path,
            data,
            {"Content-Type": "application/json", **dict(headers)},
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.load(error)

    def load(self):
        return self.ask("/health")[1]


@pytest.fixture(scope="session")
def running():
    """`with running(model, **options) as service`."""

    @contextlib.contextmanager
    def run(model=None, **options):
        service = Service(model or peaked(), **{"grace": 0.2, **options})
        try:
            yield service
        finally:
            service.stop()
            service.thread.join(30)
            assert not service.thread.is_alive()

    return run


@pytest.fixture(scope="session")
def service(running):
    """One service for all tests that leave it as it was."""
    with running() as one:
        yield one
