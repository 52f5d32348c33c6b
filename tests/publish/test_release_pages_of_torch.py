"""The pages of torch's own records: whole, in order, small, and in agreement with each other."""

import os
import re
from collections import Counter
from pathlib import PurePosixPath

import pytest

from tests.fake import REPOSITORY
from torch_history.catalogue import index
from torch_history.catalogue.kinds import GROUPS, Kind
from torch_history.publish import report
from torch_history.publish.docs import pages, releases
from torch_history.publish.docs.release_page import SECTIONS
from torch_history.questions import query

LARGEST_PAGE, LARGEST_FRONT = 100_000, 25_000  # bytes
LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")
MIXED = {section.title: section.kinds for section in SECTIONS}


@pytest.fixture(scope="module")
def content():
    return index.of(REPOSITORY)


@pytest.fixture(scope="module")
def found(content):
    return releases.read(content)


@pytest.fixture(scope="module")
def written(content):
    return pages.pages(content)


def causes(page):
    """Heading of a section -> its lines that are causes."""
    parts = re.split(r"^## (.*)$", page, flags=re.MULTILINE)
    return {
        heading: [line for line in text.splitlines() if line.startswith("- ")]
        for heading, text in zip(parts[1::2], parts[2::2])
        if heading in MIXED
    }


def kind_of(line, heading):
    """The kind of a cause: the heading's, or the one that its line begins with."""
    if len(MIXED[heading]) == 1:
        return MIXED[heading][0]
    return next(kind for kind in MIXED[heading] if line.startswith(f"- {kind.title}"))


def test_every_annotated_change_is_on_the_page_of_its_release_and_on_no_other(content, found):
    told = Counter(
        (one.line, target.difference.behaviour.id, target.change)
        for one in found
        for finding in one.findings
        for target in finding.targets
    )
    assert set(told) == {
        (change.version, behaviour.id, change)
        for behaviour in content.behaviours
        for change in behaviour.changes
    }


def test_every_cause_of_a_release_is_one_line_and_counts_its_behaviours(found, written):
    for one in found:
        lines = [
            line for own in causes(written[f"docs/releases/{one.line}.md"]).values() for line in own
        ]
        shown = [re.search(r"\[`([\w.]+)`\]\([^)]*\)(?: and (\d+) more)?", line) for line in lines]
        assert Counter((match[1], int(match[2] or 0) + 1) for match in shown) == Counter(
            (finding.behaviours[0].id, len(finding.behaviours)) for finding in one.findings
        )


def test_harmful_causes_come_first(written):
    for name, page in written.items():
        kinds = [
            kind_of(line, heading) for heading, lines in causes(page).items() for line in lines
        ]
        assert kinds == sorted(kinds, key=lambda kind: kind.rank), name


def test_what_breaks_or_moves_numbers_is_what_diff_says(content, found):
    harmful = {*GROUPS["breaks"], *GROUPS["numbers"]}
    for one in found:
        findings = report.whole(query.diff(content, one.before, one.line)).findings
        asked, told = (
            [(finding.kind, finding.change) for finding in of] for of in (findings, one.findings)
        )
        assert [it for it in asked if it[0] in harmful] == [it for it in told if it[0] in harmful]
        assert len(asked) <= len(told)


def test_counts_of_the_glance_are_the_lines_of_the_pages(written):
    front = written["docs/README.md"].partition("## Releases at a glance\n")[2].partition("##")[0]
    heading, _, *rows = [line.split("|")[1:-1] for line in front.splitlines() if "|" in line]
    titles = {kind.title: kind for kind in Kind}
    seen = set()
    for release, *cells in rows:
        page = f"docs/{LINK.search(release)[1]}"
        counted = Counter(
            kind_of(line, heading)
            for heading, lines in causes(written[page]).items()
            for line in lines
        )
        numbers = [int(cell) if cell.strip() else 0 for cell in cells]
        assert numbers[-1] == sum(counted.values())
        kinds = [titles[title.strip()] for title in heading[1:-1]]
        assert {kind: number for kind, number in zip(kinds, numbers) if number} == counted
        seen.add(page)
    assert seen == {name for name in written if name.startswith("docs/releases/")}


def test_pages_are_small(written):
    for name, page in written.items():
        size = len(page.encode())
        assert size < (LARGEST_FRONT if name == "docs/README.md" else LARGEST_PAGE), name


def test_links_lead_to_files(written):
    for name, page in written.items():
        folder = PurePosixPath(name).parent
        for target in set(LINK.findall(page)):
            path = os.path.normpath(folder / target)
            assert path in written or (REPOSITORY / path).is_file(), f"{name}: {target}"


def test_pages_do_not_depend_on_what_was_asked_before(content, written):
    assert pages.pages(index.of(REPOSITORY)) == pages.pages(content) == written
