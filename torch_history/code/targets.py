"""Targets: whether a use meets a change, and how surely. See ``hits`` for the levels.

A change is met as its marker says (``unless``, ``when``), as the recorded signatures say, or as the
record says that one side lacks the API or refuses a keyword. Where none of these decides, a use of
the API is only possible.
"""

from __future__ import annotations

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
    Union,
)

from torch_history.catalogue import signatures
from torch_history.catalogue.conditions import OfType, Term, Written, alternatives
from torch_history.catalogue.kinds import Kind
from torch_history.code.hits import Level
from torch_history.code.names import MODULE, OPTIMIZER, TENSOR, ancestors, canonical
from torch_history.code.uses import Arguments, Name, Relation, Source, Use
from torch_history.records.store import OBSERVED

if TYPE_CHECKING:
    from torch_history.catalogue.behaviour import Behaviour, Change
    from torch_history.questions.query import Answer, Case, Difference

LACKS = re.compile(r"(?:module '(?P<module>[\w.]+)'|object) has no attribute '(?P<attribute>\w+)'")
# Functions written in Python and in C say it differently.
REFUSES = re.compile(r"unexpected keyword argument '(\w+)'|'(\w+)' is an invalid keyword argument")
# Where an API stands when the change of what it does is met. `isinstance` only asks about it.
DOES = {"call", "passed", "subclass", "attribute", "with", "decorator", "class-decorator"}


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


class Verdict(NamedTuple):
    """How surely a use meets a difference, what decides beside the call, and why."""

    level: Level
    depends: str
    why: str


def targets(answer: Answer) -> Iterator[Target]:
    """What of an answer decides whether a use meets it."""
    backwards = answer.backwards
    for difference in answer.differences:
        yield from targets_of(difference, backwards)


def targets_of(difference: Difference, backwards: bool = False) -> Iterator[Target]:
    """The targets of one difference: one for each change that shows between the two versions."""
    behaviour, cases = difference.behaviour, difference.cases
    shown = {kind for case in cases for kind in case.kinds}
    told = [(change.kind.mirror if backwards else change.kind, change) for change in difference.changes]
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
        sides = [signatures.parsed(one.observation.get("value")) for one in (case.before, case.after)]
        if sides[0] is None or sides[1] is None:
            continue
        names = _named(case.name, difference.behaviour.api)
        last = case.name.rpartition(".")[2]
        fitting = [pair for pair in told if last in re.findall(r"\w+", pair[1].text)] or list(told)
        kind, change = fitting[0] if fitting else (difference.kind, None)
        pair = sides[0], sides[1]
        yield Target(difference, change, kind, frozenset(names), parameters=dict.fromkeys(names, pair))


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
    return [api for api in behaviour.api if _plain(api.rpartition(".")[2]) in words] or behaviour.api


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


# ---- judging


def judge(target: Target, use: Use, name: Name, source: Source, agreed: bool) -> Optional[Verdict]:
    """The level and the reason; None where the use does not meet the change.

    ``agreed``: the object is not known, but every class of torch with this method has the change.
    """
    arguments = use.arguments.shifted(name.shift)
    why, depends, doubtful = use.why, "", False
    change = target.change
    if target.parameters:
        moved = _moved(target.parameters[name.api], arguments)
        if moved is None:
            return None
        why += moved
    elif target.needs:
        met = sorted(one for one in target.needs if one in arguments.given)
        if not met:
            return None
        why += f" with {' or '.join(f'{one}=' for one in met)}"
    elif target.lacking:
        # StepLR can be used where LRScheduler, its base, is missing.
        if name.relation is Relation.BASE:
            return None
    elif change is not None and change.conditioned:
        met_by = _meets(change, use, arguments, source)
        if met_by is None:
            return None
        why, doubtful = why + met_by.how, met_by.doubtful
        depends = met_by.depends or change.depends or ""
        if change.rarely:
            return Verdict(Level.POSSIBLE, change.rarely, why)
    elif name.relation is not Relation.ITSELF or not use.roles & DOES:
        return None
    elif target.guarded and "caught" not in use.roles:
        return None
    else:
        return Verdict(Level.POSSIBLE, "", why)
    if name.relation is Relation.UNKNOWN:
        return Verdict(Level.LIKELY if agreed else Level.POSSIBLE, depends, why)
    certain = name.relation is not Relation.LIKE and not doubtful and use.sure
    return Verdict(Level.CERTAIN if certain else Level.LIKELY, depends, why)


