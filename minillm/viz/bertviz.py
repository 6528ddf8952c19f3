"""bertviz's head and model views on any model's weights: in JupyterLab, in the book, offline.

bertviz (Vig 2019, arXiv:1906.05714) loads require.js, d3 and jQuery from the network and needs a
`require` that JupyterLab 4 does not have. Here its own scripts run as they are, with d3 and jQuery
taken at display time from the Python packages that carry them (mpld3, sphinxcontrib-jquery). Every
replacement is checked, so that a new release fails loudly.
"""

import base64
import html
import json
import os
import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache, cached_property
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from minillm.language import say
from minillm.lens.scores import peak
from minillm.viz.engine import write_page
from minillm.viz.frames import Frames, Tokens, gather
from minillm.viz.labels import label
from minillm.viz.poster import attention_poster

_DECIMALS = 3
_LONGEST = 14  # characters of a label
_REQUIRE_TAG = re.compile(r'<script src="https://[^"]+/require\.min\.js"></script>')
_CONFIG = re.compile(r"require\.config\(\{.*?\}\);\s*", re.DOTALL)
_PARAMETERS = re.compile(r"const params = (?=\{)")
_OPENING = re.compile(r"requirejs\(\['jquery', 'd3'\], function ?\(\$, d3\) \{")


