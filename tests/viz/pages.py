"""Things to show in a browser, and how to ask a view what it shows."""

from pathlib import Path
from xml.etree import ElementTree

import nbformat
import numpy as np

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


def settle(page) -> None:
    """Wait until the frames asked for have been drawn."""
    page.evaluate(
        "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
    )


def softmax(scores: np.ndarray) -> np.ndarray:
    powers = np.exp(scores - scores.max(-1, keepdims=True))
    return (powers / powers.sum(-1, keepdims=True)).astype(np.float32)


def causal_weights(L: int, H: int, T: int, seed: int = 0) -> np.ndarray:
    """Heads of every kind: 0 of each layer looks at token 0, the very last at the one before."""
    rng = np.random.default_rng(seed)
    scores = rng.normal(size=(L, H, T, T)) * rng.uniform(0.3, 2.0, size=(L, H, 1, 1))
    scores[:, 0, :, 0] += 3
    scores[-1, -1] += 6 * (np.arange(T)[:, None] - 1 == np.arange(T))
    return softmax(np.where(np.tril(np.ones((T, T), bool)), scores, -np.inf))


def cell_colours(page, rows: int, columns: int) -> np.ndarray:
    """The colour at the middle of each cell of the matrix on screen, `(rows, columns, 3)`."""
    pixels = page.evaluate(
        """([rows, columns]) => {
            const canvas = document.querySelector('.minillm-host').shadowRoot
                .querySelector('canvas.base');
            const { matrix } = canvas.dataset;
            const [x, y, width, height] = JSON.parse(matrix);
            const context = canvas.getContext('2d');
            const out = [];
            for (let t = 0; t < rows; t++) for (let s = 0; s < columns; s++) {
                const at = [x + (s + 0.5) * width / columns, y + (t + 0.5) * height / rows];
                out.push([...context.getImageData(...at.map(Math.floor), 1, 1).data]);
            }
            return out;
        }""",
        [rows, columns],
    )
    return np.array(pixels).reshape(rows, columns, 4)


def cell_point(page, row: int, column: int, shape: tuple[int, int]) -> tuple[float, float]:
    """Where a cell of the matrix is on the screen."""
    box = page.locator(".stage canvas.base").bounding_box()
    x, y, width, height = page.evaluate(
        """() => JSON.parse(document.querySelector('.minillm-host').shadowRoot
            .querySelector('canvas.base').dataset.matrix)"""
    )
    rows, columns = shape
    return box["x"] + x + (column + 0.5) * width / columns, box["y"] + y + (
        row + 0.5
    ) * height / rows


def plain(text: str) -> str:
    """Text without the marks that keep a token's direction to itself."""
    return text.replace("\u2068", "").replace("\u2069", "")


def in_page(*views, head: str = "") -> str:
    """A page with the displays of some views."""
    body = "\n".join(view.html() for view in views)
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>x</title>{head}<body>{body}'
    )


# Mounts a view so many times as a widget manager would, and takes all but the last away again.
MOUNT = """async (times) => {
    const { default: view } = await import('./view.mjs');
    const island = JSON.parse(document.querySelector('[type="application/json"]').textContent);
    const bytes = Uint8Array.from(atob(island.buffer), (c) => c.charCodeAt(0));
    window.told = [];
    for (let i = 0; i < times; i++) {
        const values = { ...island, ...island.selection, buffer: new DataView(bytes.buffer) };
        const listeners = {};
        window.model = {
            get: (name) => values[name],
            set: (name, value) => { values[name] = value; window.told.push([name, value]); },
            on: (event, listener) => (listeners[event] ??= []).push(listener),
            off: (event, listener) => {
                listeners[event] = listeners[event].filter((other) => other !== listener);
            },
            save_changes: () => {},
            send: () => {},
            change: (name, value) => {
                values[name] = value;
                listeners[`change:${name}`].forEach((listener) => listener());
            },
            left: () => Object.values(listeners).flat().length,
        };
        const el = document.createElement('div');
        document.body.append(el);
        const end = await view.render({ model: window.model, el });
        if (i === times - 1) break;
        end();
        el.remove();
        if (window.model.left()) throw Error('a listener is left');
    }
}"""


def code_notebook(folder: Path, name: str, *cells: str) -> Path:
    """A notebook of code cells, written and not run."""
    v4 = nbformat.v4
    made = v4.new_notebook(
        cells=[v4.new_code_cell(cell) for cell in cells],
        metadata={"kernelspec": {"display_name": "Python 3 (ipykernel)", "name": "python3"}},
    )
    nbformat.write(made, folder / name)
    return folder / name


def kept_png(page) -> bytes:
    """The picture that the PNG button gives."""
    with page.expect_download() as download:
        page.get_by_role("button", name="PNG").click()
    return Path(download.value.path()).read_bytes()


def kept_svg_texts(page) -> list[str]:
    """What is written in the picture that the SVG button gives."""
    with page.expect_download() as download:
        page.get_by_role("button", name="SVG").click()
    tree = ElementTree.parse(download.value.path())
    return ["".join(node.itertext()) for node in tree.iter("{http://www.w3.org/2000/svg}text")]


def dom_counters(session) -> dict[str, int]:
    """How many nodes and listeners a page has, once what nobody holds is gone."""
    for _ in range(3):
        session.send("HeapProfiler.collectGarbage")
    return session.send("Memory.getDOMCounters")
