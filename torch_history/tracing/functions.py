"""Functions: watches torch by functions put in place of its own (torch 1.4 and later).

Two releases are compared in this way on both sides where one has no modes. It shows less than
``operations``: the outermost calls in the forward, not what they consist of, and of a backward the
gradients of the parameters. These are not seen at all:

- a function that the program or a library got hold of before the watch began, such as a default
  argument or an entry of a dictionary,
- what runs inside scripted or traced code, and indexing (``x[0]``, ``x[mask] = 0``),
- what an optimizer of torch does in its step, which the state after it shows,
- draws inside C other than those of dropout and of recurrent layers, below torch 1.13. Such a call
  has the state that it began from as its ``gen``.

Python shows a warning of C code with a line of this file, because that is where it is called.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from pathlib import Path
from typing import Any, Dict, List, Tuple

from torch_history.tracing import callables, masks, tape
from torch_history.tracing.callables import Target
from torch_history.tracing.logged import Calls
from torch_history.tracing.watching import Watching
from torch_history.tracing.window import Span, flat
from torch_history.tracing.wrapped import Wraps

MODES = (1, 13)  # the first release with a mode that sees the draws inside C


class Depth(threading.local):
    """How many watched calls are under way in a thread."""

    value = 0


class Functions(Watching):
    """Watches what torch does, by wrapped functions while there is something to see."""

    def __init__(self, session: Any, window: Any) -> None:
        super().__init__(session, window)
        self._wraps = Wraps(session.torch, self.call)
        self._calls = Calls(session, window, self._jitter)
        self._targets: List[Target] = []
        self._level = ""
        self._depth = Depth()
        self._outermost = ""
        self._leaves: List[Any] = []
        self._permutations: Dict[Any, int] = {}
        home = Path(session.torch.__file__).parent
        self._inner = (f"{home / 'optim'}{os.sep}", str(home / "autograd" / "profiler.py"))
        self._data = f"{home / 'utils' / 'data'}{os.sep}"
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
        """A mode that sees the draws inside C, where the release has one."""
        version = self._torch.__version__.split("+")[0].split(".")
        if (int(version[0]), int(version[1])) < MODES:
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
        if target.way == "bare":
            with self._wraps.bare():
                return target.function(*args, **kwargs)
        if window.paused or self._is_traced() or self._is_unused(target.known):
            return target.function(*args, **kwargs)
        if target.way == "quiet" or self._depth.value:
            return self._let_pass(target, args, kwargs)
        if not (window.listening or self._jitter is not None):
            return self._let_pass(target, args, kwargs)
        place, importing = self._session.places.here()
        if importing or window.phase == "backward" or self._is_inside(target):
            return self._let_pass(target, args, kwargs)
        return self._logged(target, args, kwargs, place)

    def _logged(self, target: Target, args: Any, kwargs: Any, place: Any) -> Any:
        if target.name in callables.CLIPPING and args and not self._torch.is_tensor(args[0]):
            args = (list(args[0]), *args[1:])  # what may be a generator is read twice
        begun = self._calls.begin(target, args, kwargs)
        out = self._let_pass(target, args, kwargs)
        if begun is not None:
            self._calls.end(target, begun, args, kwargs, out, place)
        return out

    def backward_begins(self, roots: List[Any]) -> None:
        """Note which parameters a backward leads to: afterwards the graph may be gone."""
        self._leaves = self._calls.leaves(roots)

    def backward_ended(self, span: Span) -> None:
        """Log the gradients."""
        leaves, self._leaves = self._leaves, []
        if span.name == "backward":  # grad returns them
            self._calls.gradients(leaves)

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

    def _is_inside(self, target: Target) -> bool:
        """Whether an optimizer of torch calls this, and not a closure that it was given.

        A profiler, which a loader has too, makes tensors of its own. The draws of torch's
        samplers and loaders are no operations either.
        """
        home = (*self._inner, self._data) if tape.family(target.known) else self._inner
        frame: Any = sys._getframe(2)
        while frame is not None:
            file = frame.f_code.co_filename
            if file.startswith(home):
                return True
            if not file.startswith(self._passed):
                return False
            frame = frame.f_back
        return False

    def _api(self) -> str:
        return self._outermost

    # -- draws

    def _draw(self, target: Target, args: Any, kwargs: Any) -> Any:
        """A function that draws, where there is no mode that sees it."""
        torch, name = self._torch, target.known
        plain = name[:-1] if name.endswith("_") else name
        made = None
        if plain in callables.DROPOUTS and not kwargs:
            made = masks.dropout(torch, name, args)
        elif plain in callables.RECURRENT and not kwargs:
            made = masks.recurrent(torch, target.function, args)
        if made is not None:
            return made
        if not tape.family(name):
            return target.function(*args, **kwargs)
        facts: Dict[str, Any] = {}
        with self._calls.own(target.public):
            facts["gen"] = self._generator(kwargs)
        out = target.function(*args, **kwargs)
        with self._calls.own(target.public):
            place, _ = self._session.places.here()
            outputs = [one.data for one in flat(torch, out)]  # not seen by autograd
            self._drawn(name, masks.numbers(name, args, kwargs), outputs, place, facts)
        return out

    def draw_below(self, func: Any, args: Any, kwargs: Any) -> Any:
        """An operation below autograd, from torch 1.13 on."""
        name = func._schema.name.partition("::")[2]
        if self._window.paused or not tape.family(name) or self._is_unused(name):
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

    def _is_unused(self, name: str) -> bool:
        """Whether RandomSampler draws an order for the rest of the samples, where there is none.

        It does so since 1.12, from a generator of its own. Nothing of that order is used.
        """
        if name != "randperm":
            return False
        sampler = f"{self._data}sampler.py"
        frame: Any = sys._getframe(1)
        while frame is not None and frame.f_code.co_filename.startswith(self._passed):
            if frame.f_code.co_filename == sampler and frame.f_code.co_name == "__iter__":
                break
            frame = frame.f_back
        else:
            return False
        inside = frame.f_locals
        first = min(frame.f_lasti, self._permutations.get(frame.f_code, frame.f_lasti))
        self._permutations[frame.f_code] = first
        count = getattr(inside.get("self"), "num_samples", 1)
        return bool(frame.f_lasti > first and inside.get("n") and count % inside["n"] == 0)
