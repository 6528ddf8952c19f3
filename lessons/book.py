"""Build the book: static pages that need no server, no kernel and no network.

    python lessons/book.py [--lang en|zh]

The pages go to _build/html (Chinese: _build/html/zh). Each lesson is executed once, without a
network, in a cache whose name holds a hash of the package and of what lessons are told: an
unchanged lesson on an unchanged package is not run again. The cache is the book's alone: its views
leave out the script that all pages share. What each run cost is in _build/runs-LANG.json.
"""

import argparse
import hashlib
import json
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from jupyter_cache import get_cache

from lessons.offline import Offline
from minillm.language import LANGUAGES

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "_build"
# Warnings are errors; all of them are shown first.
COMMAND = [sys.executable, *["-m", "sphinx", "-b", "html", "-W", "--keep-going", "-q", "-T"]]


# What lessons are told when they are executed for the book.
SETTINGS = {
    "MINILLM_BOOK": "1",  # exercises show their hints, predictions a typical guess
    "MINILLM_SHARED_SCRIPT": "1",  # views leave their script out: conf.py ships it once
    "PYDEVD_DISABLE_FILE_VALIDATION": "1",
}


def cache_folder(lang: str) -> Path:
    """Where executed lessons are kept; another folder for another package or other settings."""
    package = _digest((ROOT / "minillm").rglob("*"), json.dumps(SETTINGS))
    return BUILD / "cache" / f"book-{lang}-{package}"


def _digest(files: Iterable[Path], more: str = "") -> str:
    digest = hashlib.sha256(more.encode())
    for file in sorted(files):
        if file.is_file() and "__pycache__" not in file.parts:
            digest.update(f"{file.relative_to(ROOT)}\n".encode() + file.read_bytes())
    return digest.hexdigest()[:16]


def pages(lang: str) -> Path:
    """The folder of one language's pages."""
    return BUILD / "html" if lang == "en" else BUILD / "html" / lang


def build(lang: str = "en") -> dict[str, dict]:
    """Build one language; return what each lesson's run cost, by name.

    "all" holds what they had in common: the largest memory, and any reach for the network.

    Raises subprocess.CalledProcessError where Sphinx warns or a lesson fails.
    """
    cache = cache_folder(lang)
    offline = Offline(cache / "offline")
    environment = {
        **offline.env,
        **SETTINGS,
        "MINILLM_LANG": lang,
        "MINILLM_BOOK_CACHE": str(cache),
    }
    # Pages are read again when the way they are made has changed, or which pages there are.
    way = [*(ROOT / "lessons").glob("*.py"), *(ROOT / "minillm/strings").glob("*.toml")]
    names = sorted(str(page.relative_to(ROOT)) for page in (ROOT / "lessons").rglob("*.md"))
    doctrees = BUILD / "doctrees" / f"{lang}-{_digest(way, ' '.join(names))}"
    source = ROOT / "lessons" if lang == "en" else ROOT / "lessons" / lang
    command = [*COMMAND, "-c", ROOT / "lessons", "-d", doctrees, source, pages(lang)]
    subprocess.run(command, cwd=ROOT, env=environment, check=True)
    return {
        Path(record.uri).stem: {
            "seconds": round(record.data["execution_seconds"], 1),
            "stderr": _stderr(get_cache(cache).get_cache_bundle(record.pk).nb),
        }
        for record in get_cache(cache).list_cache_records()
    } | {"all": {"peak_bytes": offline.peak_bytes(), "network": offline.attempts()}}


def _stderr(notebook) -> str:
    """What a run printed on the error stream."""
    outputs = (o for cell in notebook.cells for o in cell.get("outputs", []))
    return "".join(o.text for o in outputs if o.get("name") == "stderr")


def main() -> int:
    """Build the languages that were asked for."""
    parser = argparse.ArgumentParser(description="Build the book into _build/html.")
    parser.add_argument("--lang", choices=LANGUAGES, help="one language only")
    options = parser.parse_args()
    for lang in (options.lang,) if options.lang else LANGUAGES:
        try:
            runs = build(lang)
        except subprocess.CalledProcessError as error:
            return error.returncode
        (BUILD / f"runs-{lang}.json").write_text(json.dumps(runs, indent=1) + "\n")
        for name, run in runs.items():
            if name != "all":
                print(f"{lang} {name:24} {run['seconds']:6.1f} s")
        print(f"{pages(lang) / 'index.html'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
