"""Own: the classes and functions of the reader's own files, as far as types follow them.

In its own file such a class answers from the tree. What another file sees of it is ``frozen``: it
holds no tree, so that a scan keeps only a few names of each file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Callable, Dict, FrozenSet, List, NamedTuple, Optional, Tuple

if TYPE_CHECKING:
    from torch_history.code.things import Thing


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


class Freezer:
    """Copies of things that hold no tree. One of a class, whoever asks."""

    def __init__(self) -> None:
        self._classes: Dict[int, Own] = {}
        self._makers: Dict[int, Maker] = {}
        self._kept: List[object] = []  # the originals, so that no other takes their ids meanwhile

    def things(self, things: List[Thing]) -> List[Thing]:
        """The things without their trees."""
        return [self._thing(one) for one in things]

    def _thing(self, thing: Thing) -> Thing:
        return thing._replace(
            own=thing.own and self._own(thing.own),
            of=thing.of and self._thing(thing.of),
            maker=thing.maker and self._maker(thing.maker),
        )

    def _own(self, own: Own) -> Own:
        known = self._classes.get(id(own))
        if known is not None:
            return known
        bases: List[Bases] = []
        attributes: Dict[str, List[Thing]] = {}
        frozen = Own(own.name, own.methods, lambda: bases[0], attributes.get, lambda: [*attributes])
        # Before its parts, which may lead back to it.
        self._classes[id(own)] = self._classes[id(frozen)] = frozen
        self._kept += [own, frozen]
        bases.append(Bases([], False))
        found = own.bases()
        bases[0] = Bases(self.things(found.things), found.whole)
        for name in own.attributes():
            things = own.attribute(name)
            if things:
                attributes[name] = self.things(things)
        return frozen

    def _maker(self, maker: Maker) -> Maker:
        known = self._makers.get(id(maker))
        if known is not None:
            return known
        results: List[Thing] = []
        parts: List[List[Thing]] = []
        frozen = Maker(lambda: results, lambda: parts)
        self._makers[id(maker)] = self._makers[id(frozen)] = frozen
        self._kept += [maker, frozen]
        results += self.things(maker.results())
        parts += [self.things(part) for part in maker.parts()]
        return frozen
