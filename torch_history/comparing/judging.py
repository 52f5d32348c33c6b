"""Judging: what a followed run tells of a parting: values, structure, random numbers, rounding.

The followed run got the older run's random numbers and, operation by operation, its results. So
every difference in it is made where it stands, from the inputs that the older run had too.
"""

from __future__ import annotations

from typing import Dict, Iterator, List, NamedTuple, Optional, Set, Tuple

from torch_history.comparing.result import Difference, Number, Tensor, Where
from torch_history.comparing.traces import Event, Trace
from torch_history.comparing.wheres import Wheres

MOST = 50  # differences of a kind that are told
NAMED = 6  # operations of a changed structure that are named


class Judged(NamedTuple):
    """What a window of a followed run shows."""

    causes: List[Difference]
    rounding: List[Difference]
    draw: Optional[Difference]  # the first draw that is another one
    data: Optional[Difference]  # the first operation on data that the older run never had


class Judge:
    """Reads one followed run against the run that it followed."""

    def __init__(self, kept: Trace, followed: Trace, wheres: Wheres, upto: Optional[int]) -> None:
        self._kept, self._followed, self._wheres = kept, followed, wheres
        self._upto = len(followed.marks) + 1 if upto is None else upto
        self._made: Set[str] = set()  # contents that only this run made
        self._fresh: List[Event] = []  # operations that only this run makes
        self._foreign: List[Event] = []  # of these, the ones on data from elsewhere

    def judged(self) -> Judged:
        """Everything that the window shows."""
        causes: Dict[int, Difference] = {}
        rounding: Dict[int, Difference] = {}
        explained: Set[int] = set()
        for event in self._followed.found:
            call = self._followed.calls.get(event["i"])
            if call is None or call["mark"] >= self._upto:
                continue
            if event["e"] == "new":
                self._take_new(event, call)
                continue
            inside = self._inside(call) if event["what"] == "span" else []
            explained.update(one["i"] for one in inside)
            into = rounding if event.get("rounding") else causes
            found = self._difference(event, call, inside)
            if found is None:
                continue
            known = into.get(event["i"])
            if known is None or (found.largest or 0) > (known.largest or 0):
                into[event["i"]] = found
        left = [one for one in self._fresh if one["i"] not in explained]
        if not causes and left and self._matters(left, rounding):
            first = self._structure(left)
            if first is not None:
                causes[left[0]["i"]] = first
        draw = self._draw()
        data = self._data() if not causes else None
        return Judged(
            list(causes.values())[:MOST],
            [one for number, one in rounding.items() if number not in causes][:MOST],
            draw,
            data,
        )

    # -- operations that only the newer run makes

    def _take_new(self, event: Event, call: Event) -> None:
        made = {one[0] for one in call.get("outs", ())}
        if event["what"] == "op":
            ours = [one[0] in self._made for one in call["ins"]]
            if event["inputs_known"]:
                self._fresh.append(call)
            elif not any(ours):
                self._foreign.append(call)
        self._made |= made

    def _inside(self, span: Event) -> List[Event]:
        """The operations that only the newer run makes inside a span."""
        return [
            one
            for one in self._fresh
            if any(parent["i"] == span["i"] for parent in self._followed.parents(one))
        ]

    def _matters(self, left: List[Event], rounding: Dict[int, Difference]) -> bool:
        """Whether what follows is another loss or another state, beyond rounding."""
        for mine, theirs in zip(self._kept.marks, self._followed.marks):
            if mine["n"] > self._upto:
                break
            if mine["kind"] != theirs["kind"]:
                return True
            if mine["kind"] != "step" and mine["is_"] != theirs["is_"]:
                return not all(map(_near, mine["loss"], theirs["loss"]))
        for mark, differs in self._followed.states.items():
            if mark <= self._upto and any(not one[2].get("rounding") for one in differs):
                return True
        # Not seen in any state: the program's end, or a part without backward.
        return not self._kept.marks and not rounding

    def _structure(self, left: List[Event]) -> Optional[Difference]:
        first = left[0]
        return self._made_of(first, "structure")

    # -- one difference

    def _difference(self, event: Event, call: Event, inside: List[Event]) -> Optional[Difference]:
        kind = "rounding" if event.get("rounding") else "value"
        blamed = call
        only_before: Tuple[str, ...] = ()
        only_after: Tuple[str, ...] = ()
        if event["what"] == "span":
            only_before = self._only_before(call)
            only_after = tuple(_names(inside))
            if inside and kind == "value":
                kind, blamed = "structure", inside[0]
            elif kind == "value" and only_before:
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
            "only_before": only_before,
            "only_after": only_after,
        }
        return _replace(found, **changes)

    def _contains_cause(self, span: Event) -> bool:
        """Whether a difference inside a span is told already, and could not be put right."""
        return any(
            event["e"] == "differs" and event["i"] != span["i"] and event.get("how") != "value"
            and any(
                parent["i"] == span["i"]
                for parent in self._followed.parents(self._followed.calls[event["i"]])
            )
            for event in self._followed.found
        )

    def _only_before(self, span: Event) -> Tuple[str, ...]:
        """The operations that only the older run makes inside the same span."""
        theirs = next((one for one in self._kept.calls.values() if one.get("key") == span["key"]), None)
        if theirs is None:
            return ()
        ours = {one["key"] for one in self._followed.calls.values()}
        return tuple(
            _names(
                one
                for one in self._kept.calls.values()
                if one["e"] == "op"
                and one["key"] not in ours
                and any(parent["i"] == theirs["i"] for parent in self._kept.parents(one))
            )
        )

    def _made_of(self, call: Event, kind: str) -> Difference:
        around = list(self._followed.parents(call))
        function = call if call.get("kind") == "function" else next(
            (one for one in around if one["kind"] == "function"), None
        )
        module = call if call.get("kind") == "module" else next(
            (one for one in around if one["kind"] == "module"), None
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
            made_at=self._wheres.of(call.get("made_at")),
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
        if not ours or (other and _asks(ours[0]) in [_asks(one) for one in other[:50]]
                        and _asks(other[0]) not in [_asks(one) for one in ours[:50]]):
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
        if not self._foreign or (
            self._fresh and self._fresh[0]["i"] < self._foreign[0]["i"]
        ):
            return None
        return self._made_of(self._foreign[0], "value")


def _asks(draw: Event) -> Tuple[str, Tuple[float, ...]]:
    return draw["key"], tuple(draw["numbers"])


def _near(one: Optional[float], other: Optional[float]) -> bool:
    if one is None or other is None:
        return False
    return one == other or abs(one - other) <= 1e-5 * max(abs(one), abs(other)) + 1e-12


def _names(calls: Iterator[Event] | List[Event]) -> Iterator[str]:
    """The names of operations, each once."""
    found: Dict[str, None] = {}
    for one in calls:
        dtypes = [_short(out[1]) for out in one.get("outs", ())[:1]]
        found.setdefault(one["name"] + (f" → {dtypes[0]}" if one["name"] == "_to_copy" and dtypes else ""))
    yield from list(found)[:NAMED]


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


