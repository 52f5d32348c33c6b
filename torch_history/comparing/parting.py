"""Parting: where two traces of the same block or test part, and whether that is rounding.

A trace that did not follow the other one is matched with it afterwards, by the contents that both
have kept. That shows the first difference, and what does not depend on it.
"""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, Dict, Iterator, List, Optional, Sequence, Tuple

from msgspec import Struct

from torch_history.comparing import traces
from torch_history.comparing.judging import Judge, Judged
from torch_history.comparing.result import Difference, Raised, Verdict, Warned
from torch_history.comparing.traces import Event, Trace
from torch_history.comparing.wheres import Wheres
from torch_history.tracing import tape
from torch_history.tracing.matching import Follower
from torch_history.tracing.recorder import Reading
from torch_history.tracing.settings import Settings


class Parting(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where two traces part."""

    verdict: Verdict
    mark: int = 0  # the first mark, from 1, that is not the same bits; 0: all are
    what: Tuple[str, ...] = ()  # of that mark: loss, parameters, gradients, rng torch, …
    differences: Tuple[Difference, ...] = ()
    rounding: Tuple[Difference, ...] = ()
    raised: Optional[Raised] = None  # what ends the newer one only
    new_warnings: Tuple[Warned, ...] = ()

    @property
    def same(self) -> bool:
        """Whether nothing differs."""
        return self.verdict is Verdict.SAME


def of(before: Trace, after: Trace, followed: Trace, wheres: Wheres) -> Parting:
    """Where a trace parts from an older one, as the followed one shows; both may be one."""
    found = first(before, after)
    judged = Judge(before, followed, wheres, None).judged()
    raised = _raised(before, after, wheres)
    return Parting(
        verdict=_verdict(judged, bool(found), raised, followed),
        mark=found[0] if found else 0,
        what=tuple(found[1]) if found else (),
        differences=tuple(_causes(judged)),
        rounding=tuple(judged.rounding),
        raised=raised,
        new_warnings=tuple(_new_warnings(before, after, wheres)),
    )


def first(one: Trace, other: Trace) -> Optional[Tuple[int, List[str]]]:
    """The first mark that is not the same bits, and what differs there.

    Generators of Python and NumPy that nobody seeded, and nobody used, are no difference.
    """
    return traces.parting(one, other, but={"rng random", "rng numpy"})


def _causes(judged: Judged) -> Iterator[Difference]:
    """What is no rounding: operations, then the random stream, then data."""
    yield from judged.causes
    if judged.draw is not None:
        yield judged.draw
    if judged.data is not None and judged.draw is None:
        yield judged.data


def _verdict(judged: Judged, parts: bool, raised: Optional[Raised], followed: Trace) -> Verdict:
    if raised is not None:
        return Verdict.FAILS
    if judged.causes:
        return Verdict.OPERATION
    if judged.draw is not None:
        return Verdict.STREAM
    if judged.data is not None:
        return Verdict.DATA
    near = [one[2].get("rounding") for differs in followed.states.values() for one in differs]
    if judged.rounding or (near and all(near)):
        return Verdict.ROUNDING
    return Verdict.UNKNOWN if parts else Verdict.SAME


def _raised(before: Trace, after: Trace, wheres: Wheres) -> Optional[Raised]:
    """The exception that ends the newer one, if none of this class ended the older one there."""
    event, known = after.raised, before.raised
    if event is None or (
        known and (known["kind"], known["step"]) == (event["kind"], event["step"])
    ):
        return None
    return Raised(event["kind"], event["text"], wheres.of(event["at"]), event["step"])


def _new_warnings(before: Trace, after: Trace, wheres: Wheres) -> Iterator[Warned]:
    known = {(one["category"], one["text"][:40]) for one in before.warnings}
    for one in after.warnings:
        key = one["category"], one["text"][:40]  # numbers in a text may differ
        if key not in known:
            known.add(key)
            yield Warned(one["category"], one["text"], wheres.of(one["at"]))


def wheres(old_root: Path, root: Path) -> Wheres:
    """Leads from a place in either trace to the reader's own file below ``root``."""

    def original(path: Path) -> Path:
        try:
            return root / path.relative_to(old_root)
        except ValueError:
            return path

    return Wheres(original, root)


def match(torch: Any, before: Path, after: Trace) -> Trace:
    """Fill in the first difference, as far as the contents that both have kept tell it.

    What follows it may be its consequence, and is not looked at.
    """
    follower = _Follower(torch, before)
    contents = Reading(after.folder / "kept")
    spans: Dict[int, Event] = {}
    for event in traces.events(after.folder / "events.jsonl"):
        kind = event["e"]
        if kind == "begin_span":
            spans[event["i"]] = event
        elif kind in ("op", "end_span"):
            outs = event["outs"]
            outputs = _Outputs(torch, contents, outs)
            if kind == "op":
                call = SimpleNamespace(key=event["key"], inputs=event["ins"])
                follower.operation(event["i"], call, outputs, outs, None)  # type: ignore[arg-type]
            elif event.get("returned", True):
                span = SimpleNamespace(key=spans[event["i"]]["key"], number=event["i"])
                follower.span(span, outputs, outs)  # type: ignore[arg-type]
        if follower.emitted and follower.emitted[-1]["e"] == "differs":
            break
    after.found = follower.emitted
    last = after.calls[after.found[-1]["i"]] if after.found else {}
    if tape.family(last.get("name", "")):  # told as a draw
        after.found = after.found[:-1]
    return after


class _Outputs(Sequence[Any]):
    """The outputs of a logged call, read from what was kept of them only if they are needed."""

    def __init__(self, torch: Any, contents: Reading, outs: List[Any]) -> None:
        self._torch, self._contents, self._outs = torch, contents, outs

    def __len__(self) -> int:
        return len(self._outs)

    def __getitem__(self, place: Any) -> Any:
        content, dtype, shape = self._outs[place]
        tensor = self._contents.tensor(self._torch, content)
        if tensor is not None:
            return tensor
        # Its size is told, and that it was not kept.
        raise _NotKeptError(dtype, shape)


class _NotKeptError(Exception):
    """The contents of a tensor were not kept."""


class _Follower(Follower):
    """Matches a trace that was written before; nothing is followed."""

    def __init__(self, torch: Any, before: Path) -> None:
        self.emitted: List[Event] = []
        given = Settings(out="", root="", against=str(before))
        super().__init__(SimpleNamespace(torch=torch, settings=given, recorder=self))

    def emit(self, event: str, /, **facts: Any) -> None:
        """Keep what the follower says, as the file of a trace holds it."""
        before, after = facts.get("before"), facts.get("after")
        facts.update(before=before and list(before), after=after and list(after))
        self.emitted.append({"e": event, **facts})

    def _compare(
        self, what: str, number: int, outputs: Any, outs: Any, theirs: Any, again: Any
    ) -> None:
        try:
            super()._compare(what, number, outputs, outs, theirs, again)
        except _NotKeptError:
            self.emit("differs", i=number, what=what, how="not kept")
