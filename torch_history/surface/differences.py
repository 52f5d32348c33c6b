"""Differences: what changed between two entries of a name, in words that follow "since 2.0"."""

from __future__ import annotations

import re
from typing import Callable, Iterator, List, NamedTuple, Optional, Sequence, Set, Tuple

from torch_history.surface.arguments import arguments, parsed
from torch_history.surface.classes import Classes, Unknown
from torch_history.surface.entry import Entry, Warned
from torch_history.surface.facts import Fact, Holds, told
from torch_history.surface.what import Change, What

__all__ = ["between", "facts", "is_about", "parsed"]
_UNKNOWN = Unknown()


def between(
    before: Optional[Entry], after: Optional[Entry], classes: Classes = _UNKNOWN
) -> List[Change]:
    """What changed between two entries of a name, the most harmful first.

    ``classes`` are those of the after side: without them, an alias of a base is another base.
    """
    return told(facts(before, after, classes))


def facts(
    before: Optional[Entry], after: Optional[Entry], classes: Classes = _UNKNOWN
) -> List[Fact]:
    """The same, each argument, base and warning on its own."""
    if before == after:
        return []
    if before is None or after is None:
        return list(_presence(before, after))
    if before.removed or after.removed:
        return list(_shells(before, after))
    found = [*_kinds(before, after), *_fields(before, after)]
    if not found:
        found += arguments(parsed(before), parsed(after))
    return [*found, *_bases(before, after, classes), *_warnings(before.warns, after.warns)]


def _presence(before: Optional[Entry], after: Optional[Entry]) -> Iterator[Fact]:
    """What changed where one side lacks the name."""
    if before is not None and before.removed:
        yield Fact(What.SHELL_GONE, "is gone; it only raised before", lambda one: one is None)
    elif before is not None:
        yield Fact(What.GONE, "is gone", lambda one: one is None)
    elif after is not None:
        removed = after.removed
        raises = f", and only raises: {removed}" if removed else ""
        yield Fact(
            What.APPEARED,
            f"exists{raises}",
            lambda one: one is not None and one.removed == removed,
        )


def _shells(before: Entry, after: Entry) -> Iterator[Fact]:
    """What changed where at least one side only raises."""
    if not before.removed:
        words = f"only raises: {after.removed}"
        yield Fact(What.REMOVED, words, _seen(lambda one: bool(one.removed)))
    elif not after.removed:
        words = "works again; it only raised before"
        yield Fact(What.RESTORED, words, _seen(lambda one: not one.removed))
    elif before.removed != after.removed:
        words = f"raises with another message: {after.removed}"
        yield Fact(What.WORDING, words, _seen(lambda one: one.removed == after.removed))


def _seen(holds: Callable[[Entry], bool]) -> Holds:
    """A test of an entry, which says nothing where the name is not there."""
    return lambda one: None if one is None else holds(one)


_CALLED = ("function", "method", "classmethod", "staticmethod", "operator")


def _kinds(before: Entry, after: Entry) -> Iterator[Fact]:
    """Another kind of object, if a caller meets it.

    A value or an attribute may be anything, also what can be called.
    """
    was, now = (_group(entry.kind) for entry in (before, after))
    unbound = before.kind in ("classmethod", "staticmethod") and after.kind == "method"
    called = (was, now) == ("called", "class")  # a call of a class looks like that of a function
    if "any" in (was, now) or called or (was == now and not unbound):
        return
    article = "an" if after.kind == "operator" else "a"
    words = f"is {article} {after.kind} instead of a {before.kind}"
    yield Fact(What.KIND, words, _seen(lambda one: one.kind == after.kind))


def _group(kind: str) -> str:
    if kind in ("value", "attribute"):
        return "any"
    return "called" if kind in _CALLED else kind