class Met(NamedTuple):
    """How a call meets a condition."""

    how: str = ""
    doubtful: bool = False
    depends: str = ""


def _meets(change: Change, use: Use, arguments: Arguments, source: Source) -> Optional[Met]:
    """How a call meets the conditions of a marker; None where it does not."""
    entries = alternatives(change.when or ())
    asks_where = any(term.role for entry in entries for term in entry)
    if not asks_where and not use.roles & DOES:
        return None
    how, doubtful, depends = "", False, ""
    if change.unless:
        if any(one in arguments.given for one in change.unless):
            return None
        words = [one for one in change.unless if isinstance(one, str)]
        how = f" without {' or '.join(words)}" if words else ""
        # A keyword that keeps the change away may be among the arguments that cannot be seen.
        doubtful = bool(words) and (arguments.hidden or use.call is None)
    elif change.unless is not None:
        doubtful = "passed" in use.roles
    if entries:
        met = [one for one in (_entry(entry, use, arguments, source) for entry in entries) if one]
        if not met:
            return None
        best = min(met, key=lambda one: (bool(one.depends), one.doubtful))
        how += best.how
        doubtful, depends = doubtful or best.doubtful, best.depends
    return Met(how, doubtful, depends)


def _entry(
    terms: Iterable[Term], use: Use, arguments: Arguments, source: Source
) -> Optional[Met]:
    """How a call meets every term of an entry."""
    how, doubtful, depends = [], False, []
    for term in terms:
        if term.role:
            if (term.role in use.roles) is not term.wanted:
                return None
            continue
        given = arguments.of(term.name, term.place)
        label = term.name or f"argument {term.place}"
        if given is None:
            if term.wanted and not arguments.hidden:
                return None
            if not term.wanted and not term.values:
                how.append(f"without {label}")
            elif not term.wanted and not arguments.hidden:
                return None  # name!=literal is about an argument that is given
            doubtful = doubtful or arguments.hidden
            continue
        if not term.values:
            if not term.wanted:
                return None
            how.append(f"with {label}")
            continue
        known, value = source.value(given)
        if not known:
            depends.append(f"the value of {label}")
        elif any(_is(value, one) for one in term.values) is not term.wanted:
            return None
        else:
            how.append(f"with {label}={_shown(value)}")
    return Met("".join(f" {one}" for one in how), doubtful, " and ".join(depends))


def _is(value: object, wanted: object) -> bool:
    if isinstance(wanted, Written):
        return isinstance(value, str) and canonical(value) == canonical(wanted.name)
    if isinstance(wanted, OfType):
        name = "None" if value is None else type(value).__name__
        return name == wanted.name
    return type(value) is type(wanted) and value == wanted


def _shown(value: object) -> str:
    if isinstance(value, str) and value.startswith("torch."):
        return value
    text = repr(value)
    return text if len(text) <= 30 else text[:29] + "…"


def _moved(
    pair: Tuple[signatures.Signature, signatures.Signature], arguments: Arguments
) -> Optional[str]:
    """Which argument of a call another signature takes otherwise, in words."""
    before, after = pair
    for key in sorted(arguments.given, key=lambda one: (isinstance(one, str), one)):
        if isinstance(key, str):
            if key in before.named and key not in after.named and "**" not in after.stars:
                return f" with {key}="
            continue
        was, now = (
            next((name for name, one in side.named.items() if one.place == key), None)
            for side in pair
        )
        if was is not None and was != now and not (now is None and "*" in after.stars):
            took = f"{was} before, {now} now" if now else f"{was}, which takes no position now"
            return f" with its argument {key + 1}, {took}" if key >= 0 else None
    return None
