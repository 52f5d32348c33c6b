"""Telling: the behaviours of the records that tell of a difference, a warning, an exception."""

from __future__ import annotations

import functools
import re
from typing import Iterable, Iterator, List, Optional, Set, Tuple

from torch_history.catalogue.behaviour import Change
from torch_history.catalogue.index import Index
from torch_history.catalogue.kinds import Kind
from torch_history.code.names import LOSSES, canonical
from torch_history.comparing import names
from torch_history.comparing.result import Difference, Raised, Seen, Warned
from torch_history.errors import HistoryError
from torch_history.questions import messages, query
from torch_history.surface.events import Surfaces

MOST = 4
# the operations of autograd's nodes and of the library -> the function of torch
_NODE = re.compile(r"(?:MklDnn|Mkldnn|Cudnn|Thnn|Native)?(\w+?)Backward\d*$")
_NAMED = re.compile(r"torch(?:\.\w+)+")  # names of torch in a message
_ALIASES = {
    "convolution": ("conv1d", "conv2d", "conv3d", "conv_transpose2d"),
    "addmm": ("linear", "addmm"),
    "native_batch_norm": ("batch_norm",),
    "native_layer_norm": ("layer_norm",),
    "bernoulli_": ("dropout", "bernoulli"),
    "bernoulli": ("dropout", "bernoulli"),
}


class Records:
    """What the records say of two releases."""

    def __init__(
        self, index: Index, before: str, after: str, surfaces: Optional[Surfaces] = None
    ) -> None:
        self._index, self._surfaces = index, surfaces
        self.unknown = ""  # why the records have no answer for the two
        try:
            answer = query.diff(index, _final(before), _final(after))
        except HistoryError as error:
            self.unknown, self._differences = str(error), []
        else:
            self._differences = answer.differences

    def of(self, found: Difference) -> Tuple[Seen, ...]:
        """The behaviours that tell of a difference: of the API that was called, then its parts."""
        wanted = {Kind.RANDOM} if found.kind == "draw" else {Kind.SILENT}
        for spellings in _names(found):
            told = list(self._about(spellings, wanted))
            if told:
                return tuple(told[:MOST])
        return ()

    def _about(self, names: Set[str], kinds: Iterable[Kind]) -> Iterator[Seen]:
        for difference in self._differences:
            for change in difference.changes:
                about = set(change.of or difference.behaviour.api)
                if change.kind in kinds and about & names:
                    yield _seen(difference.behaviour.id, change)
                    break

    def of_message(self, kind: str, text: str, raised: bool) -> Tuple[Seen, ...]:
        """The behaviours that show a message and changed between the two releases."""
        changed = {one.behaviour.id: one for one in self._differences}
        found: List[Seen] = []
        about = set(_NAMED.findall(text))
        for likeness in messages.alike(self._told, f"{kind}: {text}"):
            named = set(_NAMED.findall(likeness.told.text))
            if about and named and not about & named:
                continue  # the same sentence about another function
            for name in likeness.told.behaviours:
                difference = changed.get(name)
                if difference is None:
                    continue
                kinds = (Kind.ERROR, Kind.GONE, Kind.EXCEPTION) if raised else (Kind.WARNING,)
                told = [one for one in difference.changes if one.kind in kinds]
                if told and all(one.id != name for one in found):
                    found.append(_seen(name, told[0]))
        if not found and self._surfaces is not None:
            return names.told(self._surfaces, text, raised)
        return tuple(found[:MOST])

    @functools.cached_property
    def _told(self) -> List[messages.Told]:
        return messages.told(self._index)

    def warned(self, one: Warned) -> Warned:
        """A warning with the behaviours that tell of it."""
        seen = self.of_message(one.category, one.text, raised=False)
        return Warned(one.category, one.text, one.at, seen)

    def raised(self, one: Raised) -> Raised:
        """An exception with the behaviours that tell of it."""
        seen = self.of_message(one.kind, one.text, raised=True)
        return Raised(one.kind, one.text, one.at, one.step, one.status, seen)


def _seen(name: str, change: Change) -> Seen:
    return Seen(
        name,
        change.text,
        change.version,
        change.kind.slug,
        change.advice or "",
        change.cause_in_words or "",
    )


def _names(found: Difference) -> Iterator[Set[str]]:
    """The names under which the records may know what was called, the nearest first."""
    if found.api:
        yield _spellings(found.api)
    node = _NODE.fullmatch(found.name)
    plain = _snake(node[1]) if node else found.name.rstrip("_").lstrip("_")
    if found.module_class.startswith("torch."):
        name = canonical(found.module_class)
        last = name.rpartition(".")[2]
        yield {name} | ({f"torch.nn.functional.{LOSSES[last]}"} if last in LOSSES else set())
    for one in (plain, *_ALIASES.get(found.name, _ALIASES.get(plain, ()))):
        yield _spellings(one)


def _spellings(name: str) -> Set[str]:
    last = name.rpartition(".")[2]
    plain = last.rstrip("_") if not last.startswith("__") else last
    found = {canonical(name if name.startswith("torch.") else f"torch.{name}")}
    for one in {last, plain}:
        found |= {f"torch.{one}", f"torch.Tensor.{one}", f"torch.nn.functional.{one}"}
    if name.startswith("torch.optim."):
        found = {name}
    return found


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def _final(version: str) -> str:
    return version.partition("+")[0]
