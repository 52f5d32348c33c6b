"""Survey: the surface of the torch that this Python has."""

from __future__ import annotations

import platform
from typing import Any, Dict

from torch_history.surveying import paths as paths_of
from torch_history.surveying.describing import Describer
from torch_history.surveying.modules import modules

FORMAT = 1


class _NoBuiltins:
    def takes(self, path: str, value: object) -> None:
        return None

    def types(self, path: str, value: object) -> str:
        return ""


def survey(source: str) -> Dict[str, Any]:
    """The survey, made by code with this digest.

    It has names, aliases, annotations, and the modules that could not be imported.
    """
    import torch

    found = modules(torch)
    paths = paths_of.paths(found)
    names: Dict[str, Any] = {}
    annotated: Dict[str, str] = {}
    for path, described in Describer(paths, _NoBuiltins(), set(paths_of.listed())).all():
        names[path] = described.entry
        if described.types:
            annotated[path] = described.types
    return {
        "format": FORMAT,
        "release": torch.__version__.partition("+")[0],
        "python": platform.python_version(),
        "source": source,
        "modules": sorted((*found.public, *found.private)),
        "names": names,
        "aliases": paths.aliases,
        "annotations": annotated,
        "failed": found.failed,
    }
