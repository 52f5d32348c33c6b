"""Accepted: the lines of a source on which a comment accepts what a scan finds.

``# torch-history: ok[reason]`` accepts its own line or, where it stands alone, the next one.
"""

from __future__ import annotations

import re
from typing import Set

COMMENT = re.compile(rb"#\s*torch-history:\s*ok\b(?:\[[^\]]*\])?")


def accepted_lines(content: bytes) -> Set[int]:
    """The numbers of the accepted lines, from 1."""
    if b"torch-history" not in content:
        return set()
    return {
        # Alone on its line, it is about the next.
        number + line.lstrip().startswith(b"#")
        for number, line in enumerate(content.splitlines(), start=1)
        if COMMENT.search(line)
    }
