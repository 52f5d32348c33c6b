"""Magics: a notebook's cell as Python.

A line of IPython's own (``%time f()``, ``!ls``, ``x = !ls``, ``x?``) becomes the Python code in
it, or ``pass``. Every other line keeps its text and its number.
"""

from __future__ import annotations

import re
from typing import List, NamedTuple, Optional

from torch_history.code import parsing

CELL = re.compile(r"\s*(%%(\S*)[^\n]*)")
PYTHON_CELLS = {"time", "timeit", "capture", "prun", "debug"}  # what follows them is Python
TIMED = re.compile(r"%%?time(?:it)?(?:\s+-(?:[nrp]\s*\d+|[tcqov]+)(?=\s))*\s+(.+)")
ASSIGNED = re.compile(r"((?:[\w.,*\s]|\[[^]#=]*\])+=\s*)([!%].*)")
HELP = re.compile(r"""(?:[^#'"]|'[^']*'|"[^"]*")*\?""")

# What can open or close a string or a bracket, or hide what would: a comment, a short string.
# Three quotes come first, since two of them would match as an empty string.
PIECE = re.compile(
    r"""\#.*|\\.|'{3}|"{3}|'[^'\\]*(?:\\.[^'\\]*)*'|"[^"\\]*(?:\\.[^"\\]*)*"|[(\[{]|[)\]}]"""
)
INSIDE = {quote: re.compile(rf"\\.|{quote}") for quote in ("'''", '"""')}


class Open(NamedTuple):
    """What is still open at the end of a line."""

    quote: str = ""  # of a string over several lines
    brackets: int = 0
    continued: bool = False  # by a backslash


def body_of(cell: str) -> Optional[str]:
    """A cell without its ``%%magic``; None where this says that the cell is not Python."""
    first = CELL.match(cell)
    if first is None:
        return cell
    if first[2] not in PYTHON_CELLS:
        return None
    return cell[: first.start(1)] + (_timed(first[1]) or "pass") + cell[first.end(1) :]


def without(cell: str) -> str:
    """A cell with each magic replaced by the code in it, or by ``pass``."""
    source = cell.split("\n")
    lines: List[str] = []
    still = Open()
    while len(lines) < len(source):
        line = source[len(lines)]
        if still == Open():
            # IPython joins the lines of a magic that end with a backslash.
            end = len(lines)
            while source[end].endswith("\\") and end + 1 < len(source):
                end += 1
            code = _code(" ".join(one.rstrip("\\") for one in source[len(lines) : end + 1]))
            if code is not None:
                lines += [code, *[""] * (end - len(lines))]
                continue
        still = _after(line, still)
        lines.append(line)
    return "\n".join(lines)


def _code(line: str) -> Optional[str]:
    """The Python in a magic; None where the line is none."""
    indent, bare = line[: len(line) - len(line.lstrip())], line.strip()
    if bare.startswith("%"):
        return indent + (_timed(bare) or "pass")
    if bare.startswith(("!", "?")) or (bare.endswith("?") and HELP.fullmatch(bare)):
        return indent + "pass"
    assigned = ASSIGNED.fullmatch(bare)
    if assigned is None:
        return None
    value = _timed(assigned[2])
    if value is None or not _parses(assigned[1] + value):
        value = "[]"  # nothing is known of what a list holds
    return indent + assigned[1] + value


def _timed(magic: str) -> Optional[str]:
    """The statement that ``%time`` or ``%timeit`` runs."""
    timed = TIMED.fullmatch(magic.strip())
    # %time also takes a line of IPython's own, such as %time !ls.
    return timed[1] if timed and _parses(timed[1]) else None


def _parses(code: str) -> bool:
    try:
        parsing.module(code, top_level_await=True)
    except parsing.NotPythonError:
        return False
    return True


def _after(line: str, still: Open) -> Open:
    """What is open after a line."""
    quote, brackets, place, comment = still.quote, still.brackets, 0, False
    while True:
        piece = (INSIDE[quote] if quote else PIECE).search(line, place)
        if piece is None:
            return Open(quote, brackets, line.endswith("\\") and not (quote or comment))
        place, text = piece.end(), piece[0]
        comment = text.startswith("#")
        if text in INSIDE:
            quote = "" if quote else text
        elif text in ("(", "[", "{"):
            brackets += 1
        elif text in (")", "]", "}"):
            # A stray closing bracket must not hide the next one that opens.
            brackets = max(brackets - 1, 0)
