"""Recorder: the files of one traced process: events as lines of JSON, and contents beside them."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any, BinaryIO, Dict, List, Optional, Set, Tuple

from torch_history.tracing.settings import Settings


class Recorder:
    """Writes what happens in this process into a folder of its own below that of the run."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.process = os.getpid()
        self.folder = _folder(Path(settings.out))
        self._events = (self.folder / "events.jsonl").open("w", encoding="utf-8")
        self.kept = Contents(self.folder / "kept", settings.most_bytes)
        self.states = Contents(self.folder / "states", settings.most_bytes)
        self.tape = Contents(self.folder / "tape", settings.most_bytes)
        self._began = time.perf_counter()
        self.cost = 0.0  # seconds that tracing took

    def emit(self, event: str, /, **facts: Any) -> None:
        """Write one event."""
        if self.process != os.getpid() or self._events.closed:
            return  # a forked worker has the file of its parent
        self._events.write(json.dumps({"e": event, **facts}, default=str) + "\n")

    @property
    def seconds(self) -> float:
        """Seconds since torch was imported."""
        return time.perf_counter() - self._began

    def close(self) -> None:
        """Close every file: nothing is written any more."""
        for file in (self._events, self.kept, self.states, self.tape):
            file.close()

    def flush(self) -> None:
        """Hand everything to the system: the process may end at any time."""
        if self.process == os.getpid():
            for file in (self._events, self.kept, self.states, self.tape):
                file.flush()


class Contents:
    """A file of contents, each found by a key. Only the first one of a key is kept."""

    def __init__(self, path: Path, most: int) -> None:
        self.path, self._most = path, most
        self._file: Optional[BinaryIO] = None
        self._index: Optional[Any] = None
        self._known: Set[str] = set()
        self._size = 0
        self.left_out = 0

    def __contains__(self, key: str) -> bool:
        return key in self._known

    def put(self, key: str, dtype: str, shape: Any, content: Any) -> None:
        """Keep a content, unless it is known or there is no more room."""
        if key in self._known:
            return
        size = len(content)
        if self._size + size > self._most:
            self.left_out += 1
            return
        if self._file is None or self._index is None:
            self._file = self.path.open("wb")
            self._index = self.path.with_suffix(".index").open("w", encoding="utf-8")
        self._known.add(key)
        self._file.write(content)
        line = json.dumps([key, dtype, list(shape), self._size, size])
        self._index.write(line + "\n")
        self._size += size

    def close(self) -> None:
        """Close both files."""
        for file in (self._file, self._index):
            if file is not None:
                file.close()

    def flush(self) -> None:
        """Hand what is written to the system."""
        for file in (self._file, self._index):
            if file is not None:
                file.flush()


class Reading:
    """The contents that another run kept, by key."""

    def __init__(self, path: Path) -> None:
        self._places: Dict[str, Tuple[str, List[int], int, int]] = {}
        self._path = path
        index = path.with_suffix(".index")
        if index.exists():
            with index.open(encoding="utf-8") as lines:
                for line in lines:
                    key, dtype, shape, start, size = json.loads(line)
                    self._places[key] = dtype, shape, start, size

    def __contains__(self, key: str) -> bool:
        return key in self._places

    def listed(self) -> List[str]:
        """The keys, in the order in which the contents were kept."""
        return list(self._places)

    def tensor(self, torch: Any, key: str) -> Any:
        """The tensor of a key. None where it was not kept."""
        if key not in self._places:
            return None
        dtype, shape, start, size = self._places[key]
        kind = getattr(torch, dtype.partition(".")[2], None)
        if kind is None:
            return None
        made = torch.empty(shape, dtype=kind, device="cpu")
        if size:
            from ctypes import memmove

            with self._path.open("rb") as file:  # no file stays open behind a block that ends
                file.seek(start)
                content = file.read(size)
            # A damaged index must not write beyond the tensor.
            if len(content) != size or made.numel() * made.element_size() != size:
                return None
            memmove(made.data_ptr(), content, size)
        return made


def _folder(out: Path) -> Path:
    """A new folder for this process, in the order in which the processes began."""
    out.mkdir(parents=True, exist_ok=True)
    for number in range(1000):
        folder = out / f"process-{number:03d}"
        try:
            folder.mkdir()
        except FileExistsError:
            continue
        argv = getattr(sys, "orig_argv", None) or [sys.executable, *getattr(sys, "argv", [])]
        (folder / "command.json").write_text(json.dumps(list(argv)), encoding="utf-8")
        return folder
    raise OSError(f"{out}: 1000 processes have written their traces here")
