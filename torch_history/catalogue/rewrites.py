"""Rewrites: how a call is rewritten so that it does as before, as markers write it.

===========================  ===================================
``+set_to_none=False``       this keyword is added, with a literal
``-verbose``                 this keyword is removed
===========================  ===================================
"""

from __future__ import annotations

import ast
import re
from typing import NamedTuple, Optional

from torch_history.errors import HistoryError

_FORM = re.compile(r"\+(?P<added>[A-Za-z_]\w*)=(?P<value>.+)|-(?P<removed>[A-Za-z_]\w*)")


class Edit(NamedTuple):
    """A keyword that is added to a call, or removed from it."""

    name: str
    value: Optional[str] = None  # a literal, as source; None: the keyword is removed

    @property
    def keyword(self) -> str:
        """``set_to_none=False``, or the name alone."""
        return self.name if self.value is None else f"{self.name}={self.value}"

    @property
    def runs_code(self) -> bool:
        """Whether the rewritten call runs code that a file brings with it."""
        return self == ("weights_only", "False")


def edit_of(text: str) -> Edit:
    """The edit that a marker asks for. Raises HistoryError for another form."""
    found = _FORM.fullmatch(text)
    if found is None:
        raise HistoryError(f"rewrite={text!r}: write +NAME=LITERAL or -NAME")
    if found["removed"]:
        return Edit(found["removed"])
    try:
        # A name of torch would need an import that the reader's file may not have.
        ast.literal_eval(found["value"])
    except (ValueError, SyntaxError):
        raise HistoryError(f"rewrite={text!r}: {found['value']} is not a literal") from None
    return Edit(found["added"], found["value"])
