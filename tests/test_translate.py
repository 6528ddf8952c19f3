"""lessons/translate.py: translations in step, seen to be behind, and never lost."""

import ast
import re

import nbformat
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lessons.build import lessons
from lessons.translate import main, pending, read, refreshed, translate
from lessons.wording import HAN, words

HEAD = """\
---
jupytext:
  text_representation:
    extension: .md
    format_name: myst
kernelspec:
  display_name: Python 3 (ipykernel)
  language: python
  name: python3
minillm:
  minutes: 30
  objectives:
  - Count to three
---

"""
ENGLISH = """\
# How far can you count?

Let us see.

```{code-cell} ipython3
---
mystnb:
  image:
    alt: Three bars, each higher than the one before.
---
print("one")  # the first
```

Then come more.

```{code-cell} ipython3
n = 2
```

That was all. See [there](02_more.md).

```
a terminal
```
"""
each_translation = pytest.mark.parametrize(
    "lesson", lessons(lang="zh"), ids=lambda lesson: lesson.stem
)


@each_translation
def test_every_translation_is_in_step(lesson):
    path, text, waiting = refreshed(lesson.stem)
    assert waiting == [], f"translate these, then run `python -m lessons.translate {lesson.stem}`"
    assert text == path.read_text(encoding="utf-8"), "run `python -m lessons.translate`"


def bones(code):
    """What code does, without the texts in it."""

    class Wordless(ast.NodeTransformer):
        def visit_Constant(self, node):
            return ast.Name("text") if isinstance(node.value, str) else node

        def visit_JoinedStr(self, node):
            fields = [ast.dump(v) for v in node.values if isinstance(v, ast.FormattedValue)]
            return ast.Name(f"text with {sorted(fields)}")

    return ast.dump(Wordless().visit(ast.parse(code)))


@each_translation
def test_a_translation_does_what_the_english_lesson_does(lesson):
    english, chinese = read(lesson.parent.parent / lesson.name), read(lesson)
    assert [c.cell_type for c in english.cells] == [c.cell_type for c in chinese.cells]
    for ours, theirs in zip(english.cells, chinese.cells, strict=True):
        if ours.cell_type == "code":
            assert bones(ours.source) == bones(theirs.source)
            assert ours.metadata.get("tags") == theirs.metadata.get("tags")


@each_translation
def test_a_translation_is_chinese_all_through(lesson):
    english, chinese = read(lesson.parent.parent / lesson.name), read(lesson)
    assert all(HAN.search(c.source) for c in chinese.cells if c.cell_type == "markdown")
    ours, theirs = english.metadata["minillm"], chinese.metadata["minillm"]
    assert ours.keys() == theirs.keys()
    for name, value in ours.items():
        entries = value if isinstance(value, list) else [value]
        translated = theirs[name] if isinstance(value, list) else [theirs[name]]
        assert len(entries) == len(translated), name
        for entry, other in zip(entries, translated, strict=True):
            assert entry == other if isinstance(entry, int) else HAN.search(other), (name, other)


@each_translation
def test_no_label_mixes_chinese_with_a_formula(lesson):
    """Where no Chinese font is installed, matplotlib would draw boxes: write dₖ, not $d_k$."""
    code = [cell.source for cell in read(lesson).cells if cell.cell_type == "code"]
    labels = [word for source in code for word in words(source) if not word.startswith("#")]
    assert [label for label in labels if HAN.search(label) and re.search(r"\$.+\$", label)] == []


class Course:
    """One English lesson and its translation, in a folder of their own."""

    def __init__(self, root):
        self.root = root
        self.english, self.chinese = root / "lessons/01_x.md", root / "lessons/zh/01_x.md"
        self.chinese.parent.mkdir(parents=True)
        self.write(ENGLISH)

    def write(self, english):
        self.english.write_text(HEAD + english, encoding="utf-8")

    def refresh(self):
        """Bring the translation in step, see that doing so again changes nothing; its text."""
        assert main(["01_x"], self.root) == 0
        text = self.chinese.read_text(encoding="utf-8")
        assert refreshed("01_x", self.root)[1] == text
        return text

    def edit(self, *changes):
        text = self.chinese.read_text(encoding="utf-8")
        for old, new in changes:
            assert text.count(old) == 1, (old, text)
            text = text.replace(old, new)
        self.chinese.write_text(text, encoding="utf-8")

    def mend(self, n, chinese):
        """Write the nth note's part, and delete the note."""
        notes = list(re.finditer(r"<!-- english -->.*?<!-- end of english -->", self.text, re.S))
        begin, end = notes[n].span()
        self.chinese.write_text(self.text[:begin] + chinese + self.text[end:], encoding="utf-8")

    @property
    def text(self):
        return self.chinese.read_text(encoding="utf-8")

    @property
    def waiting(self):
        return pending(read(self.chinese))


