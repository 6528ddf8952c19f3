"""One script from plain files: joined, comments dropped, as an ES module or a classic script."""

import base64
import json
import re
import string
import zlib
from functools import cache

from minillm.viz.palette import SCRIPTS

# Files in the order they are joined. Every file declares functions and runs nothing by itself.
# A view may take a file of another: "next_token/cuts".
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
    "next_token": (
        "data",
        "cuts",
        "list",
        "strip",
        "lens",
        "mass",
        "bars",
        "knobs",
        "readout",
        "picture",
        "view",
    ),
    "tokens": ("text", "chips", "stepper", "readout", "picture", "view"),
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
    "model": (
        "gpt",
        "tokens",
        "next_token/cuts",
        "choose",
        "session",
        "text",
        "heads",
        "bars",
        "picture",
        "view",
    ),
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
        names = [name if "/" in name else f"{kind}/{name}" for name in VIEWS[kind]]
        view = "\n".join(_squeeze(_read("", f"{name}.js")) for name in names)
        # in a block of its own where there are several, so that their names do not meet
        parts.append(f"{{\n{view}\n}}" if len(kinds) > 1 else view)
    return "\n".join(parts)


# Base 85 takes 6% less than base 64. The digits are those of `base64.b85encode`, but for the one
# that would be markup in an HTML page.
_DIGITS = string.digits + string.ascii_uppercase + string.ascii_lowercase
_DIGITS += "!#$%&()*+-;,=>?@^_`{|}~"

# Inflates a script and runs it in the place of this one. As a script element, because a page that
# allows inline scripts may still forbid `eval`.
_UNPACK = """(async (script, size, packed) => {
  const digits = "DIGITS";
  const bytes = new DataView(new ArrayBuffer((packed.length * 4) / 5));
  for (let i = 0, n = 0; i < packed.length; i++) {
    n = (i % 5 ? n * 85 : 0) + digits.indexOf(packed[i]);
    if (i % 5 === 4) bytes.setUint32(((i - 4) * 4) / 5, n);
  }
  const { body } = new Response(bytes.buffer.slice(0, size));
  const stream = body.pipeThrough(new DecompressionStream("deflate"));
  const next = document.createElement("script");
  next.textContent = await new Response(stream).text();
  script.after(next);
  next.remove();
})""".replace("DIGITS", _DIGITS)


def _packed(kinds: tuple[str, ...], last: str) -> str:
    """A classic script that runs the joined source and then `last`, and leaves no global name.

    Deflated to a third, because every output of a notebook carries its own.
    """
    run = f'((script) => {{\n"use strict";\n{source(*kinds)}\n{last}\n}})(document.currentScript);'
    packer = zlib.compressobj(9, memLevel=9)
    packed = packer.compress(run.encode()) + packer.flush()
    text = base64.b85encode(packed, pad=True).decode().replace("<", ",")
    return f'{_squeeze(_UNPACK)}(document.currentScript, {len(packed)}, "{text}");'


@cache
def inline(kind: str) -> str:
    """The script element that mounts one view where it stands."""
    return f"<script>{_packed((kind,), 'mountHere(script);')}</script>"


@cache
def shared(*kinds: str) -> str:
    """The script of some views, for a page that loads it once; its displays are made by `queued`.

    All views where none is named. A page needs no more than those it shows: see `kinds_on`.
    """
    return _packed(kinds or tuple(VIEWS), "mountQueue();")


def queued() -> str:
    """The script element of a view whose page loads `shared()`, before or after it."""
    return (
        "<script>(window.minillmViews ||= []).push(document.currentScript.parentElement);</script>"
    )


_ISLAND = re.compile(r'<script type="application/json">{"kind":"(\w+)"')


def kinds_on(page: str) -> tuple[str, ...]:
    """Which views wait on a page of HTML for `shared(*kinds)`, in the order of `VIEWS`."""
    found = set(_ISLAND.findall(page)) if queued() in page else set()
    return tuple(kind for kind in VIEWS if kind in found)


def module(kind: str) -> str:
    """The ES module for anywidget, which calls `render({model, el})`."""
    return f"{source(kind)}\nexport default {{ render: VIEWS.{kind} }};\n"
