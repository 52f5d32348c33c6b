"""Calls: whether a call binds to parameters, as Python binds it, and what changed for it."""

from __future__ import annotations

from typing import Iterator, List, NamedTuple, Optional, Sequence, Tuple, Union

from torch_history.catalogue.kinds import Kind
from torch_history.surface.arguments import Move, default_words, only_called_otherwise
from torch_history.surface.facts import moved_words
from torch_history.surface.parameters import (
    Parameter,
    Parameters,
    Passed,
    default_changed,
    renamed,
)
from torch_history.surface.what import What, ordinal


class Call(NamedTuple):
    """The arguments of a call, as far as they can be seen."""

    positions: int = 0  # how many are given by position
    names: Tuple[str, ...] = ()  # the keywords
    starred: bool = False  # whether *args hides more
    doubled: bool = False  # whether **options hides more


class Refusal(NamedTuple):
    """Why a call does not bind."""

    words: str
    argument: Union[int, str]  # the position from 0, or the keyword; "" where one is missing
    missing: Tuple[str, ...] = ()  # the parameters that the call must give


class CallChange(NamedTuple):
    """What is different for a call."""

    what: What
    words: str
    argument: Union[int, str]  # the position from 0, or the parameter, that decides
    refused: bool = False  # whether the call raises
    doubtful: bool = False  # whether an argument that cannot be seen may keep it away

    @property
    def harm(self) -> Kind:
        """How harmful it is."""
        return self.what.kind


def refused(overloads: Sequence[Parameters], call: Call) -> Optional[Refusal]:
    """Why no overload takes a call; None if one does, or if the parameters are not known.

    A required argument that ``*args`` or ``**options`` may hide counts as given.
    """
    closest = min(overloads, key=lambda one: _distance(one, call), default=None)
    problems = _problems(closest, call) if closest else []
    return problems[0] if problems else None


def gives(side: Parameters, call: Call, name: str) -> Optional[bool]:
    """Whether a call gives a parameter; None if it may be among what cannot be seen."""
    place = side.at.get(name)
    if place is not None and place < call.positions:
        return True
    if name in call.names and name in side.named:
        return True
    if place is not None and place < _reach(side, call):
        return None
    return None if call.doubled and name in side.named else False


def changed(
    before: Sequence[Parameters], after: Sequence[Parameters], call: Call
) -> List[CallChange]:
    """What is different for a call on the after side; nothing if the before side refuses it.

    Of several overloads those count that take the call. One pair without a change is enough for
    no change.
    """
    took = [one for one in before if not _problems(one, call)]
    if not took or not after:
        return []
    takes = [one for one in after if not _problems(one, call)]
    pairs = [(was, now) for was in took for now in takes or after]
    if takes:
        return min((list(_between(*pair, call)) for pair in pairs), key=len)
    closest = min(pairs, key=lambda pair: (_distance(pair[1], call), -_common(*pair)))
    return list(_refusals(*closest, call))


def _distance(side: Parameters, call: Call) -> Tuple[int, int]:
    """How far parameters are from taking a call: the keywords they do not know, then all else."""
    return len(set(call.names) - side.named.keys()), len(_problems(side, call))


def _common(one: Parameters, other: Parameters) -> int:
    """How many parameters two overloads share."""
    return len({p.name for p in one.listed} & {p.name for p in other.listed})


def _problems(side: Parameters, call: Call) -> List[Refusal]:
    """Everything that keeps a call from binding."""
    found = [*_too_many(side, call), *_keywords(side, call)]
    missing = tuple(_missing(side, call))
    if missing:
        found.append(Refusal(f"requires {', '.join(missing)}", "", missing))
    return found


def _too_many(side: Parameters, call: Call) -> Iterator[Refusal]:
    """More arguments by position than there are places."""
    count = len(side.places)
    if call.positions > count and not side.star:
        takes = f"{count or 'no'} positional argument{'' if count == 1 else 's'}"
        yield Refusal(f"takes {takes}; the {ordinal(count)} given here is refused", count)


