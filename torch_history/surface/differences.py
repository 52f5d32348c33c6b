"""Differences: what changed between two entries of a name, in words that follow "since 2.0"."""

from __future__ import annotations

import re
from typing import Iterator, List, Optional, Sequence, Tuple

from torch_history.surface.arguments import arguments
from torch_history.surface.classes import Classes, Unknown
from torch_history.surface.entry import Entry, Warned
from torch_history.surface.parameters import Parameters, parse
from torch_history.surface.what import Change, What

_UNKNOWN = Unknown()


def between(
    before: Optional[Entry], after: Optional[Entry], classes: Classes = _UNKNOWN
) -> List[Change]:
    """What changed between two entries of a name, the most harmful first.

    ``classes`` are those of the after side: without them, an alias of a base is another base.
    """
    if before == after:
        return []
    if before is None or after is None:
        return _presence(before, after)
    if before.removed or after.removed:
        return _shells(before, after)
    found = [*_kinds(before, after), *_fields(before, after)]
    if not found:
        found += arguments(parsed(before), parsed(after))
    found += [*_bases(before, after, classes), *_warnings(before.warns, after.warns)]
    return sorted(found, key=lambda change: change.kind.rank)


def parsed(entry: Entry) -> List[Parameters]:
    """The parameters of each overload; empty where they are not known."""
    return [parse(text) for text in entry.overloads]


def _presence(before: Optional[Entry], after: Optional[Entry]) -> List[Change]:
    """What changed where one side lacks the name."""
    if before is not None and before.removed:
        return [Change(What.SHELL_GONE, "is gone; it only raised before")]
    if before is not None:
        return [Change(What.GONE, "is gone")]
    if after is None:
        return []
    raises = f", and only raises: {after.removed}" if after.removed else ""
    return [Change(What.APPEARED, f"exists{raises}")]


def _shells(before: Entry, after: Entry) -> List[Change]:
    """What changed where at least one side only raises."""
    if not before.removed:
        return [Change(What.REMOVED, f"only raises: {after.removed}")]
    if not after.removed:
        return [Change(What.RESTORED, "works again; it only raised before")]
    if before.removed == after.removed:
        return []
    return [Change(What.WORDING, f"raises with another message: {after.removed}")]


_CALLED = ("function", "method", "classmethod", "staticmethod", "operator")


def _kinds(before: Entry, after: Entry) -> Iterator[Change]:
    """Another kind of object, if a caller meets it.

    A value or an attribute may be anything, also what can be called.
    """
    was, now = (_group(entry.kind) for entry in (before, after))
    unbound = before.kind in ("classmethod", "staticmethod") and after.kind == "method"
    called = (was, now) == ("called", "class")  # a call of a class looks like that of a function
    if "any" in (was, now) or called or (was == now and not unbound):
        return
    article = "an" if after.kind == "operator" else "a"
    yield Change(What.KIND, f"is {article} {after.kind} instead of a {before.kind}")


def _group(kind: str) -> str:
    if kind in ("value", "attribute"):
        return "any"
    return "called" if kind in _CALLED else kind


def _fields(before: Entry, after: Entry) -> Iterator[Change]:
    """Other fields of a named tuple, which break attributes or unpacking."""
    was, now = (", ".join(entry.fields) for entry in (before, after))
    if was and not now:
        yield Change(What.FIELDS, f"is no longer a named tuple of {was}", before.fields)
    elif was and was != now:
        yield Change(What.FIELDS, f"has the fields {now}, had {was}", before.fields)


def _bases(before: Entry, after: Entry, classes: Classes) -> Iterator[Change]:
    """The bases of which the class is no longer a subclass. If one is gone, nobody asks for it."""
    kept = {name for base in after.bases for name in classes.lineage(base)}
    lost = [base for base in before.bases if classes.public(base) not in kept]
    lost = [base for base in lost if classes.knows(base) and _is_asked_for(base)]
    if before.kind == after.kind == "class" and lost:
        words = f"no longer derives from {', '.join(lost)}"
        yield Change(What.BASES, words, depends="isinstance")


def _is_asked_for(base: str) -> bool:
    """Whether programs ask isinstance for such a base."""
    return base != "object" and base.rpartition(".")[0] not in ("abc", "typing")


def _warnings(before: Sequence[Warned], after: Sequence[Warned]) -> Iterator[Change]:
    """The warnings that came and went, and those of which only the words changed."""
    old = [one for one in before if not any(_same(one, other) for other in after)]
    for now in after:
        if any(_same(now, other) for other in before):
            continue
        was = next((one for one in old if one.when == now.when), None)
        if was is not None:
            old.remove(was)
        yield _warning(was, now)
    for one in old:
        yield Change(What.UNDEPRECATED, f"no longer {_warns(one)}", _named(one), _depends(one))


def _warning(was: Optional[Warned], now: Warned) -> Change:
    """What a warning means that comes in place of another, or of none."""
    if was is not None and was.category == now.category:
        return Change(What.WORDING, f"{_warns(now)} (in other words before)", _named(now))
    former = f" (was a {was.category})" if was is not None else ""
    return Change(What.DEPRECATED, _warns(now) + former, _named(now), _depends(now))


def _warns(one: Warned) -> str:
    """Under which condition a warning comes, and which."""
    given = " or ".join(name for name in one.when or () if not name.startswith("-"))
    lacking = [name[1:] for name in one.when or () if name.startswith("-")]
    parts = [f"where {given} is given"] * bool(given)
    if len(lacking) > 1:  # each of them keeps the warning away
        parts.append(f"where neither {' nor '.join(lacking)} is given")
    elif lacking:
        parts.append(f"where {lacking[0]} is not given")
    condition = " or ".join(parts) or ("" if one.always else "in some calls")
    return f"warns {condition}".rstrip() + f": {one.category}: {one.text}"


def _named(one: Warned) -> Tuple[str, ...]:
    """The parameters on which a warning depends."""
    return tuple(name.lstrip("-") for name in one.when or ())


def _depends(one: Warned) -> str:
    return "in which calls it warns" if one.when == () else ""


_FILLED = re.compile(r"\{[^{}]*\}")  # a place that an f-string fills: {cls}, {self.__class__}


def _same(one: Warned, other: Warned) -> bool:
    """Whether two warnings are equal, wherever they were found, and however torch fills them."""
    if (one.category, one.when) != (other.category, other.when):
        return False
    texts = one.text, other.text
    return texts[0] == texts[1] or len({_FILLED.sub("{}", text) for text in texts}) == 1
