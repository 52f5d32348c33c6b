"""Operations: watches torch by its dispatch mode and its function mode (torch 1.13 and later)."""

from __future__ import annotations

import functools
import time
from typing import Any, Dict, List

from torch_history.tracing import tape
from torch_history.tracing.watching import Watching
from torch_history.tracing.window import OVERWRITES, UNINITIALIZED, flat

# From which output on an operation returns memory that only its own backward understands.
WORKSPACES = {"mkldnn_rnn_layer": 3, "_cudnn_rnn": 3, "cudnn_batch_norm": 3}
BATCH_NORMS = ("native_batch_norm", "_native_batch_norm_legit", "cudnn_batch_norm",
               "_batch_norm_with_update", "batch_norm_update_stats")  # fmt: skip
# Calls of torch's functions that are no operation.
QUIET = (
    "__get__", "__set__", "size", "dim", "numel", "stride", "__len__", "requires_grad_",
    "__repr__", "is_floating_point", "is_complex", "data_ptr", "type", "ndimension", "__hash__",
    "storage", "untyped_storage", "backward", "register_hook", "is_contiguous", "item", "tolist",
    "numpy", "__format__", "storage_offset", "element_size", "get_device", "retain_grad",
    "is_shared", "__deepcopy__", "__reduce_ex__", "grad",
)  # fmt: skip


class Operations(Watching):
    """Watches what torch does, by modes that are entered while there is something to see."""

    def __init__(self, session: Any, window: Any) -> None:
        super().__init__(session, window)
        self._schemas: Dict[Any, Any] = {}
        self._node = getattr(session.torch._C, "_current_autograd_node", None)

    def _attend(self, logging: bool, always: bool) -> None:
        if (logging or always) and not self._modes:
            self._enter()
        elif not (logging or always) and self._modes:
            self._leave()

    def _enter(self) -> None:
        from torch import overrides
        from torch.utils import _python_dispatch

        watcher: Any = self
        dispatch: Any = _python_dispatch.TorchDispatchMode
        function: Any = overrides.TorchFunctionMode

        class Dispatch(dispatch):  # type: ignore[misc]
            def __torch_dispatch__(self, func, types, args=(), kwargs=None):  # type: ignore[no-untyped-def]
                return watcher.operation(func, args, kwargs or {})

        class Function(function):  # type: ignore[misc]
            def __torch_function__(self, func, types, args=(), kwargs=None):  # type: ignore[no-untyped-def]
                return watcher.function(func, args, kwargs or {})

        self._modes = [Dispatch(), Function()]
        for mode in self._modes:
            mode.__enter__()
        set_mode = getattr(self._torch._C, "_set_torch_dispatch_mode", None)
        if set_mode is not None:  # in torch 1.13 alone
            self._make_tensors_outside(set_mode)

    def _make_tensors_outside(self, set_mode: Any) -> None:
        """Leave the mode while ``torch.Tensor(...)`` is called, which torch 1.13 refuses in one."""
        kind = self._torch.Tensor
        made = kind.__new__

        def new(cls: Any, *given: Any, **named: Any) -> Any:
            if not self._modes:
                return made(cls, *given, **named)
            set_mode(None)
            try:
                return made(cls, *given, **named)
            finally:
                set_mode(self._modes[0])

        if "__new__" not in vars(kind):
            self._session.patches.put(kind, "__new__", staticmethod(new))

    # -- operations

    def operation(self, func: Any, args: Any, kwargs: Any) -> Any:
        """One operation, below autograd."""
        window = self._window
        if window.paused:
            return func(*args, **kwargs)
        schema = self._schemas.get(func) or self._schema(func)
        name, view, writes, fresh = schema
        drawing = self._tape is not None and tape.family(name)
        if not window.listening and not drawing:
            return self._unlogged(func, args, kwargs, name, view or writes)
        if view:
            return self._viewed(func, args, kwargs)
        place, importing = self._session.places.here()
        if importing:
            return func(*args, **kwargs)
        began = time.perf_counter()
        window.pause()
        try:
            logged = window.listening_but_paused
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
            outputs = self._results(name, args, out, writes)
            if drawing:
                self._drawn(name, args, outputs, place, facts)
            self._moved(name, outputs, writes)
            if fresh:
                window.log.garbage = window.log.number
            if call is not None and not fresh:
                if self._node is not None and window.log.phase == "backward":
                    facts.update(self._backward_of())
                again = None if writes else functools.partial(self._again, func, args, kwargs)
                window.log.operation(call, outputs, place, again, **facts)
            return out
        finally:
            window.resume()
            self._session.recorder.cost += time.perf_counter() - began

    def _results(self, name: str, args: Any, out: Any, writes: bool) -> List[Any]:
        """The tensors that an operation makes or moves."""
        outputs = flat(self._torch, out)
        if writes and not outputs:  # those on lists return nothing
            outputs = flat(self._torch, args[:1])
        if name in WORKSPACES:
            del outputs[WORKSPACES[name] :]
        if name in BATCH_NORMS:
            # It also moves the running mean and variance, which its schema does not say.
            outputs += [one for one in args[3:5] if self._torch.is_tensor(one)]
        return outputs

    def _viewed(self, func: Any, args: Any, kwargs: Any) -> Any:
        """A view: it makes nothing new, and is not logged."""
        out = func(*args, **kwargs)
        follower = self._window.follower
        if follower is not None and self._window.listening:
            self._window.pause()
            follower.view(flat(self._torch, args), flat(self._torch, out))
            self._window.resume()
        return out

    def _unlogged(self, func: Any, args: Any, kwargs: Any, name: str, old: bool) -> Any:
        """An operation that is not logged, fast. ``old``: it makes nothing new."""
        out = func(*args, **kwargs)
        if self._jitter is not None and not old:
            self._window.pause()
            self._moved(name, flat(self._torch, out), old)
            self._window.resume()
        return out

    def _moved(self, name: str, outputs: List[Any], old: bool) -> None:
        """Jitter the results of the forward."""
        if self._jitter is not None and not old and self._window.phase == "forward":
            self._jitter.move(name, outputs)

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
        # The schemas of 2.0 do not say it of lists.
        writes = writes or (name.startswith("_foreach_") and name.endswith("_"))
        quiet = view or name == "_local_scalar_dense" or space == "profiler"
        found = name, quiet, writes, name in UNINITIALIZED
        self._schemas[func] = found
        return found

    def _backward_of(self) -> Dict[str, Any]:
        """The node of autograd that is run, and the reader's line that made it."""
        node = self._node() if self._node is not None else None
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
        if self._session.uses is not None:
            self._session.uses.function(func, args, kwargs)
        name = _name_of(func)
        last = name.rpartition(".")[2]
        if last in QUIET or last in UNINITIALIZED:
            return func(*args, **kwargs)
        place, importing = self._session.places.here()
        if importing:
            return func(*args, **kwargs)
        return self._spanned("function", name, args, kwargs, func, place)


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
