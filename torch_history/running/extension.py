"""The face that syrupy sees.

It reads the entry that holds for the running library. In a recording it passes on what was
observed. One class serves syrupy 4.9 (Python 3.8) and 7: the methods have their new names, and
their old ones as aliases.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, NamedTuple, Optional

from syrupy.extensions.base import AbstractSyrupyExtension

from torch_history import versions
from torch_history.errors import HistoryError
from torch_history.observing import compare, encode
from torch_history.observing.observation import Observation
from torch_history.records import store
from torch_history.records.kept import Files
from torch_history.records.store import Json


class Session:
    """What the comparisons of one pytest run share.

    These are the running library and device, the records, and what was consulted or recorded.
    """

    def __init__(self, running: str, device: str, recording: bool, records: Files):
        self.running, self.device, self.recording = running, device, recording
        self.records = records
        self.consulted: List[Expected] = []  # since the last test began
        self.mismatches: List[str] = []  # since the last test began
        self.observed: Optional[Observation] = None  # the last one, for --observed
        self.recorded: Dict[str, Dict[str, Json]] = {}  # behaviour -> case -> observation


class Expected(NamedTuple):
    """The entry that holds for the running library, and since which version it has been seen."""

    path: Path
    case: str
    since: str
    entry: Json

    def observation(self, parse: Callable[[Json], Observation] = encode.verified) -> Observation:
        """The entry, parsed. Raises HistoryError, with its file, where it is damaged."""
        try:
            return parse(self.entry)
        except HistoryError as error:
            raise HistoryError(
                f"{self.path}: {self.case}, {self.since}: {error}: {store.RESTORE}"
            ) from None


def case_of(snapshot_name: str) -> str:
    """``test_zero_grad[adam]`` -> ``adam``; ``test_zero_grad`` -> ``observed``.

    Raises HistoryError for a second comparison.
    """
    # syrupy calls the second comparison of a test `test_zero_grad.1`.
    match = re.fullmatch(r"\w+(?:\[(.*)\])?", snapshot_name)
    if match is None:
        raise HistoryError(
            f"{snapshot_name}: a behaviour ends in one comparison: make the other a test of its own"
        )
    return match.group(1) or "observed"


class HistoryExtension(AbstractSyrupyExtension):
    """Chosen with ``--snapshot-default-extension``; the plugin sets ``session`` beforehand."""

    # syrupy makes an extension for each test by itself, so what they share hangs on the class.
    session: Session

    def serialize(self, data: Any, **kwargs: Any) -> Any:
        """The observation, encoded.

        In a recording it is its JSON, so that what cannot be written fails in its own test.
        """
        if not isinstance(data, Observation):
            raise TypeError(
                f"compare the snapshot with observe(...), not with {type(data).__name__}"
            )
        self.session.observed = encoded = data._replace(value=encode.encode(data.value))
        return encode.dump(encoded) if self.session.recording else encoded

    def matches(self, *, serialized_data: Any, snapshot_data: Any) -> bool:
        """Whether an observation agrees with its entry."""
        # Equal to the bit, so the text is not parsed; `check` compares digest and text.
        if snapshot_data.entry.get("digest") == encode.digest(serialized_data):
            return True
        found = compare.mismatches(snapshot_data.observation(), serialized_data)
        self.session.mismatches.extend(map(str, found))
        return not found

    def diff_lines(self, serialized_data: Any, snapshot_data: Any) -> Iterator[str]:
        """What a failure says."""
        running = self.session.running
        if not isinstance(snapshot_data, Expected):
            command = f"torch-history record {versions.line(running)}"
            yield f"no record holds for {running}: run `{command}`"
            return
        found = compare.mismatches(snapshot_data.observation(), serialized_data)
        places = "1 place differs" if len(found) == 1 else f"{len(found)} places differ"
        yield (
            f"{store.behaviour_of(snapshot_data.path)}: {places} from the record "
            f"(running {running}, expectation recorded under {snapshot_data.since})"
        )
        for mismatch in found:
            yield str(mismatch)

    def discover_snapshots(self, **kwargs: Any) -> Any:
        """None, so that syrupy's clean-up never deletes the record of a skipped test."""
        from syrupy.data import SnapshotCollections

        return SnapshotCollections()

    @classmethod
    def get_location(cls, *, test_location: Any, index: Any) -> str:
        """Where the record of a test belongs."""
        name = test_location.methodname[len("test_") :]
        return str(Path(test_location.filepath).parent / "__snapshots__" / f"{name}.json")

    def read_snapshot_data_from_location(
        self, *, snapshot_location: str, snapshot_name: str, session_id: str
    ) -> Any:
        """The entry that holds for the running library (Expected), or None."""
        session = self.session
        # With no entry found, syrupy takes every observation for new and hands it on to be written.
        if session.recording:
            return None
        path = Path(snapshot_location)
        case = case_of(snapshot_name)
        devices = session.records.record(path).get(case, {})
        chain = store.chain_for(devices, session.device, session.running)
        since = versions.holding(chain, session.running)
        if since is None:
            return None
        expected = Expected(path, case, since, chain[since])
        expected.observation(encode.load)  # whether it is an observation at all
        session.consulted.append(expected)
        return expected

    @classmethod
    def write_snapshot_collection(cls, *, snapshot_collection: Any, **kwargs: Any) -> None:
        """Keep what a recording observed, for the plugin."""
        behaviour = store.behaviour_of(Path(snapshot_collection.location))
        observed = cls.session.recorded.setdefault(behaviour, {})
        for snapshot in snapshot_collection:
            observed[case_of(snapshot.name)] = snapshot.data

    def read_snapshot_collection(self, *, snapshot_location: str) -> Any:
        """Never called: records are read entry by entry."""
        raise NotImplementedError("records are read entry by entry")

    def delete_snapshots(self, *, snapshot_location: str, snapshot_names: Any) -> None:
        """Never called: a run deletes no record."""
        raise NotImplementedError("`torch-history check` finds stale records")

    # syrupy < 5
    _read_snapshot_data_from_location = read_snapshot_data_from_location
    _write_snapshot_collection = write_snapshot_collection
    _read_snapshot_collection = read_snapshot_collection
