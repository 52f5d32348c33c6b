"""Accepted: the lines of a source on which a comment accepts what a scan finds.

``# torch-history: ok[reason]`` accepts its own line or, where it stands alone, the next one. In a
string these words accept nothing.
"""

from __future__ import annotations

import io
import re
import tokenize
from typing import Dict, Set

COMMENT = re.compile(rb"#\s*torch-history:\s*ok\b(?:\[[^\]]*\])?")


def accepted_lines(content: bytes) -> Set[int]:
    """The numbers of the accepted lines, from 1."""
    if b"torch-history" not in content:
        return set()
    content = content.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    lines = content.split(b"\n")
    matched = {number: line for number, line in enumerate(lines, start=1) if COMMENT.search(line)}
    return {
        # Alone on its line, it is about the next.
        number + line.lstrip().startswith(b"#")
        for number, line in (_comments(content, matched) if matched else {}).items()
    }


def _comments(content: bytes, lines: Dict[int, bytes]) -> Dict[int, bytes]:
    """Those of the lines on which the words stand in a comment."""
    found: Set[int] = set()
    read = 0
    try:
        for token in tokenize.tokenize(io.BytesIO(content).readline):
            read = token.end[0]
            if token.type == tokenize.COMMENT and COMMENT.search(token.string.encode()):
                found.add(token.start[0])
    # A cell of a notebook may hold what is no Python. Past it, the words are taken for a comment.
    except (tokenize.TokenError, SyntaxError, ValueError):
        found.update(number for number in lines if number > read)
    return {number: line for number, line in lines.items() if number in found}