def _keywords(side: Parameters, call: Call) -> Iterator[Refusal]:
    """Keywords that nothing takes, or whose parameter is given by position already."""
    for name in call.names:
        if name not in side.named:
            if not side.double:
                yield Refusal(f"{name}= is refused", name)
        elif side.at.get(name, call.positions) < call.positions:
            place = ordinal(side.at[name])
            yield Refusal(f"{name}= is refused: the {place} argument is {name} already", name)


def _missing(side: Parameters, call: Call) -> Iterator[str]:
    """Required parameters that the call does not give, and that nothing may hide."""
    reach = _reach(side, call)
    for place, one in enumerate(side.places):
        by_name = one.name in side.named and (one.name in call.names or call.doubled)
        if one.required and place >= reach and not by_name:
            yield one.name
    for one in side.named.values():
        keyword_only = one.passed is Passed.KEYWORD
        if keyword_only and one.required and one.name not in call.names and not call.doubled:
            yield one.name


def _reach(side: Parameters, call: Call) -> int:
    """How many places may be taken by position: ``*args`` goes on to the first that is named."""
    if not call.starred:
        return call.positions
    return next(
        (
            place
            for place, one in enumerate(side.places)
            if place >= call.positions and one.name in side.named and one.name in call.names
        ),
        max(call.positions, len(side.places)),
    )


def _between(before: Parameters, after: Parameters, call: Call) -> Iterator[CallChange]:
    """What changed for a call that both sides take."""
    new_names = renamed(before, after)
    known = {one.name for one in before.listed}, {one.name for one in after.listed}
    places = list(zip(before.places, after.places))[: call.positions]
    moves = [
        Move(place, was.name, now.name)
        for place, (was, now) in enumerate(places)
        if now.name not in (was.name, new_names.get(was.name))
        and not only_called_otherwise(was, now, *known)
    ]
    if moves:
        yield CallChange(What.MOVED, moved_words([one.words for one in moves]), moves[0].place)
    for was in before.single:
        now = _parameter(after, new_names.get(was.name, was.name))
        is_given = gives(before, call, was.name)
        if now is not None and not is_given and default_changed(was.default, now.default):
            words = default_words(now.name, str(was.default), str(now.default))
            yield CallChange(What.DEFAULT, words, now.name, doubtful=is_given is None)


def _parameter(side: Parameters, name: str) -> Optional[Parameter]:
    return next((one for one in side.single if one.name == name), None)


def _refusals(before: Parameters, after: Parameters, call: Call) -> Iterator[CallChange]:
    """Each refusal, with what happened to the parameter."""
    new_names = renamed(before, after)
    placed = [new_names.get(one.name, one.name) for one in before.places[: call.positions]]
    lost = [name for name in placed if name not in after.at]
    # What is missing only because it is given in the former way is not told beside that.
    asked = {*lost, *(new_names.get(name) for name in call.names)}
    problems = _problems(after, call)
    for problem in problems:
        if isinstance(problem.argument, int):
            what, why = _superfluous(lost, after)
        elif problem.argument:
            what, why = _refused_keyword(problem.argument, before, after)
        elif len(problems) > 1 and asked.issuperset(problem.missing):
            continue
        else:
            what, why = What.REQUIRED, ""
        argument = problem.missing[0] if problem.missing else problem.argument
        yield CallChange(what, problem.words + why, argument, refused=True)


def _superfluous(lost: Sequence[str], after: Parameters) -> Tuple[What, str]:
    """Which parameter has no place any more, so that a call has too many arguments."""
    if not lost:
        return What.ARGUMENT_GONE, ""  # one of those that *args took
    if lost[0] in after.named:
        return What.KEYWORD_ONLY, f": {lost[0]} is keyword-only"
    return What.ARGUMENT_GONE, f": {lost[0]} is gone"


def _refused_keyword(name: str, before: Parameters, after: Parameters) -> Tuple[What, str]:
    """Why a keyword is refused that was taken before."""
    if name in after.named:
        return What.MOVED, ""
    if name in after.at:
        return What.POSITIONAL_ONLY, f": {name} is positional-only"
    new_name = renamed(before, after).get(name)
    if new_name:
        return What.RENAMED, f": {name} is called {new_name}"
    return What.ARGUMENT_GONE, ": it is gone"
