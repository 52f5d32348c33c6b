"""Classes: what must be known of a release's classes to compare their bases."""

from __future__ import annotations

import builtins
import collections
import enum
from typing import Iterable, Iterator, Protocol

_LIBRARY = {"": builtins, "enum": enum, "collections": collections}


class Classes(Protocol):
    """The classes of one release."""

    def public(self, name: str) -> str:
        """The public path of what stands under a name."""

    def knows(self, base: str) -> bool:
        """Whether there is such a class: one of torch can be gone."""

    def lineage(self, name: str) -> Iterable[str]:
        """A class and all that it derives from, by their public paths."""


class Unknown:
    """The classes of a release of which nothing but the entry is known."""

    def public(self, name: str) -> str:
        """The name itself."""
        return name

    def knows(self, base: str) -> bool:
        """Any class may be there."""
        return True

    def lineage(self, name: str) -> Iterable[str]:
        """The class, and what Python knows of it."""
        return (name, *of_python(name))


def of_python(name: str) -> Iterator[str]:
    """The bases of a class of the standard library."""
    home, _, last = name.rpartition(".")
    found = getattr(_LIBRARY.get(home), last, None)
    for one in found.__mro__ if isinstance(found, type) else ():
        yield one.__name__ if one.__module__ == "builtins" else f"{one.__module__}.{one.__name__}"
