"""A reader of web pages: a browser window that may talk to this machine only, and a server."""

import contextlib
import functools
import http.server
import threading
from urllib.parse import urlsplit


@contextlib.contextmanager
def served(folder):
    """Serve a folder over http on this machine; gives the address."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *arguments):
            pass

    handler = functools.partial(Quiet, directory=folder)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class Reader:
    """A browser window on the book that notes whatever goes wrong."""

    def __init__(self, browser, theme="light", width=1280):
        self.context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=theme
        )
        self.page = self.context.new_page()
        self.outside, self.errors = [], []
        self.page.on("console", self._note)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.context.route("**/*", self._gate)

    def _note(self, message):
        if message.type == "error":
            self.errors.append(f"{message.text} ({message.location.get('url')})")

    def _gate(self, route):
        parts = urlsplit(route.request.url)
        if parts.scheme in ("file", "data", "blob") or parts.hostname == "127.0.0.1":
            route.continue_()
        else:
            self.outside.append(route.request.url)
            route.abort()

    def open(self, address):
        self.page.goto(address, wait_until="load")
        return self.page

    def close(self):
        self.context.close()
        assert self.outside == []
        assert self.errors == []
