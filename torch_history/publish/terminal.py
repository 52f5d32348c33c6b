"""Terminal: a report as lines that can be clicked, searched and piped."""

from __future__ import annotations

import textwrap
from typing import Iterator, Optional

from torch_history.escaping import printable
from torch_history.publish.report import (
    Finding,
    Report,
    caveats,
    label_of,
    lines_of_change,
    notes,
    others,
    rest,
    sentence,
    subject,
    total,
    uncovered_names,
)

PLACES = 3  # of a difference that --each shows
NAMES = 40  # that are not covered


def lines(
    report: Report, width: Optional[int] = None, limit: int = 0, each: bool = False
) -> Iterator[str]:
    """The lines of a report: the first ``limit`` findings, or all (0), and a total at the end.

    ``width`` is that of the terminal; None where the output is no terminal: then a line of the
    answer is a line of the output.
    """
    shown = report.findings[:limit] if limit > 0 else report.findings
    for finding in shown:
        for line in _finding(finding, report, each):
            yield from _wrapped(line, width)
    if len(shown) < len(report.findings):
        left = len(report.findings) - len(shown)
        yield f"{left} less harmful ones are not shown: --limit 0 shows all, --kind narrows them."
    back = report.answer.returned if each and report.code is None else []
    for name in back:
        yield from _wrapped(f"changed in between, and changed back: {name}", width)
    for line in (*caveats(report), total(report), *rest(report)):
        yield from _wrapped(line, width)
    if report.code and report.code.names.uncovered:
        names = ", ".join(uncovered_names(report.code, NAMES))
        yield from _wrapped(f"    {names}", width)


def _finding(finding: Finding, report: Report, each: bool) -> Iterator[str]:
    told = sentence(finding, report.answer.backwards)
    about = subject(finding, report.answer.apis)
    if finding.hit:
        yield f"{finding.hit.place}: {about}: {told}"
        yield f"    {' · '.join(notes(finding))}"
        if not each:
            yield f"    {others(finding)}"
    else:
        yield f"{label_of(finding)}: {about}: {told} · {others(finding)}"
        said = notes(finding)
        if each and said:
            yield f"    {' · '.join(said)}"
    if each:
        for target in {one.difference.behaviour.id: one for one in finding.targets}.values():
            yield f"    {target.difference.behaviour.id}: {target.kind.words}"
            pairs = lines_of_change(target.difference.cases, 100)
            for before, after in pairs[:PLACES]:
                yield f"        {report.answer.before.asked}: {before}"
                yield f"        {report.answer.after.asked}: {after}"
            if len(pairs) > PLACES:
                yield f"        and {len(pairs) - PLACES} more: torch-history show ID"


def _wrapped(line: str, width: Optional[int]) -> Iterator[str]:
    """A line as the terminal shows it: broken between words, and never within an id or a name."""
    line = printable(line)
    if width is None or len(line) <= width:
        yield line
        return
    indent = len(line) - len(line.lstrip())
    yield from textwrap.wrap(
        line,
        width,
        subsequent_indent=" " * max(indent, 4),
        break_long_words=False,
        break_on_hyphens=False,
    )
