"""Words: a recorded observation, and what differs between two, as a person reads them."""

from __future__ import annotations

import os
from typing import Any, Dict, Iterator, List, Tuple

Observed = Dict[str, Any]  # an observation as its JSON


def changed(before: Observed, after: Observed) -> List[Tuple[str, str, str]]:
    """The places where two recorded observations differ: where, before, after."""
    found = []
    if "raised" in before or "raised" in after:
        if before.get("raised") != after.get("raised"):
            found.append(("", outcome(before), outcome(after)))
    else:
        found.extend(_leaves("", before["value"], after["value"]))
    if before.get("warned") != after.get("warned"):
        found.append(("warns", warnings(before), warnings(after)))
    return found


def _leaves(path: str, before: Any, after: Any) -> Iterator[Tuple[str, str, str]]:
    if before == after and repr(before) == repr(after):  # the order of keys is a fact too
        return
    both_dicts = isinstance(before, dict) and isinstance(after, dict)
    if (
        both_dicts
        and not any(name.startswith("$") for name in (*before, *after))
        # Without a common key these are two other dictionaries, and are shown whole.
        and set(before) & set(after)
    ):
        if set(before) == set(after) and list(before) != list(after):
            yield f"{path} in the order".strip(), ", ".join(before), ", ".join(after)
        for name in {**before, **after}:
            yield from _leaves(
                f"{path}.{name}" if path else name, before.get(name, ...), after.get(name, ...)
            )
    else:
        # Tensors that differ only in dtype or shape read alike without these.
        told = text(before), text(after)
        yield (
            path,
            *(told if told[0] != told[1] else (text(before, exact=True), text(after, exact=True))),
        )


def ended(observation: Observed) -> bool:
    """Whether the act ended its process: see ``torch_history/observing/child.py``."""
    return "raised" in observation and observation["raised"]["type"] == "ProcessEnded"


def outcome(observation: Observed) -> str:
    """What an observation returned or raised, on one line."""
    if ended(observation):
        return "ends the process"
    if "raised" in observation:
        return f"raises {observation['raised']['type']}: {observation['raised']['message']}"
    return text(observation["value"])


def warnings(observation: Observed) -> str:
    """The warnings of an observation, on one line."""
    return (
        "; ".join(
            f"{warning['category']}: {warning['message']}"
            for warning in observation.get("warned", ())
        )
        or "nothing"
    )


def text(value: Any, exact: bool = False) -> str:
    """An encoded value as a person writes it: ``[[1.0, 2.0]]``, ``{'lr': 0.1}``, ``(1, 2)``.

    ``exact`` gives tensors with dtype and shape.
    """
    if value is ...:
        return "absent"
    if isinstance(value, list):
        return f"[{_listed(value, exact)}]"
    if not isinstance(value, dict):
        return repr(value)
    if "$tensor" in value:
        return _tensor(value, exact)
    if "$tuple" in value:
        comma = "," * (len(value["$tuple"]) == 1)
        return f"({_listed(value['$tuple'], exact)}{comma})"
    if "$size" in value:
        return f"Size({value['$size']})"
    if "$dict" in value:
        pairs = [(text(name, exact), text(item, exact)) for name, item in value["$dict"]]
    elif "$float" in value or "$dtype" in value:
        return str(next(iter(value.values())))
    else:
        pairs = [(repr(name), text(item, exact)) for name, item in value.items()]
    return "{" + ", ".join(f"{name}: {item}" for name, item in pairs) + "}"


def _listed(values: List[Any], exact: bool) -> str:
    return ", ".join(text(value, exact) for value in values)


def _tensor(value: Observed, exact: bool) -> str:
    if exact:
        return f"{value['$tensor']} {' '.join(value['rows'])}"
    rows: List[str] = ["[" + row.replace(" ", ", ") + "]" for row in value["rows"]]
    # The header has the shape; the rows alone do not tell a number from a vector of one.
    shape = value["$tensor"].partition("[")[2].partition("]")[0]
    if not shape:
        return rows[0][1:-1]
    return rows[0] if len(rows) == 1 and "," not in shape else f"[{', '.join(rows)}]"


def short(words: str, length: int) -> str:
    """Words on one line, cut to so many characters."""
    words = " ".join(words.split())
    return words if len(words) <= length else words[: length - 1] + "…"


def from_the_first_difference(before: str, after: str, length: int) -> Tuple[str, str]:
    """Two texts. If one is too long to show and they begin alike, the common part is cut."""
    common = len(os.path.commonprefix([before, after]))  # noqa: RUF071  # of characters
    if max(len(before), len(after)) <= length or common < length // 2:
        return before, after
    head = " ".join(before[: length // 3].split()) + " … "
    cut = common - length // 6
    return head + before[cut:], head + after[cut:]
