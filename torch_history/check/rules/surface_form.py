"""Each file of the surface is as the record command wrote it, down to each entry."""

from __future__ import annotations

from typing import Dict, Iterator, Mapping

from torch_history.check.tree import Tree, several
from torch_history.errors import HistoryError
from torch_history.surface import aliases, chains, entry, files, parameters
from torch_history.surface.files import RESTORE, Surface


def faults(tree: Tree) -> Iterator[str]:
    """Files of the surface that are damaged or edited."""
    yield from (str(fault) for fault in tree.damaged)
    if tree.surface is None:
        return
    yield from _texts(tree, tree.surface)
    for name, why in (*_timelines(tree.surface), *_entries(tree.surface)):
        yield f"{tree.root / files.FOLDER}: {name}: {why}: {RESTORE}"


def _texts(tree: Tree, surface: Surface) -> Iterator[str]:
    """Files that say what they said when they were written, in another form."""
    folder = tree.root / files.FOLDER
    wanted = files.texts(surface) if folder.is_dir() else {}
    paths = {path.relative_to(folder).as_posix(): path for path in files.paths(tree.root)}
    for inside in sorted({*paths, *wanted}):
        if inside not in paths:
            yield f"{folder / inside}: no such file: {RESTORE}"
            continue
        written, canonical = paths[inside].read_text(encoding="utf-8"), wanted.get(inside, "")
        if written != canonical:
            number = _first_other(written, canonical)
            yield f"{folder / inside}:{number}: not as the record command writes it: {RESTORE}"


def _first_other(written: str, wanted: str) -> int:
    """The first line that differs."""
    pairs = zip(written.split("\n"), wanted.split("\n"))
    other = (number for number, (one, two) in enumerate(pairs, 1) if one != two)
    return next(other, min(written.count("\n"), wanted.count("\n")) + 1)


def _timelines(surface: Surface) -> Iterator[tuple[str, str]]:
    """Timelines that do not ascend, say something twice, or name a release without survey."""
    told: Dict[str, Mapping[str, object]] = {**surface.names}
    told.update((f"annotations of {path}", chain) for path, chain in surface.types.items())
    normal: Dict[str, Mapping[str, object]] = {}
    for name, chain in told.items():
        normal[name] = chains.normal(chain)
    for kind, signs in (("aliases in", surface.aliases), ("modules of", surface.modules)):
        for place, lines in signs.items():
            told[f"{kind} {place}"] = lines
            normal[f"{kind} {place}"] = aliases.normal(lines)
    for name, chain in told.items():
        unknown = [line for line in chain if line not in surface.releases]
        if unknown:
            yield name, f"{several(unknown)} was not surveyed"
        elif list(normal[name].items()) != list(chain.items()):
            yield name, f"{', '.join(chain)}: releases must ascend, and each must differ"


def _entries(surface: Surface) -> Iterator[tuple[str, str]]:
    """Entries that cannot be read, or whose parameters cannot."""
    for path, chain in surface.names.items():
        for line, kept in chain.items():
            why = _unread(kept)
            if why:
                yield path, f"{line}: {why}"


def _unread(kept: entry.Stored) -> str:
    try:
        found = entry.read(kept)
        for takes in found.overloads if found else ():
            parameters.parse(takes)
    except (ValueError, HistoryError) as error:
        return str(error)
    other = found is not None and entry.stored(found) != kept
    return f"{kept!r} is not as the record command writes it" if other else ""
