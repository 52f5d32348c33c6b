"""Markdown: text from measured files, made harmless for docs/benchmarks.md and the site."""

from __future__ import annotations

from torch_history.escaping import html, one_line
from torch_history.publish.markdown import piped


def text(value: object) -> str:
    """Text inside a paragraph: on one line, and HTML in it is shown, not interpreted."""
    return html(one_line(value))


def cell(value: object) -> str:
    """Text inside a cell of a table: ``text``, and a ``|`` does not end the cell."""
    return piped(text(value))


def code(value: object) -> str:
    """A code span. Backticks in it become apostrophes, since one would end the span.

    HTML is escaped here too: a backtick in the text before could pair with the first of ours.
    """
    return f"`{text(value).replace('`', chr(39))}`"


def row(*cells: str) -> str:
    """One line of a table, from cells that are escaped already."""
    return f"| {' | '.join(cells)} |"
