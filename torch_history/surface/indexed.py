"""Indexed: the form of the surface's index, in which the entries are not decoded yet."""

from __future__ import annotations

from typing import Dict, FrozenSet, List

from msgspec import Raw, Struct

from torch_history.surface.files import Surveyed
from torch_history.surface.notes import Note
from torch_history.surface.renames import Rename


class Index(Struct):
    """The surface, as it is asked for."""

    releases: Dict[str, Surveyed]  # by line, ascending
    names: Dict[str, Raw]  # path -> chain, not decoded yet
    aliases: Dict[str, Dict[str, str]]  # place -> line -> what came and went: "+Linear=torch.nn…"
    modules: Dict[str, Dict[str, str]]  # package -> line -> what came and went
    changes: Dict[str, List[str]]  # line -> the names that changed at it
    came: Dict[str, List[str]] = {}  # line -> those of them that were not there before
    moves: Dict[str, Dict[str, Rename]] = {}  # line -> path that went -> where it is now
    made: Dict[str, Raw] = {}  # line -> path -> what changed at it, see `made`; not decoded yet
    # public paths that an alias or a base may have, where they have no entry of their own
    elsewhere: FrozenSet[str] = frozenset()
    notes: Dict[str, Dict[str, Note]] = {}  # path -> line -> what to do, and the cause
