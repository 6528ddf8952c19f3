"""Start the service, say where it is, and stop it in good order. Lesson 09."""

import asyncio
import signal
import socket
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from tornado.httpserver import HTTPServer

from minillm.language import say
from minillm.models.gpt import GPT
from minillm.serve.handlers import Service, application, is_loopback
from minillm.serve.request import LARGEST
from minillm.serve.scheduler import Scheduler
from minillm.tokenizer import Tokenizer

GRACE = 5.0  # seconds that replies under way get when the service stops


async def serve(
    model: GPT,
    tokenizer: Tokenizer,
    name: str,
    *,
    stop: asyncio.Event,
    ready: Callable[[str], None],
    host: str = "127.0.0.1",
    port: int = 0,
    rows: int = 8,
    waiting: int = 32,
    grace: float = GRACE,
) -> None:
    """Serve `model` as `name` until `stop` is set; `ready` is called with the address.

    rows: replies written side by side; waiting: requests that may queue for them.
    port 0 takes any free one. Raises OSError where the address cannot be had.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.create_server((host, port), family=family)
    listener.setblocking(False)
    scheduler = Scheduler(model, end=tokenizer.end, rows=rows, waiting=waiting)
    service = Service(
        name=name,
        tokenizer=tokenizer,
        context=model.config.context,
        scheduler=scheduler,
        local=is_loopback(host),
    )
    server = HTTPServer(
        application(service),
        max_body_size=2 * LARGEST,
        body_timeout=30,  # seconds for a request to arrive
        idle_connection_timeout=300,  # seconds
    )
    server.add_socket(listener)
    try:
        ready(_address(host, listener.getsockname()[1]))
        await stop.wait()
    finally:
        service.stopping = True
        server.stop()  # no new connections
        await asyncio.to_thread(scheduler.stop, grace)
        await asyncio.sleep(0.1)  # last words of what was cut
        await server.close_all_connections()
        service.threads.shutdown()


def _address(host: str, port: int) -> str:
    return f"http://{f'[{host}]' if ':' in host else host}:{port}/v1"


def _greet(host: str, name: str, address: str) -> None:
    if not is_loopback(host):
        print(say("serve.open", host=host), file=sys.stderr)
    print(say("serve.ready", model=name, address=address), flush=True)


def run(folder: str | Path, *, host: str, port: int, rows: int, waiting: int) -> None:
    """Serve the model saved in `folder` until Ctrl-C or SIGTERM, and end what is under way."""
    from minillm.run import load_model

    model, tokenizer = load_model(folder)
    name = Path(folder).resolve().name

    async def until_signal() -> None:
        stop, loop = asyncio.Event(), asyncio.get_running_loop()

        def ask(number: int, frame: object) -> None:
            for known in (signal.SIGINT, signal.SIGTERM):
                signal.signal(known, signal.default_int_handler)  # a second one does not wait
            loop.call_soon_threadsafe(print, say("serve.stopping", seconds=f"{GRACE:.0f}"))
            loop.call_soon_threadsafe(stop.set)

        for known in (signal.SIGINT, signal.SIGTERM):
            signal.signal(known, ask)
        options = dict(host=host, port=port, rows=rows, waiting=waiting)
        await serve(model, tokenizer, name, stop=stop, ready=partial(_greet, host, name), **options)

    try:
        asyncio.run(until_signal())
    except OSError as error:
        raise OSError(say("serve.taken", host=host, port=port, error=error.strerror)) from error
