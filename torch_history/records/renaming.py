"""Renaming: the record of a behaviour follows its test to a new id, and keeps the former one."""

from __future__ import annotations

import re
from pathlib import Path
from typing import List

from torch_history.errors import HistoryError
from torch_history.records import locking, store


def rename(root: Path, old: str, new: str) -> List[Path]:
    """Move a record, and name the new id where claims and markers named the old one.

    Returns the files that were written. Raises HistoryError where there is nothing to move, or
    where the new id has a record.
    """
    before, after = (store.path_of(root / "spec", name) for name in (old, new))
    with locking.writing(root):
        record = _recorded(before, "renamed")
        if after.exists():
            raise HistoryError(f"{after}: {new} has a record already: remove one of them")
        record.former = [*(name for name in record.former if name != new), old]
        store.write_record(after, record)
        before.unlink()
        return [after, *_name(root, old, new)]


def merge(root: Path, old: str, new: str) -> List[Path]:
    """Delete a record, and let its ids lead to another behaviour, which keeps its own record.

    Returns the files that were written. Raises HistoryError where one of them has no record.
    """
    before, after = (store.path_of(root / "spec", name) for name in (old, new))
    with locking.writing(root):
        gone, record = (_recorded(path, "merged") for path in (before, after))
        ids = [*record.former, *gone.former, old]
        record.former = [name for name in dict.fromkeys(ids) if name != new]
        store.write_record(after, record)
        before.unlink()
        return [after, *_name(root, old, new)]


def _recorded(path: Path, done: str) -> store.Record:
    record = store.read(path)
    if not record.source:
        raise HistoryError(f"{path}: no such record: nothing was {done}")
    return record


def _name(root: Path, old: str, new: str) -> List[Path]:
    """Name the new id where claims, markers and docstrings name the old one.

    Returns the files that were written.
    """
    written = []
    for path in sorted([*root.glob("claims/*.py"), *root.glob("spec/*/*.py")]):
        text = path.read_text(encoding="utf-8")
        changed = re.sub(rf"(?<=[\"'`]){re.escape(old)}(?=[\"'`])", new, text)
        if changed != text:
            store.write_text(path, changed)
            written.append(path)
    return written
