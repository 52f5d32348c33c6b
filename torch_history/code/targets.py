"""Targets: the changes of an answer, and what of each decides whether a use meets it.

The marker says it (``unless``, ``when``), or the recorded signatures do, or the record, where one
side lacks the API or refuses a keyword. Where none of these decides, a use is only possible.
"""

from __future__ import annotations

import builtins
import functools
import re
from typing import (
    TYPE_CHECKING,
    Dict,
    FrozenSet,
    Iterable,
    Iterator,
    List,
    NamedTuple,
    Optional,
    Sequence,
    Set,
    Tuple,
    TypeVar,
    Union,
)

from torch_history import versions
from torch_history.catalogue import signatures
from torch_history.catalogue.kinds import Kind
from torch_history.code.names import MODULE, OPTIMIZER, TENSOR, ancestors, canonical
from torch_history.questions import coverage

if TYPE_CHECKING:
    from torch_history.catalogue.behaviour import Behaviour, Change
    from torch_history.questions.query import Answer, Case, Difference

Key = TypeVar("Key")
LACKS = re.compile(
    r"(?:module '(?P<module>[\w.]+)'|(?:'(?P<object>\w+)' )?object(?: '(?P<type>\w+)')?)"
    r" has no attribute '(?P<attribute>\w+)'"
)
# Functions written in Python and in C say it differently.
REFUSES = re.compile(r"unexpected keyword argument '(\w+)'|'(\w+)' is an invalid keyword argument")

# Kinds of what raised before: nothing to see where the error is not caught.
QUIET = (Kind.ERROR_GONE, Kind.WORDING, Kind.EXCEPTION)


# Kinds of which one is what a behaviour calls the other: a default that shows, or moves a number.
ALIKE = (
    {Kind.GONE, Kind.ERROR},
    {Kind.SILENT, Kind.REPRESENTATION},
    {Kind.WARNING},
    {Kind.APPEARED, Kind.ERROR_GONE},
)


class Lacks(NamedTuple):
    """A message says that a module, or else an object, lacks an attribute."""

    module: Optional[str]
    attribute: str


class Refuses(NamedTuple):
    """A message says that a call refuses a keyword."""

    keyword: str


class Target(NamedTuple):
    """A change of a difference, and what decides whether a use meets it."""

    difference: Difference
    change: Optional[Change]  # None where no marker tells of it
    kind: Kind
    names: FrozenSet[str]
    needs: FrozenSet[str] = frozenset()  # keywords that one side refuses, according to the record
    lacking: bool = False  # whether one side lacks the API, according to the record
    # API -> its parameters on both sides, where the behaviour records signatures
    parameters: Dict[str, Tuple[signatures.Signature, signatures.Signature]] = {}  # noqa: RUF012
    # every call raised before: only code that catches the error meets the difference
    guarded: bool = False
    surface: bool = False  # whether it is a fact of the surface, and no behaviour
    together: Tuple[str, ...] = ()  # of the surface: what names that went together share

    @property
    def cause(self) -> Tuple[str, ...]:
        """What targets of one cause share: the version and the cause, or else the words."""
        change = self.change
        if self.together:
            return self.together
        if change is not None and self.surface:
            return (change.version, change.text, self.difference.behaviour.id)
        if change is None:
            return ("", self.difference.behaviour.id)
        return (change.version, change.cause or change.text)


def told_by(fact: Target, others: Iterable[Tuple[Key, Target]]) -> Optional[Key]:
    """The key of a behaviour's change that tells a fact of the surface too."""
    found = [(key, other) for key, other in others if _are_alike(fact, other)]
    same = (key for key, other in found if _line(fact) == _line(other))
    # A recorded signature tells what its parameters are in the end, and so does the surface.
    signed = (key for key, other in found if other.parameters and fact.kind is Kind.GONE)
    return next(same, next(signed, None))


