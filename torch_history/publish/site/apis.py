"""APIs: the names of torch that behaviours are about, with the addresses of their pages."""

from __future__ import annotations

import re
from typing import Dict, Iterable, List, NamedTuple, Optional, Set, Tuple

from torch_history.catalogue.behaviour import Change
from torch_history.publish.site.model import Life, Model
from torch_history.publish.site.upgrades import ordered


class Api(NamedTuple):
    """A name of torch, with the behaviours that are about it."""

    name: str
    page: str  # from the root of the site
    documentation: Optional[str]
    lives: List[Life]

    @property
    def file_apart(self) -> List[str]:
        """The name of its file, where that is not the API's."""
        file = self.page[len("apis/") : -len(".html")]
        return [file] if file != self.name else []

    @property
    def signatures(self) -> List[Life]:
        """Those that record its parameters."""
        return [life for life in self.lives if life.behaviour.signature]

    @property
    def others(self) -> List[Life]:
        """Those about what it does."""
        return [life for life in self.lives if not life.behaviour.signature]

    @property
    def changes(self) -> List[Tuple[Change, List[Life]]]:
        """What changed, the newest first: one cause once, with the behaviours that show it."""
        together: Dict[Tuple[str, str, str], Tuple[Change, List[Life]]] = {}
        for life in self.lives:
            for change in life.behaviour.changes:
                if change.of and self.name not in change.of:
                    continue
                key = change.version, change.kind.slug, change.cause or change.text
                together.setdefault(key, (change, []))[1].append(life)
        by_change = {id(change): lives for change, lives in together.values()}
        known = ordered(change for change, _ in together.values())
        return [(change, by_change[id(change)]) for change in _newest_first(known)]

    @property
    def harmless(self) -> int:
        """The number of changes that harm no program."""
        return sum(not change.kind.matters for change, _ in self.changes)


def _newest_first(changes: List[Change]) -> List[Change]:
    """By release, the newest first; within one still the most harmful first."""
    releases = list(dict.fromkeys(change.version for change in changes))
    return [one for version in reversed(releases) for one in changes if one.version == version]


def apis(model: Model) -> Dict[str, Api]:
    """Every API by name, in the order of the alphabet."""
    lives: Dict[str, List[Life]] = {}
    for life in model.lives:
        for api in life.behaviour.api:
            lives.setdefault(api, []).append(life)
    files = files_of(lives)
    return {
        name: Api(name, f"apis/{files[name]}.html", _documentation(name, lives[name]), lives[name])
        for name in sorted(lives, key=lambda name: (name.lower(), name))
    }


def files_of(names: Iterable[str]) -> Dict[str, str]:
    """Name -> name of its file. ``torch.tensor`` and ``torch.Tensor`` are one file to some systems.

    So a name whose file is taken gets an underscore at its end.
    """
    files: Dict[str, str] = {}
    taken: Set[str] = set()
    for name in sorted(set(names)):  # capitals come first
        file = re.sub(r"[^A-Za-z0-9_.]", "-", name)
        while file.lower() in taken:
            file += "_"
        taken.add(file.lower())
        files[name] = file
    return files


def _documentation(name: str, lives: List[Life]) -> Optional[str]:
    pages = (life.behaviour.page or "" for life in lives)
    return next((page for page in pages if page.endswith(f"/{name}.html")), None)


def by_home(apis: Iterable[Api]) -> Dict[str, List[Api]]:
    """Module or class -> its APIs."""
    found: Dict[str, List[Api]] = {}
    for api in apis:
        found.setdefault(api.name.rpartition(".")[0], []).append(api)
    return dict(sorted(found.items(), key=lambda item: item[0].lower()))
