"""Marks: what is noted at every backward and at every optimizer step, cheap enough for all of them.

A mark is one of these moments, counted from 1. The state at a step is the parameters with their
gradients, the optimizer's state, and the buffers. Of a large tensor a sample is read; at the steps
1, 2, 4, 8, … and at the end everything is.
"""

from __future__ import annotations

import functools
import gc
import hashlib
import importlib
import itertools
import random
import sys
import time
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Tuple

from torch_history.tracing import digest

MOST_SHOWN = 64_000_000  # bytes of numbers that are kept for distances
GROUPS = ("parameters", "gradients", "optimizer", "buffers")


class Slot(NamedTuple):
    """One tensor of the state."""

    group: str
    name: str
    tensor: Any


class Marks:
    """The marks of one process."""

    def __init__(self, session: Any) -> None:
        self._session, self._torch = session, session.torch
        self.number = self.steps = 0
        self.off = False
        self._names: Dict[int, str] = {}  # id of a parameter -> its name
        self._roots: List[Tuple[str, Any]] = []
        self._order: Dict[int, int] = {}  # id of a module -> when it was made
        self._serial = itertools.count()
        self._layout: Any = None
        self._shown = 0
        self._in_backward = False
        self._inside = False  # a step within a step: an optimizer that wraps another one
        self._optimizers: List[Any] = []
        self._made_at: Dict[int, Any] = {}  # id of an optimizer -> the line that made it
        self._samples = (session.recorder.folder / "samples").open("wb")

    def watch(self, existing: bool = False) -> None:
        """Patch what every program passes through: backward, and the step of each optimizer.

        ``existing`` also patches the optimizers that were made before.
        """
        torch: Any = self._torch
        importlib.import_module("torch.optim")
        put = self._session.patches.put
        for name in ("backward", "grad"):
            put(torch.autograd, name, self._backward(getattr(torch.autograd, name), name))
        made = torch.optim.Optimizer.__init__

        @functools.wraps(made)
        def init(optimizer: Any, *arguments: Any, **named: Any) -> None:
            made(optimizer, *arguments, **named)
            self._made_at[id(optimizer)] = self._session.places.here()[0]
            # Afterwards: torch wraps the step of a class with its first optimizer.
            self._wrap(type(optimizer))

        put(torch.optim.Optimizer, "__init__", init)
        self._watch_schedulers()
        self._watch_modules()
        self.off = False
        if existing:
            self._wrap_existing(torch.optim.Optimizer)

    def _watch_modules(self) -> None:
        """Number the modules as they are made: the garbage collector lists them in any order."""
        made = self._torch.nn.Module.__init__

        @functools.wraps(made)
        def init(module: Any, *arguments: Any, **named: Any) -> None:
            self._order[id(module)] = next(self._serial)
            made(module, *arguments, **named)

        self._session.patches.put(self._torch.nn.Module, "__init__", init)

    def _watch_schedulers(self) -> None:
        """Note the learning rates that each scheduler sets, and from which line."""
        from torch.optim import lr_scheduler

        module: Any = lr_scheduler
        for name in ("LRScheduler", "_LRScheduler", "ReduceLROnPlateau"):
            kind = getattr(module, name, None)
            step = vars(kind).get("step") if kind is not None else None
            if step is not None and getattr(step, "torch_history", None) is not self:
                self._session.patches.put(kind, "step", self._scheduled(step))

    def _scheduled(self, step: Any) -> Any:
        @functools.wraps(step)
        def scheduled(scheduler: Any, *given: Any, **named: Any) -> Any:
            out = step(scheduler, *given, **named)
            if not self.off:
                self._session.recorder.emit(
                    "scheduled",
                    of=type(scheduler).__name__,
                    rates=[repr(float(one["lr"])) for one in scheduler.optimizer.param_groups],
                    mark=self.number,
                    at=self._session.places.here()[0],
                )
            return out

        scheduled.torch_history = self  # type: ignore[attr-defined]
        return scheduled

    def made_at(self, optimizer: Any) -> Any:
        """The reader's line that made an optimizer."""
        return self._made_at.get(id(optimizer))

    def unwatch(self) -> None:
        """Note nothing any more. The session takes the patches back."""
        self.off = True

    def _wrap_existing(self, base: Any) -> None:
        hooks = any(hasattr(base, name) for name in ("_hook_for_profile", "_patch_step_function"))
        for kind in _below(base):
            # torch wraps the step of a class with its first optimizer: before, there is none.
            if "step" in vars(kind) and (not hooks or hasattr(kind.step, "hooked")):
                self._wrap(kind)
        for one in self._alive(base):
            # A scheduler puts a step of its own on its optimizer, which calls the class's of then.
            if "step" in vars(one):
                self._session.patches.put(one, "step", self._stepped(one.step, one))

    def _wrap(self, kind: Any) -> None:
        step = kind.step
        if getattr(step, "torch_history", None) is not self:
            self._session.patches.put(kind, "step", self._stepped(step, None))

    def _stepped(self, step: Any, of: Any) -> Any:
        """The step of a class, or of one optimizer, with a mark behind it."""

        @functools.wraps(step)
        def stepped(*given: Any, **named: Any) -> Any:
            if self.off or self._inside:
                return step(*given, **named)
            optimizer = given[0] if of is None else of
            self._inside = True
            window = self._session.window
            span = window.begin_step(optimizer) if window is not None else None
            try:
                return step(*given, **named)
            finally:
                self._inside = False
                if window is not None:
                    window.end_step(span)
                self.step(optimizer)

        stepped.torch_history = self  # type: ignore[attr-defined]
        return stepped

    def _backward(self, function: Any, name: str) -> Any:
        @functools.wraps(function)
        def backward(*arguments: Any, **named: Any) -> Any:
            # A function mode makes torch call its own function once more.
            if self.off or self._in_backward:
                return function(*arguments, **named)
            roots = arguments[0] if arguments else named.get("tensors", named.get("outputs"))
            roots = [roots] if self._torch.is_tensor(roots) else list(roots or ())
            window = self._session.window
            span = window.begin_backward(roots, name) if window is not None else None
            self._in_backward = True
            try:
                return function(*arguments, **named)
            finally:
                self._in_backward = False
                if window is not None:
                    window.end_backward(span)
                self.backward(roots, name)

        return backward

    def backward(self, roots: List[Any], name: str) -> None:
        """Note the losses that a backward began from."""
        began = time.perf_counter()
        self.number += 1
        place, _ = self._session.places.here()
        with _Quiet(self._session):
            losses = [_loss(one) for one in roots]
            contents = [digest.content(self._torch, one) for one in roots]
            state = {} if self._made_at else self._without_optimizer()
        self._session.recorder.emit(
            "mark", n=self.number, kind=name, loss=losses, is_=contents, at=place, **state
        )
        self._done(began)

    def _without_optimizer(self) -> Dict[str, Any]:
        """The state of all modules, where the program moves its parameters by itself."""
        whole = self.number & (self.number - 1) == 0
        if whole:  # modules may have been made since
            self._find_names()
        slots = [one for root, module in self._roots for one in _of_module(root, module)]
        facts = self._read(slots, whole)
        if self._session.window is not None:
            self._session.window.state(self.number, slots)
        return {"state": facts["is_"], "shown": facts["shown"]}

    def step(self, optimizer: Any) -> None:
        """Note the state after an optimizer's step."""
        began = time.perf_counter()
        self.number += 1
        self.steps += 1
        if not any(one is optimizer for one in self._optimizers):
            self._optimizers.append(optimizer)
        place, _ = self._session.places.here()
        with _Quiet(self._session):
            slots = list(self.slots(optimizer))
            facts = self._read(slots, whole=self.steps & (self.steps - 1) == 0)
            self._session.recorder.emit(
                "mark",
                n=self.number,
                kind="step",
                step=self.steps,
                optimizer=type(optimizer).__name__,
                hyper=_hyper(optimizer),
                rng=self._generators(),
                at=place,
                **facts,
            )
            window = self._session.window
            if window is not None:
                window.state(self.number, slots)
        self._done(began)
        given = self._session.settings
        if given.steps and self.steps >= given.steps:
            self._session.stop("steps")
        elif given.seconds and self._session.recorder.seconds > given.seconds:
            self._session.stop("minutes")

    def finish(self) -> None:
        """Note everything once more, whole, as the program leaves it."""
        if self.steps:
            with _Quiet(self._session):
                slots = [one for it in self._optimizers for one in self.slots(it)]
                facts = self._read(slots, whole=True)
                self._session.recorder.emit("final", n=self.number, **facts)
        self._samples.flush()

    def close(self) -> None:
        """Close the file of the samples: nothing is noted any more."""
        self._samples.close()

    def _done(self, began: float) -> None:
        self._session.recorder.cost += time.perf_counter() - began
        self._session.mark(self.number)

    # -- the state

    def slots(self, optimizer: Any) -> Iterator[Slot]:
        """The tensors of the state: what an optimizer moves, and the buffers of all modules."""
        torch = self._torch
        for number, group in enumerate(optimizer.param_groups):
            for place, parameter in enumerate(group["params"]):
                name = self._name(parameter) or f"group {number}.{place}"
                yield Slot("parameters", name, parameter)
                if parameter.grad is not None:
                    yield Slot("gradients", name, parameter.grad)
                # not indexed: state is a defaultdict, and asking would add an entry
                state = optimizer.state.get(parameter) if parameter in optimizer.state else None
                if isinstance(state, dict):
                    for key in sorted(state, key=str):
                        # The count of steps is a tensor in some releases, and a number in others.
                        if torch.is_tensor(state[key]) and key != "step":
                            yield Slot("optimizer", f"{name} {key}", state[key])
        for root, module in self._roots:
            for name, buffer in module.named_buffers():
                yield Slot("buffers", f"{root}.{name}", buffer)

    def _name(self, parameter: Any) -> str:
        if id(parameter) not in self._names:
            self._find_names()
        return self._names.setdefault(id(parameter), "")

    def _find_names(self) -> None:
        """Name parameters by the modules that hold them; the modules are looked up once."""
        counted: Dict[str, int] = {}
        self._roots = []
        for module in self._modules():
            label = type(module).__name__
            counted[label] = counted.get(label, 0) + 1
            label = label if counted[label] == 1 else f"{label}#{counted[label]}"
            self._roots.append((label, module))
            for name, parameter in module.named_parameters():
                self._names[id(parameter)] = f"{label}.{name}"

    def _modules(self) -> List[Any]:
        """The outermost modules of the process."""
        modules = self._alive(self._torch.nn.Module)
        inner = {
            id(child)
            for one in modules
            for child in getattr(one, "_modules", {}).values()
            if child is not None
        }
        roots = [one for one in modules if id(one) not in inner and hasattr(one, "_parameters")]
        roots = [one for one in roots if next(iter(one.state_dict(keep_vars=True)), None)]
        # The same order in every run: as they were made.
        return sorted(roots, key=lambda one: self._order.get(id(one), sys.maxsize))

    def _alive(self, kind: Any) -> List[Any]:
        """Every object of a class or of one that inherits from it."""
        return [one for one in gc.get_objects() if issubclass(type(one), kind)]

    def _read(self, slots: List[Slot], whole: bool) -> Dict[str, Any]:
        """The digest of each group, and numbers of each tensor for the distance."""
        kept = {group: hashlib.blake2b(digest_size=12) for group in GROUPS}
        shown, layout = [], []
        for slot in slots:
            content, numbers = digest.sample(self._torch, slot.tensor)
            kept[slot.group].update(content)
            if whole and len(content) >= digest.WHOLE:
                kept[slot.group].update(digest.content(self._torch, slot.tensor).encode())
            shown.append(numbers)
            layout.append((slot.group, slot.name, str(slot.tensor.dtype), len(numbers)))
        at, size = self._shown, sum(map(len, shown))
        if at + size <= MOST_SHOWN:
            self._samples.write(b"".join(shown))
            self._shown += size
        else:
            at = -1
        if layout != self._layout:
            self._layout = layout
            self._session.recorder.emit("layout", slots=layout)
        return {"is_": {group: it.hexdigest() for group, it in kept.items()}, "shown": at}

    def _generators(self) -> Dict[str, str]:
        """The state of each source of random numbers, as a digest."""
        found = {"torch": digest.content(self._torch, self._torch.get_rng_state())}
        found["random"] = _short(repr(random.getstate()))
        numpy = sys.modules.get("numpy.random")
        if numpy is not None:
            state = numpy.get_state()
            found["numpy"] = _short(state[1].tobytes().hex() + repr(state[2:]))
        return found


