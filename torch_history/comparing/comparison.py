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

import datetime as dt
import time
from pathlib import Path
from typing import Callable, Dict, List, NamedTuple, Optional, Sequence, Tuple

from torch_history import versions
from torch_history.comparing import folders, growth, running, traces
from torch_history.comparing.installed import Environment
from torch_history.comparing.judging import Judge, Judged
from torch_history.comparing.result import (
    Difference,
    Made,
    Raised,
    Result,
    Run,
    Step,
    Verdict,
    Warned,
)
from torch_history.comparing.running import Program, Ran, Started
from torch_history.comparing.telling import Records
from torch_history.comparing.traces import Trace
from torch_history.comparing.wheres import Wheres
from torch_history.errors import HistoryError
from torch_history.tracing.settings import Settings

SHORT = 12  # marks from the start that a window still reaches back over
OUTPUT = 20_000  # characters of the output that the report keeps


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


PLAIN = Settings(out="", root="")


def compare(it: Comparison, records: Records, notes: Sequence[str], date: dt.date) -> Result:
    """Run the program under both releases and say what became of it."""
    began = time.monotonic()
    before, after = it.run(("before", 0, PLAIN), ("after", 1, PLAIN))
    _check_traced(before, after)
    if before.trace and before.trace.stopped and not it.steps:
        # The other runs do as many steps as the first one had time for.
        it.steps = max(1, len(before.trace.steps))
    found = _Found(it, records)
    found.look()
    return found.result(began, notes, date)


