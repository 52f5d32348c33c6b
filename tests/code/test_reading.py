"""Files and folders that ``diff --code`` is pointed at, and what it does with the odd ones."""

import json
import os
import socket
import stat
import sys
from pathlib import Path

import pytest

from tests.code import PLANTED
from torch_history.errors import HistoryError
from torch_history.escaping import one_line

pytest.importorskip("pyflakes", reason="pyflakes is not installed")
if sys.version_info < (3, 9):
    pytest.skip("reading source needs Python 3.9", allow_module_level=True)

from tests.code.scanning import by_behaviour
from tests.code.scanning import scanned as read
from torch_history.code import folders, scan

LOAD = "checkpoints.load_refuses_a_whole_module_by_default"
USES_LOAD = "import torch\ntorch.load(f)\n"


@pytest.fixture
def scanned(answers):
    """Scan for what differs between 2.5 and 2.6."""

    def run(*paths):
        found = read([Path(path) for path in paths], answers["2.5 2.6"])
        assert all(one_line(fault) == fault for fault in found.faults)
        return found

    return run


@pytest.fixture
def fault(scanned, folder):
    """The one fault of a folder in which a sound file is read all the same."""

    def of(path="."):
        (folder / "sound.py").write_text(USES_LOAD, encoding="utf-8")
        found = scanned(path)
        assert [Path(hit.place.file).name for hit in by_behaviour(found)[LOAD]] == ["sound.py"]
        (only,) = found.faults
        return only

    return of


def files(*paths):
    faults = []
    found = list(folders.files(list(paths), faults))
    assert not faults
    return found


# ---- which files


def test_hidden_folders_and_virtual_environments_are_skipped(tmp_path):
    for name in (".git", "venv/lib", "own", "own/__pycache__"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "a.py").write_text("", encoding="utf-8")
    (tmp_path / "venv" / "pyvenv.cfg").write_text("", encoding="utf-8")
    assert files(tmp_path) == [tmp_path / "own" / "a.py"]


