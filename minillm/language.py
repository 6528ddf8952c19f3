"""One catalogue of the words people see, in English and Chinese (`strings/*.toml`)."""

import os
import tomllib
from functools import cache
from pathlib import Path

LANGUAGES = ("en", "zh")
_FOLDER = Path(__file__).parent / "strings"


def language() -> str:
    """The language of views, hints and the command line: `MINILLM_LANG`, else English."""
    chosen = os.environ.get("MINILLM_LANG", "en")
    if chosen not in LANGUAGES:
        raise ValueError(f"MINILLM_LANG is {chosen!r}; it must be one of {', '.join(LANGUAGES)}.")
    return chosen


@cache
def catalogue(lang: str) -> dict[str, str]:
    """All strings of one language, as `{"section.key": text}`."""
    with open(_FOLDER / f"{lang}.toml", "rb") as file:
        sections = tomllib.load(file)
    return {
        f"{section}.{key}": text
        for section, strings in sections.items()
        for key, text in strings.items()
    }


def say(key: str, *, lang: str | None = None, **values: object) -> str:
    """The string `key` ("section.name") in the reader's language, its `{fields}` filled in.

    >>> say("doctor.title", lang="zh")
    '本机检查'
    """
    return catalogue(lang or language())[key].format(**values)
