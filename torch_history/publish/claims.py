"""Claims: ``CLAIMS.md``, which lists what the articles say with the verdict of the records."""

from __future__ import annotations

from typing import Dict, List

from torch_history.catalogue.behaviour import Behaviour, Claim
from torch_history.catalogue.index import Index
from torch_history.publish.markdown import cell, table, text, to_test
from torch_history.questions.claims import Form, verdict_of

NAME = "CLAIMS.md"


def page(index: Index) -> str:
    """The register for readers, in Markdown."""
    known = index.known()
    first, *_, last = index.releases
    lines = [
        "# What the articles say, and what torch did",
        "",
        (
            "Each claim of the five articles, in our words, with the verdict of "
            f"torch {first} to {last} and the tests that decide it."
        ),
        "`torch-history claims --write` writes this page; do not edit it.",
        "",
    ]
    for article in dict.fromkeys(claim.article for claim in index.claims):
        own = [claim for claim in index.claims if claim.article == article]
        lines += [f"## Article {text(article)}: {counted(own, known)}", ""]
        heading = ["section", "claim", "verdict", "decided by"]
        lines += table(heading, [_row(claim, known) for claim in own])
    return "\n".join(lines)


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
        to_test(test, known[test]) if test in known else cell(test) for test in claim.tests
    )
    note = f": {cell(claim.note)}" if claim.note else ""
    why = unknown(claim, known)
    verdict = f"**unknown**: {cell(why)}" if why else f"**{cell(claim.verdict)}**{note}"
    return [cell(claim.section), cell(claim.claim), verdict, tests]
