"""The standard library, your own file, downloads from a server on this machine, the world."""

import contextlib
import hashlib
import http.server
import re
import socket
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from minillm import corpus
from minillm.world import World

CONTENT = "".join(f"Line {i} of a play that nobody wrote.\n" for i in range(9000)).encode()


def test_stdlib_files_are_the_library_without_tests_and_tables():
    files = dict(corpus.stdlib_files())
    assert {"os.py", "json/decoder.py", "asyncio/events.py"} <= set(files)
    assert '"""OS routines' in files["os.py"]
    for name in files:
        top = name.split("/")[0].removesuffix(".py")
        assert top in sys.stdlib_module_names
        assert not {"test", "tests"} & set(name.split("/"))
        assert top not in {"encodings", "idlelib", "pydoc_data", "stringprep"}
    assert "html/parser.py" in files
    assert "html/entities.py" not in files


def test_stdlib_is_megabytes_and_the_same_each_time():
    text = corpus.stdlib()
    assert len(text) > 5_000_000
    assert text == corpus.stdlib()
    assert text == "".join(f"{piece.rstrip()}\n\n" for _, piece in corpus.stdlib_files())


def test_stdlib_holds_out_a_fair_sample():
    """The last tenth has files of many packages, and few of any one."""
    files = [(name.split("/")[0], len(text)) for name, text in corpus.stdlib_files()]
    tenth = sum(size for _, size in files) / 10
    tail, length = [], 0
    while length < tenth:
        top, size = files.pop()
        tail.append(top)
        length += size
    packages = [top for top in tail if not top.endswith(".py")]
    assert len(set(packages)) >= 10  # in alphabetical order: 7
    assert max(packages.count(top) for top in packages) <= 10  # in alphabetical order: 22


@pytest.fixture
def small_stdlib(tmp_path, monkeypatch):
    for name, raw in {
        "os.py": b'"""An operating system."""\n',
        "json/__init__.py": b"x = 1\r\n\r\n\r\n",
        "json/latin.py": b"# -*- coding: latin-1 -*-\n# caf\xe9\n",
        "json/tests/test_it.py": b"tested = True\n",
        "abc.py": b"",
        "ast.py": b"# \xff is not UTF-8\n",
        "csv.py": b"# Found out later\n\n\n\n# \xff is not UTF-8\n",
        "json/folder.py/read.me": b"a folder, no module\n",
        "bz2.py": b"# -*- coding: no-such-encoding -*-\n",
        "encodings/cp037.py": b"table = 1\n",
        "site-packages/other.py": b"other = 1\n",
        "sitecustomize.py": b"ours = 1\n",
    }.items():
        path = tmp_path / "lib" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(raw)
    monkeypatch.setattr("sysconfig.get_path", lambda name: str(tmp_path / "lib"))
    return tmp_path / "lib"


@pytest.mark.usefixtures("small_stdlib")
def test_stdlib_decodes_by_the_cookie_and_passes_over_what_it_cannot_read():
    assert dict(corpus.stdlib_files()) == {
        "os.py": '"""An operating system."""\n',
        "json/__init__.py": "x = 1\n\n\n",
        "json/latin.py": "# -*- coding: latin-1 -*-\n# café\n",
    }
    assert sorted(corpus.stdlib().split("\n\n")) == [
        "",
        '"""An operating system."""',
        "# -*- coding: latin-1 -*-\n# café",
        "x = 1",
    ]


@pytest.mark.usefixtures("small_stdlib")
def test_stdlib_order_is_by_a_hash_of_the_path():
    names = [name for name, _ in corpus.stdlib_files()]
    assert names == sorted(names, key=lambda name: hashlib.sha256(name.encode()).hexdigest())
    assert names != sorted(names)


def test_stdlib_cuts_at_a_line(tmp_path, monkeypatch):
    (tmp_path / "os.py").write_text("# é\nabc\n", encoding="utf-8")
    monkeypatch.setattr("sysconfig.get_path", lambda name: str(tmp_path))
    assert corpus.stdlib() == "# é\nabc\n\n"
    cuts = {size: corpus.stdlib(max_bytes=size) for size in (1, 3, 4, 5, 8, 9, 10, 99)}
    assert cuts == {
        1: "#",
        3: "# ",  # half of é does not count
        4: "# é",
        5: "# é\n",
        8: "# é\n",
        9: "# é\nabc\n",
        10: "# é\nabc\n\n",
        99: "# é\nabc\n\n",
    }


