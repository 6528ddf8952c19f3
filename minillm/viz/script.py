"""One script from plain files: joined, comments dropped, as an ES module or a classic script."""

import base64
import json
import re
import zlib
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
    "curve": (
        "data",
        "scale",
        "pen",
        "plot",
        "scene",
        "draw",
        "cursor",
        "tools",
        "readout",
        "sample",
        "save",
        "parts",
        "view",
    ),
    "model": ("gpt", "tokens", "choose", "session", "text", "heads", "bars", "view"),
}


# A comment after code. One that quotes something stays: it might be within a string.
_REMARK = re.compile(r"(?<=[;{,(\[\]})]) // [^\"'`]*$")

_RULES = re.compile(r"\s*([{};,])\s*")  # where a style sheet needs no blanks


def _read(folder: str, name: str) -> str:
    return (SCRIPTS / folder / name).read_text(encoding="utf-8")


def _squeeze(source: str) -> str:
    """Drop indentation, blank lines and comments; code is left as it is."""
    lines = (_REMARK.sub("", line.strip()) for line in source.splitlines())
    return "\n".join(line for line in lines if line and not line.startswith("//"))


@cache
def source(*kinds: str) -> str:
    """The joined script of some views: declarations only, `mount` and `VIEWS` among them."""
    parts = [f"const PALETTE = {json.dumps(json.loads(_read('core', 'palette.json')))};"]
    styles = {"core": _read("core", "style.css")}
    for kind in kinds:
        styles[kind] = _read(kind, "style.css")
    styles = {kind: _RULES.sub(r"\1", _squeeze(style)) for kind, style in styles.items()}
    parts.append(f"const STYLES = {json.dumps(styles)};")
    parts += [_squeeze(_read("core", f"{name}.js")) for name in CORE]
    for kind in kinds:
        view = "\n".join(_squeeze(_read(kind, f"{name}.js")) for name in VIEWS[kind])
        # in a block of its own where there are several, so that their names do not meet
        parts.append(f"{{\n{view}\n}}" if len(kinds) > 1 else view)
    return "\n".join(parts)


# Inflates a script and runs it in the place of this one. As a script element, because a page that
# allows inline scripts may still forbid `eval`.
_UNPACK = """(async (script, packed) => {
  const { body } = new Response(Uint8Array.from(atob(packed), (c) => c.charCodeAt(0)));
  const stream = body.pipeThrough(new DecompressionStream("deflate"));
  const next = document.createElement("script");
  next.textContent = await new Response(stream).text();
  script.after(next);
  next.remove();
})"""


def _packed(kinds: tuple[str, ...], last: str) -> str:
    """A classic script that runs the joined source and then `last`, and leaves no global name.

    Deflated to a third, because every output of a notebook carries its own.
    """
    run = f'((script) => {{\n"use strict";\n{source(*kinds)}\n{last}\n}})(document.currentScript);'
    packer = zlib.compressobj(9, memLevel=9)
    packed = base64.b64encode(packer.compress(run.encode()) + packer.flush()).decode()
    return f'{_squeeze(_UNPACK)}(document.currentScript, "{packed}");'


@cache
def inline(kind: str) -> str:
    """The script element that mounts one view where it stands."""
    return f"<script>{_packed((kind,), 'mountHere(script);')}</script>"


@cache
def shared() -> str:
    """The script of all views, for a page that loads it once; its displays are made by `queued`."""
    return _packed(tuple(VIEWS), "mountQueue();")


def queued() -> str:
    """The script element of a view whose page loads `shared()`, before or after it."""
    return (
        "<script>(window.minillmViews ||= []).push(document.currentScript.parentElement);</script>"
    )


def module(kind: str) -> str:
    """The ES module for anywidget, which calls `render({model, el})`."""
    return f"{source(kind)}\nexport default {{ render: VIEWS.{kind} }};\n"
