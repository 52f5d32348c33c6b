"""Requirements and lock files that are broken or hostile: one line, at once, and never a crash."""

import codecs
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from torch_history.errors import HistoryError
from torch_history.escaping import one_line

pytest.importorskip("packaging", reason="packaging is not installed")
if sys.version_info < (3, 11):
    pytest.importorskip("tomli", reason="reading a lock file needs Python 3.11, or tomli")

from torch_history.code.pins import asking, files

TORCH = '[[package]]\nname = "torch"\nversion = "2.5.1"\n'


def version(source):
    (only,) = asking.asked("--from", str(source))
    return only.version


def refused(source):
    """What is said of a source that is refused, after its name."""
    started = time.perf_counter()
    with pytest.raises(HistoryError) as raised:
        version(source)
    message = str(raised.value)
    assert message == one_line(message) and len(message) < len(source) + 2000
    assert time.perf_counter() - started < 5
    assert message.startswith(f"--from {one_line(source)}: ")
    return message[len(f"--from {one_line(source)}: ") :]


@pytest.fixture
def repository(folder):
    """A repository in this folder, of what it holds. Call it to commit that as ``main``."""

    def git(*arguments):
        identity = ["-c", "user.name=n", "-c", "user.email=e@example.org"]
        subprocess.run(["git", *identity, *arguments], check=True, capture_output=True)

    def commit():
        git("init", "--quiet", "--initial-branch", "main")
        git("add", ".")
        git("commit", "--quiet", "-m", "all")

    return commit


# ---- lock files


@pytest.mark.parametrize(
    "content, says",
    [
        (
            "package = [1]",
            "not a lock file of uv, poetry, pdm or pylock: Expected `object`, got `int`",
        ),
        (
            "package = 'torch'",
            "not a lock file of uv, poetry, pdm or pylock: Expected `array | null`",
        ),
        ("packages = 1", "not a lock file of uv, poetry, pdm or pylock: Expected `array | null`"),
        (
            "[package]\nname = 'torch'",
            "not a lock file of uv, poetry, pdm or pylock: Expected `array",
        ),
        (
            "[[package]]\nversion = '1'",
            "not a lock file of uv, poetry, pdm or pylock: Object missing",
        ),
        ("[[package]]\nname = 1", "not a lock file of uv, poetry, pdm or pylock: Expected `str`"),
        (
            "[[package]]\nname = 'torch'\nversion = 2.5",
            "not a lock file of uv, poetry, pdm or pylock: ",
        ),
        ("[[package]]\nname = 'torch'", "there is no torch in it"),
        (
            TORCH + "markers = 1",
            "not a lock file of uv, poetry, pdm or pylock: Expected `str | object",
        ),
        (TORCH + "markers = [1]", "not a lock file of uv, poetry, pdm or pylock: Expected `str`"),
        (
            TORCH + "markers = {a = 1}",
            "not a lock file of uv, poetry, pdm or pylock: Expected `str`",
        ),
        (TORCH.replace("2.5.1", "two"), "'two' is not a version of torch"),
        (TORCH.replace("2.5.1", "9" * 5000), f"'{'9' * 100}' is not a version of torch"),
        (TORCH.replace("2.5.1", "\\u001b[31m\\n"), "'\\\\x1b[31m' is not a version of torch"),
        ("", "not a lock file of uv, poetry, pdm or pylock: it lists no packages"),
        ("a = " + "[" * 100_000, "not TOML: nested too deeply"),
        ("a = " + "{a = " * 100_000, "not TOML: nested too deeply"),
        ("a = " + "1" * 5000, "not TOML: Exceeds the limit"),
        (".".join("a" * 100_000) + " = 1", "more than 200 dots in a row"),
        ("a = {" + ".".join("a" * 100_000) + " = 1}", "more than 200 dots"),
        ("a = '\0'", "not TOML: "),
        ("a = '\x1b[31m", "not TOML: "),
        ("a = 1\na = 2", "not TOML: "),
        ('{"default": {}}', "there is no torch in it"),
        ('{"default": {"torch": 1}}', "not a Pipfile.lock: Expected `object`, got `int`"),
        ('{"default": {"torch": {"version": "two"}}}', "'torch two' is not a requirement"),
        ('{"default": ', "not JSON: "),
        ('{"a": ' * 100_000, "not JSON: "),
        ("\N{REPLACEMENT CHARACTER}" * 1_000_000, "not TOML: "),
    ],
    ids=lambda value: value[:50].encode("unicode_escape").decode(),
)
def test_lock_file_that_is_broken_is_refused_in_one_line(folder, content, says):
    (folder / "a.lock").write_text(content, encoding="utf-8")
    assert refused("a.lock").startswith(says)


