"""Front: ``docs/README.md``, which document answers what, and every release at a glance."""

from __future__ import annotations

from typing import Iterator, List, Sequence

from torch_history.catalogue.index import Index
from torch_history.catalogue.kinds import Kind
from torch_history.publish.docs.release_page import reasons, several
from torch_history.publish.docs.releases import Release
from torch_history.publish.markdown import table, text
from torch_history.questions.changes import limits, unrecorded

NAME = "docs/README.md"
OPENING = """# Documents

| question | document |
|---|---|
| What changes from one torch to another, and where in my code? | [upgrade.md](upgrade.md) |
| What changed at one release? | [a page for each release](#releases-at-a-glance) |
| How do I check this in my CI? | [ci.md](ci.md) |
| Does my build of torch behave as recorded? | [verify.md](verify.md) |
| Is the training step slower in a newer release? | [benchmarks.md](benchmarks.md) |
| How do I time two releases on my machine? | [benchmarking.md](benchmarking.md) |
| Which sentences of the articles are true, and since when? | [claims.md](claims.md) |
| How are the records made, and can I trust them? | [records.md](records.md) |
| How do I use the records in a program of my own? | [data.md](data.md) |
| How does a coding assistant ask? | [agents.md](agents.md) |
| What does a term mean? | [glossary.md](glossary.md) |
| How do I browse and search the records? | `torch-history page` writes them as a site |
| What is each dependency for? | [dependencies.md](dependencies.md) |
| How do I add a behaviour or a release? | [CONTRIBUTING.md](../CONTRIBUTING.md) |

`torch-history docs --write` writes this page, claims.md, benchmarks.md and the pages of the
releases from the records. Do not edit them.
"""
GLANCE = """## Releases at a glance

The number of causes by release and kind: the newest release first, the most harmful kinds on the
left. Before an upgrade from A to B, read the page of each release after A, up to and including B.
`torch-history diff A B` answers for two releases at once, without what a later release took back.
"""
MOVED = """## Where arithmetic moved

The number of behaviours whose last bits changed within the tolerance of
`torch.testing.assert_close`. Only a test that compares bits fails.
"""


def page(index: Index, releases: Sequence[Release]) -> str:
    """The page, in Markdown."""
    parts = [
        OPENING,
        *_glance(releases),
        *_moved(releases),
        "## Not verified",
        "",
        *_unverified(index, releases),
    ]
    return "\n".join(parts) + "\n"


def _glance(releases: Sequence[Release]) -> Iterator[str]:
    used = [kind for kind in Kind if any(one.count(kind) for one in releases)]
    yield GLANCE
    heading = ["release", *(kind.title for kind in used), "all"]
    yield from table(heading, [_counts(one, used) for one in reversed(releases)])


def _counts(release: Release, used: Sequence[Kind]) -> List[str]:
    counts = [*(release.count(kind) for kind in used), len(release.findings)]
    return [f"[{release.line}](releases/{release.line}.md)", *(str(one or "") for one in counts)]


def _moved(releases: Sequence[Release]) -> Iterator[str]:
    rows = [
        [
            f"[{one.line}](releases/{one.line}.md#where-arithmetic-moved-within-tolerance)",
            str(len(one.moved)),
        ]
        for one in reversed(releases)
        if one.moved
    ]
    if rows:
        yield MOVED
        yield from table(["release", "behaviours"], rows)


def _unverified(index: Index, releases: Sequence[Release]) -> Iterator[str]:
    yield from (f"- {text(line)}" for line in unrecorded(index))
    for one in reversed(releases):
        if one.unknown:
            page = f"[its page](releases/{one.line}.md#not-verified)"
            yield f"- torch {one.line}: {several(len(one.unknown), 'behaviour')}, see {page}"
    # The first release has no page.
    first = next(iter(index.on("cpu").values()), None)
    if first:
        yield from (f"- torch {first.line}: {line[2:]}" for line in reasons(first.unknown))
    yield from (f"- {text(line)}" for line in limits(index))
