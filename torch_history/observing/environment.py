"""Environment: what the library, the Python and the machine of a run are, for its manifest."""

from __future__ import annotations

import platform
from typing import Any

FORMAT = 1


def describe(library: Any, running: str, device: str) -> dict:
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
