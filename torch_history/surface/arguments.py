"""Arguments: what changed between the parameters of two releases.

A builtin may have several overloads. Then something changed only if it is so for all of them: an
argument is gone if no overload takes it.
"""

from __future__ import annotations

from typing import Dict, Iterator, List, NamedTuple, Sequence, Set, Tuple

from torch_history.surface.parameters import (
    Parameter,
    Parameters,
    Passed,
    default_changed,
    named_as,
    renamed,
)
from torch_history.surface.what import DEFAULT_MATTERS, Change, What, brief, ordinal


class Move(NamedTuple):
    """A place that another parameter takes."""

    place: int
    was: str
    now: str


def arguments(before: Sequence[Parameters], after: Sequence[Parameters]) -> Iterator[Change]:
    """What changed for callers; nothing where one side's parameters are not known."""
    if before and after:
        was = [named_as(one, after[0]) for one in before]
        now = [named_as(one, before[0]) for one in after]
        yield from _Sides(was, now).changes()


class _Sides:
    """The overloads of both sides, and what is under the same name on both."""

    def __init__(self, before: Sequence[Parameters], after: Sequence[Parameters]) -> None:
        self.before, self.after = before, after
        self.old, self.new = _by_name(before), _by_name(after)
        self.renamed = {
            was: now
            for one in before
            for other in after
            for was, now in renamed(one, other).items()
            if was not in self.new and now not in self.old
        }
        self.kept = {name: self.renamed.get(name, name) for name in self.old}
        self.kept = {was: now for was, now in self.kept.items() if now in self.new}
        came = set(self.new) - set(self.kept.values())
        self.came = [name for name in self.new if name in came]

    def changes(self) -> Iterator[Change]:
        yield from _told(What.ARGUMENT_GONE, "no longer takes {}", self.gone())
        yield from self.renames()
        yield from self.keyword_only()
        yield from self.positional_only()
        yield from moved(self.moves())
        yield from self.required()
        yield from self.defaults()
        yield from _told(What.ARGUMENT_APPEARED, "takes {}", self.appeared())

    def gone(self) -> List[str]:
        """The names that nothing takes any more, unless a star of the after side takes them."""
        if _double(self.after):
            return []
        found = [name for name in self._lost() if not (_star(self.after) and self._placed(name))]
        if self.came:  # what *args and **options took may have names now
            return found
        stars = [f"*{one.star}" for one in self.before if one.star and not _star(self.after)]
        doubles = [f"**{one.double}" for one in self.before if one.double]
        return list(dict.fromkeys([*found, *stars, *doubles]))

    def _lost(self) -> List[str]:
        return [name for name in self.old if name not in self.kept]

    def _placed(self, name: str) -> bool:
        """Whether an argument could be passed by position before."""
        return any(p.passed is not Passed.KEYWORD for p in self.old[name])

    def renames(self) -> Iterator[Change]:
        """Other names, unless all callers pass the argument by position."""
        found = {was: now for was, now in self.renamed.items() if _by_keyword(self.old[was])}
        words = ", ".join(f"{was} to {now}" for was, now in found.items())
        if found and not _double(self.after):
            yield Change(What.RENAMED, f"renames {words}", tuple(found))

    def keyword_only(self) -> Iterator[Change]:
        """Arguments that a call by position no longer reaches."""
        names = [
            now
            for was, now in self.kept.items()
            if self._placed(was) and all(p.passed is Passed.KEYWORD for p in self.new[now])
        ]
        if not _star(self.after):
            yield from _told(What.KEYWORD_ONLY, "takes {} by keyword only", names)

    def positional_only(self) -> Iterator[Change]:
        """Arguments that a keyword no longer reaches; ``*args`` may take their places."""
        names = [
            now
            for was, now in self.kept.items()
            if _by_keyword(self.old[was]) and not _by_keyword(self.new[now])
        ]
        if _star(self.after):
            names += [one for one in self._lost() if self._placed(one)]
        if not _double(self.after):
            yield from _told(What.POSITIONAL_ONLY, "takes {} by position only", names)

    def moves(self) -> Iterator[Move]:
        """The places that have another parameter in all overloads."""
        old, new = _by_place(self.before), _by_place(self.after)
        for place, (was, now) in enumerate(zip(old, new)):
            if not {self.kept.get(name, name) for name in was} & now:
                yield Move(place, min(was), min(now))

    def required(self) -> Iterator[Change]:
        """The arguments that each call must give now, new ones and former ones."""
        needed = [name for name in self.new if all(_requires(one, name) for one in self.after)]
        open_ended = _star(self.before) or _double(self.before)
        new = [name for name in needed if name in self.came and not open_ended]
        word = "a new required argument" if len(new) == 1 else "new required arguments"
        yield from _told(What.REQUIRED, f"takes {word} {{}}", new)
        former = {now: was for was, now in self.kept.items()}
        optional = [
            name
            for name in needed
            if name in former and any(not p.required for p in self.old[former[name]])
        ]
        yield from _told(What.REQUIRED, "requires {}", optional)

    def defaults(self) -> Iterator[Change]:
        found = {}
        for name, now in self.kept.items():
            texts = _defaults(self.old[name]), _defaults(self.new[now])
            differ = all(default_changed(a, b) for a in texts[0] for b in texts[1])
            if all(texts) and differ:
                found[now] = default_words(now, " or ".join(texts[0]), " or ".join(texts[1]))
        if found:
            words = ", and ".join(found.values())
            yield Change(What.DEFAULT, words, tuple(found), DEFAULT_MATTERS)

    def appeared(self) -> List[str]:
        """The names that calls may give now; what must be given is told apart."""
        if _double(self.before):
            return []
        return [name for name in self.came if not all(_requires(one, name) for one in self.after)]


