"""Surveys: the surface of a release, observed in its environment, enters the timelines."""

from __future__ import annotations

from pathlib import Path
from typing import Iterator, List, NamedTuple, Tuple

import msgspec

from torch_history import reading, versions
from torch_history.catalogue import releases
from torch_history.catalogue.releases import Release
from torch_history.errors import HistoryError
from torch_history.records import locking
from torch_history.surface import aliases, entering, files
from torch_history.surface.digest import digest
from torch_history.surface.entering import Entered, Survey

SUFFIX = "-surface.json"  # of a survey's file in .history/


class Given(NamedTuple):
    """The file of a survey, and what it holds."""

    path: Path
    line: str
    survey: Survey


def is_due(root: Path, release: Release) -> bool:
    """Whether the surface of a release is to be surveyed: never done, or by other code."""
    known = files.releases(root).get(release.key)
    return known is None or known.source != digest() or known.release != release.patch


def command(python: Path, out: Path, known: Path) -> List[str]:
    """The command that surveys the torch of an interpreter, given a file of known names."""
    return [str(python), "-m", "torch_history.surveying", str(out), digest(), str(known)]


def known(root: Path, file: Path) -> Path:
    """Write the names that the recorded releases have, for the survey of another one."""
    surface = files.read(root)
    names = {*surface.names, *aliases.ever(surface.aliases)}
    file.write_text("\n".join(sorted(names)), encoding="utf-8")
    return file


def read(path: Path) -> Survey:
    """The survey in a file. Raises HistoryError for any other content, and where it is old."""
    try:
        survey = entering.survey_of(reading.content(path, files.LARGEST))
    except (reading.UnreadableError, msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise HistoryError(f"{path}: not a survey ({error}): record the release again") from None
    if survey.format != entering.FORMAT:
        raise HistoryError(f"{path}: not of format {entering.FORMAT}: record the release again")
    if survey.source != digest():
        raise HistoryError(
            f"{path}: torch {survey.release} was surveyed by other code than this checkout's: "
            "record the release again"
        )
    return survey


def enter(root: Path, survey: Survey, line: str) -> Entered:
    """Put a survey into the timelines."""
    with locking.writing(root):
        surface = files.read(root)
        entered = entering.enter(surface, survey, line)
        files.write(root, surface)
    return entered


def read_back(root: Path, surveys: List[Tuple[str, Survey]]) -> Iterator[str]:
    """The names that do not have the same entry when they are read again, a line each."""
    surface = files.read(root)
    for line, survey in surveys:
        for path in entering.unlike(surface, survey, line):
            yield f"{line}: {path}"


def given(root: Path, paths: List[Path]) -> List[Given]:
    """The surveys among the files of a merge, the oldest release first.

    Raises HistoryError where two of one release differ, and for a release beside the matrix.
    """
    found: List[Given] = []
    for path in paths:
        survey = read(path)
        one = Given(path, _line(root, path, survey.release), survey)
        twin = next((other for other in found if other.line == one.line), None)
        if twin is None:
            found.append(one)
        elif twin.survey != survey:
            raise HistoryError(
                f"{path}: not the survey of torch {survey.release} that {twin.path} is: "
                "give one of both"
            )
    return sorted(found, key=lambda one: versions.key(one.line))


def _line(root: Path, path: Path, release: str) -> str:
    matrix = releases.releases(root)
    line = next((line for line, one in matrix.items() if one.patch == release), None)
    if line is None:
        raise HistoryError(
            f"{path}: torch {release!r} is not in the matrix of tox.ini: leave the file out"
        )
    return line
