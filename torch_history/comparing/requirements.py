"""Requirements: what a project asks for beside torch, from the file that says it best.

Exact versions become pins, which uv keeps where it can: a lock file made for one torch often
pins a package at a version that another torch refuses.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Callable, Dict, FrozenSet, Iterable, List, NamedTuple, Optional, Tuple

from packaging.markers import Marker
from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet

from torch_history.code.pins import tables
from torch_history.code.pins.files import MOST_SLOW_BYTES, Source
from torch_history.code.pins.pin import exact
from torch_history.comparing import conda, pip
from torch_history.comparing.family import COMPANIONS, belongs, normal
from torch_history.comparing.folders import top
from torch_history.errors import HistoryError
from torch_history.escaping import one_line

# In this order; of one kind the first name that is not about tests or documents is taken.
KINDS = (
    r"uv\.lock",
    r"poetry\.lock",
    r"pdm\.lock",
    r"pylock(\.[^.]+)?\.toml",
    r"Pipfile\.lock",
    r"requirements.*\.lock",
    r"requirements\.txt",
    r"requirements.*\.txt",
    r"pyproject\.toml",
    r"setup\.cfg",
    r"setup\.py",
    r"environment.*\.ya?ml",
)
_ASIDE = re.compile(r"dev|test|doc|lint", re.IGNORECASE)
_COMPANION = re.compile("|".join(COMPANIONS))
Export = Callable[[Path], str]  # the folder of a uv.lock -> its requirements


class Pin(NamedTuple):
    """A version that a project pins."""

    name: str
    version: str
    markers: Tuple[str, ...] = ()  # one of them must hold, where there are any


class Requirements(NamedTuple):
    """What a project asks for, without torch and without what follows it."""

    label: str = ""  # the file's name; empty where there is none
    lines: Tuple[str, ...] = ()
    pins: Tuple[Pin, ...] = ()
    constraints: Tuple[str, ...] = ()
    options: Tuple[str, ...] = ()  # about indexes, as uv takes them
    sources: Tuple[Path, ...] = ()  # files that uv reads itself
    extras: Tuple[str, ...] = ()  # of the sources
    companions: FrozenSet[str] = frozenset()  # torchvision and the like, where they are named
    python: str = ""  # the minor version that it pins
    pythons: str = ""  # the specifier of those that it admits
    notes: Tuple[str, ...] = ()

    def pinned(self, python: str) -> Dict[str, str]:
        """Package -> version, as pinned for a Python (``3.10.13``)."""
        return {pin.name: pin.version for pin in self.pins if _holds(pin.markers, python)}


def find(folder: Path, asked: Optional[Path], export: Export) -> Requirements:
    """What a project asks for: in the file asked for, else in the best one.

    It is looked for in the folder, then in those above it up to the top of the repository.
    Raises HistoryError for a file that cannot be read.
    """
    file = asked or best(folder)
    if file is None:
        said = f"no requirements found in {folder}: both environments have torch and NumPy alone"
        return _with_python(Requirements(notes=(one_line(said),)), folder)
    found = read("--requirements" if asked else "", file, folder, export)
    return _with_python(found._replace(label=file.name), folder)


def best(folder: Path) -> Optional[Path]:
    """The file that says best what a project asks for."""
    for place in _upwards(folder):
        names = sorted(one.name for one in place.iterdir() if one.is_file())
        for kind in KINDS:
            fitting = [name for name in names if re.fullmatch(kind, name)]
            fitting.sort(key=lambda name: _ASIDE.search(name) is not None)
            for name in fitting:
                if _says_something(place / name):
                    return place / name
    return None


def read(option: str, file: Path, folder: Path, export: Export) -> Requirements:
    """What one file asks for."""
    source, name = Source(option, str(file)), file.name.lower()
    if name == "uv.lock":
        lines = pip.lines_of(export(file.parent), file.parent)
        return _from_pip(pip.Read(tuple(lines)), file.parent)
    if name.endswith((".yml", ".yaml")):
        return _from_conda(conda.read(source))
    if name in ("pyproject.toml", "setup.cfg", "setup.py"):
        text = source.text(source.where, source.place)
        return Requirements(sources=(file,), companions=_mentioned(text))
    if name.endswith((".toml", ".lock")) and not name.startswith("requirements"):
        return _from_lock(source, tables.parsed(source), file)
    return _from_pip(pip.read(source), top(folder), folder)


def _from_pip(found: pip.Read, *own: Path) -> Requirements:
    """Requirements of pip, where ``own`` are folders of the project, which is not installed."""
    lines: List[str] = []
    pins: List[Pin] = []
    constraints: List[str] = []
    sources: List[Path] = []
    extras: List[str] = []
    companions = set()
    for line in found.lines:
        local = pip.local(line)
        if local is not None and local.path in own:
            # Its folder is put on the path instead; what it asks for is still needed.
            sources += [one for one in [_declared(local.path)] if one and one not in sources]
            extras += local.extras
            continue
        name = pip.name(line)
        if name in COMPANIONS:
            companions.add(name)
        elif name and belongs(name):
            continue
        kept, pin = (name, None) if name in COMPANIONS else _loosened(line)
        lines.append(kept)
        pins += [pin] if pin else []
    for line in found.constraints:
        if not belongs(pip.name(line)):
            kept, pin = _loosened(line)
            pins += [pin] if pin else []
            constraints += [] if pin else [kept]
    text = "".join(file.read_text(encoding="utf-8", errors="replace") for file in sources)
    return Requirements(
        lines=tuple(dict.fromkeys(lines)),
        pins=tuple(pins),
        constraints=tuple(constraints),
        options=found.options,
        sources=tuple(sources),
        extras=tuple(extras),
        companions=frozenset(companions) | _mentioned(text),
    )


def _from_lock(source: Source, data: Dict[str, Any], file: Path) -> Requirements:
    """What the lock files of Poetry, PDM, Pipenv and pylock ask for."""
    if "default" in data or "develop" in data:
        return _from_pip(pip.Read(tuple(pip.pipfile(data))))
    lock = tables.typed(source.where, data, tables.Lock, tables.LOCK)
    packages = (lock.packages if lock.package is None else lock.package) or []
    pins = tuple(
        Pin(normal(one.name), one.version, one.conditions)
        for one in packages
        if one.version and not belongs(normal(one.name))
    )
    companions = frozenset(normal(one.name) for one in packages).intersection(COMPANIONS)
    project = file.with_name("pyproject.toml")
    # Poetry's and PDM's lock has packages of every platform and group, and does not say whose.
    if not file.name.startswith("pylock") and project.is_file() and _says_something(project):
        return Requirements(sources=(project,), pins=pins, companions=companions)
    lines = [f"{pin.name} ; {' or '.join(pin.markers)}".rstrip(" ;") for pin in pins]
    return Requirements(lines=(*lines, *sorted(companions)), pins=pins, companions=companions)


def _from_conda(found: conda.Read) -> Requirements:
    taken = _from_pip(pip.Read(found.lines))
    names = one_line(", ".join(found.left_out))
    said = (f"conda's packages that are left out: {names}",) if names else ()
    return taken._replace(python=found.python, notes=said)


def _loosened(line: str) -> Tuple[str, Optional[Pin]]:
    """A requirement without its exact version, and that version as a pin."""
    try:
        requirement = Requirement(line)
    except InvalidRequirement:
        return line, None
    version = exact(requirement.specifier)
    if version is None or requirement.url:
        return line, None
    markers = (str(requirement.marker),) if requirement.marker else ()
    requirement.specifier = SpecifierSet()
    return str(requirement), Pin(normal(requirement.name), version, markers)


def _with_python(found: Requirements, folder: Path) -> Requirements:
    """The same with the Python that the project pins and those that it admits."""
    python, pythons = found.python, found.pythons
    for place in _upwards(folder):
        python = python or _python_version(place / ".python-version")
        pythons = pythons or _requires_python(place / "pyproject.toml")
    return found._replace(python=python, pythons=pythons)


def _python_version(file: Path) -> str:
    match = re.search(r"\b3\.\d+", _text(file))
    return match[0] if match else ""


def _requires_python(file: Path) -> str:
    """What a pyproject.toml admits, in the form of pip: Poetry's ``^3.8`` is ``>=3.8,<4``."""
    match = re.search(
        r"^(?:requires-python|python)\s*=\s*[\"'](.+?)[\"']", _text(file), re.MULTILINE
    )
    said = re.sub(r"\^(\d+(?:\.\d+)*)", r">=\1,<4", match[1]) if match else ""
    try:
        return str(SpecifierSet(said))
    except InvalidSpecifier:
        return ""


