"""Answer JSON: a report as the JSON that ``difference.schema.json`` describes."""

from __future__ import annotations

from torch_history.catalogue.behaviour import Change
from torch_history.publish.report import Found, Report, reproduction
from torch_history.questions.query import Answer, Entry, Side
from torch_history.records.store import Json

FORMAT = 2


def as_json(report: Report) -> Json:
    """The report as plain data."""
    answer = report.answer
    data: Json = {
        "format": FORMAT,
        "from": _side(answer.before),
        "to": _side(answer.after),
        "device": answer.device,
        "compared": answer.compared,
        "counts": {kind.slug: count for kind, count in report.counts.items()},
        "differences": [_difference(found, answer) for found in report.found],
        "unknown": [unknown._asdict() for unknown in answer.unknown],
        "changed_and_changed_back": answer.returned,
    }
    if report.code:
        # Without --code the key is absent: zero files would read as if source had been searched.
        data["code"] = {**report.code._asdict(), "level": report.code.level.value}
    return data


def _side(side: Side) -> Json:
    return {
        "version": side.asked,
        "release": side.release,
        "run": side.verified,
        "neighbours": side.neighbours,
    }


def _difference(found: Found, answer: Answer) -> Json:
    difference, behaviour = found.difference, found.behaviour
    data: Json = {
        "id": behaviour.id,
        "chapter": behaviour.chapter,
        "kind": difference.kind.slug,
        "claim": behaviour.claim,
        "description": behaviour.docstring,
        "api": behaviour.api,
        "page": behaviour.page,
        "article": behaviour.article,
        "test": behaviour.node,
        "cases": [
            {
                "case": case.name,
                "kinds": [kind.slug for kind in case.kinds],
                "before": _entry(case.before),
                "after": _entry(case.after),
            }
            for case in difference.cases
        ],
        "changes": [_change(change) for change in difference.changes],
        "doubt": difference.doubt,
        "reproduction": reproduction(behaviour, answer.before.asked, answer.after.asked),
    }
    if found.hits:
        data["hits"] = [{**hit._asdict(), "level": hit.level.value} for hit in found.hits]
    return data


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
