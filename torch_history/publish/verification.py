"""Verification: what ``torch-history verify`` found, as a table, as JSON and as JUnit XML."""

from __future__ import annotations

from typing import Any, Dict, Iterator, List
from xml.etree import ElementTree as ET

from torch_history.escaping import one_line, printable
from torch_history.running.verify import Differing, Verification

FORMAT = 1
PLACES = 5  # of a difference that the table shows


def headline(found: Verification) -> str:
    """``torch 2.9.1+cu128 on cpu: 1750 behaviours as recorded, 3 differ, 1 unknown``."""
    counts = [f"{len(found.verified)} behaviours as recorded", f"{len(found.differing)} differ"]
    counts += [f"{len(found.unknown)} unknown"] if found.unknown else []
    counts += [f"{len(found.laws)} broken laws"] if found.laws else []
    return f"{found.library} {found.running} on {found.device}: {', '.join(counts)}"


def text(found: Verification) -> Iterator[str]:
    """The lines for a terminal: what differs, what is unknown, and a total last."""
    if found.recorded != "recorded":
        yield f"{found.library} {found.running} is {found.recorded}."
        yield "Each behaviour is compared with the latest recorded release up to this version."
        yield ""
    for one in found.differing:
        # Without a release it failed before it was compared, or there is no record.
        yield f"{one.behaviour}: " + (
            f"differs from {found.library} {one.since}" if one.since else "fails"
        )
        yield from (f"    {line}" for line in _shown(one))
    for test, why in found.laws.items():
        yield f"{test}: a law that holds on every version is broken"
        yield f"    {why}"
    for behaviour, why in found.unknown.items():
        yield f"{behaviour}: unknown: {why}"
    yield headline(found)


def _shown(one: Differing) -> List[str]:
    lines = list(map(one_line, one.lines[:PLACES]))
    hidden = len(one.lines) - PLACES
    return lines + ([f"and {hidden} more places"] if hidden > 0 else [])


def as_json(found: Verification) -> Dict[str, Any]:
    """Everything as plain data."""
    return {
        "format": FORMAT,
        **found._asdict(),
        "differing": [one._asdict() for one in found.differing],
    }


def junit(found: Verification) -> str:
    """A JUnit report: a test case for each behaviour, and for each broken law."""
    suite = ET.Element(
        "testsuite",
        name=f"torch-history verify {found.library} {printable(found.running)} on {found.device}",
        tests=str(
            len(found.verified) + len(found.differing) + len(found.unknown) + len(found.laws)
        ),
        failures=str(len(found.differing) + len(found.laws)),
        errors="0",
        skipped=str(len(found.unknown)),
    )
    for behaviour in found.verified:
        _case(suite, behaviour)
    for one in found.differing:
        message = f"differs from {found.library} {one.since or 'no record'}"
        failure = ET.SubElement(_case(suite, one.behaviour), "failure", message=message)
        # XML 1.0 forbids most control characters, and ElementTree writes them as they are.
        failure.text = "\n".join(map(printable, one.lines))
    for behaviour, why in found.unknown.items():
        # Unknown is neither a pass nor a failure.
        ET.SubElement(_case(suite, behaviour), "skipped", message=printable(why))
    for test, why in found.laws.items():
        case = ET.SubElement(suite, "testcase", classname="laws", name=printable(test))
        ET.SubElement(case, "failure", message=printable(why))
    # With encoding="unicode", ElementTree writes no declaration.
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(suite, encoding="unicode")


def _case(suite: ET.Element, behaviour: str) -> ET.Element:
    chapter, _, name = behaviour.partition(".")
    return ET.SubElement(suite, "testcase", classname=chapter, name=name)
