"""Proposals: what the sources say that a builtin takes, before the binding itself is asked."""

from __future__ import annotations

from typing import Iterator, List, NamedTuple, Optional, Sequence, Tuple

from torch_history.surveying.parameters import KEYWORD, MANY, Parameter, Signature

# The options that bindings add to operators, with their defaults. A schema and a stub may have
# others, which mean the same to a caller: layout=torch.strided.
OPTIONS = {"out": "None", "dtype": "None", "layout": "None", "device": "None"}
OPTIONS.update({"pin_memory": "False", "requires_grad": "False"})
UNTOLD = "..."  # a default that a stub does not tell


class Proposals(NamedTuple):
    """What each source says of a function, the most trusted first."""

    schemas: List[Signature]
    stubs: List[Signature]
    docs: List[Signature]

    @property
    def all(self) -> List[Signature]:
        """Those of all sources."""
        return [*self.schemas, *self.stubs, *self.docs]

    @property
    def returns(self) -> str:
        """What the function returns."""
        return next((one.returns for one in self.all if one.returns), "")

    def like(self, signature: Signature) -> Optional[Signature]:
        """That which has the same parameters, of the same types if there is one."""
        return next((one for one in (most_alike(of, signature) for of in self) if one), None)

    def default(self, name: str) -> Optional[str]:
        """The default that some overload has for a parameter."""
        for one in self.parameters(name):
            if one.default not in (None, UNTOLD):
                return one.default
        return None

    def parameters(self, name: str) -> Iterator[Parameter]:
        """The parameters of one name, in all overloads."""
        return (one for of in self.all for one in of.parameters if one.name == name)


def main(signature: Signature) -> Tuple[str, ...]:
    """The names of the parameters without the options, which sources put in several places."""
    left = [one for one in signature.parameters if not is_option(one)]
    while left and left[-1].name in OPTIONS:
        left.pop()
    aside = ("out", "requires_grad", "memory_format")
    return tuple(one.name for one in left if one.name not in aside)


def is_option(parameter: Parameter) -> bool:
    """Whether a parameter is one of the options, and not one that has the name of an option."""
    return parameter.kind == KEYWORD and parameter.name in OPTIONS


def most_alike(source: Sequence[Signature], signature: Signature) -> Optional[Signature]:
    """Of several signatures that which has the same parameters, of the same types at best."""
    same = [one for one in source if main(one) == main(signature)]

    def types_in_common(one: Signature) -> int:
        pairs = zip(one.parameters, signature.parameters)
        return sum(a.type.replace(" | None", "") == b.type for a, b in pairs)

    return max(same, key=types_in_common) if same else None


def only(signature: Signature, *without: str) -> Signature:
    """A signature without some parameters."""
    kept = tuple(one for one in signature.parameters if one.name not in without)
    return signature._replace(parameters=kept)


def ordered(signature: Signature) -> Signature:
    """The options in one order, and with one default: a caller does not depend on either.

    A parameter before one that must be given must be given too, whatever a source says.
    """
    last = list(OPTIONS)

    def place(one: Parameter) -> Tuple[int, int]:
        return one.kind, last.index(one.name) + 1 if is_option(one) else 0

    def plain(one: Parameter) -> Parameter:
        is_plain = is_option(one) and one.default is not None
        return one._replace(default=OPTIONS[one.name]) if is_plain else one

    required = [one.name for one in signature.positional if one.is_required]
    early = signature.names[: signature.names.index(required[-1])] if required else ()

    def given(one: Parameter) -> Parameter:
        return one._replace(default=None) if one.name in early else plain(one)

    return signature._replace(parameters=tuple(sorted(map(given, signature.parameters), key=place)))


def one_by_one(signature: Signature) -> Iterator[Signature]:
    """A signature, and that with ``*size`` where a list is the only positional parameter.

    Bindings take such a list as several arguments too: ``view(2, 3)``.
    """
    yield signature
    if signature.is_of_list:
        several = signature.positional[0]._replace(kind=MANY, default=None)
        rest = only(signature, several.name).parameters
        yield signature._replace(parameters=(several, *rest))
