"""Answering: runs the program under both releases, and makes the result of what is seen."""

from __future__ import annotations

import datetime as dt
import time
from typing import Dict, List, Optional, Sequence, Tuple

import msgspec

from torch_history.comparing import growth
from torch_history.comparing.comparison import PLAIN, Comparison
from torch_history.comparing.looking import Look
from torch_history.comparing.result import Difference, Made, Raised, Result, Run, Warned
from torch_history.comparing.running import Ran
from torch_history.comparing.telling import Records
from torch_history.comparing.traces import Trace
from torch_history.comparing.verdicts import Judgement, in_words
from torch_history.errors import HistoryError

OUTPUT = 20_000  # characters of the output that the report keeps


def compare(it: Comparison, records: Records, notes: Sequence[str], date: dt.date) -> Result:
    """Run the program under both releases and say what became of it."""
    began = time.monotonic()
    before, after = it.run(("before", 0, PLAIN), ("after", 1, PLAIN))
    _check_traced(before, after)
    if before.trace and before.trace.stopped and not it.steps:
        # The other runs do as many steps as the first one had time for.
        it.steps = max(1, len(before.trace.steps))
    look = Look(it)
    look.look()
    return _Answer(it, look, records).result(began, notes, date)


class _Answer:
    """Makes the result of a comparison."""

    def __init__(self, it: Comparison, look: Look, records: Records) -> None:
        self._it, self._look, self._records = it, look, records
        self._judgement = Judgement(it, look)

    def result(self, began: float, notes: Sequence[str], date: dt.date) -> Result:
        """What was found, with what the records tell of it."""
        it = self._it
        before, after = (self._run(what, side) for what, side in (("before", 0), ("after", 1)))
        verdicts = self._judgement.verdicts(before, after)
        gone, new = _other_warnings(before, after), _other_warnings(after, before)
        causes = [self._told(one) for one in self._judgement.causes()]
        one, other = it.trace("before"), it.trace("after")
        free = it.trace("tape") or other
        grown = growth.losses(one, free) if one and free else growth.Growth(0.0, None)
        parting = self._look.parting
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
            words=in_words(verdicts[0], before, after),
            also=tuple(verdicts[1:]),
            before=before,
            after=after,
            notes=(*notes, *self._notes(before)),
            parted_at=self._judgement.parted_at(),
            differences=tuple(causes),
            rounding=tuple(self._told(one) for one in self._look.judged.rounding),
            new_warnings=tuple(map(self._records.warned, new)),
            gone_warnings=tuple(gone),
            taped=self._judgement.taped(),
            forced=tuple(self._look.forced),
            curves=tuple(one for one in curves if one),
            distances=tuple(one for one in apart if one) if parting else (),
            farthest=grown.farthest if parting else None,
            first_beyond=grown.first_beyond,
            made=tuple(Made(what, round(ran.seconds, 2)) for what, ran in it.ran.items()),
            seconds=round(time.monotonic() - began, 1),
        )

    def _told(self, one: Difference) -> Difference:
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
            found.setdefault(key, Warned(*key, at=self._look.wheres.of(one["at"])))
        return list(found.values())

    def _raised(self, ran: Ran) -> Optional[Raised]:
        if not ran.status:
            return None
        steps = len(ran.trace.steps) if ran.trace else 0
        event = ran.trace.raised if ran.trace else None
        if event is None:
            lines = ran.errors.strip().splitlines() or ["it said nothing"]
            return Raised("exit status", lines[-1][:300], None, steps, ran.status)
        one = Raised(
            event["kind"], event["text"], self._look.wheres.of(event["at"]), steps, ran.status
        )
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
        if self._look.broken:
            found.insert(0, self._look.broken)
        if before.stopped:
            found.append(f"stopped after {before.steps} steps: --{before.stopped}")
        if before.workers:
            found.append(f"{before.workers} worker processes were not traced")
        if before.processes > 1:
            found.append(
                f"{before.processes} processes import torch: that with the most steps is compared"
            )
        if self._functions_only():
            found.append("below torch 1.13 functions are traced, not operations: less detail")
        if self._records.unknown:
            found.append(f"the records have no answer for these releases: {self._records.unknown}")
        return found

    def _functions_only(self) -> bool:
        return self._it.functions and self._look.looked


def _other_warnings(one: Run, other: Run) -> List[Warned]:
    """The warnings of one run that the other has not; their numbers may differ."""
    known = {(it.category, it.text[:40]) for it in other.warnings}
    return [it for it in one.warnings if (it.category, it.text[:40]) not in known]


def _check_traced(before: Ran, after: Ran) -> None:
    for one in (before, after):
        if one.trace is None and not one.status:
            raise HistoryError(
                f"{one.what}: the program ended without importing torch, or Python was started "
                "with -I, -E or -S, which keep the tracer out: leave these out"
            )