def test_lock_file_with_fields_that_are_not_known_is_read(folder):
    odd = "when = 1979-05-27T07:32:00Z\nn = nan\n[[package]]\nname = 'a'\nsource = {b = [1, {}]}\n"
    (folder / "a.lock").write_text(f"{odd}{TORCH}wheels = [1]\n", encoding="utf-8")
    assert version("a.lock") == "2.5.1"


def test_markers_by_group_are_each_told_once(folder):
    other = TORCH.replace("2.5.1", "2.6.0")
    markers = "markers = {main = 'a', dev = 'b', docs = 'a'}\n"
    (folder / "a.lock").write_text(f"{TORCH}{markers}{other}", encoding="utf-8")
    found = [(one.version, one.condition) for one in asking.asked("--from", "a.lock")]
    assert found == [("2.5.1", "a or b"), ("2.6.0", "")]


def test_of_many_versions_five_are_told(folder):
    text = "".join(TORCH.replace("2.5.1", f"2.{minor}") for minor in range(1000))
    (folder / "a.lock").write_text(text, encoding="utf-8")
    assert ": 2.0, 2.1, 2.2, 2.3, 2.4 and 995 more: give" in refused("a.lock")


# ---- requirements


@pytest.mark.parametrize(
    "content, says",
    [
        ("torch==2.5.1; python_version ==", "is not a requirement"),
        ("torch==2.5.1; nonsense == '1'", "is not a requirement"),
        ("torch==2.5.1; " + "(" * 5000, "is not a requirement"),
        ("torch @ http://[::1", "does not say which torch is used"),
        ("torch @ ", "is not a requirement"),
        ("torch @ file:///home/torch", "does not say which torch is used"),
        ("torch @ file:///torch-two-cp311-cp311-linux.whl", "'two' is not a version of torch"),
        ("torch==" + "9" * 5000, "is not a version of torch"),
        ("torch==2.5.1" + ",==2.5.1" * 100_000, "is not a requirement"),
        ("torch==\x1b[31m\0", "is not a requirement"),
        ("\0", "there is no torch in it"),
        ("torch>=2,\\\n" * 100_000, "is not a requirement"),
        ("-r \0", "-r \\x00: cannot be read: no file can have this name"),
        (f"-r {'n' * 5000}", "cannot be read: File name too long"),
        ("-r .", "-r .: cannot be read: a folder, not a regular file"),
        ("-r lost.txt", "-r lost.txt: no such file: give a path"),
        ("-r /lost/lost.txt", "-r /lost/lost.txt: no such file: give a path"),
        ("-r /dev/zero", "-r /dev/zero: cannot be read: a device, not a regular file"),
        ("-r http://example.org/r.txt", "there is no torch in it"),
        ("-r", "there is no torch in it"),
        ("-r a.txt\n-c ./a.txt\n-r x/../a.txt", "there is no torch in it"),
        ("-r b.txt", "there is no torch in it"),
        ("numpy==1\n" * 1_000_000, "there is no torch in it"),
        ("torch>=2\n" * 1_000_000, "more than 1000 lines are about torch"),
        ("-r lost.txt\n" * 1_000_000, "-r lost.txt: no such file"),
    ],
    ids=lambda value: value[:50].encode("unicode_escape").decode(),
)
def test_requirements_that_are_broken_are_refused_in_one_line(folder, content, says):
    (folder / "a.txt").write_text(content, encoding="utf-8")
    (folder / "b.txt").write_text("-r c.txt", encoding="utf-8")
    (folder / "c.txt").write_text("-r b.txt\n-r a.txt", encoding="utf-8")
    assert says in refused("a.txt")


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbftorch==2.5.1",
        codecs.BOM_UTF16_LE + "torch==2.5.1\r\n".encode("utf-16-le"),
        b"numpy\r\ntorch==2.5.1\r\n",
        b"torch \\\r\n == 2.5.1\r\n",
        b"torch @ file:///x/torch-2.5.1-cp311-cp311-linux_x86_64.whl",
        b"torch @ file:///torch-2.5.1-" + b"a." * 500 + b"a-" + b"b." * 500 + b"b-any.whl",
        b"-r a.txt\ntorch==2.5.1",
    ],
    ids=[
        "byte order mark",
        "PowerShell",
        "CRLF",
        "continued",
        "address",
        "wheel with many tags",
        "itself",
    ],
)
def test_requirements_that_are_unusual_are_read(folder, content):
    (folder / "a.txt").write_bytes(content)
    assert version("a.txt") == "2.5.1"


