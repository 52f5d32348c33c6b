"""Session: everything that watches one process, from the import of torch to the end."""

from __future__ import annotations

import os
import sys
from typing import Any

from torch_history.tracing import notes
from torch_history.tracing.marks import Marks
from torch_history.tracing.patches import Patches
from torch_history.tracing.places import Places
from torch_history.tracing.recorder import Recorder
from torch_history.tracing.settings import Settings


class Session:
    """What watches one process."""

    marks_kind: Any = Marks

    def __init__(self, torch: Any, given: Settings) -> None:
        self.torch, self.settings = torch, given
        self.recorder = Recorder(given)
        self.places = Places(given.root, torch)
        self.patches = Patches()
        self.marks = self.marks_kind(self)
        self.window: Any = None
        self.uses: Any = None
        self._ended = False

    def begin(self) -> None:
        """Start to watch."""
        torch = self.torch
        self.recorder.emit(
            "begin",
            torch=str(torch.__version__),
            python=sys.version.split()[0],
            pid=os.getpid(),
            threads=torch.get_num_threads(),
        )
        self._prepare()
        self._watch()
        if self._needs_modes():
            self.window = _window(self)
            self.window.reach(0)
        if self.settings.uses:
            from torch_history.tracing.uses import Uses

            self.uses = Uses(self)
            self.uses.watch()

    def _prepare(self) -> None:
        """Set what holds for the whole process."""
        _deterministic(self.torch)
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._in_worker)

    def _watch(self) -> None:
        notes.watch(self)
        self.marks.watch()

    def unwatch(self) -> None:
        """Take every patch and mode back."""
        self.marks.unwatch()
        if self.uses is not None:
            self.uses.unwatch()
        if self.window is not None:
            self.window.watcher.attend(False, False)  # first: it may stand over a patch
        self.patches.back()

    def _needs_modes(self) -> bool:
        given = self.settings
        return bool(given.window or given.tape or given.jitter)

    def mark(self, number: int) -> None:
        """A mark was made: windows open and close at marks."""
        if self.window is not None:
            self.window.reach(number)
        self.recorder.flush()

    def end(self) -> None:
        """The process ends by itself, or is ended at the limit."""
        if self._ended or self.recorder.process != os.getpid():
            return
        self._ended = True
        self.marks.finish()
        if self.window is not None:
            self.window.close()
        self.recorder.emit(
            "end", seconds=self.recorder.seconds, cost=self.recorder.cost, marks=self.marks.number
        )
        self.recorder.flush()

    def stop(self, why: str) -> None:
        """End the process at a limit, as if the program had come to its end."""
        self.recorder.emit("stopped", why=why, step=self.marks.steps)
        self.end()
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()
            except (OSError, ValueError, AttributeError):
                continue
        # The program may catch SystemExit, or wait for its workers: the limit holds all the same.
        os._exit(0)

    def _in_worker(self) -> None:
        """In a forked child nothing is traced: its file is the parent's."""
        self.marks.off = True
        if self.window is not None:
            self.window.off()


def _window(session: Session) -> Any:
    """The window of a session, with what this release can be watched with."""
    from torch_history.tracing.matching import Follower
    from torch_history.tracing.window import Window

    follower = Follower(session) if session.settings.against else None
    if session.settings.functions:
        from torch_history.tracing.functions import Functions

        return Window(session, Functions, follower)
    from torch_history.tracing.operations import Operations

    return Window(session, Operations, follower)


def _deterministic(torch: Any) -> None:
    """Ask for deterministic algorithms, where a release can warn instead of refuse."""
    try:
        torch.use_deterministic_algorithms(True, warn_only=True)
    except (AttributeError, TypeError):
        return
    # It would fill every empty tensor, which is slow and no program's own behaviour.
    if hasattr(torch.utils, "deterministic"):
        torch.utils.deterministic.fill_uninitialized_memory = False
