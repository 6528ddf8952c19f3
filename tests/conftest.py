"""What many tests share: the browser, JupyterLab, the files of the project, run times."""

import os
import subprocess
from itertools import chain
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from lessons.offline import Offline
from tests.lab import Lab, Server

ROOT = Path(__file__).parent.parent
CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# What takes minutes comes first: else one worker ends alone with it (`make test` starts two).
LONGEST = ("tests/test_book.py", "tests/test_lab.py")
# Scripts, not tests: --doctest-modules would import them.
collect_ignore = ["bench"]


@pytest.fixture(scope="module")
def browser():
    """Headless Chromium.

    Of a module, not of the session: while Playwright is open, this thread has an event loop,
    and tests that need one of their own cannot run.
    """
    if not CHROMIUM.exists():
        reason = f"there is no {CHROMIUM}"
        if os.environ.get("MINILLM_REQUIRE_BROWSER"):
            pytest.fail(f"{reason}, and MINILLM_REQUIRE_BROWSER is set")
        pytest.skip(reason)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def lab_server(tmp_path_factory, browser):
    """JupyterLab over an empty folder, `lab_server.root`: put notebooks there."""
    server = Server(tmp_path_factory.mktemp("course"), Offline(tmp_path_factory.mktemp("lab")))
    yield server
    server.stop()


@pytest.fixture
def lab(browser, lab_server):
    """A window on JupyterLab. The test fails if page, server or kernel reached for the network."""
    context = browser.new_context(
        viewport={"width": 1280, "height": 900}, service_workers="block", reduced_motion="reduce"
    )
    lab = Lab(lab_server, context)
    yield lab
    lab.close()
    assert lab.outside == []
    assert lab_server.offline.attempts() == []


@pytest.fixture(scope="session")
def tracked():
    """The names of the project's files, as git lists them."""
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout: which files belong to the project is not known")
    command = ["git", "ls-files", "-z"]
    listing = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return [name for name in listing.split("\0") if name and (ROOT / name).is_file()]


def pytest_collection_modifyitems(items):
    """Run the longest files first; the others keep their order."""
    order = {ROOT / name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: order.get(item.path, len(order)))


def pytest_terminal_summary(terminalreporter):
    """Print how long each lesson took when it was last executed."""
    reports = chain.from_iterable(terminalreporter.stats.values())
    told = [getattr(report, "user_properties", []) for report in reports]
    lines = sorted({text for properties in told for name, text in properties if name == "lesson"})
    if lines:
        terminalreporter.section("lessons")
    for line in lines:
        terminalreporter.line(line)
