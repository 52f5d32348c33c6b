"""Claims: ``docs/claims.md``, which lists what the articles say with the records' verdict."""

from __future__ import annotations

from typing import Dict, Iterator, List

from torch_history.catalogue.behaviour import Behaviour, Claim
from torch_history.catalogue.index import Index
from torch_history.publish.markdown import cell, table, text, to_test
from torch_history.questions.claims import Form, verdict_of

NAME = "docs/claims.md"
ROOT = "../"  # from the page to the root of the repository
OPENING = """# What the articles say, and what torch did

Each claim of the five articles, in our words, with the verdict of torch {first} to {last} and the
tests that decide it. `torch-history docs --write` writes this page; do not edit it.
"""


def page(index: Index) -> str:
    """The register for readers, in Markdown."""
    known = index.known()
    first, *_, last = index.releases
    lines = [OPENING.format(first=first, last=last)]
    for article in articles(index):
        own = [claim for claim in index.claims if claim.article == article]
        heading = ["section", "claim", "verdict", "decided by"]
        lines += [f"## {text(titled(index, article))}", "", f"{counted(own, known)}.", ""]
        lines += table(heading, [_row(claim, known) for claim in own])
    return "\n".join(lines)


def articles(index: Index) -> Iterator[str]:
    """The articles that have claims, in order."""
    return iter(dict.fromkeys(claim.article for claim in index.claims))


def titled(index: Index, article: str) -> str:
    """``Article D: Parameter management``; without a title where it has none."""
    title = index.articles.get(article)
    return f"Article {article}: {title}" if title else f"Article {article}"


def counted(claims: List[Claim], known: Dict[str, Behaviour]) -> str:
    """``45 claims, 37 hold on every release``."""
    verdicts = [verdict_of(claim.verdict) for claim in claims if not unknown(claim, known)]
    held = sum(verdict is not None and verdict.form is Form.HOLDS for verdict in verdicts)
    return (
        f"{len(claims)} claim{'s' * (len(claims) != 1)}, "
        f"{held or 'none'} hold{'s' * (held < 2)} on every release"
    )


def unknown(claim: Claim, known: Dict[str, Behaviour]) -> str:
    """Why the records do not decide a claim now; empty where they do."""
    faults = (f"{test}: {known[test].fault}" for test in claim.tests if test in known)
    return next((fault for fault in faults if not fault.endswith(": ")), "")


def _row(claim: Claim, known: Dict[str, Behaviour]) -> List[str]:
    tests = "<br>".join(
        to_test(test, known[test], ROOT) if test in known else cell(test) for test in claim.tests
    )
    note = f": {cell(claim.note)}" if claim.note else ""
    why = unknown(claim, known)
    verdict = f"**unknown**: {cell(why)}" if why else f"**{cell(claim.verdict)}**{note}"
    return [cell(claim.section), cell(claim.claim), verdict, tests]
