"""Operations: watches torch by its dispatch mode and its function mode (torch 1.13 and later)."""

from __future__ import annotations

import functools
import time
from pathlib import Path
from typing import Any, Dict, List, Optional

from torch_history.tracing import digest, tape
from torch_history.tracing.jitter import Jitter
from torch_history.tracing.window import OVERWRITES, UNINITIALIZED, flat

# Calls of torch's functions that are no operation.
QUIET = ("__get__", "__set__", "size", "dim", "numel", "stride", "__len__", "requires_grad_",
         "__repr__", "is_floating_point", "is_complex", "data_ptr", "type", "ndimension", "__hash__",
         "storage", "untyped_storage", "backward", "register_hook", "is_contiguous", "item",
         "tolist", "numpy", "__format__", "storage_offset", "element_size", "get_device",
         "retain_grad", "is_shared", "__deepcopy__", "__reduce_ex__", "grad")  # fmt: skip


class Operations:
    """Watches what torch does, by modes that are entered while there is something to see."""

    def __init__(self, session: Any, window: Any) -> None:
        self._session, self._torch, self._window = session, session.torch, window
        given = session.settings
        self._tape = _tape(session)
        self._jitter = Jitter(session.torch) if given.jitter else None
        self._draws = 0
        self._schemas: Dict[Any, Any] = {}
        self._modes: List[Any] = []
        self._call: Any = None
        self._node = getattr(session.torch._C, "_current_autograd_node", None)

    def attend(self, logging: bool, always: bool) -> None:
        """Enter the modes, or leave them, as the window needs."""
        if (logging or always) and not self._modes:
            self._enter()
        elif not (logging or always) and self._modes:
            self._leave()
        if logging and self._call is None:
            self._watch_modules()
        elif not logging and self._call is not None:
            self._torch.nn.Module.__call__, self._call = self._call, None

    def _enter(self) -> None:
        from torch.overrides import TorchFunctionMode
        from torch.utils._python_dispatch import TorchDispatchMode

        watcher = self

        class Dispatch(TorchDispatchMode):  # type: ignore[misc]
            def __torch_dispatch__(self, func, types, args=(), kwargs=None):  # type: ignore[no-untyped-def]
                return watcher.operation(func, args, kwargs or {})

        class Function(TorchFunctionMode):  # type: ignore[misc]
            def __torch_function__(self, func, types, args=(), kwargs=None):  # type: ignore[no-untyped-def]
                return watcher.function(func, args, kwargs or {})

        self._modes = [Dispatch(), Function()]
        for mode in self._modes:
            mode.__enter__()

    def _leave(self) -> None:
        """Leave the modes, unless the program has entered another one since."""
        for mode in reversed(list(self._modes)):
            if not _is_innermost(self._torch, mode):
                return  # they stay, and let everything pass
            mode.__exit__(None, None, None)
            self._modes.remove(mode)

    # -- operations

    def operation(self, func: Any, args: Any, kwargs: Any) -> Any:
        """One operation, below autograd."""
        window = self._window
        if window.paused:
            return func(*args, **kwargs)
        schema = self._schemas.get(func) or self._schema(func)
        name, view, writes, fresh = schema
        drawing = self._tape is not None and tape.family(name)
        if not window.listening and not drawing and self._jitter is None:
            return func(*args, **kwargs)
        place, importing = self._session.places.here()
        if importing:
            return func(*args, **kwargs)
        began = time.perf_counter()
        window.pause()
        try:
            logged = window.listening_but_paused and not view
            facts: Dict[str, Any] = {}
            call = None
            if tape.family(name):
                facts["gen"] = self._generator(kwargs)
            if logged:
                over = name in OVERWRITES or bool(tape.family(name) and name.endswith("_"))
                call = window.log.call(name, args, kwargs, over)
            inner = time.perf_counter()
            out = func(*args, **kwargs)
            began += time.perf_counter() - inner
            outputs = flat(self._torch, out)
            if drawing:
                self._drawn(name, args, outputs, place, facts)
            if self._jitter is not None and not (view or writes) and window.log.phase == "forward":
                self._jitter.move(name, outputs)
            if call is not None and not fresh:
                if self._node is not None and window.log.phase == "backward":
                    facts.update(self._backward_of())
                again = None if writes else functools.partial(self._again, func, args, kwargs)
                window.log.operation(call, outputs, place, again, **facts)
            return out
        finally:
            window.resume()
            self._session.recorder.cost += time.perf_counter() - began

    def _schema(self, func: Any) -> Any:
        """An operation's name, and whether it makes a view, writes to an input, fills nothing."""
        schema = func._schema
        space, _, name = schema.name.partition("::")
        name = name if space == "aten" else f"{space}.{name}"
        aliases = [one.alias_info for one in schema.returns]
        view = bool(aliases) and all(one is not None and not one.is_write for one in aliases)
        writes = any(
            one.alias_info is not None and one.alias_info.is_write for one in schema.arguments
        )
        found = name, view or name == "_local_scalar_dense", writes, name in UNINITIALIZED
        self._schemas[func] = found
        return found

    def _generator(self, kwargs: Any) -> str:
        """The state that a draw begins from."""
        generator = kwargs.get("generator")
        state = self._torch.get_rng_state() if generator is None else generator.get_state()
        return digest.content(self._torch, state)

    def _drawn(
        self, name: str, args: Any, outputs: List[Any], place: Any, facts: Dict[str, Any]
    ) -> None:
        draw = tape.drawn(name, list(args), outputs)
        if draw is None:
            return
        self._draws += 1
        own = digest.content(self._torch, outputs[draw.place])
        how = self._tape.made(self._torch, draw, outputs)
        log = self._window.log
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
            api=next((one.name for one in reversed(log.stack) if one.kind == "function"), ""),
            module=log.modules[-1][0] if log.modules else "",
            mark=self._session.marks.number,
        )

    def _backward_of(self) -> Dict[str, Any]:
        """The node of autograd that is run, and the reader's line that made it."""
        node = self._node()
        if node is None:
            return {}
        try:
            return {"node": node.name(), "made_at": node.metadata.get("torch_history")}
        except (AttributeError, RuntimeError):
            return {}

    def _again(self, func: Any, args: Any, kwargs: Any) -> List[Any]:
        """The same operation in double precision."""
        torch = self._torch

        def double(value: Any) -> Any:
            if torch.is_tensor(value):
                return value.double() if value.is_floating_point() else value
            if isinstance(value, (list, tuple)):
                return type(value)(double(one) for one in value)
            if isinstance(value, torch.dtype) and value.is_floating_point:
                return torch.float64
            return value

        made = func(*double(list(args)), **{key: double(kwargs[key]) for key in kwargs})
        return flat(torch, made)

    # -- functions and modules

    def function(self, func: Any, args: Any, kwargs: Any) -> Any:
        """One call of a function of torch, above autograd."""
        window = self._window
        if not window.listening:
            return func(*args, **kwargs)
        name = _name_of(func)
        last = name.rpartition(".")[2]
        if last in QUIET or last in UNINITIALIZED:
            return func(*args, **kwargs)
        place, importing = self._session.places.here()
        if importing:
            return func(*args, **kwargs)
        return self._spanned("function", name, args, kwargs, func, place)

    def _spanned(
        self, kind: str, name: str, args: Any, kwargs: Any, call: Any, place: Any, of: str = ""
    ) -> Any:
        window, began = self._window, time.perf_counter()
        window.pause()
        call_ = window.log.call(name, args, kwargs, _overwrites(name))
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
            if not watcher._window.listening:
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


def _overwrites(name: str) -> bool:
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


def _name_of(func: Any) -> str:
    from torch.overrides import resolve_name

    try:
        name = resolve_name(func)
    except Exception:  # noqa: BLE001  a function that torch does not know
        name = None
    if not name:
        name = getattr(func, "__name__", str(func))
    if func.__class__.__name__ == "method-wrapper":  # Tensor.shape.__get__
        name = f"Tensor.{func.__name__}"
    return str(name)


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
    todo, seen = [one.grad_fn for one in outputs if one.grad_fn is not None], 0
    while todo and seen < 20:
        node, seen = todo.pop(), seen + 1
        try:
            if "torch_history" in node.metadata:
                continue
            node.metadata["torch_history"] = place
        except (AttributeError, TypeError):
            return
        todo += [one for one, _ in node.next_functions if one is not None]
