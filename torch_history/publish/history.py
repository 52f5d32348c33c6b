"""History: the record of one behaviour as lines for a terminal."""

from __future__ import annotations

from typing import Iterator

from torch_history import versions
from torch_history.catalogue.behaviour import Behaviour
from torch_history.catalogue.index import Index
from torch_history.escaping import one_line, printable
from torch_history.observing.words import outcome, short
from torch_history.questions.query import Entry

_LENGTH = 400  # characters of a value


def summary(behaviour: Behaviour) -> str:
    """A behaviour on one line: its id, and the releases at which it changed."""
    changed = ", ".join(dict.fromkeys(change.version for change in behaviour.changes))
    return one_line(behaviour.id) + (f"   (changed in {printable(changed)})" if changed else "")


def lines(index: Index, behaviour: Behaviour) -> Iterator[str]:
    """A behaviour's claim, its entries, its changes, and where it was verified or is unknown."""
    yield behaviour.id
    yield f"  {behaviour.node} (line {behaviour.line})"
    if behaviour.former:
        yield f"  formerly {', '.join(behaviour.former)}"
    yield f"\n{behaviour.docstring}\n"
    yield f"about: {', '.join(behaviour.api)}"
    article = f"article {behaviour.article}" if behaviour.article else ""
    yield f"source: {behaviour.page or ''} {article}".rstrip()
    yield from _entries(index, behaviour)
    for change in sorted(behaviour.changes, key=lambda change: versions.key(change.version)):
        yield f"\nchanged in {change.sentence}"
        yield f"  kind: {change.kind.words}"
        if change.advice:
            yield f"  what to do: {change.advice}"
        if change.restored_by:
            yield f"  shown by: {change.restored_by}"
    if behaviour.fault:
        yield f"\nunknown on every release: {behaviour.fault}"
        return
    known = index.on("cpu")
    verified = [release for release, one in known.items() if behaviour.id not in one.unknown]
    yield f"\nverified on: {', '.join(verified) or 'no release'}"
    for release, one in known.items():
        if behaviour.id in one.unknown:
            yield f"unknown on {release}: {one.unknown[behaviour.id]}"


def _entries(index: Index, behaviour: Behaviour) -> Iterator[str]:
    for name, devices in index.record(behaviour.id).items():
        for device, chain in devices.items():
            yield f"\n{name} on {device}:"
            for since, raw in chain.items():
                observation = Entry(since, raw).observation
                yield f"  from {since}: {short(outcome(observation), _LENGTH)}"
                for warning in observation.get("warned", ()):
                    told = short(f"{warning['category']}: {warning['message']}", _LENGTH)
                    yield f"      warns {told}"