def _says_something(file: Path) -> bool:
    """Whether a project's file says what it needs. Many hold the settings of tools alone."""
    if file.name == "pyproject.toml":
        return (
            re.search(r"^\[(project|tool\.poetry\.dependencies)\]", _text(file), re.MULTILINE)
            is not None
        )
    if file.name == "setup.cfg":
        return re.search(r"^install_requires\s*=", _text(file), re.MULTILINE) is not None
    return True


def _declared(folder: Path) -> Optional[Path]:
    """The file of a folder that declares what its package needs."""
    files = [folder / name for name in ("pyproject.toml", "setup.cfg", "setup.py")]
    return next((file for file in files if file.is_file() and _says_something(file)), None)


def _text(file: Path) -> str:
    """The text of a file; empty where there is none."""
    try:
        source = Source("", str(file))
        return source.text(source.where, source.place, MOST_SLOW_BYTES)
    except HistoryError:
        return ""


def _mentioned(text: str) -> FrozenSet[str]:
    return frozenset(_COMPANION.findall(text))


def _upwards(folder: Path) -> List[Path]:
    """A folder and those above it, up to the top of the repository."""
    folder, last = folder.resolve(), top(folder)
    return [one for one in [folder, *folder.parents] if one == last or last in one.parents]


def _holds(markers: Iterable[str], python: str) -> bool:
    """Whether one of the markers holds on this machine for a Python."""
    line = ".".join(python.split(".")[:2])
    environment = {"python_version": line, "python_full_version": python, "extra": ""}
    for text in markers:
        try:
            if Marker(text).evaluate(environment):
                return True
        except (ValueError, KeyError):  # a marker of a newer standard
            return True
    return not markers
