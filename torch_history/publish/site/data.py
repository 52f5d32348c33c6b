"""Data: ``behaviours.json``, what the site shows as data for other programs.

``behaviours.schema.json`` describes it, and lies beside it.
"""

from __future__ import annotations

import json
from typing import Any, Dict, Iterator

from torch_history.catalogue.behaviour import Change
from torch_history.catalogue.kinds import GROUPS, Kind
from torch_history.escaping import in_json
from torch_history.publish.site.citing import Edition
from torch_history.publish.site.model import Chapter, Life, Model, Subject
from torch_history.publish.site.states import meanings
from torch_history.publish.site.upgrades import ordered

FORMAT = 1
NAME = "behaviours.json"


def text(model: Model, edition: Edition) -> str:
    """The text of the file."""
    data = {
        "format": FORMAT,
        "version": edition.version,
        "commit": edition.commit,
        "date": edition.date,
        "address": edition.address,
        "library": model.recorded.library,
        "releases": {line: run.release for line, run in model.runs.items()},
        "kinds": [{"kind": kind.slug, "words": kind.words, "group": _group(kind)} for kind in Kind],
        "states": meanings(),
        "behaviours": [
            _behaviour(chapter, subject, life, model)
            for chapter in model.chapters
            for subject in chapter.subjects
            for life in subject.lives
        ],
    }
    written = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return in_json(written) + "\n"


def _group(kind: Kind) -> str:
    """``breaks``, ``numbers``, or nothing."""
    return next((name for name, kinds in GROUPS.items() if kind in kinds), "")


def _behaviour(chapter: Chapter, subject: Subject, life: Life, model: Model) -> Dict[str, Any]:
    behaviour = life.behaviour
    told: Dict[str, Any] = {
        "id": behaviour.id,
        "says": life.says,
        "api": behaviour.api,
        "chapter": chapter.name,
        "subject": subject.name,
        "states": _states(life, model),
        "changes": [dict(_change(change)) for change in ordered(behaviour.changes)],
    }
    if life.unknown:
        told["unknown"] = {model.releases[place]: why for place, why in life.unknown.items()}
    if behaviour.former:
        told["former"] = behaviour.former
    return told


def _states(life: Life, model: Model) -> Dict[str, str]:
    """The release from which each state holds -> the state."""
    found: Dict[str, str] = {}
    last = None
    for span in life.spans:
        if span.state is not last:
            found[model.releases[span.first]] = span.state.slug
        last = span.state
    return found


def _change(change: Change) -> Iterator[Any]:
    yield "version", change.version
    yield "kind", change.kind.slug
    yield "text", " ".join(change.text.split())
    for name in ("cause", "advice", "restored_by"):
        if getattr(change, name):
            yield name, getattr(change, name)
    if change.probable:
        yield "probable", True
