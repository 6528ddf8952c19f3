"""How Sphinx makes the book. One configuration for every language: `MINILLM_LANG` decides."""

import os
import re
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

import yaml  # noqa: E402
from latex2mathml.converter import convert  # noqa: E402
from sphinx.application import Sphinx  # noqa: E402
from sphinx.search import zh as chinese_search  # noqa: E402

from lessons.build import (  # noqa: E402
    LESSON,
    OTHER_FOLDER,
    address,
    first_cell,
    folder_of,
    lesson_links,
    with_card,
)
from minillm.language import LANGUAGES, say  # noqa: E402
from minillm.language import language as chosen_language  # noqa: E402
from minillm.viz import script  # noqa: E402

LANG = chosen_language()

project = say("book.title")
author = "The minillm authors"
copyright = "2026, the minillm authors"
language = {"en": "en", "zh": "zh_CN"}[LANG]
extensions = ["myst_nb", "sphinx_copybutton"]
exclude_patterns = ["zh", "guard", "*.py", "**.ipynb_checkpoints"]

# Lessons: run once, without a network (lessons/book.py), and kept while nothing changes.
nb_execution_mode = "cache"
nb_execution_cache_path = os.environ.get(
    "MINILLM_BOOK_CACHE", str(HERE.parent / "_build/cache/conf")
)
nb_execution_timeout = 180
nb_execution_raise_on_error = True
nb_merge_streams = True
nb_ipywidgets_js = {}  # the views bring their own script: no widget manager from the network
myst_enable_extensions = ["dollarmath", "deflist"]
myst_heading_anchors = 3

html_theme = "sphinx_book_theme"
html_title = project
html_static_path = [str(HERE / "static")]
# Each lesson's notebook lies beside its page, to download.
html_extra_path = [str(p) for p in folder_of(HERE.parent, "notebooks", LANG).glob("*.ipynb")]
html_show_search_summary = False  # it would read the pages, which a page from disk may not
html_css_files = ["book.css"]
html_show_sourcelink = False
html_context = {"default_mode": "auto"}  # light or dark, as the reader's system has it
html_math_renderer = "mathml"
html_theme_options = {
    "repository_url": address(),
    "repository_branch": "main",
    "path_to_docs": "lessons" if LANG == "en" else f"lessons/{LANG}",
    "use_repository_button": True,
    "use_edit_page_button": True,
    "use_issues_button": True,
    "use_download_button": False,  # the card offers the notebook
    "home_page_in_toc": True,
    "navbar_persistent": [],  # the sidebar has the search
    "show_toc_level": 2,
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}

# Sphinx 9.0 ships the English stemmer to Chinese pages under a name they do not know. The index
# holds whole words beside their stems, so a search that stems nothing finds them.
chinese_search.SearchChinese.js_stemmer_rawcode = ""
chinese_search.SearchChinese.js_stemmer_code = (
    "window.Stemmer = class { stemWord(word) { return word; } };"
)


def dress(app: Sphinx, name: str, source: list[str]) -> None:
    """Put links under a page's title, and a lesson's card; the file itself holds only the data."""
    # A link to the other language leaves this book for the one beside it.
    away = rf"\[([^\]]+)\]\(({OTHER_FOLDER}\w+)\.md(#[^)]*)?\)"
    text = re.sub(away, r'<a href="\2.html\3">\1</a>', source[0])
    links, head, more = other_languages(name), {}, ""
    if LESSON.fullmatch(name):
        head = yaml.safe_load(text.split("---\n", 2)[1]).get("minillm", {})
        kinds = lesson_links(name, LANG).items()
        links += [f'<a href="{link}">{say(f"lesson.{kind}")}</a>' for kind, link in kinds]
        links += [f'<a href="{name}.ipynb" download>{say("lesson.download")}</a>']
        if LANG != "en":  # what is executed here is what a learner executes
            first = first_cell(address(), LANG).source
            more = f"\n```{{code-cell}} ipython3\n:tags: [remove-cell]\n\n{first}\n```\n"
    row = f'<p class="minillm-links">{" ".join(links)}</p>\n' if links else ""
    source[0] = with_card(text, head, LANG, row + more)


def other_languages(name: str) -> list[str]:
    """Links from a page to the same one in the other languages."""
    found = []
    for lang in LANGUAGES:
        if lang != LANG and (folder_of(HERE.parent, "lessons", lang) / f"{name}.md").exists():
            folder = f"{lang}/" if LANG == "en" else "../"
            word = say("book.language", lang=lang)
            found.append(f'<a href="{folder}{name}.html" lang="{lang}">{word}</a>')
    return found


VIEWS = "minillm-views.js"


def ship_views(app: Sphinx) -> None:
    """Write the script of all views beside the theme's: once for the whole book."""
    static = Path(app.outdir, "_static")
    static.mkdir(parents=True, exist_ok=True)
    (static / VIEWS).write_text(script.shared(), encoding="utf-8")


def load_views(app: Sphinx, name: str, template: str, context: dict, doctree: object) -> None:
    """Load that script on a page that has a view."""
    if script.queued() in context.get("body", ""):
        app.add_js_file(VIEWS, loading_method="defer")


def inline_math(self, node) -> None:
    """An equation in a line, as MathML: the browser draws it, with no script and no network."""
    self.body.append(convert(node.astext()))


def block_math(self, node) -> None:
    """An equation by itself."""
    self.body.append(f'<div class="math">{convert(node.astext(), display="block")}</div>')


def skip(self, node) -> None:
    """Everything was written when the node was entered."""


def setup(app: Sphinx) -> None:
    """Hook all of it in."""
    from docutils.nodes import SkipNode

    def whole(visit):
        def visit_and_stop(self, node):
            visit(self, node)
            raise SkipNode

        return visit_and_stop

    app.connect("source-read", dress)
    app.connect("builder-inited", ship_views)
    app.connect("html-page-context", load_views)
    app.add_html_math_renderer("mathml", (whole(inline_math), skip), (whole(block_math), skip))
