"""Freezing: what other files see of a class or a function of the reader.

In its own file a class answers from the tree. What another file sees of it holds no tree, so that a
scan keeps only a few names of each file.
"""

from __future__ import annotations

from typing import Dict, List

from torch_history.code.own import Bases, Maker, Own, Thing

UNKNOWN = Maker(list, list)  # a function that returns nothing known
UNKNOWN.frozen = True


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
        known = own if own.frozen else self._classes.get(id(own))
        if known is not None:
            return known
        bases: List[Bases] = []
        attributes: Dict[str, List[Thing]] = {}
        frozen = Own(own.name, own.methods, lambda: bases[0], attributes.get, lambda: [*attributes])
        frozen.frozen = True
        # Before its parts, which may lead back to it.
        self._classes[id(own)] = frozen
        self._kept.append(own)
        bases.append(Bases([], False))
        found = own.bases()
        bases[0] = Bases(self.things(found.things), found.whole)
        for name in own.attributes():
            things = own.attribute(name)
            if things:
                attributes[name] = self.things(things)
        return frozen

    def _maker(self, maker: Maker) -> Maker:
        known = maker if maker.frozen else self._makers.get(id(maker))
        if known is not None:
            return known
        results: List[Thing] = []
        parts: List[List[Thing]] = []
        frozen = Maker(lambda: results, lambda: parts)
        frozen.frozen = True
        self._makers[id(maker)] = frozen
        self._kept.append(maker)
        results += self.things(maker.results())
        parts += [self.things(part) for part in maker.parts()]
        if not results and not any(parts):  # most functions: one for all of them
            self._makers[id(maker)] = UNKNOWN
        return self._makers[id(maker)]
