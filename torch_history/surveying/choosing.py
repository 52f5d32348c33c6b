"""Choosing: which proposal fits a binding that has one overload, and lists none in its message."""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Tuple

from torch_history.surveying import bindings
from torch_history.surveying.bindings import Told
from torch_history.surveying.parameters import KEYWORD, PLAIN, POSITIONAL, Parameter, Signature
from torch_history.surveying.proposals import UNTOLD, Proposals, only

_ALIASES = ("axis", "keepdims")  # NumPy's names for dim and keepdim, which bindings know too


def chosen(
    function: Any, bound: Tuple[object, ...], told: Told, proposals: Proposals
) -> List[Signature]:
    """The proposal that fits a binding of one overload, with the parameters that it knows."""
    if not told.by_name:
        return _by_place(told, proposals)
    names = sorted({name for one in proposals.all for name in one.names})
    known = bindings.known(function, bound, names)
    if known is None and told.required is None and told.most is None:
        return proposals.stubs or proposals.docs
    fits: List[Callable[[Signature], Signature]] = [
        lambda one: one,
        lambda one: _limited(one, told),
    ]
    for fit in fits:
        for one in map(fit, proposals.all):
            places = {each.name for each in one.positional}
            if told.agrees(one) and (known is None or places <= set(known)):
                return [one if known is None else _with_known(one, proposals, known)]
    if told.required is not None and told.most == len(told.required):
        return [Signature(tuple(map(Parameter, told.required)), proposals.returns)]
    return [Signature((), proposals.returns)] if told.most == 0 else []


def _by_place(told: Told, proposals: Proposals) -> List[Signature]:
    """The signature of a binding that takes nothing by name."""
    if told.most == 0:
        return [Signature((), proposals.returns)]
    for one in proposals.all:
        if told.most in (None, len(one.positional)):
            return [one.each(_nameless)]
    places = [Parameter(f"arg{place}", POSITIONAL) for place in range(told.most or 0)]
    return [Signature(tuple(places), proposals.returns)] if places else []


def _nameless(one: Parameter) -> Parameter:
    if one.kind not in (PLAIN, POSITIONAL):
        return one
    return one._replace(name=one.name.lstrip("_") or one.name, kind=POSITIONAL)


def _limited(signature: Signature, told: Told) -> Signature:
    """A proposal whose last parameters are given by name alone, as the binding has them."""
    late = [one.name for one in signature.positional][told.most :] if told.most is not None else []
    return signature.each(lambda one: one._replace(kind=KEYWORD) if one.name in late else one)


def _with_known(signature: Signature, proposals: Proposals, known: Dict[str, str]) -> Signature:
    """A proposal without what the binding does not know, and with what else it knows."""
    kept = only(signature, *(name for name in signature.names if name not in known))
    kept = kept.each(
        lambda one: one._replace(type=_type(one, known.get(one.name, "")), kind=_kind(one))
    )
    for name in known:
        others = [one for one in proposals.parameters(name) if one.default is not None]
        others.sort(key=lambda one: one.default == UNTOLD)
        if name not in (*kept.names, *_ALIASES) and others:
            missed = others[0]._replace(kind=KEYWORD)
            kept = kept._replace(parameters=(*kept.parameters, missed))
    return kept


def _kind(parameter: Parameter) -> int:
    """Of a parameter that the binding knows by its name."""
    return PLAIN if parameter.kind == POSITIONAL else parameter.kind


def _type(parameter: Parameter, told: str) -> str:
    """The type of a parameter: a list of numbers is so called, since several may be given."""
    return told if told == "list[int]" and "list[int]" not in parameter.type else parameter.type
