"""Start: waits for the import of torch, then sets up what the settings ask for."""

from __future__ import annotations

import atexit
import functools
import importlib.machinery
import os
import random
import sys
from typing import Any, Callable, Optional

from torch_history.tracing import settings
from torch_history.tracing.settings import Settings


def begin() -> None:
    """Set what does not need torch, and wait for its import."""
    given = settings.given()
    if given.seed is not None:
        random.seed(given.seed)
        _after("numpy.random", lambda module: module.seed(given.seed))
    _after("torch", lambda torch: _torch(torch, given))


def _after(name: str, act: Callable[[Any], None]) -> None:
    """Call ``act`` with a module as soon as it is imported, or now if it is."""
    if name in sys.modules:
        act(sys.modules[name])
    else:
        sys.meta_path.insert(0, _Finder(name, act))


class _Finder:
    """Finds one module as Python would, and acts after it has run."""

    def __init__(self, name: str, act: Callable[[Any], None]) -> None:
        self._name, self._act = name, act

    def find_spec(
        self, name: str, path: Any = None, target: Any = None
    ) -> Optional[importlib.machinery.ModuleSpec]:
        """The module's spec, with a loader that acts afterwards."""
        if name != self._name:
            return None
        sys.meta_path.remove(self)
        for finder in sys.meta_path:
            find = getattr(finder, "find_spec", None)
            spec: Optional[importlib.machinery.ModuleSpec] = find and find(name, path, target)
            if spec is not None and spec.loader is not None:
                self._wrap(spec.loader)
                return spec
        return None

    def _wrap(self, loader: Any) -> None:
        load = loader.exec_module

        @functools.wraps(load)
        def exec_module(module: Any) -> None:
            load(module)
            self._act(module)

        loader.exec_module = exec_module


def _torch(torch: Any, given: Settings) -> None:
    from torch_history.tracing.session import Session

    if os.environ.get("TORCH_HISTORY_INSIDE"):  # a process that the tracer itself started
        return
    if given.seed is not None:
        torch.manual_seed(given.seed)
    session = Session(torch, given)
    session.begin()
    # torch registers its own clean-up later, and what is registered last runs first
    atexit.register(session.end)
