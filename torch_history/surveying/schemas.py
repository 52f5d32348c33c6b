"""Schemas: the operators of the running torch, as it declares them itself."""

from __future__ import annotations

import keyword
import re
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Tuple

from torch_history.surveying import defaults, hints
from torch_history.surveying.parameters import KEYWORD, PLAIN, Parameter, Signature, split

Operator = Signature


class Overload(NamedTuple):
    """One schema of an operator."""

    name: str
    signature: Signature
    outs: Tuple[str, ...] = ()  # the parameters that it writes its results to
    sized: Tuple[str, ...] = ()  # lists of a fixed length, which a caller may give as one number


# what a schema calls by a number, though Python has a name for it
_FORMATS = ("contiguous_format", "preserve_format", "channels_last", "channels_last_3d")
_LAYOUTS = ("strided", "sparse_coo")
# fmt: off
_DTYPES = (
    "uint8", "int8", "int16", "int32", "int64", "float16", "float32", "float64", "complex32",
    "complex64", "complex128", "bool", "qint8", "quint8", "qint32", "bfloat16",
)
# fmt: on
_NUMBERS = {"memory_format": _FORMATS, "layout": _LAYOUTS, "dtype": _DTYPES}


def operators() -> Dict[str, Operator]:
    """The public operators of torch on tensors: ``add.Tensor`` -> what it takes.

    Operators on numbers and lists alone are those of TorchScript.
    """
    found: Dict[str, Operator] = {}
    for name, overloads in overloads_by_name().items():
        for one in overloads:
            if not name.startswith("_") and "Tensor" in one.signature.types:
                found.setdefault(f"{name}.{one.name or 'default'}", one.signature)
    return found


def overloads_by_name() -> Dict[str, List[Overload]]:
    """All operators of torch, the private ones too: name -> its overloads.

    Old releases have several under one name of an overload: for tensors, and for numbers. Those
    for tensors come first.
    """
    import torch

    found: Dict[str, List[Overload]] = {}
    texts = {str(one): one for one in torch._C._jit_get_all_schemas()}
    for text in sorted(texts, key=lambda text: ("Tensor" not in text, text)):
        namespace, _, name = texts[text].name.partition("::")
        if namespace == "aten":
            found.setdefault(name, []).append(_overload(texts[text], text))
    return found


def _overload(schema: Any, text: str) -> Overload:
    parts, keyword_only = [], False
    for part in _parts(text):
        keyword_only = keyword_only or part == "*"
        if part != "*":
            parts.append((part, keyword_only))
    arguments = list(schema.arguments)
    if len(parts) != len(arguments):  # a signature with "..." has no arguments to speak of
        parts = [("", False)] * len(arguments)
    read = [_parameter(one, *part) for one, part in zip(arguments, parts)]
    returns = [_type(str(one.type), "") for one in schema.returns]
    several = f"tuple[{', '.join(returns)}]" if returns else "None"
    signature = Signature(tuple(read), returns[0] if len(returns) == 1 else several)
    sized = tuple(str(one.name) for one in arguments if one.N)
    return Overload(schema.overload_name, signature, tuple(_outs(arguments, parts)), sized)


def _outs(arguments: List[Any], parts: List[Tuple[str, bool]]) -> Iterator[str]:
    for argument, (written, keyword_only) in zip(arguments, parts):
        declared = written.partition("=")[0]
        if getattr(argument, "is_out", keyword_only and "!" in declared):
            yield str(argument.name)


def _parts(schema: str) -> List[str]:
    """The texts between the parentheses of a schema."""
    start, depth = schema.index("("), 0
    for place in range(start, len(schema)):
        depth += (schema[place] == "(") - (schema[place] == ")")
        if not depth:
            return split(schema[start + 1 : place])
    return []


def _parameter(argument: Any, written: str, keyword_only: bool) -> Parameter:
    name = str(argument.name)
    kind = KEYWORD if getattr(argument, "kwarg_only", keyword_only) else PLAIN
    type_ = _type(str(argument.type), name)
    default = _default(argument, written)
    return Parameter(f"{name}_" if keyword.iskeyword(name) else name, kind, default, type_)


def _default(argument: Any, written: str) -> Optional[str]:
    has_default = getattr(argument, "has_default_value", lambda: "=" in written)
    if not has_default():
        return None
    try:
        value = argument.default_value
    except (RuntimeError, TypeError, ValueError):
        return written.partition("=")[2]
    if isinstance(value, int) and not isinstance(value, bool):
        named = _NUMBERS.get(argument.name, ())
        if 0 <= value < len(named):
            return f"torch.{named[value]}"
    return defaults.text_of(value, lambda _: "")


def _type(type_: str, name: str) -> str:
    """A type as text: ``Optional[List[int]]`` -> ``list[int] | None``."""
    text = type_.replace("SymInt", "int").replace("number", "Scalar")
    if name in _NUMBERS:
        text = re.sub(r"\bint\b", name, text)
    return hints.text_of(text)
