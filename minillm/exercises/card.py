"""The small card on which the checker answers: HTML in a notebook, text in a terminal.

The card inherits the host's text colour and background, so it follows light, dark and
high-contrast themes of JupyterLab and of the book without asking which one is on.
"""

import os
import re
import sys
import textwrap
import unicodedata
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Literal

from minillm.language import language

_STYLE = (Path(__file__).parent / "card.css").read_text(encoding="utf-8")


def in_book() -> bool:
    """Whether the book is being built (`MINILLM_BOOK` is set): its readers cannot run a cell."""
    return bool(os.environ.get("MINILLM_BOOK"))


@dataclass(frozen=True, kw_only=True)
class Fold:
    """Something kept shut until the reader opens it (a terminal has to print it)."""

    title: str
    paragraphs: tuple[str, ...] = ()
    items: tuple[str, ...] = ()
    code: str = ""


@dataclass(frozen=True, kw_only=True)
class Card:
    """What a check, a prediction or a solution shows; `display` it or print it."""

    title: str
    about: str  # what it is about: an exercise's name
    tone: Literal["right", "hint", "fault", "blank"]  # the edge's colour; the title says it too
    paragraphs: tuple[str, ...] = ()  # `backticks` mark code
    code: str = ""
    given: str = ""  # the input on which the table's values were found
    heads: tuple[str, ...] = ()  # of the table's columns; none where the rows speak for themselves
    rows: tuple[tuple[str, ...], ...] = ()
    folds: tuple[Fold, ...] = ()

    def _repr_html_(self) -> str:
        parts = [f"<p>{_prose(text)}</p>" for text in self.paragraphs]
        parts += [f"<pre>{escape(text)}</pre>" for text in (self.code, self.given) if text]
        parts += [_html_table(self.heads, self.rows)] if self.rows else []
        parts += [_html_fold(fold) for fold in self.folds]
        return (
            f"<style>{_STYLE}</style>"
            f'<div class="minillm-card minillm-{self.tone}" lang="{language()}">'
            f'<div class="minillm-head"><strong>{escape(self.title)}</strong> '
            f"<code>{escape(self.about)}</code></div>{''.join(parts)}</div>"
        )

    def __repr__(self) -> str:
        """The card as a terminal shows it."""
        parts = [_wrap(text) for text in self.paragraphs]
        parts += [_indent(text) for text in (self.code, self.given) if text]
        parts += [text_table(self.heads, self.rows)] if self.rows else []
        parts += [_text_fold(fold) for fold in self.folds]
        return "\n".join([f"{self.about}: {self.title}", *parts])


def show(card: Card) -> None:
    """Display the card where IPython runs, else print it."""
    ipython = sys.modules.get("IPython")
    if ipython and ipython.get_ipython():
        from IPython.display import display

        display(card)
    else:
        print(card)


def _prose(text: str) -> str:
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text))


def _html_table(heads: tuple[str, ...], rows: tuple[tuple[str, ...], ...]) -> str:
    head = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in heads)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows
    )
    head = f"<thead><tr>{head}</tr></thead>" if heads else ""
    return f"<table>{head}<tbody>{body}</tbody></table>"


def _html_fold(fold: Fold) -> str:
    inside = "".join(f"<p>{_prose(text)}</p>" for text in fold.paragraphs)
    if fold.items:
        inside += "<ul>" + "".join(f"<li>{_prose(text)}</li>" for text in fold.items) + "</ul>"
    if fold.code:
        inside += f"<pre>{escape(fold.code)}</pre>"
    return f"<details><summary>{escape(fold.title)}</summary>{inside}</details>"


def _text_fold(fold: Fold) -> str:
    inside = [_wrap(text) for text in fold.paragraphs]
    inside += [_wrap(text, "  - ") for text in fold.items]
    inside += [_indent(fold.code)] if fold.code else []
    return "\n".join([f"  {fold.title}:", *inside])


def _wrap(text: str, bullet: str = "  ") -> str:
    width = 88 if language() == "en" else 44  # Chinese characters are two columns wide
    return textwrap.fill(text, width, initial_indent=bullet, subsequent_indent=" " * len(bullet))


def _indent(text: str) -> str:
    return textwrap.indent(text, "    ")


def text_table(heads: tuple[str, ...], rows: tuple[tuple[str, ...], ...]) -> str:
    """Rows of cells as indented text, their columns aligned; `heads` may be empty."""
    lines = [heads, *rows] if heads else rows
    widths = [max(map(_columns, column)) for column in zip(*lines, strict=True)]
    padded = (
        "   ".join(
            cell + " " * (width - _columns(cell)) for cell, width in zip(line, widths, strict=True)
        )
        for line in lines
    )
    return _indent("\n".join(line.rstrip() for line in padded))


def _columns(text: str) -> int:
    """How many columns a terminal needs for the text: Chinese characters take two."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)