@pytest.mark.parametrize("wrong", [0, -5])
def test_stdlib_refuses_a_size_below_one(wrong):
    with pytest.raises(ValueError, match=f"max_bytes is {wrong}; it must be at least 1"):
        corpus.stdlib(max_bytes=wrong)


def test_stdlib_without_source_says_what_to_do(tmp_path, monkeypatch):
    (tmp_path / "os.pyc").write_bytes(b"compiled")
    (tmp_path / "json.py").write_text("x = 1\n")
    monkeypatch.setattr("sysconfig.get_path", lambda name: str(tmp_path))
    with pytest.raises(FileNotFoundError, match=r"keeps no source.*from_file") as caught:
        corpus.stdlib()
    assert str(tmp_path) in str(caught.value)


def test_from_file_reads_utf8_with_or_without_a_byte_order_mark(tmp_path):
    path = tmp_path / "text.txt"
    for raw in ("天地玄黄\r\nabc\rd\n".encode(), "\ufeff天地玄黄\nabc\nd\n".encode()):
        path.write_bytes(raw)
        assert corpus.from_file(path) == "天地玄黄\nabc\nd\n"
        assert corpus.from_file(str(path)) == "天地玄黄\nabc\nd\n"


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"", r"is empty \(0 bytes\)"),
        (b"\xef\xbb\xbf", r"is empty \(3 bytes\)"),
        (b" \n", r"is empty \(2 bytes\)"),
        (b"abc\0def", "byte 3 is 0x00"),
        (b"\xef\xbb\xbfab\0", "byte 5 is 0x00"),
        (b"ab\xff", "byte 2 is 0xff"),
        (b"\xef\xbb\xbfab\xff", "byte 5 is 0xff"),
        ("天地".encode("gb18030"), "byte 0 is 0xcc.*GB18030.*save it as UTF-8"),
        ("text".encode("utf-16"), "byte 0 is 0xff.*UTF-16"),
        (b"%PDF" + bytes(range(256)), "byte 4 is 0x00|byte 132 is 0x80"),
    ],
)
def test_from_file_refuses_what_is_not_text(tmp_path, raw, message):
    path = tmp_path / "wrong.bin"
    path.write_bytes(raw)
    with pytest.raises(ValueError, match=message) as caught:
        corpus.from_file(path)
    assert str(path) in str(caught.value)


def test_from_file_refuses_what_it_cannot_open(tmp_path, monkeypatch):
    with pytest.raises(FileNotFoundError, match=r"no file .*absent\.txt \(looked from"):
        corpus.from_file(tmp_path / "absent.txt")
    with pytest.raises(IsADirectoryError, match="is a folder; name one text file"):
        corpus.from_file(tmp_path)
    path = tmp_path / "locked.txt"
    path.write_text("mine")

    def refuse(self):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(PermissionError, match=r"cannot be read \(Permission denied\); check"):
        corpus.from_file(path)


class Server(http.server.ThreadingHTTPServer):
    """Serves CONTENT; `mode` is how it misbehaves, `ranges` what it was asked for."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.mode, self.ranges, self.sent = "ordinary", [], 0
        self.url = f"http://127.0.0.1:{self.server_port}/play.txt"


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        mode, asked = self.server.mode, self.headers.get("Range")
        self.server.ranges.append(asked)
        if mode == "absent":
            self.send_error(404)
            return
        content = {
            "altered": b"X" + CONTENT[1:],
            "log-in page": b"<html>Please log in</html>",
            "longer": CONTENT + b"more",
            "endless": CONTENT * 200,
        }.get(mode, CONTENT)
        start = int(re.fullmatch(r"bytes=(\d+)-", asked)[1])
        if mode == "no ranges" or start == 0:
            self.send_response(200)
            start = 0
        elif start >= len(content):
            self.send_error(416)
            return
        else:
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        if mode not in ("longer", "endless"):  # which do not announce it
            self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        stop = start + 100_000 if mode == "cut" else len(content)
        for begin in range(start, stop, 10_000):
            self.wfile.write(content[begin : min(begin + 10_000, stop)])
            self.server.sent += 10_000

    def handle(self):
        with contextlib.suppress(ConnectionError):  # the other side has hung up
            super().handle()

    def finish(self):
        with contextlib.suppress(ConnectionError):
            super().finish()

    def log_message(self, *args):
        pass


@pytest.fixture
def server(monkeypatch, tmp_path):
    """A server of the corpus "play", cached in tmp_path/cache."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setenv("MINILLM_CACHE", str(tmp_path / "cache"))
    with Server() as server:
        source = corpus.Source(
            url=server.url, sha256=hashlib.sha256(CONTENT).hexdigest(), size=len(CONTENT)
        )
        monkeypatch.setitem(corpus.SOURCES, "play", source)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def part(tmp_path):
    """Where the part of an unfinished download lies."""
    return tmp_path / "cache" / "play.txt.part"


