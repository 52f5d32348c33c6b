"""Surfacing: what the surface says of a use: whether its name is there, and whether a call binds.

The behaviours say what torch does. This says whether a name, an argument or a method's parameters
are still the same, for all names of torch.
"""

from __future__ import annotations

import ast
import functools
import itertools
import json
from collections import Counter
from typing import Collection, Dict, Iterator, List, Mapping, NamedTuple, Optional, Sequence, Tuple

from msgspec import Raw

from torch_history.catalogue.behaviour import Behaviour, Change
from torch_history.catalogue.kinds import Kind
from torch_history.code import literals
from torch_history.code.hits import Level
from torch_history.code.judging import Verdict
from torch_history.code.targets import Target, told_by
from torch_history.code.use import Arguments, Relation, Use
from torch_history.observing.words import Observed, short
from torch_history.questions import naming
from torch_history.questions.query import Case, Difference, Entry
from torch_history.records.store import OBSERVED
from torch_history.surface import annotated, chains, notes
from torch_history.surface import entry as entries
from torch_history.surface.calls import Call, CallChange, changed
from torch_history.surface.differences import is_about, parsed
from torch_history.surface.entry import Warned
from torch_history.surface.events import Event, Surfaces
from torch_history.surface.files import Texts
from torch_history.surface.parameters import Parameters, same_default
from torch_history.surface.what import DEFAULT_MATTERS, What

Judged = Tuple[Target, Verdict]
PREFIX = "surface."  # of the ids of what the surface shows
RUNS = {"call", "decorator", "class-decorator"}  # where a callable is called
# what a call alone decides, with its arguments
BY_CALL = {
    What.ARGUMENT_GONE,
    What.RENAMED,
    What.MOVED,
    What.KEYWORD_ONLY,
    What.POSITIONAL_ONLY,
    What.REQUIRED,
    What.DEFAULT,
}
MOST = 160  # characters of a warning or an exception that are told
SEVERAL = 3  # names of one module that are gone: more are told as one
LOST = (What.GONE, What.KIND)


class Fact(NamedTuple):
    """What a finding says, and how sure it is."""

    kind: Kind
    words: str
    level: Level
    why: str
    depends: str = ""
    line: int = 0  # of the argument that decides
    since: str = ""  # if it is another line than that of the event


