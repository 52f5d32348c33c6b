"""Judging: what a followed run tells of a parting: values, structure, random numbers, rounding.

The followed run got the older run's random numbers and, operation by operation, its results. So
every difference in it is made where it stands, from the inputs that the older run had too.
"""

from __future__ import annotations

import functools
from typing import Dict, List, NamedTuple, Optional, Set, Tuple

from torch_history.comparing import growth
from torch_history.comparing.result import Difference, Number, Tensor
from torch_history.comparing.traces import Event, Trace
from torch_history.comparing.wheres import Wheres
from torch_history.tracing import tape

_CAUSE, _DOUBTFUL, _ROUNDING = "cause", "doubtful", "rounding"
MOST = 50  # differences of a kind that are told
NAMED = 6  # operations of a changed structure that are named


class Judged(NamedTuple):
    """What a window of a followed run shows."""

    causes: List[Difference]
    rounding: List[Difference]
    draw: Optional[Difference]  # the first draw that is another one
    data: Optional[Difference]  # the first operation on data that the older run never had
    # A change of structure after which the state differs: jitter tells whether that is rounding.
    doubtful: Optional[Difference] = None


class _Had(NamedTuple):
    """The calls of a run, by key, and the contents of their inputs and outputs."""

    keys: Set[str]
    contents: Set[str]


