"""Layout: expressions as ``ruff format`` lays them out."""

from __future__ import annotations

from typing import Any, List, NamedTuple, Tuple, Union

LONGEST = 100


class Bracket(NamedTuple):
    """Items in brackets: a call (``torch.tensor(``) or a list (``[``)."""

    head: str
    items: Tuple[Tuple[str, Any], ...]  # each with what stands before it, as ``dtype=``
    close: str

    @property
    def is_call(self) -> bool:
        """Whether the items may stand together on a line of their own."""
        return self.head != "["


Node = Union[str, Bracket]


def call(name: str, /, *items: Node, **named: Node) -> Bracket:
    """A call."""
    told = [("", item) for item in items] + [(f"{key}=", named[key]) for key in named]
    return Bracket(f"{name}(", tuple(told), ")")


def listed(items: List[Node]) -> Bracket:
    """A list."""
    return Bracket("[", tuple(("", item) for item in items), "]")


def flat(node: Node) -> str:
    """An expression on one line."""
    if isinstance(node, str):
        return node
    return node.head + _joined(node) + node.close


def lines(before: str, node: Node, after: str = "", indent: int = 0) -> List[str]:
    """A statement: what stands before an expression, the expression, and what stands after it."""
    whole = " " * indent + before + flat(node) + after
    if len(whole) <= LONGEST or isinstance(node, str):
        return [whole]
    first, last = " " * indent + before + node.head, " " * indent + node.close + after
    inner = " " * (indent + 4) + _joined(node)
    if node.is_call and len(inner) <= LONGEST:
        return [first, inner, last]
    alone = len(node.items) == 1 and node.is_call
    comma = "" if alone and isinstance(node.items[0][1], Bracket) else ","
    found = [first]
    for name, item in node.items:
        found += lines(name, item, comma, indent + 4)
    return [*found, last]


def _joined(node: Bracket) -> str:
    return ", ".join(name + flat(item) for name, item in node.items)
