"""Matching: compares this run with one whose outputs were kept, by content, and follows it.

An operation with a name and inputs that the other run knows must have its outputs. Where it has
others, the difference is measured, and the output of the other run is put in its place. So the
next operation gets the same inputs again, and every difference shows where it is made.
"""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional, Set

from torch_history.tracing import digest, measure
from torch_history.tracing.recorder import Reading


class Follower:
    """Compares this run with another one and follows it."""

    def __init__(self, session: Any) -> None:
        folder = Path(session.settings.against)
        self._session, self._torch = session, session.torch
        self._kept, self._states = Reading(folder / "kept"), Reading(folder / "states")
        self._outs: Dict[str, List[List[Any]]] = defaultdict(list)
        self._viewed: Set[str] = set()  # views of these that only this run takes
        self._known: Set[str] = set()  # digests of everything that the other run had
        self._met: Dict[str, int] = defaultdict(int)
        self._read(folder / "events.jsonl")

    def _read(self, path: Path) -> None:
        keys: Dict[int, str] = {}
        with path.open(encoding="utf-8") as lines:
            for line in lines:
                event = json.loads(line)
                kind = event["e"]
                if kind in ("op", "begin_span"):
                    self._known.update(one[0] for one in event["ins"])
                if kind == "begin_span":
                    keys[event["i"]] = event["key"]
                elif kind == "op":
                    self._outs[event["key"]].append(event["outs"])
                elif kind == "end_span" and event["i"] in keys:
                    self._outs[keys[event["i"]]].append(event["outs"])
                if "outs" in event:
                    self._known.update(one[0] for one in event["outs"])

    def operation(
        self,
        number: int,
        call: Any,
        outputs: List[Any],
        outs: List[Any],
        again: Optional[Callable[[], List[Any]]],
    ) -> None:
        """Compare one operation, and follow."""
        theirs = self._theirs(call.key)
        if theirs is None:
            if all(one[0] in self._known for one in outs):
                return  # composed otherwise, and the same in the end
            known = all(self._is_known(one[0]) for one in call.inputs)
            self._session.recorder.emit("new", i=number, what="op", inputs_known=known)
            return
        self._compare("op", number, outputs, outs, theirs, again)

    def view(self, inputs: List[Any], outputs: List[Any]) -> None:
        """A view of what the other run had too is no new content; any other is noted."""
        ins, outs = (
            [digest.content(self._torch, one) for one in tensors] for tensors in (inputs, outputs)
        )
        if all(map(self._is_known, ins)):
            self._viewed.update(outs)
        else:
            self._session.recorder.emit("view", ins=ins, outs=outs)

    def _is_known(self, content: str) -> bool:
        known = content in self._known or content in self._viewed
        return known or content.startswith("overwritten")

    def span(self, span: Any, outputs: List[Any], outs: List[Any]) -> None:
        """Compare the end of a span, and follow."""
        theirs = self._theirs(span.key)
        if theirs is None:
            if outs and not all(one[0] in self._known for one in outs):
                self._session.recorder.emit("new", i=span.number, what="span", inputs_known=False)
            return
        self._compare("span", span.number, outputs, outs, theirs, None)

    def _theirs(self, key: str) -> Optional[List[Any]]:
        """The outputs that the other run has for a key: those of the same occurrence."""
        found = self._outs.get(key)
        if not found:
            return None
        place = min(self._met[key], len(found) - 1)
        self._met[key] += 1
        return found[place]

    def _compare(
        self,
        what: str,
        number: int,
        outputs: List[Any],
        outs: List[Any],
        theirs: List[Any],
        again: Optional[Callable[[], List[Any]]],
    ) -> None:
        if [one[0] for one in outs] == [one[0] for one in theirs]:
            return
        if not outs or not theirs:
            return  # a release may return what another only writes in place
        if len(outs) != len(theirs):
            self._session.recorder.emit(
                "differs", i=number, what=what, how="other outputs", before=theirs, after=outs
            )
            return
        exact = None
        for place, (mine, other) in enumerate(zip(outs, theirs)):
            if mine[0] == other[0]:
                continue
            tensor = self._kept.tensor(self._torch, other[0])
            facts: Dict[str, Any] = {"i": number, "what": what, "out": place}
            if tensor is None or list(tensor.shape) != list(outputs[place].shape):
                facts.update(how="not kept" if tensor is None else "other shape")
            elif tensor.dtype != outputs[place].dtype:
                facts.update(how="other dtype")
            else:
                if exact is None and again is not None:
                    exact = measure.attempt(again)
                double = exact[place] if exact and place < len(exact) else None
                facts.update(measure.difference(self._torch, tensor, outputs[place], double))
                outputs[place].data.copy_(tensor)
            self._session.recorder.emit("differs", before=other[1:], after=mine[1:], **facts)

    def state(self, mark: int, slots: List[Any]) -> None:
        """Compare the state at a step, tensor by tensor, and follow."""
        found = []
        for slot in slots:
            tensor = self._states.tensor(self._torch, f"{mark} {slot.group} {slot.name}")
            if tensor is None or tensor.shape != slot.tensor.shape:
                continue
            if tensor.dtype != slot.tensor.dtype:
                found.append([slot.group, slot.name, {"how": "other dtype"}])
                continue
            if self._torch.equal(tensor, slot.tensor.detach()):
                continue
            if slot.group != "optimizer":
                facts = measure.difference(self._torch, tensor, slot.tensor.detach(), None, 0)
                found.append([slot.group, slot.name, facts])
            slot.tensor.data.copy_(tensor)
        self._session.recorder.emit("state", n=mark, differs=found)
