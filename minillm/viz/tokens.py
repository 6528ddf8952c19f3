"""The tokens view: how a text becomes tokens, merge by merge, two tokenizers side by side."""

import unicodedata
from collections.abc import Mapping, Sequence

from minillm.language import say
from minillm.tokenizer import Tokenizer
from minillm.tokenizer.base import utf8
from minillm.viz.engine import View
from minillm.viz.labels import spelled
from minillm.viz.pieces import Pieces, cut_up
from minillm.viz.poster_tokens import tokens_poster

LIMIT = 2_000  # bytes of text
_MOST = 4  # tokenizers in one view
_NAMED = 12  # tokens in the caption
_MARKS = ("Mn", "Me", "Cf")  # seen only on another character, or not at all

Source = Tokenizer | Sequence[str | bytes]


def tokens(tokenizer: Source | Mapping[str, Source], text: str) -> View:
    """Show how `text` becomes tokens: bytes, merges, pieces, ids. Lesson 02.

    tokenizer: a tokenizer; or the text's tokens as a list of `str` or `bytes`; or a dict
        `{name: either}` of up to four, to compare. Byte-level BPE is shown merge by merge.
    text: 1 to 2,000 bytes of UTF-8.
    Raises ValueError where tokens do not spell the text, naming the first that differs.
    """
    sources = dict(tokenizer) if isinstance(tokenizer, Mapping) else {_name(tokenizer): tokenizer}
    if not 1 <= len(sources) <= _MOST:
        raise ValueError(f"{len(sources)} tokenizers came; a view shows 1 to {_MOST}.")
    data = utf8(text)
    if not 1 <= len(data) <= LIMIT:
        raise ValueError(
            f"The text has {len(data):,} bytes; a view shows 1 to {LIMIT:,}. "
            + ("Pass a part of it." if data else "Pass a text that is not empty.")
        )
    cuts = {str(name): cut_up(source, text, str(name)) for name, source in sources.items()}
    return View(
        kind="tokens",
        header={
            "glyphs": [spelled(char) for char in text],
            # what stands for a mark or an unseen character where no other carries it
            "alone": {i: _alone(char) for i, char in enumerate(text) if _is_mark(char)},
            "panels": [_panel(name, pieces) for name, pieces in cuts.items()],
        },
        buffer=data,
        caption=_caption(cuts, data),
        draw=lambda: tokens_poster(cuts),
        selection={
            "tokenizer": next(iter(cuts)),
            "token": None,
            "steps": {name: len(pieces.merges) for name, pieces in cuts.items()},
        },
        sections=("viz", "tokens"),
    )


def _name(source: Source) -> str:
    return getattr(source, "kind", say("tokens.title"))


def _is_mark(char: str) -> bool:
    return unicodedata.category(char) in _MARKS


def _alone(char: str) -> str:
    """A mark on a dotted circle; the number of a character that shows nothing."""
    if unicodedata.category(char) in ("Mn", "Me") and not "\ufe00" <= char <= "\ufe0f":
        return "\u25cc" + char
    return f"U+{ord(char):04X}"


def _panel(name: str, pieces: Pieces) -> dict:
    return {
        "name": name,
        "vocabulary": pieces.vocabulary,
        "ids": pieces.ids,
        "gone": pieces.gone.tolist(),
        "merges": [[m.rank, m.made, *m.first, m.count] for m in pieces.merges],
    }


def _caption(cuts: Mapping[str, Pieces], data: bytes) -> str:
    """The picture in words: how many tokens each makes, and the first of them."""
    lines = []
    for name, pieces in cuts.items():
        count = len(pieces.tokens)
        shown = " | ".join(spelled(token)[:24] for token in pieces.tokens[:_NAMED])
        lines.append(
            say(
                "tokens.caption",
                name=name,
                tokens=count,
                bytes=len(data),
                each=f"{len(data) / max(1, count):.2f}",
                list=shown + (" | …" if count > _NAMED else ""),
            )
        )
    return "\n".join(lines)
