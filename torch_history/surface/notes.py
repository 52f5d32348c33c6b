"""Notes: what to do about a change of the surface, and its cause. They are written by hand.

``surface/_notes.json`` has ``{"torch.symeig": {"2.0": {"advice": ..., "cause": ...}}}``: the name,
and the line at which it changed.
"""

from __future__ import annotations

from pathlib import Path
from typing import Dict, Mapping, Optional

import msgspec
from msgspec import Struct

from torch_history import reading
from torch_history.catalogue.behaviour import Change
from torch_history.catalogue.kinds import Kind
from torch_history.errors import HistoryError
from torch_history.surface.files import FOLDER

FILE = "_notes.json"
LARGEST = 10_000_000  # bytes


class Note(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What to do, and why it changed."""

    advice: str = ""
    cause: str = ""
    probable: bool = False


def change(notes: Mapping[str, Mapping[str, Note]], path: str, line: str) -> Optional[Change]:
    """The note on a name's change at a line, in the form of a behaviour's change."""
    note = notes.get(path, {}).get(line)
    if note is None:
        return None
    return Change(line, "", Kind.GONE, note.cause or None, note.probable, note.advice or None)


def read(root: Path) -> Dict[str, Dict[str, Note]]:
    """The notes of a checkout. Raises HistoryError where the file is damaged."""
    path = root / FOLDER / FILE
    if not path.exists():
        return {}
    try:
        found: Dict[str, Dict[str, Note]] = msgspec.json.decode(
            reading.content(path, LARGEST), type=Dict[str, Dict[str, Note]]
        )
    except (reading.UnreadableError, msgspec.DecodeError, msgspec.ValidationError) as error:
        raise HistoryError(f"{path}: damaged ({error}): mend the file") from None
    return found
