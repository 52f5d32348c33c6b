"""Pip: requirements files, read line by line with what they include."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Set, Tuple
from urllib.parse import unquote, urlsplit

from packaging.requirements import InvalidRequirement, Requirement

from torch_history.code.pins.files import Place, Source
from torch_history.comparing.family import normal

MOST_FILES = 1000
_INCLUDE = re.compile(r"(-r|-c|--requirement|--constraint)[\s=]*(\S+)")
_COMMENT = re.compile(
    r"(?:^|\s)#.*$|\s--(?:hash|config-settings|global-option)[\s=]\S+", re.MULTILINE
)
# pip's option -> uv's; those that are about neither index nor wheels are left out
_OPTIONS = {
    "-i": "--index-url",
    "--index-url": "--index-url",
    "--extra-index-url": "--extra-index-url",
    "-f": "--find-links",
    "--find-links": "--find-links",
    "--trusted-host": "--allow-insecure-host",
    "--only-binary": "--only-binary",
    "--no-binary": "--no-binary",
}
_FLAGS = {"--no-index": ["--no-index"], "--pre": ["--prerelease", "allow"]}
_OPTION = re.compile(r"(--?[\w-]+?)(?:[\s=]+|(?<=^-[if]))(\S+)")
_WHEEL = re.compile(r"([\w.]+)-[^-/]+(?:-[^-/]+){3,4}\.whl")
_LOCAL = re.compile(r"(?:-e|--editable)?[\s=]*(?:file:(?://)?)?([^\[\];@]*?)(?:\[([\w\s,.-]*)\])?")


class Read(NamedTuple):
    """The requirements of a file and of what it includes."""

    lines: Tuple[str, ...]
    constraints: Tuple[str, ...] = ()
    options: Tuple[str, ...] = ()  # as uv takes them


class Local(NamedTuple):
    """A folder that is installed."""

    path: Path
    extras: Tuple[str, ...] = ()


def read(source: Source) -> Read:
    """A requirements file. Raises HistoryError where it, or what it includes, cannot be read."""
    lines: List[str] = []
    constraints: List[str] = []
    options: List[str] = []
    seen: Set[Place] = set()
    waiting = [(source.where, source.place, False)]
    while waiting and len(seen) < MOST_FILES:
        where, place, binds_only = waiting.pop(0)
        seen.add(place)
        folder = Path(place.path).resolve().parent
        for line in lines_of(source.text(where, place), folder):
            include = _INCLUDE.fullmatch(line)
            if include is not None:
                inner = place.beside(include[2])
                binds = binds_only or include[1] in ("-c", "--constraint")
                # An address is not fetched: the answer must not depend on the network.
                if "://" not in include[2] and inner not in seen:
                    waiting.append((f"{source.where}: {line[:100]}", inner, binds))
            elif line.startswith("-") and not line.startswith(("-e", "--editable")):
                options += _option(line, folder)
            else:
                (constraints if binds_only else lines).append(line)
    if {"--index-url", "--extra-index-url"}.intersection(options):
        # As pip does. uv would take a package from the first index that has any version of it.
        options += ["--index-strategy", "unsafe-best-match"]
    return Read(tuple(lines), tuple(constraints), tuple(options))


def lines_of(text: str, folder: Path) -> Iterator[str]:
    """The requirements and options of a text, with the paths from a folder made absolute."""
    whole = re.sub(r"\\\r?\n", " ", text)
    for line in _COMMENT.sub("", whole).splitlines():
        if line.strip():
            yield _absolute(line.strip(), folder)


def name(line: str) -> str:
    """The package that a requirement names; empty where only an address or a path is given."""
    try:
        return normal(Requirement(line).name)
    except InvalidRequirement:
        pass
    match = _WHEEL.search(unquote(line)) or re.search(r"#egg=([\w.-]+)", line)
    return normal(match[1]) if match else ""


def local(line: str) -> Optional[Local]:
    """The folder that a requirement names, or None."""
    if "://" in line and "file:" not in line:
        return None
    match = _LOCAL.fullmatch(line.partition(" ;")[0].strip())
    # A name without a path is a package, whatever folder has that name.
    if match is None or not Path(match[1]).is_absolute() or not Path(match[1]).is_dir():
        return None
    extras = [one.strip() for one in (match[2] or "").split(",")]
    return Local(Path(match[1]).resolve(), tuple(one for one in extras if one))


def pipfile(data: Dict[str, Any]) -> Iterator[str]:
    """The requirements in a Pipfile.lock."""
    for section in ("default", "develop"):
        packages = data.get(section)
        for package, said in packages.items() if isinstance(packages, dict) else ():
            if isinstance(said, dict) and isinstance(said.get("version"), str):
                extras = ",".join(map(str, said.get("extras") or ()))
                named = f"{package}[{extras}]" if extras else str(package)
                version = said["version"] if said["version"] != "*" else ""
                marker = f" ; {said['markers']}" if said.get("markers") else ""
                yield f"{named}{version}{marker}"


def _option(line: str, folder: Path) -> List[str]:
    if line in _FLAGS:
        return _FLAGS[line]
    match = _OPTION.match(line)
    if match is None or match[1] not in _OPTIONS:
        return []
    value = match[2]
    if _OPTIONS[match[1]] == "--find-links" and "://" not in value:
        value = str(folder / value)
    return [_OPTIONS[match[1]], value]


def _absolute(line: str, folder: Path) -> str:
    """A line whose path, if it is one, leads from the root."""
    match = re.fullmatch(r"((?:-e|--editable)[\s=]*)?(?:file:(?!//))?(.*)", line)
    assert match is not None
    editable, target = match[1] or "", match[2]
    path = re.split(r"\[|\s;", target)[0]
    is_path = path.startswith(".") or "/" in path.partition("@")[0] or bool(editable)
    if not is_path or urlsplit(path).scheme or (line.startswith("-") and not editable):
        return line
    return f"{'-e ' if editable else ''}{(folder / path).resolve()}{target[len(path) :]}"
