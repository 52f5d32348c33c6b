"""Pages: the generated documents of a checkout, and which of them are not as they should be."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Dict, Iterable, Iterator, Tuple

from torch_history.catalogue.index import Index
from torch_history.publish.docs import pages
from torch_history.records import store


class State(Enum):
    """What a document is, compared with what the records and tests give now."""

    FRESH = "fresh"
    STALE = "stale"
    MISSING = "missing"
    LEFT = "left over"  # the page of a release that is not recorded

    @property
    def done(self) -> str:
        """What ``write`` does to it."""
        return "removed" if self is State.LEFT else "wrote"


def written(root: Path, index: Index) -> Dict[str, str]:
    """Path in the repository -> the text of every generated document.

    Raises HistoryError for a raw file of a benchmark that is not valid.
    """
    # Here, because it loads NumPy.
    from torch_history.bench import page as benchmarks

    return {**pages.pages(index), benchmarks.NAME: benchmarks.page(root)}


def states(root: Path, texts: Dict[str, str]) -> Iterator[Tuple[str, State]]:
    """The state of every document, and of each page of a release that is left over."""
    for name, text in texts.items():
        path = root / name
        if not path.exists():
            yield name, State.MISSING
        else:
            fresh = path.read_bytes() == text.encode()
            yield name, State.FRESH if fresh else State.STALE
    for path in sorted((root / pages.RELEASES).glob("*.md")):
        name = path.relative_to(root).as_posix()
        if name not in texts:
            yield name, State.LEFT


def write(root: Path, texts: Dict[str, str], found: Iterable[Tuple[str, State]]) -> None:
    """Write what is stale or missing, and remove what is left over.

    Raises HistoryError where the folder cannot be written.
    """
    for name, state in found:
        if state is State.LEFT:
            (root / name).unlink()
        elif state is not State.FRESH:
            store.write_text(root / name, texts[name])