def _are_alike(fact: Target, other: Target) -> bool:
    if other.surface or fact.change is None or other.change is None:
        return False
    return any({fact.kind, other.kind} <= alike for alike in ALIKE)


def _line(target: Target) -> str:
    return versions.line(target.change.version) if target.change else ""


def with_surface(together: Dict[object, List[Target]], surface: Sequence[Target]) -> None:
    """Put what the surface shows among the causes: to the behaviours that show it too."""
    by_api: Dict[str, List[Tuple[object, Target]]] = {}
    for cause, of in together.items() if surface else ():
        for one in of:
            for api in one.names or one.difference.behaviour.api:
                by_api.setdefault(api, []).append((cause, one))
    for fact in surface:
        (name,) = fact.names
        same = told_by(fact, by_api.get(name, ()))
        together.setdefault(fact.cause if same is None else same, []).append(fact)


def targets(answer: Answer) -> Iterator[Target]:
    """What of an answer decides whether a use meets it."""
    backwards = answer.backwards
    for difference in answer.differences:
        yield from targets_of(difference, backwards)


def targets_of(difference: Difference, backwards: bool = False) -> Iterator[Target]:
    """The targets of one difference: one for each change that shows between the two versions."""
    behaviour, cases = difference.behaviour, difference.cases
    told = _told(difference, backwards)
    lacking, refused = _absent(cases, behaviour.api)
    marked = [one for one in told if one.change is not None and one.change.conditioned]
    rest = [one for one in told if one not in marked]
    if behaviour.signature:
        yield from _signature_targets(difference, told)
    elif lacking and not marked:
        for one, own in _shared(told, lacking).items():
            yield Target(difference, *one, frozenset(own), lacking=True)
    elif refused and not marked:
        names = frozenset(_about(behaviour, cases))
        yield Target(difference, *told[0], names, needs=frozenset(refused))
    else:
        raised = ["raised" in case.before.observation for case in cases]
        failed = all(raised)
        for one in marked:
            of = one.change.of if one.change else ()
            names = frozenset(of or _about(behaviour, cases))
            # Where nothing raised, the wording is that of a warning.
            guarded = failed or (one.kind in QUIET and any(raised))
            yield Target(difference, *one, names, guarded=guarded)
        if rest:
            # To use a base class tells nothing.
            names = frozenset(_first(behaviour, cases) - {MODULE, OPTIMIZER, TENSOR})
            if rest[0].kind is Kind.REPRESENTATION:
                names = frozenset()  # how a thing is written down shows at no call
            guarded = failed or rest[0].kind in (*QUIET, Kind.APPEARED)
            yield Target(difference, *rest[0], names, guarded=guarded)


def _shared(told: Sequence[Told], names: Iterable[str]) -> Dict[Told, Set[str]]:
    """Each change with its names: those of its ``of`` or of its words. The first has the rest."""
    found: Dict[Told, Set[str]] = {}
    for name in names:
        last = name.rpartition(".")[2]
        own = (one for one in told if _names(one, last) or (one.change and name in one.change.of))
        found.setdefault(next(own, told[0]), set()).add(name)
    return found


class Told(NamedTuple):
    """A change as it looks from the older side of an answer or, backwards, from the newer one."""

    change: Optional[Change]
    kind: Kind


def _told(difference: Difference, backwards: bool) -> List[Told]:
    """The changes whose kind shows between the two versions, the most harmful first."""
    changes = difference.changes
    told = [Told(one, one.kind.mirror if backwards else one.kind) for one in changes]
    shown = {kind for case in difference.cases for kind in case.kinds}
    fitting = [one for one in told if one.kind in shown]
    if changes and not fitting:
        # They add up to a difference of another kind. The last one tells best how it ends.
        marked = [one for one in changes if one.conditioned]
        return [Told((marked or changes)[-1], difference.kind)]
    return sorted(fitting, key=lambda one: one.kind.rank) or [Told(None, difference.kind)]


