"""Judging: whether a use meets a change, and how surely. See ``hits`` for the levels."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NamedTuple, Optional, Sequence, Tuple

from torch_history.catalogue import signatures
from torch_history.catalogue.conditions import OfType, Term, Written, alternatives
from torch_history.catalogue.kinds import Kind
from torch_history.code.hits import Level
from torch_history.code.names import canonical
from torch_history.code.targets import Target
from torch_history.code.use import Arguments, Evidence, Name, Relation, Use

if TYPE_CHECKING:
    from torch_history.catalogue.behaviour import Change

BUILT = (ast.List, ast.Tuple, ast.ListComp)
NUMBERS = {"integers": "int", "floats": "float"}  # tensors, and the type that they may stand for
# Where an API stands when the change of what it does is met. `isinstance` only asks about it.
DOES = {"call", "passed", "subclass", "attribute", "with", "decorator", "class-decorator"}


class Verdict(NamedTuple):
    """How surely a use meets a difference, what decides beside the call, and why."""

    level: Level
    depends: str
    why: str
    line: int = 0  # of the argument that decides; 0: that of the API's name


def judge(
    target: Target, use: Use, name: Name, arguments: Arguments, source: Evidence, agreed: bool
) -> Optional[Verdict]:
    """The level and the reason; None where the use does not meet the change.

    ``arguments`` are those of the use as the API of this name takes them.
    ``agreed``: the object is not known, but every class of torch with this method has the change.
    """
    change, conditioned = target.change, target.change is not None and target.change.conditioned
    if not (conditioned or target.parameters or target.needs or target.lacking):
        caught = not target.guarded or "caught" in use.roles
        if name.relation is not Relation.ITSELF or not use.roles & DOES or not caught:
            return None
        return Verdict(Level.POSSIBLE, "", use.why)
    if name.relation is Relation.BASE and "isinstance" in use.roles:
        return None  # it is not the base that is asked about
    met = _met(target, use, name, arguments, source)
    if met is None or (target.guarded and "caught" not in use.roles):
        return None
    why, depends = use.why + met.how, met.depends
    if change is not None and conditioned:
        if change.rarely:
            # What nothing in the source points to is not worth a look.
            seen = _points_to(change) and target.kind is not Kind.EXCEPTION
            return Verdict(Level.POSSIBLE, change.rarely, why, met.line) if seen else None
        depends = depends or change.depends or ""
    if name.relation is Relation.UNKNOWN:
        if not agreed and not target.kind.hurts:
            return None
        level = Level.LIKELY if agreed else Level.POSSIBLE
    else:
        known = name.relation is not Relation.LIKE and use.sure and not met.doubtful
        level = Level.CERTAIN if known else Level.LIKELY
    return Verdict(level, depends, why, met.line)


def _points_to(change: Change) -> bool:
    """Whether a marker asks for something that few calls have: an argument, a value, a place."""
    entries = alternatives(change.when or ())
    return bool(entries) and all(any(map(_is_special, entry)) for entry in entries)


def _is_special(term: Term) -> bool:
    plain = term.name is None and not term.values and not term.role  # many arguments, as @1
    return (
        term.wanted and not plain and term.role != "call" and OfType("unknown") not in term.values
    )


class Met(NamedTuple):
    """How a use meets what a change needs."""

    how: str = ""  # in words, after those of the use
    doubtful: bool = False  # whether it may be kept away by what cannot be seen
    depends: str = ""
    line: int = 0  # of the argument that decides


def _met(
    target: Target, use: Use, name: Name, arguments: Arguments, source: Evidence
) -> Optional[Met]:
    if target.parameters:
        return _moved(target.parameters[name.api], arguments)
    if target.lacking:
        # StepLR can be used where LRScheduler, its base, is missing.
        return None if name.relation in (Relation.BASE, Relation.LIKE) else Met()
    if target.change is not None and target.change.conditioned:
        if name.relation is Relation.ITSELF:
            use = use._replace(roles=use.roles | {f"of={name.api}"})
        return _conditions(target.change, use, arguments, source)
    needed = sorted(one for one in target.needs if one in arguments.given)
    if not needed:
        return None
    words = " or ".join(f"{one}=" for one in needed)
    return Met(f" with {words}", line=arguments.given[needed[0]].lineno)


def _conditions(change: Change, use: Use, arguments: Arguments, source: Evidence) -> Optional[Met]:
    """How a use meets the conditions of a marker; None where it does not."""
    entries = alternatives(change.when or ())
    asks_where = any(
        term.role and not term.role.startswith("of=") for entry in entries for term in entry
    )
    if not asks_where and not use.roles & DOES:
        return None
    if change.unless is None:
        met = Met()
    elif any(one in arguments.given for one in change.unless):
        return None
    else:
        words = [one for one in change.unless if isinstance(one, str)]
        how = f" without {words[0]}" if words and "attribute" not in use.roles else ""
        # A keyword that keeps the change away may be among the arguments that cannot be seen.
        places = any(isinstance(one, int) for one in change.unless)
        unseen = use.call is None or arguments.may_hide(words[0] if words else None, places or None)
        met = Met(how, unseen if words else "passed" in use.roles)
    if not entries:
        return met
    ways = [_all_of([met, *(_term(term, use, arguments, source) for term in e)]) for e in entries]
    return min(
        (way for way in ways if way), key=lambda w: (bool(w.depends), w.doubtful), default=None
    )


def _all_of(parts: Sequence[Optional[Met]]) -> Optional[Met]:
    """How all of them are met together."""
    met = [part for part in parts if part is not None]
    if len(met) < len(parts):
        return None
    return Met(
        "".join(dict.fromkeys(part.how for part in met)),
        any(part.doubtful for part in met),
        " and ".join(part.depends for part in met if part.depends),
        next((part.line for part in met if part.line), 0),
    )


def _term(term: Term, use: Use, arguments: Arguments, source: Evidence) -> Optional[Met]:
    """How a use meets one term."""
    if term.role:
        # That a tensor holds integers is only concluded, from its name or what it is made of, if it
        # was not seen; and what becomes of an API that is passed on is not known.
        doubtful = term.wanted and term.role in ("integers", "passed") and "ran" not in use.roles
        return Met(doubtful=doubtful) if (term.role in use.roles) is term.wanted else None
    label = term.name or f"argument {term.place}"
    given = arguments.of(term.name, term.place)
    if given is None:
        if term.wanted or term.values:  # it is about an argument that is given
            return None
        unseen = use.call is None or arguments.may_hide(term.name, term.place)
        return Met(f" without {label}", doubtful=unseen)
    if not term.values:
        return Met(f" with {label}", line=given.lineno) if term.wanted else None
    fits = _fits(given, term, source)
    if fits is None:
        return Met(depends=f"the value of {label}", line=given.lineno)
    if fits is not term.wanted:
        return None
    known, value = source.value(given)
    shown = f"={_shown(value)}" if known else ""
    return Met(f" with {label}{shown}", line=given.lineno)


def _fits(given: ast.expr, term: Term, source: Evidence) -> Optional[bool]:
    """Whether an argument is one of a term's values; None where the source does not show it."""
    known, value = source.value(given)
    if known:
        return any(_is(value, one) for one in term.values)
    types = {one.name for one in term.values if isinstance(one, OfType)}
    if "unknown" in types:
        return True
    if "nested" in types:
        return isinstance(given, ast.List) and any(isinstance(one, BUILT) for one in given.elts)
    if "built" in types:
        return isinstance(given, BUILT)
    if isinstance(given, BUILT) and not any(map(_is_sequence, term.values)):
        return False
    kind = source.kind(given)
    if kind in NUMBERS:  # a tensor may stand for a number, and its value is not known
        asked = [one.name if isinstance(one, OfType) else type(one).__name__ for one in term.values]
        return None if NUMBERS[kind] in asked else False
    return kind in types if kind else None