@pytest.fixture
def course(tmp_path):
    return Course(tmp_path)


@pytest.fixture
def translated(course):
    course.refresh()
    for chinese in ("# 能数多远？\n\n来看看。", "还有更多。", "就这些。见[那里](../02_more.md)。"):
        course.mend(0, chinese)
    course.edit(
        ("- Count to three", "- 数到三"),
        ('print("one")  # the first', 'print("一")  # 第一个'),
        ("Three bars, each higher than the one before.", "三根柱子，一根比一根高。"),
    )
    course.refresh()
    assert course.waiting == []
    return course


def test_a_new_translation_shows_the_english_and_copies_the_code(course):
    text = course.refresh()
    assert len(course.waiting) == 3
    assert text.count("这一部分还没有译成中文") == 3
    assert "`````markdown\n---\nminutes: 30\n" in text, "the head is to be translated too"
    assert 'print("one")  # the first' in text
    assert text.startswith(HEAD)
    assert text.count("```{code-cell} ipython3\n") == 2, "else JupyterLab would rewrite them"


def test_a_part_is_done_when_its_note_is_gone(translated):
    text = translated.text
    assert "<!--" not in text
    assert '"now"' not in text
    assert text.count('+++ {"english": "h') == 3
    assert text.count("\nenglish: h") == 1, "the code cell with words of its own is watched too"
    assert main(["--check"], translated.root) == 0


def test_a_whole_translation_may_be_written_by_hand_at_first(translated):
    by_hand = re.sub(r'\+\+\+ \{"english".*\n\n', "", translated.text)
    by_hand = re.sub(r"\nenglish: h\w+", "", by_hand)
    assert "english" not in by_hand
    in_step = translated.text
    translated.chinese.write_text(by_hand, encoding="utf-8")
    assert translated.refresh() == in_step


def test_a_changed_part_is_kept_marked_and_mended(translated):
    fresh = translated.text
    translated.write(ENGLISH.replace("Then come more.", "Then come many more."))
    text = translated.refresh()
    assert translated.waiting == ["changed: 还有更多。"]
    assert "这一部分的英文有改动" in text
    assert "`````markdown\nThen come many more.\n`````" in text
    assert main(["--check"], translated.root) == 1

    translated.write(ENGLISH.replace("Then come more.", "Then come very many more."))
    assert "very many" in translated.refresh()

    translated.write(ENGLISH)
    assert translated.refresh() == fresh, "the English is again what was translated"

    translated.write(ENGLISH.replace("Then come more.", "Then come many more."))
    translated.refresh()
    translated.mend(0, "")
    translated.edit(("还有更多。", "还有许多。"))
    assert translated.waiting  # until it is refreshed
    translated.refresh()
    assert translated.waiting == []
    assert "<!--" not in translated.text


def test_a_note_that_answers_an_older_change_comes_again(translated):
    translated.write(ENGLISH.replace("Then come more.", "Then come many more."))
    translated.refresh()
    translated.mend(0, "")
    translated.write(ENGLISH.replace("Then come more.", "Then comes nothing."))
    assert "Then comes nothing." in translated.refresh()
    assert len(translated.waiting) == 1


def test_a_changed_head_makes_the_first_part_stale(translated):
    translated.english.write_text(
        (HEAD + ENGLISH).replace("Count to three", "Count to four").replace(": 30", ": 40")
    )
    text = translated.refresh()
    assert "能数多远" in translated.waiting[0]
    assert "- Count to four" in text
    assert "- 数到三" in text
    assert text.count("minutes: 40") == 2, "a number is no matter of language"


def test_new_parts_come_and_parts_that_are_gone_stay(translated):
    old = "Then come more.\n\n```{code-cell} ipython3\nn = 2\n```\n\n"
    new = "\n```{code-cell} ipython3\nstop()\n```\n\nReally.\n"
    translated.write(ENGLISH.replace(old, "") + new)
    text = translated.refresh()
    assert text.index('print("一")') < text.index("还有更多。") < text.index("就这些。")
    assert text.index("就这些。") < text.index("stop()") < text.index("Really.")
    assert "英文版里已经没有这一部分了" in text
    assert "n = 2" not in text, "a copy of code that is gone goes too"
    assert translated.waiting == ["gone: 还有更多。", "new: Really."]
    translated.write(ENGLISH)
    assert translated.refresh().count("+++") == 3
    assert translated.waiting == [], "what comes back is known again"