def _fields(before: Entry, after: Entry) -> Iterator[Fact]:
    """Other fields of a named tuple, which break attributes or unpacking."""
    was, now = (", ".join(entry.fields) for entry in (before, after))
    if not was or was == now:
        return
    gone = f"is no longer a named tuple of {was}"
    words = f"has the fields {now}, had {was}" if now else gone
    yield Fact(What.FIELDS, words, _seen(lambda one: one.fields == after.fields), before.fields)


def _bases(before: Entry, after: Entry, classes: Classes) -> Iterator[Fact]:
    """The bases of which the class is no longer a subclass. If one is gone, nobody asks for it."""
    if not before.kind == after.kind == "class" or before.bases == after.bases:
        return
    kept = _lineage(after, classes)
    for base in before.bases:
        lost = classes.public(base)
        if lost not in kept and classes.knows(base) and _is_asked_for(base):
            holds = _seen(_lacks(lost, classes))
            form = "no longer derives from {}"
            yield Fact(What.BASES, base, holds, form=form, depends="isinstance")


def _lineage(entry: Entry, classes: Classes) -> Set[str]:
    return {name for base in entry.bases for name in classes.lineage(base)}


def _lacks(base: str, classes: Classes) -> Callable[[Entry], bool]:
    return lambda entry: base not in _lineage(entry, classes)


def _is_asked_for(base: str) -> bool:
    """Whether programs ask isinstance for such a base."""
    return base != "object" and base.rpartition(".")[0] not in ("abc", "typing")


class _Became(NamedTuple):
    """A warning of one entry, and what it is in another; None where it is not there."""

    was: Optional[Warned]
    now: Optional[Warned]


def _became(before: Sequence[Warned], after: Sequence[Warned]) -> Iterator[_Became]:
    """What became of each warning; one under the same condition may have other words."""
    old = [one for one in before if not any(_same(one, other) for other in after)]
    for now in after:
        was = next((one for one in before if _same(one, now)), None)
        if was is None:
            was = next((one for one in old if is_about(one, now)), None)
            if was is not None:
                old.remove(was)
        yield _Became(was, now)
    for one in old:
        yield _Became(one, None)


def is_about(one: Warned, other: Warned) -> bool:
    """Whether two warnings are about the same thing.

    Of those under conditions that cannot be read, the first word must be the same.
    """
    told = one.text.partition(" ")[0] == other.text.partition(" ")[0]
    return one.when == other.when and (one.when != () or told)


def _warnings(before: Sequence[Warned], after: Sequence[Warned]) -> Iterator[Fact]:
    """The warnings that came and went, and those of which only the words changed."""
    for was, now in _became(before, after):
        if now is not None and (was is None or not _same(was, now)):
            yield _warning(was, now, after)
        # One under a condition that cannot be read may come from another function now.
        elif was is not None and now is None and was.when != ():
            words, depends = f"no longer {_warns(was)}", _depends(was)
            holds = _seen(_went(was, before))
            yield Fact(What.UNDEPRECATED, words, holds, _named(was), depends=depends)


def _warning(was: Optional[Warned], now: Warned, after: Sequence[Warned]) -> Fact:
    """What a warning means that comes in place of another, or of none."""
    words, named = _warns(now), _named(now)
    if was is not None and was.category == now.category:
        holds = _seen(lambda entry: any(_same(one, now) for one in entry.warns))
        return Fact(What.WORDING, f"{words} (in other words before)", holds, named)
    former = f" (was a {was.category})" if was is not None else ""
    holds = _seen(_came(now, after))
    return Fact(What.DEPRECATED, words + former, holds, named, depends=_depends(now))


def _came(warned: Warned, after: Sequence[Warned]) -> Callable[[Entry], bool]:
    """Whether an entry has a warning already, in whichever words."""

    def holds(entry: Entry) -> bool:
        was = next(was for was, now in _became(entry.warns, after) if now is warned)
        return was is not None and was.category == warned.category

    return holds


def _went(warned: Warned, before: Sequence[Warned]) -> Callable[[Entry], bool]:
    """Whether an entry has a warning no longer, in whichever words."""
    return lambda entry: _Became(warned, None) in _became(before, entry.warns)


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
