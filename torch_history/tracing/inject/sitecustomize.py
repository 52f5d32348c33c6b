"""Python imports this before the program: it starts the tracer, then what it stands in front of."""

import importlib.machinery
import importlib.util
import os
import sys
from typing import Any


def _engine() -> None:
    """Import ``torch_history`` from where this file is, without a change of ``sys.path``."""
    folder = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    spec: Any = importlib.util.spec_from_file_location(
        "torch_history",
        os.path.join(folder, "__init__.py"),
        submodule_search_locations=[folder],
    )
    engine: Any = importlib.util.module_from_spec(spec)
    sys.modules["torch_history"] = engine
    spec.loader.exec_module(engine)


def _next() -> None:
    """Run the ``sitecustomize`` that Python would have found without this one."""
    here = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [one for one in sys.path if os.path.abspath(one or ".") != here]
    spec = importlib.machinery.PathFinder.find_spec("sitecustomize", sys.path)
    if spec is not None and spec.loader is not None:
        module = importlib.util.module_from_spec(spec)
        sys.modules["sitecustomize"] = module
        spec.loader.exec_module(module)


if os.environ.get("TORCH_HISTORY_TRACE"):
    _engine()
    from torch_history.tracing import start

    start.begin()
_next()
