"""Keep a translated lesson in step with the English one, and lose none of its words.

    python -m lessons.translate 03_attention    make lessons/zh/03_attention.md, or refresh it
    python -m lessons.translate                 refresh every lesson that has a translation
    python -m lessons.translate --check         write nothing; exit with 1 if there is work to do

A translated lesson has the English one's cells, in its order. Code is copied; what a translator
may change in it, lessons/wording.py says. Each part of prose, and each code cell with words of its
own, carries as `english` the hash of the English that it says in other words.

Where that English has changed, the translation stays; `now` holds the new hash, and a note tells
readers that the part is behind, and the translator what it has to say. **Mend the part, delete its
note, and run this again**: what has no note is taken as done. The head of the lesson (objectives,
misconceptions...) belongs to its first part.
"""

import argparse
import hashlib
import re
import sys
from pathlib import Path

import jupytext
import nbformat
import yaml

from lessons.build import KERNEL, MARKS, ROOT, folder_of, lessons
from lessons.wording import HAN, carry, says_the_same, structure, words
from minillm.language import say

LANG = "zh"
NOTE = re.compile(r"<!-- english -->.*?<!-- end of english -->\n*", re.DOTALL)
CODE_NOTE = re.compile(r"^# \[english\] (.*)\n?", re.MULTILINE)
FRONT = {
    "jupytext": {"text_representation": {"extension": ".md", "format_name": "myst"}},
    "kernelspec": {key: KERNEL[key] for key in ("display_name", "language", "name")},
}
LEXER = {"name": "python", "pygments_lexer": "ipython3"}  # as in ```{code-cell} ipython3
FENCE = "`````markdown"  # five, as the English may hold fences itself
GONE = "gone"  # what `now` holds where there is no English any more
Cell = Notebook = nbformat.NotebookNode


class Part:
    """A cell of the English lesson, and the hash of the words in it."""

    def __init__(self, cell: Cell, head: dict | None = None):
        self.kind, self.source, self.metadata = cell.cell_type, cell.source, dict(cell.metadata)
        if head:
            self.source = f"---\n{_yaml(head)}---\n\n{cell.source}"
        self.words = [self.source]
        if self.kind == "code":
            self.words = words(self.source) + _strings(self.metadata)
        self.hash = "h" + hashlib.sha256("\n".join(self.words).encode()).hexdigest()[:8]


def translate(english: Notebook, old: Notebook) -> Notebook:
    """The translation in step with the English notebook, made from the one there was."""
    head = english.metadata.get("minillm", {})
    parts = [Part(cell, None if n else head) for n, cell in enumerate(english.cells)]
    places = _places(parts, old.cells)
    rows = [
        [(_code if part.kind == "code" else _prose)(part, None if n is None else old.cells[n])]
        for part, n in zip(parts, places, strict=True)
    ]
    # What has no English any more stays behind the cell that it stood behind.
    rows.insert(0, [])
    behind = rows[0]
    for n, cell in enumerate(old.cells):
        if n in places:
            behind = rows[places.index(n) + 1]
        else:
            behind += _orphan(cell)
    given = old.metadata.get("minillm", {})
    head = {key: _entry(value, given.get(key)) for key, value in head.items()}
    return nbformat.v4.new_notebook(
        metadata={"language_info": LEXER, "minillm": head},
        cells=[cell for row in rows for cell in row],
    )


def _places(parts: list[Part], cells: list[Cell]) -> list[int | None]:
    """For each part the number of its translation, None where there is none yet.

    A translation is known by its hash, wherever it stands, and code also by its structure. What is
    left is paired with the cell that follows the translation of the part before it.
    """
    gone = [n for n, cell in enumerate(cells) if cell.metadata.get("now") == GONE]
    present = [n for n in range(len(cells)) if n not in gone]
    found: dict[int, int] = {}

    def pair(part_number: int, cell_number: int, matches: bool) -> None:
        if matches and part_number not in found and cell_number not in found.values():
            found[part_number] = cell_number

    for known_by in (_says, _does):
        for i, part in enumerate(parts):
            for n in [*present, *gone]:
                pair(i, n, part.kind == cells[n].cell_type and known_by(part, cells[n]))
    last = -1
    for i, part in enumerate(parts):
        for n in [n for n in present if n > last][:1]:
            pair(i, n, part.kind == cells[n].cell_type)
        last = found.get(i, last)
    return [found.get(i) for i in range(len(parts))]


def _says(part: Part, cell: Cell) -> bool:
    marks = [cell.metadata.get(mark) for mark in MARKS]
    return part.hash in marks or part.source == cell.source


def _does(part: Part, cell: Cell) -> bool:
    return part.kind == "code" and structure(part.source) == structure(_bare(cell))


def _bare(cell: Cell) -> str:
    """What a cell says, without the notes to its translator."""
    return (CODE_NOTE if cell.cell_type == "code" else NOTE).sub("", cell.source).strip()


def _prose(part: Part, old: Cell | None) -> Cell:
    text = _bare(old) if old else ""
    marks = _marks(part, old) if text else {"now": part.hash}
    if "now" in marks:
        note = _note("stale" if "english" in marks else "untranslated", part.source)
        text = f"{note}\n\n{text}".strip()
    return nbformat.v4.new_markdown_cell(text, metadata=marks)