def _signature_targets(difference: Difference, told: Sequence[Told]) -> Iterator[Target]:
    """A target for each API whose recorded signature differs."""
    for case in difference.cases:
        before, after = (
            signatures.parsed(side.observation.get("value")) for side in (case.before, case.after)
        )
        names = coverage.named(case.name, difference.behaviour.api)
        last = case.name.rpartition(".")[2]
        one = next((one for one in told if _names(one, last)), told[0])
        if before is None or after is None:  # one side raised: it lacks the API
            kind = Kind.APPEARED if before is None else Kind.GONE
            if one.kind is not kind:
                one = next((it for it in told if it.kind is kind), Told(None, kind))
            yield Target(difference, *one, frozenset(names), lacking=True)
        else:
            parameters = dict.fromkeys(names, (before, after))
            yield Target(difference, *one, frozenset(names), parameters=parameters)


def _names(told: Told, last: str) -> bool:
    """Whether the words of a change have the last part of a name."""
    return told.change is not None and last in _words(told.change.text)


def _words(text: str) -> List[str]:
    return re.findall(r"\w+", text)


def _about(behaviour: Behaviour, cases: Sequence[Case]) -> List[str]:
    """The APIs whose callers meet the difference. Cases may be named after those they concern."""
    words = {_plain(word) for case in cases for word in _words(case.name)}
    return [
        api for api in behaviour.api if _plain(api.rpartition(".")[2]) in words
    ] or behaviour.api


def _first(behaviour: Behaviour, cases: Sequence[Case]) -> Set[str]:
    """Those that the cases name, or else the first alone."""
    about = _about(behaviour, cases)
    return set(about if len(about) < len(behaviour.api) else about[:1])


@functools.lru_cache(maxsize=None)  # an answer about all behaviours asks 20,000 times
def _plain(name: str) -> str:
    """``BatchNorm1d`` and ``batch_norm`` -> ``batchnorm``."""
    return re.sub(r"\dd$", "", name.lower().replace("_", ""))


def _absent(cases: Sequence[Case], apis: Sequence[str]) -> Tuple[List[str], Set[str]]:
    """The APIs that one side lacks and the keywords that it refuses, where every case says so."""
    lacking: List[str] = []
    refused: Set[str] = set()
    for case in cases:
        sides = (case.before, case.after)
        before, after = (side.observation.get("raised", {}).get("message", "") for side in sides)
        # Where both sides lack the same, the difference is another one.
        absence = absence_in(before or after) if absence_in(before) != absence_in(after) else None
        if isinstance(absence, Lacks):
            lacking += _lacking(absence, apis)
        elif isinstance(absence, Refuses):
            refused.add(absence.keyword)
        else:
            # One case that differs in another way: then the absence does not decide for every call.
            return [], set()
    return lacking, refused


def absence_in(message: str) -> Union[Lacks, Refuses, None]:
    """What the message of an exception says that the library does not have."""
    lacks, refuses = LACKS.search(message), REFUSES.search(message)
    if lacks and hasattr(builtins, lacks["object"] or ""):
        return None  # a list was given where torch expected its own
    if lacks:
        return Lacks(lacks["module"], lacks["attribute"])
    return Refuses(refuses[1] or refuses[2]) if refuses else None


def _lacking(lacks: Lacks, apis: Sequence[str]) -> List[str]:
    """The APIs that one side lacks: those below ``torch.func``, where this is not there."""
    if lacks.module:
        name = canonical(f"{lacks.module}.{lacks.attribute}")
        return [api for api in apis if f"{api}.".startswith(f"{name}.")] or [name]
    return [api for api in apis if api.endswith(f".{lacks.attribute}")] or [
        f"{list(ancestors(api))[-1]}.{lacks.attribute}"
        for api in apis[:1]
        if api.rpartition(".")[2][:1].isupper()
    ]
