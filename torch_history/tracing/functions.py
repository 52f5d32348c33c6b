"""Functions: watches torch by functions put in place of its own (torch 1.4 and later).

Two releases are compared in this way on both sides where one has no modes. It shows less than
``operations``: the outermost calls in the forward, not what they consist of, and nothing of the
backward. These are not seen at all:

- a function that the program or a library got hold of before the watch began, such as a default
  argument or an entry of a dictionary,
- what runs inside scripted or traced code, and indexing (``x[0]``, ``x[mask]``),
- draws inside C other than those of dropout and of recurrent layers, below torch 1.13. Such a call
  has the state that it began from as its ``gen``.

While ``torch.jit.trace`` records, everything is let pass.
"""

from __future__ import annotations

import contextlib
import functools
import os
import sys
import threading
import time
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from torch_history.tracing import callables, digest, masks, tape
from torch_history.tracing.callables import Given, Target
from torch_history.tracing.jitter import EXACT
from torch_history.tracing.watching import Watching, overwrites
from torch_history.tracing.window import Call, flat
from torch_history.tracing.wrapped import Wraps

# Their results are exact too; jitter knows the others by the names of operations.
COPIES = EXACT | callables.SOURCES | {
    "max_pool1d", "max_pool2d", "max_pool3d", "adaptive_max_pool1d", "adaptive_max_pool2d",
    "adaptive_max_pool3d", "max_unpool2d", "pad", "relu6", "hardtanh", "new_tensor", "tile",
    "repeat_interleave", "masked_select", "take", "diag", "hstack", "vstack", "rot90", "unique",
    "pixel_shuffle", "unfold", "hardshrink", "setitem_",
}  # fmt: skip
# They also write to these of their arguments.
RUNNING = {
    "batch_norm": ("running_mean", "running_var"),
    "instance_norm": ("running_mean", "running_var"),
}


class Depth(threading.local):
    """How many watched calls are under way in a thread."""

    value = 0


class Begun(NamedTuple):
    """What is known of a call before it runs."""

    given: Given
    call: Optional[Call]  # None: it is not logged
    inputs: List[Any]
    state: Any  # of the generator
    writes: bool


class Own:
    """A block in which the tracer works. If it fails, the call is not logged, and goes on."""

    def __init__(self, session: Any, window: Any, aside: Any, target: Target) -> None:
        self._session, self._window, self._target = session, window, target
        self._aside = aside()  # classes of the program that see all calls do not see these
        self._began = 0.0

    def __enter__(self) -> None:
        self._began = time.perf_counter()
        self._window.pause()
        self._aside.__enter__()

    def __exit__(self, kind: Any, error: Any, trace: Any) -> bool:
        self._aside.__exit__(None, None, None)
        self._window.resume()
        recorder = self._session.recorder
        recorder.cost += time.perf_counter() - self._began
        if error is None:
            return False
        # such as a tensor of vmap, which has no memory to read
        why = f"{type(error).__name__}: {error}"
        recorder.emit("not_logged", name=self._target.public, why=why[:200])
        return isinstance(error, Exception)


