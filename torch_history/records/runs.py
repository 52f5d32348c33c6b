"""Runs: how what one environment observed enters the records.

A run file is the manifest and the observations of one pytest run, written by the plugin outside the records. ``merge`` alone
writes records, then the manifest, so that an interrupted recording leaves whole files and is done again.
"""

from __future__ import annotations

from pathlib import Path
from typing import Dict, List, NamedTuple, Optional, Tuple

from torch_history import versions
from torch_history.observing import compare, encode
from torch_history.records import manifests, store


class Merged(NamedTuple):
    """What a run changed in the records."""

    added: List[str]  # "behaviour (case)" with a new or replaced entry
    verified: int
    unknown: Dict[str, str]


def merge(root: Path, run: dict, version: str) -> Merged:
    """Enter a run into the records as ``version`` (a line or a patch), then write its manifest."""
    spec, device = root / "spec", run["device"]
    added, drift = [], {}
    verified_on = _verified(root, (device, run["release"]))
    for behaviour, cases in run["observations"].items():
        path = store.path_of(spec, behaviour)
        record = store.read(path)
        updated = {name: dict(devices) for name, devices in record.items()}
        drift[behaviour] = 0
        for name, observation in cases.items():
            devices = updated.setdefault(name, {})
            others = {key: holding(devices, *key) for key in verified_on.get(behaviour, ())}
            _enter(devices, device, version, _worded(devices, device, version, observation))
            for (
                other,
                release,
            ), before in others.items():  # what leant on an entry that holds no longer gets its own
                if before is not None and not _agrees(
                    store.chain_for(devices, other, release), release, before
                ):
                    line = versions.line(release)
                    _enter(
                        devices,
                        other,
                        release if (other, line) == (device, version) else line,
                        before,
                    )
            if devices.get(device) != record.get(name, {}).get(device):
                added.append(behaviour if name == "observed" else f"{behaviour} ({name})")
            drift[behaviour] = max(
                drift[behaviour],
                _drift(store.chain_for(devices, device, version), version, observation),
            )
        if updated != record:
            store.write(path, {name: updated[name] for name in sorted(updated)})
    manifest = {name: value for name, value in run.items() if name != "observations"}
    manifest["verified"] = dict(sorted(drift.items()))
    store.write(root / "manifests" / f"{run['release']}-{device}.json", manifest)
    return Merged(added, len(drift), run["unknown"])


def why_not(run: dict, any_build: bool) -> Optional[str]:
    """Why a run is not to enter the records, or None: they come from PyPI's wheels, and those for Linux on x86_64 are CUDA builds."""
    if run["build"] == "cpu" and run["platform"].startswith("Linux x86_64") and not any_build:
        return (
            "the environment holds a CPU wheel, records come from PyPI's: "
            "unset UV_TORCH_BACKEND, or take it all the same with --any-build"
        )
    return None


def _enter(devices: Dict[str, store.Chain], device: str, version: str, observation: dict) -> None:
    """Put an observation into the chain that is to hold it: another device has its own only from where it differs from the cpu."""
    own = devices.get(device, {})
    if (
        device == "cpu"
        or versions.holding(own, version)
        or not _agrees(devices.get("cpu", {}), version, observation)
    ):
        devices[device] = store.insert(own, version, observation, (), _same)


def _worded(devices: Dict[str, store.Chain], device: str, version: str, observation: dict) -> dict:
    """The observation in the text of an entry that agrees within tolerance, so that equal text means equal observations."""
    held = holding(devices, device, version)
    entries = [
        *([held] if held else []),
        *(entry for chain in devices.values() for entry in chain.values()),
    ]
    for entry in entries:
        if _same(entry, observation):
            return entry
    for entry in entries:
        if (
            "value" in entry
            and "value" in observation
            and _same({"value": entry["value"]}, {"value": observation["value"]})
        ):
            return encode.seal({**observation, "value": entry["value"]})
    return observation


def holding(devices: Dict[str, store.Chain], device: str, version: str) -> Optional[dict]:
    """The entry that the records hold for a device and version, or None."""
    chain = store.chain_for(devices, device, version)
    since = versions.holding(chain, version)
    return chain[since] if since else None


def read_back(root: Path, run: dict, version: str) -> List[str]:
    """The behaviours of a run whose record, read anew, does not give back what the run observed."""
    wrong = []
    for behaviour, cases in run["observations"].items():
        path = store.path_of(root / "spec", behaviour)
        record = store.read(path)
        if record:  # else the file is not there, and gives nothing back
            store.check_canonical(path, record)
        for name, observation in cases.items():
            if not _agrees(
                store.chain_for(record.get(name, {}), run["device"], version), version, observation
            ):
                wrong.append(behaviour if name == "observed" else f"{behaviour} ({name})")
    return wrong


def _verified(root: Path, but: Tuple[str, str]) -> Dict[str, List[Tuple[str, str]]]:
    """Behaviour -> the (device, release) pairs that verified it, lines before newer ones; without the one being recorded."""
    found: Dict[str, List[Tuple[str, str]]] = {}
    everything = manifests.read(root, None).values()
    for manifest in sorted(
        everything, key=lambda one: (one["device"] != "cpu", versions.key(one["release"]))
    ):
        if (manifest["device"], manifest["release"]) != but:
            for behaviour in manifest["verified"]:
                found.setdefault(behaviour, []).append((manifest["device"], manifest["release"]))
    return found


def _same(one: dict, other: dict) -> bool:
    return one == other or compare.same(encode.load(one), encode.load(other))


def _agrees(chain: store.Chain, version: str, observation: dict) -> bool:
    since = versions.holding(chain, version)
    return since is not None and _same(chain[since], observation)


def _drift(chain: store.Chain, version: str, observation: dict) -> int:
    entry = chain[versions.holding(chain, version)]
    return (
        0
        if entry == observation
        else compare.largest_ulp(encode.load(entry), encode.load(observation))
    )
