"""Name text: the life of a name of torch as lines for a terminal."""

from __future__ import annotations

from typing import Dict, Iterator, List, Optional, Sequence, Tuple

from torch_history.catalogue.behaviour import Behaviour
from torch_history.escaping import one_line
from torch_history.observing.words import short
from torch_history.publish.history import summary
from torch_history.questions.contents import Inside, Member
from torch_history.questions.names import NameChange, NameLife, Span, deprecations
from torch_history.surface.differences import parsed
from torch_history.surface.entry import Entry
from torch_history.versions import key

_FEW = 3  # other paths of a name
_MANY = 8  # names in one line
_MEMBERS = 30  # changes of members that are told one by one
_NAMES = 20  # names that may be meant
_PARAGRAPH = "\n\n"
_LENGTH = 400  # characters of a message
_CALLED = ("class", "function", "method", "classmethod", "staticmethod", "operator")


def lines(of: NameLife) -> Iterator[str]:
    """What a name is, since when, what it takes now, and each release that changed it."""
    yield of.name
    yield f"  {of.entry.kind}, {', and '.join(map(_span, of.spans))}"
    if of.path != of.name:
        yield f"  the same as {of.path}"
    if of.aliases:
        yield f"  also {listed([one for one in of.aliases if one != of.path], _FEW)}"
    when = f" in {of.release}" if of.gone else ""
    yield from (f"  {words}{when}" for words in _takes(of.entry))
    if of.entry.bases:
        yield f"  derives from {', '.join(of.entry.bases)}"
    if of.entry.fields:
        yield f"  has the fields {', '.join(of.entry.fields)}"
    if of.entry.removed:
        yield f"  only raises: {short(of.entry.removed, _LENGTH)}"
    yield from (f"  {short(words, _LENGTH)}" for words in deprecations(of.entry))
    for release, why in of.unknown.items():
        yield f"  unknown on {release}, where its module could not be imported: {short(why, 100)}"
    if of.changes:
        yield ""
    for change in of.changes:
        yield from _change(change)


def _span(span: Span) -> str:
    if span.since == span.until and not span.or_before:
        return f"only in {span.since}"
    since = f"{span.since} or before" if span.or_before else span.since
    return f"from {since} to {span.until}" if span.until else f"since {since}"


def _takes(entry: Entry) -> List[str]:
    if entry.overloads:
        return [f"takes {one}" for one in entry.overloads]
    return ["takes parameters that are not known"] if entry.kind in _CALLED[1:] else []


def _change(change: NameChange) -> Iterator[str]:
    """What changed at a release on one line; what to do about it on the next."""
    note = change.note
    cause = f" ({note.cause}{' (probably)' * note.probable})" if note and note.cause else ""
    yield f"{change.since}: {_words(change)}{cause}"
    if note and note.advice:
        yield f"  what to do: {note.advice}"


def _words(change: NameChange) -> str:
    return "; ".join(short(words, _LENGTH) for words in change.words)


def listed(names: Sequence[str], most: int = _MANY) -> str:
    """Names with commas between; of many, only the first."""
    more = f", and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def of_class(of: NameLife, members: Sequence[Member]) -> Iterator[str]:
    """What happened to a class's members, release by release: many are only named."""
    if not members:
        return
    yield "\nits members:"
    told = sum(len(one.changes) for one in members) <= _MEMBERS
    for release in sorted({one.since for member in members for one in member.changes}, key=key):
        at = [(member.name, one) for member in members for one in member.changes]
        at = [(name, one) for name, one in at if one.since == release]
        came = [name for name, one in at if one.came]
        gone = [name for name, one in at if one.gone and not _now(one)]
        rest = [(name, one) for name, one in at if name not in (*came, *gone)]
        yield from _turned(release, came, gone)
        if told:
            yield from (f"  {release}: {name} {_words(one)}" for name, one in rest)
        elif rest:
            yield f"  {release}: changed {listed([name for name, _ in rest])}"
    yield f"`torch-history show {of.name}.NAME` shows one of them"


def _now(change: NameChange) -> bool:
    """Whether it is known where a name that is gone is found."""
    return any(event.now is not None for event in change.events)


def of_module(inside: Inside) -> Iterator[str]:
    """How many names are found in a module, and which came and went, release by release."""
    if inside.names or inside.turns:
        count = len(inside.names)
        yield f"\n{count} public name{'s' * (count != 1)} in {inside.release}"
    for turn in inside.turns:
        yield from _turned(turn.since, turn.came, turn.gone)


def _turned(release: str, came: Sequence[str], gone: Sequence[str]) -> Iterator[str]:
    if came:
        yield f"  {release}: came {listed(came)}"
    if gone:
        yield f"  {release}: went {listed(gone)}"


def annotated(texts: Sequence[Tuple[str, Optional[str]]], entry: Entry) -> Iterator[str]:
    """The annotations of a name's parameters, and the changes of these; ``texts`` by release.

    The parameters stand in the order in which ``entry`` takes them.
    """
    places = {one.name: place for side in parsed(entry) for place, one in enumerate(side.listed)}
    told = [(release, _by_parameter(text, places)) for release, text in texts]
    if not told:
        yield "\nno annotations"
        return
    release, newest = told[-1]
    yield f"\nannotations since {release}:" if newest else f"\nno annotations since {release}"
    yield from (f"  {name}{annotation}" for name, annotation in newest.items())
    for (_, before), (release, after) in zip(told, told[1:]):
        yield f"  {release}: {'; '.join(_differ(before, after))}"


def _by_parameter(text: Optional[str], places: Dict[str, int]) -> Dict[str, str]:
    """``a: int; b: str`` -> the annotation of each; the whole text where it is of overloads."""
    if text is None or " -> " in text:
        return {"": text} if text else {}
    pairs = [one.partition(":") for one in text.split("; ")]
    pairs.sort(key=lambda pair: places.get(pair[0], len(places)))
    return {name: colon + annotation for name, colon, annotation in pairs}


def _differ(before: Dict[str, str], after: Dict[str, str]) -> Iterator[str]:
    for name in dict.fromkeys([*before, *after]):
        was, now = before.get(name), after.get(name)
        if was is None:
            yield f"{name}{now} is new"
        elif now is None:
            yield f"{name}{was} is gone"
        elif was != now:
            yield f"{name} was{was.lstrip(':')}" if name else f"was {was}"


def of_behaviours(behaviours: Sequence[Behaviour]) -> Iterator[str]:
    """Behaviours, each with its claim as its docstring says it."""
    for behaviour in behaviours:
        yield summary(behaviour)
        yield f"  {one_line(behaviour.docstring.partition(_PARAGRAPH)[0])}"


def several(asked: str, names: Sequence[str]) -> Iterator[str]:
    """The names that may be meant, if these are several."""
    yield f"{asked} is the name of several in torch:"
    yield from (f"  {name}" for name in names[:_NAMES])
    if len(names) > _NAMES:
        yield f"  and {len(names) - _NAMES} more"
