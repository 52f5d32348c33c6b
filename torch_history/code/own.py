"""Own: what an expression may stand for: an API of torch, or what the reader's own files define."""

from __future__ import annotations

from typing import Callable, FrozenSet, List, NamedTuple, Optional, Tuple


class Bases(NamedTuple):
    """What a class comes from, directly."""

    things: List[Thing]  # classes of torch and of the reader's files
    whole: bool  # whether these are all


class Own:
    """A class of the reader's files. Two are equal only where they are one."""

    def __init__(
        self,
        name: str,
        methods: FrozenSet[str],
        bases: Callable[[], Bases],
        attribute: Callable[[str], Optional[List[Thing]]],
        attributes: Callable[[], List[str]],
    ) -> None:
        self.name = name
        self.methods = methods
        self.bases = bases
        self.attribute = attribute  # what its own body gives an attribute; None: nothing
        self.attributes = attributes
        self.frozen = False  # whether it holds no tree: see ``freezing``

    def line(self, seen: Tuple[Own, ...] = ()) -> Tuple[List[Own], List[Thing], bool]:
        """Itself and its bases in the reader's files; those in torch; whether these are all."""
        found = self.bases()
        classes, torch, whole = [self], [], found.whole
        for one in found.things:
            # Source can say that two classes are each other's base, though Python would refuse it.
            if one.own in (self, *seen):
                continue
            if one.own is None:
                torch.append(one)
            else:
                more = one.own.line((self, *seen))
                classes, torch = classes + more[0], torch + more[1]
                whole = whole and more[2]
        return classes, torch, whole


class Maker:
    """A function of the reader's files: what it returns, and the parts where that is a tuple."""

    def __init__(
        self, results: Callable[[], List[Thing]], parts: Callable[[], List[List[Thing]]]
    ) -> None:
        self.results = results
        self.parts = parts
        self.frozen = False


class Thing(NamedTuple):
    """An API of torch, a class of the file, or (built) an object of one of these."""

    name: str
    built: bool = False
    sure: bool = True
    how: str = ""
    own: Optional[Own] = None
    of: Optional[Thing] = None  # the object whose attribute or method it is
    maker: Optional[Maker] = None  # of a function of the reader's files
    guessed: bool = False  # by the methods that are called of it

    @property
    def is_class(self) -> bool:
        """Whether it is a class of torch."""
        return (
            self.own is None
            and self.of is None
            and self.maker is None
            and self.name.rpartition(".")[2].lstrip("_")[:1].isupper()
        )


def identity(thing: Thing) -> Tuple[str, bool, Optional[Own], Optional[Maker]]:
    """What makes two things the same, however they were found."""
    return thing.name, thing.built, thing.own, thing.maker
