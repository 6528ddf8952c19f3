"""minillm/language.py: one catalogue, the same in every language."""

import re
from string import Formatter

import pytest

from minillm.language import LANGUAGES, catalogue, language, say


def fields(text):
    return sorted(name for _, name, _, _ in Formatter().parse(text) if name is not None)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_language_has_the_same_keys(lang):
    assert catalogue(lang).keys() == catalogue("en").keys()


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_language_fills_in_the_same_fields(lang):
    english = {key: fields(text) for key, text in catalogue("en").items()}
    assert {key: fields(text) for key, text in catalogue(lang).items()} == english


def test_no_chinese_string_is_left_in_english():
    # A string with no word in it, such as "{seconds} s", may stay as it is.
    assert not [
        key
        for key, text in catalogue("zh").items()
        if re.search(r"[a-z]{4}", re.sub(r"{.*?}", "", text))
        and not re.search(r"[\u4e00-\u9fff]", text)
    ]


def test_the_language_is_the_one_asked_for(monkeypatch):
    monkeypatch.delenv("MINILLM_LANG", raising=False)
    assert language() == "en"
    monkeypatch.setenv("MINILLM_LANG", "zh")
    assert say("doctor.title") == say("doctor.title", lang="zh") != say("doctor.title", lang="en")


def test_an_unknown_language_is_refused(monkeypatch):
    monkeypatch.setenv("MINILLM_LANG", "fr")
    with pytest.raises(ValueError, match=r"MINILLM_LANG is 'fr'; it must be one of en, zh"):
        language()