def _code(part: Part, old: Cell | None) -> Cell:
    code, lost, notes = part.source, [], []
    if old:
        code, notes = _bare(old), CODE_NOTE.findall(old.source)
        if not says_the_same(part.source, code):
            code, lost = carry(part.source, code)
    metadata = _localised(part.metadata, old.metadata if old else {})
    if not any(map(HAN.search, [*words(code), *_strings(metadata), *lost, *notes])):
        return nbformat.v4.new_code_cell(part.source, metadata=metadata)  # a plain copy
    marks = {"now": part.hash} if lost else _marks(part, old)
    if "now" in marks:
        notes = [say("translate.stale_code", lang=LANG), *notes]
        notes += [say("translate.left_over", lang=LANG, words=" ".join(w.split())) for w in lost]
        code = "".join(f"# [english] {note}\n" for note in dict.fromkeys(notes)) + code
    return nbformat.v4.new_code_cell(code, metadata=metadata | marks)


def _marks(part: Part, old: Cell | None) -> dict[str, str]:
    """What says which English a translation is of, and for how long it is behind."""
    was, asked = (old.metadata.get(mark) if old else None for mark in MARKS)
    just_written = was is asked is None
    mended = asked == part.hash or just_written
    if was == part.hash or (mended and (not old or _bare(old) == old.source.strip())):
        return {"english": part.hash}
    return ({"english": was} if was else {}) | {"now": part.hash}


def _orphan(cell: Cell) -> list[Cell]:
    """A translation whose English is gone, marked; of a plain copy of code nothing stays."""
    text = _bare(cell)
    if cell.cell_type == "code":
        translated = any(map(HAN.search, words(cell.source)))
        text = f"```python\n{cell.source.strip()}\n```" if translated else ""
    if not text:
        return []
    marks = {k: v for k, v in cell.metadata.items() if k == "english"} | {"now": GONE}
    return [nbformat.v4.new_markdown_cell(f"{_note(GONE)}\n\n{text}", metadata=marks)]


def _note(key: str, english: str = "") -> str:
    shown = f"\n\n{FENCE}\n{english}\n{FENCE[:5]}" if english else ""
    warning = say(f"translate.{key}", lang=LANG)
    return f"<!-- english -->\n> ⚠ {warning}{shown}\n<!-- end of english -->"


def _entry(english: object, given: object) -> object:
    """An entry of the head: its translation where there is one; a number is the English one."""
    return english if given is None or isinstance(english, int) else given


def _strings(data: object) -> list[str]:
    """Every string in some metadata, such as the text that stands for a figure."""
    if isinstance(data, dict):
        return [text for value in data.values() for text in _strings(value)]
    return [data] if isinstance(data, str) else []


def _localised(english: object, other: object) -> object:
    """Metadata as in English, with what the other one has translated."""
    if isinstance(english, dict):
        given = other if isinstance(other, dict) else {}
        return {key: _localised(value, given.get(key)) for key, value in english.items()}
    return other if isinstance(other, str) and HAN.search(other) else english


def _yaml(data: dict) -> str:
    return yaml.safe_dump(data, allow_unicode=True, sort_keys=False, width=1000)


def pending(notebook: Notebook) -> list[str]:
    """The parts that wait for a translator, each by its first words and by what happened to it."""
    found = []
    for cell in notebook.cells:
        if "now" in cell.metadata:
            english = cell.source.partition(FENCE)[2].partition(FENCE[:5])[0]
            text = _bare(cell) or english
            why = GONE if cell.metadata["now"] == GONE else "changed" if _bare(cell) else "new"
            found.append(f"{why}: {' '.join(text.split())[:60]}")
    return found


def read(path: Path) -> Notebook:
    """A lesson as a notebook; an empty one where there is none yet."""
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    return jupytext.reads(text, fmt="md:myst")


def refreshed(name: str, root: Path = ROOT) -> tuple[Path, str, list[str]]:
    """A lesson's translation: where it lies, its text when in step, and what is pending in it."""
    path = folder_of(root, "lessons", LANG) / f"{name}.md"
    english = read(folder_of(root, "lessons", "en") / path.name)
    return path, written(notebook := translate(english, read(path))), pending(notebook)


def written(notebook: Notebook) -> str:
    """A lesson as the text of its file."""
    # jupytext would leave out what it does not know in the head, and put in its own version.
    cells = jupytext.writes(notebook, fmt="md:myst").split("---\n", 2)[2]
    return f"---\n{_yaml({**FRONT, 'minillm': notebook.metadata['minillm']})}---\n{cells}"


def main(arguments: list[str] | None = None, root: Path = ROOT) -> int:
    """Run the command line; return the exit status."""
    parser = argparse.ArgumentParser(description="Keep translated lessons in step.")
    parser.add_argument("lesson", nargs="*", help="such as 03_attention (every translated lesson)")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if work waits")
    options = parser.parse_args(arguments)
    known, work = [lesson.stem for lesson in lessons(root)], False
    for name in options.lesson or [lesson.stem for lesson in lessons(root, LANG)]:
        if name not in known:
            parser.error(f"there is no lessons/{name}.md; there are {', '.join(known)}")
        path, text, waiting = refreshed(name, root)
        stale = not path.exists() or path.read_text(encoding="utf-8") != text
        if stale and not options.check:
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(text.encode())
        state = "in step" if not stale else "out of step" if options.check else "refreshed"
        print(f"{path.relative_to(root).as_posix()}  {state}, {len(waiting)} parts to translate")
        print("".join(f"    {words}\n" for words in waiting), end="")
        work = work or stale or bool(waiting)
    return int(options.check and work)


if __name__ == "__main__":
    sys.exit(main())
