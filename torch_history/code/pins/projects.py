"""Projects: what pyproject.toml asks for, as packaging, Poetry, uv, PDM and setuptools write it."""

from __future__ import annotations

from typing import Any, Dict, Iterator, List, Tuple

import msgspec
from packaging.utils import canonicalize_name

from torch_history.code.pins import pin, ranges, requirements
from torch_history.code.pins.files import Source, quoted, refused
from torch_history.code.pins.pin import Pin
from torch_history.code.pins.requirements import Requirements
from torch_history.code.pins.tables import typed

MOST_STEPS = 100_000  # through dependency groups that include each other

Requires = List[Any]  # a requirement is a string; anything else is left to the tool
Groups = Dict[str, Requires]


class Project(msgspec.Struct, rename="kebab"):
    """The table ``project``."""

    dependencies: Requires = []
    optional_dependencies: Groups = {}


class PoetryRequirement(msgspec.Struct):
    """One requirement of Poetry."""

    version: str = ""
    python: str = ""
    platform: str = ""
    markers: str = ""
    url: str = ""
    path: str = ""
    git: str = ""


class PoetryGroup(msgspec.Struct):
    """A group of Poetry."""

    dependencies: Dict[str, Any] = {}


class Poetry(msgspec.Struct, rename="kebab"):
    """The table ``tool.poetry``."""

    dependencies: Dict[str, Any] = {}
    dev_dependencies: Dict[str, Any] = {}
    group: Dict[str, PoetryGroup] = {}


class Uv(msgspec.Struct, rename="kebab"):
    """The table ``tool.uv``."""

    constraint_dependencies: Requires = []
    override_dependencies: Requires = []
    dev_dependencies: Requires = []


class Pdm(msgspec.Struct, rename="kebab"):
    """The table ``tool.pdm``."""

    dev_dependencies: Groups = {}


class Dynamic(msgspec.Struct, rename="kebab"):
    """The table ``tool.setuptools.dynamic``."""

    dependencies: Dict[str, Any] = {}
    optional_dependencies: Dict[str, Dict[str, Any]] = {}


class Setuptools(msgspec.Struct):
    """The table ``tool.setuptools``."""

    dynamic: Dynamic = msgspec.field(default_factory=Dynamic)


class Tool(msgspec.Struct):
    """The table ``tool``."""

    poetry: Poetry = msgspec.field(default_factory=Poetry)
    uv: Uv = msgspec.field(default_factory=Uv)
    pdm: Pdm = msgspec.field(default_factory=Pdm)
    setuptools: Setuptools = msgspec.field(default_factory=Setuptools)


class File(msgspec.Struct, rename="kebab"):
    """What is read of pyproject.toml."""

    project: Project = msgspec.field(default_factory=Project)
    dependency_groups: Groups = {}
    tool: Tool = msgspec.field(default_factory=Tool)


def pins(source: Source, data: Dict[str, Any]) -> Iterator[Pin]:
    """Each torch in a pyproject.toml."""
    file = typed(source.where, data, File, "a pyproject.toml")
    yield from _listed(source, file.project.dependencies, "", "project.dependencies")
    for name, asked in file.project.optional_dependencies.items():
        yield from _listed(source, asked, f"extra {name}", "project.optional-dependencies")
    groups = file.dependency_groups
    for name, asked in _included(source, groups):
        yield from _listed(source, asked, f"group {name}", "dependency-groups")
    for name, asked in file.tool.pdm.dev_dependencies.items():
        yield from _listed(source, asked, f"group {name}", "tool.pdm.dev-dependencies")
    yield from _of_poetry(source, file.tool.poetry)
    yield from _of_uv(source, file.tool.uv)
    yield from _of_files(source, file.tool.setuptools.dynamic)


def _listed(source: Source, asked: Requires, group: str, table: str) -> Iterator[Pin]:
    for one in asked:
        if isinstance(one, str) and requirements.TORCH.match(one.strip()):
            yield requirements.one(source, source.where, one.strip(), group, _spot(source, table))


def _spot(source: Source, table: str) -> str:
    return f"{source.place}, {table}"


