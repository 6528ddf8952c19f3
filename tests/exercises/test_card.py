"""The card, as HTML and as text."""

import os
import subprocess
import sys
from html.parser import HTMLParser

import pytest

from minillm.exercises.card import Card, Fold, text_table

FULL = Card(
    title="Not right yet",
    about="topic.name",
    tone="hint",
    paragraphs=("Look at `a < b`.", "A <b>second</b> one."),
    code='TypeError: "<script>"',
    given="with x = 1",
    heads=("where", "yours"),
    rows=(("result[0]", "1"), ("result", "</td>")),
    folds=(Fold(title="More", paragraphs=("inside",), items=("one", "`two`"), code="x = [\n]"),),
)


class Outline(HTMLParser):
    """The tags in order, and the text of each kind of element."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.open, self.texts = [], [], {}
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, text):
        self.texts.setdefault(self.open[-1], []).append(text)


def test_html_is_well_formed_and_text_stays_text():
    outline = Outline(FULL._repr_html_())
    assert outline.open == []
    assert "script" not in outline.tags
    assert "b" not in outline.tags
    assert outline.texts["strong"] == ["Not right yet"]
    assert outline.texts["code"] == ["topic.name", "a < b", "two"]
    assert outline.texts["pre"] == ['TypeError: "<script>"', "with x = 1", "x = [\n]"]
    assert outline.texts["td"] == ["result[0]", "1", "result", "</td>"]
    assert outline.texts["summary"] == ["More"]


def test_html_needs_no_script_and_no_network():
    html = FULL._repr_html_()
    assert "<script" not in html
    assert "http" not in html
    assert "url(" not in html


def test_text_says_the_same():
    assert repr(FULL) == (
        "topic.name: Not right yet\n"
        "  Look at `a < b`.\n"
        "  A <b>second</b> one.\n"
        '    TypeError: "<script>"\n'
        "    with x = 1\n"
        "    where       yours\n"
        "    result[0]   1\n"
        "    result      </td>\n"
        "  More:\n"
        "  inside\n"
        "  - one\n"
        "  - `two`\n"
        "    x = [\n"
        "    ]"
    )


def test_columns_are_aligned_in_chinese_too():
    assert text_table(("位置", "b"), (("abc", "1"),)) == "    位置   b\n    abc    1"


def test_long_lines_are_wrapped_for_a_terminal(monkeypatch):
    card = Card(title="t", about="a", tone="blank", paragraphs=("word " * 100,))
    assert max(map(len, repr(card).splitlines())) <= 88
    monkeypatch.setenv("MINILLM_LANG", "zh")
    card = Card(title="t", about="a", tone="blank", paragraphs=("字" * 100,))
    assert max(map(len, repr(card).splitlines())) <= 44


@pytest.mark.parametrize(
    ("shell", "shown"), [("IPython", "text/html text/plain"), ("Python", "a: t")]
)
def test_a_card_is_displayed_where_ipython_runs(shell, shown, tmp_path):
    program = """
import sys
from minillm.exercises.card import Card, show
if sys.argv[1] == "IPython":
    from IPython.core.interactiveshell import InteractiveShell
    from IPython.utils.capture import capture_output
    shell = InteractiveShell.instance()
    with capture_output() as captured:
        show(Card(title="t", about="a", tone="right"))
    print(*sorted(captured.outputs[0].data))
else:
    show(Card(title="t", about="a", tone="right"))
    assert "IPython" not in sys.modules
"""
    environment = {**os.environ, "IPYTHONDIR": str(tmp_path)}
    command = [sys.executable, "-c", program, shell]
    result = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert result.stdout.strip() == shown, result.stderr
