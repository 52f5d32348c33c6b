"""Requirements: pip's files, with what they include, and the single requirement of any file."""

from __future__ import annotations

import posixpath
import re
from typing import Iterator, NamedTuple, Optional, Set, Tuple
from urllib.parse import unquote

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from torch_history.code.pins import pin
from torch_history.code.pins.files import Place, Source, quoted, refused
from torch_history.code.pins.pin import Pin

TORCH = re.compile(r"torch\s*(?:[\[=<>!~;@(]|$)", re.IGNORECASE)
INCLUDE = re.compile(r"(?:-r|-c|--requirement|--constraint)[\s=]*(?:file:(?!//))?(\S+)")
RELEVANT = re.compile(r"\s*(?:torch|-[rc]|--[rc])", re.IGNORECASE)  # a line that may matter
REST = re.compile(r"(?:^|\s)#|\s--")  # a comment, or options such as --hash
WHEEL = re.compile(r"torch-([^-]+)-.+\.whl", re.IGNORECASE)
MOST_FILES = 1000
CONTINUED = "\ue000"  # stands for the end of a line that goes on, so that lines can be counted


class Line(NamedTuple):
    """A line of requirements that may matter, without comment and options."""

    where: str  # for an error
    place: Place
    number: int
    text: str


def pins(source: Source) -> Iterator[Pin]:
    """Each torch in a requirements file and in what it includes."""
    yield from Requirements(source).pins(source.place)


class Requirements:
    """Requirements files that are read one from another, each once."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._seen: Set[Place] = set()

    def pins(self, place: Place) -> Iterator[Pin]:
        """Each torch in a file."""
        where = self._source.where
        for line in self._lines(where, place, self._own_lines(where, place)):
            yield from self._pin(line, "")

    def pins_beside(self, name: str, group: str) -> Iterator[Pin]:
        """Each torch in a file that a project names."""
        place, where = self._source.place.beside(name), f"{self._source.where}: {name[:100]}"
        if place not in self._seen:
            if place.leaves(self._source.place):
                raise refused(where, "leads out of the repository")
            for line in self._lines(where, place, self._own_lines(where, place)):
                yield from self._pin(line, group)

    def pins_of(self, where: str, place: Place, number: int, text: str) -> Iterator[Pin]:
        """Each torch of one line that stands in a file of another kind."""
        for line in self._lines(where, place, iter([Line(where, place, number, _bare(text))])):
            yield from self._pin(line, "")

    def _pin(self, line: Line, group: str) -> Iterator[Pin]:
        if TORCH.match(line.text):
            spot = f"{line.place}:{line.number}"
            yield one(self._source, line.where, line.text, group=group, spot=spot)

    def _lines(self, where: str, first: Place, lines: Iterator[Line]) -> Iterator[Line]:
        """The lines that may matter, those of an included file where it is included."""
        # No recursion: a chain of includes can be longer than Python's stack.
        stack = [(where, first, lines)]
        while stack:
            where, place, rest = stack[-1]
            line = next(rest, None)
            if line is None:
                stack.pop()
                continue
            include = INCLUDE.fullmatch(line.text)
            if include is None:
                yield line
            # An address is not fetched: the answer must not depend on the network.
            elif "://" not in include[1] and place.beside(include[1]) not in self._seen:
                inner = place.beside(include[1])
                where = f"{self._source.where}: {line.text[:100]}"
                if inner.leaves(place):
                    raise refused(where, "leads out of the repository")
                stack.append((where, inner, self._own_lines(where, inner)))

    def _own_lines(self, where: str, place: Place) -> Iterator[Line]:
        """The lines of one file that may matter."""
        if len(self._seen) >= MOST_FILES:
            raise refused(where, f"more than {MOST_FILES} files are included")
        self._seen.add(place)
        text = self._source.text(where, place)
        number = 1
        for whole in re.sub(r"\\\r?\n", CONTINUED, text).splitlines():
            if RELEVANT.match(whole):
                yield Line(where, place, number, _bare(whole.replace(CONTINUED, " ")))
            number += 1 + whole.count(CONTINUED)


def one(source: Source, where: str, text: str, group: str = "", spot: str = "") -> Pin:
    """The pin of one requirement. Raises HistoryError where it is none."""
    source.mention(where, text)
    try:
        requirement = Requirement(text)
        marker = str(requirement.marker or "")
        allows, exact = _versions(requirement)
    except (ValueError, RecursionError):  # an invalid requirement; brackets in brackets
        raise refused(where, f"{quoted(text)} is not a requirement") from None
    markers = (marker,) if marker else ()
    return Pin(text, allows, exact, markers, group, spot)


def _bare(line: str) -> str:
    """A line without comment and options."""
    line = line.strip()
    rest = REST.search(line)
    return line[: rest.start()].strip() if rest else line


def _versions(requirement: Requirement) -> Tuple[Tuple[SpecifierSet, ...], Optional[str]]:
    """What a requirement admits, and the one version of ``==`` or of the wheel in its address."""
    if not requirement.url:
        return (requirement.specifier,), pin.exact(requirement.specifier)
    address = requirement.url.partition("#")[0].partition("?")[0]
    # Not packaging's parse_wheel_filename: it lists every combination of a name's tags.
    wheel = WHEEL.fullmatch(unquote(posixpath.basename(address)))
    return (), wheel[1] if wheel else None
