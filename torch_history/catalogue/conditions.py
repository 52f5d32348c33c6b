"""Conditions: what a call must look like to meet a change, as markers write it.

``when=("dim", "p=0.0")`` is met by any of its entries; an entry may join terms by `` and ``:

==================  ===================================================================
``dim``             the argument is given, by name
``dim@1``           the same, by name or at this position (counted from 0)
``@7``              at least eight arguments are given by position
``-dim``            the argument is not given
``dim@1=0|-1``      the argument is given, and is one of these literals
``dim!=0``          the argument is given, and is another literal
``dtype=torch.half``  a name of torch counts as a literal
``size@0=<int>``    any literal of this type: int, float, str, bool, tuple, list, dict, None;
                    ``<built>`` a list or tuple with parts that are no literals, ``<nested>`` a
                    list that holds lists, ``<unknown>`` whatever is no literal
``:with``           where the API stands (``ROLES``); ``-:with`` where it does not
``:within=torch.no_grad``  inside a ``with`` of this context manager of torch
``:of=torch.optim.SGD``    it is a call of this one of the APIs, whose positions may be its own
==================  ===================================================================
"""

from __future__ import annotations

import ast
import functools
import re
from typing import List, NamedTuple, Optional, Sequence, Tuple

from torch_history.errors import HistoryError

ROLES = {
    "call": "it is called",
    "passed": "it is passed on, not called",
    "with": "it is a context manager of a with statement",
    "decorator": "it decorates a function",
    "class-decorator": "it decorates a class",
    "generator": "it decorates a generator function",
    "subclass": "it is a base of a class",
    "isinstance": "it is asked about by isinstance, issubclass or except",
    "caught": "what it raises is caught",
    "statement": "its result is dropped",
    "integers": "it is called on a tensor that holds integers, as far as the source shows",
    "compared": "it is compared with a value, where gradients are cleared: x.grad == 0",
    "transposed": "it is called on a tensor whose dimensions were exchanged: x.t().exp()",
    "hidden": "some of its arguments cannot be seen: *args, **options",
    "unseen": "no use of the API shows it in the source: never met",
}
TYPES = (
    "int",
    "float",
    "str",
    "bool",
    "tuple",
    "list",
    "dict",
    "None",
    "built",
    "nested",
    "unknown",
)
_TERM = re.compile(
    r"(?P<no>-)?(?P<name>[A-Za-z_]\w*)?(?:@(?P<place>\d+))?(?:(?P<sign>!?=)(?P<values>.+))?"
)


class Term(NamedTuple):
    """One part of a condition."""

    text: str
    name: Optional[str] = None
    place: Optional[int] = None
    role: Optional[str] = None
    wanted: bool = True  # False for what must not be so
    values: Tuple[object, ...] = ()  # literals; Written and OfType for what is none


class Written(NamedTuple):
    """A value that is a name of torch, as ``torch.float16``."""

    name: str


class OfType(NamedTuple):
    """Any literal of a type."""

    name: str


_NAME = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")
_NAMING = re.compile(r":(?:within|of)=torch(\.[A-Za-z_]\w*)+")


@functools.lru_cache(maxsize=None)
def alternatives(when: Sequence[str]) -> List[List[Term]]:
    """The terms of each entry of ``when``. Raises HistoryError for an entry of another form."""
    return [[_term(part.strip()) for part in entry.split(" and ")] for entry in when]


def _term(text: str) -> Term:
    role = text[1:] if text.startswith("-") else text
    if role.startswith(":"):
        if role[1:] not in ROLES and not _NAMING.fullmatch(role):
            raise HistoryError(f"when={text!r}: not a place: write one of :{', :'.join(ROLES)}")
        return Term(text, role=role[1:], wanted=not text.startswith("-"))
    found = _TERM.fullmatch(text)
    if found is None or not (found["name"] or found["place"]) or (found["no"] and found["sign"]):
        raise HistoryError(
            f"when={text!r}: not a condition: write NAME, NAME@PLACE, -NAME or NAME=LITERAL"
        )
    written = found["values"].split("|") if found["sign"] else []
    values = tuple(_value(one, text) for one in written)
    place = int(found["place"]) if found["place"] else None
    wanted = not found["no"] and found["sign"] != "!="
    return Term(text, found["name"], place, None, wanted, values)


def _value(text: str, term: str) -> object:
    if text.startswith("<") and text.endswith(">"):
        if text[1:-1] not in TYPES:
            raise HistoryError(f"when={term!r}: {text} is no type: write one of {', '.join(TYPES)}")
        return OfType(text[1:-1])
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        if _NAME.fullmatch(text):
            return Written(text) if "." in text else text
        raise HistoryError(f"when={term!r}: {text} is neither a literal nor a name") from None
