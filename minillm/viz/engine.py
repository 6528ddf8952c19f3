"""The engine of the views: one picture, one block of data, one script, shown wherever HTML goes.

A view's default display is self-contained `text/html`: a still picture, the data, and the script
that replaces the picture. It needs no kernel, network or widget manager. `.live()` makes a widget
of the same script, from which Python reads the selection.
"""

import base64
import hashlib
import html
import json
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from minillm.files import replacing
from minillm.language import catalogue, language
from minillm.viz import script

if TYPE_CHECKING:
    from anywidget import AnyWidget

SHARED = "MINILLM_SHARED_SCRIPT"


@dataclass(frozen=True, kw_only=True)
class View:
    """A view that a notebook shows, a page keeps and a kernel can follow.

    In a notebook the last line of a cell shows it. `save(path)` writes a page of its own, `live()`
    gives the widget whose selection Python can read. With `MINILLM_SHARED_SCRIPT=1` in the
    environment, as in the book, the display leaves the script out and the page must load
    `script.shared(*kinds)` once.
    """

    kind: str  # the script's name for the view
    header: dict[str, Any]  # small and readable: labels, shapes, choices
    buffer: bytes  # the numbers, packed
    caption: str  # says in words what the picture shows
    draw: Callable[[], bytes] = field(repr=False)  # the still picture, a PNG
    selection: dict[str, Any]  # what Python can read back, and how it starts
    detail: Callable[[list[int]], bytes] | None = None  # numbers a live view may ask for later
    sections: tuple[str, ...] = ("viz",)  # of the string catalogue

    @cached_property
    def poster(self) -> bytes:
        """The still picture, a PNG: what shows where no script may run."""
        return self.draw()

    @cached_property
    def strings(self) -> dict[str, str]:
        """The words of the view in the reader's language."""
        words = catalogue(language())
        return {
            key.partition(".")[2]: text
            for key, text in words.items()
            if key.partition(".")[0] in self.sections
        }

    def html(self, *, shared: bool | None = None) -> str:
        """The display as one piece of HTML; `shared` leaves the script out."""
        if shared is None:
            shared = bool(os.environ.get(SHARED))
        run = script.queued() if shared else script.inline(self.kind)
        data = {
            "kind": self.kind,
            "header": self.header,
            "strings": self.strings,
            "lang": language(),
            "selection": self.selection,
            "buffer": base64.b64encode(self.buffer).decode(),
        }
        island = island_json(data)
        name = hashlib.sha256(island.encode()).hexdigest()[:12]
        picture = base64.b64encode(self.poster).decode()
        alt = html.escape(self.caption)
        return (
            f'<div class="minillm-view" data-minillm="{name}">'
            f'<img alt="{alt}" src="data:image/png;base64,{picture}" style="max-width:100%">'
            f'<script type="application/json">{island}</script>'
            f"{run}</div>"
        )

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        return {
            "text/html": self.html(),
            "image/png": base64.b64encode(self.poster).decode(),
            "text/plain": self.caption,
        }

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write a page of its own, which opens from disk with no network; returns its path."""
        return write_page(Path(path), self.caption, self.html(shared=False))

    def live(self) -> "AnyWidget":
        """The view as a widget (needs anywidget), with traits to read: `.head`, `.token`, `.key`.

        The widget's state belongs to the running kernel: for a saved notebook or the book show the
        view itself.
        """
        from minillm.viz.live import widget

        synced = {
            "header": self.header,
            "strings": self.strings,
            "lang": language(),
            "buffer": self.buffer,
        }
        return widget(self.kind, synced, self.selection, self.detail)


def island_json(data: dict[str, Any]) -> str:
    """JSON that may stand inside an HTML script element, whatever the tokens say.

    >>> island_json({"token": "</script>"})
    '{"token":"\\\\u003c/script>"}'
    """
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    escapes = {"<": "\\u003c", "\u2028": "\\u2028", "\u2029": "\\u2029"}
    return "".join(escapes.get(char, char) for char in text)


def write_page(path: Path, caption: str, body: str) -> Path:
    """A page that holds one view, light or dark as the reader's system is; returns its path."""
    page = (
        f'<!doctype html>\n<html lang="{language()}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{html.escape(caption.splitlines()[0])}</title>\n"
        "<style>:root { color-scheme: light dark; } "
        "body { max-width: 72rem; margin: 1.5rem auto; padding: 0 1rem; }</style>\n"
        f"</head>\n<body>\n<main>\n{body}\n</main>\n</body>\n</html>\n"
    )
    with replacing(path) as temporary:
        temporary.write_text(page, encoding="utf-8")
    return path
