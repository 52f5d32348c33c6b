"""Looking: which runs an answer needs after the first two, and what they show.

1. The program has run under both releases. The same bits: nothing more is needed.
2. The older release runs again, as control: it keeps its random numbers, the operations around the
   parting, and its state at every step. Beside it a run with jitter shows what rounding alone does.
3. The newer release follows the control: it gets the same random numbers, results and states. If
   its random stream moved, it also runs with these random numbers and is left to itself.
4. A step that leads farther apart than with jitter, from the same state, is looked at likewise.
"""

from __future__ import annotations

from typing import Dict, List, Optional, Tuple

from torch_history.comparing import growth, traces
from torch_history.comparing.comparison import PLAIN, Comparison
from torch_history.comparing.judging import Judge, Judged, rounded
from torch_history.comparing.result import Step
from torch_history.comparing.traces import Trace
from torch_history.tracing.settings import Settings

SHORT = 12  # marks from the start that a window still reaches back over
NOTHING = Judged([], [], None, None)


class Look:
    """What the runs of a comparison show, and the runs that are needed to see it."""

    def __init__(self, it: Comparison) -> None:
        self._it = it
        self.wheres = it.wheres()
        self.parting: Optional[Tuple[int, List[str]]] = None  # the mark, and what differs there
        self.judged = NOTHING
        self.unstable = False  # the older release gives other numbers each time
        self.broken = ""  # how the tracer ended a run
        self.looked = False  # whether more than the two runs was needed
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
            self.judged = NOTHING

    def _only_ends(self, before: Trace, after: Trace) -> bool:
        """Whether the two are the same until an exception ends one of them."""
        first = "after" if len(after.marks) < len(before.marks) else "before"
        common = min(len(before.marks), len(after.marks))
        ends = bool(self._it.ran[first].status) and len(before.marks) != len(after.marks)
        return ends and self.parting == (common + 1, ["marks"])

    def _ends_early(self) -> bool:
        """Whether what one of the two printed is cut by its end or by a limit."""
        it = self._it
        two = it.ran["before"], it.ran["after"]
        return any(one.status or (one.trace is not None and one.trace.stopped) for one in two)

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
        window = (first, last)
        keep = PLAIN._replace(window=window, keep=True, tape="record", uses=False)
        it.run(("control", 0, keep), ("jitter", 0, PLAIN._replace(jitter=True, uses=False)))
        control = it.trace("control")
        if self._broke("control") or control is None:
            return
        if traces.parting(before, control) is not None:
            self.unstable = True
            return
        wanted = [("followed", 1, self._behind("control", window))]
        if self._stream_moved():
            wanted.append(("tape", 1, self._taped()))
        it.run(*wanted)
        followed = it.trace("followed")
        if self._broke("followed") or followed is None:
            return
        self.judged = Judge(control, followed, self.wheres, last).judged()
        self.forced = growth.forced(control, followed)
        if self.judged.draw is not None and "tape" not in it.ran:
            it.run(("tape", 1, self._taped()))
        if last is not None and not self.judged.causes:
            self._settle(control, followed, last)

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
        return self.parting is not None and any("rng" in one for one in self.parting[1])

    def _settle(self, control: Trace, followed: Trace, last: int) -> None:
        """Compare what is in doubt, and later steps, with what jitter does from the same state."""
        it, doubtful = self._it, self.judged.doubtful
        marks = growth.suspicious(control, followed, last)
        if not marks and doubtful is None:
            return
        it.run(("forced jitter", 0, self._behind("control", (0, 0))._replace(jitter=True, tape="")))
        jittered = it.trace("forced jitter")
        if jittered is None:
            return
        if doubtful is not None:
            marks_before = [one for one in followed.states if one <= last]
            if any(growth.beyond(followed, jittered, one) for one in marks_before):
                self.judged = self.judged._replace(causes=[doubtful])
                return
            self.judged.rounding.append(rounded(doubtful))
        self._look_later(control, followed, jittered, marks)

    def _loses(self, step: int, noise: Dict[int, float]) -> bool:
        """Whether the loss before a step lies ten times as far apart as jitter leads it."""
        real = next((one.loss for one in self.forced if one.step == step), 0.0)
        return real > 10 * max(noise.get(step, 0.0), 1e-6)

    def _look_later(
        self, control: Trace, followed: Trace, jittered: Trace, marks: List[int]
    ) -> None:
        """Look at later steps, which a rounding of before would hide, each from the same state."""
        it = self._it
        noise = {one.step: one.loss for one in growth.forced(control, jittered)}
        mark = next(
            (
                one
                for one in marks
                if growth.beyond(followed, jittered, one)
                or self._loses(control.step_at(one - 1), noise)
            ),
            None,
        )
        if mark is None:
            return
        window = (mark - 1 if mark > SHORT else 0, mark)
        keep = PLAIN._replace(window=window, keep=True, tape="record", uses=False)
        it.run(("control 2", 0, keep))
        it.run(("followed 2", 1, self._behind("control 2", window)))
        kept, again = it.trace("control 2"), it.trace("followed 2")
        if kept is None or again is None:
            return
        later = Judge(kept, again, self.wheres, mark).judged()
        if later.causes:
            self.judged = later._replace(draw=self.judged.draw)
