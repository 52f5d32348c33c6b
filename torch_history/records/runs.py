"""Runs: how the observations of one environment enter the records.

A run file is the manifest and the observations of one pytest run, written by the plugin outside the
records, with the digest of the source of each behaviour. ``merge`` alone writes records, one whole
file after the other, so that an interrupted recording is continued.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Tuple

from torch_history import versions
from torch_history.errors import HistoryError
from torch_history.observing import compare, encode
from torch_history.records import locking, manifests, store
from torch_history.records.reasons import reason_of
from torch_history.records.store import Chain, Json, Record

Run = Dict[str, Any]  # the content of a run file
Devices = Dict[str, Chain]
_OF_A_RUN = ("sources", "unknown", "observations")  # and not of its environment
Seen = Tuple[str, str]  # a device and a release


class Merged(NamedTuple):
    """What a run changed in the records."""

    added: List[str]  # "behaviour (case)" with a new or replaced entry
    verified: int
    unknown: Dict[str, str]
    environment: List[str]  # where it differs from the manifest, which was left as it is


def merge(root: Path, run: Run, version: str, whole: bool = True) -> Merged:
    """Enter a run into the records as ``version`` (a line or a patch).

    A manifest is written if there is none; a run of all behaviours (``whole``) replaces it.
    """
    seen = run["device"], run["release"]
    added: List[str] = []
    with locking.writing(root):
        for behaviour, cases in run["observations"].items():
            path = store.path_of(root / "spec", behaviour)
            record = current(_recorded(path), run["sources"][behaviour])
            added += [
                store.named(behaviour, name) for name in _observed(record, cases, seen, version)
            ]
            store.write_record(path, record)
        for behaviour, why in run["unknown"].items():
            path = store.path_of(root / "spec", behaviour)
            record, source = _recorded(path), run["sources"][behaviour]
            # A test that fails says nothing yet of its new source: the old record stays, as stale.
            if record.source in ("", source) or not reason_of(why).failed:
                record = current(record, source)
                _not_observed(record, seen, why)
                store.write_record(path, record)
        differing = _write_manifest(root, run, whole)
    return Merged(added, len(run["observations"]), run["unknown"], differing)


def enter(path: Path, source: str, cases: Dict[str, Json], seen: Seen, version: str) -> List[str]:
    """Enter what one release did into one record. Returns the cases that changed."""
    record = current(store.read(path), source)
    changed = list(_observed(record, cases, seen, version))
    store.write_record(path, record)
    return changed


def _recorded(path: Path) -> Record:
    """The record in a file. What is damaged says nothing, and is replaced."""
    try:
        return store.read(path)
    except HistoryError:
        return Record()


def current(record: Record, source: str) -> Record:
    """A record to continue with this source: what was made from another one is not kept."""
    return record if record.source == source else Record(source, record.former)


def _observed(record: Record, cases: Dict[str, Json], seen: Seen, version: str) -> Iterator[str]:
    """Put what one release did into a record. Gives the cases that changed."""
    device, release = seen
    others = [other for other in _seen(record) if other != seen]
    distance = 0
    for name, observation in cases.items():
        devices = record.timelines.setdefault(name, {})
        before = devices.get(device)
        _enter(devices, (device, version), observation, others)
        if devices.get(device) != before:
            yield name
        chain = store.chain_for(devices, device, version)
        distance = max(distance, _drift(chain, version, observation))
    releases = record.seen.setdefault(device, [])
    if release not in releases:
        releases.append(release)
    record.unknown.get(device, {}).pop(release, None)
    record.distances.setdefault(device, {})[release] = distance
    if not distance:
        del record.distances[device][release]


def _not_observed(record: Record, seen: Seen, why: str) -> None:
    device, release = seen
    record.unknown.setdefault(device, {})[release] = why
    record.distances.get(device, {}).pop(release, None)
    if release in record.seen.get(device, []):
        record.seen[device].remove(release)


def _write_manifest(root: Path, run: Run, whole: bool) -> List[str]:
    """Write the manifest of a run, or say where its environment is not the one recorded."""
    path = root / "manifests" / f"{run['release']}-{run['device']}.json"
    manifest = {name: value for name, value in run.items() if name not in _OF_A_RUN}
    known = None if whole else manifests.read(root, run["device"]).get(run["release"])
    if known is None:
        store.write(path, manifest)
        return []
    return [
        f"{name} {known[name]}, now {value}"
        for name, value in manifest.items()
        if name in known and known[name] != value
    ]


CPU_WHEEL = (
    "the environment holds a CPU wheel, records come from PyPI's: "
    "unset UV_TORCH_BACKEND, or take it all the same with --any-build"
)


def why_not(run: Run, any_build: bool) -> Optional[str]:
    """Why a run must not enter the records, or None.

    Records come from PyPI's wheels, and those for Linux on x86_64 are CUDA builds.
    """
    if run["build"] == "cpu" and run["platform"].startswith("Linux x86_64") and not any_build:
        return CPU_WHEEL
    return None


def _enter(devices: Devices, seen: Seen, observation: Json, others: List[Seen]) -> None:
    """Put an observation into the chains of a case.

    ``others`` have been observed before: one that relied on a replaced entry gets its own.
    """
    device, version = seen
    # Read before the insertion, which may replace the entry that the others rely on.
    before = {other: holding(devices, *other) for other in others}
    _insert(devices, device, version, _worded(devices, device, version, observation))
    for (other, release), entry in before.items():
        chain = store.chain_for(devices, other, release)
        if entry is not None and not _agrees(chain, release, entry):
            line = versions.line(release)
            # The line was just recorded from another patch, whose entry must stay.
            own = release if (other, line) == seen else line
            _insert(devices, other, own, entry)


def _insert(devices: Devices, device: str, version: str, observation: Json) -> None:
    """Put an observation into the chain where it belongs.

    Another device has a chain of its own only from where it differs from the cpu.
    """
    own = devices.get(device, {})
    if (
        device == "cpu"
        or versions.holding(own, version)
        or not _agrees(devices.get("cpu", {}), version, observation)
    ):
        devices[device] = store.insert(own, version, observation, _same)


def _worded(devices: Devices, device: str, version: str, observation: Json) -> Json:
    """The observation in the text of an entry that agrees within tolerance.

    So equal text means equal observations.
    """
    # First the entry that applies: of several that agree, this one changes nothing.
    held = holding(devices, device, version)
    entries = [
        *([held] if held else []),
        *(entry for chain in devices.values() for entry in chain.values()),
    ]
    for entry in entries:
        if _same(entry, observation):
            return entry
    # Where only the warnings differ, the value keeps its former text: else last bits that moved
    # would look like a change of the value.
    for entry in entries:
        if "value" in entry and "value" in observation and _same_value(entry, observation):
            return encode.seal({**observation, "value": entry["value"]})
    return observation


def _same_value(one: Json, other: Json) -> bool:
    """Whether the values of two observations agree, their keys' order and types included."""
    # Not `==`, which is enough where digests are compared too: here 1 would be True.
    first, second = (encode.load({"value": part["value"]}) for part in (one, other))
    return compare.same(first, second)


