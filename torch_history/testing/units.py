"""Units: what is traced by itself in a test suite: each test, and each fixture of a wider scope."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path
from typing import List, Optional

import msgspec
from msgspec import Struct

from torch_history.comparing.parting import Parting

_FILE = "unit.json"


class Unit(Struct, kw_only=True, omit_defaults=True):
    """One test or fixture, what became of it, and what the comparison found."""

    id: str
    fixture: bool = False
    outcome: str = "passed"  # passed, failed, skipped
    left_out: int = 0  # contents that were beyond the limit
    full: bool = False  # there were more operations than are logged
    recorded: bool = True  # whether the recording has it
    through: str = ""  # the fixture that it begins from, and that parts
    parting: Optional[Parting] = None
    note: str = ""  # why less is known than usual

    @property
    def folder(self) -> str:
        """The name of its folder."""
        return folder_of(self.id)

    def write(self, staging: Path) -> None:
        """Write it beside its trace."""
        (staging / self.folder).mkdir(exist_ok=True)
        (staging / self.folder / _FILE).write_bytes(msgspec.json.encode(self))


def folder_of(name: str) -> str:
    """The name of the folder of a test or fixture."""
    return hashlib.blake2b(name.encode("utf-8", "replace"), digest_size=8).hexdigest()


def gather(staging: Path) -> None:
    """Move what the workers of xdist have written to the others. The first one of a name stays."""
    for path in sorted(staging.glob(f"gw*/*/{_FILE}")):
        target = staging / path.parent.name
        if not target.exists():
            path.parent.replace(target)
    for folder in staging.glob("gw*"):
        shutil.rmtree(str(folder), ignore_errors=True)


def read(staging: Path) -> List[Unit]:
    """Every unit that the processes of this run have written, in the order of their names."""
    found = [
        msgspec.json.decode(path.read_bytes(), type=Unit) for path in staging.glob(f"*/{_FILE}")
    ]
    return sorted(found, key=lambda unit: unit.id)
