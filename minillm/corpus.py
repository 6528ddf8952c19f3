"""Texts to learn from: the standard library, your own file, verified downloads, the world."""

import hashlib
import http.client
import os
import sys
import sysconfig
import tokenize
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import platformdirs
from tqdm import tqdm

from minillm.world import Documents, World

CHUNK = 1 << 16  # bytes read at a time
TIMEOUT = 30  # seconds without a byte before a download counts as cut
NETWORK_ERRORS = (urllib.error.URLError, http.client.HTTPException, ConnectionError, TimeoutError)

# Parts of the standard library that would teach a model little, by path or first folder.
SKIPPED = {
    "encodings",  # mapping tables
    "html/entities.py",  # a table
    "re/_casefix.py",  # a Unicode table
    "stringprep.py",  # a Unicode table
    "idlelib",  # an application, not there on every system
    "lib2to3",  # gone in Python 3.13
    "distutils",  # gone in Python 3.12
    # The manual of the language says the same things under several headings: a part of it would
    # be trained on and held out at once.
    "pydoc_data",
}


@dataclass(frozen=True, kw_only=True)
class Source:
    """Where a published file is, and how to know that what came is that file."""

    url: str
    sha256: str  # in hexadecimal
    size: int  # bytes


SOURCES = {
    # Tiny Shakespeare, collected by Andrej Karpathy for char-rnn (2015).
    "shakespeare": Source(
        url="https://raw.githubusercontent.com/karpathy/char-rnn/master/data/tinyshakespeare/input.txt",
        sha256="86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed",
        size=1_115_394,
    ),
}


def load(name: str) -> str:
    """The text of a named corpus: `"stdlib"`, or one of `SOURCES`, downloaded if need be.

    Raises ValueError for another name, and OSError as `download` and `stdlib` do.
    """
    if name == "stdlib":
        return stdlib()
    if name in SOURCES:
        return from_file(download(name))
    names = ", ".join(["stdlib", *SOURCES])
    raise ValueError(
        f"There is no corpus {name!r}; there are {names}. For your own text, use from_file(path)."
    )


def world(
    town: World, *, documents: int = 16_000, held_out: int = 500, seed: int = 1
) -> tuple[Documents, Documents]:
    """Documents of a town to train on, and others that share none with them. Lessons 05, 06.

    `held_out` are written; those that training happens to hold too are then left out. `seed`
    draws the documents; what is usual in the town is drawn by the seed of `World`.

    >>> train, held_out = world(World(seed=0), documents=100, held_out=20)
    >>> len(train)
    100
    """
    train = town.documents(documents, seed=seed)
    return train, town.documents(held_out, seed=seed + 1).without(train)


def stdlib(max_bytes: int | None = None) -> str:
    r"""The Python standard library's own source, docstrings and comments included. Lesson 06.

    The files of `stdlib_files`, one after another, a blank line between; with `max_bytes`, the
    first whole lines that fit into so many bytes of UTF-8. The last tenth of the whole text is a
    fair sample to hold out; of a short one it is a few files, easier or harder than the rest.

    >>> text = stdlib(max_bytes=10_000)
    >>> len(text.encode()) <= 10_000 and text.endswith("\n")
    True
    """
    if max_bytes is not None and max_bytes < 1:
        raise ValueError(f"max_bytes is {max_bytes}; it must be at least 1, or None for all.")
    pieces, size = [], 0
    for _, text in stdlib_files():
        piece = f"{text.rstrip()}\n\n"
        pieces.append(piece)
        size += len(piece.encode())
        if max_bytes is not None and size > max_bytes:
            text = "".join(pieces).encode()[:max_bytes].decode(errors="ignore")
            return text[: text.rfind("\n") + 1] or text  # or less than one line
    return "".join(pieces)


def stdlib_files() -> Iterator[tuple[str, str]]:
    """Path ("asyncio/events.py") and text of each file of the standard library but its tests.

    Files that cannot be read are passed over. Raises FileNotFoundError where this Python came
    without its source.
    """
    folder = Path(sysconfig.get_path("stdlib"))
    if not (folder / "os.py").is_file():  # zipped, or compiled files alone
        raise FileNotFoundError(
            f"This Python keeps no source of its standard library in {folder}. Read a text of "
            'your own instead, corpus.from_file("my.txt"), or use a Python from python.org, '
            "conda or your system's packages."
        )
    # In alphabetical order the last tenth, held out to measure the loss, would be xml and zipfile
    # alone, and a model that never met XML would look worse than it is. Ordered by a hash of
    # their paths, the files are as good as shuffled, and in the same order on every machine.
    paths = {path.relative_to(folder).as_posix(): path for path in _stdlib_paths(folder)}
    for name in sorted(paths, key=lambda name: hashlib.sha256(name.encode()).digest()):
        try:
            with tokenize.open(paths[name]) as file:
                text = file.read()
        except (OSError, SyntaxError, UnicodeDecodeError):
            continue
        if text.strip():
            yield name, text


def _stdlib_paths(folder: Path) -> Iterator[Path]:
    for top in folder.iterdir():
        # Only what belongs to the language: no site-packages, no tests, nothing that the system
        # or the build of Python left beside it.
        if top.stem not in sys.stdlib_module_names:
            continue
        for path in [top] if top.suffix == ".py" else top.rglob("*.py"):
            name = path.relative_to(folder)
            skipped = {name.parts[0], name.as_posix()} & SKIPPED
            if not skipped and not {"test", "tests"} & set(name.parts):
                yield path