class _Found:
    """What the runs of a comparison show."""

    def __init__(self, it: Comparison, records: Records) -> None:
        self._it, self._records = it, records
        self._wheres = it.wheres()
        self.judged = Judged([], [], None, None)
        self.unstable, self.broken = False, ""
        self.looked = False
        self.window: Tuple[int, Optional[int]] = (0, None)
        self.forced: List[Step] = []

    def look(self) -> None:
        """Make the runs that are needed, and judge them."""
        it = self._it
        before, after = it.trace("before"), it.trace("after")
        if before is None or after is None:
            return
        self.parting = traces.parting(before, after)
        printed = it.ran["before"].output != it.ran["after"].output
        if self.parting is None and (not printed or self._ends_early()):
            return
        if self._only_ends(before, after):
            return
        self._follow()
        if self.parting is None and self._prints_at_random():
            self.looked = False
            self.judged = Judged([], [], None, None)

    def _only_ends(self, before: Trace, after: Trace) -> bool:
        """Whether the newer run is the same until an exception ends it."""
        assert self._it.ran["after"] is not None
        return (
            self.parting is not None
            and self.parting[1] == ["marks"]
            and self.parting[0] == len(after.marks) + 1
            and len(after.marks) < len(before.marks)
            and bool(self._it.ran["after"].status)
        )

    def _ends_early(self) -> bool:
        """Whether what one of the two printed is cut by its end or by a limit."""
        it = self._it
        return any(
            it.ran[what].status or (it.ran[what].trace and it.ran[what].trace.stopped)  # type: ignore[union-attr]
            for what in ("before", "after")
        )

    def _prints_at_random(self) -> bool:
        """Whether the older release prints other lines each time, such as times."""
        mine, again, theirs = (
            self._it.ran[what].output.splitlines() for what in ("before", "control", "after")
        )
        if len(mine) != len(theirs) or len(mine) != len(again):
            return False
        return all(a == c or a != b for a, b, c in zip(mine, again, theirs))

    def _follow(self) -> None:
        """Run the control, the jitter, and the newer release behind the control."""
        it = self._it
        before = it.trace("before")
        assert before is not None
        self.looked = True
        last = self.parting[0] if self.parting else None
        if last is None:
            first = len(before.marks)
        elif last <= SHORT:
            first = 0
        else:
            first = last - 1
        self.window = (first, last)
        keep = PLAIN._replace(window=self.window, keep=True, tape="record", uses=False)
        it.run(("control", 0, keep), ("jitter", 0, PLAIN._replace(jitter=True, uses=False)))
        control = it.trace("control")
        if self._broke("control") or control is None:
            return
        if traces.parting(before, control) is not None:
            self.unstable = True
            return
        wanted = [("followed", 1, self._behind("control", self.window))]
        if self._stream_moved():
            wanted.append(("tape", 1, self._taped()))
        it.run(*wanted)
        followed = it.trace("followed")
        if self._broke("followed") or followed is None:
            return
        self.judged = Judge(control, followed, self._wheres, last).judged()
        self.forced = growth.forced(control, followed)
        if self.judged.draw is not None and "tape" not in it.ran:
            it.run(("tape", 1, self._taped()))
        if last is not None and not self.judged.causes:
            self._look_later(control, followed, last)

    def _broke(self, what: str) -> bool:
        """Whether the tracer ended a run that goes on without it."""
        it = self._it
        plain = "after" if what == "followed" else "before"
        if it.ran[what].status and not it.ran[plain].status:
            lines = it.ran[what].errors.strip().splitlines() or ["it said nothing"]
            self.broken = f"the tracer ended the run `{what}`, please report it: {lines[-1][:300]}"
        return bool(self.broken)

    def _behind(self, what: str, window: Tuple[int, Optional[int]]) -> Settings:
        trace = self._it.trace(what)
        assert trace is not None
        folder = str(trace.folder)
        return PLAIN._replace(
            window=window, against=folder, tape="play", tape_of=folder, uses=False
        )

    def _taped(self) -> Settings:
        trace = self._it.trace("control")
        assert trace is not None
        return PLAIN._replace(tape="play", tape_of=str(trace.folder), uses=False)

    def _stream_moved(self) -> bool:
        """Whether the generators already stand elsewhere at the parting."""
        return bool(self.parting) and any("rng" in one for one in self.parting[1])

    def _look_later(self, control: Trace, followed: Trace, last: int) -> None:
        """Look at later steps, which a rounding of before would hide, each from the same state."""
        it = self._it
        marks = growth.suspicious(control, followed, last)
        if not marks:
            return
        it.run(("forced jitter", 0, self._behind("control", (0, 0))._replace(jitter=True, tape="")))
        jittered = it.trace("forced jitter")
        if jittered is None:
            return
        noise = {one.step: one for one in growth.forced(control, jittered)}
        real = {one.step: one for one in self.forced}
        mark = next((one for one in marks if _beyond(real, noise, control.step_at(one - 1))), None)
        if mark is None:
            return
        window = (mark - 1 if mark > SHORT else 0, mark)
        keep = PLAIN._replace(window=window, keep=True, tape="record", uses=False)
        it.run(("control 2", 0, keep))
        it.run(("followed 2", 1, self._behind("control 2", window)))
        kept, again = it.trace("control 2"), it.trace("followed 2")
        if kept is None or again is None:
            return
        later = Judge(kept, again, self._wheres, mark).judged()
        if later.causes:
            self.window = window
            self.judged = later._replace(draw=self.judged.draw)

    # -- the result

    def result(self, began: float, notes: Sequence[str], date: dt.date) -> Result:
        """What was found, with what the records tell of it."""
        it = self._it
        before, after = (self._run(what, side) for what, side in (("before", 0), ("after", 1)))
        verdicts = self._verdicts(before, after)
        gone, new = _other_warnings(before, after), _other_warnings(after, before)
        causes = [self._told(one) for one in self._causes()]
        one, other = it.trace("before"), it.trace("after")
        free = it.trace("tape") or other
        grown = growth.losses(one, free) if one and free else growth.Growth(0.0, None)
        parting = getattr(self, "parting", None)
        curves = [
            growth.curve(what, it.trace(what))
            for what in ("before", "after", "control", "jitter", "tape")
        ]
        apart = [
            growth.distances(what, one, it.trace(what)) if one else None
            for what in ("after", "tape", "jitter")
        ]
        return Result(
            date=date.isoformat(),
            command=tuple(it.command),
            verdict=verdicts[0],
            words=_words(verdicts[0], before, after),
            also=tuple(verdicts[1:]),
            before=before,
            after=after,
            notes=tuple([*notes, *self._notes(before)]),
            parted_at=self._parted_at(parting) if self.looked else None,
            differences=tuple(causes),
            rounding=tuple(self._told(one) for one in self.judged.rounding),
            new_warnings=tuple(map(self._records.warned, new)),
            gone_warnings=tuple(gone),
            taped=self._taped_verdict(),
            forced=tuple(self.forced),
            curves=tuple(one for one in curves if one),
            distances=tuple(one for one in apart if one) if parting else (),
            farthest=grown.farthest if parting else None,
            first_beyond=grown.first_beyond,
            made=tuple(Made(what, round(ran.seconds, 2)) for what, ran in it.ran.items()),
            seconds=round(time.monotonic() - began, 1),
        )

    def _causes(self) -> List[Difference]:
        hyper = self._hyper()
        # What an optimizer does with another learning rate is no cause of its own.
        found = [one for one in self.judged.causes if hyper is None or one.phase != "step"]
        if self.judged.draw is not None:
            found.insert(0, self.judged.draw)
        if self.judged.data is not None and not found:
            found.append(self.judged.data)
        return found if hyper is None else [hyper, *found]

    def _hyper(self) -> Optional[Difference]:
        """A number of the optimizer's groups that differs where the runs part."""
        it, parting = self._it, getattr(self, "parting", None)
        if not parting or "hyper" not in parting[1]:
            return None
        before, after = it.trace("before"), it.trace("after")
        assert before is not None and after is not None
        mine, theirs = before.marks[parting[0] - 1], after.marks[parting[0] - 1]
        name, was, now = traces.hyper(mine, theirs)[0]
        api, place = f"torch.optim.{mine['optimizer']}", theirs["at"]
        scheduled = zip(before.scheduled, after.scheduled)
        other = next((b for a, b in scheduled if _schedules(a) != _schedules(b)), None)
        if other is not None:
            api, place = f"torch.optim.lr_scheduler.{other['of']}", other["at"]
        return Difference(
            kind="value",
            name=name,
            phase="step",
            mark=parting[0],
            step=int(mine["step"]),
            api=api,
            at=self._wheres.of(place),
            words=f"{name} is {now} and was {was}",
        )

    def _verdicts(self, before: Run, after: Run) -> List[Verdict]:
        """The verdict, and what else is true."""
        found = []
        fails = after.raised is not None and (
            before.raised is None
            or (before.raised.kind, before.raised.step) != (after.raised.kind, after.raised.step)
        )
        if fails:
            found.append(Verdict.FAILS)
        parting = getattr(self, "parting", None)
        if self.unstable:
            return [*found, Verdict.UNSTABLE]
        if any(one.kind != "draw" for one in self.judged.causes) or self._hyper():
            found.append(Verdict.OPERATION)
        if self.judged.draw is not None:
            found.append(Verdict.STREAM)
        if self.judged.data is not None and not found:
            found.append(Verdict.DATA)
        parts = parting is not None and not (fails and not self.looked)
        if not found or found == [Verdict.FAILS]:
            if parts or (self.looked and self.judged.rounding):
                found.append(self._quiet(Verdict.UNKNOWN))
            elif self.looked:
                found.append(Verdict.UNKNOWN)
        if not found:
            found.append(Verdict.SAME)
        return found

    def _quiet(self, otherwise: Verdict) -> Verdict:
        """Rounding or tolerance, where every difference is one."""
        it = self._it
        before, after = it.trace("before"), it.trace("after")
        if before and after and growth.within(before, after):
            return Verdict.TOLERANCE
        harmless = self.judged.rounding or self._states_near()
        return Verdict.ROUNDING if harmless and self.looked else otherwise

    def _states_near(self) -> bool:
        return bool(self.forced) and all(one.parameters <= 1e-5 for one in self.forced)

    def _taped_verdict(self) -> Optional[Verdict]:
        """What becomes of the newer release with the older one's random numbers."""
        it = self._it
        before, taped = it.trace("before"), it.trace("tape")
        if before is None or taped is None or self.judged.draw is None:
            return None
        parting = traces.parting(before, taped)
        if parting is None or all(one.startswith("rng") for one in parting[1]):
            rest = [
                mark
                for mark in zip(before.marks, taped.marks)
                if [one for one in traces.apart(*mark) if not one.startswith("rng")]
            ]
            if not rest:
                return Verdict.SAME
        if any(one.kind != "draw" for one in self.judged.causes):
            return Verdict.OPERATION
        if growth.within(before, taped):
            return Verdict.TOLERANCE
        return Verdict.ROUNDING if self.judged.rounding or self._states_near() else Verdict.UNKNOWN

    def _parted_at(self, parting: Optional[Tuple[int, List[str]]]) -> Optional[int]:
        before = self._it.trace("before")
        if parting is None or before is None:
            return None
        return sum(one["kind"] == "step" for one in before.marks[: parting[0] - 1])

    def _told(self, one: Difference) -> Difference:
        import msgspec

        return msgspec.structs.replace(one, behaviours=self._records.of(one))

    def _run(self, what: str, side: int) -> Run:
        ran, environment = self._it.ran[what], self._it.sides[side]
        trace = ran.trace
        return Run(
            torch=environment.release,
            python=environment.python_version,
            seconds=round(ran.seconds, 2),
            tracing=round(trace.ended.get("cost", 0.0), 3) if trace else 0.0,
            steps=len(trace.steps) if trace else 0,
            status=ran.status,
            output=ran.output[-OUTPUT:],
            errors=ran.errors[-OUTPUT:],
            warnings=tuple(self._warned(trace)) if trace else (),
            raised=self._raised(ran),
            seeded=tuple(dict.fromkeys(trace.seeded)) if trace else (),
            workers=trace.workers if trace else 0,
            processes=ran.processes,
            stopped=trace.stopped if trace else "",
            packages=dict(environment.packages),
        )

    def _warned(self, trace: Trace) -> List[Warned]:
        found: Dict[Tuple[str, str], Warned] = {}
        for one in trace.warnings:
            key = one["category"], one["text"]
            found.setdefault(key, Warned(*key, at=self._wheres.of(one["at"])))
        return list(found.values())

    def _raised(self, ran: Ran) -> Optional[Raised]:
        if not ran.status:
            return None
        steps = len(ran.trace.steps) if ran.trace else 0
        event = ran.trace.raised if ran.trace else None
        if event is None:
            lines = ran.errors.strip().splitlines() or ["it said nothing"]
            return Raised("exit status", lines[-1][:300], None, steps, ran.status)
        one = Raised(event["kind"], event["text"], self._wheres.of(event["at"]), steps, ran.status)
        return self._records.raised(one)

    def _notes(self, before: Run) -> List[str]:
        missing = [one for one in ("torch", "random", "numpy") if one not in before.seeded]
        found = []
        if self._it.limits.seed is not None and "torch" in missing:
            others = [one for one in missing if one != "torch"]
            found.append(
                f"seeded with {self._it.limits.seed} before the program, which seeds no torch"
                + (f" (nor {', '.join(others)})" if others else "")
            )
        if self.broken:
            found.insert(0, self.broken)
        if before.stopped:
            found.append(f"stopped after {before.steps} steps: --{before.stopped}")
        if before.workers:
            found.append(f"{before.workers} worker processes were not traced")
        if before.processes > 1:
            found.append(
                f"{before.processes} processes import torch; the one with the most steps is compared"
            )
        if self._functions_only():
            found.append("below torch 1.13 functions are traced, not operations: less detail")
        if self._records.unknown:
            found.append(f"the records have no answer for these releases: {self._records.unknown}")
        return found

    def _functions_only(self) -> bool:
        return self._it.functions and self.looked


