"""Use: one place that uses an API of torch, with the names under which behaviours may know it."""

from __future__ import annotations

import ast
from enum import Enum
from typing import (
    Container,
    Dict,
    FrozenSet,
    Iterator,
    List,
    NamedTuple,
    Optional,
    Protocol,
    Tuple,
    Union,
)

from torch_history.code.names import LOSSES, NO_METHODS, TENSOR, ancestors
from torch_history.code.own import Thing

Argument = Union[int, str]  # its position from 0, or its name


class Relation(Enum):
    """How an API is related to what the source uses."""

    ITSELF = "itself"
    BASE = "base"  # a base of the class that is used
    LIKE = "like"  # another name of the same, such as torch.add for Tensor.add
    UNKNOWN = "unknown"  # the object is not known, only the name of its method


class Name(NamedTuple):
    """A name under which a behaviour may know what is used."""

    api: str
    relation: Relation
    # What is added to the positions of the arguments; None where they do not correspond.
    shift: Optional[int] = 0


class Arguments(NamedTuple):
    """The arguments of a call, and whether there are some that cannot be seen."""

    given: Dict[Argument, ast.expr]
    hidden: bool = False  # by name: **options, or all of what is passed on
    starred: bool = False  # by position: *args

    def may_hide(self, name: Optional[Argument], place: Optional[Argument]) -> bool:
        """Whether an argument with this name or position may be among those that are not seen."""
        return (name is not None and self.hidden) or (
            place is not None and (self.starred or self.hidden)
        )

    def of(self, *names: Optional[Argument]) -> Optional[ast.expr]:
        """The first of these arguments that is given."""
        found = (self.given.get(one) for one in names if one is not None)
        return next((one for one in found if one is not None), None)

    def shifted(self, by: Optional[int]) -> Arguments:
        """The same, for an API in which they have other positions."""
        if by == 0:
            return self
        moved: Dict[Argument, ast.expr] = {}
        for key, value in self.given.items():
            if isinstance(key, str):
                moved[key] = value
            elif by is not None and key + by >= 0:
                moved[key + by] = value
        return Arguments(moved, self.hidden, self.starred)


class Use(NamedTuple):
    """One place that uses an API."""

    line: int
    column: int  # where the name of the API ends, in bytes of the line
    names: List[Name]
    sure: bool
    why: str
    call: Optional[ast.Call]
    # position of the first argument: 1 in Optimizer.zero_grad(opt), 0 in opt.zero_grad()
    first: int
    # where it stands: see ``catalogue.conditions.ROLES``; and "ran", if it was seen to run
    roles: FrozenSet[str]
    overrides: Optional[ast.arguments] = None  # of the reader's method in place of torch's

    @property
    def arguments(self) -> Arguments:
        """What it is called with."""
        passed = "passed" in self.roles  # whoever calls it may add others
        if self.call is None:
            return Arguments({}, passed, passed)
        starred = [isinstance(one, ast.Starred) for one in self.call.args]
        # After *args, the position of an argument is not known.
        counted = starred.index(True) if True in starred else len(starred)
        given: Dict[Argument, ast.expr] = {
            place - self.first: value for place, value in enumerate(self.call.args[:counted])
        }
        given.update({one.arg: one.value for one in self.call.keywords if one.arg})
        hidden = any(one.arg is None for one in self.call.keywords)
        return Arguments(given, passed or hidden, passed or True in starred)


class Mention(NamedTuple):
    """A name of torch that the source uses, in whatever way."""

    name: str  # as the documentation has it
    line: int
    names: List[Name]


class Evidence(Protocol):
    """What shows uses of torch: a parsed file, or what a run of it noted."""

    def uses(self, wanted: Container[str]) -> Iterator[Use]:
        """Every use of a wanted API, in no order."""

    def mentions(self) -> List[Mention]:
        """Every name of torch in it; to be asked after ``uses``."""

    def value(self, node: ast.expr) -> Tuple[bool, object]:
        """Whether a value is known, and the value: a literal, or the name of torch."""

    def kind(self, node: ast.expr) -> str:
        """What an object that is no literal was seen to be; empty if it was not seen.

        It is one of "list", "tuple", "dict", "integers" and "floats" for tensors, and "object".
        """

    def close(self) -> None:
        """Let go of it. Nothing may be asked any more."""


def names_of(thing: Thing) -> Iterator[Name]:
    """The names under which the behaviours may know what is used."""
    home, _, last = thing.name.rpartition(".")
    if last == "__init__":
        for one in ancestors(home):
            yield Name(one, *((Relation.ITSELF,) if one == home else (Relation.BASE, None)))
    elif thing.of:
        for one in ancestors(home):
            yield Name(f"{one}.{last}", Relation.ITSELF)
            if one == TENSOR and last not in NO_METHODS:
                yield Name(f"torch.{last}", Relation.LIKE, 1)
    elif thing.is_class:
        for one in ancestors(thing.name):
            yield Name(one, *((Relation.ITSELF,) if one == thing.name else (Relation.BASE, None)))
        if home == "torch.nn" and last in LOSSES:
            yield Name(f"torch.nn.functional.{LOSSES[last]}", Relation.LIKE, None)
    else:
        yield Name(thing.name, Relation.ITSELF)
        if home == "torch":
            yield Name(f"{TENSOR}.{last}", Relation.LIKE, -1)
        elif home.rpartition(".")[2][:1].isupper():  # Optimizer.zero_grad(opt)
            for one in list(ancestors(home))[1:]:
                yield Name(f"{one}.{last}", Relation.ITSELF)


def hides(call: ast.Call) -> bool:
    """Whether a call has arguments that cannot be seen: ``*args``, ``**options``."""
    return any(isinstance(one, ast.Starred) for one in call.args) or any(
        one.arg is None for one in call.keywords
    )