def _told(what: What, words: str, names: Sequence[str]) -> Iterator[Change]:
    """One change for all the arguments that it happened to."""
    if names:
        yield Change(what, words.format(", ".join(names)), tuple(names))


def moved(moves: Iterator[Move]) -> Iterator[Change]:
    """One change for all the places that another parameter takes."""
    found = list(moves)
    if found:
        yield Change(What.MOVED, moved_words(found), tuple(one.was for one in found))


def moved_words(moves: Sequence[Move]) -> str:
    """Which parameters take the places of which; three of them at most."""
    parts = [f"{one.now} in place of {one.was} as its {ordinal(one.place)}" for one in moves[:3]]
    parts[0] += " argument"
    more = [f"and {len(moves) - 3} more"] if len(moves) > 3 else []
    return "takes " + ", ".join([*parts, *more])


def default_words(name: str, was: str, now: str) -> str:
    """What a default is and was."""
    return f"{name} is {brief(now)} by default, was {brief(was)}"


def _by_name(side: Sequence[Parameters]) -> Dict[str, List[Parameter]]:
    found: Dict[str, List[Parameter]] = {}
    for one in side:
        for parameter in one.single:
            found.setdefault(parameter.name, []).append(parameter)
    return found


def _by_place(side: Sequence[Parameters]) -> List[Set[str]]:
    """The names at each place, over all overloads."""
    length = max(len(one.places) for one in side)
    return [
        {one.places[place].name for one in side if place < len(one.places)}
        for place in range(length)
    ]


def _star(side: Sequence[Parameters]) -> bool:
    return any(one.star for one in side)


def _double(side: Sequence[Parameters]) -> bool:
    return any(one.double for one in side)


def _by_keyword(seen: Sequence[Parameter]) -> bool:
    return any(one.passed is not Passed.POSITION for one in seen)


def _requires(side: Parameters, name: str) -> bool:
    return any(one.name == name and one.required for one in side.listed)


def _defaults(seen: Sequence[Parameter]) -> Tuple[str, ...]:
    """The different defaults."""
    return tuple(dict.fromkeys(one.default for one in seen if one.default is not None))
