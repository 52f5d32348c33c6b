"""A note on the surface is about a name, and a release at which it changed."""

from __future__ import annotations

from typing import Iterator, List

from torch_history.check.tree import Tree
from torch_history.errors import HistoryError
from torch_history.surface import files, notes
from torch_history.surface.files import Surface


def faults(tree: Tree) -> Iterator[str]:
    """Notes on a name that there is not, or on a release at which it did not change."""
    try:
        found = notes.read(tree.root)
    except HistoryError as error:
        yield str(error)
        return
    if tree.surface is None:
        return
    where = tree.root / files.FOLDER / notes.FILE
    for path, told in found.items():
        changed = _changed(tree.surface, path)
        if not changed:
            yield f"{where}: {path}: no such name: mend it, or remove its notes"
            continue
        for line, note in told.items():
            if line not in changed:
                when = ", ".join(changed)
                yield f"{where}: {path} did not change at {line}: write one of {when}"
            elif not (note.advice or note.cause):
                yield f"{where}: {path}, {line}: says nothing: write an advice or a cause"


def _changed(surface: Surface, path: str) -> List[str]:
    """The releases at which a name, an alias or a module came, changed or went."""
    if path in surface.names:
        return list(surface.names[path])
    place, _, last = path.rpartition(".")
    return [
        line
        for of in (surface.modules, surface.aliases)
        for line, signs in of.get(place, {}).items()
        if any(one[1:].partition("=")[0] == last for one in signs.split())
    ]
