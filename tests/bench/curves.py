"""The curve view at 100,000 points: bytes, script a frame, and what watching costs a run.

The peer, where it is installed: plotly, with its default lines. Headless Chromium draws without a
graphics card; what a frame costs in script is ours, what it costs to paint is the machine's.
"""

import tempfile
import time
from pathlib import Path

import numpy as np
from table import Row

from minillm import viz
from minillm.viz import screen

FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
POINTS = 100_000
FRAME = 1000 / 60  # milliseconds
WATCHED, STEP = 150, 0.02  # steps of a run, seconds each
READY = {
    "minillm": "document.querySelector('.minillm-host')?.shadowRoot.querySelector('.plot canvas')",
    "plotly": "document.querySelector('.main-svg .scatterlayer .trace, .gl-canvas')",
}
PLOT = {"minillm": ".plot canvas.top", "plotly": ".nsewdrag"}


def losses() -> np.ndarray:
    rng = np.random.default_rng(0)
    return 1.5 + 3.6 / (1 + np.arange(POINTS) / 500) ** 0.5 + 0.1 * rng.normal(size=POINTS)


def ours() -> str:
    records = [{"step": i + 1, "loss": loss} for i, loss in enumerate(losses().tolist())]
    return viz.curve(records).html()


def plotly() -> str:
    import plotly.graph_objects as go

    return go.Figure(go.Scatter(y=losses(), mode="lines")).to_html(include_plotlyjs=True)


def rows() -> list[Row]:
    """Bytes and script a frame beside plotly, then the share of a run that watching takes."""
    out = [_watching()]
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        return [*out, Row("curve of 100,000 points", "not measured")]
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        found = {}
        for name, page in {"minillm": ours, "plotly": plotly}.items():
            try:
                html = page()
            except ImportError:
                continue
            found[name] = (len(html), *_measure(browser, Path(folder), name, html))
        browser.close()
    return [*out, *_compare(found["minillm"], found.get("plotly"))]


def _compare(mine: tuple, peer: tuple | None) -> list[Row]:
    """Bytes, milliseconds as the cursor moves, and (ours alone) as the zoom changes."""
    megabytes, hover, zoom = f"{mine[0] / 1e6:.2f} MB", f"{mine[1]:.1f} ms", f"{mine[2]:.1f} ms"
    name = f"curve, {POINTS:,} points:"
    theirs = [("not measured", None, None)] * 2
    if peer is not None:
        theirs = [
            (f"plotly {peer[0] / 1e6:.2f} MB", peer[0] / mine[0], 1),
            (f"plotly {peer[1]:.1f} ms", peer[1] / mine[1], 1),
        ]
    return [
        Row(f"{name} bytes in the page", megabytes, *theirs[0]),
        Row(f"{name} script a frame, cursor (p95)", hover, *theirs[1]),
        Row("    of the time that 60 frames a second leave", hover, "16.7 ms", FRAME / mine[1], 1),
        Row(f"{name} script a frame, zoom (p95)", zoom),
        Row("    of the time that 60 frames a second leave", zoom, "16.7 ms", FRAME / mine[2], 1),
    ]


def _measure(browser, folder: Path, name: str, html: str) -> tuple[float, ...]:
    """Milliseconds of script in the 95th percentile frame: as the cursor moves, as it zooms."""
    path = folder / f"{name}.html"
    path.write_text(f'<!doctype html><meta charset="utf-8"><body>{html}', encoding="utf-8")
    tab = browser.new_page(viewport={"width": 1100, "height": 900})
    tab.goto(path.as_uri())
    tab.wait_for_function(READY[name])
    tab.wait_for_timeout(500)
    session = tab.context.new_cdp_session(tab)
    session.send("Performance.enable")
    box = tab.locator(PLOT[name]).first.bounding_box()
    middle = box["y"] + box["height"] / 2

    def hover(i: int) -> None:
        tab.mouse.move(box["x"] + 80 + 8 * i, middle)

    def zoom(i: int) -> None:
        tab.keyboard.press("+" if i % 16 < 8 else "-")

    frames = [_frames(tab, session, hover)]
    if name == "minillm":  # the peer zooms outside the frames that are measured here
        tab.locator(".plot").first.focus()
        frames.append(_frames(tab, session, zoom))
    tab.close()
    return tuple(frames)


def _frames(tab, session, act) -> float:
    def spent() -> float:
        metrics = session.send("Performance.getMetrics")["metrics"]
        return next(1000 * m["value"] for m in metrics if m["name"] == "ScriptDuration")

    times = []
    for i in range(64):
        before = spent()
        act(i)
        tab.evaluate("new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")
        times.append(spent() - before)
    return float(np.percentile(times, 95))


class _Page:
    """Stands for a notebook on screen, so that everything but the sending is done."""

    def update(self, shown, raw=False):
        pass


def _watching() -> Row:
    """Processor time that a watched loop takes beyond a bare one, as a share of it.

    The drawing of the still view at the end is no part of it.
    """
    page = _Page()
    screen.kernel, screen._is_looked_at = lambda: page, lambda running: True
    screen._show = lambda shown, **options: page

    def steps():
        for step in range(1, WATCHED + 1):
            end = time.process_time() + STEP
            while time.process_time() < end:
                pass
            yield {"step": step, "loss": 1 / step, "lr": 1.0, "grad_norm": 1.0, "tokens": step}

    def took(loop) -> float:
        times = [time.process_time() for _ in loop]
        return times[-1] - times[0]

    pairs = [(took(viz.watch(steps())), took(steps())) for _ in range(3)]
    share = float(np.median([watched / bare for watched, bare in pairs])) - 1
    row = f"watching {WATCHED} steps of {1000 * STEP:.0f} ms (goal 1%)"
    return Row(row, f"{share:.2%}", "goal 1%", 0.01 / max(share, 1e-9), 1)


if __name__ == "__main__":
    from table import show

    show(rows())
