"""Claims: what the articles say torch does, in our words, the tests that decide it, and the verdict that the records allow.

``claims/<article>.py`` is one list literal, in the order of the article::

    [{"section": "Freezing", "claim": "a frozen weight keeps its value through a step",
      "tests": ["freezing.frozen_parameter_keeps_its_bits_while_the_others_move"], "verdict": "holds"}, ...]

A verdict is ``holds``, ``holds since V``, ``holds until V`` (V the last line on which it held), ``holds if CONDITION`` or ``never held``; the latter
two, and whatever needs words, have a ``note``. A verdict is held against the changes of its tests that are more than wording,
warnings or representation.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Dict, Iterator, List, NamedTuple, Optional

from torch_history import versions
from torch_history.catalogue.source import Behaviour
from torch_history.errors import HistoryError
from torch_history.matrix import releases as matrix

NAME = "CLAIMS.md"
SUBSTANTIAL = {"silent", "error", "error-gone", "api-appeared", "api-gone", "exception", "random"}
_VERDICT = re.compile(r"(holds|never held|holds if \S.*|holds (since|until) (\d+\.\d+))", re.DOTALL)


class Claim(NamedTuple):
    """One sentence of an article that says what torch does."""

    article: str
    section: str
    claim: str
    tests: List[str]
    verdict: str
    note: Optional[str] = None


def read(root: Path) -> List[Claim]:
    """Every claim, by article. Raises HistoryError for a file that is not a list of claims."""
    found = []
    for path in sorted(root.glob("claims/*.py")):
        try:
            found.extend(
                Claim(article=path.stem, **claim)
                for claim in ast.literal_eval(path.read_text(encoding="utf-8").strip())
            )
        except (SyntaxError, ValueError, TypeError) as error:
            raise HistoryError(
                f"{path}: not a list of claims as history/claims.py describes it: {error}"
            ) from None
    return found


def faults(root: Path, known: Dict[str, Behaviour]) -> Iterator[str]:
    """A line for each claim without a test that exists, and for each verdict that is none or that the changes contradict."""
    lines = list(matrix.releases(root))
    for claim in read(root):
        here = f"claims/{claim.article}.py: {claim.claim!r}"
        missing = [test for test in claim.tests if test not in known]
        if missing or not claim.tests:
            yield f"{here}: {missing[0] if missing else 'no test'} decides it: name behaviours that exist"
            continue
        changed = [
            change.version
            for test in claim.tests
            for change in known[test].changes
            if change.kind in SUBSTANTIAL
        ]
        match = _VERDICT.fullmatch(claim.verdict)
        if match is None:
            yield f"{here}: {claim.verdict!r} is no verdict: holds, holds since V, holds until V, holds if CONDITION, never held"
            continue
        _, since_or_until, version = match.groups()
        if claim.verdict in ("holds", "never held") and changed:
            yield f"{here}: {claim.verdict}, but what decides it changed at {', '.join(sorted(set(changed), key=versions.key))}"
        if (
            claim.verdict == "never held" or claim.verdict.startswith("holds if")
        ) and not claim.note:
            yield f"{here}: {claim.verdict}: say in a note what torch does"
        if since_or_until == "since" and max(changed, key=versions.key, default=None) != version:
            yield f"{here}: {claim.verdict}, but what decides it changed last at {max(changed, key=versions.key, default='no release')}"
        if since_or_until == "until":
            after = next(
                (line for line in lines if versions.key(line) > versions.key(version)), None
            )
            if after not in changed:
                yield f"{here}: {claim.verdict}, but nothing that decides it changed at {after}"


def page(root: Path, known: Dict[str, Behaviour]) -> str:
    """The register for readers, in Markdown."""
    claims = read(root)
    first, *_, last = matrix.releases(root)
    lines = [
        "# What the articles say, and what torch did",
        "",
        f"Each claim of the five articles, in our words, with the verdict of torch {first} to {last} and the tests that decide it.",
        "Written by `torch-history claims`; do not edit.",
        "",
    ]
    for article in dict.fromkeys(claim.article for claim in claims):
        own = [claim for claim in claims if claim.article == article]
        held = sum(claim.verdict == "holds" for claim in own)
        lines += [
            f"## Article {article}: {len(own)} claims, {held} hold everywhere",
            "",
            "| section | claim | verdict | decided by |",
            "|---|---|---|---|",
        ]
        for claim in own:
            tests = "<br>".join(
                f"[{test}]({known[test].file}#L{known[test].line})" if test in known else test
                for test in claim.tests
            )
            verdict = f"**{claim.verdict}**" + (f": {claim.note}" if claim.note else "")
            lines.append(
                "| "
                + " | ".join(
                    cell.replace("|", "\\|")
                    for cell in (claim.section, claim.claim, verdict, tests)
                )
                + " |"
            )
        lines.append("")
    return "\n".join(lines)
