"""Targets: the changes of an answer, and what of each decides whether a use meets it.

The marker says it (``unless``, ``when``), or the recorded signatures do, or the record, where one
side lacks the API or refuses a keyword. Where none of these decides, a use is only possible.
"""

from __future__ import annotations

import re
from typing import (
    TYPE_CHECKING,
    Dict,
    FrozenSet,
    Iterator,
    List,
    NamedTuple,
    Optional,
    Sequence,
    Set,
    Tuple,
    Union,
)

from torch_history.catalogue import signatures
from torch_history.catalogue.kinds import Kind
from torch_history.code.names import MODULE, OPTIMIZER, TENSOR, ancestors, canonical
from torch_history.records.store import OBSERVED

if TYPE_CHECKING:
    from torch_history.catalogue.behaviour import Behaviour, Change
    from torch_history.questions.query import Answer, Case, Difference

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

    @property
    def cause(self) -> Tuple[str, ...]:
        """What targets of one cause share: the version and the cause, or else the words."""
        change = self.change
        if change is None:
            return ("", self.difference.behaviour.id)
        return (change.version, change.cause or change.text)


def targets(answer: Answer) -> Iterator[Target]:
    """What of an answer decides whether a use meets it."""
    backwards = answer.backwards
    for difference in answer.differences:
        yield from targets_of(difference, backwards)


def targets_of(difference: Difference, backwards: bool = False) -> Iterator[Target]:
    """The targets of one difference: one for each change that shows between the two versions."""
    behaviour, cases = difference.behaviour, difference.cases
    shown = {kind for case in cases for kind in case.kinds}
    told = [
        (change.kind.mirror if backwards else change.kind, change) for change in difference.changes
    ]
    told = [pair for pair in told if pair[0] in shown] or [
        (difference.kind, change) for _, change in told
    ]
    told.sort(key=lambda pair: pair[0].rank)
    kind = told[0][0] if told else difference.kind
    first = told[0][1] if told else None
    lacking, refused = _absent(cases, behaviour.api)
    if behaviour.signature:
        yield from _signature_targets(difference, told, backwards)
    elif lacking:
        yield Target(difference, first, kind, frozenset(lacking), lacking=True)
    elif refused and not any(change.conditioned for _, change in told):
        names = set(_about(behaviour, cases))
        yield Target(difference, first, kind, frozenset(names), needs=frozenset(refused))
    else:
        for kind, change in told:
            if change.conditioned:
                names = set(change.of or _about(behaviour, cases))
                yield Target(difference, change, kind, frozenset(names))
        rest = [pair for pair in told if not pair[1].conditioned]
        if rest or not told:
            kind, change = rest[0] if rest else (difference.kind, None)
            # To use a base class tells nothing.
            names = _first(behaviour, cases) - {MODULE, OPTIMIZER, TENSOR}
            failed = all("raised" in case.before.observation for case in cases)
            yield Target(difference, change, kind, frozenset(names), guarded=failed)


def _signature_targets(
    difference: Difference, told: Sequence[Tuple[Kind, Change]], backwards: bool
) -> Iterator[Target]:
    """A target for each API whose recorded signature differs."""
    for case in difference.cases:
        sides = [
            signatures.parsed(one.observation.get("value")) for one in (case.before, case.after)
        ]
        if sides[0] is None or sides[1] is None:
            continue
        names = _named(case.name, difference.behaviour.api)
        last = case.name.rpartition(".")[2]
        fitting = [pair for pair in told if last in re.findall(r"\w+", pair[1].text)] or list(told)
        kind, change = fitting[0] if fitting else (difference.kind, None)
        pair = sides[0], sides[1]
        yield Target(
            difference, change, kind, frozenset(names), parameters=dict.fromkeys(names, pair)
        )


def _named(case: str, apis: Sequence[str]) -> List[str]:
    """The APIs that the case of a signature may be about: ``Adam`` -> ``torch.optim.Adam``."""
    exact = [api for api in apis if api == case or api.endswith(f".{case}")]
    if exact:
        return exact
    case = case.replace(".__init__", "")
    homes = {"torch", *apis, *(api.rpartition(".")[0] for api in apis)}
    return [f"{home}.{case}" for home in homes if case != OBSERVED] or [*apis[:1]]


def _about(behaviour: Behaviour, cases: Sequence[Case]) -> List[str]:
    """The APIs whose callers meet the difference. Cases may be named after those they concern."""
    words = {_plain(word) for case in cases for word in re.findall(r"\w+", case.name)}
    return [
        api for api in behaviour.api if _plain(api.rpartition(".")[2]) in words
    ] or behaviour.api


def _first(behaviour: Behaviour, cases: Sequence[Case]) -> Set[str]:
    """Those that the cases name, or else the first alone."""
    about = _about(behaviour, cases)
    return set(about if len(about) < len(behaviour.api) else about[:1])


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
