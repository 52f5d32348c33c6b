"""Collecting: what is kept of the source that was read: the places that meet a cause, and names."""

from __future__ import annotations

from typing import (
    Callable,
    Collection,
    Dict,
    Iterator,
    List,
    NamedTuple,
    Optional,
    Sequence,
    Set,
    Tuple,
)

from torch_history.code.hits import Hit, Level, Place
from torch_history.code.judging import Verdict, judge
from torch_history.code.names import DISTINCTIVE
from torch_history.code.surfacing import Surfacing, joined
from torch_history.code.targets import Target
from torch_history.code.use import Evidence, Name, Relation, Use

Cause = Tuple[str, ...]
Judged = Tuple[Target, Verdict]


class Found(NamedTuple):
    """One cause at one place: the targets that meet it there, the one that tells most first."""

    targets: Tuple[Target, ...]
    hit: Hit  # of the first


class Wanted:
    """The names whose uses are asked for: those of a target, and those that the surface changed."""

    def __init__(self, of: Dict[str, List[Target]], surfacing: Optional[Surfacing]) -> None:
        self._of, self._surfacing = of, surfacing

    def __contains__(self, name: object) -> bool:
        """Whether a use of this name may be a finding."""
        if name in self._of:
            return True
        return self._surfacing is not None and self._surfacing.wants(str(name))


class Collector:
    """What a scan has found so far."""

    def __init__(
        self,
        targets: Sequence[Target],
        apis: Collection[str],
        level: Level,
        surfacing: Optional[Surfacing] = None,
    ) -> None:
        self._surfacing = surfacing
        self._wanted: Dict[str, List[Target]] = {}  # by API
        for target in targets:
            for name in target.names:
                self._wanted.setdefault(name, []).append(target)
        self._agreed = _agreed(self._wanted)
        self._apis = set(apis)
        for api in apis:  # a module or a class is covered by what it contains
            parts = api.split(".")
            self._apis.update(".".join(parts[:length]) for length in range(2, len(parts)))
        self._level = level
        # Most lines meet the same targets: one tuple for all of them.
        self._same: Dict[Tuple[int, ...], Tuple[Target, ...]] = {}
        self.found: List[Found] = []
        self.covered: Dict[str, int] = {}
        self.surface: Set[str] = set()  # those of the uncovered whose surface is recorded
        self.uncovered: Dict[str, List[Place]] = {}
        self.accepted = 0

    def add(
        self,
        source: Evidence,
        place_of: Callable[[int], Place],
        accepted: Set[int],
        lines: Optional[range] = None,
    ) -> None:
        """Keep what a file holds; with ``lines`` what stands in these. It closes the source."""
        kept: Dict[Tuple[int, Cause], int] = {}  # line and cause -> index of what was found
        passed: Set[int] = set()
        for use in source.uses(Wanted(self._wanted, self._surfacing)):
            if lines is not None and use.line not in lines:
                continue
            for judged in self._judged(use, source):
                line = judged[0][1].line or use.line
                if not accepted.isdisjoint((line, use.line)):
                    passed.add(use.line)
                else:
                    self._keep(judged, use, line, place_of, kept)
        self.accepted += len(passed)
        for mention in source.mentions():
            if lines is not None and mention.line not in lines:
                continue
            surface = self._surfacing
            if any(name.api in self._apis for name in mention.names if _is_about(name)):
                self.covered[mention.name] = self.covered.get(mention.name, 0) + 1
            else:
                if surface is not None and surface.covers(mention.name):
                    self.surface.add(mention.name)
                self.uncovered.setdefault(mention.name, []).append(place_of(mention.line))
        source.close()

    def _keep(
        self,
        judged: List[Judged],
        use: Use,
        line: int,
        place_of: Callable[[int], Place],
        kept: Dict[Tuple[int, Cause], int],
    ) -> None:
        """Keep one cause at one place, once for each line."""
        target, (level, depends, why, _) = judged[0]
        hit = Hit(place_of(line), level, depends, why, (use.line, use.column))
        key = tuple(id(one) for one, _ in judged)
        found = Found(self._same.setdefault(key, tuple(one for one, _ in judged)), hit)
        at = kept.setdefault((line, target.cause), len(self.found))
        if at == len(self.found):
            self.found.append(found)
        elif _harm(judged[0]) < _harm((self.found[at].targets[0], self.found[at].hit)):
            self.found[at] = found

    def _judged(self, use: Use, source: Evidence) -> Iterator[List[Judged]]:
        """For each cause that a use meets, its targets: where one is surer, not the possible."""
        best: Dict[int, Judged] = {}
        given = use.arguments
        # To import or read a name, or to override a method, runs nothing that a behaviour is about.
        named = () if use.roles & {"import", "override", "read"} else use.names
        for name in named:
            arguments = given.shifted(name.shift)
            for target in self._wanted.get(name.api, ()):
                agreed = name.relation is Relation.UNKNOWN and self._is_agreed(target, name)
                verdict = judge(target, use, name, arguments, source, agreed)
                if verdict is None or verdict.level.rank > self._level.rank:
                    continue
                known = best.get(id(target))
                if known is None or _sure(verdict) < _sure(known[1]):
                    best[id(target)] = target, verdict
        causes: Dict[Cause, List[Judged]] = {}
        shown = self._surfacing.judged(use) if self._surfacing else ()
        for judged in (*best.values(), *shown):
            if judged[1].level.rank <= self._level.rank:
                causes.setdefault(judged[0].cause, []).append(judged)
        joined(causes)
        for of in causes.values():
            of.sort(key=_harm)
            surest = of[0][1].level is not Level.POSSIBLE
            yield [one for one in of if not surest or one[1].level is not Level.POSSIBLE]

    def _is_agreed(self, target: Target, name: Name) -> bool:
        return target.cause in self._agreed.get(name.api.rpartition(".")[2], ())


def _sure(verdict: Verdict) -> Tuple[int, bool]:
    return verdict.level.rank, bool(verdict.depends)


def _harm(pair: Tuple[Target, Verdict | Hit]) -> Tuple[int, ...]:
    target, one = pair
    return one.level is Level.POSSIBLE, target.kind.rank, bool(one.depends), one.level.rank


def _is_about(name: Name) -> bool:
    """Whether a behaviour under this name is about what is used, and not only about its base."""
    return name.relation is not Relation.BASE


def _agreed(wanted: Dict[str, List[Target]]) -> Dict[str, Set[Cause]]:
    """Method -> the causes that every class of torch with a method of this name meets."""
    found = {}
    for method, owners in DISTINCTIVE.items():
        causes = [{one.cause for one in wanted.get(f"{owner}.{method}", ())} for owner in owners]
        found[method] = set.intersection(*causes)
    return found