def test_files_of_a_folder_come_before_those_of_its_folders(tmp_path):
    for name in ("b/c/d.py", "b/z.py", "a/a.ipynb", "y.py", "x.py", "x.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("", encoding="utf-8")
    found = [path.relative_to(tmp_path).as_posix() for path in files(tmp_path)]
    assert found == ["x.py", "y.py", "a/a.ipynb", "b/z.py", "b/c/d.py"]


def test_file_that_is_named_twice_or_in_a_folder_too_is_read_once(folder):
    for name in ("a.py", "b.py"):
        (folder / name).write_text("", encoding="utf-8")
    assert files(Path("a.py"), folder / "a.py") == [Path("a.py")]
    assert files(Path("a.py"), Path()) == [Path("a.py"), Path("b.py")]


@pytest.fixture
def deep(folder):
    """A file in more folders than Python's stack has frames.

    Python's own limit is 1000. What it is now does not matter: torch's compiler raises it, and
    a path twice as long would be refused.
    """
    depth = 1050
    for _ in range(depth):
        Path("d").mkdir()
        os.chdir("d")
    Path("a.py").write_text("", encoding="utf-8")
    os.chdir(folder)
    file = Path(*["d"] * depth, "a.py")
    yield file
    # pytest's own cleaning recurses, and would fail in every later run
    file.unlink()
    for parent in list(file.parents)[:-1]:
        parent.rmdir()


def test_folders_nested_deeper_than_the_stack_are_read(deep):
    assert files(Path()) == [deep]


def test_source_is_not_imported(scanned, tmp_path):
    opened = f"open({str(tmp_path / 'ran')!r}, 'w')\n"
    (tmp_path / "a.py").write_text(f"{USES_LOAD}{opened}", encoding="utf-8")
    assert LOAD in by_behaviour(scanned(tmp_path))
    assert not (tmp_path / "ran").exists() and "torch" not in scan.__dict__


# ---- what is no regular file


def device(path):
    try:
        os.mknod(path, stat.S_IFCHR | 0o600, os.makedev(1, 5))
    except PermissionError:
        pytest.skip("only root makes a device")


def listening(path):
    socket.socket(socket.AF_UNIX).bind(os.path.relpath(path))


def loop(path):
    path.symlink_to("other.py")
    (path.parent / "other.py").symlink_to(path.name)


def large(path, size=20_000_001):
    path.touch()
    os.truncate(path, size)


ODD = {
    "FIFO": (os.mkfifo, "a FIFO, not a regular file"),
    "device": (device, "a device, not a regular file"),
    "link to a device": (lambda path: path.symlink_to("/dev/zero"), "a device, not a regular file"),
    "socket": (listening, "a socket, not a regular file"),
    "broken link": (lambda path: path.symlink_to("lost.py"), "a broken link"),
    "folder": (lambda path: path.mkdir(), "a folder, not a regular file"),
    "link to a folder": (lambda path: path.symlink_to("."), "a folder, not a regular file"),
    "large": (large, "larger than 20 MB"),
}


@pytest.mark.parametrize("how", list(ODD))
def test_odd_file_of_a_folder_is_named_and_skipped(fault, folder, how):
    ODD[how][0](folder / "odd.py")
    assert fault() == f"odd.py: cannot be read: {ODD[how][1]}"


def test_links_in_a_circle_are_named_and_skipped(scanned, folder):
    loop(folder / "odd.py")
    assert scanned(".").faults == [
        f"{name}.py: cannot be read: Too many levels of symbolic links" for name in ("odd", "other")
    ]


@pytest.mark.parametrize("how", [how for how in ODD if "folder" not in how and "broken" not in how])
def test_odd_file_that_is_asked_for_is_named(scanned, folder, how):
    ODD[how][0](folder / "odd.py")
    assert scanned("odd.py").faults == [f"odd.py: cannot be read: {ODD[how][1]}"]


def test_notebook_larger_than_its_limit_is_named_and_skipped(fault, folder):
    large(folder / "a.ipynb", 200_000_001)
    assert fault() == "a.ipynb: cannot be read: larger than 200 MB"


@pytest.mark.parametrize("name", ["odd.py", "odd"])
def test_file_or_folder_without_permission_is_named_and_skipped(fault, folder, monkeypatch, name):
    def refuse(opened):
        def instead(path, *arguments):
            if Path(path).name == name:
                raise PermissionError(13, "Permission denied", str(path))
            return opened(path, *arguments)

        return instead

    (folder / name).touch() if name == "odd.py" else (folder / name).mkdir()
    monkeypatch.setattr(os, "open", refuse(os.open))
    monkeypatch.setattr(os, "scandir", refuse(os.scandir))
    assert fault() == f"{name}: cannot be read: Permission denied"


@pytest.mark.parametrize(
    "name, shown",
    [
        ("a\x1b[31m.py", "a\\x1b[31m.py"),
        ("a\nb.py", "a b.py"),
        ("a\u202eb.py", "a\\u202eb.py"),
        (os.fsdecode(b"a\xff.py"), "a\N{REPLACEMENT CHARACTER}.py"),
    ],
    ids=["escape", "newline", "direction", "no utf-8"],
)
def test_name_reaches_the_terminal_as_one_printable_line(fault, folder, name, shown):
    (folder / name).write_text("x = (", encoding="utf-8")
    assert fault().startswith(f"{shown}:1: not Python: ")


# ---- paths that are asked for


def test_path_that_is_not_there_is_refused_before_anything_is_read(answers, tmp_path, monkeypatch):
    monkeypatch.setattr(scan.Reader, "read", lambda *_: pytest.fail("a file was read"))
    (tmp_path / "a.py").write_text("", encoding="utf-8")
    with pytest.raises(HistoryError, match="no such file or folder"):
        read([tmp_path, tmp_path / "lost"], answers["2.5 2.6"])


@pytest.mark.parametrize(
    "path, says",
    [
        ("lost.py", "lost.py: no such file or folder"),
        ("a.py/lost", "a.py/lost: no such file or folder"),
        ("broken.py", "broken.py: no such file or folder"),
        ("loop.py", "loop.py: cannot be read: Too many levels of symbolic links"),
        ("a\0b", "a\\x00b: cannot be read: no file can have this name"),
        ("n" * 5000, "cannot be read: File name too long"),
        ("\x1b\n.py", "\\x1b .py: no such file or folder"),
        (os.fsdecode(b"\xff.py"), "\N{REPLACEMENT CHARACTER}.py: no such file or folder"),
    ],
    ids=["lost", "below a file", "broken link", "loop", "NUL", "long", "escape", "no utf-8"],
)
def test_path_that_leads_nowhere_is_refused_in_one_line(scanned, folder, path, says):
    (folder / "a.py").touch()
    (folder / "broken.py").symlink_to("lost.py")
    loop(folder / "loop.py")
    with pytest.raises(HistoryError) as refused:
        scanned(path)
    message = str(refused.value)
    assert message.startswith("--code ") and message.endswith(says)
    assert one_line(message) == message


# ---- files that are no Python


def test_file_that_does_not_parse_is_named_and_the_others_are_read(scanned):
    found = scanned(PLANTED / "broken.py", PLANTED / "plain.py")
    assert found.faults == [f"{PLANTED / 'broken.py'}:3: not Python: invalid syntax"]
    assert by_behaviour(found)[LOAD] and found.files == 1


NOT_PYTHON = {
    "null byte": (b"import torch\nload = '\x00'", ""),
    "coding": (b"# coding: none\nfrom torch import load", ""),
    "coding of no text": (b"# coding: hex\nfrom torch import load", ""),
    "no utf-8": (b"import torch\ntorch.load(\xff)", ""),
    "brackets": (b"from torch import load\nx = " + b"(" * 500, "2: not Python"),
    "python 2": (b"import torch\nprint 'load'", "2: not Python"),
    "digits": (b"import torch\nload = " + b"1" * 5000, ""),
    "magic": (b"%time torch.load(f)", "1: not Python"),
    "no torch": (b"load(", "1: not Python: "),
    "no word of a difference": (b"import torch\nx = (", "2: not Python: "),
}


@pytest.mark.parametrize("content, says", list(NOT_PYTHON.values()), ids=list(NOT_PYTHON))
def test_file_that_is_no_python_is_one_line(fault, folder, content, says):
    (folder / "a.py").write_bytes(content)
    assert fault().startswith(f"a.py:{says}")


@pytest.mark.parametrize(
    "expression",
    ["not " * 50_000 + "load", "torch" + ".load" * 50_000, "torch" + ".load" * 900],
    ids=["too deep for the parser", "too deep for its tree", "too deep to follow"],
)
def test_expression_that_is_too_deep_is_named(fault, folder, expression):
    (folder / "a.py").write_text(f"import torch\nx = {expression}", encoding="utf-8")
    assert "nested too deeply" in fault()


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbfimport torch\r\ntorch.load(f)",
        b"# coding: latin-1\nimport torch\ntorch.load('\xe9')",
        b"import torch\nawait torch.load(f)",
        b"import torch\nwarned = '\\d'\ntorch.load(warned)",
    ],
    ids=["byte order mark", "coding", "await", "escape that warns"],
)
def test_unusual_python_is_read(scanned, folder, content):
    (folder / "a.py").write_bytes(content)
    found = scanned(".")
    assert by_behaviour(found)[LOAD] and not found.faults


