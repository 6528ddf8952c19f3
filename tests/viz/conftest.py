"""A headless browser that may talk to this machine only, and things to show in it."""

import contextlib
import functools
import http.server
import os
import shutil
import threading
from pathlib import Path

import numpy as np
import pytest

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--js-flags=--expose-gc",
)

# Tokens that have broken views before: markup, line ends, other directions, split characters, size.
HOSTILE = [
    "<script>alert(1)</script>",
    "</script>",
    "</SCRIPT>",
    "<!--",
    "<b>bold</b>",
    "<img src=x onerror=alert(1)>",
    "\"quotes'",
    "&lt;",
    "\n",
    "\u2028",
    "שלום עולם",
    "👩‍👩‍👧‍👦",
    b"\xe4\xbd",
    b"\xa0",
    "",
    "x" * 200,
    "你好",
    " 心",
]


def missing(reason: str):
    """Skip, or fail where the browser is asked for."""
    if os.environ.get("MINILLM_REQUIRE_BROWSER") == "1":
        pytest.fail(f"MINILLM_REQUIRE_BROWSER=1, but {reason}")
    pytest.skip(reason)


@pytest.fixture(scope="session")
def browser():
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        missing("there is no chromium on this machine")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        missing("playwright is not installed")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        yield running
        running.close()


@pytest.fixture
def open_page(browser):
    """Opens an address, a file or a piece of HTML; afterwards nothing may have gone wrong.

    Requests that leave this machine are refused, and fail the test, as do errors on the page.
    """
    contexts, troubles = [], []

    def local(url: str) -> bool:
        return url.startswith(("file:", "data:", "blob:", "about:", "http://127.0.0.1"))

    def guard(route):
        if local(route.request.url):
            return route.continue_()
        troubles.append(f"asked for {route.request.url}")
        return route.abort()

    def open_(where: str | Path, *, width=1000, height=900, ready=".minillm-host", **options):
        context = browser.new_context(viewport={"width": width, "height": height}, **options)
        contexts.append(context)
        context.route("**/*", guard)
        page = context.new_page()
        page.on("pageerror", lambda error: troubles.append(f"error: {error}"))
        page.on("dialog", lambda dialog: (troubles.append("a dialog opened"), dialog.dismiss()))
        page.goto(where.as_uri() if isinstance(where, Path) else where)
        if ready:
            page.wait_for_selector(ready, state="attached")
            settle(page)
        return page

    yield open_
    for context in contexts:
        context.close()
    assert not troubles


def settle(page) -> None:
    """Wait until the frames asked for have been drawn."""
    page.evaluate(
        "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
    )


@pytest.fixture
def serve():
    """Serves a folder over http on this machine, with more headers if asked; gives the address."""
    with contextlib.ExitStack() as stack:

        def start(folder: Path, headers: dict[str, str] | None = None) -> str:
            class Handler(http.server.SimpleHTTPRequestHandler):
                def end_headers(self):
                    for name, value in (headers or {}).items():
                        self.send_header(name, value)
                    super().end_headers()

                def log_message(self, *args):
                    pass

            server = http.server.ThreadingHTTPServer(
                ("127.0.0.1", 0), functools.partial(Handler, directory=folder)
            )
            thread = threading.Thread(target=server.serve_forever, daemon=True)
            thread.start()

            def stop():
                server.shutdown()
                thread.join()
                server.server_close()

            stack.callback(stop)
            return f"http://127.0.0.1:{server.server_port}"

        yield start


def softmax(scores: np.ndarray) -> np.ndarray:
    powers = np.exp(scores - scores.max(-1, keepdims=True))
    return (powers / powers.sum(-1, keepdims=True)).astype(np.float32)


def causal_weights(L: int, H: int, T: int, seed: int = 0) -> np.ndarray:
    """Weights of heads of every kind: sharp, flat, looking at the first token or the one before."""
    rng = np.random.default_rng(seed)
    scores = rng.normal(size=(L, H, T, T)) * rng.uniform(0.3, 2.0, size=(L, H, 1, 1))
    scores[:, 0, :, 0] += 3
    before = np.arange(T)[:, None] - 1 == np.arange(T)
    scores[-1, -1] += 6 * before
    return softmax(np.where(np.tril(np.ones((T, T), bool)), scores, -np.inf))


@pytest.fixture
def weights():
    """Six tokens, two layers of three heads; head (1, 2) looks at the token before."""
    return causal_weights(2, 3, 6)


@pytest.fixture
def tokens():
    return ["The", " cat", " s", "at", " on", " it"]
