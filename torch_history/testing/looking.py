"""Looking: where a test parts from its recording.

The run of a test is matched with the recording. If the two part, the test and its fixtures run once
more behind the recording: they get the other release's random numbers, results and states, so that
each difference shows where it is made. If that is no rounding, the test runs once more as it is: a
test that gives other numbers each time cannot be compared.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable, Dict, List, Sequence, Tuple

from torch_history.comparing import parting
from torch_history.comparing.parting import Parting
from torch_history.comparing.result import Verdict
from torch_history.comparing.traces import Trace
from torch_history.testing import storing
from torch_history.testing.storing import Stored
from torch_history.testing.units import Unit

Again = Callable[[str], Trace]  # run the test again: "followed" or "again"
ALONE = "alone it does otherwise than after the tests before it"
QUIET = (Verdict.SAME, Verdict.ROUNDING)  # anything else is parted


class Looking:
    """Compares the tests and fixtures of a run with a recording."""

    def __init__(self, torch: Any, stored: Stored, root: Path, steps_only: bool) -> None:
        self._torch, self._stored, self._steps_only = torch, stored, steps_only
        self._wheres = parting.wheres(Path(stored.manifest["root"]), root)
        self.fixtures: Dict[str, Unit] = {}  # those that part, by name

    def parts(self, unit: Unit, out: Path) -> bool:
        """Whether a unit parts from what is recorded of it, as far as its run shows."""
        kind = "fixtures" if unit.fixture else "tests"
        unit.recorded = unit.id in self._stored.manifest[kind]
        if not unit.recorded:
            return False
        before, after = self._traces(unit, out)
        if not self._steps_only:
            parting.match(self._torch, before.folder, after)
        unit.parting = self._of(before, after, after)
        return not unit.parting.same

    def into(self, unit: Unit, out: Path, names: Sequence[str], run: Again) -> None:
        """Find where a test parts that asks for the fixtures of these names."""
        assert unit.parting is not None
        before, after = self._traces(unit, out)
        first = unit.parting
        if not self._steps_only:
            unit.parting = self._of(before, after, run("followed"))
        used = [self.fixtures[name] for name in names if name in self.fixtures]
        if used and not unit.parting.differences and unit.parting.raised is None:
            _blame(unit, used)
        elif unit.parting.verdict not in QUIET:
            again = run("again")
            if not _alike(after, again):
                self._doubt(unit, first, used, _alike(again, run("again")))

    def _doubt(self, unit: Unit, first: Parting, used: List[Unit], repeats: bool) -> None:
        """A test that does otherwise alone than among the others, or each time."""
        if not repeats:
            unit.parting = Parting(verdict=Verdict.UNSTABLE)
        elif used:
            _blame(unit, used)
        else:
            unit.parting, unit.note = first, ALONE

    def _traces(self, unit: Unit, out: Path) -> Tuple[Trace, Trace]:
        """What is recorded of a unit, and what it did now."""
        return Trace(self._stored.block(unit.folder)), Trace(storing.trace_of(out))

    def _of(self, before: Trace, after: Trace, followed: Trace) -> Parting:
        return parting.of(before, after, followed, self._wheres)


def _blame(unit: Unit, used: List[Unit]) -> None:
    """A test that begins from a fixture that parts."""
    worst = min(used, key=lambda one: list(Verdict).index(one.parting.verdict))  # type: ignore[union-attr]
    unit.through, unit.parting = worst.id, worst.parting


def _alike(one: Trace, other: Trace) -> bool:
    """Whether two runs of one release did the same."""
    calls = [[(it["key"], it.get("outs")) for it in run.calls.values()] for run in (one, other)]
    raised = [run.raised and run.raised["kind"] for run in (one, other)]
    return parting.first(one, other) is None and calls[0] == calls[1] and raised[0] == raised[1]
