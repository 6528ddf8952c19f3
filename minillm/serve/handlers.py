"""The addresses of the service, in the OpenAI shape, on tornado. Lesson 09."""

import asyncio
import ipaddress
import json
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from tornado.iostream import StreamClosedError
from tornado.web import Application, RequestHandler

from minillm.generate import continuation, until
from minillm.serve.request import Asked, Refused, parse
from minillm.serve.scheduler import Busy, Reply, Scheduler
from minillm.tokenizer import Tokenizer

GONE = {"error": "The model failed on this text.", "cut": "The service is stopping."}


@dataclass(kw_only=True)
class Service:
    """What all requests share."""

    name: str  # of the model
    tokenizer: Tokenizer
    context: int  # tokens
    scheduler: Scheduler
    local: bool  # only this machine can connect
    started: int = field(default_factory=lambda: int(time.time()))  # seconds since 1970
    stopping: bool = False

    def __post_init__(self) -> None:
        """A thread for each request that may be under way: it waits for the next token."""
        self.threads = ThreadPoolExecutor(self.scheduler.limit, "minillm reply")


def application(service: Service) -> Application:
    """The service's addresses."""
    given = {"service": service}
    return Application(
        [
            ("/health", Health, given),
            ("/v1/models", Models, given),
            ("/v1/completions", Completions, given),
        ],
        default_handler_class=Base,
        default_handler_args=given,
        log_function=lambda handler: None,  # nobody's requests are written down
    )


def is_loopback(host: str) -> bool:
    """Whether a name or address can only mean this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class Base(RequestHandler):
    """Errors in the OpenAI shape; any address that is not served."""

    def initialize(self, service: Service) -> None:
        """Take what all requests share."""
        self.service = service

    def prepare(self) -> None:
        """Refuse a web page that has led the browser here under another name."""
        host = urlsplit(f"//{self.request.host}").hostname or ""
        if self.service.local and not is_loopback(host):
            raise Refused(403, f"This service is for this machine alone, not for {host!r}.")
        if type(self) is Base:
            raise Refused(404, f"There is nothing at {self.request.path}.")

    def write_error(self, status_code: int, **given) -> None:
        """Say what is wrong; nothing of the program's inside comes out."""
        _, error, _ = given.get("exc_info", (None, None, None))
        if not isinstance(error, Refused):
            words = {405: f"{self.request.method} is not served here."}
            error = Refused(status_code, words.get(status_code, "The service failed."))
        self.set_status(error.status)
        if error.status in (429, 503):
            self.set_header("Retry-After", "1")
        self.finish(error.body)

    def log_exception(self, kind, error, trace) -> None:
        """A refusal is no failure of the service."""
        if not isinstance(error, Refused):
            super().log_exception(kind, error, trace)


class Health(Base):
    """Whether the service takes requests, and how busy it is."""

    def get(self) -> None:
        """200, or 503 once it is stopping."""
        self.set_status(503 if self.service.stopping else 200)
        status = "stopping" if self.service.stopping else "ok"
        self.finish({"status": status, **self.service.scheduler.load()})


class Models(Base):
    """The one model that is served."""

    def get(self) -> None:
        """A list of one."""
        name, started = self.service.name, self.service.started
        model = {"id": name, "object": "model", "created": started, "owned_by": "minillm"}
        self.finish({"object": "list", "data": [model]})


class Completions(Base):
    """Continue a text; whole, or as server-sent events while it is written."""

    reply: Reply | None = None

    def on_connection_close(self) -> None:
        """The client has gone: its row is free for others."""
        if self.reply:
            self.reply.cancel()

    async def post(self) -> None:
        """One completion."""
        service = self.service
        kind = self.request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if kind != "application/json":
            raise Refused(415, f"The Content-Type is {kind!r}; expected 'application/json'.")
        asked = parse(self.request.body, service.name, service.tokenizer, service.context)
        self.reply = Reply(asked.prompt, asked.count, asked.sampling, asked.seed)
        try:
            service.scheduler.submit(self.reply)
        except Busy:
            if service.stopping:
                raise Refused(503, GONE["cut"]) from None
            raise Refused(
                429, "All places are taken; try again in a moment.", code="rate_limit_exceeded"
            ) from None
        self.about = {
            "id": f"cmpl-{uuid.uuid4().hex}",
            "object": "text_completion",
            "created": int(time.time()),
            "model": service.name,
        }
        try:
            await (self.events(asked) if asked.stream else self.whole(asked))
        except StreamClosedError:
            pass
        finally:
            self.reply.cancel()

    async def pieces(self, asked: Asked):
        """The text as it is written."""
        tokenizer, loop = self.service.tokenizer, asyncio.get_running_loop()
        read = tokenizer.encode(asked.text)
        pieces: Iterator[str] = until(continuation(tokenizer, read, self.reply), asked.stop)
        while (
            piece := await loop.run_in_executor(self.service.threads, next, pieces, None)
        ) is not None:
            yield piece
        if self.reply.exhausted and self.reply.finish in GONE:
            raise Refused(503 if self.reply.finish == "cut" else 500, GONE[self.reply.finish])

    def choice(self, text: str, finish: str | None) -> dict:
        """A part of the text in the shape that clients expect."""
        return {
            **self.about,
            "choices": [{"index": 0, "text": text, "finish_reason": finish, "logprobs": None}],
        }

    def ending(self) -> str:
        """Why the text is over: it came to an end or a stop string, or to its length."""
        return self.reply.finish if self.reply.exhausted else "stop"

    def usage(self, asked: Asked) -> dict:
        """Tokens read and written."""
        read, written = len(asked.prompt), self.reply.read
        return {
            "prompt_tokens": read,
            "completion_tokens": written,
            "total_tokens": read + written,
        }

    async def whole(self, asked: Asked) -> None:
        """The text in one answer."""
        text = "".join([piece async for piece in self.pieces(asked)])
        await self.finish(self.choice(text, self.ending()) | {"usage": self.usage(asked)})

    async def events(self, asked: Asked) -> None:
        """Each piece as an event; then how it ended, and [DONE]."""
        self.set_header("Content-Type", "text/event-stream; charset=utf-8")
        self.set_header("Cache-Control", "no-store")
        try:
            async for piece in self.pieces(asked):
                await self.event(self.choice(piece, None))
            await self.event(self.choice("", self.ending()))
        except Refused as error:  # the status has been sent already
            await self.event(error.body)
        if asked.usage:
            await self.event({**self.about, "choices": [], "usage": self.usage(asked)})
        await self.event("[DONE]")

    async def event(self, what: dict | str) -> None:
        """One server-sent event, at once."""
        self.write(f"data: {what if isinstance(what, str) else json.dumps(what)}\n\n")
        await self.flush()
