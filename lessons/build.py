"""Build notebooks/ from lessons/: one way, the same bytes every time.

    python lessons/build.py            write every notebook that is out of step
    python lessons/build.py --check    only say which ones are, and exit with 1 if any is

`lessons/NN_topic.md` becomes `notebooks/NN_topic.ipynb`, `lessons/zh/` becomes `notebooks/zh/`.
Nothing is ever read back from a notebook: jupytext's own pairing trusts file times, and would
undo an edit of a lesson in a fresh clone.
"""

import argparse
import hashlib
import posixpath
import re
import sys
import tomllib
from collections import Counter
from pathlib import Path
from urllib.parse import urlsplit

import jupytext
import nbformat

from minillm.language import LANGUAGES, say

ROOT = Path(__file__).resolve().parent.parent
LESSON = re.compile(r"\d\d_[a-z0-9_]+")
OTHER_FOLDER = r"(?:\.\.|zh)/"  # how a page's link to the other language begins
CARD = ("prerequisites", "objectives")  # what the card lists from a lesson's head
MARKS = ("english", "now")  # by which lessons/translate.py knows what a cell is a translation of

KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}

# Colab has everything the package needs, so only the package is installed: no version changes.
COLAB = """\
# {comment}
import sys

if "google.colab" in sys.modules:
    %pip install --quiet --no-deps git+{address}"""

# In another language than English, also: cards and views in it, and figures that can be labelled.
SPEAK = """\


import os

os.environ["MINILLM_LANG"] = "{lang}"

from minillm.viz import fonts

fonts.use_chinese()"""


def address(root: Path = ROOT) -> str:
    """The repository's address, from the one place that holds it: pyproject.toml."""
    with open(root / "pyproject.toml", "rb") as file:
        return tomllib.load(file)["project"]["urls"]["Repository"]


def folder_of(root: Path, kind: str, lang: str) -> Path:
    """The folder of one language's "lessons" or "notebooks"; English lies at the top."""
    return root / kind if lang == "en" else root / kind / lang


def lessons(root: Path = ROOT, lang: str = "en") -> list[Path]:
    """The lessons of one language, in the course's order."""
    return named(folder_of(root, "lessons", lang), ".md")


def named(folder: Path, suffix: str) -> list[Path]:
    """The files called NN_topic: not conf.py or index.md, nor a copy that JupyterLab made."""
    return sorted(p for p in folder.glob(f"*{suffix}") if LESSON.fullmatch(p.stem))


def notebook_of(lesson: Path, root: Path = ROOT, lang: str = "en") -> Path:
    """Where the notebook of a lesson lies."""
    return folder_of(root, "notebooks", lang) / f"{lesson.stem}.ipynb"


def render(lesson: Path, *, url: str, lang: str = "en") -> str:
    """The notebook of a lesson, as the text of its file.

    Raises ValueError, with the lesson's path, where the Markdown cannot be read as a notebook.
    """
    try:
        source = jupytext.reads(lesson.read_text(encoding="utf-8"), fmt="md:myst")
    except Exception as error:  # jupytext and YAML have a dozen kinds
        raise ValueError(f"{lesson} cannot be read as a notebook: {error}") from error

    metadata = {"kernelspec": KERNEL, "language_info": {"name": "python"}}
    head = source.metadata.get("minillm")
    if head is not None:
        metadata["minillm"] = head
    if source.cells and source.cells[0].cell_type == "markdown":
        source.cells[0].source = with_card(source.cells[0].source, head or {}, lang)
    for cell in source.cells:
        if cell.cell_type == "markdown":
            cell.source = for_notebooks(cell.source, url, lang)
    notebook = nbformat.v4.new_notebook(
        metadata=metadata,
        cells=[first_cell(url, lang), *(clean(cell) for cell in source.cells)],
    )
    name_cells(notebook.cells)
    nbformat.validate(notebook)
    return nbformat.writes(notebook, version=4).rstrip("\n") + "\n"


def with_card(markdown: str, head: dict, lang: str, more: str = "") -> str:
    """Put the lesson's card, made from its head, under its title, and `more` under that."""
    if not (head or more) or "\n# " not in f"\n{markdown}":
        return markdown
    before, title, rest = re.split(r"^(# .*)$", markdown, maxsplit=1, flags=re.MULTILINE)
    return f"{before}{title}\n\n{card(head, lang) if head else ''}{more}{rest}"


def card(head: dict, lang: str) -> str:
    """How long a lesson takes, what it needs and what it teaches."""
    words = {
        key: say(f"lesson.{key}", lang=lang, minutes=head["minutes"])
        for key in ("minutes", "need", "can")
    }
    need, can = ("".join(f"> - {item}\n" for item in head[key]) for key in CARD)
    return f"> **{words['minutes']}** {words['need']}\n>\n{need}>\n> **{words['can']}**\n>\n{can}\n"


