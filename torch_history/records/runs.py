"""Runs: how the observations of one environment enter the records.

A run file is the manifest and the observations of one pytest run, written by the plugin outside the
records. ``merge`` alone writes records, then the manifest, so that an interrupted recording leaves
whole files and is done again.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from torch_history import versions
from torch_history.observing import compare, encode
from torch_history.records import locking, manifests, store
from torch_history.records.store import Chain, Json

Run = Dict[str, Any]  # the content of a run file
Devices = Dict[str, Chain]
Seen = Tuple[str, str]  # a device and a release


class Merged(NamedTuple):
    """What a run changed in the records."""

    added: List[str]  # "behaviour (case)" with a new or replaced entry
    verified: int
    unknown: Dict[str, str]


def merge(root: Path, run: Run, version: str) -> Merged:
    """Enter a run into the records as ``version`` (a line or a patch), then write its manifest."""
    device: str = run["device"]
    added: List[str] = []
    drift: Dict[str, int] = {}
    with locking.writing(root):
        verified_on = _verified(root, (device, run["release"]))
        for behaviour, cases in run["observations"].items():
            path = store.path_of(root / "spec", behaviour)
            record = store.read(path)
            # A shallow copy is enough: `store.insert` returns a new chain and leaves the old one as
            # it was, so `record` still holds what was read.
            updated = {name: dict(devices) for name, devices in record.items()}
            drift[behaviour] = 0
            for name, observation in cases.items():
                devices = updated.setdefault(name, {})
                _enter(devices, (device, version), observation, verified_on.get(behaviour, []))
                if devices.get(device) != record.get(name, {}).get(device):
                    added.append(_case(behaviour, name))
                chain = store.chain_for(devices, device, version)
                drift[behaviour] = max(drift[behaviour], _drift(chain, version, observation))
            if updated != record:
                store.write(path, {name: updated[name] for name in sorted(updated)})
        manifest = {name: value for name, value in run.items() if name != "observations"}
        manifest["verified"] = dict(sorted(drift.items()))
        store.write(root / "manifests" / f"{run['release']}-{device}.json", manifest)
    return Merged(added, len(drift), run["unknown"])


def why_not(run: Run, any_build: bool) -> Optional[str]:
    """Why a run must not enter the records, or None.

    Records come from PyPI's wheels, and those for Linux on x86_64 are CUDA builds.
    """
    if run["build"] == "cpu" and run["platform"].startswith("Linux x86_64") and not any_build:
        return (
            "the environment holds a CPU wheel, records come from PyPI's: "
            "unset UV_TORCH_BACKEND, or take it all the same with --any-build"
        )
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
        if record:  # else there is no file, and nothing is reproduced
            store.check_canonical(path, record)
        for name, observation in cases.items():
            chain = store.chain_for(record.get(name, {}), run["device"], version)
            if not _agrees(chain, version, observation):
                wrong.append(_case(behaviour, name))
    return wrong


def _case(behaviour: str, name: str) -> str:
    return behaviour if name == "observed" else f"{behaviour} ({name})"


def _verified(root: Path, but: Seen) -> Dict[str, List[Seen]]:
    """Behaviour -> where it was verified, ascending, without the one being recorded."""
    found: Dict[str, List[Seen]] = {}
    everything = manifests.read(root, None).values()
    # The cpu first: the other devices fall back on its entries, so these must be settled before.
    for manifest in sorted(
        everything, key=lambda one: (one["device"] != "cpu", versions.key(one["release"]))
    ):
        if (manifest["device"], manifest["release"]) != but:
            for behaviour in manifest["verified"]:
                found.setdefault(behaviour, []).append((manifest["device"], manifest["release"]))
    return found


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
