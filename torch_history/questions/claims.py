"""Claims: whether the verdict on a sentence of an article agrees with the records.

A verdict is compared with the changes of its tests that are substantial: more than wording,
warnings or representation.
"""

from __future__ import annotations

import re
from enum import Enum
from typing import Dict, Iterable, Iterator, List, NamedTuple, Optional

from torch_history import versions
from torch_history.catalogue.behaviour import Behaviour, Claim

_VERDICT = re.compile(
    r"(?P<form>holds since|holds until) (?P<version>\d+\.\d+)"
    r"|(?P<other>holds if) \S.*|(?P<whole>holds|never held)",
    re.DOTALL,
)
FORMS = "holds, holds since V, holds until V, holds if CONDITION, never held"


class Form(Enum):
    """What a verdict says."""

    HOLDS = "holds"
    SINCE = "holds since"
    UNTIL = "holds until"
    IF = "holds if"
    NEVER = "never held"


class Verdict(NamedTuple):
    """A verdict: its form, and the version that it names."""

    form: Form
    version: str = ""


def verdict_of(text: str) -> Optional[Verdict]:
    """The verdict in a text, or None if the text is not a verdict."""
    match = _VERDICT.fullmatch(text)
    if match is None:
        return None
    form = match["form"] or match["other"] or match["whole"]
    return Verdict(Form(form), match["version"] or "")


def faults(claims: Iterable[Claim], known: Dict[str, Behaviour], lines: List[str]) -> Iterator[str]:
    """A line for each claim that no existing test decides or that the changes contradict.

    ``lines`` are the minor lines of the matrix, ascending.
    """
    for claim in claims:
        here = f"claims/{claim.article}.py: {claim.claim!r}"
        missing = [test for test in claim.tests if test not in known]
        verdict = verdict_of(claim.verdict)
        if missing or not claim.tests:
            first = missing[0] if missing else "no test"
            yield f"{here}: {first} decides it: name behaviours that exist"
        elif verdict is None:
            yield f"{here}: {claim.verdict!r} is no verdict: {FORMS}"
        else:
            changed = [
                change.version
                for test in claim.tests
                for change in known[test].changes
                if change.kind.substantial
            ]
            for fault in _contradicted(claim, verdict, changed, lines):
                yield f"{here}: {claim.verdict}{fault}"


def _contradicted(
    claim: Claim, verdict: Verdict, changed: List[str], lines: List[str]
) -> Iterator[str]:
    if verdict.form in (Form.HOLDS, Form.NEVER) and changed:
        releases = ", ".join(sorted(set(changed), key=versions.key))
        yield f", but what decides it changed at {releases}"
    if verdict.form in (Form.NEVER, Form.IF) and not claim.note:
        yield ": say in a note what torch does"
    last = max(changed, key=versions.key, default="no release")
    if verdict.form is Form.SINCE and last != verdict.version:
        yield f", but what decides it changed last at {last}"
    if verdict.form is Form.UNTIL:
        newer = (line for line in lines if versions.key(line) > versions.key(verdict.version))
        # The change comes with the next release of the matrix, which need not be the next number.
        after = next(newer, None)
        if after not in changed:
            yield f", but nothing that decides it changed at {after}"
