"""The files around the package agree with one another, and speak of the project alone."""

import os
import re
import subprocess
import tomllib
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

import minillm
from lessons.build import address, lessons
from minillm.language import LANGUAGES

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
RUNTIME = (ROOT / ".binder/runtime.txt").read_text().strip().removeprefix("python-")


def readme():
    return (ROOT / "README.md").read_text(encoding="utf-8")


def pins(name):
    """The pins of a requirements file: `{"torch": "2.13.0"}`. Anything but a pin fails."""
    found = {}
    for line in (ROOT / name).read_text(encoding="utf-8").splitlines():
        if line and not line.startswith(("#", "--extra-index-url ")):
            requirement = Requirement(line)
            (pin,) = requirement.specifier
            assert pin.operator == "==", f"{name}: {line} is not an exact pin"
            assert "*" not in pin.version, f"{name}: {line} is not an exact pin"
            assert requirement.name not in found, f"{name}: {line} stands there twice"
            found[requirement.name] = pin.version
    return found


def test_the_package_and_its_metadata_name_one_version():
    assert minillm.__version__ == PROJECT["version"]


@pytest.mark.parametrize("dependency", PROJECT["dependencies"])
def test_each_range_of_the_package_holds_its_pin(dependency):
    requirement = Requirement(dependency)
    assert requirement.specifier.contains(pins("requirements.txt")[requirement.name])
    assert requirement.name in pins(".binder/requirements.txt")


def test_binder_installs_the_pinned_versions():
    ours, binder = pins("requirements.txt"), pins(".binder/requirements.txt")
    assert {name: version.partition("+")[0] for name, version in binder.items()} == {
        name: ours[name] for name in binder
    }
    assert binder["torch"].endswith("+cpu")


def test_binder_stands_alone():
    lines = (ROOT / ".binder/requirements.txt").read_text(encoding="utf-8").splitlines()
    options = [line for line in lines if line.startswith("-")]
    assert options == ["--extra-index-url https://download.pytorch.org/whl/cpu"]
    assert RUNTIME in SpecifierSet(PROJECT["requires-python"])
    for script in ("postBuild", "start"):
        assert (ROOT / ".binder" / script).stat().st_mode & 0o111, f"{script} cannot be executed"


def make(*arguments):
    # Under `make test` this would be a make within make, which reports itself differently.
    plain = {name: value for name, value in os.environ.items() if "MAKE" not in name}
    command = ["make", *arguments]
    result = subprocess.run(command, cwd=ROOT, env=plain, capture_output=True, text=True)
    return result.returncode, result.stdout + result.stderr


def targets():
    status, listing = make("help")
    assert status == 0, listing
    return {line.split()[0] for line in listing.splitlines()}


def test_make_alone_lists_the_targets():
    assert make() == make("help")
    assert {"help", "lab", "test", "notebooks", "bench"} <= targets()


def test_the_readme_and_the_makefile_name_the_same_targets():
    named = set(re.findall(r"\bmake ([a-z]+)\b", "\n".join(code_in(readme()))))
    assert named - {"help"} == targets() - {"help"}


def code_in(markdown):
    """What stands between backticks: fenced blocks and inline code."""
    return re.findall(r"```.*?```|`[^`\n]+`", markdown, re.DOTALL)


def test_an_old_python_is_refused_with_advice(tmp_path):
    old = tmp_path / "python3.9"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    # -W: as if requirements.txt had just changed, so that .venv has to be made.
    status, output = make("-W", "requirements.txt", "test", f"PYTHON={old}")
    assert status == 2
    assert "minillm needs Python 3.11 or newer" in output
    assert "make PYTHON=" in output


def test_make_does_nothing_to_an_environment_that_is_ready():
    if not (ROOT / ".venv/.ready").exists():
        pytest.skip("the tests do not run from make's own .venv")
    older = [f"--old-file={name}" for name in ("requirements.txt", "pyproject.toml")]
    status, commands = make(*older, "--dry-run", "test")
    assert status == 0
    assert commands.splitlines()[0] == ".venv/bin/ruff check ."


def links(host):
    return [link for link in re.findall(r"https://[^\s)>\"'\]]+", readme()) if host in link]


def test_the_readme_links_to_colab_and_binder_are_made_from_the_one_address():
    repository = urlsplit(address()).path
    names = [f"notebooks/{lesson.stem}.ipynb" for lesson in lessons()]
    colab = {
        f"https://colab.research.google.com/github{repository}/blob/main/{name}" for name in names
    }
    binder = {
        f"https://mybinder.org/v2/gh{repository}/main?urlpath=lab/tree/{name}" for name in names
    }
    badges = {"https://colab.research.google.com/assets/colab-badge.svg"}
    badges |= {"https://mybinder.org/badge_logo.svg"}
    assert set(links("colab.research.google.com")) - badges == colab
    assert set(links("mybinder.org")) - badges == binder


def test_the_readme_names_each_lesson_in_each_language():
    named = set(re.findall(r"\]\((lessons/[\w/]+\.md)\)", readme()))
    there = [lesson for lang in LANGUAGES for lesson in lessons(lang=lang)]
    assert {lesson.relative_to(ROOT).as_posix() for lesson in there} <= named


# Written with escapes, so that this file does not hold what it forbids.
FORBIDDEN = {
    "a path of one machine": r"(?<![\w.~/-])/(work|tmp|root|farm|opt|home|Users)/\w",
    "a package registry's address": r"pypi\.org|pythonhoste[d]|npmjs\.(org|com)|\bdebian\.org",
    "a CPU index where no reader or service needs it": r"download\.pytorch\.org",
}
MAY_NAME_THE_INDEX = (
    "README.md",
    ".binder/requirements.txt",
    ".github/workflows/book.yml",
    "tests/test_house.py",
)


@pytest.fixture(scope="session")
def texts(tracked):
    """The project's text files, `{name: content}`."""
    contents = {name: (ROOT / name).read_bytes() for name in tracked}
    return {name: content.decode() for name, content in contents.items() if b"\0" not in content}


@pytest.mark.parametrize(("what", "pattern"), FORBIDDEN.items())
def test_no_tracked_file_holds(what, pattern, texts):
    allowed = MAY_NAME_THE_INDEX if "index" in what else ()
    found = [
        f"{name}: {line.strip()[:100]}"
        for name, text in texts.items()
        if name not in allowed
        for line in text.splitlines()
        if re.search(pattern, line)
    ]
    assert found == [], what


@pytest.mark.parametrize("text", ["see |work|it", "'|tmp|x'", "`|root|a`"])
def test_a_path_of_one_machine_is_recognised(text):
    assert re.search(FORBIDDEN["a path of one machine"], text.replace("|", "/"))


@pytest.mark.parametrize("text", ["https://a.org/home/x", "lessons/work/it", "~/tmp/x"])
def test_other_paths_are_not(text):
    assert not re.search(FORBIDDEN["a path of one machine"], text)


def test_nothing_tracked_is_minified_or_heavy(tracked):
    assert [name for name in tracked if re.search(r"\.min\.(js|css)$", name)] == []
    assert [name for name in tracked if (ROOT / name).stat().st_size > 3_000_000] == []