class Surfacing:
    """The surface of the two releases of an answer."""

    def __init__(
        self, surfaces: Surfaces, kinds: Collection[Kind] = (), names: Sequence[str] = ()
    ) -> None:
        self.surfaces = surfaces
        self._kinds, self._names = kinds, names  # what source is searched for; empty: for all
        self._targets: Dict[Tuple[object, ...], Target] = {}

    def wants(self, name: str) -> bool:
        """Whether something happened to a name."""
        if self._names and not any(naming.named([name], one) for one in self._names):
            return False
        return bool(self.surfaces.events(name))

    def covers(self, name: str) -> bool:
        """Whether the surface has a name."""
        return self.surfaces.knows(name)

    def listed(self, names: Sequence[str] = (), appeared: bool = True) -> Iterator[Target]:
        """Everything that happened, to all of torch or to these names and what they contain."""
        found = self.surfaces.all(appeared) if not names else self._below(names)
        events = {(one.path, one.since, one.change.what, one.words): one for one in found}
        gone = Counter(map(_lost_from, events.values()))
        at_once: Dict[Tuple[str, str, Kind], List[Event]] = {}
        for event in events.values():
            lost = _lost_from(event)
            if lost[0] and gone[lost] > SEVERAL:
                yield self._target(event, Kind.GONE, event.words)._replace(together=lost)
            else:
                key = event.path, event.since, event.change.kind
                at_once.setdefault(key, []).append(event)
        for (_, _, kind), several in at_once.items():
            yield self._target(several[0], kind, "; ".join(one.words for one in several))

    def annotated(self, types: Mapping[str, Texts], names: Sequence[str] = ()) -> Iterator[Target]:
        """The annotations that changed, of all of torch or of these names."""
        for name in names or [""]:
            for event in annotated.events(self.surfaces, types, name):
                chain, found = types[event.path], self.surfaces
                texts = (chains.at(chain, one.version) for one in (found.before, found.after))
                before, after = (
                    Entry(line, Raw(json.dumps({"value": text}).encode()))
                    for line, text in zip(self._since(event), texts)
                )
                case = Case("annotations", before, after, [event.change.kind])
                yield target(event, event.change.kind, event.words, case)

    def _below(self, names: Sequence[str]) -> Iterator[Event]:
        for name in names:
            yield from self.surfaces.events(name)
            yield from self.surfaces.all(below=name)

    def judged(self, use: Use) -> Iterator[Judged]:
        """What a use meets, each with how sure that is."""
        name = _name(use)
        if name is None or not self.wants(name) or _is_ready(use) or self._is_told_by_parts(use):
            return
        told = set()
        for event in self.surfaces.events(name):
            for fact in self._facts(event, use):
                asked = not self._kinds or fact.kind in self._kinds
                if asked and (fact.kind, fact.words) not in told:
                    told.add((fact.kind, fact.words))
                    dated = event._replace(since=fact.since or event.since)
                    target = self._target(dated, fact.kind, fact.words)
                    yield target, Verdict(fact.level, fact.depends, fact.why, fact.line)

    def _facts(self, event: Event, use: Use) -> Iterator[Fact]:
        what = event.change.what
        if "override" in use.roles:
            yield from _overridden(event, use)
        elif what in LOST:
            yield from self._lost(event, use)
        elif what is What.REMOVED:
            if not use.roles.isdisjoint(RUNS):
                yield Fact(Kind.GONE, short(event.words, MOST), _level(use), use.why)
        elif what is What.DEPRECATED:
            yield from self._warned(event, use)
        elif what in BY_CALL and "call" in use.roles:
            yield from self._called(event, use)

    def _lost(self, event: Event, use: Use) -> Iterator[Fact]:
        """A name that is gone, where it is imported or read; a name that was imported is not."""
        imported = "import" in use.roles
        if "bare" in use.roles and not imported:
            return
        home_is_gone = self._is_gone(_home(event.name))
        if home_is_gone and "tried" in use.roles:
            return
        if imported and home_is_gone and event.now is None and self.wants(_home(event.name)):
            return  # the import of the module tells it
        known = use.sure and event.change.what is What.GONE
        certain = known and (home_is_gone or not _may_be_unseen(event))
        level = Level.CERTAIN if certain else Level.LIKELY
        yield Fact(Kind.GONE, event.words, level, use.why)

    def _is_gone(self, name: str) -> bool:
        return any(one.change.what is What.GONE for one in self.surfaces.events(name))

    def _is_told_by_parts(self, use: Use) -> bool:
        """Whether all that is imported from a module that is gone is told with its new place."""
        parts = [one.api for one in use.names[1:]] if "import" in use.roles else []
        return bool(parts) and all(
            any(event.now for event in self.surfaces.events(one)) and self.wants(one)
            for one in parts
        )

    def _called(self, event: Event, use: Use) -> Iterator[Fact]:
        """What is different for a call: the event says only that something is."""
        if event.before is None or event.after is None:
            return
        call = _call(use.arguments)
        for change in changed(parsed(event.before), parsed(event.after), call):
            if (change.what is What.DEFAULT) is not (event.change.what is What.DEFAULT):
                continue
            yield _called(change, use)._replace(since=self._first(event, change, call))

    def _first(self, event: Event, change: CallChange, call: Call) -> str:
        """The line since which a call meets a change; an event may have arguments of several."""
        before = parsed(event.before) if event.before else []

        def is_met(line: str) -> bool:
            found = self.surfaces.at(line).find(event.name)
            then = changed(before, parsed(found.entry), call) if found else []
            return any((one.what, one.argument) == (change.what, change.argument) for one in then)

        lines = self.surfaces.lines
        if self.surfaces.backwards:
            return next((line for line in lines if not is_met(line)), event.since)
        met = list(itertools.takewhile(is_met, reversed(lines)))
        return met[-1] if met else event.since

    def _warned(self, event: Event, use: Use) -> Iterator[Fact]:
        """The warnings that a use brings and did not bring before."""
        before = event.before.warns if event.before else ()
        if "import" in use.roles and (event.after is None or event.after.kind != "module"):
            return  # to import a name that warns when it is called does no harm
        for warned in event.after.warns if event.after else ():
            same = any(one.category == warned.category and is_about(one, warned) for one in before)
            if same or warned.text not in event.change.words:  # another event of the name tells it
                continue
            fact = _warning(warned, use, event)
            if fact is not None:
                yield fact._replace(words=fact.words + self._before(event, warned))

    def _before(self, event: Event, warned: Warned) -> str:
        """`` (a DeprecationWarning since 2.10)``, where it was another category before."""
        first = self.surfaces.first_warned(event.name, warned.when)
        if first is None or first[1] == warned.category or self.surfaces.backwards:
            return ""
        return f" ({first[1]} since {first[0]})"

    def _target(self, event: Event, kind: Kind, words: str) -> Target:
        key = event.path, event.since, kind, words
        if key not in self._targets:
            note = notes.change(self.surfaces.notes, event.path, event.since)
            told = zip(self._since(event), (event.before, event.after))
            before, after = (_Side(line, one) for line, one in told)
            case = Case(OBSERVED, before, after, [kind])
            self._targets[key] = target(event, kind, words, case, note)
        return self._targets[key]

    def _since(self, event: Event) -> Tuple[str, str]:
        """The lines of both sides: the older release that was asked for, and that of the change."""
        older = self.surfaces.low
        return (event.since, older) if self.surfaces.backwards else (older, event.since)


