"""Verdicts: what became of a program, from what the runs show."""

from __future__ import annotations

from typing import List, Optional, Tuple

from torch_history.comparing import growth, traces
from torch_history.comparing.comparison import Comparison
from torch_history.comparing.looking import Look
from torch_history.comparing.result import Difference, Run, Verdict


class Judgement:
    """The verdict on a comparison, with its causes."""

    def __init__(self, it: Comparison, look: Look) -> None:
        self._it, self._look = it, look

    def causes(self) -> List[Difference]:
        """Every cause, those that explain others first."""
        hyper = self._hyper()
        # What an optimizer does with another learning rate is no cause of its own.
        found = [one for one in self._look.judged.causes if hyper is None or one.phase != "step"]
        if self._look.judged.draw is not None:
            found.insert(0, self._look.judged.draw)
        if self._look.judged.data is not None and not found:
            found.append(self._look.judged.data)
        return found if hyper is None else [hyper, *found]

    def _hyper(self) -> Optional[Difference]:
        """A number of the optimizer's groups that differs where the runs part."""
        it, parting = self._it, self._look.parting
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
            at=self._look.wheres.of(place),
            words=f"{name} is {now} and was {was}",
        )

    def verdicts(self, before: Run, after: Run) -> List[Verdict]:
        """The verdict, and what else is true."""
        found = []
        fails = after.raised is not None and (
            before.raised is None
            or (before.raised.kind, before.raised.step) != (after.raised.kind, after.raised.step)
        )
        if fails:
            found.append(Verdict.FAILS)
        parting = self._look.parting
        if self._look.unstable:
            return [*found, Verdict.UNSTABLE]
        if any(one.kind != "draw" for one in self._look.judged.causes) or self._hyper():
            found.append(Verdict.OPERATION)
        if self._look.judged.draw is not None:
            found.append(Verdict.STREAM)
        if self._look.judged.data is not None and not found:
            found.append(Verdict.DATA)
        parts = parting is not None and self._look.looked
        if not found or found == [Verdict.FAILS]:
            if parts or (self._look.looked and self._look.judged.rounding):
                found.append(self._quiet(Verdict.UNKNOWN))
            elif self._look.looked:
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
        harmless = self._look.judged.rounding or self._states_near()
        return Verdict.ROUNDING if harmless and self._look.looked else otherwise

    def _states_near(self) -> bool:
        return bool(self._look.forced) and all(one.parameters <= 1e-5 for one in self._look.forced)

    def taped(self) -> Optional[Verdict]:
        """What becomes of the newer release with the older one's random numbers."""
        it = self._it
        before, taped = it.trace("before"), it.trace("tape")
        if before is None or taped is None or self._look.judged.draw is None:
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
        if any(one.kind != "draw" for one in self._look.judged.causes):
            return Verdict.OPERATION
        if growth.within(before, taped):
            return Verdict.TOLERANCE
        return (
            Verdict.ROUNDING
            if self._look.judged.rounding or self._states_near()
            else Verdict.UNKNOWN
        )

    def parted_at(self) -> Optional[int]:
        """The optimizer steps before the first other bit; None where there is none."""
        before, parting = self._it.trace("before"), self._look.parting
        if parting is None or before is None or not self._look.looked:
            return None
        return len([one for one in before.marks[: parting[0] - 1] if one["kind"] == "step"])


def _schedules(event: traces.Event) -> Tuple[object, object]:
    return event["mark"], event["rates"]


def in_words(verdict: Verdict, before: Run, after: Run) -> str:
    """A verdict in words."""
    return {
        Verdict.FAILS: f"fails under {after.torch}",
        Verdict.OPERATION: "parts in an operation",
        Verdict.STREAM: "parts in the random stream",
        Verdict.DATA: "parts in its data",
        Verdict.UNKNOWN: "parts, and where it begins could not be found",
        Verdict.ROUNDING: "parts through rounding alone",
        Verdict.TOLERANCE: "the same within tolerance",
        Verdict.SAME: "the same bits" + _until(before, after),
        Verdict.UNSTABLE: f"{before.torch} twice gives other numbers: nothing can be said",
    }[verdict]


def _until(before: Run, after: Run) -> str:
    """Where the older run ends by an exception."""
    if before.raised is None:
        return ""
    if after.raised is None:
        return f", until {before.torch} raises {before.raised.kind}, which {after.torch} does not"
    return f", and {before.raised.kind} ends both"
