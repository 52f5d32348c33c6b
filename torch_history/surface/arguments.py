"""Arguments: what changed between the parameters of two releases.

A builtin may have several overloads. Then something changed only if it is so for all of them: an
argument is gone if no overload takes it.
"""

from __future__ import annotations

from typing import (
    Callable,
    Container,
    Dict,
    Iterator,
    List,
    NamedTuple,
    Optional,
    Sequence,
    Tuple,
    Union,
)

from torch_history.surface.entry import Entry
from torch_history.surface.facts import NEW, Fact, Holds
from torch_history.surface.parameters import (
    Parameter,
    Parameters,
    Passed,
    default_changed,
    named_as,
    parse,
    renamed,
    same_default,
)
from torch_history.surface.what import What, brief, ordinal


class Move(NamedTuple):
    """A place that another parameter takes."""

    place: int
    was: str
    now: str

    @property
    def words(self) -> str:
        """Which parameter takes the place of which."""
        return f"{self.now} in place of {self.was} as its {ordinal(self.place)}"


def parsed(entry: Entry) -> List[Parameters]:
    """The parameters of each overload; empty where they are not known."""
    return [parse(text) for text in entry.overloads]


def arguments(before: Sequence[Parameters], after: Sequence[Parameters]) -> Iterator[Fact]:
    """What changed for callers; nothing where one side's parameters are not known."""
    if before and after:
        was = [named_as(one, after[0]) for one in before]
        now = [named_as(one, before[0]) for one in after]
        yield from _Sides(was, now).facts()


Named = Dict[str, List[Parameter]]  # name -> what it is in each overload that has it


class _Met(NamedTuple):
    """The overloads of a release between both sides."""

    old: Named  # what has no name is called as on the before side
    new: Named  # and as on the after side
    sides: Sequence[Parameters]  # the same as ``new``


_Test = Callable[[_Met], bool]  # whether a release has what is told of the after side


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
        self._met: Dict[Union[str, Tuple[str, ...]], _Met] = {}

    def facts(self) -> Iterator[Fact]:
        yield from self.gone()
        yield from self.renames()
        yield from self.keyword_only()
        yield from self.positional_only()
        yield from self.moved()
        yield from self.required()
        yield from self.defaults()
        yield from self.appeared()

    def gone(self) -> Iterator[Fact]:
        """The names that nothing takes any more, unless a star of the after side takes them."""
        if _double(self.after):
            return
        found = [name for name in self._lost() if not self._starred(name)]
        if not self.came:  # what *args and **options took may have names now
            found += [f"*{one.star}" for one in self.before if one.star and not _star(self.after)]
            found += [f"**{one.double}" for one in self.before if one.double]
        for name in dict.fromkeys(found):
            yield self._fact(What.ARGUMENT_GONE, "no longer takes {}", name, _lacks(name))

    def _lost(self) -> List[str]:
        return [name for name in self.old if name not in self.kept]

    def _placed(self, name: str) -> bool:
        """Whether an argument could be passed by position before."""
        return any(p.passed is not Passed.KEYWORD for p in self.old[name])

    def _starred(self, name: str) -> bool:
        """Whether ``*args`` takes what had a name and a place."""
        places = [one.at[name] for one in self.before if name in one.at]
        taken = max(len(one.places) for one in self.after)
        return _star(self.after) and self._placed(name) and min(places) >= taken

    def renames(self) -> Iterator[Fact]:
        """Other names, unless all callers pass the argument by position."""
        for was, now in self.renamed.items():
            if _by_keyword(self.old[was]) and not _double(self.after):
                holds = _calls(was, now)
                yield self._fact(What.RENAMED, "renames {}", was, holds, f"{was} to {now}")

    def keyword_only(self) -> Iterator[Fact]:
        """Arguments that a call by position no longer reaches."""
        for was, now in self.kept.items():
            if self._placed(was) and _is_keyword(self.new[now]) and not _star(self.after):
                holds = _each(now, _is_keyword)
                yield self._fact(What.KEYWORD_ONLY, "takes {} by keyword only", now, holds)

    def positional_only(self) -> Iterator[Fact]:
        """Arguments that a keyword no longer reaches; ``*args`` may take their places."""
        if _double(self.after):
            return
        names = [
            now
            for was, now in self.kept.items()
            if _by_keyword(self.old[was]) and not _by_keyword(self.new[now])
        ]
        names += [one for one in self._lost() if self._starred(one)]
        for name in names:
            holds = _each(name, lambda seen: not _by_keyword(seen))
            yield self._fact(What.POSITIONAL_ONLY, "takes {} by position only", name, holds)

    def moved(self) -> Iterator[Fact]:
        """The places that another parameter takes, told together."""
        for one in self.moves():
            yield self._fact(What.MOVED, "takes {}", one.was, _takes_place(one), one.words)

    def moves(self) -> Iterator[Move]:
        """The places that have another parameter in all overloads."""
        for place, (old, new) in enumerate(zip(_by_place(self.before), _by_place(self.after))):
            was, now = {one.name for one in old}, {one.name for one in new}
            if {self.kept.get(name, name) for name in was} & now:
                continue
            pairs = ((one, other) for one in old for other in new)
            if not any(only_called_otherwise(*pair, self.old, self.new) for pair in pairs):
                yield Move(place, min(was), min(now))

    def required(self) -> Iterator[Fact]:
        """The arguments that each call must give now, new ones and former ones."""
        needed = [name for name in self.new if all(_requires(one, name) for one in self.after)]
        open_ended = _star(self.before) or _double(self.before)
        former = {now: was for was, now in self.kept.items()}
        for name in needed:
            if name in self.came and not open_ended:
                yield self._fact(What.REQUIRED, NEW, name, _must(name))
        for name in needed:
            if name in former and any(not p.required for p in self.old[former[name]]):
                yield self._fact(What.REQUIRED, "requires {}", name, _must(name))

    def defaults(self) -> Iterator[Fact]:
        """The arguments without which a call may do something else."""
        for name, now in self.kept.items():
            was, texts = _defaults(self.old[name]), _defaults(self.new[now])
            if was and texts and _differ(was, texts):
                words = default_words(now, " or ".join(was), " or ".join(texts))
                yield self._fact(What.DEFAULT, "{}", now, _by_default(now, texts), words)

    def appeared(self) -> Iterator[Fact]:
        """The names that calls may give now; what must be given is told apart."""
        for name in self.came:
            must = all(_requires(one, name) for one in self.after)
            if not must and not _double(self.before):
                yield self._fact(What.ARGUMENT_APPEARED, "takes {}", name, _each(name, bool))

    def _fact(self, what: What, form: str, name: str, holds: _Test, text: str = "") -> Fact:
        return Fact(what, text or name, self._on_entries(holds), (name,), form)

    def _on_entries(self, holds: _Test) -> Holds:
        def test(entry: Optional[Entry]) -> Optional[bool]:
            if entry is None or entry.takes is None:
                return None
            if entry.takes not in self._met:
                self._met[entry.takes] = self._meet(parsed(entry))
            return holds(self._met[entry.takes])

        return test

    def _meet(self, sides: Sequence[Parameters]) -> _Met:
        old, new = ([named_as(one, of[0]) for one in sides] for of in (self.before, self.after))
        return _Met(_by_name(old), _by_name(new), new)


