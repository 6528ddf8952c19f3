"""The book as a reader meets it: from disk and from a server, light and dark, wide and narrow."""

import re
import shutil
import subprocess
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from lessons import book
from lessons.build import lessons
from minillm.language import LANGUAGES
from tests.reader import Reader, served

VIEWS = [
    pytest.param("file", "light", 1280, id="from disk, light, wide"),
    pytest.param("file", "dark", 400, id="from disk, dark, phone"),
    pytest.param("http", "light", 400, id="served, light, phone"),
    pytest.param("http", "dark", 1280, id="served, dark, wide"),
]

SECONDS = 180  # twice what a lesson should take on two cores
PEAK_BYTES = 1.5e9


@pytest.fixture(scope="module")
def built_book():
    """The book, built now or earlier, and what its lessons cost: `{"en": {"06_training": ...}}`.

    This file alone builds it: workers that run side by side would build it twice.
    """
    return {lang: book.build(lang) for lang in LANGUAGES}


@pytest.fixture(scope="module")
def copied(built_book, tmp_path_factory):
    """The book in another place, as a reader would get it."""
    return shutil.copytree(book.BUILD / "html", tmp_path_factory.mktemp("else") / "book")


@pytest.fixture(scope="module")
def addresses(copied):
    """Where the book is: `{"file": ..., "http": ...}`."""
    with served(copied) as http_address:
        yield {"file": copied.as_uri(), "http": http_address}


@pytest.fixture
def reader(browser, request):
    window = Reader(browser)
    yield window
    window.close()


def names(copied):
    """All pages, `index.html`, `zh/index.html`..."""
    pages = (p.relative_to(copied) for p in copied.rglob("*.html"))
    return sorted(p.as_posix() for p in pages if p.parts[-2:-1] != ("_static",))


def test_the_book_has_a_page_for_every_lesson_in_every_language(copied):
    found = names(copied)
    for lang in LANGUAGES:
        folder = "" if lang == "en" else f"{lang}/"
        wanted = [lesson.stem for lesson in lessons(lang=lang)]
        assert {f"{folder}{n}.html" for n in [*wanted, "index", "glossary"]} <= set(found)
        for name in wanted:
            assert (copied / f"{folder}{name}.ipynb").exists()


@pytest.mark.parametrize(
    ("lang", "lesson"),
    [
        pytest.param(lang, lesson.stem, id=f"{lang} {lesson.stem}")
        for lang in LANGUAGES
        for lesson in lessons(lang=lang)
    ],
)
def test_a_lesson_runs_in_time_and_in_silence(lang, lesson, built_book, record_property):
    """The book's build is the one execution of each lesson; a failing cell fails the build."""
    run = built_book[lang][lesson]
    record_property("lesson", f"{lang} {lesson:24} {run['seconds']:6.1f} s")  # for conftest.py
    assert 0 < run["seconds"] <= SECONDS
    # A box in the place of a character is a warning in a text, no more than a line in a formula.
    noise = re.compile("Warning|does not have a glyph")
    assert [line for line in run["stderr"].splitlines() if noise.search(line)] == []


def test_no_lesson_needs_the_network_or_much_memory(built_book):
    for lang, runs in built_book.items():
        if len(runs) > 1:
            assert runs["all"]["network"] == [], lang
            assert 0 < runs["all"]["peak_bytes"] <= PEAK_BYTES, lang


@pytest.mark.browser
@pytest.mark.parametrize(("scheme", "theme", "width"), VIEWS)
def test_every_page_is_whole(browser, addresses, copied, scheme, theme, width):
    window = Reader(browser, theme, width)
    for name in names(copied):
        page = window.open(f"{addresses[scheme]}/{name}")
        wide = page.evaluate(
            """() => [...document.querySelectorAll("article *")]
                .filter(e => e.getBoundingClientRect().right > innerWidth + 1)
                .filter(e => !e.closest("pre, .math, .pst-scrollable-table-container, svg"))
                .map(e => e.outerHTML.slice(0, 120))"""
        )
        assert wide == [], name
        assert page.evaluate("document.documentElement.scrollWidth") <= width, name
        assert page.locator("article h1").count() == (0 if name.endswith("search.html") else 1), (
            name
        )
        flat = page.evaluate(
            """() => [...document.querySelectorAll("math")]
                .filter(m => m.getBoundingClientRect().height < 8).map(m => m.textContent)"""
        )
        assert flat == [], name
        assert page.evaluate("[...document.images].filter(i => !i.naturalWidth).length") == 0, name
        shown = page.evaluate("document.documentElement.dataset.theme")
        assert shown == theme, name
    window.close()


