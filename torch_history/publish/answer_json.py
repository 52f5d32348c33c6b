"""Answer JSON: reports as the JSON that ``difference.schema.json`` describes."""

from __future__ import annotations

from typing import Callable, Dict, Iterator, List, Optional, Sequence

from msgspec import structs

from torch_history.catalogue.behaviour import Change
from torch_history.code.hits import Place
from torch_history.publish import streamed
from torch_history.publish.report import Code, Finding, Report, reproduction, uncovered
from torch_history.questions.query import Answer, Case, Difference, Entry, Side
from torch_history.records.store import Json

FORMAT = 3


def write(reports: Sequence[Report], echo: Callable[[str], object]) -> None:
    """Write one report as an object, several as an object with their list."""
    if len(reports) == 1:
        streamed.write(_report(reports[0]), echo)
    else:
        streamed.write({"format": FORMAT, "answers": map(_report, reports)}, echo)


def _report(report: Report) -> Json:
    """A report as plain data, in which an iterator stands for a list."""
    answer = report.answer
    data: Json = {
        "format": FORMAT,
        "from": _side(answer.before),
        "to": _side(answer.after),
        "device": answer.device,
        "compared": answer.compared,
        "counts": _counts(report),
        "findings": map(_finding, report.findings),
        "differences": {
            name: _difference(difference, answer)
            for name, difference in _differences(report).items()
        },
        "unknown": (unknown._asdict() for unknown in answer.unknown),
        "changed_and_changed_back": report.returned if report.code else answer.returned,
    }
    if report.code:
        # Without --code the key is absent: zero files would read as if source had been searched.
        data["code"] = _code(report.code)
    return data


def _counts(report: Report) -> Dict[str, int]:
    """How many findings are of each kind, in the order of the findings."""
    counts: Dict[str, int] = {}
    for one in report.findings:
        counts[one.kind.slug] = counts.get(one.kind.slug, 0) + 1
    return counts


def _differences(report: Report) -> Dict[str, Difference]:
    """The differences that the findings name, and without ``--code`` all others too."""
    # Most findings share their targets, so each tuple of targets is looked at once.
    targets = {id(finding.targets): finding.targets for finding in report.findings}
    found: Dict[str, List[Difference]] = {}
    for difference in (one.difference for many in targets.values() for one in many):
        found.setdefault(difference.behaviour.id, []).append(difference)
    named = {name: _whole(of) for name, of in found.items()}
    if report.code is None:
        for one in report.answer.differences:
            named.setdefault(one.behaviour.id, one)
    return named


def _whole(parts: Sequence[Difference]) -> Difference:
    """A difference of which each finding has a part, as those of a name of the surface do."""
    first = parts[0]
    if all(one is first for one in parts):
        return first
    changes = list(dict.fromkeys(change for one in parts for change in one.changes))
    apis = list(dict.fromkeys(api for one in parts for api in one.behaviour.api))
    cases: Dict[str, Case] = {}
    for case in (case for one in parts for case in one.cases):
        kinds = {*case.kinds, *(cases[case.name].kinds if case.name in cases else ())}
        cases[case.name] = case._replace(kinds=sorted(kinds, key=lambda kind: kind.rank))
    kind = min((one.kind for one in parts), key=lambda kind: kind.rank)
    behaviour = structs.replace(first.behaviour, api=apis)
    return Difference(behaviour, kind, list(cases.values()), changes, first.doubt)


def _side(side: Side) -> Json:
    return {
        "version": side.asked,
        "release": side.release,
        "run": side.verified,
        "neighbours": side.neighbours,
    }


def _finding(finding: Finding) -> Json:
    change, hit = finding.change, finding.hit
    first = finding.targets[0].difference.behaviour
    together = [api for one in finding.behaviours for api in one.api]
    apis = together if finding.targets[0].together else (change.of if change else ()) or first.api
    return {
        "cause": change.cause_in_words if change else None,
        "since": change.version if change else None,
        "kind": finding.kind.slug,
        "text": " ".join(change.text.split()) if change else first.claim,
        "advice": change.advice if change else None,
        "behaviours": [behaviour.id for behaviour in finding.behaviours],
        "api": list(apis),
        "depends": finding.depends or None,
        "level": hit.level.value if hit else None,
        **_place(hit.place if hit else None),
        "column": hit.name[1] if hit else None,
        "why": hit.why if hit else None,
    }


def _place(place: Optional[Place]) -> Json:
    return place._asdict() if place else dict.fromkeys(Place._fields)


def _difference(difference: Difference, answer: Answer) -> Json:
    behaviour = difference.behaviour
    return {
        "id": behaviour.id,
        "chapter": behaviour.chapter,
        "kind": difference.kind.slug,
        "claim": behaviour.claim,
        "description": behaviour.docstring,
        "api": behaviour.api,
        "page": behaviour.page,
        "article": behaviour.article,
        "test": behaviour.node,
        "cases": map(_case, difference.cases),
        "changes": [_change(change) for change in difference.changes],
        "doubt": difference.doubt,
        "reproduction": reproduction(behaviour, answer.before.asked, answer.after.asked),
    }


def _case(case: Case) -> Json:
    return {
        "case": case.name,
        "kinds": [kind.slug for kind in case.kinds],
        "before": _entry(case.before),
        "after": _entry(case.after),
    }


def _entry(entry: Entry) -> Json:
    # The digest guards the records against edits by hand. It is no part of what was observed.
    observation = {part: value for part, value in entry.observation.items() if part != "digest"}
    return {"since": entry.since, **observation}


def _change(change: Change) -> Json:
    return {
        "version": change.version,
        "text": change.text,
        "kind": change.kind.slug,
        "cause": change.cause_in_words,
        "advice": change.advice,
    }


def _code(code: Code) -> Json:
    return {
        "files": code.files,
        "level": code.level.value,
        "hidden": code.hidden,
        "accepted": code.accepted,
        "covered": code.names.covered,
        "not_covered": _not_covered(code),
    }


def _not_covered(code: Code) -> Iterator[Json]:
    for name, places in uncovered(code):
        surface = name in code.names.surface
        yield {"name": name, "surface": surface, "places": [_place(place) for place in places]}
