"""One script from plain files: joined, comments dropped, as an ES module or a classic script."""

import json
from functools import cache

from minillm.viz.palette import SCRIPTS

# Files in the order they are joined. Every file declares functions and runs nothing by itself.
CORE = ("dom", "decode", "colour", "theme", "canvas", "keyboard", "store", "export", "host")
VIEWS = {
    "attention": (
        "data",
        "transform",
        "overview",
        "geometry",
        "stage",
        "lines",
        "strip",
        "readout",
        "picture",
        "controls",
        "parts",
        "drawer",
        "follow",
        "view",
    ),
    "steps": ("grid", "sums", "view"),
}


def _read(folder: str, name: str) -> str:
    return (SCRIPTS / folder / name).read_text(encoding="utf-8")


def _squeeze(source: str) -> str:
    """Drop indentation, blank lines and lines that are only a comment; the code is left as it is."""
    lines = (line.strip() for line in source.splitlines())
    return "\n".join(line for line in lines if line and not line.startswith("//"))


@cache
def source(*kinds: str) -> str:
    """The joined script of some views: declarations only, `mount` and `VIEWS` among them."""
    parts = [f"const PALETTE = {json.dumps(json.loads(_read('core', 'palette.json')))};"]
    styles = {"core": _read("core", "style.css")}
    for kind in kinds:
        styles[kind] = _read(kind, "style.css")
    parts.append(f"const STYLES = {json.dumps({k: _squeeze(v) for k, v in styles.items()})};")
    parts += [_squeeze(_read("core", f"{name}.js")) for name in CORE]
    for kind in kinds:
        parts += [_squeeze(_read(kind, f"{name}.js")) for name in VIEWS[kind]]
    return "\n".join(parts).replace("</", "<\\/")  # may stand inside an HTML script element


def inline(kind: str) -> str:
    """The classic script that mounts one view where it stands; it leaves no global name behind."""
    return f'((script) => {{\n"use strict";\n{source(kind)}\nmountHere(script);\n}})(document.currentScript);'


def shared() -> str:
    """The classic script of all views, shipped once by the book, for displays made without it."""
    return f'(() => {{\n"use strict";\n{source(*VIEWS)}\nmountQueue();\n}})();\n'


def module(kind: str) -> str:
    """The ES module for anywidget, which calls `render({model, el})`."""
    return f"{source(kind)}\nexport default {{ render: VIEWS.{kind} }};\n"
