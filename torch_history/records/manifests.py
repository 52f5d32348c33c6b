"""Manifests: what each recorded environment was, in ``manifests/<release>-<device>.json``."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict, Iterable, Optional, Tuple

from torch_history import versions
from torch_history.errors import HistoryError
from torch_history.observing.environment import FORMAT
from torch_history.records import store

Manifest = Dict[str, Any]


def read(root: Path, device: Optional[str] = "cpu") -> Dict[str, Manifest]:
    """Recorded version -> manifest, ascending, of one device.

    For all devices (``None``) it is version-device -> manifest.
    """
    folder = root / "manifests"
    if folder.exists() and not folder.is_dir():
        raise HistoryError(
            f"{folder}: a file stands where the manifests' folder should be: move it away"
        )
    found = {}
    for path in folder.glob("*.json"):
        version, _, on = path.stem.partition("-")
        if device is None or on == device:
            try:
                versions.parse(version)
            except HistoryError:
                raise HistoryError(f"{path}: not named RELEASE-DEVICE.json: move it away") from None
            found[version if device else path.stem] = _checked(path, version, on)
    return {
        name: found[name]
        for name in sorted(found, key=lambda name: (versions.key(name.partition("-")[0]), name))
    }


def _checked(path: Path, version: str, device: str) -> Manifest:
    """The manifest in a file. Raises HistoryError if it is damaged or belongs elsewhere."""
    manifest = store.read_json(path)
    if manifest.get("format") != FORMAT:
        raise HistoryError(f"{path}: not a manifest of format {FORMAT}: {store.RESTORE}")
    told = manifest.get("release"), manifest.get("device")
    # Readers go by the name of the file: a renamed copy would speak for another release.
    if told != (version, device):
        raise HistoryError(
            f"{path}: it describes {told[0]} on {told[1]}, not {version} on {device}: "
            f"{store.RESTORE}"
        )
    return manifest


def manifest_for(known: Dict[str, Manifest], version: str) -> Optional[Manifest]:
    """The manifest of a patch, or of the newest recorded patch of a line (``2.5``)."""
    numbers, final = versions.parse(version)
    # A pre-release of 2.6 is not the recorded 2.6, though it has the same numbers.
    if not final:
        return None
    fitting = [name for name in known if versions.key(name)[: len(numbers)] == numbers]
    # `known` ascends, so the last one is the newest patch.
    return known[fitting[-1]] if fitting else None


def neighbours(known: Iterable[str], version: str) -> Tuple[Optional[str], Optional[str]]:
    """The nearest recorded versions below and above one that was not recorded."""
    known = list(known)
    below = [name for name in known if versions.key(name) < versions.key(version)]
    above = [name for name in known if versions.key(name) > versions.key(version)]
    return (below[-1] if below else None), (above[0] if above else None)
