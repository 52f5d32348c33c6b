"""Comparison: the runs that an answer is made from, and what they show.

1. The program runs under both releases, and only its steps are noted. The same bits: done.
2. Else the older release runs again, as control: it keeps its random numbers, the operations
   around the parting, and its state at every step. Beside it a run with jitter shows what rounding
   alone does to this program.
3. The newer release follows the control: it gets the same random numbers, results and states, so
   that each difference shows where it is made. If its random stream moved, it also runs with the
   older one's random numbers and is left to itself.
"""

from __future__ import annotations

from pathlib import Path
from typing import Callable, Dict, List, NamedTuple, Optional, Sequence, Tuple

from torch_history import versions
from torch_history.comparing import folders, running
from torch_history.comparing.installed import Environment
from torch_history.comparing.running import Program, Ran, Started
from torch_history.comparing.traces import Trace
from torch_history.comparing.wheres import Wheres
from torch_history.tracing.settings import Settings

PLAIN = Settings(out="", root="")  # the folders are those of each run


class Limits(NamedTuple):
    """How far the program runs."""

    steps: int = 0  # optimizer steps; 0: all
    minutes: float = 10  # of each run
    threads: int = 1
    seed: Optional[int] = 0


class Comparison:
    """One program under two releases."""

    def __init__(
        self,
        command: Sequence[str],
        folder: Path,
        work: Path,
        sides: Tuple[Environment, Environment],
        limits: Limits,
        share: Sequence[Path],
        tell: Callable[[str], None],
    ) -> None:
        self.command, self._folder, self._work = command, folder, work
        self.sides, self.limits, self._share, self._tell = sides, limits, share, tell
        self.ran: Dict[str, Ran] = {}
        self.steps = limits.steps
        self.functions = any(versions.key(one.release)[:2] < (1, 13) for one in sides)
        self._wheres: Optional[Wheres] = None
        self._copied: Optional[folders.Copied] = None

    # -- runs

    def run(self, *wanted: Tuple[str, int, Settings]) -> List[Ran]:
        """Run the program, side by side: what, under which of the two releases, and how."""
        started = []
        for what, side, settings in wanted:
            copied = folders.copy(self._folder, self._work / what / "folder", share=self._share)
            self._copied = copied
            out = self._work / what / "trace"
            program = Program(
                what,
                self.sides[side].python,
                copied.folder,
                [str(copied.place(Path(one))) if one[:1] == "/" else one for one in self.command],
                self.limits.threads,
                self.limits.minutes * 60 * 4 if self.limits.minutes else 0,
                copied.imports,
            )
            given = settings._replace(
                out=str(out),
                root=str(copied.root),
                seed=self.limits.seed,
                steps=self.steps,
                seconds=self.limits.minutes * 60,
                functions=self.functions,
            )
            started.append(Started(program, given, out))
        ended = running.wait(started, self._tell)
        self.ran.update({one.what: one for one in ended})
        return ended

    def trace(self, what: str) -> Optional[Trace]:
        """The trace of a run, if it was made and torch was imported."""
        return self.ran[what].trace if what in self.ran else None

    def wheres(self) -> Wheres:
        """Leads from a place in a copy to the reader's own file."""
        return Wheres(self.original, self._folder)

    def original(self, path: Path) -> Path:
        """The reader's own file, for one of a copy."""
        for what in self.ran:
            root = (self._work / what / "folder").resolve()
            if root == path or root in path.parents:
                assert self._copied is not None
                return self._copied.original_root / path.relative_to(root)
        return path
