"""Pages in a headless browser that may talk to this machine only."""

import contextlib
import functools
import http.server
import shutil
import subprocess
import threading
from pathlib import Path

import pytest

from tests.viz.pages import causal_weights, settle

HERE = ("file:", "data:", "blob:", "about:", "http://127.0.0.1")


@pytest.fixture
def open_page(browser):
    """Opens an address or a file; afterwards nothing may have gone wrong.

    Requests that leave this machine are refused and fail the test, as do errors and dialogs.
    """
    contexts, troubles = [], []

    def guard(route):
        if route.request.url.startswith(HERE):
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


@pytest.fixture
def weights():
    """Two layers of three heads on six tokens; head (1, 2) looks at the token before."""
    return causal_weights(2, 3, 6)


@pytest.fixture
def tokens():
    return ["The", " cat", " s", "at", " on", " it"]


@pytest.fixture(scope="session")
def axe(tmp_path_factory):
    """What axe-core finds wrong on a page; it comes from npm, where npm is there."""
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("npm is not installed: axe-core cannot be had")
    folder = tmp_path_factory.mktemp("axe")
    done = subprocess.run(
        [npm, "install", "--no-audit", "--no-fund", "--silent", "axe-core@4"],
        cwd=folder,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        pytest.skip(f"npm could not install axe-core: {done.stderr.strip()[:200]}")
    source = (folder / "node_modules/axe-core/axe.min.js").read_text(encoding="utf-8")

    def problems(page) -> list[tuple[str, list[str]]]:
        page.evaluate(source)
        found = page.evaluate("axe.run(document.querySelector('main'))")
        return [(v["id"], [node["html"] for node in v["nodes"]]) for v in found["violations"]]

    return problems