def holding(devices: Devices, device: str, version: str) -> Optional[Json]:
    """The entry that applies to a device and version, or None."""
    chain = store.chain_for(devices, device, version)
    since = versions.holding(chain, version)
    return chain[since] if since else None


def read_back(root: Path, run: Run, version: str) -> List[str]:
    """The behaviours whose records, read again, do not reproduce what the run observed."""
    wrong = []
    for behaviour, cases in run["observations"].items():
        path = store.path_of(root / "spec", behaviour)
        record = store.read(path)
        if record.source:  # else there is no file, and nothing is reproduced
            store.check_canonical(path, record)
        for name, observation in cases.items():
            chain = store.chain_for(record.timelines.get(name, {}), run["device"], version)
            if not _agrees(chain, version, observation):
                wrong.append(store.named(behaviour, name))
    return wrong


def _seen(record: Record) -> List[Seen]:
    """Where a behaviour was observed, ascending."""
    # The cpu first: the other devices fall back on its entries, so these must be settled before.
    return [
        (device, release)
        for device in sorted(record.seen, key=lambda device: (device != "cpu", device))
        for release in sorted(record.seen[device], key=versions.key)
    ]


def _same(one: Json, other: Json) -> bool:
    # Equal JSON is the usual case, and needs no tensor to be parsed.
    return one == other or compare.same(encode.load(one), encode.load(other))


def _agrees(chain: Chain, version: str, observation: Json) -> bool:
    since = versions.holding(chain, version)
    return since is not None and _same(chain[since], observation)


def _drift(chain: Chain, version: str, observation: Json) -> int:
    entry = chain[versions.holding(chain, version) or version]
    if entry == observation:
        return 0
    return compare.largest_ulp(encode.load(entry), encode.load(observation))
