"""Runs: how what one environment observed enters the records.

A run file is the manifest and the observations of one pytest run, written by the plugin outside the records. ``merge`` alone
writes records, then the manifest, so that an interrupted recording leaves whole files and is done again.
"""

from __future__ import annotations

from pathlib import Path
from typing import Dict, List, NamedTuple

from history import compare, encode, store, versions
from history.manifests import FORMAT, describe, manifest_for, neighbours, read as manifests, sources  # noqa: F401


class Merged(NamedTuple):
    """What a run changed in the records."""

    added: List[str]  # "behaviour (case)" with a new or replaced entry
    verified: int
    unknown: Dict[str, str]


def merge(root: Path, run: dict, version: str) -> Merged:
    """Enter a run into the records as ``version`` (a line or a patch), then write its manifest."""
    spec, device = root / "spec", run["device"]
    added, drift = [], {}
    verified_on = _verified_lines(root, device)
    for behaviour, cases in run["observations"].items():
        path = store.path_of(spec, behaviour)
        record = store.read(path)
        updated = {name: dict(devices) for name, devices in record.items()}
        drift[behaviour] = 0
        for name, observation in cases.items():
            devices = updated.setdefault(name, {})
            others = [line for line in verified_on.get(behaviour, ()) if line != version]
            # another device has a chain of its own only from where it first differed from the cpu
            if device == "cpu" or versions.holding(devices.get(device, {}), version):
                devices[device] = store.insert(devices.get(device, {}), version, observation, others, _same)
            elif not devices.get("cpu") or not _agrees(devices["cpu"], version, observation):
                devices[device] = store.insert(devices.get(device, {}), version, observation, (), _same)
            if devices.get(device) != record.get(name, {}).get(device):
                added.append(behaviour if name == "observed" else f"{behaviour} ({name})")
            drift[behaviour] = max(drift[behaviour], _drift(store.chain_for(devices, device, version), version, observation))
        if updated != record:
            store.write(path, {name: updated[name] for name in sorted(updated)})
    manifest = {name: value for name, value in run.items() if name != "observations"}
    manifest["verified"] = dict(sorted(drift.items()))
    store.write(root / "manifests" / f"{run['release']}-{device}.json", manifest)
    return Merged(added, len(drift), run["unknown"])


def read_back(root: Path, run: dict, version: str) -> List[str]:
    """The behaviours of a run whose record, read anew, does not give back what the run observed."""
    wrong = []
    for behaviour, cases in run["observations"].items():
        path = store.path_of(root / "spec", behaviour)
        record = store.read(path)
        store.check_canonical(path, record)
        for name, observation in cases.items():
            if not _agrees(store.chain_for(record.get(name, {}), run["device"], version), version, observation):
                wrong.append(behaviour if name == "observed" else f"{behaviour} ({name})")
    return wrong


def _verified_lines(root: Path, device: str) -> Dict[str, List[str]]:
    lines: Dict[str, List[str]] = {}
    for version, manifest in manifests(root, device).items():
        for behaviour in manifest["verified"]:
            lines.setdefault(behaviour, []).append(versions.line(version))
    return lines


def _same(one: dict, other: dict) -> bool:
    return one == other or compare.same(encode.load(one), encode.load(other))


def _agrees(chain: store.Chain, version: str, observation: dict) -> bool:
    since = versions.holding(chain, version)
    return since is not None and _same(chain[since], observation)


def _drift(chain: store.Chain, version: str, observation: dict) -> int:
    entry = chain[versions.holding(chain, version)]
    return 0 if entry == observation else compare.largest_ulp(encode.load(entry), encode.load(observation))
