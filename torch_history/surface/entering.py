"""Entering: how the survey of one release becomes part of the timelines."""

from __future__ import annotations

from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Set

import msgspec
from msgspec import Struct

from torch_history.surface import chains
from torch_history.surface.aliases import changed, spelled
from torch_history.surface.entry import Entry, stored
from torch_history.surface.files import Annotated, OfModule, Surface, Surveyed, ascending

FORMAT = 1


class Survey(Struct, forbid_unknown_fields=True):
    """What ``torch_history.surveying`` writes of one release."""

    format: int
    release: str
    python: str
    source: str
    modules: List[str]
    names: Dict[str, Entry]
    aliases: Dict[str, str]  # another path -> the public one
    annotations: Dict[str, str]
    failed: Dict[str, str]


class Entered(NamedTuple):
    """What a survey changed."""

    names: int  # of the release
    changed: int  # timelines


def enter(surface: Surface, survey: Survey, line: str) -> Entered:
    """Put a survey into the surface, as the release of this line."""
    surface.releases[line] = Surveyed(survey.release, survey.python, survey.source, survey.failed)
    surface.releases = ascending(surface.releases)
    one = _Entering(surface, survey, line)
    return Entered(len(survey.names), one.modules() + one.names() + one.aliases() + one.types())


class _Entering:
    """One survey that enters the surface."""

    def __init__(self, surface: Surface, survey: Survey, line: str) -> None:
        self._surface, self._survey, self._line = surface, survey, line
        self._seen = list(surface.releases)
        self._homes = {
            f"{of.module}.{name}": of.module for of in surface.modules.values() for name in of.names
        }

    def _unknown(self, path: str) -> bool:
        """Whether a path lies in a module that could not be imported."""
        return any(f"{path}.".startswith(f"{one}.") for one in self._survey.failed)

    def _entered(self, chain: Dict[str, Any], entry: Any) -> Dict[str, Any]:
        return chains.entered(chain, self._seen, self._line, entry)

    def modules(self) -> int:
        """The modules themselves, by the package that they are in."""
        present, count = self._surface.present, 0
        now: Dict[str, Set[str]] = {}
        for name in self._survey.modules:
            package, _, last = name.rpartition(".")
            now.setdefault(package, set()).add(last)
        for package in {*present, *now}:
            before = present.get(package, {})
            found = changed(before, self._seen, self._line, now.get(package, set()))
            present[package] = found
            count += found != before
        return count

    def names(self) -> int:
        """The names and what they take."""
        count = 0
        for path in sorted({*self._homes, *self._survey.names}):
            told = self._survey.names.get(path)
            entry = stored(told) if told else None
            if entry is None and self._unknown(path):
                continue
            home = self._home(path)
            of = self._surface.modules.setdefault(home, OfModule(home))
            name = path[len(home) + 1 :]
            before = of.names.get(name, {})
            after = self._entered(before, entry)
            count += after != before
            of.names[name] = after
        for of in self._surface.modules.values():
            of.names = {name: chain for name, chain in sorted(of.names.items()) if chain}
        return count

    def _home(self, path: str) -> str:
        """The module in whose file a name stands."""
        if path not in self._homes:
            home = path.rpartition(".")[0]
            while home not in self._survey.modules and "." in home:
                home = home.rpartition(".")[0]
            self._homes[path] = home
        return self._homes[path]

    def aliases(self) -> int:
        """The other paths, in the file of the module that has the public one."""
        wanted: Dict[str, Dict[str, Set[str]]] = {}
        for path, target in self._survey.aliases.items():
            home, (place, _, last) = self._home(target), path.rpartition(".")
            inside = target[len(home) + 1 :]
            wanted.setdefault(home, {}).setdefault(place, set()).add(spelled(last, inside))
        count = 0
        for home, of in self._surface.modules.items():
            for place in sorted({*of.aliases, *wanted.get(home, {})}):
                now: Optional[Set[str]] = wanted.get(home, {}).get(place, set())
                if not now and self._unknown(place):
                    continue
                before = of.aliases.get(place, {})
                of.aliases[place] = changed(before, self._seen, self._line, now or set())
                count += of.aliases[place] != before
            of.aliases = {name: told for name, told in sorted(of.aliases.items()) if told}
        return count

    def types(self) -> int:
        """The annotations."""
        count = 0
        known = self._surface.annotations
        for path, home in self._homes.items():
            name = path[len(home) + 1 :]
            text = self._survey.annotations.get(path)
            before = known[home].names.get(name, {}) if home in known else {}
            if (text is None and path not in self._survey.names) or (not before and text is None):
                continue  # a name that is gone has no annotations to lose
            after = self._entered(before, text)
            known.setdefault(home, Annotated(home)).names[name] = after
            count += after != before
        for of in known.values():
            of.names = {name: told for name, told in sorted(of.names.items()) if told}
        return count


def survey_of(content: bytes) -> Survey:
    """A survey from the content of its file. Raises msgspec's errors for another form."""
    return msgspec.json.decode(content, type=Survey)


def unlike(surface: Surface, survey: Survey, line: str) -> Iterator[str]:
    """The names of which the surface says another thing than the survey of a release."""
    told = {
        f"{of.module}.{name}": chain
        for of in surface.modules.values()
        for name, chain in of.names.items()
    }
    for path in sorted({*told, *survey.names}):
        entry = survey.names.get(path)
        kept = chains.at(told.get(path, {}), line)
        if entry is None and any(path.startswith(f"{one}.") for one in survey.failed):
            continue
        if kept != (stored(entry) if entry else None):
            yield path