def test_equations_are_drawn_by_the_browser(copied):
    text = (copied / "06_training.html").read_text(encoding="utf-8")
    assert text.count("<math") >= 5
    assert "<script" in text
    assert "mathjax.js" not in text.lower()


def test_every_figure_says_what_it_shows(copied):
    for name in names(copied):
        for image in re.findall(r"<img\b[^>]*>", (copied / name).read_text(encoding="utf-8")):
            alt = re.search(r'\balt="([^"]*)"', image)
            assert alt, (name, image)
            assert len(alt[1]) > 20, (name, image)
            assert not re.search(r"_images/|\.png", alt[1]), (name, image)


def test_every_link_inside_the_book_leads_somewhere(copied):
    for name in names(copied):
        page = copied / name
        html = page.read_text(encoding="utf-8")
        for link in re.findall(r'(?:href|src)="([^"]*)"', html):
            parts = urlsplit(link)
            if parts.scheme or parts.netloc or not (parts.path or parts.fragment):
                continue
            target = (page.parent / unquote(parts.path)).resolve() if parts.path else page
            assert target.exists(), (name, link)
            if parts.fragment and target.suffix == ".html":
                content = target.read_text(encoding="utf-8")
                assert f'id="{unquote(parts.fragment)}"' in content, (name, link)


def test_pages_with_views_load_the_shared_script_and_hold_none_of_their_own(copied):
    for name in names(copied):
        html = (copied / name).read_text(encoding="utf-8")
        assert ("minillmViews ||=" in html) == ("minillm-views-" in html), name
        assert "DecompressionStream" not in html, name  # that would be a script of its own
    scripts = [file.stat().st_size for file in copied.rglob("minillm-views-*.js")]
    assert scripts
    assert max(scripts) <= 60_000


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["file", "http"])
@pytest.mark.parametrize(
    ("page", "word", "finds"),
    [("search.html", "optimiser", "06_training"), ("zh/search.html", "注意力", "glossary")],
)
def test_search_finds(reader, addresses, scheme, page, word, finds):
    window = reader.open(f"{addresses[scheme]}/{page}?q={word}")
    link = window.locator(f"#search-results li a[href*='{finds}']").first
    link.wait_for(timeout=15_000)
    assert link.is_visible()


@pytest.mark.browser
def test_chinese_is_drawn_with_real_glyphs(reader, addresses, copied):
    """Where a font lacks characters, each is drawn as the same box."""
    for name in [name for name in names(copied) if name.startswith("zh/")]:
        page = reader.open(f"{addresses['file']}/{name}")
        for place in ("article p", "article pre"):
            pictures = page.evaluate(
                """place => ["大", "语", "言"].map(character => {
                    const canvas = document.createElement("canvas");
                    const pen = canvas.getContext("2d");
                    const element = document.querySelector(place) ?? document.body;
                    pen.font = "40px " + getComputedStyle(element).fontFamily;
                    pen.fillText(character, 10, 50);
                    return canvas.toDataURL();
                })""",
                place,
            )
            assert len(set(pictures)) == 3, (name, place)


def test_each_page_leads_to_itself_in_the_other_language(copied):
    chinese = [page.name for page in (copied / "zh").glob("*.html")]
    both = [name for name in chinese if (book.ROOT / "lessons" / name).with_suffix(".md").exists()]
    assert {"index.html", "00_start.html"} <= set(both)
    for name in both:
        english, other = (copied / name), (copied / "zh" / name)
        assert f'<a href="zh/{name}" lang="zh">' in english.read_text(encoding="utf-8"), name
        assert f'<a href="../{name}" lang="en">' in other.read_text(encoding="utf-8"), name
    text = (copied / "06_training.html").read_text(encoding="utf-8")
    assert ('lang="zh"' in text) == ("06_training.html" in both)