def test_download_is_checked_cached_and_shown(server, tmp_path, capsys):
    path = corpus.download("play")
    assert path == tmp_path / "cache" / "play.txt"
    assert path.read_bytes() == CONTENT
    assert [file.name for file in path.parent.iterdir()] == ["play.txt"]
    assert "play.txt: 100%" in capsys.readouterr().err
    server.mode = "absent"  # the second time comes from the cache
    assert corpus.load("play") == CONTENT.decode()
    assert len(server.ranges) == 1


def test_download_into_a_folder_without_a_bar(server, tmp_path, capsys):
    path = corpus.download("play", folder=tmp_path / "mine", progress=False)
    assert path == tmp_path / "mine" / "play.txt"
    assert capsys.readouterr().err == ""
    assert server.ranges == ["bytes=0-"]


def test_a_cut_download_goes_on_where_it_stopped(server, part):
    server.mode = "cut"
    for size in (100_000, 200_000):
        with pytest.raises(ConnectionError, match=f"Only {size:,} of .* goes on from there"):
            corpus.download("play", progress=False)
        assert part.read_bytes() == CONTENT[:size]
        assert not part.with_suffix("").exists()
    server.mode = "ordinary"
    assert corpus.download("play", progress=False).read_bytes() == CONTENT
    assert server.ranges == ["bytes=0-", "bytes=100000-", "bytes=200000-"]
    assert not part.exists()


def test_a_server_without_ranges_sends_the_whole_again(server, part):
    part.parent.mkdir()
    part.write_bytes(CONTENT[:5000])
    server.mode = "no ranges"
    assert corpus.download("play", progress=False).read_bytes() == CONTENT
    assert server.ranges == ["bytes=5000-"]


def test_a_part_that_lacks_nothing_is_only_checked(server, part):
    part.parent.mkdir()
    part.write_bytes(CONTENT)
    assert corpus.download("play", progress=False).read_bytes() == CONTENT
    assert server.ranges == []


@pytest.mark.parametrize("begun", [b"", CONTENT[:5000]])
@pytest.mark.parametrize("mode", ["altered", "log-in page", "longer", "endless"])
def test_altered_content_never_gets_the_name(server, part, mode, begun):
    part.parent.mkdir()
    part.write_bytes(b"X" + begun[1:] if begun and mode == "altered" else begun)
    server.mode = mode
    with pytest.raises(OSError, match="not the published file, and was removed") as caught:
        corpus.download("play", progress=False)
    assert not isinstance(caught.value, ConnectionError)
    assert list(part.parent.iterdir()) == []
    assert server.sent < len(CONTENT) * 100  # the endless one is not read to its end


@pytest.mark.usefixtures("server")
def test_a_part_that_is_too_long_is_removed(part):
    part.parent.mkdir()
    part.write_bytes(CONTENT + b"more")
    with pytest.raises(OSError, match="not the published file, and was removed"):
        corpus.download("play", progress=False)
    assert not part.exists()


@pytest.mark.usefixtures("server")
def test_a_wrong_file_in_the_cache_is_named_and_kept(part):
    path = part.with_suffix("")
    path.parent.mkdir()
    path.write_bytes(b"put here by hand")
    with pytest.raises(OSError, match="not the published file; delete it") as caught:
        corpus.load("play")
    assert str(path) in str(caught.value)
    assert path.read_bytes() == b"put here by hand"


