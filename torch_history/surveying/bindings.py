"""Bindings: what a function written in C++ says itself that it takes.

A binding that is called with what it cannot take names, in its exception, the overloads that it
has, or how many positional arguments it takes. It checks its arguments before it does anything, so
asking does nothing. Functions that pybind11 made are not called: their docstring tells it.
"""

from __future__ import annotations

import ast
import keyword
import re
import types
import warnings
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple

from torch_history.surveying import defaults, hints
from torch_history.surveying.parameters import (
    KEYWORD,
    MANY,
    OPTIONS,
    PLAIN,
    POSITIONAL,
    Parameter,
    Signature,
    split,
)

MANY_ARGUMENTS = 24  # more than any overload takes
_GUARD: Dict[str, object] = {"no_such_parameter": None}
_UNKNOWN: Dict[str, object] = {
    f"no_such_parameter_{number}": None for number in range(MANY_ARGUMENTS)
}
_LISTED = re.compile(r"^ \* (\(.*\))$", re.MULTILINE)
_ONE = re.compile(r"but expected (\(.*\))$")
_RANGE = re.compile(r"takes (?:from \d+ to )?(\d+) positional arguments? but")
_EXACTLY = re.compile(r"takes (no|exactly one|exactly two|exactly three) arguments?\b")
_MISSING = re.compile(r"missing \d+ required positional arguments?: (.*)$")
_WRONG = re.compile(r"argument '(\w+)' (?:\(position \d+\) )?must be (.*), not ")
_DOCUMENTED = re.compile(r"(?:\d+\. |\.\. function:: )?[\w.]+(\(.*?\))(?: -> (.*))?$")
_NUMBERS = {"no": 0, "exactly one": 1, "exactly two": 2, "exactly three": 3}
# how messages call the types
_TYPES = {
    "Number": "Scalar",
    "torch.device": "Device",
    "name": "str",
    "names": "strs",
}


class _O:
    """Nothing that torch takes. Its name is short, since messages of 1,000 letters are cut off."""


class Told(NamedTuple):
    """What a binding says that it takes."""

    overloads: Tuple[Signature, ...] = ()  # all of them, but for the deprecated ones
    most: Optional[int] = None  # positional arguments, where it has one overload
    required: Optional[Tuple[str, ...]] = None  # what a call without arguments misses
    by_name: bool = True  # whether it takes arguments by name

    def agrees(self, signature: Signature) -> bool:
        """Whether what it says fits a signature."""
        places = [one.name for one in signature.positional if one.is_required]
        if self.most is not None and self.most != len(signature.positional):
            return False
        if self.required is None:
            return True
        required = [one.name for one in signature.parameters if one.is_required]
        return set(required) == set(self.required) and places == list(self.required)[: len(places)]


def asked(function: Any, *bound: object) -> Told:
    """What a builtin function says. ``bound`` is the object of a method."""
    by_name = _refusal(function, bound, {**_UNKNOWN})
    by_place = _refusal(function, (*bound, *([_O()] * MANY_ARGUMENTS)), {})
    overloads = listed(by_place) or listed(by_name)
    if overloads:
        return Told(overloads=tuple(overloads))
    missing = _MISSING.search(by_name)
    required = tuple(map(safe, re.findall(r'"(\w+)"', missing.group(1)))) if missing else None
    if required is None and "unexpected keyword argument" in by_name:
        required = ()
    most, exactly = _RANGE.search(by_place), _EXACTLY.search(by_place)
    count = int(most.group(1)) if most else _NUMBERS[exactly.group(1)] if exactly else None
    if "(position 1) must be tuple of" in by_place:  # which may be given as several
        count = 1
    return Told((), count, required, "no keyword arguments" not in by_name)


def known(
    function: Any, bound: Tuple[object, ...], names: Sequence[str]
) -> Optional[Dict[str, str]]:
    """Which of some names a binding of one overload knows, with the types that it tells.

    Every call has a parameter that it does not know, so that it is refused after the others have
    been looked at. None where this cannot be found out.
    """
    given = _given(function, bound)
    if given is None:
        return None
    found = {}
    for name in names:
        plain = unsafe(name)
        message = _refusal(function, bound, {**given, plain: object(), **_GUARD})
        if f"unexpected keyword argument '{plain}'" not in message:
            wrong = _WRONG.search(message)
            found[name] = type_of(wrong.group(2)) if wrong and wrong.group(1) == plain else ""
    return found


def _given(function: Any, bound: Tuple[object, ...]) -> Optional[Dict[str, object]]:
    """Values that a binding takes for its required parameters."""
    given: Dict[str, object] = {}
    for _ in range(MANY_ARGUMENTS):
        message = _refusal(function, bound, {**given, **_GUARD})
        missing, wrong = _MISSING.search(message), _WRONG.search(message)
        if missing:
            given.update({name: object() for name in re.findall(r'"(\w+)"', missing.group(1))})
        elif wrong and type(given.get(wrong.group(1))) is object:
            given[wrong.group(1)] = _value_of(type_of(wrong.group(2)))
        else:
            told = "unexpected keyword argument 'no_such_parameter'" in message
            return given if told else None
    return None


def _value_of(type_: str) -> object:
    import torch

    inner = re.match(r"list\[(.*)\]$", type_)
    if inner:
        return (_value_of(inner.group(1)),)
    values = {"Tensor": torch.zeros(1), "Scalar": 1, "int": 1, "float": 1.0, "bool": True}
    values.update({"str": "", "dtype": torch.float32, "Device": torch.device("cpu")})
    values.update({"layout": torch.strided, "memory_format": torch.contiguous_format})
    return values.get(type_)


