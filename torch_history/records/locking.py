"""Locking: writers of the records wait for each other; two recordings do not run at once."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Iterator

from torch_history.errors import HistoryError

WAIT = 600  # seconds


@contextlib.contextmanager
def writing(root: Path, wait: float = WAIT) -> Iterator[None]:
    """Hold the lock of the records. Raises HistoryError if another process holds it too long."""
    with _held(root / ".history" / "records.lock", wait, "another process writes the records"):
        yield


@contextlib.contextmanager
def recording(root: Path) -> Iterator[None]:
    """Hold the lock of recordings. Raises HistoryError if another recording runs."""
    # A recording takes long, so a second one is refused and does not wait. The lock is not that of
    # `writing`, so that a merge can enter runs between two releases.
    with _held(root / ".history" / "recording.lock", 0, "another recording runs"):
        yield


@contextlib.contextmanager
def _held(path: Path, wait: float, why: str) -> Iterator[None]:
    # filelock is in the extra `record`: commands that only read do without it.
    from filelock import FileLock, Timeout

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # one object for each path, so that whoever holds the lock may take it again
        with FileLock(str(path), timeout=wait, is_singleton=True):
            yield
    except Timeout:
        raise HistoryError(f"{path}: {why}: run this again when it is done") from None
    except OSError as error:
        # The body of the caller's `with` runs inside this try: its own OSErrors pass through.
        if error.filename is not None and Path(error.filename) in (path, path.parent):
            raise HistoryError(
                f"{path.parent}: cannot be written ({error.strerror}): make the folder writable; "
                "nothing recorded was lost"
            ) from None
        raise