class Judge:
    """Reads one followed run against the run that it followed."""

    def __init__(self, kept: Trace, followed: Trace, wheres: Wheres, upto: Optional[int]) -> None:
        self._kept, self._followed, self._wheres = kept, followed, wheres
        self._upto = len(followed.marks) + 1 if upto is None else upto
        self._makers: Dict[str, Event] = {}  # contents that only this run made, with what made them
        self._later: List[Event] = []  # operations on these
        self._fresh: List[Event] = []  # operations that only this run makes
        self._foreign: List[Event] = []  # of these, the ones on data from elsewhere

    def judged(self) -> Judged:
        """Everything that the window shows."""
        causes: Dict[int, Difference] = {}
        rounding: Dict[int, Difference] = {}
        explained: Set[int] = set()
        for event in self._followed.found:
            if event["e"] == "view":
                self._take_view(event)
                continue
            call = self._followed.calls.get(event["i"])
            if call is None or call["mark"] >= self._upto:
                continue
            if event["e"] == "new":
                self._take_new(event, call)
                continue
            inside = self._inside(call, explained) if event["what"] == "span" else []
            explained.update(one["i"] for one in inside)
            into = rounding if event.get("rounding") else causes
            found = self._difference(event, call, inside)
            if found is None:
                continue
            known = into.get(event["i"])
            if known is None or (found.largest or 0) > (known.largest or 0):
                into[event["i"]] = found
        left = [one for one in self._fresh if one["i"] not in explained]
        doubtful = None
        if not causes and left:
            weight = self._weight(rounding)
            first = self._made_of(left[0], "rounding" if weight is _ROUNDING else "structure")
            if weight is _DOUBTFUL:
                doubtful = first
            else:
                (rounding if weight is _ROUNDING else causes).setdefault(left[0]["i"], first)
        draw = self._draw()
        causes = {i: one for i, one in causes.items() if not _is_only(one, draw)}
        data = self._data() if not causes else None
        return Judged(
            list(causes.values())[:MOST],
            [one for number, one in rounding.items() if number not in causes][:MOST],
            draw,
            data,
            doubtful,
        )

    # -- operations that only the newer run makes

    def _take_new(self, event: Event, call: Event) -> None:
        if event["what"] == "op":
            if event["inputs_known"]:
                self._fresh.append(call)
            elif any(one[0] in self._makers for one in call["ins"]):
                self._later.append(call)
            else:
                self._foreign.append(call)
        for one in call.get("outs", ()):
            if event["what"] == "op":
                self._makers.setdefault(one[0], call)

    def _take_view(self, event: Event) -> None:
        maker = next((self._makers[one] for one in event["ins"] if one in self._makers), None)
        if maker is not None:
            for one in event["outs"]:
                self._makers.setdefault(one, maker)

    def _inside(self, span: Event, explained: Set[int]) -> List[Event]:
        """The operations that only the newer run makes inside a span, or that it leans on."""

        def within(call: Event) -> bool:
            return any(parent["i"] == span["i"] for parent in self._followed.parents(call))

        fresh = [one for one in self._fresh if within(one)]
        if fresh:
            return fresh
        origins = [self._origin(one) for one in self._later if within(one)]
        if any(within(one) for one in self._foreign):
            # A view of what an operation made has a content of its own.
            origins += [one for one in self._fresh if one["i"] not in explained][:1]
        return [one for one in origins if one is not None][:1]

    def _origin(self, call: Event) -> Optional[Event]:
        """The first operation that only the newer run makes on the way to a call."""
        seen: Set[int] = set()
        while call["i"] not in seen and call not in self._fresh:
            seen.add(call["i"])
            makers = [self._makers[one[0]] for one in call["ins"] if one[0] in self._makers]
            if not makers:
                return None
            call = makers[0]
        return call

    def _weight(self, rounding: Dict[int, Difference]) -> str:
        """What the loss or the state that follows says of a change of structure."""
        for mine, theirs in zip(self._kept.marks, self._followed.marks):
            if mine["n"] > self._upto:
                break
            if mine["kind"] != theirs["kind"]:
                return _CAUSE
            if mine["kind"] != "step" and mine["is_"] != theirs["is_"]:
                near = all(map(_near, mine["loss"], theirs["loss"]))
                return _ROUNDING if near else _CAUSE
        if growth.parts(self._followed, self._upto):
            return _DOUBTFUL
        # Not seen in any state: the program's end, or a part without backward.
        return _CAUSE if not self._kept.marks and not rounding else _ROUNDING

    # -- one difference

    def _difference(self, event: Event, call: Event, inside: List[Event]) -> Optional[Difference]:
        kind = "rounding" if event.get("rounding") else "value"
        blamed = call
        only_before: List[Event] = []
        if event["what"] == "span":
            only_before = self._only_before(call)
            blamed = inside[0] if inside else call
            if kind == "value" and (inside or only_before):
                kind = "structure"
            if kind == "value" and self._contains_cause(call):
                return None
        found = self._made_of(blamed, kind)
        changes = {
            "before": _tensor(event.get("before")),
            "after": _tensor(event.get("after")),
            "largest": event.get("largest"),
            "scale": event.get("scale"),
            "elements": event.get("elements", 0),
            "of": event.get("of", 0),
            "was": tuple(map(_number, event.get("was", ()))),
            "now": tuple(map(_number, event.get("is", ()))),
            "only_before": _names(only_before, inside),
            "only_after": _names(inside, only_before),
        }
        return _replace(found, **changes)

    def _contains_cause(self, span: Event) -> bool:
        """Whether a difference inside a span is told already, and could not be put right."""
        return any(
            event["e"] == "differs"
            and event["i"] != span["i"]
            and event.get("how") != "value"
            and any(
                parent["i"] == span["i"]
                for parent in self._followed.parents(self._followed.calls[event["i"]])
            )
            for event in self._followed.found
        )

    def _only_before(self, span: Event) -> List[Event]:
        """The operations that only the older run makes inside the same span, on known inputs."""
        key = span["key"]
        theirs = next((one for one in self._kept.calls.values() if one.get("key") == key), None)
        if theirs is None:
            return []
        return [
            one
            for one in self._kept.calls.values()
            if one["e"] == "op"
            and one["key"] not in self._ours.keys
            and all(content[0] in self._ours.contents for content in one["ins"])
            and any(parent["i"] == theirs["i"] for parent in self._kept.parents(one))
        ]

    @functools.cached_property
    def _ours(self) -> _Had:
        """What the newer run called, and every content that it had."""
        calls = self._followed.calls.values()
        contents = {one[0] for call in calls for one in (*call["ins"], *call.get("outs", ()))}
        return _Had({call["key"] for call in calls}, contents)

    def _made_of(self, call: Event, kind: str) -> Difference:
        around = list(self._followed.parents(call))
        function = (
            call
            if call.get("kind") == "function"
            else next((one for one in around if one["kind"] == "function"), None)
        )
        module = (
            call
            if call.get("kind") == "module"
            else next((one for one in around if one["kind"] == "module"), None)
        )
        backward = next((one for one in (call, *around) if one.get("kind") == "backward"), None)
        stepping = next((one for one in (call, *around) if one.get("kind") == "step"), None)
        api = function["name"] if function and not (backward or stepping) else ""
        if stepping:
            api = f"torch.optim.{stepping['name']}"
        mark = int(call["mark"])
        return Difference(
            kind=kind,  # type: ignore[arg-type]  # one of the four
            name=call.get("node") or call["name"],
            phase="backward" if backward else "step" if stepping else "forward",
            mark=mark,
            step=self._followed.step_at(mark),
            api=api,
            module=module["name"] if module else "",
            module_class=module.get("of", "") if module else "",
            at=self._wheres.of(call.get("at")),
            made_at=self._wheres.of(call.get("made_at") or (stepping or {}).get("made_at")),
            inputs=tuple(Tensor(_short(one[1]), tuple(one[2])) for one in call["ins"]),
            arguments=call.get("scalars", ""),
            key=call.get("key", ""),
        )

    # -- random numbers and data

    def _draw(self) -> Optional[Difference]:
        """The first draw that is another one than the older run's."""
        mine, theirs = self._kept.draws, self._followed.draws
        for place, (before, after) in enumerate(zip(mine, theirs)):
            if after["mark"] >= self._upto:
                return None
            alike = before["key"] == after["key"] and before["gen"] == after["gen"]
            if alike and before["numbers"] != after["numbers"]:
                continue  # with other arguments: the call differs, and not the stream
            if _asks(before) != _asks(after):
                return self._other_draw(mine, theirs, place)
            if before["gen"] != after["gen"]:
                last = theirs[place - 1] if place else after
                words = "leaves the generator in another state" if place else "begins elsewhere"
                return self._drawn(last, words)
            if before["own"] != after["own"]:
                return self._drawn(after, "draws other numbers from the same state")
        if len(mine) != len(theirs) and not self._followed.raised:
            return self._other_draw(mine, theirs, min(len(mine), len(theirs)))
        return None

    def _other_draw(
        self, mine: List[Event], theirs: List[Event], place: int
    ) -> Optional[Difference]:
        """A draw that only one of the two runs makes."""
        ours, other = theirs[place:], mine[place:]
        if ours and ours[0]["mark"] >= self._upto and len(mine) == place:
            return None
        if not ours or (
            other
            and _asks(ours[0]) in [_asks(one) for one in other[:50]]
            and _asks(other[0]) not in [_asks(one) for one in ours[:50]]
        ):
            return self._drawn(other[0], "is drawn only before") if other else None
        return self._drawn(ours[0], "is drawn only after")

    def _drawn(self, draw: Event, words: str) -> Difference:
        mark = int(draw["mark"])
        family, count, dtype = draw["key"].split(" ")
        return Difference(
            kind="draw",
            name=draw["name"],
            phase="forward",
            mark=mark,
            step=self._followed.step_at(mark),
            api=draw.get("api", ""),
            module=draw.get("module", ""),
            at=self._wheres.of(draw.get("at")),
            after=Tensor(_short(dtype), (int(count),)),
            arguments=", ".join(str(one) for one in draw["numbers"]),
            words=f"{family}: {words}",
            was=(),
            now=(),
        )

    def _data(self) -> Optional[Difference]:
        if not self._foreign or (self._fresh and self._fresh[0]["i"] < self._foreign[0]["i"]):
            return None
        # Without a key: there is no call to be drafted, since its inputs are what differs.
        return _replace(self._made_of(self._foreign[0], "value"), key="")