def for_notebooks(markdown: str, url: str, lang: str) -> str:
    """Point links to other lessons at their notebooks, and links to pages at the repository."""
    here = "lessons" if lang == "en" else f"lessons/{lang}"

    def target(match: re.Match) -> str:
        folder, name, anchor = match[1] or "", match[2], match[3] or ""
        if LESSON.fullmatch(name):
            return f"]({folder}{name}.ipynb{anchor})"
        path = posixpath.normpath(f"{here}/{folder}{name}.md")
        return f"]({url}/blob/main/{path}{anchor})"

    return re.sub(rf"\]\(({OTHER_FOLDER})?(\w+)\.md(#[^)]*)?\)", target, markdown)


def lesson_links(name: str, lang: str = "en") -> dict[str, str]:
    """Where a lesson can be run or read elsewhere: Colab, Binder, its source."""
    repository, within = address(), "" if lang == "en" else f"{lang}/"
    path = urlsplit(repository).path
    notebook = f"notebooks/{within}{name}.ipynb"
    return {
        "colab": f"https://colab.research.google.com/github{path}/blob/main/{notebook}",
        "binder": f"https://mybinder.org/v2/gh{path}/main?urlpath=lab/tree/{notebook}",
        "source": f"{repository}/blob/main/lessons/{within}{name}.md",
    }


def first_cell(url: str, lang: str) -> nbformat.NotebookNode:
    """The first cell of each notebook: on Colab it installs the package; it sets the language."""
    code = COLAB.format(comment=say("notebook.colab", lang=lang), address=url)
    if lang != "en":
        code += SPEAK.format(lang=lang)
    metadata = {"tags": ["colab"], "jupyter": {"source_hidden": True}}
    return nbformat.v4.new_code_cell(code, metadata=metadata)


def clean(cell: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """A new cell with the source and metadata of `cell`; nothing of a run or of a translator."""
    new = getattr(nbformat.v4, f"new_{cell.cell_type}_cell")
    return new(cell.source, metadata={k: v for k, v in cell.metadata.items() if k not in MARKS})


def name_cells(cells: list[nbformat.NotebookNode]) -> None:
    """Give each cell an id made from its text, so that it stays while its neighbours change."""
    seen = Counter()
    for cell in cells:
        text = f"{cell.cell_type}\n{cell.source}"
        # Equal cells are told apart by which of them comes first.
        cell.id = hashlib.sha256(f"{seen[text]}\n{text}".encode()).hexdigest()[:12]
        seen[text] += 1


def out_of_step(root: Path = ROOT, langs: tuple[str, ...] = LANGUAGES) -> dict[Path, str]:
    """Each notebook that does not match the lessons, and why: missing, stale or orphan."""
    url, problems = address(root), {}
    for lang in langs:
        wanted = {notebook_of(lesson, root, lang): lesson for lesson in lessons(root, lang)}
        for notebook, lesson in wanted.items():
            if not notebook.exists():
                problems[notebook] = "missing"
            elif notebook.read_bytes() != render(lesson, url=url, lang=lang).encode():
                problems[notebook] = "stale"
        for notebook in named(folder_of(root, "notebooks", lang), ".ipynb"):
            if notebook not in wanted:
                problems[notebook] = "orphan"
    return problems


def build(root: Path = ROOT, langs: tuple[str, ...] = LANGUAGES) -> dict[Path, str]:
    """Write what is missing or stale; return what was out of step.

    An orphan is left where it is: it may be a copy in which a learner has worked.
    """
    problems = out_of_step(root, langs)
    for lang in langs:
        for lesson in lessons(root, lang):
            notebook = notebook_of(lesson, root, lang)
            if notebook in problems:
                notebook.parent.mkdir(parents=True, exist_ok=True)
                notebook.write_bytes(render(lesson, url=address(root), lang=lang).encode())
    return problems


def main(arguments: list[str] | None = None, root: Path = ROOT) -> int:
    """Run the command line; return the exit status."""
    parser = argparse.ArgumentParser(description="Build notebooks/ from lessons/.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if out of step")
    parser.add_argument("--lang", choices=LANGUAGES, help="one language only")
    options = parser.parse_args(arguments)
    langs = (options.lang,) if options.lang else LANGUAGES

    problems = (out_of_step if options.check else build)(root, langs)
    done = {"missing": "written", "stale": "rewritten"}
    for notebook, problem in problems.items():
        word = problem if options.check else done.get(problem, problem)
        advice = ": it has no lesson; delete or rename it" if problem == "orphan" else ""
        print(f"{notebook.relative_to(root).as_posix()}  {word}{advice}")
    if not problems:
        print("notebooks/ is in step with lessons/")
    elif options.check and set(problems.values()) != {"orphan"}:
        print("run `make notebooks`", file=sys.stderr)
    return int(options.check and bool(problems))


if __name__ == "__main__":
    sys.exit(main())
