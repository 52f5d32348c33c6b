"""Environment: the library, the Python and the machine of a run, for its manifest."""

from __future__ import annotations

import platform
from pathlib import Path
from typing import Any, Dict

FORMAT = 2


def describe(library: Any, running: str, device: str) -> Dict[str, Any]:
    """The manifest of this environment."""
    # importlib.metadata is slow to import, and most importers of this module need only FORMAT.
    from importlib import metadata

    release, _, local = running.partition("+")
    libc = " ".join(platform.libc_ver())
    return {
        "format": FORMAT,
        "library": library.__name__,
        "release": release,
        "build": _build(library, local),
        "device": device,
        "device_name": _device_name(library, device),
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.machine()} {libc}".strip(),
        "cpu_vendor": _cpu_vendor(),
        "cpu_capability": _cpu_capability(library),
        "numpy": metadata.version("numpy"),
        "syrupy": metadata.version("syrupy"),
        "pytest": metadata.version("pytest"),
    }


def _build(library: Any, local: str) -> str:
    """``cu124``, ``cpu``: the flavour of a build, from its local version or the CUDA it has."""
    if local:
        return local
    built_with = getattr(getattr(library, "version", None), "cuda", None)
    return "cu" + str(built_with).replace(".", "") if built_with else "cpu"


def _device_name(library: Any, device: str) -> str:
    if not device.startswith("cuda"):
        return "cpu"
    return str(library.cuda.get_device_name(device)) if library.cuda.is_available() else "none"


def _cpu_vendor() -> str:
    """``GenuineIntel``, ``AuthenticAMD``: MKL chooses its code by it."""
    try:
        described = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:  # no Linux
        described = ""
    for line in described.splitlines():
        if line.startswith("vendor_id"):
            return line.partition(":")[2].strip()
    return platform.processor() or "not told"


def _cpu_capability(library: Any) -> str:
    """The instruction set torch chose, as torch reports it; the oldest releases do not."""
    backend: Any = getattr(getattr(library, "backends", None), "cpu", None)
    if hasattr(backend, "get_cpu_capability"):
        return str(backend.get_cpu_capability())
    config = getattr(library, "__config__", None)
    for line in str(config.show()).splitlines() if config else ():
        if "CPU capability usage:" in line:
            return line.rpartition(":")[2].strip()
    return "not told"
