"""The book's pages: links that lead somewhere, one title each, two glossaries that agree."""

import re
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from lessons.build import address, lessons

ROOT = Path(__file__).parent.parent
FOLDERS = {"en": ROOT / "lessons", "zh": ROOT / "lessons/zh"}
FILES = [file for folder in FOLDERS.values() for file in sorted(folder.glob("*.md"))]
CHINESE = "[\u4e00-\u9fff]"
LESSONS = {"en": r"Lessons? (\d\d(?:, \d\d)*)\.$", "zh": r"第 (\d\d(?:、\d\d)*) 课。$"}

each_file = pytest.mark.parametrize("file", FILES, ids=lambda f: str(f.relative_to(ROOT)))
each_language = pytest.mark.parametrize("lang", FOLDERS)


def prose(markdown):
    """A page without its head, its code and its formulas."""
    markdown = re.sub(r"\A---\n.*?\n---\n", "", markdown, flags=re.DOTALL)
    markdown = re.sub(r"^(`{3,}).*?^\1$", "", markdown, flags=re.DOTALL | re.MULTILINE)
    return re.sub(r"`[^`\n]+`", "", markdown)


def page(lang, name):
    return prose((FOLDERS[lang] / f"{name}.md").read_text(encoding="utf-8"))


def headings(markdown, level):
    """The headings of one level."""
    return re.findall(rf"^#{{{level}}} (.+)$", markdown, re.MULTILINE)


def without_targets(markdown):
    """The text of links, without where they point."""
    return re.sub(r"\]\([^)\s]*\)", "]", markdown).replace("[", "").replace("]", "")


def anchors(markdown):
    """What a link can point at, as GitHub makes it: `## Top-p, or not?` is `top-p-or-not`."""
    found, times = [], Counter()
    for heading in headings(without_targets(markdown), "1,6"):
        slug = re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")
        found.append(f"{slug}-{times[slug]}" if times[slug] else slug)
        times[slug] += 1
    return found


@cache
def anchors_of(file):
    return anchors(prose(file.read_text(encoding="utf-8")))


def targets(markdown):
    """Where the links and pictures of a page point."""
    return re.findall(r"\]\(([^)\s]+)\)", markdown)


def dead_links(file):
    """The links of a page that lead to no file of this repository, or to no heading in it."""
    own = rf"{re.escape(address())}/(?:blob|tree)/main/"
    dead = []
    for target in targets(prose(file.read_text(encoding="utf-8"))):
        here = re.sub(own, f"{ROOT}/", target)
        if re.match(r"https?:", here):
            continue  # somebody else's page: no test asks the network
        path, _, anchor = here.partition("#")
        to = file.parent / path if path else file
        if not to.exists() or (anchor and anchor not in anchors_of(to)):
            dead.append(target)
    return dead


@each_file
def test_links_lead_somewhere(file):
    assert dead_links(file) == []


def test_chinese_pages_lead_to_chinese_lessons_where_there_are_any():
    translated = {lesson.name for lesson in lessons(lang="zh")}
    for file in FOLDERS["zh"].glob("*.md"):
        away = re.findall(r"\]\(\.\./(\w+\.md)", file.read_text(encoding="utf-8"))
        assert translated & set(away) == set(), file.name


@each_file
def test_a_page_has_one_title(file):
    assert len(headings(prose(file.read_text(encoding="utf-8")), 1)) == 1


def test_a_dead_link_is_seen(tmp_path):
    own = f"{address()}/blob/main"
    good = ["b.md", "#here-now", "b.md#there", f"{own}/README.md", "https://a.org/x"]
    dead = ["nowhere.md", "#there", "b.md#here", f"{own}/nowhere.md", f"{own}/README.md#there"]
    links = " ".join(f"[x]({target})" for target in good + dead)
    (tmp_path / "b.md").write_text("# There")
    (tmp_path / "a.md").write_text(f"# Here, now!\n{links}\n```\n[x](code.md)\n```\n")
    assert dead_links(tmp_path / "a.md") == dead


def test_anchors_are_made_as_github_makes_them():
    text = "# One\n## query, key, value\n## KV cache\n## 能用吗？\n## One\n### [Two](a.md) & *3*\n"
    expected = ["one", "query-key-value", "kv-cache", "能用吗", "one-1", "two--3"]
    assert anchors(text) == expected


def entries(lang):
    """The terms of a glossary, in order, and what is said of each, in one line without links."""
    text = re.sub(r"^## .*$", "", page(lang, "glossary"), flags=re.MULTILINE)
    parts = (part.partition("\n") for part in text.split("\n### ")[1:])
    return [(term.strip(), " ".join(without_targets(body).split())) for term, _, body in parts]


def read(body, lang):
    """An entry taken apart: the Chinese name, the explanation, the numbers of its lessons."""
    match = re.fullmatch(rf"\*\*([^*]+)\*\*[.。] ?(.+?) ?{LESSONS[lang]}", body)
    assert match, body
    return match[1], match[2], re.findall(r"\d\d", match[3])


@each_language
def test_a_glossary_is_in_alphabetical_order(lang):
    terms = [term.casefold() for term, _ in entries(lang)]
    assert terms == sorted(set(terms))
    letters = headings(page(lang, "glossary"), 2)
    assert letters == sorted({term[0].upper() for term in terms})


def test_both_glossaries_hold_the_same_terms():
    assert len(entries("en")) > 80
    assert [term for term, _ in entries("en")] == [term for term, _ in entries("zh")]


@each_language
def test_an_entry_has_its_chinese_name_a_sentence_and_a_lesson(lang):
    letter = CHINESE if lang == "zh" else "[a-z]"
    for term, body in entries(lang):
        name, sentences, numbers = read(body, lang)
        assert re.search(CHINESE, name), term
        assert len(re.findall(letter, sentences)) > 5, term
        assert re.search(r"[.。][)）]?$", sentences), term
        assert numbers == sorted(set(numbers)), term
        assert all(0 <= int(number) <= 19 for number in numbers), term


def test_both_glossaries_agree_on_names_and_lessons():
    for (term, english), (_, chinese) in zip(entries("en"), entries("zh"), strict=True):
        assert read(english, "en")[::2] == read(chinese, "zh")[::2], term


@pytest.mark.parametrize(("lang", "mark"), [("en", "?"), ("zh", "？")])
def test_questions_are_questions(lang, mark):
    questions = headings(page(lang, "questions"), 2)
    assert len(questions) == len(set(questions)) == len(headings(page("en", "questions"), 2))
    assert len(questions) > 10
    assert [question for question in questions if not question.endswith(mark)] == []