def parallel() -> list[tuple[str, str]]:
    """A story told in English and in Chinese, as (English, Chinese) sentences. Lesson 02.

    Written for the course, about 3,000 characters of Chinese: what a printing house casts as one
    piece, and what it has to spell. Nothing to train on; a text whose two halves say the same.

    >>> len(parallel())
    115
    >>> parallel()[2][1]
    '坊里印渡船的时刻表、茶叶的标签、喜帖，每逢星期六还出一张两种文字的小报。'
    """
    path = Path(__file__).parent / "texts/printing_house.txt"
    blocks = path.read_text(encoding="utf-8").rstrip("\n").split("\n\n")
    return [tuple(block.split("\n")) for block in blocks]


def from_file(path: str | os.PathLike) -> str:
    r"""Your own text: a UTF-8 file, a byte order mark allowed; line ends become "\n".

    Raises OSError where it cannot be read, ValueError where it is empty or not UTF-8 text.
    """
    path = Path(path)
    if path.is_dir():
        raise IsADirectoryError(f"{path} is a folder; name one text file in it.")
    try:
        raw = path.read_bytes()
    except FileNotFoundError as error:
        raise FileNotFoundError(
            f"There is no file {path} (looked from {Path.cwd()}); check its name and folder."
        ) from error
    except OSError as error:
        raise type(error)(
            f"{path} cannot be read ({error.strerror}); check that it is an ordinary file and "
            "that you may read it."
        ) from error
    mark = len(b"\xef\xbb\xbf") if raw.startswith(b"\xef\xbb\xbf") else 0
    try:
        text = raw[mark:].decode("utf-8")
        bad = raw.find(b"\0")
    except UnicodeDecodeError as error:
        bad = mark + error.start
    if bad >= 0:
        raise ValueError(
            f"{path} is not UTF-8 text: byte {bad:,} is 0x{raw[bad]:02x}. If it is text in "
            "another encoding (UTF-16, cp1252, GB18030), open it in an editor and save it as "
            "UTF-8; if it is not plain text (a PDF, a Word file), export it as plain text."
        )
    if not text.strip():
        raise ValueError(f"{path} is empty ({len(raw)} bytes); a text to learn from was expected.")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def cache_folder() -> Path:
    """Where downloads are kept: `MINILLM_CACHE`, else the user's cache folder."""
    chosen = os.environ.get("MINILLM_CACHE")
    return Path(chosen).expanduser() if chosen else platformdirs.user_cache_path("minillm")


def download(name: str, *, folder: str | os.PathLike | None = None, progress: bool = True) -> Path:
    """The file of a corpus of `SOURCES`, taken from the cache or the network, and checked.

    Raises ValueError for another name, and OSError as `fetch` does.
    """
    if name not in SOURCES:
        raise ValueError(f"{name!r} cannot be downloaded; what can: {', '.join(SOURCES)}.")
    path = Path(folder or cache_folder()) / f"{name}.txt"
    return fetch(SOURCES[name], path, progress=progress)


def fetch(source: Source, path: Path, *, progress: bool = True) -> Path:
    """Make `path` the published file: nothing gets that name before its SHA-256 is checked.

    What has come is kept in `path` + ".part", and the next call goes on from there. Raises
    ConnectionError where there is no network or it was cut, OSError where the content is not
    the published one.
    """
    if path.exists():
        if _sha256(path) != source.sha256:
            raise OSError(f"{path} is not the published file; delete it and run this again.")
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    by_hand = (
        f"Or do it by hand: open {source.url}\nin a browser, save it as {path}\n"
        f"and run this again. It has {source.size:,} bytes and SHA-256 {source.sha256}."
    )
    published, cause = True, None
    try:
        published = _receive(source, part, progress=progress)
    except NETWORK_ERRORS as error:
        cause = error
    if published and _size(part) < source.size:
        raise ConnectionError(
            f"Only {_size(part):,} of the {source.size:,} bytes of {source.url} are here: "
            f"{cause or 'the connection was cut'}. Check the network and run this again; it goes "
            f"on from there.\n{by_hand}"
        ) from cause
    if not published or _sha256(part) != source.sha256:
        part.unlink(missing_ok=True)
        raise OSError(
            f"What came from {source.url} is not the published file, and was removed. Something "
            f"on the way may have altered it: try another network.\n{by_hand}"
        )
    os.replace(part, path)
    return path


def _receive(source: Source, part: Path, *, progress: bool) -> bool:
    """Append to `part` what it lacks; False if the server announces another file."""
    start = _size(part)
    if start >= source.size:  # nothing left to ask for
        return start == source.size
    request = urllib.request.Request(source.url, headers={"Range": f"bytes={start}-"})
    try:
        response = urllib.request.urlopen(request, timeout=TIMEOUT)
    except urllib.error.HTTPError as error:
        error.close()
        if error.code == http.client.REQUESTED_RANGE_NOT_SATISFIABLE:
            return False  # its file is shorter than what is here
        raise
    with response:
        if response.status != http.client.PARTIAL_CONTENT:
            start = 0  # the server sends the whole file, whatever was asked
        announced = response.headers.get("Content-Length")
        if announced is not None and start + int(announced) != source.size:
            return False
        bar = tqdm(  # plain text: a notebook's widget is lost when the notebook is reopened
            desc=part.stem,
            initial=start,
            total=source.size,
            unit="B",
            unit_scale=True,
            disable=not progress,
        )
        with bar, part.open("ab" if start else "wb") as file:
            while (chunk := response.read(CHUNK)) and file.tell() <= source.size:
                file.write(chunk)
                bar.update(len(chunk))
            file.flush()
            os.fsync(file.fileno())
    return True


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
