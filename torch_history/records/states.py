"""States: whether the record of each behaviour says what its test does now."""

from __future__ import annotations

from pathlib import Path
from typing import Dict, NamedTuple, Tuple

from torch_history.errors import HistoryError
from torch_history.records import store
from torch_history.records.sources import Sources
from torch_history.records.store import Record

Test = Tuple[str, str]  # a file, relative to the root, and a function in it


class State(NamedTuple):
    """What is recorded of a behaviour, and what stands against reading it."""

    source: str  # the digest of its source as it is now
    record: Record  # empty where it is missing or damaged
    stale: bool = False  # it was made from another source
    damage: str = ""

    @property
    def fault(self) -> str:
        """Why the record says nothing of this behaviour; empty where it does."""
        if self.damage:
            return "its record is damaged: run `torch-history check`"
        if not self.record.source:
            return "it has no record: run `torch-history record`"
        return "its test changed after the recording: run `torch-history record`" * self.stale

    def lacks(self, device: str, release: str) -> bool:
        """Whether a release is to be recorded: stale, not seen, or failed."""
        if self.fault:
            return True
        why = self.record.unknown.get(device, {}).get(release, "")
        seen = release in self.record.seen.get(device, ())
        return why.startswith("failed: ") or not (seen or why)


def states(root: Path, tests: Dict[str, Test]) -> Dict[str, State]:
    """Behaviour -> its state, in the order given. Raises HistoryError for a test without source."""
    known = Sources(root)
    found = {}
    for behaviour, (file, function) in tests.items():
        source = known.digest(file, function)
        try:
            record = store.read(store.path_of(root / "spec", behaviour))
        except HistoryError as error:
            found[behaviour] = State(source, Record(), damage=str(error))
        else:
            found[behaviour] = State(source, record, record.source not in ("", source))
    return found
