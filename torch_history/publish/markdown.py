"""Markdown: an answer as a document, and what other documents write in the same way."""

from __future__ import annotations

import re
from typing import Iterator, List, Optional

from torch_history.escaping import html, one_line, printable
from torch_history.publish.report import (
    POSSIBLE,
    Found,
    Report,
    caveats,
    headline,
    lines_of_change,
    lines_of_hits,
    place_of,
    reproduction,
)

NUMBER = re.compile(r"pytorch#(\d+)")
# in the words of a marker: names with underscores, stars or angles, which Markdown would eat
_NAME = re.compile(r"(?<![`\w])[\w.]*[_*<>][\w.*<>]*(=[\w.\"]+)?(\([^)\s]*\))?(?![`\w])")
_SPAN = re.compile(r"(`[^`]*`)")


def markdown(report: Report) -> str:
    """The report as a Markdown document."""
    parts = [f"# {html(headline(report))}", *(f"> {html(line)}" for line in caveats(report))]
    kind = None
    for found in report.found:
        if found.only_possible:
            break
        if found.kind is not kind:
            kind = found.kind
            parts.append(f"## {kind.words[0].upper()}{kind.words[1:]}")
        parts.append("\n\n".join(part for part in _parts(found, report) if part))
    vague = [
        f"- {code(one.behaviour.id)} ({one.kind.words}): {html(place_of(one))}"
        for one in report.found
        if one.only_possible
    ]
    if vague:
        parts += [f"## {POSSIBLE}", "\n".join(vague)]
    return "\n\n".join(parts) + "\n"


def _parts(found: Found, report: Report) -> Iterator[str]:
    behaviour, difference = found.behaviour, found.difference
    before, after = report.answer.before.asked, report.answer.after.asked
    summary = behaviour.docstring.splitlines()[0] if behaviour.docstring else behaviour.claim
    about = ", ".join(code(api) for api in behaviour.api)
    page = f" · [documentation](<{html(one_line(behaviour.page))}>)" if behaviour.page else ""
    rows = [f"| {code(one)} | {code(two)} |" for one, two in lines_of_change(difference.cases)]
    yield f"### {code(behaviour.id)}"
    yield html(summary)
    yield about + page
    yield "\n".join(f"- {html(line)}" for line in lines_of_hits(found, 20))
    yield "\n".join([f"| {before} | {after} |", "|---|---|", *rows])
    yield "\n".join(_notes(found))
    yield f"```sh\n{printable(reproduction(behaviour, before, after))}\n```"


def _notes(found: Found) -> Iterator[str]:
    for change in found.difference.changes:
        yield f"- {html(change.sentence)}"
        if change.advice:
            yield f"- What to do: {html(change.advice)}"
    if found.difference.doubt:
        yield f"- Not certain: {html(found.difference.doubt)}."


def code(words: str) -> str:
    """Words as code, also in a cell of a table."""
    return "`" + one_line(words).replace("|", "\\|").replace("`", "'") + "`"


def table(heading: List[str], rows: List[List[str]]) -> Iterator[str]:
    """The lines of a table, and an empty one after it."""
    yield "| " + " | ".join(heading) + " |"
    yield "|" + "---|" * len(heading)
    yield from ("| " + " | ".join(row) + " |" for row in rows)
    yield ""


def marked(words: Optional[str]) -> str:
    """Words of a marker, with names that hold underscores, stars or angles as code."""
    parts = _SPAN.split(" ".join((words or "").split()))
    return "".join(
        part if place % 2 else _NAME.sub(lambda name: f"`{name[0]}`", part.replace("`", "'"))
        for place, part in enumerate(parts)
    )


def cell(words: Optional[str]) -> str:
    """Words of a marker in a cell of a table."""
    return printable(marked(words).replace("|", "\\|"))
