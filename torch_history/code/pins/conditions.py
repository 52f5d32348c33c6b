"""Conditions: whether the marker of a requirement holds for a Python and a platform."""

from __future__ import annotations

import functools
import re
from typing import Dict, Iterator, Optional, Sequence

from packaging.markers import InvalidMarker, Marker

from torch_history.errors import HistoryError

PYTHONS = ("3.6", "3.7", "3.8", "3.9", "3.10", "3.11", "3.12", "3.13", "3.14")
# sys_platform -> platform_system, os_name and the machines
PLATFORMS = {
    "linux": ("Linux", "posix", ("x86_64", "aarch64")),
    "darwin": ("Darwin", "posix", ("x86_64", "arm64")),
    "win32": ("Windows", "nt", ("AMD64",)),
}


def environment(python: str, platform: str = "linux", machine: str = "x86_64") -> Dict[str, str]:
    """The marker variables of CPython ``3.10`` or ``3.10.4`` on a platform."""
    if re.fullmatch(r"\d{1,3}\.\d{1,3}(\.\d{1,3})?", python) is None:
        raise HistoryError(f"--python {python!r} is not a version of Python: give it as 3.10")
    system, name, _ = PLATFORMS[platform]
    minor = ".".join(python.split(".")[:2])
    full = python if python.count(".") == 2 else f"{python}.0"
    return {
        "extra": "",
        "implementation_name": "cpython",
        "implementation_version": full,
        "os_name": name,
        "platform_machine": machine,
        "platform_python_implementation": "CPython",
        "platform_release": "",
        "platform_system": system,
        "platform_version": "",
        "python_full_version": full,
        "python_version": minor,
        "sys_platform": platform,
    }


def every() -> Iterator[Dict[str, str]]:
    """The environments that torch has wheels for."""
    for python in PYTHONS:
        for platform, (_, _, machines) in PLATFORMS.items():
            for machine in machines:
                yield environment(python, platform, machine)


def holds(markers: Sequence[str], where: Dict[str, str]) -> bool:
    """Whether one of the markers holds, or there is none."""
    return not markers or any(_holds(marker, where) for marker in markers)


def _holds(text: str, where: Dict[str, str]) -> bool:
    marker = _marker(text)
    try:
        return marker is None or marker.evaluate(where)
    # A marker that compares what cannot be compared, or asks for a variable of a lock file.
    # What is not understood is answered rather than left out.
    except (ValueError, KeyError, TypeError, RecursionError):
        return True


@functools.lru_cache(maxsize=1024)
def _marker(text: str) -> Optional[Marker]:
    try:
        return Marker(text)
    except (InvalidMarker, RecursionError):
        return None