@dataclass(frozen=True, kw_only=True)
class BertvizView:
    """One of bertviz's views: shown by a notebook, saved as a page, with a picture of ours."""

    markup: str = field(repr=False)  # bertviz's own, made to stand alone
    caption: str
    draw: Callable[[], bytes] = field(repr=False)  # the still picture, a PNG

    @cached_property
    def poster(self) -> bytes:
        """The still picture, a PNG: what shows where no script may run."""
        return self.draw()

    def html(self) -> str:
        """The view as one piece of HTML: picture, d3, jQuery and bertviz's script."""
        picture = base64.b64encode(self.poster).decode()
        caption = html.escape(self.caption)
        # bertviz draws black on nothing, so it gets a light ground; its model view may be wide
        return (
            f'<div class="minillm-bertviz" tabindex="0" role="region" aria-label="{caption}" '
            'style="overflow-x:auto;background:#fff;color:#000;color-scheme:light;padding:10px;border-radius:8px">'
            f'<img alt="{caption}" src="data:image/png;base64,{picture}" '
            f'style="max-width:100%">{self.markup}</div>'
        )

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        return {
            "text/html": self.html(),
            "image/png": base64.b64encode(self.poster).decode(),
            "text/plain": self.caption,
        }

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write a page of its own, which opens from disk with no network; returns its path."""
        return write_page(Path(path), self.caption, self.html())


def bertviz_heads(
    weights: object,
    tokens: Tokens,
    *,
    keys: Tokens | None = None,
    layer: int | None = None,
    heads: list[int] | None = None,
) -> BertvizView:
    """bertviz's head view: lines of one layer, heads by colour. Lessons 10 and 13.

    weights: as for `minillm.viz.attention`: `(L, H, T, S)`, or a Hugging Face `attentions` tuple.
    tokens, keys: the T readers, and the S tokens read where they are another text.
    layer, heads: shown first; default: layer 0, all heads.
    Raises ValueError as `attention` does, RuntimeError where bertviz has changed.
    """
    import bertviz

    frames = gather(weights, tokens, keys, None)
    L, H = frames.weights.shape[1:3]
    if layer is not None and not 0 <= layer < L:
        raise ValueError(f"layer={layer}; expected 0 to {L - 1}.")
    if heads is not None and not all(0 <= head < H for head in heads):
        raise ValueError(f"heads={heads}; expected heads from 0 to {H - 1}.")
    return _view(frames, bertviz.head_view, "bertviz.heads", layer=layer, heads=heads)


def bertviz_model(weights: object, tokens: Tokens, *, keys: Tokens | None = None) -> BertvizView:
    """bertviz's model view: every head of every layer as a thumbnail. Arguments as `bertviz_heads`.

    Lessons 10 and 18.
    """
    import bertviz

    frames = gather(weights, tokens, keys, None)
    return _view(frames, bertviz.model_view, "bertviz.model", display_mode="light")


def _view(frames: Frames, draw: Callable, name: str, **options: object) -> BertvizView:
    if len(frames.names) > 1:
        raise ValueError(f"bertviz shows one pass, not {len(frames.names)}: {frames.names}.")
    weights = frames.weights[0]
    tensor = import_module("bertviz.util").torch.from_numpy  # it takes tensors of its own torch
    # in double precision, so that 0.333 is written with three digits and not as 0.3330000042915344
    rounded = tensor(np.round(weights.astype(np.float64), _DECIMALS))
    layers = [layer[None] for layer in rounded]
    readers, read = ([_short(label(t)) for t in side[0]] for side in (frames.readers, frames.read))
    if frames.crossed or len(readers) != len(read):
        texts = {"cross_attention": layers, "decoder_tokens": readers, "encoder_tokens": read}
    else:
        texts = {"attention": layers, "tokens": read}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # bertviz leaves its script's file open
        page = draw(**texts, prettify_tokens=False, html_action="return", **options)
    score = peak(weights)
    among = score.copy()
    if options.get("layer") is not None:  # the still picture is of the layer that is shown first
        among[np.arange(len(among)) != options["layer"]] = -1
    head = tuple(int(i) for i in np.unravel_index(among.argmax(), among.shape))
    L, H, T, S = weights.shape
    return BertvizView(
        markup=stand_alone(page.data),
        caption=say(f"{name}", layers=L, heads=H, readers=T, read=S),
        draw=lambda: attention_poster(frames, head, score, [0, 1], say("attention.score_peak")),
    )


def _short(text: str) -> str:
    """bertviz lets long labels run out of its picture."""
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def stand_alone(page: str) -> str:
    """bertviz's page without its network: tokens escaped, d3 and jQuery inside."""
    page = _replace_once(_REQUIRE_TAG, "", page)
    markup, opening, script = page.partition('<script type="text/javascript">')
    # the head view's menu, which a screen reader could not name
    menu = f'{say("bertviz.layer")} <select id="layer" aria-label="{say("bertviz.layer")}">'
    markup = markup.replace('Layer: <select id="layer">', menu)
    script, closing, rest = script.rpartition("</script>")  # the last: a token may say it too
    if not (opening and closing) or rest.strip():
        raise RuntimeError("bertviz's page is not markup and one script any more.")
    script = _replace_once(_CONFIG, "", script)
    at = _PARAMETERS.search(script)
    if at is None:
        raise RuntimeError("bertviz's script no longer says `const params = {`.")
    parameters, end = json.JSONDecoder().raw_decode(script, at.end())
    line = script.find("\n", end)  # a comment repeats the whole data up to there
    data = json.dumps(parameters, separators=(",", ":")).replace("<", "\\u003c")
    script = f"{script[: at.end()]}{data};{script[line:]}"
    script = _replace_once(_OPENING, "(function($, d3) {", script)
    body, bracket, tail = script.rpartition("});")
    if not bracket or tail.strip():
        raise RuntimeError("bertviz's script no longer ends its function with `});`.")
    hide = "document.currentScript.parentElement.querySelector('img').style.display = 'none';"
    # in a block, so that the names of two views on a page do not meet
    return f"{markup}<script>{{\n{_libraries()}\n{hide}\n{body}}})(jquery, d3);\n}}</script>"


def _replace_once(pattern: re.Pattern, new: str, text: str) -> str:
    replaced, count = pattern.subn(lambda _: new, text, count=1)
    if count != 1:
        raise RuntimeError(
            f"bertviz's page has nothing like {pattern.pattern!r} any more; "
            "minillm/viz/bertviz.py knows bertviz 1.4."
        )
    return replaced


@cache
def _libraries() -> str:
    """d3 v5 and jQuery as two constants, kept out of the page's own names and of its `define`."""
    parts = []
    for name, package, path in (
        ("d3", "mpld3", "js/d3.v5.min.js"),
        ("jquery", "sphinxcontrib.jquery", "jquery.js"),
    ):
        spec = find_spec(package)
        file = Path(spec.origin).parent / path if spec and spec.origin else None
        if file is None or not file.is_file():
            raise ImportError(f"bertviz needs {path} from {package}: pip install {package}.")
        source = file.read_text(encoding="utf-8").replace("</", "<\\/")
        module = "const module = { exports: {} }, exports = module.exports, define = undefined;"
        parts.append(
            f"const {name} = (function() {{ {module}\n{source}\n"
            "return module.exports; }).call(window);"
        )
    return "\n".join(parts)