def test_a_chinese_lesson_speaks_chinese_and_hides_how(copied):
    for lesson in lessons(lang="zh"):
        text = (copied / "zh" / f"{lesson.stem}.html").read_text(encoding="utf-8")
        assert "MINILLM_LANG" not in text
        cards = re.findall(r'<div class="minillm-card[^>]*lang="(\w+)"', text)
        assert set(cards) == {"zh"}


@pytest.mark.browser
def test_the_theme_button_and_the_copy_button_work(reader, addresses):
    reader.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = reader.open(f"{addresses['http']}/06_training.html")
    for theme in ("dark", "light"):
        page.locator("button.theme-switch-button:visible").first.click()
        page.locator(f".dropdown-menu.show >> text=/{theme}/i").click()
        assert page.evaluate("document.documentElement.dataset.theme") == theme
    block = page.locator("div.cell_input").first
    block.hover()
    block.locator("button.copybtn").click()
    assert "import torch" in page.evaluate("navigator.clipboard.readText()")


@pytest.mark.browser
def test_next_and_previous_lead_through_the_lessons(reader, addresses):
    page = reader.open(f"{addresses['file']}/{lessons()[0].stem}.html")
    for lesson in lessons()[1:]:
        page.locator("a.right-next").click()
        assert page.url.endswith(f"{lesson.stem}.html")
    page.locator("a.left-prev").click()
    assert page.url.endswith(f"{lessons()[-2].stem}.html")


@pytest.mark.browser
def test_a_keyboard_reaches_the_text(reader, addresses):
    page = reader.open(f"{addresses['http']}/06_training.html")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent.trim()") == "Skip to main content"
    page.keyboard.press("Enter")
    assert page.url.endswith("#main-content")


@pytest.fixture(scope="module")
def axe(tmp_path_factory):
    """axe-core, which looks for what keeps people out, from npm."""
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("npm, which brings axe-core, is not on this machine")
    folder = tmp_path_factory.mktemp("axe")
    command = [npm, "install", "--silent", "--no-audit", "--no-fund", "axe-core@4.11.0"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"npm could not bring axe-core: {done.stderr[-200:]}")
    return (folder / "node_modules/axe-core/axe.js").read_text(encoding="utf-8")


# Whether a word can be read is a matter of colours, size and weight. Of the thousands of words of
# code that look alike, the first on show stays; the others become bare text, in the same places.
BARE_REPEATS = """() => {
    const paint = e => getComputedStyle(e).backgroundColor;
    const behind = e => paint(e) === "rgba(0, 0, 0, 0)" && e.parentElement
        ? behind(e.parentElement) : paint(e);
    const words = [...document.querySelectorAll("article pre span:not(:has(*))")];
    const shown = words.filter(word => word.checkVisibility() && word.textContent.trim());
    const look = word => {
        const { color, fontSize, fontWeight, opacity } = getComputedStyle(word);
        return [color, behind(word), fontSize, fontWeight, opacity].join();
    };
    const looks = shown.map(look);
    const repeats = shown.filter((word, i) => looks.indexOf(looks[i]) < i);
    repeats.forEach(word => word.replaceWith(word.textContent));
}"""


@pytest.mark.browser
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_page_shuts_anybody_out(browser, addresses, copied, axe, theme):
    window = Reader(browser, theme)
    for name in names(copied):
        page = window.open(f"{addresses['http']}/{name}")
        page.evaluate(axe)
        page.evaluate(BARE_REPEATS)
        found = page.evaluate("axe.run(document, {resultTypes: ['violations'], preload: false})")
        serious = [
            (v["id"], v["nodes"][0]["html"][:160])
            for v in found["violations"]
            if v["impact"] in ("serious", "critical")
        ]
        assert serious == [], name
    window.close()


def test_building_again_runs_nothing_again(built_book):
    again = book.build("en")
    assert {name: run.get("seconds") for name, run in again.items()} == {
        name: run.get("seconds") for name, run in built_book["en"].items()
    }


def test_a_page_that_warns_fails_the_build(tmp_path, monkeypatch):
    (tmp_path / "index.md").write_text("# A title\n\n[nowhere](nowhere.md)\n", encoding="utf-8")
    command = [*book.COMMAND, "-c", Path(book.ROOT, "lessons"), tmp_path, tmp_path / "out"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode != 0
    assert "nowhere.md" in done.stderr
