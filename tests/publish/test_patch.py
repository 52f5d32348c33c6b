"""A unified diff is taken by `git apply`, whatever the file and its name hold."""

import shutil
import subprocess

import pytest

from torch_history.publish import patch


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
@pytest.mark.parametrize(
    "before, after",
    [
        (b"a\nb\nc\n", b"a\nB\nc\n"),
        (b"a\nb", b"a\nB"),
        (b"a\r\nb\r\n", b"a\r\nB\r\n"),
        (b"\xe9 = 1\x0c\n\rb\n", b"\xe9 = 1\x0c\n\rB\n"),
        (b"b\n" * 30, b"b\n" * 14 + b"B\n" + b"b\n" * 15),
    ],
    ids=["lines", "no newline", "carriage returns", "latin-1", "context"],
)
@pytest.mark.parametrize("name", ["a.py", "a b/c d.py", 'é"\\\t.py'])
def test_git_applies_the_diff_to_the_same_bytes(tmp_path, name, before, after):
    file = tmp_path / name
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(before)
    found = patch.unified(name.encode(), before, after)
    subprocess.run(["git", "apply", "-"], cwd=tmp_path, input=found, check=True)
    assert file.read_bytes() == after


def test_same_contents_have_no_diff():
    assert patch.unified(b"a.py", b"a\n", b"a\n") == b""


def test_diff_is_shown_line_by_line_without_carriage_returns():
    found = patch.unified(b"a.py", b"a\r\n", b"\xff\r\n")
    assert list(patch.shown(found)) == [
        "--- a/a.py",
        "+++ b/a.py",
        "@@ -1 +1 @@",
        "-a",
        "+\N{REPLACEMENT CHARACTER}",
    ]