def _may_be_unseen(event: Event) -> bool:
    """Whether a private name may still be there, in a place that the survey does not look at."""
    is_module = event.before is not None and event.before.kind == "module"
    private = any(part.startswith("_") for part in event.path.split("."))
    return private and not is_module and event.now is None


def _home(name: str) -> str:
    return name.rpartition(".")[0]


def _lost_from(event: Event) -> Tuple[str, ...]:
    """Where a name was that is gone without another in its place, and since when."""
    if event.change.what is not What.GONE or event.now is not None:
        return ("", "")
    return (_home(event.path), event.since)


def target(
    event: Event, kind: Kind, words: str, case: Case, note: Optional[Change] = None
) -> Target:
    """An event as what an answer is made of."""
    advice, cause = (note.advice, note.cause) if note else (None, None)
    change = Change(
        version=event.since,
        text=words,
        kind=kind,
        cause=cause,
        probable=note.probable if note else False,
        advice=advice,
        depends=event.change.depends or None,
    )
    behaviour = Behaviour(
        id=f"{PREFIX}{event.path}",
        file="",
        line=0,
        claim=f"{event.name} {words}",
        docstring="",
        api=[event.name],
        page=None,
        article=None,
        changes=[change],
    )
    return Target(
        Difference(behaviour, kind, [case], [change], None),
        change,
        kind,
        frozenset((event.name,)),
        surface=True,
    )


def joined(causes: Dict[Tuple[str, ...], List[Judged]]) -> None:
    """Put what the surface says of a use to the behaviour that says it too."""
    for cause, of in list(causes.items()):
        first = of[0][0]
        if not first.surface or first.change is None:
            continue
        others = ((one, it) for one in causes if one is not cause for it, _ in causes[one])
        same = told_by(first, others)
        if same is not None:
            causes[same] += causes.pop(cause)


def _name(use: Use) -> Optional[str]:
    """The name itself that a use is of; none where its object is not known."""
    first = use.names[0]
    return first.api if first.relation is Relation.ITSELF else None


def _is_ready(use: Use) -> bool:
    """Whether the source is written for both releases."""
    ran = {"caught", "ran"} <= use.roles  # a trace does not say what would be caught
    return ran or not use.roles.isdisjoint(("ready", "versioned"))


def _level(use: Use) -> Level:
    return Level.CERTAIN if use.sure else Level.LIKELY


def _call(arguments: Arguments) -> Call:
    positions = [key for key in arguments.given if isinstance(key, int)]
    names = tuple(key for key in arguments.given if isinstance(key, str))
    return Call(len(positions), names, arguments.starred, arguments.hidden)


