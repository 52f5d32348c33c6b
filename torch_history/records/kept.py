"""Kept: the records and manifests as a run of the specification reads them.

In a checkout they are files. In an installed package they are in its index, which holds them all.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict

from torch_history.records import manifests, store
from torch_history.records.manifests import Manifest
from torch_history.records.store import Record

INDEX = "index.json"


class Files:
    """The records of a checkout."""

    def __init__(self, root: Path):
        self.root = root

    def record(self, path: Path) -> Record:
        """The record of a path; empty if there is none."""
        return store.read(path)

    def manifests(self, device: str) -> Dict[str, Manifest]:
        """Release -> manifest, ascending, of one device."""
        return manifests.read(self.root, device)


class Packed(Files):
    """The records of an installed package."""

    def __init__(self, root: Path):
        super().__init__(root)
        self._index: Dict[str, Any] = store.read_json(root / INDEX)

    def record(self, path: Path) -> Record:
        """The record of a path; empty if there is none."""
        return Record(timelines=self._index["records"].get(store.behaviour_of(path), {}))

    def manifests(self, device: str) -> Dict[str, Manifest]:
        """Release -> what the index says of it, ascending, of one device."""
        environments = self._index["environments"]
        return {one["release"]: one for one in environments if one["device"] == device}


def of(root: Path) -> Files:
    """The records of a folder: a checkout, or where a package keeps its suite."""
    # A checkout keeps its own index in .history/, so an index in the root means a package.
    return Packed(root) if (root / INDEX).is_file() else Files(root)
