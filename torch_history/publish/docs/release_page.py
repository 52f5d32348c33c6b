"""Page: ``docs/releases/<line>.md``, what changed at one release, one line a cause."""

from __future__ import annotations

import re
from typing import Dict, Iterator, List, Mapping, NamedTuple, Optional, Sequence, Set

from torch_history.catalogue.kinds import GROUPS, Kind
from torch_history.publish.docs.releases import Moved, Release
from torch_history.publish.markdown import code, prose, span, table, text, to_test
from torch_history.publish.report import Finding, lines_of_change, subject
from torch_history.questions.query import Case

ROOT = "../../"  # from a page to the root of the repository
LENGTH = 60  # characters of a value
NAMES = 20  # behaviours of one reason that are listed
BREAKS, NUMBERS = (tuple(GROUPS[name]) for name in ("breaks", "numbers"))
OPENING = """\
Each line is one cause: the API, what changed, *what to do*, the cause, and the behaviours that show
it. Where calls break or numbers move, the first place that differs follows, before → after.
`torch-history diff {before} {line} --each` prints every behaviour with all its values.

`torch-history docs --write` writes this page from the records; do not edit it.
"""
MOVED = """\
## Where arithmetic moved within tolerance

The last bits changed, by less than the tolerance of `torch.testing.assert_close`. Only a test that
compares bits fails. The numbers are the largest distance from the recorded values, in units in the
last place (ULP).
"""


class Section(NamedTuple):
    """The causes of some kinds, under one heading."""

    title: str
    kinds: Sequence[Kind]


SECTIONS = [
    Section("Breaks", BREAKS),
    Section("Moves numbers", NUMBERS),
    *(
        Section(kind.words[:1].upper() + kind.words[1:], [kind])
        for kind in Kind
        if kind not in (*BREAKS, *NUMBERS)
    ),
]


def page(release: Release, earlier: Optional[str], later: Optional[str]) -> str:
    """The page of a release, in Markdown, with links to its neighbours that have a page."""
    parts = [
        f"# What changed in torch {release.line}",
        "",
        counted(release),
        "",
        _links(earlier, later),
        "",
        OPENING.format(before=release.before, line=release.line),
        *(line for section in SECTIONS for line in _section(section, release)),
        *_moved(release.moved),
        *_causeless(release.causeless),
        *_unknown(release),
    ]
    return "\n".join(parts).rstrip("\n") + "\n"


def counted(release: Release) -> str:
    """One sentence with the counts."""
    pair = f"from torch {release.before} to {release.line}"
    if not release.findings:
        return f"No recorded behaviour changed {pair}."
    causes = len(release.findings)
    behaviours = len({one.id for finding in release.findings for one in finding.behaviours})
    broken, moved = release.count(*BREAKS), release.count(*NUMBERS)
    return (
        f"{several(causes, 'cause')} changed {several(behaviours, 'behaviour')} {pair}: "
        f"{broken} break{'s' * (broken == 1)} calls, {moved} move{'s' * (moved == 1)} numbers, "
        f"and {causes - broken - moved} are of other kinds."
    )


def several(count: int, what: str) -> str:
    """``1 cause``, ``2 causes``."""
    return f"{count} {what}{'s' * (count != 1)}"


def _links(earlier: Optional[str], later: Optional[str]) -> str:
    links = [f"[← torch {earlier}]({earlier}.md)"] if earlier else []
    links.append("[all releases](../README.md)")
    links += [f"[torch {later} →]({later}.md)"] if later else []
    return " · ".join(links)


def _section(section: Section, release: Release) -> Iterator[str]:
    own = [finding for finding in release.findings if finding.kind in section.kinds]
    if own:
        yield f"## {section.title}"
        yield ""
        yield from (_line(finding, section, release) for finding in own)
        yield ""


def _line(finding: Finding, section: Section, release: Release) -> str:
    """A cause, on one line of the file: two branches that each add one merge."""
    change = finding.change
    parts = [f"{_label(finding, section)}**{span(subject(finding))}**: {_told(finding, release)}"]
    if change and change.advice:
        parts.append(f"*{prose(change.advice)}*")
    parts.append(prose((change and change.cause_in_words) or "cause unknown"))
    first, *more = finding.behaviours
    parts.append(to_test(f"`{first.id}`", first, ROOT) + (f" and {len(more)} more" if more else ""))
    return f"- {' · '.join(parts)}{_values(finding)}"


def _label(finding: Finding, section: Section) -> str:
    """The kinds of a cause, where the heading does not say them."""
    if len(section.kinds) == 1:
        return ""
    kinds = dict.fromkeys(one.kind for one in finding.targets if one.kind.hurts)
    first, *others = dict.fromkeys([finding.kind, *kinds])
    also = f" (also {', '.join(kind.title for kind in others)})" if others else ""
    return f"{first.title}{also}: "


def _told(finding: Finding, release: Release) -> str:
    """What changed, and since when if that is a release between the two."""
    change = finding.change
    if change is None:
        return prose(finding.behaviours[0].claim)
    return prose(
        change.text if change.version == release.line else f"since {change.version} {change.text}"
    )


def _values(finding: Finding) -> str:
    """The first place that differs, where calls break or numbers move."""
    cases = _cases(finding) if finding.kind in (*BREAKS, *NUMBERS) else []
    lines = lines_of_change(cases[:1], LENGTH)
    return "".join(f"<br>{span(before)} → {span(after)}" for before, after in lines[:1])


def _cases(finding: Finding) -> List[Case]:
    """The cases that show what a finding tells, the clearest first; none where that is not sure."""
    difference, change = finding.targets[0].difference, finding.change
    cases = [one for one in difference.cases if finding.kind in one.kinds]
    alike = [one for one in difference.changes if one.kind is finding.kind]
    told = _words(f"{change.text} {subject(finding)}") if change else set()
    shared = {one.name: len(told & _words(one.name)) for one in cases}
    if len(alike) > 1:
        # Another change of the behaviour may be what a case shows, so its name has to tell.
        cases = [one for one in cases if shared[one.name]]
    return sorted(cases, key=lambda one: -shared[one.name])


def _words(text: str) -> Set[str]:
    """The words of a text that can name a case: ``exponential_`` is ``exponential``."""
    return {word.strip("_") for word in re.findall(r"\w{3,}", text.lower())}


def _moved(moved: Sequence[Moved]) -> Iterator[str]:
    if moved:
        yield MOVED
        rows = [[code(one.behaviour), str(one.before), str(one.after)] for one in moved]
        yield from table(["behaviour", "before", "after"], rows)


def _causeless(names: Sequence[str]) -> Iterator[str]:
    if names:
        yield "## Cause not known"
        yield ""
        yield "It is not known what in torch changed these behaviours:"
        yield ""
        yield from (f"- {span(name)}" for name in names)
        yield ""


def _unknown(release: Release) -> Iterator[str]:
    if release.unknown:
        yield "## Not verified"
        yield ""
        yield f"These behaviours were not observed on torch {release.line}:"
        yield ""
        yield from reasons(release.unknown)


def reasons(unknown: Mapping[str, str]) -> Iterator[str]:
    """What was not observed, a line a reason: one reason can concern hundreds of behaviours."""
    together: Dict[str, List[str]] = {}
    for name, why in unknown.items():
        together.setdefault(why, []).append(name)
    for why, names in together.items():
        more = f" and {len(names) - NAMES} more" if len(names) > NAMES else ""
        yield f"- {', '.join(map(span, names[:NAMES]))}{more}: {text(why)}"
