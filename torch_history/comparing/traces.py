"""Traces: what one run of the program wrote, read for the comparison."""

from __future__ import annotations

import array
import functools
import json
from pathlib import Path
from typing import AbstractSet, Any, Dict, Iterator, List, NamedTuple, Optional, Sequence, Tuple

Event = Dict[str, Any]
# the code of ``array`` for a dtype whose numbers can be read
_CODES = {"torch.float32": "f", "torch.float64": "d", "torch.int64": "q", "torch.int32": "i"}
# an event -> the attribute of a trace that holds it, or all of its kind
_SINGLE = {"begin": "begin", "final": "final", "raised": "raised", "end": "ended"}
_LISTED = {
    "mark": "marks",
    "draw": "draws",
    "warning": "warnings",
    "scheduled": "scheduled",
    "differs": "found",
    "new": "found",
    "view": "found",
}


class Slot(NamedTuple):
    """One tensor of the state, and how many bytes of it every sample has."""

    group: str
    name: str
    dtype: str
    size: int


class Trace:
    """The trace of one process."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.begin: Event = {}
        self.ended: Event = {}
        self.final: Optional[Event] = None
        self.raised: Optional[Event] = None
        self.stopped = ""
        self.marks: List[Event] = []
        self.draws: List[Event] = []
        self.warnings: List[Event] = []
        self.scheduled: List[Event] = []  # the learning rates that schedulers set
        self.seeded: List[str] = []
        self.workers = 0
        self.calls: Dict[int, Event] = {}  # operations and spans, by number
        self.found: List[Event] = []  # what a follower says of them, in order
        self.states: Dict[int, List[Any]] = {}
        self._layouts: List[List[Slot]] = []
        for event in events(folder / "events.jsonl"):
            self._take(event)

    def _take(self, event: Event) -> None:
        kind = event["e"]
        if "shown" in event:
            event["layout"] = len(self._layouts) - 1
        if kind in ("op", "begin_span"):
            self.calls[event["i"]] = event
            event["mark"] = len(self.marks)
        elif kind == "end_span":
            self.calls.get(event["i"], {})["outs"] = event["outs"]
        elif kind == "layout":
            self._layouts.append([Slot(*one) for one in event["slots"]])
        elif kind == "state":
            self.states[event["n"]] = event["differs"]
        elif kind == "seeded":
            self.seeded.append(event["what"])
        elif kind == "worker":
            self.workers += 1
        elif kind == "stopped":
            self.stopped = event["why"]
        elif kind in _LISTED:
            getattr(self, _LISTED[kind]).append(event)
        elif kind in _SINGLE:
            setattr(self, _SINGLE[kind], event)

    @property
    def steps(self) -> List[Event]:
        """The marks that are optimizer steps."""
        return [mark for mark in self.marks if mark["kind"] == "step"]

    @property
    def losses(self) -> List[Optional[float]]:
        """The loss of each backward; None for what is no single number."""
        return [
            mark["loss"][0] if len(mark["loss"]) == 1 else None
            for mark in self.marks
            if mark["kind"] != "step"
        ]

    def step_at(self, mark: int) -> int:
        """The optimizer step that is under way after so many marks, counted from 1."""
        return 1 + len([one for one in self.marks[:mark] if one["kind"] == "step"])

    @functools.cached_property
    def _samples(self) -> bytes:
        path = self.folder / "samples"
        return path.read_bytes() if path.exists() else b""

    def sample(self, mark: Event, groups: Sequence[str] = ("parameters",)) -> Dict[str, Any]:
        """Numbers of each parameter, or of other groups, at a step or in the end, by name."""
        found: Dict[str, Any] = {}
        at = mark.get("shown", -1)
        if at < 0:
            return found
        for slot in self._layouts[mark["layout"]]:
            content = self._samples[at : at + slot.size]
            at += slot.size
            if slot.group in groups and slot.dtype in _CODES:
                found[slot.name] = array.array(_CODES[slot.dtype], content)
        return found

    def parents(self, call: Event) -> Iterator[Event]:
        """The spans around a call, the innermost first."""
        while call.get("parent"):
            call = self.calls[call["parent"]]
            yield call


def events(path: Path) -> Iterator[Event]:
    """Every event of a trace, as far as it was written."""
    with path.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            try:
                event: Event = json.loads(line)
            except ValueError:  # the process was ended within the last line
                return
            yield event


def main(out: Path) -> Tuple[Optional[Trace], int]:
    """The trace of the process that trains, and how many processes imported torch."""
    folders = sorted(one for one in out.glob("process-*") if (one / "events.jsonl").exists())
    traces = [Trace(folder) for folder in folders]
    if not traces:
        return None, 0
    return max(traces, key=lambda trace: (len(trace.marks), -folders.index(trace.folder))), len(
        traces
    )


def parting(
    one: Trace, other: Trace, but: AbstractSet[str] = frozenset()
) -> Optional[Tuple[int, List[str]]]:
    """The first mark at which two runs are not the same bits, and what differs there.

    It is 1 more than the marks that both have where one of them goes on. None where nothing does.
    What is in ``but`` is left out.
    """
    for mine, theirs in zip(one.marks, other.marks):
        what = [part for part in apart(mine, theirs) if part not in but]
        if what:
            return mine["n"], what
    count = min(len(one.marks), len(other.marks))
    if len(one.marks) != len(other.marks):
        return count + 1, ["marks"]
    if one.final and other.final:
        differ = [
            key for key in one.final["is_"] if one.final["is_"][key] != other.final["is_"][key]
        ]
        if differ:
            return count, differ
    return None


def apart(mine: Event, theirs: Event) -> Iterator[str]:
    """What differs between two marks of the same place: a loss, groups of the state, generators."""
    if mine["kind"] != theirs["kind"]:
        yield "marks"
    elif mine["kind"] != "step":
        if mine["is_"] != theirs["is_"]:
            yield "loss"
        yield from _groups(mine.get("state", {}), theirs.get("state", {}))
    else:
        yield from _groups(mine["is_"], theirs["is_"])
        if hyper(mine, theirs):
            yield "hyper"
        for source, state in mine["rng"].items():
            if theirs["rng"].get(source, state) != state:
                yield f"rng {source}"


def _groups(mine: Event, theirs: Event) -> Iterator[str]:
    """The groups of the state that differ."""
    yield from (group for group in mine if mine[group] != theirs.get(group, mine[group]))


def hyper(mine: Event, theirs: Event) -> List[Tuple[str, str, str]]:
    """The numbers of an optimizer's groups that differ: name, before, after."""
    found = []
    for before, after in zip(mine["hyper"], theirs["hyper"]):
        found += [
            (name, before[name], after[name])
            for name in before.keys() & after.keys()
            if _number(before[name]) != _number(after[name])
        ]
    return sorted(found)


def _number(text: str) -> Any:
    try:
        return float(text)
    except ValueError:
        return text