def rounded(one: Difference) -> Difference:
    """A difference that has proved to be rounding."""
    return _replace(one, kind="rounding")


def _is_only(cause: Difference, draw: Optional[Difference]) -> bool:
    """Whether a change of structure is nothing else than another draw."""
    if draw is None or cause.kind != "structure" or cause.at != draw.at:
        return False
    names = [one.partition("(")[0] for one in (*cause.only_before, *cause.only_after)]
    return bool(names) and all(tape.family(name) for name in names)


def _asks(draw: Event) -> Tuple[str, Tuple[float, ...]]:
    return draw["key"], tuple(draw["numbers"])


def _near(one: Optional[float], other: Optional[float]) -> bool:
    if one is None or other is None:
        return False
    return one == other or abs(one - other) <= 1e-5 * max(abs(one), abs(other)) + 1e-12


def _names(calls: List[Event], others: List[Event]) -> Tuple[str, ...]:
    """The names of operations, each once; with arguments if the others have one of this name."""
    shared = {one["name"] for one in others}
    found: Dict[str, None] = {}
    for one in calls:
        name, outs = one["name"], one.get("outs") or [["", ""]]
        if name == "_to_copy":
            name += f" → {_short(outs[0][1])}"
        elif name in shared and one.get("scalars"):
            name += f"({one['scalars']})"
        found[name] = None
    return tuple(found)[:NAMED]


def _tensor(facts: object) -> Optional[Tensor]:
    if not isinstance(facts, list) or len(facts) != 2 or not isinstance(facts[0], str):
        return None
    return Tensor(_short(facts[0]), tuple(facts[1]))


def _short(dtype: str) -> str:
    return dtype.replace("torch.", "")


def _number(value: object) -> Number:
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, float) and (value != value or value in (float("inf"), -float("inf"))):
        return None
    return value if isinstance(value, (int, float)) else None


def _replace(found: Difference, **changes: object) -> Difference:
    import msgspec

    return msgspec.structs.replace(found, **changes)