def _included(source: Source, groups: Groups) -> Iterator[Tuple[str, Requires]]:
    """Each dependency group, with the groups that it includes."""
    named = {canonicalize_name(name): asked for name, asked in groups.items()}
    steps = 0
    for name in groups:
        order = [canonicalize_name(name)]
        seen = set(order)
        asked: Requires = []
        for inner in order:  # grows while it is read
            asked += named.get(inner, [])
            for one in named.get(inner, []):
                other = one.get("include-group") if isinstance(one, dict) else None
                if isinstance(other, str) and canonicalize_name(other) not in seen:
                    seen.add(canonicalize_name(other))
                    order.append(canonicalize_name(other))
            steps += 1 + len(named.get(inner, []))
            if steps > MOST_STEPS:
                raise refused(source.where, "its dependency groups include too many others")
        yield name, asked


def _of_poetry(source: Source, poetry: Poetry) -> Iterator[Pin]:
    tables = [("", poetry.dependencies, "tool.poetry.dependencies")]
    tables.append(("group dev", poetry.dev_dependencies, "tool.poetry.dev-dependencies"))
    tables += [
        (f"group {name}", group.dependencies, f"tool.poetry.group.{name}.dependencies")
        for name, group in poetry.group.items()
    ]
    for group, asked, table in tables:
        for name, value in asked.items():
            if canonicalize_name(name) != "torch":
                continue
            for one in value if isinstance(value, list) else [value]:
                spot = _spot(source, table)
                yield _poetry_pin(
                    source, {"version": one} if isinstance(one, str) else one, group, spot
                )


def _poetry_pin(source: Source, given: Any, group: str, spot: str) -> Pin:
    """The pin of ``{version = "^2.1", python = ">=3.9"}``."""
    asked = typed(source.where, given, PoetryRequirement, "a pyproject.toml")
    said = f"torch = {asked.version or asked.url or asked.git or asked.path}"
    source.mention(source.where, f"{said}{asked.markers}{asked.python}")
    if not asked.version:  # an address or a path, of which the name of a wheel says the version
        text = f"torch @ {asked.url or asked.path or asked.git}"
        wheel = requirements.one(source, source.where, text, group, spot)
        return wheel._replace(said=said, markers=_poetry_markers(source, asked))
    try:
        allows = ranges.poetry(asked.version)
    except ValueError:
        raise refused(source.where, f"{quoted(said)} is not a constraint of Poetry") from None
    exact = pin.exact(allows[0]) if len(allows) == 1 else None
    return Pin(said, allows, exact, _poetry_markers(source, asked), group, spot)


def _poetry_markers(source: Source, asked: PoetryRequirement) -> Tuple[str, ...]:
    """One marker that says what the fields of a requirement say together."""
    try:
        python = ranges.python_marker(asked.python)
    except ValueError:
        text = quoted(asked.python)
        raise refused(source.where, f"{text} is not a constraint of Poetry") from None
    platform = f'sys_platform == "{asked.platform}"' if asked.platform else ""
    parts = [part for part in (asked.markers, python, platform) if part]
    joined = " and ".join(
        f"({part})" if len(parts) > 1 and " or " in part else part for part in parts
    )
    return (joined,) if joined else ()


def _of_uv(source: Source, uv: Uv) -> Iterator[Pin]:
    yield from _listed(source, uv.dev_dependencies, "group dev", "tool.uv.dev-dependencies")
    yield from _listed(source, uv.constraint_dependencies, "", "tool.uv.constraint-dependencies")
    for one in _listed(source, uv.override_dependencies, "", "tool.uv.override-dependencies"):
        yield one._replace(override=True)


def _of_files(source: Source, dynamic: Dynamic) -> Iterator[Pin]:
    """Each torch of the requirements files that setuptools is told to read."""
    tables = [("", dynamic.dependencies)]
    tables += [(f"extra {name}", table) for name, table in dynamic.optional_dependencies.items()]
    reader = Requirements(source)
    for group, table in tables:
        named = table.get("file", [])
        for name in [named] if isinstance(named, str) else named:
            yield from reader.pins_beside(str(name), group)
