"""Real texts with real labels, on every machine: which package does a docstring come from?

The labels are the first folder of the file; the texts are what people wrote, with the names of the
packages struck out. Lesson 10.
"""

import ast
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from minillm import corpus

PACKAGES = ("asyncio", "email", "http", "importlib", "multiprocessing", "unittest", "urllib", "xml")
STRUCK = "[MASK]"  # BERT's own word for something that is not told
SHORTEST = 40  # characters

_DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True)
class Docstring:
    """One text, its label, and the file that it stands in."""

    text: str
    package: str
    file: str


def docstrings(packages: Sequence[str] = PACKAGES) -> list[Docstring]:
    """The docstrings of some packages of the standard library, their names struck out.

    Each of 40 characters or more, once: of equal texts the first stays. Raises ValueError for a
    package with no docstring, and FileNotFoundError where this Python came without its source.
    """
    name = re.compile("|".join(packages), re.IGNORECASE)  # inside a longer word too: HTTPServer
    found: dict[str, Docstring] = {}
    for file, source in corpus.stdlib_files():
        package = file.partition("/")[0]
        if package not in packages:
            continue
        for node in ast.walk(ast.parse(source)):
            text = isinstance(node, _DOCUMENTED) and ast.get_docstring(node)
            if text and len(text) >= SHORTEST:
                text = name.sub(STRUCK, text)
                found.setdefault(" ".join(text.split()), Docstring(text, package, file))
    texts = list(found.values())
    for package in packages:
        if not any(one.package == package for one in texts):
            raise ValueError(f"{package!r} has no docstring in this Python's standard library.")
    return texts


def split_by_file(
    texts: Sequence[Docstring], share: float = 0.3
) -> tuple[list[Docstring], list[Docstring]]:
    """Training and test texts that have no file in common; about `share` of each package is test.

    Of each package, the files come in the order of the texts (which is as good as shuffled, and
    the same everywhere) and go to the test while they fit. Raises ValueError for a package of
    fewer than two files.
    """
    sizes = Counter(one.file for one in texts)  # in the order of the texts
    packages = Counter(one.package for one in texts)
    test: set[str] = set()
    for package, total in packages.items():
        files = [file for file in sizes if file.partition("/")[0] == package]
        if len(files) < 2:
            raise ValueError(f"{package!r} has a single file; a split by file needs two or more.")
        taken = 0
        for file in files:
            if taken + sizes[file] <= share * total:
                test.add(file)
                taken += sizes[file]
        if not taken:
            test.add(min(files, key=sizes.get))
    return (
        [one for one in texts if one.file not in test],
        [one for one in texts if one.file in test],
    )
