"""Runs: what one environment observed; its manifest; and how a run enters the records.

A run file is the manifest and the observations of one pytest run, written by the plugin outside the records. ``merge`` alone
writes records, then the manifest, so that an interrupted recording leaves whole files and is done again.

``manifests/<version>-<device>.json`` says what an environment was, ``verified`` (behaviour -> the largest distance of what it
observed from its entry, in ULP) and ``unknown`` (behaviour -> why).
"""

from __future__ import annotations

import hashlib
import platform
from importlib import metadata
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from history import catalogue, compare, encode, store, versions
from history.errors import HistoryError

FORMAT = 1


def describe(library: Any, running: str, device: str, root: Path) -> dict:
    """The manifest of this environment, before what it verified."""
    release, _, local = running.partition("+")
    return {
        "format": FORMAT,
        "library": library.__name__,
        "release": release,
        "build": _build(library, local),
        "device": device,
        "device_name": _device_name(library, device),
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.machine()} {' '.join(platform.libc_ver())}".strip(),
        "cpu_capability": _cpu_capability(library),
        "numpy": metadata.version("numpy"),
        "syrupy": metadata.version("syrupy"),
        "pytest": metadata.version("pytest"),
        "sources": sources(root),
    }


def _build(library: Any, local: str) -> str:
    """``cu124``, ``cpu``: the flavour of a torch build, from its local version or the CUDA it was built with."""
    if local:
        return local
    built_with = getattr(getattr(library, "version", None), "cuda", None)
    return "cu" + built_with.replace(".", "") if built_with else "cpu"


def _device_name(library: Any, device: str) -> str:
    if device.startswith("cuda"):
        return library.cuda.get_device_name(device)
    return "cpu"


def _cpu_capability(library: Any) -> str:
    """The instruction set torch chose, as torch tells it; ``not told`` by the oldest releases."""
    backend = getattr(getattr(library, "backends", None), "cpu", None)
    if hasattr(backend, "get_cpu_capability"):
        return backend.get_cpu_capability()
    config = getattr(library, "__config__", None)
    for line in config.show().splitlines() if config else ():
        if "CPU capability usage:" in line:
            return line.rpartition(":")[2].strip()
    return "not told"


def sources(root: Path) -> str:
    """A digest of what a recording depends on: what the tests do, the fixtures, and how the engine observes and encodes.

    Markers and docstrings are left out, so that annotating a change does not ask for another recording.
    """
    digest = hashlib.sha256()
    for path in sorted([*root.glob("spec/**/*.py"), *root.glob("fixtures/**/*.py"),
                        *root.glob("history/observe.py"), *root.glob("history/encode.py")]):
        digest.update(f"{path.relative_to(root).as_posix()}\0{catalogue.code(path)}\0".encode())
    return digest.hexdigest()[:16]


def manifests(root: Path, device: Optional[str] = "cpu") -> Dict[str, dict]:
    """Recorded version -> manifest, ascending; of one device, or of all (``None``: version-device -> manifest)."""
    folder = root / "manifests"
    if folder.exists() and not folder.is_dir():
        raise HistoryError(f"{folder}: a file stands where the manifests' folder should be: move it away")
    found = {}
    for path in folder.glob("*.json"):
        version, _, on = path.stem.partition("-")
        if device is None or on == device:
            manifest = store.read_json(path)
            if manifest.get("format") != FORMAT or not isinstance(manifest.get("verified"), dict):
                raise HistoryError(f"{path}: not a manifest of format {FORMAT}: {store.RESTORE}")
            found[version if device else path.stem] = manifest
    return {name: found[name] for name in sorted(found, key=lambda name: (versions.key(name.partition("-")[0]), name))}


def manifest_for(known: Dict[str, dict], version: str) -> Optional[dict]:
    """The manifest of a release: of that patch, or for a line (``2.5``) that of its newest recorded patch."""
    numbers, final = versions.parse(version)
    if not final:
        return None
    fitting = [name for name in known if versions.key(name)[:len(numbers)] == numbers]
    return known[fitting[-1]] if fitting else None


def neighbours(known: Dict[str, dict], version: str) -> Tuple[Optional[str], Optional[str]]:
    """The nearest recorded versions below and above one that was not recorded."""
    below = [name for name in known if versions.key(name) < versions.key(version)]
    above = [name for name in known if versions.key(name) > versions.key(version)]
    return (below[-1] if below else None), (above[0] if above else None)


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
