"""Escaping: text from outside, made harmless where it leaves the program.

A file name, a manifest or a marker may contain escape sequences of a terminal, or HTML.
"""

from __future__ import annotations

import re

# C0 and C1 controls, but for the newline and the tab; and what turns the direction of text around
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
# Undecodable bytes of a file name arrive as surrogates, and print() cannot encode these.
_SURROGATE = re.compile("[\ud800-\udfff]")


def printable(text: object) -> str:
    r"""Text for a terminal: control characters are shown as ``\x1b``, and do nothing."""
    return _SURROGATE.sub("\N{REPLACEMENT CHARACTER}", _CONTROL.sub(_shown, str(text)))


def one_line(text: object) -> str:
    """Text for one line of a terminal: line breaks become blanks."""
    return printable(" ".join(str(text).split()))


def in_json(text: str) -> str:
    r"""JSON text, of the same meaning, without raw control characters: ``\u009b``."""
    # Such a character can stand only inside a string of JSON, so its escape means the same.
    return _CONTROL.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def html(text: object) -> str:
    """Text between the tags of HTML, or in Markdown outside code.

    ``<``, ``>`` and ``&`` become entities.
    """
    escaped = str(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return printable(escaped)


def _shown(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"
