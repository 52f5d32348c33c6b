"""Watching: what both watchers share: calls of modules, draws, and the ends of spans."""

from __future__ import annotations

import functools
import time
from pathlib import Path
from typing import Any, Dict, List

from torch_history.tracing import digest, tape
from torch_history.tracing.jitter import Jitter
from torch_history.tracing.window import OVERWRITES, flat

FIRST_ONLY = (".MultiheadAttention",)  # modules: releases differ in when they make the second


class Watching:
    """A watcher. What it watches with is entered and left as the window needs."""

    def __init__(self, session: Any, window: Any) -> None:
        self._session, self._torch, self._window = session, session.torch, window
        given = session.settings
        self._tape = _tape(session)
        self._jitter = Jitter(session.torch) if given.jitter else None
        self._draws = 0
        self._modes: List[Any] = []
        self._call: Any = None

    def attend(self, logging: bool, always: bool) -> None:
        """Enter what watches, or leave it, as the window needs."""
        self._attend(logging, always)
        if logging and self._call is None:
            self._watch_modules()
        elif not logging and self._call is not None:
            self._torch.nn.Module.__call__, self._call = self._call, None

    def backward_begins(self, roots: List[Any]) -> None:
        """A backward that is logged begins."""

    def backward_ended(self, span: Any) -> None:
        """It has ended, and its span is still open."""

    def _attend(self, logging: bool, always: bool) -> None:
        raise NotImplementedError

    def _leave(self) -> None:
        """Leave the modes, unless the program has entered another one since."""
        for mode in reversed(list(self._modes)):
            if not _is_innermost(self._torch, mode):
                return  # they stay, and let everything pass
            mode.__exit__(None, None, None)
            self._modes.remove(mode)

    # -- draws

    def _generator(self, kwargs: Any) -> str:
        """The state that a draw begins from."""
        generator = kwargs.get("generator")
        state = self._torch.get_rng_state() if generator is None else generator.get_state()
        return digest.content(self._torch, state)

    def _drawn(
        self, name: str, args: Any, outputs: List[Any], place: Any, facts: Dict[str, Any]
    ) -> None:
        """Tape a draw, or replace it from the tape, and note it."""
        draw = tape.drawn(name, list(args), outputs)
        if draw is None:
            return
        self._draws += 1
        log = self._window.log
        own = digest.content(self._torch, outputs[draw.place])
        how = self._tape.made(self._torch, draw, outputs)
        self._session.recorder.emit(
            "draw",
            i=self._draws,
            name=name,
            key=draw.key,
            numbers=draw.numbers,
            gen=facts["gen"],
            own=own,
            how=how,
            at=place,
            api=self._api(),
            module=log.modules[-1][0] if log.modules else "",
            mark=self._session.marks.number,
        )

    def _api(self) -> str:
        """The function of torch that is called now."""
        stack = self._window.log.stack
        return next((one.name for one in reversed(stack) if one.kind == "function"), "")

    # -- spans

    def _spanned(
        self, kind: str, name: str, args: Any, kwargs: Any, call: Any, place: Any, of: str = ""
    ) -> Any:
        window, began = self._window, time.perf_counter()
        window.pause()
        call_ = window.log.call(name, args, kwargs, overwrites(name))
        span = window.log.begin(kind, call_, place, **({"of": of} if of else {}))
        window.resume()
        self._session.recorder.cost += time.perf_counter() - began
        out, returned = None, False
        try:
            out = call(*args, **kwargs)
            returned = True
            return out
        finally:
            began = time.perf_counter()
            window.pause()
            outputs = flat(self._torch, out)
            if of.endswith(FIRST_ONLY):
                outputs = outputs[:1]
            window.log.end(span, outputs, returned)
            if place is not None:
                _remember(outputs, tuple(place))
            window.resume()
            self._session.recorder.cost += time.perf_counter() - began

    def _watch_modules(self) -> None:
        kind = self._torch.nn.Module
        called = self._call = kind.__call__
        watcher, log = self, self._window.log

        @functools.wraps(called)
        def call(module: Any, *args: Any, **kwargs: Any) -> Any:
            if not watcher._window.listening or watcher._is_traced():
                return called(module, *args, **kwargs)
            path = _path(log.modules, module)
            log.modules.append((path, module))
            try:
                made = functools.partial(called, module)
                of = f"{type(module).__module__}.{type(module).__qualname__}"
                return watcher._spanned("module", path, args, kwargs, made, None, of)
            finally:
                log.modules.pop()

        kind.__call__ = call

    def _is_traced(self) -> bool:
        """Whether ``torch.jit.trace`` records now: what the tracer does would be recorded too."""
        return self._torch._C._get_tracing_state() is not None


def overwrites(name: str) -> bool:
    """Whether a function writes over its first argument without a look at it."""
    last = name.rpartition(".")[2]
    drawn = bool(tape.family(last)) and last.endswith("_")
    return drawn or last in OVERWRITES or name.startswith("torch.nn.init.")


def _tape(session: Any) -> Any:
    given = session.settings
    if given.tape == "record":
        return tape.Recording(session.recorder.tape)
    return tape.Playing(Path(given.tape_of)) if given.tape == "play" else None


def _is_innermost(torch: Any, mode: Any) -> bool:
    """Whether a mode is the last one that was entered."""
    from torch.overrides import TorchFunctionMode
    from torch.utils import _python_dispatch

    if isinstance(mode, TorchFunctionMode):
        stack = getattr(torch._C, "_get_function_stack_at", None)
        if stack is not None:
            count = torch._C._len_torch_function_stack()
            return bool(count) and stack(count - 1) is mode
        return True
    current = getattr(_python_dispatch, "_get_current_dispatch_mode_stack", None)
    if current is not None:
        modes = current()
        return bool(modes) and modes[-1] is mode
    return True


def _path(modules: List[Any], module: Any) -> str:
    """The path of a module below the outermost one that is called, which is called by its class."""
    for path, parent in reversed(modules):
        for name, child in parent._modules.items():
            if child is module:
                return f"{path}.{name}"
            for inner, one in getattr(child, "_modules", {}).items():
                if one is module:  # of a ModuleList
                    return f"{path}.{name}.{inner}"
    return type(module).__name__


def _remember(outputs: List[Any], place: Any) -> None:
    """Leave the reader's line on the nodes of autograd that a call has made."""
    try:
        todo, seen = [one.grad_fn for one in outputs if one.grad_fn is not None], 0
    except RuntimeError:  # torch refuses to say it of some views
        return
    while todo and seen < 20:
        node, seen = todo.pop(), seen + 1
        try:
            if "torch_history" in node.metadata:
                continue
            node.metadata["torch_history"] = place
        except (AttributeError, TypeError):
            return
        todo += [one for one, _ in node.next_functions if one is not None]
