"""Pin: one mention of torch in a file."""

from __future__ import annotations

from typing import Iterable, List, NamedTuple, Optional, Tuple

from packaging.specifiers import Specifier, SpecifierSet
from packaging.version import Version

LOWER = (">=", ">", "~=", "==", "===")  # the operators that give a range a lower end


class Pin(NamedTuple):
    """What one mention of torch admits, and under which condition."""

    said: str  # as it is written
    allows: Tuple[SpecifierSet, ...]  # a version must match one of them; none where it is unknown
    exact: Optional[str] = None  # the one version, where it is pinned
    markers: Tuple[str, ...] = ()  # one of them must hold, where there are any
    group: str = ""  # the extra or the dependency group
    where: str = ""  # the file, with the line or the table
    override: bool = False  # whether it replaces what other places ask for

    @property
    def condition(self) -> str:
        """The group and the markers, in words. Empty where torch is always asked for so."""
        return condition(self.group, self.markers)

    @property
    def lower(self) -> Optional[str]:
        """The version that is pinned, or the lower end of the range, or None.

        Raises ValueError where it is no version.
        """
        if self.exact is not None:
            return self.exact
        ends = [_lower(one) for one in self.allows]
        known = [end for end in ends if end is not None]
        return min(known, key=Version) if known and len(known) == len(ends) else None

    def admits(self, version: str) -> bool:
        """Whether a range admits a version. Raises ValueError where its end is no version."""
        return any(one.contains(version, prereleases=True) for one in self.allows)


def condition(group: str, markers: Iterable[str]) -> str:
    """A group and markers in words."""
    return ", ".join(part for part in (group, " or ".join(dict.fromkeys(markers))) if part)


def exact(specifiers: SpecifierSet) -> Optional[str]:
    """The one version that specifiers admit, where one of them says ``==`` or ``===``."""
    for one in specifiers:
        if one.operator in ("==", "===") and not one.version.endswith(".*"):
            return one.version
    return None


def _lower(specifiers: SpecifierSet) -> Optional[str]:
    ends: List[str] = [_end(one) for one in specifiers if one.operator in LOWER]
    return max(ends, key=Version, default=None)


def _end(one: Specifier) -> str:
    return one.version[:-2] if one.version.endswith(".*") else one.version
