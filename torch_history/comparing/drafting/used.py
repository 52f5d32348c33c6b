"""Used: the calls from the reader's own lines, of which a trace has the arguments alone."""

from __future__ import annotations

from typing import Any, Collection, Dict, Iterator, List, Optional

from torch_history.comparing.traces import Event, Trace, events


def uses(trace: Trace) -> Iterator[Event]:
    """The uses whose arguments are all known."""
    for event in events(trace.folder / "events.jsonl"):
        if event["e"] == "use" and event.get("whole"):
            yield event


def call(use: Event) -> Event:
    """A use as a call of the trace would be. The contents of its tensors are not known: zeros."""
    inputs: List[Any] = []
    given = {name: _value(value, inputs) for name, value in use["given"].items()}
    first = [_value(use["on"], inputs)] if "on" in use else []
    count = use["positional"]
    named = {name: given[name] for name in list(given)[count:]}
    args = [*first, *list(given.values())[:count]]
    return {"name": use["api"], "ins": inputs, "given": {"args": args, "named": named}}


def named(use: Event, but: Collection[str]) -> Optional[Dict[str, Any]]:
    """The arguments by name, without some; None where one of the others cannot be made again."""
    found: Dict[str, Any] = {}
    for name, value in use["given"].items():
        if name in but:
            continue
        if name.isdigit() or not _is_plain(value):
            return None
        found[name] = _value(value, [])
    return found


def _is_plain(value: Any) -> bool:
    if isinstance(value, dict):
        return "tuple" in value and all(map(_is_plain, value["tuple"]))
    return not isinstance(value, list) or all(map(_is_plain, value))


def _value(value: Any, inputs: List[Any]) -> Any:
    """A value as ``tracing.values`` tells it, in the form of ``tracing.arguments``."""
    if isinstance(value, list):
        return [_value(one, inputs) for one in value]
    if not isinstance(value, dict):
        return value
    if "tuple" in value:
        return [_value(one, inputs) for one in value["tuple"]]
    if "tensor" in value:
        inputs.append(("overwritten", value["tensor"], value["shape"]))
        return {"t": len(inputs) - 1}
    if str(value.get("name", "")).startswith("torch."):
        return {"torch": value["name"]}
    return {"other": str(value)}
