"""Survey: the surface of the torch that this Python has."""

from __future__ import annotations

import platform
from pathlib import Path
from typing import Any, Collection, Dict, Iterator, List, Tuple

from torch_history.surveying import libraries, schemas
from torch_history.surveying import paths as paths_of
from torch_history.surveying.builtins import Builtins
from torch_history.surveying.describing import FUNCTIONS_OF_TORCH, Described, Describer, Entry
from torch_history.surveying.modules import DYNAMIC, Modules, modules
from torch_history.surveying.notices_module import Sources
from torch_history.surveying.noticing import Noticing

FORMAT = 1
UNASKED = (*DYNAMIC, f"{FUNCTIONS_OF_TORCH}.")  # names of other releases that are not looked for


def survey(source: str, known: Collection[str] = ()) -> Dict[str, Any]:
    """The survey, made by code with this digest.

    It has names, aliases, annotations, and the modules that could not be imported. ``known`` are
    the names that other releases have: they are looked for, too.
    """
    import torch

    known = {one for one in known if not one.startswith(UNASKED)}
    found = modules(torch)
    paths = paths_of.paths(found, known)
    noticing = Noticing(Sources(Path(torch.__file__).parent))
    names: Dict[str, Entry] = {}
    annotated: Dict[str, str] = {}
    operators = schemas.operators()
    used = set(paths_of.listed())
    describer = Describer(paths, Builtins(), noticing, used, operators)
    made = _made_when_read(found, noticing, describer)
    for path, described in (
        *describer.all(),
        *_described(operators),
        *_modules(found, noticing),
        *made,
    ):
        names[path] = described.entry
        if described.types:
            annotated[path] = described.types
    for path in sorted(known - {*names, *paths.aliases}):
        member = paths_of.reached(path, found)
        if member and member[1]:
            names.update(describer.inherited(path, found, names))
    for path, warns in libraries.warned(torch, paths.values).items():
        entry = names.get(path)
        if entry is not None and "removed" not in entry:
            entry["warns"] = [*entry.get("warns", ()), *_new(entry, warns)]
    return {
        "format": FORMAT,
        "release": torch.__version__.partition("+")[0],
        "python": platform.python_version(),
        "source": source,
        "modules": sorted((*found.public, *found.private)),
        "names": names,
        "aliases": paths.aliases,
        "annotations": annotated,
        # Of a module that only raises one knows all there is to know.
        "failed": {name: why for name, why in found.failed.items() if name not in names},
    }


def _made_when_read(
    found: Modules, noticing: Noticing, describer: Describer
) -> Iterator[Tuple[str, Described]]:
    """The names that a module's ``__getattr__`` makes, and warns of: torch.has_cuda."""
    for name, module in found.public.items():
        for attribute, notice in noticing.of_attributes(name).items():
            if attribute in vars(module) or "__getattr__" not in vars(module):
                continue
            try:
                described = describer.one(f"{name}.{attribute}", getattr(module, attribute))
            except Exception:  # noqa: BLE001  # it may raise anything
                continue
            entry = {**described.entry, "warns": notice.warns} if notice.warns else described.entry
            yield f"{name}.{attribute}", Described(entry, described.types)


def _described(operators: Dict[str, schemas.Operator]) -> Iterator[Tuple[str, Described]]:
    for name, one in operators.items():
        entry = {"kind": "operator", "takes": one.takes}
        yield f"torch.ops.aten.{name}", Described(entry, one.types)


def _modules(found: Modules, noticing: Noticing) -> Iterator[Tuple[str, Described]]:
    """The modules that warn when they are imported, or only raise."""
    for name in (*found.public, *found.failed):
        notice = noticing.of_module(name)
        if name in found.failed and notice.removed:
            yield name, Described({"kind": "module", "removed": notice.removed})
        elif name in found.public and notice.warns:
            yield name, Described({"kind": "module", "warns": notice.warns})


def _new(entry: Entry, warns: List[Dict[str, Any]]) -> Iterator[Dict[str, Any]]:
    """The warnings of the libraries that the source does not tell of."""
    told = [one["text"][:40] for one in entry.get("warns", ())]
    return (one for one in warns if one["text"][:40] not in told)
