"""The face that syrupy sees.

It reads the entry that holds for the running library. In a recording it passes on what was
observed. One class serves syrupy 4.9 (Python 3.8) and 7: the methods have their new names, and
their old ones as aliases.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Callable, Dict, Iterable, Iterator, List, NamedTuple, Tuple

from syrupy.extensions.base import AbstractSyrupyExtension

from torch_history import versions
from torch_history.errors import HistoryError
from torch_history.observing import compare, encode
from torch_history.observing.observation import Cases, Observation
from torch_history.records import store
from torch_history.records.kept import Files
from torch_history.records.store import OBSERVED, Json

Observed = Dict[str, Observation]  # act -> what it did; the act of ``observe`` is called ""


class Session:
    """What the comparisons of one pytest run share.

    These are the running library and device, the records, and what was consulted or recorded.
    """

    def __init__(self, running: str, device: str, recording: bool, records: Files):
        self.running, self.device, self.recording = running, device, recording
        self.records = records
        self.consulted: List[Expected] = []  # since the last test began
        self.mismatches: List[str] = []  # since the last test began
        self.observed: Observed = {}  # by the last test, for --observed
        self.recorded: Dict[str, Dict[str, Json]] = {}  # behaviour -> case -> observation


class Held(NamedTuple):
    """An entry that holds for the running library, and since which version it has been seen."""

    since: str
    entry: Json


class Expected(NamedTuple):
    """What is recorded of a test for the running library."""

    path: Path
    case: str
    held: Dict[str, Held]  # act -> its entry

    def observation(
        self, act: str, parse: Callable[[Json], Observation] = encode.verified
    ) -> Observation:
        """The entry of an act, parsed. Raises HistoryError, with its file, where it is damaged."""
        since, entry = self.held[act]
        try:
            return parse(entry)
        except HistoryError as error:
            name = name_of(self.case, act)
            raise HistoryError(f"{self.path}: {name}, {since}: {error}: {store.RESTORE}") from None

    def mismatches(self, observed: Observed) -> Iterator[Tuple[str, str]]:
        """Where the acts did not do what is recorded: the act, and what differs."""
        for act in [act for act in self.held if act not in observed]:
            yield act, "recorded, but the test does not observe it: record the behaviour again"
        for act, observation in observed.items():
            if act not in self.held:
                yield act, "no record holds: record the behaviour again"
            # Equal to the bit, so the text is not parsed; `check` compares digest and text.
            elif self.held[act].entry.get("digest") != encode.digest(observation):
                for found in compare.mismatches(self.observation(act), observation):
                    yield act, str(found)


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
    return match.group(1) or OBSERVED


def name_of(case: str, act: str) -> str:
    """What a record calls an act of a case: ``adam / sum``, ``adam``, ``sum`` or ``observed``."""
    if not act:
        return case
    return act if case == OBSERVED else f"{case} / {act}"


def _acts(case: str, names: Iterable[str]) -> Iterator[Tuple[str, str]]:
    """The acts of a case among the names in a record, each with its name."""
    for name in names:
        # A test without parameters has all names of its record.
        if name == case:
            yield "", name
        elif case == OBSERVED:
            yield name, name
        elif name.startswith(f"{case} / "):
            yield name[len(case) + 3 :], name


class HistoryExtension(AbstractSyrupyExtension):
    """Chosen with ``--snapshot-default-extension``; the plugin sets ``session`` beforehand."""

    # syrupy makes an extension for each test by itself, so what they share hangs on the class.
    session: Session

    def serialize(self, data: Any, **kwargs: Any) -> Any:
        """What each act did, encoded.

        In a recording it is its JSON, so that what cannot be written fails in its own test.
        """
        if isinstance(data, Observation):
            data = Cases({"": data})
        if not isinstance(data, Cases):
            raise TypeError(
                "compare the snapshot with observe(...) or observe_each(...), not with "
                f"{type(data).__name__}"
            )
        encoded = {
            act: one._replace(value=encode.encode(one.value))
            for act, one in data.observations.items()
        }
        self.session.observed = encoded
        if self.session.recording:
            return {act: encode.dump(one) for act, one in encoded.items()}
        return encoded

    def matches(self, *, serialized_data: Any, snapshot_data: Any) -> bool:
        """Whether observations agree with their entries."""
        found = list(snapshot_data.mismatches(serialized_data))
        self.session.mismatches.extend(f"{act}: {line}" if act else line for act, line in found)
        return not found

    def diff_lines(self, serialized_data: Any, snapshot_data: Any) -> Iterator[str]:
        """What a failure says."""
        running = self.session.running
        if not isinstance(snapshot_data, Expected):
            command = f"torch-history record {versions.line(running)}"
            yield f"no record holds for {running}: run `{command}`"
            return
        found = list(snapshot_data.mismatches(serialized_data))
        places = "1 place differs" if len(found) == 1 else f"{len(found)} places differ"
        acts = {act for act, _ in found}
        since = {held.since for act, held in snapshot_data.held.items() if act in acts}
        under = " and ".join(sorted(since, key=versions.key)) or "no release"
        yield (
            f"{store.behaviour_of(snapshot_data.path)}: {places} from the record "
            f"(running {running}, expectation recorded under {under})"
        )
        for act, line in found:
            yield f"{act}: {line}" if act else line

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
        case = case_of(snapshot_name)  # in a recording too: it fails in its own test
        # With no entry found, syrupy takes every observation for new and hands it on to be written.
        if session.recording:
            return None
        path = Path(snapshot_location)
        record = session.records.record(path).timelines
        expected = Expected(path, case, {})
        for act, name in _acts(case, record):
            chain = store.chain_for(record[name], session.device, session.running)
            since = versions.holding(chain, session.running)
            if since is not None:
                expected.held[act] = Held(since, chain[since])
                expected.observation(act, encode.load)  # whether it is an observation at all
        if not expected.held:
            return None
        session.consulted.append(expected)
        return expected

    @classmethod
    def write_snapshot_collection(cls, *, snapshot_collection: Any, **kwargs: Any) -> None:
        """Keep what a recording observed, for the plugin."""
        behaviour = store.behaviour_of(Path(snapshot_collection.location))
        observed = cls.session.recorded.setdefault(behaviour, {})
        for snapshot in snapshot_collection:
            case = case_of(snapshot.name)
            observed.update({name_of(case, act): one for act, one in snapshot.data.items()})

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
