"""Completing: the overloads that a binding lists in a message, with what messages do not tell.

Messages of torch 1.4 tell neither what is given by name alone nor what has a default, those of
2.0 no defaults. No message tells what is deprecated.
"""

from __future__ import annotations

from typing import Dict, List, NamedTuple, Optional, Sequence

from torch_history.surveying.parameters import KEYWORD, Parameter, Signature
from torch_history.surveying.proposals import (
    OPTIONS,
    UNTOLD,
    Proposals,
    is_option,
    main,
    most_alike,
    only,
)

# given by name alone, where a message does not say so
_BY_NAME = (*OPTIONS, "memory_format")


class Completer(NamedTuple):
    """Adds to the overloads that messages of a function list what messages do not tell."""

    name: str  # of the function
    proposals: Proposals
    tells_kinds: bool  # whether messages of the release tell what is given by name alone
    tells_defaults: bool

    def completed(self, listed: Signature, others: Sequence[Signature]) -> Signature:
        """An overload with its kinds, defaults and types. ``others`` are all that are listed."""
        like, schema = self.proposals.like(listed), most_alike(self.proposals.schemas, listed)
        whole = listed if self.tells_kinds else self._with_kinds(listed, like)
        proposed = {one.name: one.type for one in like.parameters} if like else {}
        read: List[Parameter] = []
        for one in whole.parameters:
            default = self._default(one, whole, others)
            # A stub says that as_tuple may be left out, since it has the hidden overload too.
            may_hide = default is None or (len(others) == 1 and one.type == "bool" and not schema)
            hidden = self._hidden(one, whole, others) if may_hide else []
            read.append(one._replace(default=self._left_out(one) if hidden else default))
            out = [each for form in hidden for each in form.parameters if each.name == "out"]
            read += out[:1] if "out" not in whole.names else []
        returns = like.returns if like else self.proposals.returns
        return _typed(Signature(tuple(read), returns), proposed)

    def _hidden(
        self, one: Parameter, of: Signature, others: Sequence[Signature]
    ) -> List[Signature]:
        """Overloads that a message does not list, being deprecated: ``torch.nonzero(input)``.

        They are those without a parameter that the message seems to require.
        """
        rest = main(only(of, one.name))
        if one.kind != KEYWORD and one.name != of.positional[-1].name:
            return []
        if rest == main(of) or any(main(other) == rest for other in others):
            return []
        return [form for form in self.proposals.schemas if main(form) == rest]

    def _left_out(self, one: Parameter) -> str:
        """The default of a parameter that no source tells."""
        if one.kind == KEYWORD:
            return "False" if one.type == "bool" else "None"
        return self.proposals.default(one.name) or UNTOLD

    def _with_kinds(self, listed: Signature, like: Optional[Signature]) -> Signature:
        last = list(listed.parameters)
        while last and last[-1].name in _BY_NAME and last[-1].name != self.name:
            last.pop()
        kinds = {
            one.name: one.kind
            for of in self.proposals.all
            for one in of.parameters
            if one.name not in OPTIONS
        }
        kinds.update({one.name: one.kind for one in like.parameters} if like else {})
        kinds["memory_format"] = KEYWORD  # in every binding, though not in every schema
        changed = [
            one._replace(kind=kinds.get(one.name, KEYWORD if place >= len(last) else one.kind))
            for place, one in enumerate(listed.parameters)
        ]
        return listed._replace(parameters=tuple(sorted(changed, key=lambda one: one.kind)))

    def _default(
        self, one: Parameter, listed: Signature, others: Sequence[Signature]
    ) -> Optional[str]:
        if is_option(one):
            return OPTIONS[one.name]
        if one.default is None and self.tells_defaults:
            return None
        sources = self._sources(one, listed, others)
        own = [each for of in sources for each in of.parameters if each.name == one.name]
        told = [each.default for each in own if each.default not in (None, UNTOLD)]
        if told or one.default is not None:
            return told[0] if told else one.default
        if self.name == "device" and one.name == "index":
            return "-1"  # which no source of the old releases tells
        return None if own else self._guessed(one, listed, others)

    def _sources(
        self, one: Parameter, listed: Signature, others: Sequence[Signature]
    ) -> List[Signature]:
        """The proposals that tell the default of a parameter of an overload."""
        schema = most_alike(self.proposals.schemas, listed)
        stub = most_alike(self.proposals.stubs, listed)
        if _is_longer(one, listed, others):
            found = [schema]
        elif one.kind == KEYWORD:
            found = [schema or stub]
        else:  # what may be left out of those that may be given by position, stubs know better
            found = [schema, stub]
        return [of for of in found if of]

    def _guessed(
        self, one: Parameter, listed: Signature, others: Sequence[Signature]
    ) -> Optional[str]:
        """The default where no proposal has the parameters of the overload: of old releases."""
        if one.name == "memory_format":
            return "None"
        is_first = one.name == listed.names[0] and len(others) > 1
        if is_first or _is_longer(one, listed, others):
            return None
        return self.proposals.default(one.name)


def _is_longer(one: Parameter, listed: Signature, others: Sequence[Signature]) -> bool:
    """Whether a parameter is the last by position, and another overload is the one without it.

    Stubs and docstrings have one overload then, with a default.
    """
    rest = main(only(listed, one.name))
    is_last = one.name == listed.names[len(listed.positional) - 1]
    return is_last and any(main(other) == rest for other in others)


def _typed(signature: Signature, proposed: Dict[str, str]) -> Signature:
    """The types that sources tell; those that are of use to us stay what messages call them."""

    def typed(one: Parameter) -> Parameter:
        type_ = proposed.get(one.name) or one.type
        if one.type in ("list[int]", "bool") and not type_.startswith(one.type):
            return one
        is_whole = type_ == "float" and one.default is not None and one.default.isdigit()
        return one._replace(type=type_, default=f"{one.default}.0" if is_whole else one.default)

    return signature.each(typed)
