"""Targets: whether a use meets a difference, and how surely. See ``scan`` for the levels."""

from __future__ import annotations

import re
from typing import (
    TYPE_CHECKING,
    Dict,
    FrozenSet,
    List,
    NamedTuple,
    Optional,
    Sequence,
    Set,
    Tuple,
    Union,
)

from torch_history.catalogue.kinds import Kind
from torch_history.code.hits import Level
from torch_history.code.names import MODULE, OPTIMIZER, TENSOR, ancestors, canonical
from torch_history.code.uses import Arguments, Name, Relation, Use

if TYPE_CHECKING:
    from torch_history.catalogue.behaviour import Behaviour
    from torch_history.questions.query import Case, Difference

LACKS = re.compile(r"(?:module '(?P<module>[\w.]+)'|object) has no attribute '(?P<attribute>\w+)'")
# Functions written in Python and in C say it differently.
REFUSES = re.compile(r"unexpected keyword argument '(\w+)'|'(\w+)' is an invalid keyword argument")


class Lacks(NamedTuple):
    """A message says that a module, or else an object, lacks an attribute."""

    module: Optional[str]
    attribute: str


class Refuses(NamedTuple):
    """A message says that a call refuses a keyword."""

    keyword: str


class Target(NamedTuple):
    """What of a difference decides whether a use meets it."""

    id: str
    names: Dict[str, bool]  # the API -> whether it is what the behaviour is about first
    needs: FrozenSet[str] = frozenset()  # keywords that one side refuses, according to the record
    lacking: bool = False  # whether one side lacks the API, according to the record
    # for each change that every call meets: the arguments that keep it away, by name or position
    unless: Sequence[Tuple[Union[int, str], ...]] = ()
    # every call raised before: only code that catches the error meets the difference
    guarded: bool = False


class Verdict(NamedTuple):
    """How surely a use meets a difference, and why."""

    level: Level
    why: str


def target_of(difference: Difference) -> Target:
    """What decides, from the markers and from the record."""
    behaviour, cases = difference.behaviour, difference.cases
    unless = [change.unless for change in difference.changes if change.unless is not None]
    lacking, refused = _absent(cases, behaviour.api)
    if lacking:
        return Target(behaviour.id, dict.fromkeys(lacking, True), lacking=True, unless=unless)
    names = _about(behaviour, cases)
    if refused:
        if difference.kind is Kind.GONE:
            # As far as is known, the relatives of a class lose the keyword too.
            names = {**dict.fromkeys(ancestors(behaviour.api[0]), False), **names}
        return Target(behaviour.id, names, needs=frozenset(refused), unless=unless)
    if not unless or any(unless):  # the marker's arguments are those of the first API
        names = {name: True for name, first in names.items() if first}
    if unless:
        return Target(behaviour.id, names, unless=unless)
    # To use a base class tells nothing, and a call by keyword does not meet a signature.
    names = {
        name: True
        for name in names
        if not behaviour.signature and name not in (MODULE, OPTIMIZER, TENSOR)
    }
    failed = all("raised" in case.before.observation for case in cases)
    return Target(behaviour.id, names, guarded=failed)


def _about(behaviour: Behaviour, cases: Sequence[Case]) -> Dict[str, bool]:
    """The APIs, and whether each comes first. Cases may be named after the APIs they concern."""
    words = {_plain(word) for case in cases for word in re.findall(r"\w+", case.name)}
    named = [api for api in behaviour.api if _plain(api.rpartition(".")[2]) in words]
    return {api: bool(named) or api == behaviour.api[0] for api in named or behaviour.api}


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
        absence = absence_in(before or after)
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


def judge(target: Target, use: Use, name: Name, arguments: Arguments) -> Optional[Verdict]:
    """The level and the reason; None where the use does not meet the difference."""
    why, doubtful = use.why, False
    if target.needs:
        met = sorted(one for one in target.needs if one in arguments.given)
        if not met:
            return None
        why += f" with {' or '.join(f'{one}=' for one in met)}"
    elif target.lacking:
        # StepLR can be used where LRScheduler, its base, is missing.
        if name.relation is Relation.BASE:
            return None
    elif target.unless:
        unless = next((one for one in target.unless if arguments.given.isdisjoint(one)), None)
        if unless is None:
            return None
        words = [one for one in unless if isinstance(one, str)]
        why += f" without {' or '.join(words)}" if words else ""
        # A keyword that keeps the change away may be among the arguments that cannot be seen.
        doubtful = use.passed or (bool(words) and (arguments.hidden or use.call is None))
    elif name.relation is not Relation.ITSELF or (target.guarded and not use.guarded):
        return None
    else:
        return Verdict(Level.POSSIBLE, f"{why}; more than the call decides")
    if name.relation is Relation.UNKNOWN:
        return Verdict(Level.POSSIBLE, why)
    known = name.relation in (Relation.ITSELF, Relation.BASE) and not doubtful
    certain = known and use.sure and target.names[name.api]
    return Verdict(Level.CERTAIN if certain else Level.LIKELY, why)
