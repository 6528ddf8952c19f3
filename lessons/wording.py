"""Code in another language: what a translator may change in a cell, and how changes are kept.

A translated lesson must do exactly what the English one does, yet its comments, printed words and
plot labels are part of the text that a learner reads. So the rule is one about tokens: **a code
cell says the same when every token of it is the English one, except that a string may be another
if it is in the other language, and comments are free.** An f-string keeps its fields, in any order
(word order differs). Nothing else may differ: no number, no name, no option such as "utf-8".
"""

import ast
import io
import re
import tokenize
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

HAN = re.compile("[\u4e00-\u9fff]")
_BLANK = (tokenize.NL, tokenize.ENDMARKER)
_LAYOUT = (tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT)
# From Python 3.12 on an f-string is many tokens, between these two.
_OPENS = getattr(tokenize, "FSTRING_START", None)
_CLOSES = getattr(tokenize, "FSTRING_END", None)


@dataclass(frozen=True)
class Piece:
    """A token of code, or all the strings that stand side by side: `kind` says which."""

    kind: str  # "code", "text" or "comment"
    source: str
    start: int  # where it begins and ends in the cell, in characters
    end: int

    @property
    def key(self) -> str:
        """What it is compared by when two cells are laid side by side."""
        return self.source if self.kind == "code" else self.kind


@cache
def pieces(code: str) -> tuple[Piece, ...]:
    """The cell in order, its layout between tokens left out.

    Raises ValueError where it cannot be read as Python.
    """
    try:
        spans = list(_spans(code))
    except (tokenize.TokenError, SyntaxError) as error:
        raise ValueError(f"This cell cannot be read as Python: {error}\n{code}") from error
    found: list[Piece] = []
    for kind, source, start, end in spans:
        if kind == "text" and found and found[-1].kind == "text":  # "one " "string"
            start = found.pop().start
            source = code[start:end]
        found.append(Piece(kind, source, start, end))
    return tuple(found)


def _spans(code: str) -> Iterator[tuple[str, str, int, int]]:
    lines = code.splitlines(keepends=True)
    starts = [sum(map(len, lines[:n])) for n in range(len(lines) + 1)]
    depth, opened = 0, 0
    for token in tokenize.generate_tokens(io.StringIO(code).readline):
        start, end = (starts[row - 1] + column for row, column in (token.start, token.end))
        if token.type == _OPENS:
            opened, depth = (opened if depth else start), depth + 1
        elif token.type == _CLOSES:
            depth -= 1
            if not depth:
                yield "text", code[opened:end], opened, end
        elif depth or token.type in _BLANK:
            continue
        elif token.type == tokenize.STRING:
            yield "text", token.string, start, end
        elif token.type == tokenize.COMMENT:
            yield "comment", token.string, start, end
        elif token.type in _LAYOUT:
            yield "code", tokenize.tok_name[token.type], start, end
        else:
            yield "code", token.string, start, end


def words(code: str) -> list[str]:
    """What there is to translate in a cell: its strings and comments."""
    return [piece.source for piece in pieces(code) if piece.kind != "code"]


def structure(code: str) -> list[str]:
    """The cell without its words: the same in every language."""
    return [piece.key for piece in pieces(code) if piece.kind != "comment"]


def says_the_same(english: str, other: str) -> bool:
    """Whether `other` is the English cell, but for words in the other language."""
    if structure(english) != structure(other):
        return False
    pairs = zip(_texts(english), _texts(other), strict=True)
    return all(_may_stand_for(one, another) for one, another in pairs)


def _texts(code: str) -> list[str]:
    return [piece.source for piece in pieces(code) if piece.kind == "text"]


def _may_stand_for(english: str, other: str) -> bool:
    if english == other:
        return True
    if (_value(english), _value(other)) == ("en", "zh"):
        return True  # such as World(language="zh")
    return bool(HAN.search(other)) and _fields(english) == _fields(other)


def _value(source: str) -> object:
    try:
        return ast.literal_eval(f"({source})")
    except ValueError:  # an f-string
        return None


def _fields(source: str) -> Counter[str]:
    """The `{...}` of an f-string, each with its format."""
    nodes = ast.walk(ast.parse(f"({source})", mode="eval"))
    return Counter(ast.dump(node) for node in nodes if isinstance(node, ast.FormattedValue))


def carry(english: str, other: str) -> tuple[str, list[str]]:
    """The English cell with the other's words wherever they still fit, and the words left over.

    The code, which is the same in both languages, shows which words belong together.
    """
    ours, theirs = pieces(english), pieces(other)
    kept, used = {}, set()
    for i, j in _alignment([piece.key for piece in ours], [piece.key for piece in theirs]):
        mine, word = ours[i], theirs[j]
        fits = word.kind == "comment" or _may_stand_for(mine.source, word.source)
        if word.kind != "code" and HAN.search(word.source) and fits:
            kept[mine.start, mine.end] = word.source
            used.add(word)
    for (start, end), word in sorted(kept.items(), reverse=True):
        english = english[:start] + word + english[end:]
    words_of = (piece for piece in theirs if piece.kind != "code" and piece not in used)
    return english, [piece.source for piece in words_of if HAN.search(piece.source)]


def _alignment(ours: list[str], theirs: list[str]) -> Iterator[tuple[int, int]]:
    """The places of a longest common subsequence; of several, the one that begins earliest."""
    # longest[i][j]: how much ours[i:] and theirs[j:] have in common, in order
    longest = [[0] * (len(theirs) + 1) for _ in range(len(ours) + 1)]
    for i in reversed(range(len(ours))):
        for j in reversed(range(len(theirs))):
            same = ours[i] == theirs[j]
            skip = max(longest[i + 1][j], longest[i][j + 1])
            longest[i][j] = longest[i + 1][j + 1] + 1 if same else skip
    i = j = 0
    while i < len(ours) and j < len(theirs):
        if ours[i] == theirs[j]:
            yield i, j
            i, j = i + 1, j + 1
        elif longest[i + 1][j] >= longest[i][j + 1]:
            i += 1
        else:
            j += 1