def _is_sequence(wanted: object) -> bool:
    """Whether a list or a tuple may be what a term asks for."""
    if isinstance(wanted, OfType):
        return wanted.name in ("list", "tuple")
    return isinstance(wanted, (list, tuple)) and not isinstance(wanted, Written)


def _is(value: object, wanted: object) -> bool:
    if isinstance(wanted, Written):
        return isinstance(value, str) and canonical(value) == canonical(wanted.name)
    if isinstance(wanted, OfType) and wanted.name == "nested":
        return isinstance(value, list) and any(isinstance(one, (list, tuple)) for one in value)
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
) -> Optional[Met]:
    """Which argument of a call the other signature takes otherwise, or not."""
    before, after = pair
    for key, value in arguments.given.items():
        if isinstance(key, str):
            if key in before.named and key not in after.named and "**" not in after.stars:
                return Met(f" with {key}=", line=value.lineno)
            continue
        was, now = _at(before, key), _at(after, key)
        renamed = now is not None and was not in after.named and now not in before.named
        if was is None or was == now or renamed:
            continue
        if now is not None or "*" not in after.stars:
            takes = f"which was {was} and is {now}" if now else f"which was {was}"
            return Met(f" with argument {key + 1} by position, {takes}", line=value.lineno)
    return None


def _at(side: signatures.Signature, place: int) -> Optional[str]:
    """The parameter at a position."""
    return next((name for name, one in side.named.items() if one.place == place), None)