def _refusal(function: Any, arguments: Tuple[object, ...], named: Dict[str, object]) -> str:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            function(*arguments, **named)
        except TypeError as error:
            return str(error).rstrip()
        # Whatever else it raises is no answer.
        except Exception:  # noqa: BLE001
            return ""
    return ""


def listed(message: str) -> List[Signature]:
    """The overloads that a message names."""
    one = _ONE.search(message)
    return [_of_message(text) for text in ([one.group(1)] if one else _LISTED.findall(message))]


def _of_message(text: str) -> Signature:
    """``(Tensor input, *, Number alpha = 1)`` as a signature."""
    read, kind = [], PLAIN
    for part in split(text[1:-1]):
        if part == "*":
            kind = KEYWORD
            continue
        declared, equals, default = part.partition(" = ")
        type_, _, name = declared.rpartition(" ")
        told = default_of(default) if equals else None
        read.append(Parameter(safe(name), kind, told, type_of(type_)))
    return Signature(tuple(read))


def type_of(text: str) -> str:
    """A type as a message calls it, as schemas call it: ``tuple of ints`` -> ``list[int]``."""
    inner = text.replace("SymInt", "int")
    several = inner.startswith("tuple of ")
    inner = inner[len("tuple of ") :] if several else inner
    inner = _TYPES.get(inner, inner).replace("torch.", "")
    return f"list[{inner[:-1] if inner.endswith('s') else inner}]" if several else inner


def documented(doc: str) -> List[Signature]:
    """The overloads that a docstring begins with, as pybind11 and torch write them."""
    lines = [line for line in doc.splitlines() if line.strip()][:100]
    numbered = [_DOCUMENTED.match(line) for line in lines if re.match(r"\d+\. ", line)]
    found = numbered if len(lines) > 1 and lines[1] == "Overloaded function." else []
    matches = found or map(_DOCUMENTED.match, lines[:1])
    read = [_of_doc(one.group(1), one.group(2) or "") for one in matches if one]
    return [one for one in read if all(name.isidentifier() for name in one.names)]


def _of_doc(text: str, returns: str) -> Signature:
    """``(self: torch._C.Graph, arg0: int = 3)`` as a signature."""
    read: List[Parameter] = []
    kind = PLAIN
    for part in split(text[1:-1]):
        if part in ("*", "\\*"):
            kind = KEYWORD
        elif part == "/":
            read = [one._replace(kind=POSITIONAL) for one in read]
        else:
            read.append(_documented_parameter(part, kind))
            kind = KEYWORD if read[-1].kind == MANY else kind
    return Signature(tuple(_in_order(read)), _documented_type(returns))


def _documented_parameter(part: str, kind: int) -> Parameter:
    declared, equals, default = part.partition("=")
    name, _, type_ = (one.strip() for one in declared.partition(":"))
    bare = name.lstrip("\\*")
    kinds = {1: MANY, 2: OPTIONS}
    kind = kinds.get(name.count("*"), kind)
    if re.fullmatch(r"arg\d+|self", bare):
        kind = POSITIONAL  # pybind11 gives these names to what has none
    text = default_of(default.strip()) if equals else None
    return Parameter(safe(bare), kind, text, _documented_type(type_))


def _documented_type(text: str) -> str:
    """A type as pybind11 calls it; its versions call the same types differently."""
    plain = re.sub(r"(?:\w+::)+", "", text).replace("typing.", "").replace("collections.abc.", "")
    plain = plain.replace("SupportsInt | SupportsIndex", "int")
    plain = plain.replace("SupportsFloat | SupportsIndex", "float")
    plain = plain.replace("Sequence[", "list[").replace("Mapping[", "dict[")
    return hints.text_of(plain) if plain else ""


def _in_order(parameters: List[Parameter]) -> List[Parameter]:
    """Positional ones first; one that follows another kind is written as an ordinary one."""
    ordered: List[Parameter] = []
    for one in parameters:
        before = ordered[-1].kind if ordered else POSITIONAL
        late = one.kind == POSITIONAL != before
        ordered.append(one._replace(kind=KEYWORD if before == KEYWORD else PLAIN) if late else one)
    return ordered


def default_of(text: str) -> str:
    """The text of a default without addresses: ``<torch._C.Options object at 0x7f>``."""
    member = re.match(r"<([\w.]+)\.(\w+): -?\d+>$", text)
    if member:
        name = member.group(1).rpartition(".")[2]
        return f"{defaults.ENUMS.get(name, name)}.{member.group(2)}"
    other = re.match(r"<(?:class ')?([\w.]+)", text)
    if other:
        return f"<{other.group(1).rpartition('.')[2]}>"
    try:
        return defaults.text_of(ast.literal_eval(re.sub(r"^\w+(?={)", "", text)), lambda _: "")
    except (SyntaxError, ValueError, TypeError):
        return text


def is_foreign(function: object) -> bool:
    """Whether a builtin is one of another library, such as ``functools.reduce``."""
    owner = getattr(function, "__self__", None)
    return isinstance(owner, types.ModuleType) and not owner.__name__.startswith("torch")


def unsafe(name: str) -> str:
    """A parameter as torch calls it."""
    plain = name[:-1]
    return plain if name.endswith("_") and keyword.iskeyword(plain) else name


def safe(name: str) -> str:
    """A name that a signature can have: torch has parameters called ``from``."""
    return f"{name}_" if keyword.iskeyword(name) else name


def is_pybinds(function: object) -> bool:
    """Whether pybind11 made a function."""
    owner = getattr(function, "__self__", None)
    return type(function).__name__ == "instancemethod" or not (
        owner is None or isinstance(owner, (types.ModuleType, type))
    )