def test_a_part_that_moved_takes_its_translation_along(translated):
    more, end = "Then come more.", ENGLISH[ENGLISH.index("That was all.") :]
    translated.write(ENGLISH.replace(end, more).replace(more, end, 1))
    text = translated.refresh()
    assert text.index("就这些。") < text.index("n = 2") < text.index("还有更多。")
    assert translated.waiting == []


def test_code_follows_the_english_and_keeps_its_words(translated):
    translated.write(ENGLISH.replace('print("one")', 'print("one", end="")'))
    text = translated.refresh()
    assert 'print("一", end="")  # 第一个' in text
    assert "alt: 三根柱子" in text


def test_code_that_was_broken_in_the_translation_is_put_right(translated):
    whole = translated.text
    translated.edit(("n = 2", "n = 3"), ('print("一")', 'print("一", 1)'))
    assert main(["--check"], translated.root) == 1
    assert translated.refresh() == whole


def test_words_in_code_that_changed_are_marked_until_the_line_is_deleted(translated):
    translated.write(ENGLISH.replace('"one"', '"uno"'))
    text = translated.refresh()
    assert 'print("一")  # 第一个' in text
    assert len(translated.waiting) == 1
    note = re.search(r"# \[english\] .*\n", text)[0]
    translated.edit((note, ""), ('"一"', '"一二三"'))
    assert 'print("一二三")' in translated.refresh()
    assert translated.waiting == []


def test_words_that_have_no_place_any_more_stay_in_sight(translated):
    translated.write(ENGLISH.replace('print("one")  # the first', "print(1)"))
    text = translated.refresh()
    assert "print(1)" in text
    assert '# [english] 英文里已经没有的译文："一"' in text
    translated.write(ENGLISH.replace('print("one")  # the first', "print(2)"))
    assert '# [english] 英文里已经没有的译文："一"' in translated.refresh()
    begin, end = ENGLISH.index("```{code-cell}"), ENGLISH.index("Then come")
    translated.write(ENGLISH[:begin] + ENGLISH[end:])
    assert '"一"' in translated.refresh()
    assert [part.split(":")[0] for part in translated.waiting] == ["changed", "gone", "gone"]


def test_a_comment_of_the_translators_own_stays_in_sight_when_the_code_changes(translated):
    translated.edit(("n = 2", "# 两个\nn = 2"))
    translated.refresh()
    assert translated.waiting == []
    translated.write(ENGLISH.replace("n = 2", "n = 3"))
    assert "# [english] 英文里已经没有的译文：# 两个\nn = 3" in translated.refresh()
    assert len(translated.waiting) == 1


def test_a_lesson_that_is_not_there_is_named(course, capsys):
    with pytest.raises(SystemExit):
        main(["07_gone"], course.root)
    assert "no lessons/07_gone.md; there are 01_x" in capsys.readouterr().err


CELLS = st.lists(
    st.sampled_from(["md A", "md B", "md C", "code print('a')", "code print('b')", "code 1"]),
    max_size=7,
)


def lesson(cells):
    made = []
    for cell in cells:
        kind, text = cell.split(" ", 1)
        new = nbformat.v4.new_code_cell if kind == "code" else nbformat.v4.new_markdown_cell
        made.append(new(text))
    return nbformat.v4.new_notebook(cells=made)


@settings(max_examples=60, deadline=None)
@given(CELLS, CELLS, CELLS)
@example(["code 1", "code print('a')"], ["code 1", "code 1"], [])
@example(["md B", "md A", "md B"], [], ["md A", "md B"])
def test_no_word_is_ever_lost(first, second, third):
    chinese = translate(lesson(first), lesson([]))
    for n, cell in enumerate(chinese.cells):
        if cell.cell_type == "markdown":
            cell.source = f"译文{n}号"
        elif "print" in cell.source:
            cell.source = f"print('代码{n}号')"
    chinese = translate(lesson(first), chinese)
    assert pending(chinese) == []
    written = re.findall(r"(?:译文|代码)\d号", str(chinese))
    for english in map(lesson, (second, third)):
        chinese = translate(english, chinese)
        again = translate(english, chinese)
        shown = [(cell.cell_type, cell.source, cell.metadata) for cell in chinese.cells]
        assert shown == [(cell.cell_type, cell.source, cell.metadata) for cell in again.cells]
        assert set(written) <= set(re.findall(r"(?:译文|代码)\d号", str(chinese)))
        kept = [cell for cell in chinese.cells if cell.metadata.get("now") != "gone"]
        assert [c.cell_type for c in kept] == [c.cell_type for c in english.cells]