class Functions(Watching):
    """Watches what torch does, by wrapped functions while there is something to see."""

    def __init__(self, session: Any, window: Any) -> None:
        super().__init__(session, window)
        self._wraps = Wraps(session.torch, self.call)
        self._targets: List[Target] = []
        self._level = ""
        self._depth = Depth()
        self._outermost = ""
        self._aside = getattr(session.torch._C, "DisableTorchFunction", contextlib.nullcontext)
        home = Path(session.torch.__file__).parent
        self._optimizers = f"{home / 'optim'}{os.sep}"
        self._passed = (f"{home}{os.sep}", f"{Path(__file__).parent}{os.sep}")

    def _attend(self, logging: bool, always: bool) -> None:
        taping = self._tape is not None and always
        if taping and not self._modes:
            mode = self._mode()
            if mode is not None:
                mode.__enter__()
                self._modes.append(mode)
        elif not taping and self._modes:
            self._leave()
        level = "all" if logging or (always and self._jitter is not None) else ""
        if not level and taping and not self._modes:
            level = "draws"
        if level != self._level:
            self._level = level
            self._put(level)

    def _put(self, level: str) -> None:
        if not self._targets:
            self._targets = callables.targets(self._torch)
        put = {"all": self._targets, "draws": [one for one in self._targets if one.draws]}
        self._wraps.put(put.get(level, []))

    def _mode(self) -> Any:
        """A mode that sees the draws inside C; None below torch 1.13."""
        version = self._torch.__version__.split("+")[0].split(".")[:2]
        if [int(one) for one in version] < [1, 13]:
            return None
        from torch.utils import _python_dispatch

        watcher, base = self, vars(_python_dispatch)["TorchDispatchMode"]

        class Draws(base):  # type: ignore[valid-type, misc]
            def __torch_dispatch__(self, func, types, args=(), kwargs=None):  # type: ignore[no-untyped-def]
                return watcher.draw_below(func, args, kwargs or {})

        return Draws()

    # -- calls

    def call(self, target: Target, args: Tuple[Any, ...], kwargs: Dict[str, Any]) -> Any:
        """One call of a wrapped function."""
        window = self._window
        if target.bare:
            with self._wraps.bare():
                return target.function(*args, **kwargs)
        if window.paused or self._is_traced():
            return target.function(*args, **kwargs)
        if target.quiet or self._depth.value or not (window.listening or self._jitter is not None):
            return self._let_pass(target, args, kwargs)
        place, importing = self._session.places.here()
        if importing or window.log.phase == "backward" or self._is_in_optimizer():
            return self._let_pass(target, args, kwargs)
        if target.name in callables.CLIPPING and args and not self._torch.is_tensor(args[0]):
            args = (list(args[0]), *args[1:])  # what may be a generator is read twice
        begun = self._begin(target, args, kwargs)
        out = self._let_pass(target, args, kwargs)
        if begun is not None:
            self._end(target, begun, args, kwargs, out, place)
        return out

    def _let_pass(self, target: Target, args: Any, kwargs: Any) -> Any:
        """Call a function. Nothing that it calls is logged, but what it draws is taped."""
        if not self._depth.value:
            self._outermost = target.public
        self._depth.value += 1
        try:
            if self._tape is None or self._modes or not target.draws:
                return target.function(*args, **kwargs)
            return self._draw(target, args, kwargs)
        finally:
            self._depth.value -= 1
            if not self._depth.value:
                self._outermost = ""

    def _is_in_optimizer(self) -> bool:
        """Whether an optimizer of torch calls this, and not a closure that it was given."""
        frame: Any = sys._getframe(2)
        while frame is not None:
            file = frame.f_code.co_filename
            if file.startswith(self._optimizers):
                return True
            if not file.startswith(self._passed):
                return False
            frame = frame.f_back
        return False

    # -- what is logged of a call

    def _begin(self, target: Target, args: Any, kwargs: Any) -> Optional[Begun]:
        window = self._window
        listening = window.listening
        with self._own(target):
            given = callables.given(target, args, kwargs)
            writes = given.name.endswith("_") or kwargs.get("out") is not None
            inputs = flat(self._torch, [args, kwargs])
            if not listening:
                return Begun(given, None, inputs, None, writes)
            shown = self._shown(target, given)
            call = window.log.call(given.name, *shown, overwrites(given.name))
            return Begun(given, call, inputs, self._torch.get_rng_state(), writes)
        return None

    def _shown(self, target: Target, given: Given) -> Tuple[List[Any], Dict[str, Any]]:
        """The arguments that a call is known by."""
        if target.name in callables.CLIPPING:
            return [_gradients(self._torch, given.args[:1]), *given.args[1:]], given.kwargs
        return given.args, given.kwargs

    def _end(
        self, target: Target, begun: Begun, args: Any, kwargs: Any, out: Any, place: Any
    ) -> None:
        window = self._window
        with self._own(target):
            outputs, call = flat(self._torch, out), begun.call
            name = begun.given.name
            if begun.writes and not outputs:
                outputs = flat(self._torch, args[:1])
            if target.name in callables.CLIPPING:
                outputs = [*outputs, *_gradients(self._torch, args[:1])]
            if not begun.writes and _are_views(outputs, begun.inputs):
                return
            if target.name in callables.CONVERSIONS or name in callables.SOURCES:
                name, call = self._made_of(target, begun, outputs)
            fresh = not begun.writes and name not in COPIES and window.log.phase == "forward"
            if self._jitter is not None and fresh:
                self._jitter.move(name, [one.data for one in outputs])
            if call is None or not outputs:
                return
            facts: Dict[str, Any] = {"api": target.public}
            drew = not self._torch.equal(begun.state, self._torch.get_rng_state())
            if drew:
                facts["gen"] = digest.content(self._torch, begun.state)
            again = functools.partial(self._again, target, args, kwargs)
            outputs += self._running(target, args, kwargs)
            window.log.operation(
                call, outputs, place, None if begun.writes or drew else again, **facts
            )

    def _made_of(self, target: Target, begun: Begun, outputs: List[Any]) -> Tuple[str, Any]:
        """A conversion is known by its dtype, and what comes from outside torch by its content."""
        source = begun.given.name in callables.SOURCES
        name = "tensor" if source else "to"
        if begun.call is None or not outputs:
            return name, None
        if source:
            return name, self._window.log.call(name, outputs, {})
        before, after = begun.inputs[0], outputs[0]
        if before.dtype == after.dtype:
            return name, None  # to another device
        return name, self._window.log.call(name, [before, after.dtype], {})

    def _running(self, target: Target, args: Any, kwargs: Any) -> List[Any]:
        """What a function wrote to beside its result."""
        names = RUNNING.get(target.known, ())
        if not names or target.signature is None:
            return []
        values = target.signature.bind(*args, **kwargs).arguments
        return [values[name] for name in names if self._torch.is_tensor(values.get(name))]

    def _again(self, target: Target, args: Any, kwargs: Any) -> List[Any]:
        """The same call in double precision, on copies."""
        torch = self._torch

        def double(value: Any) -> Any:
            if torch.is_tensor(value):
                value = value.detach()
                return value.double().clone() if value.is_floating_point() else value
            if isinstance(value, (list, tuple)):
                return type(value)(double(one) for one in value)
            if isinstance(value, torch.dtype) and value.is_floating_point:
                return torch.float64
            return value

        with torch.no_grad():
            made = target.function(
                *double(list(args)), **{one: double(kwargs[one]) for one in kwargs}
            )
        return flat(torch, made)

    def _own(self, target: Target) -> Own:
        return Own(self._session, self._window, self._aside, target)

    # -- draws

    def _draw(self, target: Target, args: Any, kwargs: Any) -> Any:
        """A function that draws, below torch 1.13."""
        torch, name = self._torch, target.known
        plain = name[:-1] if name.endswith("_") else name
        if plain in callables.DROPOUTS or plain in callables.RECURRENT:
            made = None
            if not kwargs and plain in callables.DROPOUTS:
                made = masks.dropout(torch, name, args)
            elif not kwargs:
                made = masks.recurrent(torch, target.function, args)
            return target.function(*args, **kwargs) if made is None else made
        with self._own(target):
            facts = {"gen": self._generator(kwargs)}
        out = target.function(*args, **kwargs)
        with self._own(target):
            place, _ = self._session.places.here()
            outputs = [one.data for one in flat(torch, out)]  # not seen by autograd
            self._drawn(name, masks.numbers(name, args, kwargs), outputs, place, facts)
        return out

    def draw_below(self, func: Any, args: Any, kwargs: Any) -> Any:
        """An operation below autograd, from torch 1.13 on."""
        name = func._schema.name.partition("::")[2]
        if self._window.paused or not tape.family(name):
            return func(*args, **kwargs)
        place, importing = self._session.places.here()
        if importing:
            return func(*args, **kwargs)
        began = time.perf_counter()
        self._window.pause()
        try:
            facts = {"gen": self._generator(kwargs)}
            out = func(*args, **kwargs)
            self._drawn(name, args, flat(self._torch, out), place, facts)
            return out
        finally:
            self._window.resume()
            self._session.recorder.cost += time.perf_counter() - began

    def _api(self) -> str:
        return self._outermost


def _gradients(torch: Any, parameters: Any) -> List[Any]:
    return [one.grad for one in flat(torch, parameters) if one.grad is not None]


def _are_views(outputs: List[Any], inputs: List[Any]) -> bool:
    """Whether all results stand in the memory of what was given."""
    given = {_memory(one) for one in inputs} - {0}
    return bool(given) and all(_memory(one) in given for one in outputs)


def _memory(tensor: Any) -> int:
    """Where a tensor's storage begins; 0 where it has none."""
    try:
        storage = getattr(tensor, "untyped_storage", tensor.storage)()
        return int(storage.data_ptr())
    except (RuntimeError, NotImplementedError, AttributeError):
        return 0
