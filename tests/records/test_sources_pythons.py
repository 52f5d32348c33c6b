"""The digest of a source is the same on every Python, and whoever formats the source."""

import ast
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fake import REPOSITORY
from tests.records.trees import FILE, Tree
from torch_history.catalogue import source
from torch_history.records.sources import Sources, normal

LINES = ("3.8", "3.9", "3.10", "3.11", "3.12", "3.13", "3.14")
# Nothing but the standard library: -I and -S keep the packages of the interpreter out.
DIGESTS = """
import json, sys
from pathlib import Path

told = json.loads(sys.stdin.read())
sys.path.insert(0, told["engine"])
from torch_history.records.sources import Sources

known = Sources(Path(told["root"]))
print(json.dumps([known.digest(file, function) for file, function in told["tests"]]))
"""
# What the syntax trees of Pythons from 3.8 up spell in different ways, and its neighbours.
SYNTAX = r'''
def positional(a, b=3, /, c: int = 4, *rest, d: "str" = "x", **more) -> None:
    global TOTAL
    del a, (b, c)
    assert d, "d"
    try:
        raise ValueError from None
    except (ValueError, TypeError) as error:
        print(*rest, **more, sep="")
    finally:
        yield from range(3)
    while (n := 3) > 2 >= 1 != 0:
        break
    else:
        n += 1
    with open("x") as f, open("y"):
        pass
    return lambda *p, q=1, **r: (p, q, r)


async def waiting(a):
    async with a as x:
        async for y in x:
            await y
    return [z async for z in x if z]


@property
def slices(x, i):
    return (
        x[0], x[i:], x[:i], x[::2], x[1:2, 3], x[1:2, ::3], x[..., None], x[(1, 2)], x[()],
        x[i, 1], x[-1], x[i][0:1], x[1:2,], x[(1,)], x[[1, 2]],
    )


def strings(x, w):
    return (
        f"", f"a", f"{x}", f"{x!r}", f"{x:>10}", f"{x!r:>{w}}", f"{x:{w}.{w}}", f"{x=}",
        f"{ x = }", f"{x=:.2f}", f"{{}}", f"{{{x}}}", f"a{{b{x}c}}d", f"{x:}", f"{x:%Y-%m}",
        "a" f"{x}" "b" f"c{x}d" "e", f"{x}" f"{x}", "a" "b", f"a" "b", f"{'a'}", f"{x['k']}",
        f"\n{x}\t\x41\N{BULLET}", rf"\d{x}\n", f"{(lambda y: y)(x)}", f"{x,}", f"{ {1: 2}[1] }",
        f"""line
{x}
""", f"{x!s}{x!a}", f"{x:\n}",
    )


def constants(x, y):
    return (
        b"\x00a", u"u", "\ud800", "é€\U0001f600", r"\d", 0x1F, 0b1, 0o7, 1_000, 1e400, -1e400, 1j,
        .5, 5., 1e-7, 1E5, ..., None, True, 10**20, 123456789012345678901234567890, {1, 2}, {},
        {**x}, {"a": 1, **x}, [*x, 1], (*x,), (), not x, ~x, x @ y, x is not y, x not in y,
        x if y else x, x and y or x, {k: v for k, v in x}, {k for k in x for j in k if j if k},
    )


class Many(list, metaclass=type):
    a: int
    (b): int = 2

    def method(self):
        return super().method()
'''
TEST = "\n\ndef test_all(snapshot):\n    positional, waiting, slices, strings, constants, Many\n"


def interpreter(line):
    """A Python of a line on this machine, or None."""
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    found = sorted(pyenv.glob(f"versions/{line}.*/bin/python"))
    return str(found[-1]) if found else shutil.which(f"python{line}")


def digests_of(python, root, tests):
    told = {"engine": str(REPOSITORY), "root": str(root), "tests": tests}
    done = subprocess.run(
        [python, "-I", "-S", "-c", DIGESTS],
        input=json.dumps(told),
        stdout=subprocess.PIPE,
        encoding="utf-8",
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        timeout=120,
        check=True,
    )
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def some():
    """Some tests of this repository, from every chapter."""
    files = {}
    for one in source.behaviours(REPOSITORY).values():
        files.setdefault(one.file, []).append((one.file, one.function))
    chapters = {Path(file).parent: tests for file, tests in files.items()}
    return [test for tests in chapters.values() for test in tests]


@pytest.mark.parametrize("line", LINES)
def test_digest_is_the_same_on_every_python(tmp_path, some, line):
    python = interpreter(line)
    if python is None:
        pytest.skip(reason=f"no Python {line} on this machine")
    tree = Tree(tmp_path)
    tree.write(FILE, SYNTAX + TEST)
    here = Sources(tmp_path)
    assert digests_of(python, tmp_path, [(FILE, "test_all")]) == [here.digest(FILE, "test_all")]
    theirs = Sources(REPOSITORY)
    assert digests_of(python, REPOSITORY, some) == [theirs.digest(*test) for test in some]


@pytest.mark.skipif(sys.version_info < (3, 9), reason="no ast.unparse in Python 3.8")
def test_source_in_other_lines_and_quotes_has_the_same_digests(tmp_path, some):
    """`ast.unparse` lays out a whole module anew, and drops every comment."""
    parts = ("conftest.py", "fixtures/**/*", "torch_history/*.py", "torch_history/observing/*.py")
    reached = [path for part in parts for path in REPOSITORY.glob(part) if path.is_file()]
    for path in [*reached, *{REPOSITORY / file for file, _ in some}]:
        target = tmp_path / path.relative_to(REPOSITORY)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(str(path), str(target))
    for path in tmp_path.rglob("*.py"):
        text = ast.unparse(ast.parse(path.read_text(encoding="utf-8")))
        path.write_text(text, encoding="utf-8")
    before, after = Sources(REPOSITORY), Sources(tmp_path)
    stale = [test for test in some if before.digest(*test) != after.digest(*test)]
    assert stale == [] and len(some) > 100


def test_syntax_that_differs_is_told_apart():
    trees = [normal(statement) for statement in ast.parse("x[1]\nx[(1,)]\nx[1:]\nx[:1]").body]
    assert len(set(trees)) == 4