def _lacks(name: str) -> _Test:
    def holds(met: _Met) -> bool:
        stars = [f"*{one.star}" for one in met.sides] + [f"**{one.double}" for one in met.sides]
        return name not in stars and name not in met.old

    return holds


def _calls(was: str, now: str) -> _Test:
    return lambda met: was not in met.old and now in met.new


def _each(name: str, test: Callable[[Sequence[Parameter]], bool]) -> _Test:
    return lambda met: test(met.new.get(name, []))


def _takes_place(of: Move) -> _Test:
    def holds(met: _Met) -> bool:
        places = _by_place(met.sides)
        names = {one.name for one in places[of.place]} if of.place < len(places) else set()
        return of.now in names and of.was not in names

    return holds


def _must(name: str) -> _Test:
    return lambda met: all(_requires(one, name) for one in met.sides)


def _by_default(name: str, texts: Sequence[str]) -> _Test:
    def holds(met: _Met) -> bool:
        seen = _defaults(met.new.get(name, []))
        return bool(seen) and not _differ(seen, texts)

    return holds


def only_called_otherwise(
    was: Parameter, now: Parameter, old: Container[str], new: Container[str]
) -> bool:
    """Whether a place has another name that neither side knew: ``solve(input, other)`` as ``A, B``.

    A call by position does not see it. ``old`` and ``new`` are the names of both sides.
    """
    both_new = now.name not in old and was.name not in new
    return both_new and same_default(was.default, now.default)


def default_words(name: str, was: str, now: str) -> str:
    """What a default is and was."""
    return f"{name} is {brief(now)} by default, was {brief(was)}"


def _by_name(side: Sequence[Parameters]) -> Named:
    found: Named = {}
    for one in side:
        for parameter in one.single:
            found.setdefault(parameter.name, []).append(parameter)
    return found


def _by_place(side: Sequence[Parameters]) -> List[List[Parameter]]:
    """The parameters at each place, over all overloads."""
    length = max(len(one.places) for one in side)
    return [
        [one.places[place] for one in side if place < len(one.places)] for place in range(length)
    ]


def _star(side: Sequence[Parameters]) -> bool:
    return any(one.star for one in side)


def _double(side: Sequence[Parameters]) -> bool:
    return any(one.double for one in side)


def _by_keyword(seen: Sequence[Parameter]) -> bool:
    return any(one.passed is not Passed.POSITION for one in seen)


def _is_keyword(seen: Sequence[Parameter]) -> bool:
    return bool(seen) and all(one.passed is Passed.KEYWORD for one in seen)


def _requires(side: Parameters, name: str) -> bool:
    return any(one.name == name and one.required for one in side.listed)


def _defaults(seen: Sequence[Parameter]) -> List[str]:
    """The different defaults."""
    return list(dict.fromkeys(one.default for one in seen if one.default is not None))


def _differ(was: Sequence[str], now: Sequence[str]) -> bool:
    """Whether no default of one side is one of the other."""
    return all(default_changed(one, other) for one in was for other in now)
