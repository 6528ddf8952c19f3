"""A real JupyterLab, driven in a real browser as a learner would."""

import json
import re
import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path

from playwright.sync_api import BrowserContext, Page
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from lessons.offline import Offline

TOKEN = "minillm-tests"
LOOPBACK = re.compile(r"^(\w+://(127\.0\.0\.1|localhost)(:\d+)?(/|$)|data:|blob:|about:)")

# No question about news; cells note when they began and ended; no blank screen below the last.
SETTINGS = {
    "@jupyterlab/apputils-extension/notification": {
        "checkForUpdates": False,
        "fetchNews": "false",
    },
    "@jupyterlab/notebook-extension/tracker": {"recordTiming": True, "scrollPastEnd": False},
}

# The notebook on screen. JupyterLab shows its application to the page when asked to.
PANEL = "window.jupyterapp.shell.currentWidget"
QUIET = """() => {
    const panel = window.jupyterapp?.shell?.currentWidget;
    return panel?.content?.model && panel.sessionContext.kernelDisplayStatus === 'idle'
        && !panel.content.widgets.some(cell => cell.model.executionState === 'running');
}"""
STATE = "cell => cell.model.executionState ?? cell.model.type"
HIDDEN_PIXELS = """() => {
    const panels = [...document.querySelectorAll('.jp-NotebookPanel .jp-WindowedPanel-outer')];
    const shown = panels.find(panel => panel.clientHeight);
    return shown.scrollHeight - shown.clientHeight;
}"""


class Server:
    """JupyterLab over one folder, on a free port, with no network."""

    def __init__(self, root: Path, offline: Offline):
        self.root, self.offline = root, offline
        self._log = offline.folder / "lab.log"
        for name, values in SETTINGS.items():
            file = Path(offline.env["JUPYTERLAB_SETTINGS_DIR"], f"{name}.jupyterlab-settings")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(json.dumps(values))
        with open(self._log, "wb") as log:
            self._process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"),
                    "--ServerApp.port=0",
                    f"--ServerApp.root_dir={root}",
                    f"--IdentityProvider.token={TOKEN}",
                    "--LabApp.expose_app_in_browser=True",
                ],
                env=offline.env,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self.url = self._address()

    def _address(self, seconds: float = 60) -> str:
        """Where the server listens; it writes that down when it is ready."""
        runtime = Path(self.offline.env["JUPYTER_RUNTIME_DIR"])
        end = time.monotonic() + seconds
        while time.monotonic() < end and self._process.poll() is None:
            for file in runtime.glob("jpserver-*.json"):
                if text := file.read_text():
                    return f"http://127.0.0.1:{json.loads(text)['port']}"
            time.sleep(0.1)
        self.stop()
        raise RuntimeError(f"JupyterLab did not start:\n{self._log.read_text()}")

    def stop(self) -> None:
        """End the server and its kernels."""
        self._process.terminate()
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


class Lab:
    """One browser window on a server. `n` counts a notebook's cells from 0, Markdown included."""

    def __init__(self, server: Server, context: BrowserContext):
        self.server = server
        self.outside: list[str] = []  # each address beyond this machine that the page asked for
        context.route(lambda url: not LOOPBACK.match(url), self._refuse)
        self.page: Page = context.new_page()
        self.page.on("websocket", lambda socket: self._note(socket.url))
        self.page.set_default_timeout(30_000)

    def _refuse(self, route) -> None:
        self._note(route.request.url)
        route.abort()

    def _note(self, url: str) -> None:
        if not LOOPBACK.match(url):
            self.outside.append(url)

    def open(self, name: str) -> None:
        """Open a notebook, or open it again, and wait until its kernel is idle.

        `name` is a path below the server's folder. What was not saved is lost.
        """
        self.page.goto(f"{self.server.url}/lab/tree/{name}?reset&token={TOKEN}")
        self.wait(60)

    def wait(self, seconds: float) -> None:
        """Wait until no cell is running or waiting to run, and the kernel is idle."""
        try:
            # Asked at each frame, which is the default, the page would take a core from the kernel.
            self.page.wait_for_function(QUIET, timeout=seconds * 1000, polling=200)
        except PlaywrightTimeout as error:
            cells = self.page.evaluate(f"() => {PANEL}?.content?.widgets?.map({STATE})")
            raise TimeoutError(f"not quiet after {seconds} s; the cells are {cells}") from error

    def is_busy(self) -> bool:
        return not self.page.evaluate(QUIET)

    def run_all(self, seconds: float = 180) -> None:
        """Run > Run All Cells, and wait for the end."""
        self.page.get_by_role("menuitem", name="Run", exact=True).click()
        self.page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
        self.wait(seconds)

    def start_cell(self, n: int) -> None:
        """Press the triangle on a cell, and do not wait."""
        self.page.evaluate(f"n => {{ {PANEL}.content.activeCellIndex = n }}", n)
        self._toolbar("run-cell-and-select-next")

    def run_cell(self, n: int, seconds: float = 60) -> None:
        """Press the triangle on a cell, and wait for its end."""
        self.start_cell(n)
        self.wait(seconds)

    def interrupt(self, seconds: float = 15) -> None:
        """Press the square, and wait until the kernel is idle."""
        self._toolbar("interrupt-kernel")
        self.wait(seconds)

    def _toolbar(self, command: str) -> None:
        self.page.locator(f'.jp-NotebookPanel-toolbar [data-command="notebook:{command}"]').click()

    def save(self) -> None:
        self.page.keyboard.press("Control+s")
        self.page.wait_for_function(f"() => !{PANEL}.context.model.dirty")

    def shutdown_kernel(self) -> None:
        self.page.evaluate(f"() => {PANEL}.sessionContext.shutdown()")

    def close(self) -> None:
        """End every kernel and close the window."""
        self.page.evaluate("() => window.jupyterapp?.serviceManager.sessions.shutdownAll()")
        self.page.context.close()

    def cells(self) -> list[dict]:
        """The notebook's cells as they stand on screen, in the notebook format."""
        return self.page.evaluate(f"() => {PANEL}.content.model.toJSON().cells")

    def errors(self) -> list[str]:
        """Each error that a cell shows."""
        return [
            f"cell {n}: {output['ename']}: {output['evalue']}"
            for n, cell in enumerate(self.cells())
            for output in cell.get("outputs", [])
            if output["output_type"] == "error"
        ]

    def seconds(self, n: int) -> float:
        """How long a cell ran, by the kernel's clock."""
        times = self.cells()[n]["metadata"]["execution"]
        begin, end = (
            datetime.fromisoformat(times[name])
            for name in ("iopub.execute_input", "shell.execute_reply")
        )
        return (end - begin).total_seconds()

    def screenshot(self, path: Path, theme: str = "light") -> None:
        """A picture of the whole notebook, however long; theme is "light" or "dark"."""
        name = f"JupyterLab {theme.capitalize()}"
        self.page.evaluate(
            "name => window.jupyterapp.commands.execute('apputils:change-theme', {theme: name})",
            name,
        )
        self.page.wait_for_selector(f'body[data-jp-theme-name="{name}"]', state="attached")
        size = self.page.viewport_size
        # Cells get their true height when they are drawn, so once may not be enough.
        for _ in range(5):
            taller = self.page.viewport_size["height"] + self.page.evaluate(HIDDEN_PIXELS)
            self.page.set_viewport_size({**size, "height": taller})
            self.page.wait_for_timeout(300)
        self.page.locator(".jp-NotebookPanel:visible").screenshot(path=path)
        self.page.set_viewport_size(size)
