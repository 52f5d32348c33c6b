"""Wheres: a line of the copy that ran, as the line of the reader's own file."""

from __future__ import annotations

import linecache
from pathlib import Path
from typing import Any, Callable, Dict, Optional, Tuple

from torch_history.comparing.result import Where


class Wheres:
    """Leads from a place of a trace to the reader's own file."""

    def __init__(self, original: Callable[[Path], Path], folder: Path) -> None:
        self._original, self._folder = original, folder.resolve()
        self._known: Dict[Tuple[str, int], Where] = {}

    def of(self, place: Any) -> Optional[Where]:
        """The place; None where a trace has none."""
        if not place:
            return None
        file, line, function = place[0], int(place[1]), str(place[2])
        if (file, line) not in self._known:
            path = self._original(Path(file))
            text = linecache.getline(str(path), line).strip()
            shown = path
            try:
                shown = path.relative_to(self._folder)
            except ValueError:
                shown = path
            self._known[file, line] = Where(shown.as_posix(), line, function, text[:200])
        return self._known[file, line]
