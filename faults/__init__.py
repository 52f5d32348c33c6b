"""Deliberate faults in torch, to prove that the tests can fail: ``python -m faults``.

``faults/<chapter>.py`` holds them. A fault is a function whose docstring says in one sentence what
it does. It gets pytest's ``MonkeyPatch`` and makes torch wrong while one test's body runs::

    @fault
    def dropout_does_not_scale(patch):
        \"\"\"Dropout does not divide the elements that it keeps by 1 - p.\"\"\"
        honest = torch.nn.functional.dropout
        patch.setattr(torch.nn.functional, "dropout", lambda x, p=0.5, training=True: ...)

Only what Python looks up at each call can be patched: functions of ``torch`` and
``torch.nn.functional``, and methods of ``torch.Tensor``, of modules and of optimizers. A fault that
breaks everything proves little: change one thing and leave the rest.
"""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import TYPE_CHECKING, Callable, Dict, NamedTuple

if TYPE_CHECKING:
    import pytest


class Fault(NamedTuple):
    """One way in which torch could be wrong."""

    name: str  # "layers.dropout_does_not_scale"
    sentence: str
    install: Callable[[pytest.MonkeyPatch], None]


FAULTS: Dict[str, Fault] = {}


def fault(install: Callable[[pytest.MonkeyPatch], None]) -> Callable[[pytest.MonkeyPatch], None]:
    """Register a fault under ``<chapter>.<function>``."""
    name = f"{install.__module__.rpartition('.')[2]}.{install.__name__}"
    FAULTS[name] = Fault(name, " ".join((install.__doc__ or "").split()), install)
    return install


def load() -> Dict[str, Fault]:
    """Import every file of faults, and return all faults by name."""
    for path in sorted(Path(__file__).parent.glob("[!_]*.py")):
        if path.stem != "plugin" and not path.stem.startswith("test_"):
            importlib.import_module(f"faults.{path.stem}")
    return FAULTS
