"""Ends: the versions that requirements which hold together ask for, on one side of an answer."""

from __future__ import annotations

from typing import Dict, Iterable, List, Optional, Sequence

from packaging.version import Version

from torch_history import versions
from torch_history.code.pins.asked import FROM, PINNED, UP_TO, Asked
from torch_history.code.pins.files import REMEDY, quoted, refused
from torch_history.code.pins.pin import Pin
from torch_history.errors import HistoryError


class Ends:
    """What the older or the newer side of an answer takes from requirements."""

    def __init__(self, where: str, known: Sequence[str], newer: bool) -> None:
        self._where, self._known, self._newer = where, list(known), newer
        self._admitted: Dict[int, List[str]] = {}  # the id of a pin -> the releases it admits

    def of(self, pins: List[List[Pin]]) -> List[Asked]:
        """The versions that are pinned under the narrowest condition, else the range's end."""
        for own in reversed(pins):
            pinned = [one for one in own if one.exact is not None]
            if pinned:
                exact = {self._public(one.exact or ""): one for one in reversed(pinned)}
                return [
                    Asked(version, "", PINNED, one.said, one.where)
                    for version, one in reversed(list(exact.items()))
                ]
        return self._range([one for own in pins for one in own if one.allows])

    def _range(self, pins: List[Pin]) -> List[Asked]:
        """The end of the range that all of them admit, where it has one."""
        ends = [(self._lower(one), one) for one in pins]
        lowers = [(Version(end), one) for end, one in ends if end is not None]
        if not pins or not (lowers or self._newer):
            return []
        common = [
            release
            for release in self._known
            if all(release in self._releases(one) for one in pins)
        ]
        said = max(lowers, key=lambda pair: pair[0])[1] if lowers and not self._newer else pins[-1]
        how = UP_TO if self._newer else FROM
        if common:
            release = common[-1] if self._newer else common[0]
            return [Asked(self._named(release, pins), "", how, said.said, said.where)]
        if not lowers:
            return []
        end = max(version for version, _ in lowers)
        numbers = end.public if len(end.release) > 1 else f"{end.public}.0"
        return [Asked(numbers, "", how, said.said, said.where)]

    def _named(self, release: str, pins: Iterable[Pin]) -> str:
        """A release as its minor line, where this stands for it: ``2.1.2`` -> ``2.1``."""
        line = versions.line(release)
        newest = [one for one in self._known if versions.line(one) == line][-1]
        return line if newest == release and all(one.admits(line) for one in pins) else release

    def nothing(self, one: Pin) -> str:
        """Why a requirement gives no version."""
        admitted = self._releases(one)
        if self._newer and one.allows:
            return f"{quoted(one.said)} admits no recorded release"
        if not admitted or admitted == self._known:
            return f"{quoted(one.said)} does not say which torch is used"
        newest = self._named(admitted[-1], [one])
        return f"{quoted(one.said)} has no lower end; the newest recorded release in it is {newest}"

    def _releases(self, one: Pin) -> List[str]:
        """The recorded releases that a pin admits."""
        if id(one) not in self._admitted:
            try:
                admitted = [release for release in self._known if one.admits(release)]
            except ValueError:
                raise self._no_version(one.said) from None
            self._admitted[id(one)] = admitted
        return self._admitted[id(one)]

    def _lower(self, one: Pin) -> Optional[str]:
        try:
            return one.lower
        except ValueError:
            raise self._no_version(one.said) from None

    def _public(self, version: str) -> str:
        try:
            return Version(version).public
        except ValueError:  # or too many digits for a number
            raise self._no_version(version) from None

    def _no_version(self, text: str) -> HistoryError:
        return refused(self._where, f"{quoted(text)} is not a version of torch: {REMEDY}")