def test_a_missing_file_is_told_with_the_server_s_answer(server, part):
    server.mode = "absent"
    with pytest.raises(ConnectionError, match=r"Only 0 of .*404"):
        corpus.download("play", progress=False)
    assert not part.exists()


def test_no_network_says_how_to_do_it_by_hand(tmp_path, monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with socket.socket() as nobody:  # bound, but not listening: every connection is refused
        nobody.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{nobody.getsockname()[1]}/play.txt"
        source = corpus.Source(url=url, sha256="ab" * 32, size=1000)
        monkeypatch.setitem(corpus.SOURCES, "play", source)
        with pytest.raises(ConnectionError, match=r"Only 0 of the 1,000 bytes") as caught:
            corpus.download("play", folder=tmp_path, progress=False)
    by_hand = str(caught.value).split("by hand")[1]
    for wanted in (url, str(tmp_path / "play.txt"), "1,000 bytes", "ab" * 32):
        assert wanted in by_hand
    assert list(tmp_path.iterdir()) == []


def test_unknown_names_are_answered_with_the_known_ones():
    with pytest.raises(ValueError, match=r"no corpus 'bible'; there are stdlib, shakespeare"):
        corpus.load("bible")
    with pytest.raises(ValueError, match=r"'stdlib' cannot be downloaded; what can: shakespeare"):
        corpus.download("stdlib")


def test_load_stdlib_is_the_whole_library(small_stdlib):
    (small_stdlib / "re.py").write_text("found = True\n")
    assert corpus.load("stdlib") == corpus.stdlib()
    assert "found = True" in corpus.load("stdlib")


def test_the_cache_folder_can_be_chosen(monkeypatch, tmp_path):
    monkeypatch.setenv("MINILLM_CACHE", str(tmp_path))
    assert corpus.cache_folder() == tmp_path
    monkeypatch.setenv("MINILLM_CACHE", "")
    assert corpus.cache_folder().name == "minillm"


# The world


def test_documents_held_out_of_the_world_share_none_with_training():
    town = World(seed=3)
    train, held_out = corpus.world(town, documents=3000, held_out=300)
    known = {ids.tobytes() for ids, _, _ in train}
    written = town.documents(300, seed=2)
    shared = [ids for ids, _, _ in written if ids.tobytes() in known]
    assert len(train) == 3000
    assert len(held_out) == 300 - len(shared)
    assert all(ids.tobytes() not in known for ids, _, _ in held_out)
    assert all(ids[-1] == town.tokenizer.end for ids, _, _ in held_out)


def test_documents_without_others_keep_their_numbers_and_their_order():
    town = World(seed=0)
    some, more = town.documents(5, seed=1), town.documents(9, seed=1)  # the same five, four more
    rest = more.without(some)
    assert len(rest) == 4
    for mine, theirs in zip(rest, [more[i] for i in range(5, 9)], strict=True):
        assert all(np.array_equal(a, b) for a, b in zip(mine, theirs, strict=True))
    assert len(some.without(more)) == 0


# The story that is told twice


def test_the_story_is_told_in_english_and_in_chinese_sentence_by_sentence():
    story = corpus.parallel()
    for english, chinese in story:
        assert re.search(r"""[.?!]["']?$""", english), english
        assert english.isascii(), english
        assert re.search(r"[。？！](”|$)|”。$|轻声说。$", chinese), chinese
        assert re.search(r"[\u4e00-\u9fff]{2}", chinese), chinese
        assert not re.search(r"[,?!;] |[a-z][\u4e00-\u9fff]|[\u4e00-\u9fff][a-z]", chinese), chinese
    assert 2_800 <= sum(len(chinese) for _, chinese in story) <= 3_200


def test_each_part_of_the_story_is_as_long_as_it_would_be_in_the_other_language():
    """A sentence that slipped a line would be far too long or too short for its neighbour."""
    sizes = [(len(english), len(chinese)) for english, chinese in corpus.parallel()]
    ratios = sorted(english / chinese for english, chinese in sizes)
    assert 1.4 < ratios[0] < ratios[-1] < 6.5
    assert len({english for english, _ in corpus.parallel()}) == len(sizes)
