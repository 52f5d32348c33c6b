"""Parameters: the signature of what is written in C++, from whatever source tells it.

Signatures of Python functions are read by ``signatures``. Those of builtins come from schemas,
stubs, messages and docstrings; this is the form they have in common.
"""

from __future__ import annotations

from typing import Callable, Iterable, List, NamedTuple, Optional, Tuple

# the kinds of parameters, in the order in which a signature has them
POSITIONAL, PLAIN, MANY, KEYWORD, OPTIONS = range(5)
_STARS = {MANY: "*", OPTIONS: "**"}
_PAIRS = {"(": ")", "[": "]", "{": "}", "<": ">"}


class Parameter(NamedTuple):
    """One parameter."""

    name: str
    kind: int = PLAIN
    default: Optional[str] = None  # None: a call must give it
    type: str = ""

    @property
    def is_required(self) -> bool:
        """Whether a call must give it."""
        return self.default is None and self.kind not in _STARS


class Signature(NamedTuple):
    """The parameters of one overload, and what it returns."""

    parameters: Tuple[Parameter, ...] = ()
    returns: str = ""

    @property
    def takes(self) -> str:
        """The parameters without their types: ``(self, other, *, alpha=1)``."""
        parts, before = [], -1
        for one in self.parameters:
            if before == POSITIONAL != one.kind:
                parts.append("/")
            if one.kind == KEYWORD and before not in (MANY, KEYWORD):
                parts.append("*")
            default = "" if one.default is None else f"={one.default}"
            parts.append(f"{_STARS.get(one.kind, '')}{one.name}{default}")
            before = one.kind
        return f"({', '.join([*parts, *(['/'] if before == POSITIONAL else [])])})"

    @property
    def types(self) -> str:
        """The types of those that have one: ``self: Tensor, alpha: Scalar -> Tensor``."""
        parts = [f"{one.name}: {one.type}" for one in self.parameters if one.type]
        return f"{', '.join(parts)} -> {self.returns}" if self.returns else ", ".join(parts)

    @property
    def names(self) -> Tuple[str, ...]:
        """The names of the parameters."""
        return tuple(one.name for one in self.parameters)

    @property
    def positional(self) -> List[Parameter]:
        """The parameters that may be given by position."""
        return [one for one in self.parameters if one.kind in (POSITIONAL, PLAIN)]

    @property
    def is_of_list(self) -> bool:
        """Whether a list of numbers is the only one that may be given by position."""
        of = self.positional
        return len(of) == 1 and of[0].type.replace(" | None", "") == "list[int]"

    def each(self, change: Callable[[Parameter], Parameter]) -> Signature:
        """The signature with each parameter changed."""
        return self._replace(parameters=tuple(map(change, self.parameters)))


def covers(wide: Signature, narrow: Signature) -> bool:
    """Whether one overload takes every call that another takes."""
    if _stars(wide) != _stars(narrow):
        return False
    own = {one.name: one for one in wide.parameters}
    places = [(one.name, one.kind) for one in wide.positional]
    asked = [(one.name, one.kind) for one in narrow.positional]
    return (
        places[: len(asked)] == asked
        and all(_is_no_stricter(own.get(one.name), one) for one in narrow.parameters)
        and all(one.name in narrow.names for one in wide.parameters if one.is_required)
    )


def _stars(signature: Signature) -> List[Parameter]:
    return [one._replace(type="") for one in signature.parameters if one.kind in _STARS]


def _is_no_stricter(wide: Optional[Parameter], narrow: Parameter) -> bool:
    return wide is not None and (narrow.is_required or not wide.is_required)


def distinct(signatures: Iterable[Signature]) -> List[Signature]:
    """The overloads without those that another covers, in one order whatever theirs was.

    Of two that take the same calls the first is kept, since torch tries them in this order.
    """
    given = list(signatures)
    left = [
        one
        for place, one in enumerate(given)
        if not any(
            covers(other, one) and not (covers(one, other) and place < at)
            for at, other in enumerate(given)
            if at != place
        )
    ]
    return sorted(left, key=lambda one: (len(one.parameters), one.takes))


def widened(signature: Signature, others: Iterable[Signature]) -> Signature:
    """An overload whose parameters by name may be left out, where another takes the rest.

    Whether that has ``out`` too is no matter.
    """
    known = list(others)

    def optional(one: Parameter) -> Parameter:
        if one.kind != KEYWORD or not one.is_required:
            return one
        rest = tuple(each for each in signature.parameters if each.name not in (one.name, "out"))
        if not any(covers(other, Signature(rest)) for other in known):
            return one
        return one._replace(default="False" if one.type == "bool" else "None")

    return signature.each(optional)


def split(text: str, separator: str = ",") -> List[str]:
    """A text split outside brackets and quotes: ``a, [b, c]`` -> ``a`` and ``[b, c]``."""
    parts, closing, quote = [""], [], ""
    for place, letter in enumerate(text):
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "'\"":
            quote = letter
        elif letter in _PAIRS:
            closing.append(_PAIRS[letter])
        elif closing and letter == closing[-1] and text[place - 1] != "-":
            closing.pop()
        elif letter == separator and not closing:
            parts.append("")
            continue
        parts[-1] += letter
    return [part.strip() for part in parts if part.strip()]
