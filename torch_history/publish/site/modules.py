"""Modules: the names of torch by module, with what became of them."""

from __future__ import annotations

from collections import Counter
from typing import Collection, Dict, Iterable, Iterator, List, NamedTuple, Optional

from torch_history.publish.site.apis import files_of
from torch_history.publish.site.timelines import Name, Spans, Timelines, Told, releases
from torch_history.questions.names import Lives, Span
from torch_history.surface.what import What

OPERATORS = "torch.ops.aten"  # no module, but it has as many names as a large one
FOLDER = "surface"
FEWEST = 20  # names of a module that is listed by itself


class Module(NamedTuple):
    """A module, with the names that stand in it, those of its classes too."""

    name: str
    spans: Spans
    names: List[Name]  # in the order of the alphabet


class Part(NamedTuple):
    """A module that is listed by itself, with the small ones below it."""

    name: str
    file: str  # of its page, in the folder of these
    modules: List[Module]  # in the order of the alphabet, so that its own is the first

    @property
    def page(self) -> str:
        """The address of its page, from the root of the site."""
        return f"{FOLDER}/{self.file}"

    @property
    def names(self) -> Iterator[Name]:
        """The names of all its modules."""
        return (name for module in self.modules for name in module.names)


class Counts(NamedTuple):
    """How many names a part has, and what became of them."""

    now: int
    covered: int  # by behaviours
    gone: int
    changed: int
    deprecated: int  # and not gone


class Turn(NamedTuple):
    """How many names a release brought, lost, changed and deprecated."""

    release: str
    came: int
    gone: int
    changed: int
    deprecated: int


class Modules:
    """All public names of a surface by module."""

    def __init__(self, lives: Lives):
        self.lives = lives
        self.releases = list(lives.libraries)
        timelines = Timelines(lives)
        self._spans = _spans(lives)
        if lives.below(OPERATORS):
            self._spans[OPERATORS] = (Span(self.releases[0], True, None),)
        found: Dict[str, List[Name]] = {module: [] for module in sorted(self._spans)}
        for path in lives.names:
            found.setdefault(_home(path, found), []).append(timelines.of(path))
        self.all = [
            Module(name, self._spans.get(name, ()), names) for name, names in sorted(found.items())
        ]
        self.parts = self._parts()
        self._places = {name.path: part for part in self.parts for name in part.names}

    def part_of(self, name: str) -> Optional[Part]:
        """The part in which a public name is listed."""
        return self._places.get(name)

    def _parts(self) -> List[Part]:
        """The modules that are listed by themselves, each with the small ones below it."""
        large = {"torch", *(one.name for one in self.all if len(one.names) >= FEWEST)}
        found: Dict[str, List[Module]] = {}
        for module in self.all:
            found.setdefault(_home(f"{module.name}.", large), []).append(module)
        files = files_of(found)
        return [Part(name, f"{files[name]}.html", of) for name, of in sorted(found.items())]

    def bare(self, part: Part) -> Dict[str, List[str]]:
        """Package -> the modules in it that have no names of their own, as ``nadam 1.10``."""
        found: Dict[str, List[str]] = {}
        for module in part.modules:
            if not module.names:
                package, _, last = module.name.rpartition(".")
                when = releases(module.spans, self._spans.get(package, ()))
                found.setdefault(package, []).append(f"{last} {when}".strip())
        return found

    def counts(self, part: Part, covered: Collection[str]) -> Counts:
        """The counts of a part; ``covered`` are the names that behaviours are about."""
        names = list(part.names)
        now = [one for one in names if not one.gone]
        return Counts(
            len(now),
            sum(one.path in covered for one in names),
            len(names) - len(now),
            sum(any(told.is_change for told in one.told) for one in names),
            sum(bool(one.entry.warns) for one in now),
        )

    def turns(self) -> List[Turn]:
        """What each release did, the newest first; what came or went with its class is not told."""
        counted = {what: Counter[str]() for what in ("came", "gone", "changed", "deprecated")}
        after = dict(zip(self.releases, self.releases[1:]))
        for module in self.all:
            classes = {one.path: one for one in module.names if one.entry.kind == "class"}
            for name in module.names:
                owner = classes.get(name.path.rpartition(".")[0])
                if owner is None or owner.spans != name.spans:
                    counted["came"].update(one.since for one in name.spans if not one.or_before)
                    counted["gone"].update(after[one.until] for one in name.spans if one.until)
                counted["changed"].update(told.since for told in name.told if told.is_change)
                counted["deprecated"].update(_deprecations(name.told))
        return [
            Turn(one, *(found[one] for found in counted.values()))
            for one in reversed(self.releases[1:])
        ]


def _deprecations(told: Iterable[Told]) -> List[str]:
    return [one.since for one in told if one.since and What.DEPRECATED in one.kinds]


def _home(path: str, among: Collection[str]) -> str:
    """The nearest of some modules in which a path stands."""
    home = path.rpartition(".")[0]
    while home not in among and "." in home:
        home = home.rpartition(".")[0]
    return home


def _spans(lives: Lives) -> Dict[str, Spans]:
    """Every module that a release has, with the releases that have it."""
    releases = list(lives.libraries)
    before = dict(zip(releases[1:], releases))
    found: Dict[str, List[Span]] = {}
    for package, told in lives.surface.modules.items():
        for line in filter(told.__contains__, releases):
            for sign in told[line].split():
                path = f"{package}.{sign[1:]}" if package else sign[1:]
                runs = found.setdefault(path, [])
                if sign[0] == "+":
                    runs.append(Span(line, line == releases[0], None))
                else:
                    runs[-1] = runs[-1]._replace(until=before[line])
    return {path: tuple(runs) for path, runs in found.items()}
