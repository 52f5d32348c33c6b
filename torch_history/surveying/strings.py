"""Strings: what torch's own libraries say of deprecation or removal.

A warning that comes from C++ has its text in a library. Only the sections that hold constants are
read, which are a tenth of a file.
"""

from __future__ import annotations

import mmap
import re
import struct
from pathlib import Path
from typing import Dict, Iterator, Tuple

from torch_history.surveying.notices_words import speaks

# libtorch.so is a shell by 1.5; before, all of it.
LIBRARIES = ("libtorch_python.so", "libtorch_cpu.so", "libtorch.so", "libc10.so")
_MARKS = (b"eprecat", b"EPRECAT", b"emoved", b"no longer supported", b"future", b"upcoming")
_NOT_PRINTED = re.compile(rb"[^\x20-\x7e\s]")
_SYMBOL = re.compile(r"\*?_?_?Z[A-Z0-9]|\*?N[A-Z0-9]|[\w.:*]*$")
_MOST = 4000  # bytes on each side of a mark


def of_folder(folder: Path) -> Dict[str, str]:
    """Each string of the libraries in a folder that speaks of deprecation, with its library."""
    found: Dict[str, str] = {}
    for name in LIBRARIES:
        path = folder / name
        if path.exists() and path.stat().st_size:
            for text in _of_library(path):
                found.setdefault(text, name)
    return found


def _of_library(path: Path) -> Iterator[str]:
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        for start, end in _constants(data):
            for first, last in sorted(set(_strings(data, start, end))):
                text = data[first:last].decode("ascii", "replace")
                if not _SYMBOL.match(text) and speaks(text):
                    yield text


def _strings(data: mmap.mmap, start: int, end: int) -> Iterator[Tuple[int, int]]:
    """Where the strings with a mark begin and end."""
    for mark in _MARKS:
        at = data.find(mark, start, end)
        while at >= 0:
            before = data[max(start, at - _MOST) : at]
            others = [one.end() for one in _NOT_PRINTED.finditer(before)]
            first = at - len(before) + (others[-1] if others else 0)
            after = _NOT_PRINTED.search(data[at : min(end, at + _MOST)])
            last = at + after.start() if after else min(end, at + _MOST)
            yield first, last
            at = data.find(mark, last, end)


def _constants(data: mmap.mmap) -> Iterator[Tuple[int, int]]:
    """Where an ELF file has its constants. Any other file is read whole."""
    if data[:6] != b"\x7fELF\x02\x01":  # 64 bits, little-endian
        yield 0, len(data)
        return
    (table,) = struct.unpack_from("<Q", data, 0x28)
    size, number, names = struct.unpack_from("<HHH", data, 0x3A)
    headers = [struct.unpack_from("<II4Q", data, table + size * one) for one in range(number)]
    strings = headers[names][4]
    for name, _, _, _, start, length in headers:
        at = strings + name
        if data[at : at + 8] == b".rodata\0" or data[at : at + 9] == b".lrodata\0":
            yield start, start + length
