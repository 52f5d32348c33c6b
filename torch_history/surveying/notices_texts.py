"""Texts: what formatting makes of texts and values that are known in part."""

from __future__ import annotations

import re
from typing import Any, Dict, List, Tuple

from torch_history.surveying.notices_values import (
    Known,
    Many,
    Table,
    UnclearError,
    Unknown,
    Value,
    plain,
    written,
)
from torch_history.surveying.notices_words import has_hole

Sourced = Tuple[Value, str]  # a value and its name in the source
_PERCENT = re.compile(r"%(?:\((\w+)\))?[-#0-9.]*([srdifg%])")
_BRACES = re.compile(r"\{\{|\}\}|\{([^{}!:]*)(![rs])?(?::[^{}]*)?\}")


def percent(text: str, right: Value, source: str) -> str:
    """``text % right``."""
    values = list(right.items) if isinstance(right, Many) else [right]

    def piece(found: Any) -> str:
        if found[2] == "%":
            return "%"
        if found[1]:
            value = right.items.get(found[1]) if isinstance(right, Table) else None
            return written(value or Unknown(found[1]))
        return written(values.pop(0) if values else Unknown(), source, found[2] == "r")

    return _PERCENT.sub(piece, text)


def formatted(text: str, positional: List[Sourced], named: Dict[str, Sourced]) -> str:
    """``text.format(...)``, where each argument is a value with its source."""
    count = iter(range(len(positional) + text.count("{")))

    def piece(found: Any) -> str:
        if found[0] in ("{{", "}}"):
            return str(found[0][0])
        field = found[1].strip()
        first = re.split(r"[.\[]", field)[0]
        place = next(count) if not first else (int(first) if first.isdigit() else -1)
        if first != field:
            return written(Unknown(""), "")
        given = positional[place] if 0 <= place < len(positional) else named.get(field)
        value, source = given or (Unknown(field), "")
        return written(value, source, found[2] == "!r")

    return _BRACES.sub(piece, text)


def method_of_text(text: str, name: str, given: List[Value]) -> Value:
    """A method of a text that is known, or partly known."""
    try:
        values = [plain(one) for one in given]
    except UnclearError:
        return Unknown()
    safe = ("replace", "strip", "lstrip", "rstrip", "lower", "upper", "title")
    queries = ("startswith", "endswith")
    if name in safe or (name in queries and not has_hole(text)):
        try:
            return Known(getattr(text, name)(*values))
        except TypeError:
            return Unknown()
    return Unknown()
