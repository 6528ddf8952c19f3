"""One catalogue of the words people see, in English and Chinese.

`strings/en.toml` and `strings/zh.toml` hold the package's words; a part with many of its own
keeps them beside these, as `strings/NAME.en.toml` and `strings/NAME.zh.toml`.
"""

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
    """All strings of one language, as `{"section.key": text}`; sections may nest."""
    strings = {}
    for path in [_FOLDER / f"{lang}.toml", *sorted(_FOLDER.glob(f"*.{lang}.toml"))]:
        with open(path, "rb") as file:
            strings |= _flat(tomllib.load(file))
    return strings


def _flat(table: dict, prefix: str = "") -> dict[str, str]:
    flat = {}
    for key, value in table.items():
        flat |= (
            _flat(value, f"{prefix}{key}.") if isinstance(value, dict) else {prefix + key: value}
        )
    return flat


def say(key: str, *, lang: str | None = None, **values: object) -> str:
    """The string `key` ("section.name") in the reader's language, its `{fields}` filled in.

    >>> say("doctor.title", lang="zh")
    '本机检查'
    """
    return catalogue(lang or language())[key].format(**values)
