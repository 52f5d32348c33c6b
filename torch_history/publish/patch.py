"""Patch: the difference of two contents of a file as a unified diff that ``git apply`` takes."""

from __future__ import annotations

import difflib
import re
from typing import Iterator, List

# What git puts in quotes: it reads a name without them up to the first tab.
_QUOTED = re.compile(rb'["\\\x00-\x1f\x7f-\xff]')
_SHORT = {b"\n": b"\\n", b"\t": b"\\t", b"\r": b"\\r", b'"': b'\\"', b"\\": b"\\\\"}
_NO_END = b"\n\\ No newline at end of file\n"


def unified(name: bytes, before: bytes, after: bytes) -> bytes:
    """The diff of a file, whose path is relative to where it is applied; empty where it is none."""
    # Bytes, because a file may have any encoding; each is one character of latin-1.
    old, new = _lines(before), _lines(after)
    found = difflib.unified_diff(old, new, "", "")
    hunks = list(found)[2:]  # without its own header
    if not hunks:
        return b""
    header = b"--- " + _name(b"a/" + name) + b"\n+++ " + _name(b"b/" + name) + b"\n"
    return header + b"".join(_ended(line) for line in hunks)


def _lines(content: bytes) -> List[str]:
    # Not splitlines(), which also splits where git does not: at a form feed, at a lone \r.
    return re.findall(r"[^\n]*\n|[^\n]+", content.decode("latin-1"))


def _ended(line: str) -> bytes:
    text = line.encode("latin-1")
    return text if text.endswith(b"\n") else text + _NO_END


def _name(path: bytes) -> bytes:
    if _QUOTED.search(path):
        return b'"' + _QUOTED.sub(_escaped, path) + b'"'
    return path + b"\t" * (b" " in path)


def _escaped(match: re.Match[bytes]) -> bytes:
    return _SHORT.get(match[0]) or b"\\%03o" % ord(match[0])


def shown(patch: bytes) -> Iterator[str]:
    """The lines of a diff for a terminal."""
    for line in patch.decode("utf-8", "replace").split("\n")[:-1]:
        yield line[:-1] if line.endswith("\r") else line
