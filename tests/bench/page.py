"""The model in the page: its size, its first answer, and a token, beside torch on this machine."""

import base64
import json
import tempfile
from pathlib import Path

from table import Row, seconds

from minillm import assets, generate, viz
from minillm.lens import record
from minillm.run import load_model
from minillm.viz import script

FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
PROMPTS = {"world": "Anna the sailor had a red kite.", "stdlib": "    def __init__(self, "}
COUNT = 60  # tokens written after the prompt
ALLOWED_MB, ALLOWED_FIRST, ALLOWED_TOKEN = 1.6, 300.0, 5.0  # in the page; milliseconds

# Notes when the first frame with the view has been painted, in milliseconds of the page.
PAINTED = """
new MutationObserver((_, observer) => {
  if (!document.querySelector('.minillm-host')) return;
  observer.disconnect();
  requestAnimationFrame(() => requestAnimationFrame(() => (window.painted = performance.now())));
}).observe(document, { childList: true, subtree: true });"""
# How long reading the prompt and then each token takes, the model's own work alone.
TIMED = """
(() => { %s
  const [header, packed] = %s;
  const session = createSession(header, fromBase64(packed));
  session.type(header.prompts[0]);
  const start = performance.now();
  for (let i = 0; i < %d; i++) session.add(ranked(session.seen.at(-1).logits,
    { temperature: 0, topK: null, topP: 1 })[0].id);
  return (performance.now() - start) / %d;
})()"""


def rows() -> list[Row]:
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        return [Row("model in the page", "not measured")]
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        out = [row for name in PROMPTS for row in _measure(browser, Path(folder), name)]
        browser.close()
    return out


def _measure(browser, folder: Path, name: str) -> list[Row]:
    model, tokenizer = load_model(assets.path(name))
    view = viz.model(*record.weights(model), tokenizer, prompts=[PROMPTS[name]])
    page = browser.new_page()
    page.add_init_script(PAINTED)
    page.goto(view.save(folder / f"{name}.html").as_uri())
    first = page.wait_for_function("window.painted").json_value()
    assert page.locator(".row").count() > 0
    given = json.dumps([view.header, base64.b64encode(view.buffer).decode()])
    token = page.evaluate(TIMED % (script.source("model"), given, COUNT, COUNT))
    page.close()

    def in_torch():
        ids = tokenizer.encode(PROMPTS[name])
        assert len(list(generate.tokens(model, ids, count=COUNT, temperature=0))) == COUNT

    in_torch()
    peer = min(seconds(in_torch) for _ in range(5)) / COUNT * 1000
    megabytes = len(view.html()) / 1e6
    return [
        Row(
            f"page's model ({name}), whole display",
            f"{megabytes:.2f} MB",
            f"allowed {ALLOWED_MB} MB",
            ALLOWED_MB / megabytes,
            1,
        ),
        Row(
            f"page's model ({name}), from opening the page to bars",
            f"{first:.0f} ms",
            f"allowed {ALLOWED_FIRST:.0f} ms",
            ALLOWED_FIRST / first,
            1,
        ),
        Row(
            f"page's model ({name}), a token",
            f"{token:.2f} ms",
            f"allowed {ALLOWED_TOKEN:.0f} ms",
            ALLOWED_TOKEN / token,
            1,
        ),
        Row("  the same, against torch", f"{token:.2f} ms", f"{peer:.2f} ms", peer / token),
    ]