def test_lock_file_with_a_byte_order_mark_is_read(folder):
    (folder / "a.lock").write_bytes(b"\xef\xbb\xbf" + TORCH.replace("\n", "\r\n").encode())
    assert version("a.lock") == "2.5.1"


def chain(folder, length):
    for number in range(length):
        (folder / f"{number}.txt").write_text(f"-r {number + 1}.txt", encoding="utf-8")
    (folder / f"{length}.txt").write_text("torch==2.5.1", encoding="utf-8")


def test_long_chain_of_includes_is_followed(folder):
    chain(folder, 999)
    assert version("0.txt") == "2.5.1"


def test_longer_chain_of_includes_is_refused(folder):
    chain(folder, 1000)
    assert refused("0.txt") == "-r 1000.txt: more than 1000 files are included"


def test_folder_that_is_linked_into_itself_ends(folder):
    (folder / "d").symlink_to(".")
    (folder / "a.txt").write_text("-r d/a.txt", encoding="utf-8")
    assert refused("a.txt").endswith("cannot be read: Too many levels of symbolic links")


def test_include_by_an_absolute_path_is_read(folder):
    (folder / "b.txt").write_text("torch==2.5.1", encoding="utf-8")
    (folder / "a.txt").write_text(f"-r {folder / 'b.txt'}", encoding="utf-8")
    assert version("a.txt") == "2.5.1"


# ---- what is no regular file


@pytest.mark.parametrize("name", ["a.lock", "a.txt"])
@pytest.mark.parametrize(
    "make, says",
    [
        (os.mkfifo, "cannot be read: a FIFO, not a regular file"),
        (lambda path: Path(path).symlink_to("/dev/zero"), "cannot be read: a device, not a"),
        (os.mkdir, "cannot be read: a folder, not a regular file"),
        (lambda path: Path(path).symlink_to(path), "cannot be read: Too many levels of symbolic"),
        (lambda path: Path(path).write_bytes(b"torch==\xff"), "not text in UTF-8"),
        (lambda path: Path(path).write_bytes(b"\xff\xfet\0o"), "not text in UTF-8"),
        (
            lambda path: os.truncate(os.open(path, os.O_CREAT | os.O_RDWR), 50_000_001),
            "larger than",
        ),
    ],
    ids=["FIFO", "device", "folder", "loop", "no utf-8", "utf-16", "large"],
)
def test_source_that_is_no_text_file_is_refused(folder, name, make, says):
    make(name)
    assert refused(name).startswith(says)


