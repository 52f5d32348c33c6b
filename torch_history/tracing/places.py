"""Places: the line of the reader's own file that leads to what happens now."""

from __future__ import annotations

import os
import sys
from typing import Any, Dict, NamedTuple, Optional, Tuple

IMPORTING = "<frozen importlib"


class Place(NamedTuple):
    """A line: the file as the program names it, the line, the function."""

    file: str
    line: int
    function: str


class Places:
    """Finds the innermost frame of the reader's own files, else the innermost outside torch."""

    def __init__(self, root: str, torch: Any) -> None:
        self._root = os.path.join(os.path.realpath(root), "")
        self._torch = os.path.join(os.path.dirname(os.path.abspath(torch.__file__)), "")
        self._engine = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
        self._kinds: Dict[str, str] = {}  # file -> "own", "engine", "torch", "importing", "other"

    def here(self) -> Tuple[Optional[Place], bool]:
        """The line, and whether what happens now belongs to an import."""
        frame: Any = sys._getframe(1)
        other = None
        while frame is not None:
            file = frame.f_code.co_filename
            kind = self._kinds.get(file) or self._kind(file)
            if kind == "own":
                return Place(file, frame.f_lineno, frame.f_code.co_name), False
            if kind == "importing":
                return None, True
            if kind == "other" and other is None:
                other = Place(file, frame.f_lineno, frame.f_code.co_name)
            frame = frame.f_back
        return other, False

    def own(self, file: str) -> bool:
        """Whether a file is the reader's own."""
        return (self._kinds.get(file) or self._kind(file)) == "own"

    def is_engine(self, file: str) -> bool:
        """Whether a file is the tracer's."""
        return (self._kinds.get(file) or self._kind(file)) == "engine"

    def _kind(self, file: str) -> str:
        if file.startswith(IMPORTING):
            kind = "importing"
        elif file.startswith("<"):  # made by exec, such as a dataclass or a cell of a notebook
            kind = "own" if file.startswith("<ipython") else "engine"
        else:
            path = os.path.abspath(file)
            if path.startswith(self._engine):
                kind = "engine"
            elif path.startswith(self._torch):
                kind = "torch"
            elif os.path.realpath(path).startswith(self._root) and "site-packages" not in path:
                kind = "own"
            else:
                kind = "own" if "ipykernel" in path and os.sep + "tmp" in path else "other"
        self._kinds[file] = kind
        return kind
