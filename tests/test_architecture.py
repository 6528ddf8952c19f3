"""Who may know whom: the arrows between the package's parts, and the README's tree."""

import ast
import graphlib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

# who | must not know, directly or through others | because
ARROWS = """
corpus world tokenizer            | torch models                   | data comes before models
models                            | training adapt                 | it may be trained in any way
models                            | corpus world tokenizer batches | it takes tensors, not text
models                            | viz                            | it does not know who looks
training adapt lens evaluate cost | models                         | they take any nn.Module
viz                               | torch models                   | it draws arrays and plain lists
ANY                               | tests lessons                  | the package stands without them
ANY_BUT_CLI                       | exercises                      | the command line shows them
"""


COMMANDS = ("cli", "__main__")


def rules():
    for row in ARROWS.strip().splitlines():
        parts, banned, because = (column.strip() for column in row.split("|"))
        for part in parts.split():
            yield pytest.param(part, banned.split(), because, id=f"{part} knows no {banned}")


def modules(root):
    """Each module of the package and its file: `{"minillm.models.gpt": Path}`."""
    found = {}
    for path in sorted((root / "minillm").rglob("*.py")):
        name = ".".join(path.relative_to(root).with_suffix("").parts)
        found[name.removesuffix(".__init__")] = path
    return found


def imports(name, path, known):
    """The modules that one file imports by name, wherever in the file it does so."""
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parents = package.split(".")[: len(package.split(".")) - node.level + 1]
            base = ".".join([*(parents if node.level else []), *filter(None, [node.module])])
            for alias in node.names:
                inner = f"{base}.{alias.name}"
                yield inner if inner in known else base


def graph(root):
    known = modules(root)
    return {name: set(imports(name, path, known)) for name, path in known.items()}


def reached(name, edges):
    """Everything that importing `name` brings in, with the way there: `{module: [name, ...]}`.

    Importing a module also runs the `__init__` of the package around it.
    """
    ways, todo = {name: [name]}, [name]
    while todo:
        here = todo.pop()
        around = {here.rpartition(".")[0]} & edges.keys()
        for there in sorted(edges.get(here, set()) | around):
            if there not in ways:
                ways[there] = [*ways[here], there]
                todo.append(there)
    return ways


def broken(root, part, banned):
    """Each way from a part of the package to something that it must not know."""
    edges = graph(root)
    outside = [*banned, *(f"minillm.{name}" for name in banned)]
    return [
        " -> ".join(way)
        for module in edges
        if part in ("ANY", top(module)) or (part == "ANY_BUT_CLI" and top(module) not in COMMANDS)
        for name, way in reached(module, edges).items()
        if within(name, outside) and top(name) != top(module)
    ]


def top(module):
    """The part of the package that a module belongs to."""
    return module.split(".")[1] if module.startswith("minillm.") else module


def within(name, packages):
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def cycle(root):
    """A ring of modules that import one another, or None."""
    try:
        graphlib.TopologicalSorter(graph(root)).prepare()
    except graphlib.CycleError as error:
        return error.args[1]


@pytest.mark.parametrize(("part", "banned", "because"), list(rules()))
def test_the_arrows_hold(part, banned, because):
    assert broken(ROOT, part, banned) == [], because


def test_no_module_imports_itself_through_others():
    assert cycle(ROOT) is None


@pytest.fixture
def package(tmp_path):
    """A small package in which each kind of import occurs."""
    files = {
        "__init__.py": "",
        "corpus.py": "from minillm import words",
        "words.py": "def read():\n    import torch.nn",
        "models/__init__.py": "from minillm.models.gpt import GPT",
        "models/gpt.py": "from ..training import loop",
        "training/__init__.py": "",
        "training/loop.py": "from . import optim",
        "training/optim.py": "import math",
    }
    for name, text in files.items():
        path = tmp_path / "minillm" / name
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_text(text)
    return tmp_path


def test_a_forbidden_import_is_found_through_others(package):
    assert broken(package, "corpus", ["torch"]) == [
        "minillm.corpus -> minillm.words -> torch.nn",
    ]
    ways = broken(package, "models", ["training"])
    assert "minillm.models.gpt -> minillm.training.loop -> minillm.training.optim" in ways
    assert broken(package, "training", ["models", "torch"]) == []


def test_a_cycle_is_found(package):
    assert cycle(package) is None
    (package / "minillm/training/optim.py").write_text("import minillm.models.gpt as gpt")
    assert set(cycle(package)) == {
        "minillm.models.gpt",
        "minillm.training.loop",
        "minillm.training.optim",
    }


def tree(readme):
    """The paths in the fenced block under "## The tree": one a line, children two spaces in."""
    block = readme.partition("\n## The tree\n")[2].partition("```")[2].partition("```")[0]
    paths, parents = [], []
    for line in block.splitlines()[1:]:
        name = line.split()[0]
        depth, odd = divmod(len(line) - len(line.lstrip()), 2)
        assert not odd, f"{line!r} is not indented by pairs of spaces"
        assert depth <= len(parents), f"{line!r} is indented under nothing"
        parents = [*parents[:depth], name]
        paths.append("".join(parents))
    return paths


def drift(readme, root, tracked):
    """What the README's tree says that the disk does not, and the other way round."""
    listed = tree(readme)
    top = {name.split("/")[0] + "/" * ("/" in name) for name in tracked}
    wanted = {name for name in top if not name.startswith(".")}
    wanted |= {
        name
        for name in tracked
        if name.startswith("minillm/") and name.endswith(".py") and "__init__" not in name
    }
    return {
        "not listed": sorted(wanted - set(listed)),
        "not there": sorted(
            name
            for name in listed
            if not ((root / name).is_dir() if name.endswith("/") else (root / name).is_file())
        ),
        "twice": sorted({name for name in listed if listed.count(name) > 1}),
    }


def test_the_tree_in_the_readme_is_the_one_on_disk(tracked):
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert drift(readme, ROOT, tracked) == {
        "not listed": [],
        "not there": [],
        "twice": [],
    }


def test_drift_of_the_tree_is_found(package):
    readme = """# Title

## The tree
```
minillm/         the package
  corpus.py      text
  models/        architectures
    bert.py      a reader
```
"""
    tracked = [
        "Makefile",
        ".gitignore",
        "minillm/__init__.py",
        "minillm/corpus.py",
        "minillm/models/gpt.py",
    ]
    assert drift(readme, package, tracked) == {
        "not listed": ["Makefile", "minillm/models/gpt.py"],
        "not there": ["minillm/models/bert.py"],
        "twice": [],
    }