def _below(kind: Any) -> Iterator[Any]:
    """A class and all that inherit from it."""
    yield kind
    for one in kind.__subclasses__():
        yield from _below(one)


def _loss(root: Any) -> Optional[float]:
    """The number that a tensor holds; None where it is no single one."""
    is_complex = getattr(root, "is_complex", bool)()  # which the oldest releases do not have
    return float(root.detach()) if root.numel() == 1 and not is_complex else None


def _of_module(root: str, module: Any) -> Iterator[Slot]:
    for name, parameter in module.named_parameters():
        yield Slot("parameters", f"{root}.{name}", parameter)
        if parameter.grad is not None:
            yield Slot("gradients", f"{root}.{name}", parameter.grad)
    for name, buffer in module.named_buffers():
        yield Slot("buffers", f"{root}.{name}", buffer)


def _hyper(optimizer: Any) -> List[Dict[str, str]]:
    """The numbers of each parameter group, such as the learning rate that a scheduler sets."""
    return [
        {key: repr(value) for key, value in sorted(group.items()) if _is_number(value)}
        for group in optimizer.param_groups
    ]


def _is_number(value: Any) -> bool:
    plain = isinstance(value, (int, float)) and not isinstance(value, bool)
    return plain or (isinstance(value, tuple) and all(isinstance(one, float) for one in value))


def _short(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=12).hexdigest()


class _Quiet:
    """Inside this block the window does not log what torch does."""

    def __init__(self, session: Any) -> None:
        self._window = session.window

    def __enter__(self) -> None:
        if self._window is not None:
            self._window.pause()

    def __exit__(self, *_: Any) -> None:
        if self._window is not None:
            self._window.resume()
