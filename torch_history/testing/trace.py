"""Trace: ``with torch_history.trace("before.zip"): …`` around a part of a program."""

from __future__ import annotations

import importlib
import shutil
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, List, Optional, Type, Union

from torch_history.errors import HistoryError
from torch_history.testing import block, generators, storing

if TYPE_CHECKING:
    from torch_history.comparing.parting import Parting

_NAME = "block"  # a trace of the library has one block
_MEGABYTE = 1_000_000


class trace:  # noqa: N801  it is called as a function
    """Watch the training inside a ``with`` block, and write what happened to a file.

    ``path`` is a zip file if its name ends in ``.zip``, else a folder. ``against`` is a trace of
    another release: this block then gets its random numbers, results and states, operation by
    operation, so that every difference shows where it is made. What the block computes is then the
    other release's. ``seed`` seeds torch, NumPy and random first. The operations are logged up to
    ``steps`` optimizer steps (None: all), and at most ``megabytes`` of contents are kept.
    """

    def __init__(
        self,
        path: Union[str, Path],
        *,
        against: Optional[Union[str, Path]] = None,
        seed: Optional[int] = None,
        steps: Optional[int] = 2,
        root: Optional[Union[str, Path]] = None,
        megabytes: float = 200,
    ) -> None:
        self._path, self._against = Path(path).absolute(), against
        self._seed, self._steps, self._megabytes = seed, steps, megabytes
        self._root = Path(root) if root is not None else Path.cwd()
        self._block: Optional[block.Block] = None
        self._stored: Optional[storing.Stored] = None

    def __enter__(self) -> trace:
        torch = importlib.import_module("torch")
        storing.check_target(self._path)
        more: Any = {"most_bytes": int(self._megabytes * _MEGABYTE)}
        if self._against is not None:
            self._stored = storing.Stored(Path(self._against), "trace")
            folder = str(self._stored.block(_NAME))
            more.update(against=folder, tape="play", tape_of=folder)
            more.update(functions=bool(self._stored.manifest.get("functions")))
        if self._seed is not None:
            generators.seed(torch, self._seed)
        self._made = storing.staging(self._path)
        given = block.settings(torch, str(self._made / _NAME), str(self._root), **more)
        self._block = block.Block(torch, given, self._steps)
        self._manifest = {
            "what": "trace",
            **storing.environment(torch, self._root),
            "functions": given.functions,
            "followed": self._against is not None,
            "steps": self._steps,
        }
        self._block.begin()
        return self

    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        traceback: Optional[TracebackType],
    ) -> None:
        assert self._block is not None
        self._block.end(error)
        self._block = None
        try:
            storing.place(self._made, self._path, self._manifest)
        finally:
            shutil.rmtree(str(self._made), ignore_errors=True)
            if self._stored is not None:
                self._stored.close()

    @staticmethod
    def compare(before: Union[str, Path], after: Union[str, Path]) -> Comparison:
        """Where two traces part. ``print`` the answer, or read its ``verdict``.

        If ``after`` was written with ``against=before``, every operation was compared from the same
        inputs. Otherwise only the first difference is known for certain.
        """
        return Comparison(Path(before), Path(after))


class Comparison:
    """Where two traces part: ``verdict``, ``differences``, ``rounding``, ``new_warnings``."""

    def __init__(self, before: Path, after: Path) -> None:
        stored = [storing.Stored(path, "trace") for path in (before, after)]
        try:
            self.before, self.after = (one.manifest for one in stored)
            if bool(self.before.get("functions")) != bool(self.after.get("functions")):
                raise HistoryError(
                    f"{after}: one of the two logs functions and the other operations: "
                    "write it again with against="
                )
            self.parting = self._part(*stored)
        finally:
            for one in stored:
                one.close()

    def _part(self, before: storing.Stored, after: storing.Stored) -> Parting:
        from torch_history.comparing import parting
        from torch_history.comparing.traces import Trace

        folders = [one.block(_NAME) for one in (before, after)]
        kept, other = (Trace(folder) for folder in folders)
        if not self.followed:
            parting.match(importlib.import_module("torch"), folders[0], other)
        kinds = [[str(mark["kind"]) for mark in one.marks] for one in (kept, other)]
        self.marks = kinds[0], kinds[1]  # of both: each backward and optimizer step
        roots = [Path(one.manifest["root"]) for one in (before, after)]
        return parting.of(kept, other, other, parting.wheres(*roots))

    @property
    def followed(self) -> bool:
        """Whether the newer run followed the older one."""
        return bool(self.after.get("followed"))

    @property
    def verdict(self) -> str:
        """``same``, ``rounding``, ``operation``, ``stream``, ``data``, ``fails`` or ``unknown``."""
        return str(self.parting.verdict.value)

    @property
    def differences(self) -> Any:
        """What is no rounding, each with its line, API, inputs and values."""
        return self.parting.differences

    @property
    def rounding(self) -> Any:
        """The operations that round differently."""
        return self.parting.rounding

    @property
    def new_warnings(self) -> Any:
        """The warnings that only the newer run gave."""
        return self.parting.new_warnings

    def __str__(self) -> str:
        from torch_history.testing.telling import lines

        told: List[str] = lines(self.parting)
        head = f"torch {self.before['torch']} to {self.after['torch']}: {told[0]}"
        if not self.followed and not self.parting.same:
            told.append("More may follow: write the second trace with against= to see behind this.")
        return "\n".join([head, *told[1:]])
