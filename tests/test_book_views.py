"""Views on pages of the book: one script for all of them, light and dark, from disk and served."""

import re
import subprocess
from pathlib import Path

import pytest

from lessons import book
from lessons.offline import Offline
from tests.reader import Reader, served

PAGE_OF_VIEWS = """\
---
file_format: mystnb
kernelspec:
  name: python3
---

# Views

```{code-cell} ipython3
import numpy as np
from minillm import viz

tokens = ["The", " cat", " sat", " on", " it"]
weights = np.tril(np.ones((2, 3, 5, 5))) / np.arange(1, 6)[:, None]
viz.attention(weights, tokens)
```

```{code-cell} ipython3
rng = np.random.default_rng(0)
viz.attention_steps(*rng.normal(size=(3, 5, 4)), tokens)
```

```{code-cell} ipython3
viz.bertviz_heads(weights, tokens)
```
"""


@pytest.fixture(scope="module")
def views_book(tmp_path_factory):
    """A book of two pages, made as the book is; the first shows a view of each kind."""
    folder = tmp_path_factory.mktemp("views")
    source = folder / "source"
    source.mkdir()
    toctree = "\n```{toctree}\nplain\n```\n"
    (source / "index.md").write_text(PAGE_OF_VIEWS + toctree, encoding="utf-8")
    (source / "plain.md").write_text("# No view here\n\nOnly words.\n", encoding="utf-8")
    offline = Offline(folder / "offline")
    told = {**offline.env, **book.SETTINGS, "MINILLM_BOOK_CACHE": str(folder / "cache")}
    command = [*book.COMMAND, "-c", Path(book.ROOT, "lessons"), source, folder / "out"]
    subprocess.run(command, cwd=book.ROOT, env=told, check=True)
    assert offline.attempts() == []
    return folder / "out"


def test_the_book_ships_the_script_of_its_views_once(views_book):
    assert len(list(views_book.rglob("minillm-views.js"))) == 1
    page = (views_book / "index.html").read_text(encoding="utf-8")
    loads = re.compile(r'<script[^>]*src="_static/minillm-views\.js')
    assert len(loads.findall(page)) == 1
    assert page.count("minillmViews ||=") == 2  # each view only says that it is there
    assert len(page) < 750_000  # bertviz's own libraries are most of it
    assert not loads.search((views_book / "plain.html").read_text(encoding="utf-8"))


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["file", "http"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_views_draw_in_the_book_and_follow_its_theme(browser, views_book, scheme, theme):
    window = Reader(browser, theme)
    with served(views_book) as http_address:
        address = {"file": views_book.as_uri(), "http": http_address}[scheme]
        look_at_views(window.open(f"{address}/index.html"), theme)
    window.close()


def look_at_views(page, theme):
    page.wait_for_function("document.querySelectorAll('.minillm-host').length === 2")
    page.wait_for_selector(".minillm-bertviz svg line", state="attached")
    assert [view.get_attribute("data-theme") for view in page.locator(".view").all()] == [theme] * 2
    page.locator(".token", has_text="sat").hover()
    assert "sat" in page.locator(".readout").inner_text()
    behind = page.evaluate(
        """() => [...document.querySelectorAll(".text_html")].map(output => {
            const style = getComputedStyle(output);
            return [style.backgroundColor, style.padding];
        })"""
    )
    assert behind == [["rgba(0, 0, 0, 0)", "0px"]] * 3  # no light frame around them in the dark
