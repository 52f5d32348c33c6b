"""Forms: how Python calls the operators that schemas declare.

The bindings are generated from the schemas: ``self`` is ``input`` in a function, and the object of
a method; an overload that writes to ``out`` is one with that which returns a new tensor; a factory
takes ``requires_grad`` beside the options of its tensor.
"""

from __future__ import annotations

import re
from typing import List, Optional, Sequence, Tuple

from torch_history.surveying.parameters import KEYWORD, Parameter, Signature
from torch_history.surveying.schemas import Overload

_OPTIONS = ("dtype", "layout", "device", "pin_memory")
_ANY = re.compile(r"\bt(Val)?\b")
_REQUIRES_GRAD = Parameter("requires_grad", KEYWORD, "False", "bool")


def function_forms(overloads: Sequence[Overload]) -> List[Signature]:
    """What the function of an operator takes."""
    plain = [one for one in overloads if not one.outs and _is_bound(one)]
    written = [one for one in overloads if one.outs]
    forms = [_with_out(_short(one), _out_of(one, written)) for one in plain]
    return [one.each(_as_input) for one in map(_with_options, forms)]


def method_forms(overloads: Sequence[Overload]) -> List[Signature]:
    """What the method of an operator takes."""
    forms = []
    for one in overloads:
        if not one.outs and "self" in one.signature.names:
            kept = tuple(each for each in _short(one).parameters if each.name != "self")
            forms.append(_with_options(one.signature._replace(parameters=kept)))
    return forms


def _is_bound(overload: Overload) -> bool:
    """Whether Python may have the overload: those of scripts alone are of any type ``t``."""
    return not any(_ANY.search(one.type) for one in overload.signature.parameters)


def _short(overload: Overload) -> Signature:
    """``stride=[1, 1]`` as a caller may write it: ``stride=1``."""

    def shortened(one: Parameter) -> Parameter:
        numbers = set((one.default or "")[1:-1].split(", "))
        alike = (one.default or "").startswith("[") and len(numbers) == 1 and numbers != {""}
        return one._replace(default=min(numbers)) if alike and one.name in overload.sized else one

    return overload.signature.each(shortened)


def _out_of(overload: Overload, written: Sequence[Overload]) -> Optional[Parameter]:
    """The ``out`` of the overload that is this one but for it."""
    for one in written:
        outs = [each for each in one.signature.parameters if each.name in one.outs]
        others = [each for each in one.signature.parameters if each.name not in one.outs]
        if _compared(others) == _compared(overload.signature.parameters):
            many = f"tuple[{', '.join('Tensor' for _ in outs)}]"
            type_ = outs[0].type if len(outs) == 1 else many
            return Parameter("out", KEYWORD, "None", f"{type_} | None")
    return None


def _compared(parameters: Sequence[Parameter]) -> List[Tuple[str, int, str]]:
    return [(one.name, one.kind, one.type) for one in parameters if not _is_option(one)]


def _is_option(parameter: Parameter) -> bool:
    return parameter.kind == KEYWORD and parameter.name in _OPTIONS


def _with_out(signature: Signature, out: Optional[Parameter]) -> Signature:
    return signature._replace(parameters=(*signature.parameters, *([out] if out else [])))


def _with_options(signature: Signature) -> Signature:
    """A factory's options as its binding has them."""
    if [one.name for one in signature.parameters if _is_option(one)] != list(_OPTIONS):
        return signature
    return signature._replace(parameters=(*signature.parameters, _REQUIRES_GRAD))


def _as_input(parameter: Parameter) -> Parameter:
    return parameter._replace(name="input") if parameter.name == "self" else parameter
