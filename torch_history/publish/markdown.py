"""Markdown: a report as a document, and the parts that other documents share with it."""

from __future__ import annotations

import functools
import re
from typing import Iterator, List, Optional
from urllib.parse import quote

from torch_history.catalogue.behaviour import Behaviour
from torch_history.escaping import html, one_line
from torch_history.publish.report import (
    Code,
    Finding,
    Report,
    caveats,
    is_outside,
    lines_of_change,
    notes,
    rest,
    sentence,
    subject,
    total,
    uncovered,
)
from torch_history.questions.query import Answer

VALUES = 20  # of a behaviour that --each shows
NAMES = 200  # that are not covered
PLACES = 10  # of a name that is not covered
NUMBER = re.compile(r"pytorch#(\d+)")
# a name with underscores, stars or angle brackets, which Markdown would take for markup
_NAME = re.compile(r"(?<![`\w])[\w.]*[_*<>][\w.*<>]*(=[\w.\"]+)?(\([^)\s]*\))?(?![`\w])")
_SPAN = re.compile(r"(?<!`)(`[^`]+`)(?!`)")
_PIPE = re.compile(r"(\\*)\|")
_LITERAL = re.compile(r"``(.+?)``")  # code in reStructuredText


def markdown(report: Report, each: bool = False) -> str:
    """The report as a Markdown document.

    ``each`` lists every behaviour of a finding, with the values before and after.
    """
    return "\n".join(_lines(report, each)).rstrip("\n") + "\n"


def _lines(report: Report, each: bool) -> Iterator[str]:
    yield f"# {text(total(report))}"
    if report.findings:
        yield ""
    for finding in report.findings:
        yield from _finding(finding, report, each)
    yield ""
    yield from (f"> {text(line)}\n" for line in caveats(report))
    yield from (f"{text(line)}\n" for line in rest(report))
    if report.code and report.code.names.uncovered:
        yield from _uncovered(report.code)


def _finding(finding: Finding, report: Report, each: bool) -> Iterator[str]:
    """An item of a list: what the code meets where, and what to do."""
    told = prose(sentence(finding, report.answer.backwards))
    about = prose(subject(finding, report.answer.apis))
    said = [prose(note) for note in notes(finding)]
    first_words = code(str(finding.hit.place)) if finding.hit else prose(finding.kind.label)
    yield f"- {first_words}: {about}: {told}"
    if said:
        yield f"  - {' · '.join(said)}"
    if each:
        yield from _behaviours(finding, report.answer)
    else:
        first, *more = finding.behaviours
        yield f"  - {code(first.id)}" + (f", {len(more)} more" if more else "")


@functools.lru_cache(maxsize=1024)  # many findings say the same
def prose(words: str) -> str:
    """Words of a marker outside a table: names become code, and causes links."""
    return linked(text(marked(words)))


def _behaviours(finding: Finding, answer: Answer) -> Iterator[str]:
    """An item for each behaviour, with a table of its values."""
    before, after = answer.before.asked, answer.after.asked
    for target in {one.difference.behaviour.id: one for one in finding.targets}.values():
        behaviour = target.difference.behaviour
        # In angle brackets, parentheses and blanks in an address do not end the link.
        page = f" · [documentation](<{html(one_line(behaviour.page))}>)" if behaviour.page else ""
        yield f"  - {code(behaviour.id)}: {text(target.kind.words)}{page}"
        pairs = [[code(one), code(two)] for one, two in lines_of_change(target.difference.cases)]
        shown = pairs[:VALUES]
        yield ""
        yield from (f"    {line}" for line in table([before, after], shown) if line)
        if len(pairs) > VALUES:
            yield f"\n    and {len(pairs) - VALUES} more: `torch-history show {behaviour.id}`"
        yield ""


def _uncovered(of: Code) -> Iterator[str]:
    """The names that no behaviour is about, with their places."""
    named = uncovered(of)
    for name, places in named[:NAMES]:
        shown = ", ".join(code(str(place)) for place in places[:PLACES])
        more = f", {len(places) - PLACES} more" if len(places) > PLACES else ""
        how = " (not in the surface)" if is_outside(of, name) else ""
        yield f"- {code(name)}{how}: {shown}{more}"
    if len(named) > NAMES:
        yield f"- and {len(named) - NAMES} more"


def linked(words: str) -> str:
    """Markdown with ``pytorch#137602`` as a link to it."""
    return NUMBER.sub(
        lambda found: f"[{found[0]}](https://github.com/pytorch/pytorch/issues/{found[1]})", words
    )


def span(words: str) -> str:
    """Words as code, outside a table."""
    # No backslash escapes a backtick inside code, so it becomes another quote.
    return "`" + one_line(words).replace("`", "'") + "`"


def code(words: str) -> str:
    """Words as code, in a cell of a table."""
    # Outside a table a reader would see the backslashes.
    return piped(span(words))


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


def to_test(words: str, behaviour: Behaviour, root: str) -> str:
    """A link to the file of a behaviour, in a cell of a table or outside one.

    ``root`` leads from the document to the root of the repository, as ``../``.
    """
    # Without the line, which moves with each test that is added above.
    return f"[{piped(text(words))}]({root}{quote(behaviour.file)})"


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
