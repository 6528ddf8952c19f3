"""The attention view beside its peers, in one run: bytes, first picture, frames under the pointer.

Twelve layers of twelve causal heads with normal scores: noise, which packs worst. The peers, where
they are installed: bertviz, circuitsvis, inspectus, treescope. Each draws its own page in headless
Chromium with no network; bertviz through our bridge, because its own page needs one.
"""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from table import Row

from minillm import viz
from minillm.viz import script

FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
LAYERS = HEADS = 12
TIMED = (64, 128)  # tokens; peers' pages of 512 take minutes and gigabytes
FIRST = {64: 100, 128: 150}  # milliseconds, the goals
HOVER = 8
READY = {  # when a page has drawn
    "minillm": "document.querySelector('.minillm-host')?.shadowRoot.querySelector('canvas.base')",
    "bertviz": "document.querySelectorAll('svg line').length > 1000",
    "circuitsvis": "document.querySelector('canvas, [id^=circuits-vis] img')",
    "inspectus": "document.querySelector('[id^=id_] svg, [id^=id_] canvas')",
    "treescope": "document.querySelector('treescope-container')?.shadowRoot"
    ".querySelector('canvas')",
}


@dataclass
class Measured:
    bytes: int
    first: float | None = (
        None  # milliseconds from the view's first byte to the first frame with its picture
    )
    hover: float | None = None  # milliseconds of script in the 95th percentile frame
    long_tasks: int | None = None  # of 50 ms or more, while the pointer moves


def weights(tokens: int) -> np.ndarray:
    """Causal heads of noise, `(12, 12, T, T)`."""
    scores = np.random.default_rng(0).normal(size=(LAYERS, HEADS, tokens, tokens))
    scores = np.where(np.tril(np.ones((tokens, tokens), bool)), scores, -np.inf)
    powers = np.exp(scores - scores.max(-1, keepdims=True))
    return (powers / powers.sum(-1, keepdims=True)).astype(np.float32)


def words(tokens: int) -> list[str]:
    return [f" word{i}" for i in range(tokens)]


def ours(tokens: int) -> str:
    return viz.attention(weights(tokens), words(tokens)).html()


def bertviz(tokens: int) -> str:
    return viz.bertviz_heads(weights(tokens), words(tokens)).html()


def circuitsvis(tokens: int) -> str:
    from circuitsvis.attention import attention_heads

    heads = weights(tokens).reshape(-1, tokens, tokens)
    return attention_heads(attention=heads, tokens=words(tokens)).local_src


def inspectus(tokens: int) -> str:
    import inspectus
    import IPython.display

    parts: list[str] = []
    real = IPython.display.display
    IPython.display.display = lambda *shown: parts.extend(part.data for part in shown)
    try:
        inspectus.attention(weights(tokens), words(tokens))
    finally:
        IPython.display.display = real
    return "".join(parts)


def treescope(tokens: int) -> str:
    import treescope

    return treescope.render_array(weights(tokens), truncate=False)._repr_html_()


PEERS: dict[str, Callable[[int], str]] = {
    "bertviz": bertviz,
    "circuitsvis": circuitsvis,
    "inspectus": inspectus,
    "treescope": treescope,
}


