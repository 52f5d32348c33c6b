"""Typed: annotations as they are kept: what most are is left out, and what stayed is not repeated.

Parameters stand in the order of the alphabet. Of an operator those that take a Tensor are left out.
A later entry that begins with ``~`` has only what changed: ``~ lr: Tensor | float; -foreach``.
"""

from __future__ import annotations

import re
from typing import Dict, List, Mapping, Optional

Texts = Dict[str, Optional[str]]
OPERATORS = "torch.ops.aten."
_TENSORS = re.compile(r"\b\w+: Tensor(?:, |(?= ->))")
_OVERLOAD = " -> "
_NOTHING = re.compile(r"(?:; |^)return: None$")  # what returns nothing need not say so


def kept(annotations: Mapping[str, str]) -> Dict[str, str]:
    """The annotations of a survey that are kept: those of public names."""
    found = {}
    for path, told in annotations.items():
        text = told
        if path.startswith(OPERATORS):
            text = _TENSORS.sub("", told).strip()
        elif _OVERLOAD not in told:
            text = _text(_by_name(told)) or told
        text = _NOTHING.sub("", text)
        if text and not any(part.startswith("_") for part in path.split(".")):
            found[path] = text
    return found


def shortened(chain: Texts) -> Texts:
    """A timeline in which a later entry has only what changed."""
    found: Texts = {}
    before: Optional[str] = None
    for line, text in chain.items():
        found[line] = _since(before, text) if before and text else text
        before = text
    return found


def whole(chain: Texts) -> Texts:
    """The inverse of ``shortened``."""
    found: Texts = {}
    before: Optional[str] = None
    for line, text in chain.items():
        before = _applied(before, text[2:]) if before and text and text[:2] == "~ " else text
        found[line] = before
    return found


def _since(before: str, after: str) -> str:
    if _OVERLOAD in before + after:
        return after
    old, new = _by_name(before), _by_name(after)
    if not old or not new:
        return after
    parts = [f"{name}: {one}" for name, one in new.items() if old.get(name) != one]
    parts += [f"-{name}" for name in old if name not in new]
    text = f"~ {'; '.join(parts)}"
    return text if len(text) < len(after) else after


def _applied(before: str, parts: str) -> str:
    found = _by_name(before)
    for part in parts.split("; "):
        if part.startswith("-"):
            found.pop(part[1:], None)
        else:
            found.update(_by_name(part))
    return _text(found)


def _by_name(text: str) -> Dict[str, str]:
    """``lr: float; return: None`` -> each annotation by its parameter."""
    pairs: List[List[str]] = [one.split(": ", 1) for one in text.split("; ")]
    return {pair[0]: pair[1] for pair in pairs if len(pair) == 2}


def _text(annotations: Mapping[str, str]) -> str:
    # the return value last
    order = sorted(annotations, key=lambda name: (name == "return", name))
    return "; ".join(f"{name}: {annotations[name]}" for name in order)
