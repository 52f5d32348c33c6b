"""Reading: the pins of a file, which its name says how to read."""

from __future__ import annotations

from typing import Iterator, List

from torch_history.code.pins import environments, projects, requirements, setups, tables
from torch_history.code.pins.files import Source
from torch_history.code.pins.pin import Pin

PROJECT = {"project", "dependency-groups", "tool", "build-system"}  # tables of pyproject.toml


def read(option: str, source: str) -> List[Pin]:
    """What a file says of torch: each mention, in order.

    ``REVISION:PATH`` is a file in git, as ``git show`` takes it: the path leads from the root of
    the repository, or from this folder as ``REVISION:./PATH``. Raises HistoryError, which names
    the option, where there is no such file or revision, or where it cannot be read.
    """
    return list(_pins(Source(option, source)))


def _pins(source: Source) -> Iterator[Pin]:
    name = source.place.name.lower()
    if name.endswith((".yml", ".yaml")):
        return environments.pins(source)
    if name.endswith(".cfg"):
        return setups.cfg(source)
    if name.endswith(".py"):
        return setups.script(source)
    # rye and pip-compile write requirements into requirements.lock.
    if name.endswith((".toml", ".lock")) and not name.startswith("requirements"):
        return _table(source, name)
    return requirements.pins(source)


def _table(source: Source, name: str) -> Iterator[Pin]:
    data = tables.parsed(source)
    if "default" in data or "develop" in data:
        return tables.pipfile(source, data)
    listed = "package" in data or "packages" in data
    if not listed and (name == "pyproject.toml" or PROJECT.intersection(data)):
        return projects.pins(source, data)
    return tables.locked(source, data)
