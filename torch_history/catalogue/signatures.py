"""Signatures: what a change of a recorded list of parameters does to calls.

A signature is recorded as the list that ``fixtures/arguments.py`` makes: ``"name"``,
``"name=default"``, ``"*"`` before the first keyword-only parameter, ``"*names"``, ``"**names"``.
"""

from __future__ import annotations

from typing import Dict, FrozenSet, NamedTuple, Optional


class SignatureChange(NamedTuple):
    """What happened to the parameters."""

    breaks: bool  # one is gone, moved its place or became keyword-only, or a new one is required
    appeared: bool
    defaults: bool  # a default is another one, and the rest


class Parameter(NamedTuple):
    """One parameter of a signature."""

    place: Optional[int]  # None where it is keyword-only
    default: Optional[str]  # as it is written; None where the parameter is required


class Signature(NamedTuple):
    """The parameters by name, and whether it takes any others by position or by name."""

    named: Dict[str, Parameter]
    stars: FrozenSet[str]  # of "*" and "**"


def compare(before: object, after: object) -> SignatureChange:
    """What changed between two recorded values: signatures, or dicts of signatures.

    What is neither counts as another default.
    """
    if isinstance(before, dict) and isinstance(after, dict):
        parts = [compare(before[name], after[name]) for name in before if name in after]
        return SignatureChange(
            any(part.breaks for part in parts) or not set(before) <= set(after),
            any(part.appeared for part in parts) or not set(after) <= set(before),
            any(part.defaults for part in parts),
        )
    one, other = parsed(before), parsed(after)
    if one is None or other is None:
        return SignatureChange(False, False, before != after)
    return _compare(one, other)


def parsed(listed: object) -> Optional[Signature]:
    """The signature of a recorded list; None for any other value."""
    if not isinstance(listed, list) or not all(isinstance(text, str) for text in listed):
        return None
    named: Dict[str, Parameter] = {}
    stars = set()
    keyword_only = False
    for text in listed:
        if text.startswith("*"):
            keyword_only = keyword_only or not text.startswith("**")
            if text != "*":
                stars.add("**" if text.startswith("**") else "*")
        else:
            name, equals, default = text.partition("=")
            place = None if keyword_only else len(named)
            named[name] = Parameter(place, default if equals else None)
    return Signature(named, frozenset(stars))


def _compare(before: Signature, after: Signature) -> SignatureChange:
    new = [parameter for name, parameter in after.named.items() if name not in before.named]
    breaks = any(parameter.default is None for parameter in new)
    defaults = False
    for name, parameter in before.named.items():
        now = after.named.get(name)
        if now is None:
            # A wrapper that takes anything may pass the argument on.
            breaks = breaks or "**" not in after.stars
            defaults = defaults or "**" in after.stars
        elif (parameter.place is not None and now.place != parameter.place) or (
            parameter.default is not None and now.default is None
        ):
            breaks = True
        elif parameter.default != now.default:
            defaults = True
    if before.stars - after.stars and not new:
        breaks = True
    return SignatureChange(breaks, bool(new or after.stars - before.stars), defaults)