def _called(change: CallChange, use: Use) -> Fact:
    arguments = use.arguments
    unseen = change.doubtful or arguments.starred or arguments.hidden
    level = Level.LIKELY if unseen or not use.sure else Level.CERTAIN
    given = arguments.given.get(change.argument) if change.argument != "" else None
    how = f" with {change.argument}" if isinstance(change.argument, str) and given else ""
    line = given.lineno if given is not None else 0
    if change.what is What.DEFAULT:
        why = f"{use.why} without {change.argument}"
        return Fact(Kind.SILENT, change.words, Level.POSSIBLE, why, DEFAULT_MATTERS)
    return Fact(Kind.GONE, change.words, level, use.why + how, "", line)


def _warning(warned: Warned, use: Use, event: Event) -> Optional[Fact]:
    """What a use meets of a warning; None where it does not bring it."""
    words = f"warns: {warned.category}: {short(warned.text, MOST)}"
    ran = not use.roles.isdisjoint(RUNS)
    if warned.when is None:
        if not (ran or {"subclass", "import"} & use.roles):
            return None
        level = _level(use) if ran and not warned.by else Level.LIKELY
        return Fact(Kind.WARNING, words, level, use.why)
    if not ran:
        return None
    arguments = use.arguments
    lacking = [name[1:] for name in warned.when if name.startswith("-")]
    if lacking and not any(_given(event, name, arguments) for name in lacking):
        hidden = arguments.starred or arguments.hidden
        level = Level.LIKELY if hidden or not use.sure else Level.CERTAIN
        return Fact(Kind.WARNING, words, level, f"{use.why} without {' and '.join(lacking)}")
    for name in (one for one in warned.when if not one.startswith("-")):
        given = _given(event, name, arguments)
        if given is not None or arguments.may_hide(name, None):
            level = Level.LIKELY if given is None or not use.sure else Level.CERTAIN
            line = given.lineno if given is not None else 0
            return Fact(Kind.WARNING, words, level, f"{use.why} with {name}", "", line)
    if warned.when:
        return None
    return Fact(Kind.WARNING, words, Level.POSSIBLE, use.why, "the arguments")


def _given(event: Event, name: str, arguments: Arguments) -> Optional[ast.expr]:
    """What a call gives for a parameter, unless that is a literal and its default."""
    overloads = parsed(event.after) if event.after else []
    places = {side.at.get(name) for side in overloads}
    given = arguments.of(
        name, *(place for place in places if place is not None and len(places) == 1)
    )
    return given if given is not None and not _is_default(overloads, name, given) else None


def _is_default(overloads: Sequence[Parameters], name: str, given: ast.expr) -> bool:
    """Whether a literal is what the parameter is by default."""
    literal = literals.value(given)
    defaults = [one.default for side in overloads for one in side.single if one.name == name]
    if literal is None or not defaults:
        return False
    return all(same_default(default, repr(literal.value)) for default in defaults)


def _overridden(event: Event, use: Use) -> Iterator[Fact]:
    """A method of the reader that lacks a parameter which the one in torch has now."""
    own = use.overrides
    if own is None or event.change.what is not What.ARGUMENT_APPEARED or own.kwarg is not None:
        return
    takes = {one.arg for one in (*own.posonlyargs, *own.args, *own.kwonlyargs)}
    lacking = [name for name in event.change.arguments if name not in takes]
    if lacking:
        words = f"takes {', '.join(lacking)}, and the method here does not"
        depends = f"whether a caller gives {' or '.join(lacking)}"
        yield Fact(Kind.ERROR, words, Level.LIKELY, use.why, depends)


class _Side(Entry):
    """What the surface has on one side, in the form of an observation."""

    def __init__(self, since: str, told: Optional[entries.Entry]) -> None:
        self.since, self._told = since, told

    @functools.cached_property
    def observation(self) -> Observed:
        """The entry as an observation."""
        return _observation(self._told)

    @functools.cached_property
    def raw(self) -> bytes:  # type: ignore[override]
        """Its text."""
        return json.dumps(self.observation).encode()


def _observation(told: Optional[entries.Entry]) -> Observed:
    if told is None:
        return {"raised": {"type": "AttributeError", "message": "no such name"}}
    if told.removed:
        return {"raised": {"type": "RuntimeError", "message": told.removed}}
    kept = entries.stored(told)
    text = kept["is"] if isinstance(kept, dict) else kept
    found: Observed = {"value": text}
    if told.warns:
        found["warned"] = [{"category": one.category, "message": one.text} for one in told.warns]
    return found
