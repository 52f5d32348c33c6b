"""Manifests: what each recorded environment was, what it verified, and what is unknown of it.

``manifests/<release>-<device>.json`` describes the environment; ``verified`` is behaviour -> the largest distance of what it
observed from its entry, in ULP, and ``unknown`` is behaviour -> why.
"""

from __future__ import annotations

import hashlib
import platform
from pathlib import Path
from typing import Any, Dict, Optional, Tuple

from history import catalogue, store, versions
from history.errors import HistoryError

FORMAT = 1


def describe(library: Any, running: str, device: str, root: Path) -> dict:
    """The manifest of this environment, before what it verified."""
    from importlib import metadata

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
    """A digest of what a recording depends on: what the tests do, in what surroundings, and how the engine observes and encodes.

    Markers and docstrings are left out, so that annotating a change does not ask for another recording; and so is
    spec/benchmarks, whose timings are no observations.
    """
    digest = hashlib.sha256()
    for path in sorted([*root.glob("spec/**/*.py"), *root.glob("fixtures/**/*.*"), *root.glob("conftest.py"),
                        *root.glob("history/observe.py"), *root.glob("history/encode.py")]):
        if path.suffix != ".pyc" and path.is_file() and root / "spec" / "benchmarks" not in path.parents:
            text = catalogue.code(path).encode() if path.suffix == ".py" else path.read_bytes()
            digest.update(path.relative_to(root).as_posix().encode() + b"\0" + text + b"\0")
    return digest.hexdigest()[:16]


def read(root: Path, device: Optional[str] = "cpu") -> Dict[str, dict]:
    """Recorded version -> manifest, ascending; of one device, or of all (``None``: version-device -> manifest)."""
    folder = root / "manifests"
    if folder.exists() and not folder.is_dir():
        raise HistoryError(f"{folder}: a file stands where the manifests' folder should be: move it away")
    found = {}
    for path in folder.glob("*.json"):
        version, _, on = path.stem.partition("-")
        if device is None or on == device:
            try:
                versions.parse(version)
            except HistoryError:
                raise HistoryError(f"{path}: not named RELEASE-DEVICE.json: move it away") from None
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