# ---- files that are no notebook

NOT_A_NOTEBOOK = {
    "other json": (b'{"torch": "load"}', ":1: not a notebook: Object missing required field"),
    "no json": (b'{\n"torch": load}', ":2: not a notebook: Expecting value"),
    "no utf-8": (b'{"cells": ["\xff"]}', ":1: not a notebook"),
    "deep": (b'{"cells": ' + b"[" * 100_000, ":1: not a notebook: nested too deeply"),
    "digits": (b'{"cells": [], "n": ' + b"1" * 5000 + b"}", ":1: not a notebook: Exceeds"),
    "list": (b"[]", ":1: not a notebook: Expected `object`"),
    "cells of another type": (b'{"cells": "torch"}', ":1: not a notebook: Expected `array`"),
}


@pytest.mark.parametrize("content, says", list(NOT_A_NOTEBOOK.values()), ids=list(NOT_A_NOTEBOOK))
def test_file_that_is_no_notebook_is_one_line(fault, folder, content, says):
    (folder / "a.ipynb").write_bytes(content)
    assert fault().startswith(f"a.ipynb{says}")


@pytest.mark.parametrize(
    "cell, says",
    [
        ({"cell_type": "code", "source": ["import torch\n", "load ("]}, ":2: not Python: "),
        ({"cell_type": "code", "source": "\ud800"}, ":1: not Python: 'utf-8' codec"),
        ({"cell_type": "code", "source": "not " * 50_000}, ":1: not Python: nested too deeply"),
        ({"cell_type": "code", "source": 1}, ": not a cell: Expected `str | array`, got `int`"),
        ({"cell_type": "code", "source": ["a", None]}, ": not a cell: Expected `str`"),
        ({"cell_type": ["code"], "source": ""}, ": not a cell: Expected `str`, got `array`"),
        ({"source": "torch"}, ": not a cell: Object missing required field `cell_type`"),
        ("torch.load(f)", ": not a cell: Expected `object`, got `str`"),
    ],
    ids=["syntax", "surrogate", "deep", "number", "null", "type", "no type", "string"],
)
def test_cell_that_cannot_be_read_leaves_the_others_their_hits(fault, folder, cell, says):
    sound = {"cell_type": "code", "source": "1\ntorch.loads"}
    cells = [{"cell_type": "code", "source": "import torch\n"}, cell, sound]
    (folder / "a.ipynb").write_text(json.dumps({"cells": cells}), encoding="utf-8")
    assert fault().startswith(f"a.ipynb: cell 2{says}")


def test_place_in_a_notebook_is_that_of_its_cell(scanned, folder):
    sources = ("import torch\r\n", "load (", "# a\r1\n\rtorch.load(f)")
    cells = [{"cell_type": "code", "source": source} for source in sources]
    (folder / "a.ipynb").write_text(json.dumps({"cells": cells}), encoding="utf-8")
    found = scanned(".")
    assert len(found.faults) == 1
    assert [str(hit.place) for hit in by_behaviour(found)[LOAD]] == ["a.ipynb:cell 3:4"]