def _schedules(event: traces.Event) -> Tuple[object, object]:
    return event["mark"], event["rates"]


def _beyond(real: Dict[int, Step], noise: Dict[int, Step], step: int) -> bool:
    """Whether a step leads ten times as far apart as with jitter alone."""
    mine, jitter = real.get(step), noise.get(step)
    if mine is None:
        return False
    moved, loss = (jitter.parameters, jitter.loss) if jitter else (0.0, 0.0)
    return mine.parameters > 10 * max(moved, 1e-6) or mine.loss > 10 * max(loss, 1e-6)


def _other_warnings(one: Run, other: Run) -> List[Warned]:
    """The warnings of one run that the other has not; their numbers may differ."""
    known = {(it.category, it.text[:40]) for it in other.warnings}
    return [it for it in one.warnings if (it.category, it.text[:40]) not in known]


def _words(verdict: Verdict, before: Run, after: Run) -> str:
    return {
        Verdict.FAILS: f"fails under {after.torch}",
        Verdict.OPERATION: "parts in an operation",
        Verdict.STREAM: "parts in the random stream",
        Verdict.DATA: "parts in its data",
        Verdict.UNKNOWN: "parts, and where it begins could not be found",
        Verdict.ROUNDING: "parts through rounding alone",
        Verdict.TOLERANCE: "the same within tolerance",
        Verdict.SAME: "the same bits",
        Verdict.UNSTABLE: f"{before.torch} twice gives other numbers: nothing can be said",
    }[verdict]


def _check_traced(before: Ran, after: Ran) -> None:
    for one in (before, after):
        if one.trace is None and not one.status:
            raise HistoryError(
                f"{one.what}: the program ended without importing torch, or Python was started "
                "with -I, -E or -S, which keep the tracer out: leave these out"
            )
