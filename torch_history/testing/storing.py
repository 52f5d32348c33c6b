"""Storing: the traces of blocks in one folder, or in one zip file where its name ends in ``.zip``.

``manifest.json`` says what they were recorded with. Each block has a folder of its own.
"""

from __future__ import annotations

import importlib
import json
import platform
import shutil
import sys
import tempfile
import zipfile
import zlib
from pathlib import Path
from typing import Any, Dict, List

from torch_history.errors import HistoryError

FORMAT = 1
MANIFEST = "manifest.json"
# of a trace; the numbers for distances are left out
FILES = ("events.jsonl", "kept", "kept.index", "states", "states.index", "tape", "tape.index")
_INSIDE = "process-000"  # one process writes each block


def engine() -> str:
    """The version of this package. Another one may know operations under other keys."""
    return str(importlib.import_module("torch_history").__version__)


def environment(torch: Any, root: Path) -> Dict[str, Any]:
    """What the manifest says of this process."""
    backend = getattr(torch.backends, "cpu", None)
    capability = getattr(backend, "get_cpu_capability", str)
    numpy = sys.modules.get("numpy")
    return {
        "engine": engine(),
        "torch": str(torch.__version__),
        "python": platform.python_version(),
        "numpy": str(numpy.__version__) if numpy is not None else "",
        "platform": f"{platform.system()} {platform.machine()}",
        "cpu": str(capability()),
        "threads": int(torch.get_num_threads()),
        "root": str(root),
    }


def staging(target: Path) -> Path:
    """A new folder beside the target, which later takes its place."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        return Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=str(target.parent)))
    except OSError as error:
        raise HistoryError(f"{target}: cannot be written ({error.strerror})") from None


def check_target(target: Path) -> None:
    """Raise HistoryError if something stands there that is no recording."""
    if target.is_dir() and not (target / MANIFEST).exists() and any(target.iterdir()):
        raise HistoryError(f"{target}: a folder with other files: name a new one")
    if target.exists() and not target.is_dir() and not zipfile.is_zipfile(str(target)):
        raise HistoryError(f"{target}: a file that is no recording: name a new one")
    if target.is_dir() and target.suffix == ".zip":
        raise HistoryError(f"{target}: a folder, where a file should be: move it away")


def place(made: Path, target: Path, manifest: Dict[str, Any]) -> None:
    """Put what was staged in the place of the target."""
    text = json.dumps({"format": FORMAT, **manifest}, indent=1)
    (made / MANIFEST).write_text(text, encoding="utf-8")
    try:
        if target.suffix == ".zip":
            packed = made.with_name(made.name + ".zip")
            _pack(made, packed)
            packed.replace(target)
            shutil.rmtree(str(made))
        else:
            if target.is_dir():
                shutil.rmtree(str(target))
            elif target.exists():
                target.unlink()
            made.replace(target)
            target.chmod(0o755)  # a temporary folder is its user's alone
    except OSError as error:
        raise HistoryError(f"{target}: cannot be written ({error.strerror})") from None


def _pack(made: Path, packed: Path) -> None:
    with zipfile.ZipFile(str(packed), "w", zipfile.ZIP_DEFLATED, compresslevel=1) as file:
        for path in sorted(made.rglob("*")):
            inside = path.relative_to(made)
            wanted = len(inside.parts) == 1 or path.name in FILES
            if path.is_file() and wanted and path.suffix in ("", ".json", ".jsonl", ".index"):
                file.write(str(path), inside.as_posix())


class Stored:
    """A recording that is read. ``close`` removes what was unpacked of it."""

    def __init__(self, path: Path, what: str) -> None:
        self.path = path
        self._unpacked: List[Path] = []
        if not path.exists():
            raise HistoryError(f"{path}: no such recording: write it under the older torch first")
        try:
            self._zip = None if path.is_dir() else zipfile.ZipFile(str(path))
            self.manifest: Dict[str, Any] = json.loads(self._read(MANIFEST))
        except (OSError, ValueError, KeyError, zipfile.BadZipFile, zlib.error):
            raise HistoryError(f"{path}: not a recording, or damaged: write it again") from None
        known = self.manifest.get("engine")
        if known != engine():
            raise HistoryError(
                f"{path}: recorded by torch-history {known}, this is {engine()}: record it again"
            )
        told = self.manifest.get("format"), self.manifest.get("what")
        if told != (FORMAT, what):
            raise HistoryError(
                f"{path}: holds {told[1]!r} of format {told[0]}, not {what!r} of format {FORMAT}"
            )

    def _read(self, name: str) -> str:
        if self._zip is None:
            return (self.path / name).read_text(encoding="utf-8")
        return self._zip.read(name).decode("utf-8")

    def block(self, name: str) -> Path:
        """The folder of a block's trace. Raises HistoryError where it is not there."""
        if self._zip is None:
            folder = self.path / name / _INSIDE
        else:
            folder = Path(tempfile.mkdtemp(prefix="torch-history-")) / _INSIDE
            folder.mkdir()
            self._unpacked.append(folder.parent)
            self._unpack(self._zip, name, folder)
        if not (folder / "events.jsonl").exists():
            raise HistoryError(f"{self.path}: has no trace of {name}: write it again")
        return folder

    def _unpack(self, file: zipfile.ZipFile, name: str, folder: Path) -> None:
        known = set(file.namelist())
        for one in FILES:
            inside = f"{name}/{_INSIDE}/{one}"
            if inside in known:
                try:
                    with file.open(inside) as source, (folder / one).open("wb") as target:
                        shutil.copyfileobj(source, target)
                except (OSError, zipfile.BadZipFile, zlib.error):
                    raise HistoryError(f"{self.path}: {inside}: damaged: write it again") from None

    def forget(self) -> None:
        """Remove what was unpacked so far."""
        while self._unpacked:
            shutil.rmtree(str(self._unpacked.pop()), ignore_errors=True)

    def close(self) -> None:
        """Remove what was unpacked, and close the file."""
        self.forget()
        if self._zip is not None:
            self._zip.close()


def trace_of(folder: Path) -> Path:
    """The folder of the trace that a block has written into a folder."""
    return folder / _INSIDE
