"""Markdown: a report as a document, and the parts that other documents share with it."""

from __future__ import annotations

import re
from typing import Iterator, List, Optional
from urllib.parse import quote

from torch_history.catalogue.behaviour import Behaviour
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
# a name with underscores, stars or angle brackets, which Markdown would take for markup
_NAME = re.compile(r"(?<![`\w])[\w.]*[_*<>][\w.*<>]*(=[\w.\"]+)?(\([^)\s]*\))?(?![`\w])")
_SPAN = re.compile(r"(?<!`)(`[^`]+`)(?!`)")
_PIPE = re.compile(r"(\\*)\|")
_LITERAL = re.compile(r"``(.+?)``")  # code in reStructuredText


def markdown(report: Report) -> str:
    """The report as a Markdown document."""
    parts = [f"# {text(headline(report))}", *(f"> {text(line)}" for line in caveats(report))]
    kind = None
    for found in report.found:
        if found.only_possible:
            break
        if found.kind is not kind:
            kind = found.kind
            parts.append(f"## {kind.words[0].upper()}{kind.words[1:]}")
        parts.append("\n\n".join(part for part in _sections(found, report) if part))
    vague = [
        f"- {code(one.behaviour.id)} ({one.kind.words}): {text(place_of(one))}"
        for one in report.found
        if one.only_possible
    ]
    if vague:
        parts += [f"## {POSSIBLE}", "\n".join(vague)]
    return "\n\n".join(parts) + "\n"


def _sections(found: Found, report: Report) -> Iterator[str]:
    behaviour, difference = found.behaviour, found.difference
    before, after = report.answer.before.asked, report.answer.after.asked
    summary = behaviour.docstring.splitlines()[0] if behaviour.docstring else behaviour.claim
    about = ", ".join(code(api) for api in behaviour.api)
    # In angle brackets, parentheses and blanks in an address do not end the link.
    page = f" · [documentation](<{html(one_line(behaviour.page))}>)" if behaviour.page else ""
    rows = [f"| {code(one)} | {code(two)} |" for one, two in lines_of_change(difference.cases)]
    yield f"### {code(behaviour.id)}"
    yield text(summary)
    yield about + page
    yield "\n".join(f"- {text(line)}" for line in lines_of_hits(found, 20))
    yield "\n".join([f"| {before} | {after} |", "|---|---|", *rows])
    yield "\n".join(_notes(found))
    yield f"```sh\n{printable(reproduction(behaviour, before, after))}\n```"


def _notes(found: Found) -> Iterator[str]:
    for change in found.difference.changes:
        yield f"- {text(change.sentence)}"
        if change.advice:
            yield f"- What to do: {text(change.advice)}"
    if found.difference.doubt:
        yield f"- Not certain: {text(found.difference.doubt)}."


def code(words: str) -> str:
    """Words as code, in a cell of a table too."""
    # No backslash escapes a backtick inside code, so it becomes another quote.
    return "`" + piped(one_line(words).replace("`", "'")) + "`"


def table(heading: List[str], rows: List[List[str]]) -> Iterator[str]:
    """The lines of a table, and an empty one after it."""
    yield "| " + " | ".join(heading) + " |"
    yield "|" + "---|" * len(heading)
    yield from ("| " + " | ".join(row) + " |" for row in rows)
    yield ""


def text(words: str) -> str:
    """Words on one line. Code in backticks stays code, and nothing outside it is HTML."""
    return "".join(
        part if place % 2 else part.replace("\\", "\\\\").replace("<", "&lt;")
        for place, part in enumerate(_parts(words))
    )


def marked(words: Optional[str]) -> str:
    """Words of a marker. Names with underscores, stars or angle brackets become code."""
    return "".join(
        part if place % 2 else _NAME.sub(lambda name: f"`{name[0]}`", part)
        for place, part in enumerate(_parts(words or ""))
    )


def cell(words: Optional[str]) -> str:
    """Words of a marker in a cell of a table."""
    # `marked` first: `text` escapes only what is not in backticks by then.
    return piped(text(marked(words)))


def to_test(words: str, behaviour: Behaviour) -> str:
    """A link to the file of a behaviour, from a document in the root, in a cell of a table."""
    # Without the line, which moves with each test that is added above.
    return f"[{piped(text(words))}]({quote(behaviour.file)})"


def _parts(words: str) -> List[str]:
    """The parts of a line, of which every second is code. No other backticks are left."""
    literals = _LITERAL.sub(lambda code: "`" + code[1].replace("`", "'") + "`", one_line(words))
    return [
        # A single backtick could pair with one of a later part, and make code of what is between.
        part if place % 2 else part.replace("`", "'")
        for place, part in enumerate(_SPAN.split(literals))
    ]


def piped(words: str) -> str:
    """Words whose pipes do not end a cell, whatever backslashes stand before them."""
    return _PIPE.sub(lambda pipe: pipe[1] * 2 + "\\|", words)
