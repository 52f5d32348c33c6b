"""Modules: which modules a release has, and which of them can be imported."""

from __future__ import annotations

import contextlib
import importlib
import os
import pkgutil
import sys
from pathlib import Path
from types import ModuleType
from typing import Dict, Iterator, List, NamedTuple, Sequence, Tuple

MOST = 200  # characters of a reason
# Names that are asked for are made at that moment: `torch.ops.anything` is a module.
DYNAMIC = ("torch.ops", "torch.classes")


class Modules(NamedTuple):
    """The modules of a release."""

    public: Dict[str, ModuleType]  # those that were imported
    private: List[str]  # by name alone
    failed: Dict[str, str]  # public ones that cannot be imported, and why


def is_private(name: str) -> bool:
    """Whether a part of a dotted name begins with an underscore."""
    return any(part.startswith("_") for part in name.split("."))


def modules(torch: ModuleType) -> Modules:
    """Import every public module of torch."""
    names = list(_below(list(torch.__path__), "torch."))
    public, failed = {"torch": torch}, {}
    with silent():
        for name in names:
            if not is_private(name):
                try:
                    public[name] = importlib.import_module(name)
                except KeyboardInterrupt:
                    raise
                # A module may raise anything, and may even end the process.
                except BaseException as error:  # noqa: BLE001
                    failed[name] = f"{type(error).__name__}: {' '.join(str(error).split())}"[:MOST]
    public.update(_without_file(public))
    return Modules(public, [name for name in names if is_private(name)], failed)


def _below(folders: Sequence[str], prefix: str) -> Iterator[str]:
    """The names of all modules below a package, without importing them."""
    for found in pkgutil.iter_modules(folders, prefix):
        yield found.name
        last = found.name.rpartition(".")[2]
        inner = [Path(one, last) for one in folders]
        if found.ispkg:
            yield from _below([str(one) for one in inner if one.is_dir()], f"{found.name}.")


def _without_file(public: Dict[str, ModuleType]) -> Iterator[Tuple[str, ModuleType]]:
    """Public modules that torch makes itself, as ``torch.special`` of old releases."""
    for name, module in sorted(sys.modules.items()):
        made = name.startswith("torch.") and name not in public and not is_private(name)
        # what stands there may be any object, whatever its annotation says
        if made and type(module).__name__ == "module" and not name.startswith(DYNAMIC):
            yield name, module


@contextlib.contextmanager
def silent() -> Iterator[None]:
    """Nothing that torch prints, in Python or in C, reaches the terminal."""
    sys.stdout.flush()
    sys.stderr.flush()
    kept = [os.dup(1), os.dup(2)]
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 1)
        os.dup2(nowhere, 2)
        yield
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        for number, one in zip((1, 2), kept):
            os.dup2(one, number)
            os.close(one)
        os.close(nowhere)