def rows() -> list[Row]:
    """Sizes, first pictures and frames of ours and the best peer of each."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        return [Row("attention view", "not measured")]
    out = []
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        for tokens in TIMED:
            found = {"minillm": measure(browser, Path(folder), "minillm", ours, tokens)}
            for name, page in PEERS.items():
                found[name] = measure(browser, Path(folder), name, page, tokens)
            out += compare(tokens, found)
        browser.close()
    out.append(long_text(512))
    view = viz.attention(weights(64), words(64))
    data = len(view.buffer) * 4 / 3 + len(str(view.header))
    whole = sum(len(part) for part in view._repr_mimebundle_().values())
    out.append(Row("data, 64 tokens (goal 0.320 MB)", megabytes(data)))
    out.append(Row("whole saved output, 64 tokens (goal 0.450 MB)", megabytes(whole)))
    packed, plain = len(script.inline("attention")), len(script.source("attention"))
    out.append(
        Row("script in a page (goal 60 kB)", f"{packed / 1e3:.0f} kB, {plain / 1e3:.0f} unpacked")
    )
    return out


def long_text(tokens: int) -> Row:
    """Bytes alone, beside the peer that needs the fewest for shorter texts: it draws no picture."""
    what, mine = f"bytes in the page, {tokens} tokens (goal 1.5 MB of data)", len(ours(tokens))
    try:
        peer = len(treescope(tokens))
    except ImportError:
        return Row(what, megabytes(mine))
    return Row(what, megabytes(mine), f"treescope {megabytes(peer)}", peer / mine, 1)


def measure(browser, folder: Path, name: str, page: Callable[[int], str], tokens: int):
    """What one page costs; None where the peer is not installed."""
    try:
        html = page(tokens)
    except ImportError:
        return None
    path = folder / f"{name}.html"
    start = '<!doctype html><meta charset="utf-8"><body><script>began = performance.now()</script>'
    path.write_text(start + html, encoding="utf-8")
    found = Measured(len(html))
    context = browser.new_context(viewport={"width": 1100, "height": 900}, offline=True)
    tab = context.new_page()
    tab.set_default_timeout(40_000)
    # looks at every frame, and notes the first after which the picture is there
    tab.add_init_script(
        f"""window.first = 0; window.long = 0;
        new PerformanceObserver((list) => window.long += list.getEntries().length)
            .observe({{ type: 'longtask' }});
        requestAnimationFrame(function look(now) {{
            if ({READY[name]}) requestAnimationFrame(() => first = performance.now() - began);
            else requestAnimationFrame(look);
        }});"""
    )
    times = []
    try:
        for _ in range(3):
            tab.goto(path.as_uri())
            tab.wait_for_function("window.first > 0")
            times.append(tab.evaluate("window.first"))
            if times[0] > 3000:
                break  # slow enough to know
        found.first = float(np.median(times))
        found.hover, found.long_tasks = hover(tab, context.new_cdp_session(tab))
    except Exception as trouble:  # a peer that cannot draw offline is a result, not an end
        print(f"{name}, {tokens} tokens: {str(trouble).splitlines()[0]}")
    context.close()
    return found


def hover(tab, session) -> tuple[float, int]:
    """Script time a frame while the pointer crosses the page, and the long tasks meanwhile."""
    session.send("Performance.enable")

    def spent() -> float:
        metrics = session.send("Performance.getMetrics")["metrics"]
        return next(1000 * m["value"] for m in metrics if m["name"] == "ScriptDuration")

    tab.evaluate("window.long = 0")
    frames = []
    for i in range(80):
        before = spent()
        tab.mouse.move(420 + 4 * i, 330 + 4 * i)
        tab.evaluate("new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")
        frames.append(spent() - before)
    return float(np.percentile(frames, 95)), tab.evaluate("window.long")


def compare(tokens: int, found: dict[str, Measured | None]) -> list[Row]:
    """Rows of one length: ours beside the best peer, or beside the goal where that is absolute."""
    mine = found.pop("minillm")
    there = {name: peer for name, peer in found.items() if peer}
    out = []
    for field, text, written in (
        ("bytes", "bytes in the page", megabytes),
        ("first", f"first picture (goal {FIRST[tokens]} ms)", milliseconds),
    ):
        values = {name: getattr(peer, field) for name, peer in there.items()}
        values = {name: value for name, value in values.items() if value is not None}
        row = f"{text}, {tokens} tokens"
        value = getattr(mine, field)
        if value is None:
            out.append(Row(row, "not measured"))
            continue
        if not values:
            out.append(Row(row, written(value)))
            continue
        best = min(values, key=values.get)
        peer = f"{best} {written(values[best])}"
        out.append(Row(row, written(value), peer, values[best] / value, 1))
        out += [Row(f"    {name}", "", written(value)) for name, value in values.items()]
    if mine.hover is not None:
        row = f"script a frame under the pointer (p95), {tokens} tokens"
        out.append(Row(row, milliseconds(mine.hover), f"goal {HOVER} ms", HOVER / mine.hover, 1))
        out.append(Row("    long tasks meanwhile", str(mine.long_tasks)))
        for name, peer in there.items():
            if peer.hover is not None:
                said = f"{milliseconds(peer.hover)}, {peer.long_tasks} long"
                out.append(Row(f"    {name}", "", said))
    return out


def megabytes(count: float) -> str:
    return f"{count / 1e6:.3f} MB"


def milliseconds(time: float) -> str:
    return f"{time:.1f} ms"


if __name__ == "__main__":
    from table import show

    show(rows())
