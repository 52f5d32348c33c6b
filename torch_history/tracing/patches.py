"""Patches: what stands in the place of attributes of other modules, until it is taken back."""

from __future__ import annotations

from typing import Any, List, Tuple

_ABSENT = object()  # the attribute was inherited, or was not there


class Patches:
    """Attributes that are replaced, and what stood there before."""

    def __init__(self) -> None:
        self._made: List[Tuple[Any, str, Any, Any]] = []

    def put(self, owner: Any, name: str, value: Any) -> None:
        """Replace an attribute."""
        self._made.append((owner, name, vars(owner).get(name, _ABSENT), value))
        setattr(owner, name, value)

    def back(self) -> None:
        """Take back every replacement, the last one first.

        If something else replaced the attribute since, it stays: it may call what was put here.
        """
        while self._made:
            owner, name, before, ours = self._made.pop()
            if vars(owner).get(name) is not ours:
                continue
            if before is _ABSENT:
                delattr(owner, name)
            else:
                setattr(owner, name, before)