def test_at_most_50_mb_is_read_with_what_is_included(folder):
    (folder / "a.txt").write_text("-r b.txt\n-r c.txt", encoding="utf-8")
    for name in ("b.txt", "c.txt"):
        (folder / name).write_text("#" * 25_000_000, encoding="utf-8")
    assert refused("a.txt") == "-r c.txt: larger than 50 MB, with what is included"


@pytest.mark.parametrize(
    "source, says",
    [
        ("a\ud800", "cannot be read: no file can have this name"),
        ("main:a\ud800", "cannot be read: no file can have this name"),
        ("a\0b", "cannot be read: no file can have this name"),
        ("main:a\0b", "cannot be read: no file can have this name"),
        ("n" * 5000, "cannot be read: File name too long"),
        ("main:" + "n" * 5000, "git: "),
        ("m" * 300_000 + ":x", "git: Argument list too long"),
        ("\x1b[31m", "no such file"),
        (os.fsdecode(b"\xff"), "no such file"),
        (os.fsdecode(b"main:\xff"), "git: "),
        ("", "cannot be read: a folder, not a regular file"),
    ],
    ids=[
        "surrogate",
        "surrogate in git",
        "NUL",
        "NUL in git",
        "long",
        "long in git",
        "longer",
        "escape",
        "bytes",
        "git",
        "empty",
    ],
)
def test_name_that_is_odd_is_refused_in_one_line(folder, monkeypatch, source, says):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(folder.parent))
    if len(source) > 100_000:
        with pytest.raises(HistoryError, match=says):
            version(source)
    else:
        assert refused(source).startswith(says)


# ---- git


def test_git_that_is_not_installed_is_named(folder, monkeypatch):
    monkeypatch.setenv("PATH", str(folder))
    assert refused("main:a.txt") == "git is not installed"


@pytest.mark.parametrize(
    "source, says",
    [
        ("-main:a.txt", "git: "),
        ("--output=x:a.txt", "git: "),
        ("lost:a.txt", "git: "),
        ("main:d", "cannot be read: a folder, not a file"),
        ("main:", "cannot be read: a folder, not a file"),
        ("main:lost.txt", "git: "),
        ("main:up.txt", "-r ../b.txt: leads out of the repository"),
        ("main:absolute.txt", "-r /b.txt: git: "),
        ("main:bytes.txt", "not text in UTF-8"),
    ],
)
def test_revision_or_path_that_is_odd_is_refused_in_one_line(folder, repository, source, says):
    (folder / "a.txt").write_text("torch==2.5.1", encoding="utf-8")
    (folder / "up.txt").write_text("-r ../b.txt", encoding="utf-8")
    (folder / "absolute.txt").write_text("-r /b.txt", encoding="utf-8")
    (folder / "bytes.txt").write_bytes(b"\xff")
    (folder / "d").mkdir()
    (folder / "d" / "a.txt").touch()
    repository()
    assert refused(source).startswith(says)
    assert not (folder / "x").exists()


def test_revision_is_read_from_the_root_or_from_this_folder(folder, repository, monkeypatch):
    (folder / "d").mkdir()
    for name, text in {
        "a.txt": "-r b.txt",
        "b.txt": "torch==1.13.1",
        "d/a.txt": "-r ./b.txt",
        "d/b.txt": "torch==2.5.1",
        "d/up.txt": "-r ../b.txt",
    }.items():
        (folder / name).write_text(text, encoding="utf-8")
    repository()
    monkeypatch.chdir(folder / "d")
    sources = ("main:a.txt", "main:./a.txt", "main:../a.txt", "main:d/a.txt", "main:./up.txt")
    assert list(map(version, sources)) == ["1.13.1", "2.5.1", "1.13.1", "2.5.1", "1.13.1"]


def test_large_file_in_git_is_not_read(folder, repository, monkeypatch):
    monkeypatch.setattr(files, "MOST_BYTES", 1_000_000)
    (folder / "a.lock").write_bytes(b"#" * 5_000_000)
    repository()
    assert refused("main:a.lock") == "larger than 1 MB, with what is included"
