"""Block: a part of a process that is watched, from its begin to its end.

Unlike the session of a whole process it sets nothing, and leaves torch as it was. One block may be
suspended while another one is watched.
"""

from __future__ import annotations

import functools
import importlib
import os
import warnings
from typing import Any, Dict, Iterator, List, Optional, Tuple
from weakref import ref

from torch_history.tracing import notes
from torch_history.tracing.marks import Marks, Slot
from torch_history.tracing.patches import Patches
from torch_history.tracing.session import Session
from torch_history.tracing.settings import Settings

FIRST_WITH_MODES = (1, 13)  # below it functions are logged, not operations
_watched: List[Block] = []
_made: Dict[Any, Dict[int, Any]] = {}  # class -> id -> a weak reference, since `note_objects`
_forks_are_known = False


class BlockMarks(Marks):
    """The marks of a block. Modules that it does not train may be left from before: not noted."""

    def __init__(self, session: Any) -> None:
        super().__init__(session)
        self._moving: List[Any] = []  # the optimizers of this block

    def slots(self, optimizer: Any) -> Iterator[Slot]:
        """The tensors of the state."""
        if all(one is not optimizer for one in self._moving):
            self._moving.append(optimizer)
        return super().slots(optimizer)

    def _modules(self) -> List[Any]:
        """The outermost modules that the optimizers train, in the order of their parameters."""
        moved = [
            id(parameter)
            for optimizer in self._moving
            for group in optimizer.param_groups
            for parameter in group["params"]
        ]
        places = {number: place for place, number in reversed(list(enumerate(moved)))}
        ranked: List[Tuple[int, Any]] = []
        for module in super()._modules():
            held = [places[id(one)] for one in module.parameters() if id(one) in places]
            if held:
                ranked.append((min(held), module))
        return [module for _, module in sorted(ranked, key=lambda pair: pair[0])]

    def _alive(self, kind: Any) -> List[Any]:
        """Every object of a class: those that were noted, or else whatever memory holds."""
        known = _made.get(kind)
        if known is None:
            return super()._alive(kind)
        return [
            one for one in (reference() for reference in list(known.values())) if one is not None
        ]


class Block(Session):
    """What watches a part of a process."""

    marks_kind = BlockMarks

    def __init__(self, torch: Any, given: Settings, steps: Optional[int] = None) -> None:
        super().__init__(torch, given)
        self._logged_steps = steps

    def mark(self, number: int) -> None:
        """A mark was made. After so many optimizer steps the log of operations is closed."""
        most = self._logged_steps
        if most is not None and self.marks.steps == most and self.settings.window == (0, None):
            self.settings = self.settings._replace(window=(0, number))
        super().mark(number)

    def end(self, error: Optional[BaseException] = None) -> None:
        """The block ends, with an exception or without one: nothing is watched any more."""
        if self.recorder.process != os.getpid():
            return
        if error is not None:
            described = notes.describe(self, error, error.__traceback__)
            self.recorder.emit("raised", **described)
        super().end()
        self.unwatch()
        self.recorder.close()
        self.marks.close()
        if self in _watched:
            _watched.remove(self)

    def suspend(self) -> None:
        """Watch nothing for a while."""
        self.unwatch()

    def resume(self) -> None:
        """Watch again."""
        self._watch()
        if self.window is not None:
            self.window.reach(self.marks.number)

    def _prepare(self) -> None:
        global _forks_are_known  # noqa: PLW0603  what is registered at a fork stays registered
        _warm_up(self.torch)
        _watched.append(self)
        if not _forks_are_known and hasattr(os, "register_at_fork"):
            _forks_are_known = True
            os.register_at_fork(after_in_child=_in_child)

    def _watch(self) -> None:
        notes.watch(self)
        self.marks.watch(existing=True)


def settings(torch: Any, out: str, root: str, **more: Any) -> Settings:
    """The settings of a block: all its operations, with their contents and random numbers."""
    given = Settings(
        out=out,
        root=root,
        seed=None,
        window=(0, None),
        keep=True,
        tape="record",
        functions=only_functions(torch),
        uses=False,
    )
    return given._replace(**more)


def note_objects(torch: Any) -> Patches:
    """From now on note each module and optimizer, so that no block has to look for them.

    Returns what to take back at the end, with ``forget_objects``.
    """
    patches = Patches()
    for kind in (torch.nn.Module, torch.optim.Optimizer):
        _note(kind, _made.setdefault(kind, {}), patches)
    return patches


def forget_objects(patches: Patches) -> None:
    """Note objects no longer."""
    patches.back()
    _made.clear()


def _note(kind: Any, made: Dict[int, Any], patches: Patches) -> None:
    init, restore = kind.__init__, kind.__setstate__

    def note(one: Any) -> None:
        number = id(one)  # not the object itself, which may have no hash
        made[number] = ref(one, lambda _: made.pop(number, None))

    @functools.wraps(init)
    def begin(one: Any, *given: Any, **named: Any) -> None:
        note(one)
        init(one, *given, **named)

    @functools.wraps(restore)
    def again(one: Any, state: Any) -> None:
        note(one)  # unpickled, or a copy
        restore(one, state)

    patches.put(kind, "__init__", begin)
    patches.put(kind, "__setstate__", again)


def only_functions(torch: Any) -> bool:
    """Whether this release has no modes, so that functions are logged and not operations."""
    numbers = str(torch.__version__).split(".")[:2]
    return tuple(int(one) for one in numbers) < FIRST_WITH_MODES


@functools.lru_cache(maxsize=None)
def _warm_up(torch: Any) -> None:
    """Let torch list its functions, which warns of old names, before warnings are noted."""
    if not only_functions(torch):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            importlib.import_module("torch.overrides").resolve_name(torch.add)


def _in_child() -> None:
    for one in _watched:
        one._in_worker()
