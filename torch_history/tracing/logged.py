"""Logged: logs one call of a wrapped function, with what it was given and what it made."""

from __future__ import annotations

import contextlib
import functools
import time
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Tuple

from torch_history.tracing import callables, digest
from torch_history.tracing.callables import Given, Target
from torch_history.tracing.jitter import EXACT
from torch_history.tracing.watching import overwrites
from torch_history.tracing.window import Call, flat

# Their results are exact too, or are no results of the forward. Jitter knows operations alone.
COPIES = EXACT | callables.SOURCES | {
    "max_pool1d", "max_pool2d", "max_pool3d", "adaptive_max_pool1d", "adaptive_max_pool2d",
    "adaptive_max_pool3d", "max_unpool2d", "pad", "relu6", "hardtanh", "new_tensor", "tile",
    "repeat_interleave", "masked_select", "take", "diag", "hstack", "vstack", "rot90", "unique",
    "pixel_shuffle", "unfold", "hardshrink", "grad", "to",
}  # fmt: skip
# They also write to these of their arguments.
RUNNING = ("running_mean", "running_var")
NORMALIZING = ("batch_norm", "instance_norm")
FIRST_ONLY = ("multi_head_attention_forward",)  # releases differ in when they make the second
# A second call would count as another backward.
ONCE = ("grad",)
BACKWARD = "torch.autograd.backward"
UNSURE = 80  # units in the last place of the largest gradient; 7 times as many are no rounding


class Begun(NamedTuple):
    """What is known of a call before it runs."""

    given: Given
    call: Optional[Call]  # None: it is not logged
    inputs: List[Any]
    state: Any  # of the generator
    writes: bool


class Own:
    """A block in which the tracer works. If it fails, the call is not logged, and goes on."""

    def __init__(self, session: Any, window: Any, name: str) -> None:
        self._session, self._window, self._name = session, window, name
        # Classes of the program that see all calls do not see these.
        aside = getattr(session.torch._C, "DisableTorchFunction", contextlib.nullcontext)
        self._aside = aside()
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
        recorder.emit("not_logged", name=self._name, why=why[:200])
        return isinstance(error, Exception)


class Calls:
    """Logs calls. ``jitter`` moves their results, where it is asked for."""

    def __init__(self, session: Any, window: Any, jitter: Any) -> None:
        self._session, self._torch, self._window = session, session.torch, window
        self._jitter = jitter

    def own(self, name: str) -> Own:
        """A block in which the tracer itself uses torch, for a function of this name."""
        return Own(self._session, self._window, name)

    def begin(self, target: Target, args: Any, kwargs: Any) -> Optional[Begun]:
        """Note what a call is given, before it can write to that."""
        torch, log = self._torch, self._window.log
        listening = self._window.listening
        with self.own(target.public):
            given = callables.given(target, args, kwargs)
            writes = given.name.endswith("_") or kwargs.get("out") is not None
            inputs = flat(torch, [args, kwargs])
            if not listening:
                return Begun(given, None, inputs, None, writes)
            shown = given.args
            if target.name in callables.CLIPPING:
                shown = [_gradients(torch, shown[:1]), *shown[1:]]
            call = log.call(given.name, shown, given.kwargs, overwrites(given.name))
            state = _state(torch, kwargs)
            return Begun(given, call, inputs, state, writes)
        return None

    def end(
        self, target: Target, begun: Begun, args: Any, kwargs: Any, out: Any, place: Any
    ) -> None:
        """Log a call that has returned."""
        window = self._window
        with self.own(target.public):
            outputs = self._outputs(target, begun, args, out)
            if not begun.writes and _are_views(outputs, begun.inputs):
                return
            name, call = self._known(target, begun, outputs)
            fresh = not begun.writes and name not in COPIES and window.phase != "backward"
            if self._jitter is not None and fresh:
                self._jitter.move(name, [one.data for one in outputs])
            if call is None or not outputs:
                return
            facts: Dict[str, Any] = {"api": target.public}
            again: Optional[Callable[[], List[Any]]] = None
            if not self._torch.equal(begun.state, _state(self._torch, kwargs)):
                facts["gen"] = digest.content(self._torch, begun.state)
            elif not begun.writes and target.known not in ONCE:
                again = functools.partial(_again, self._torch, target, args, kwargs)
            outputs += _running(self._torch, target, args, kwargs)
            window.log.operation(call, outputs, place, again, **facts)

    def _outputs(self, target: Target, begun: Begun, args: Any, out: Any) -> List[Any]:
        outputs = flat(self._torch, out)
        if target.known in FIRST_ONLY:
            return outputs[:1]
        if target.name in callables.CLIPPING:  # the norm was a number below 1.7
            return _gradients(self._torch, args[:1])
        return outputs or (flat(self._torch, args[:1]) if begun.writes else [])

    def _known(
        self, target: Target, begun: Begun, outputs: List[Any]
    ) -> Tuple[str, Optional[Call]]:
        """By what a call is known once it has returned.

        A conversion is known by its dtype, and what comes from outside torch by its content.
        """
        name, log = begun.given.name, self._window.log
        if name in callables.SOURCES:
            name = "tensor"
            shown: List[Any] = outputs
        elif target.name in callables.CONVERSIONS:
            name = "to"
            shown = [begun.inputs[0], outputs[0].dtype] if outputs and begun.inputs else []
            if outputs and begun.inputs and outputs[0].dtype == begun.inputs[0].dtype:
                return name, None  # to another device
        else:
            return name, begun.call
        return name, log.call(name, shown, {}) if begun.call is not None else None

    # -- backward

    def leaves(self, roots: List[Any]) -> List[Tuple[Any, Call]]:
        """The parameters that a backward leads to, before it runs."""
        found: List[Tuple[Any, Call]] = []
        with self.own(BACKWARD):
            for leaf in _leaves(self._torch, flat(self._torch, roots)):
                name = self._session.marks._name(leaf)
                call = self._window.log.call("gradient", [leaf, *roots], {"of": name})
                found.append((leaf, call))
        return found

    def gradients(self, leaves: List[Tuple[Any, Call]]) -> None:
        """Log the gradients that a backward has left, inside its span."""
        with self.own(BACKWARD):
            place, _ = self._session.places.here()
            made = [(leaf.grad, call) for leaf, call in leaves if leaf.grad is not None]
            among = max((_largest(gradient) for gradient, _ in made), default=0.0)
            for gradient, call in made:
                again = functools.partial(_unsure, self._torch, gradient, among)
                facts = {"api": BACKWARD, "among": among}
                self._window.log.operation(call, [gradient], place, again, **facts)


def _state(torch: Any, kwargs: Any) -> Any:
    """Of the generator that a call draws from, if it draws."""
    generator = kwargs.get("generator")
    return torch.get_rng_state() if generator is None else generator.get_state()


def _leaves(torch: Any, roots: List[Any]) -> List[Any]:
    """The parameters below some results, in the order in which autograd names them."""
    todo = [one.grad_fn for one in reversed(roots) if one.grad_fn is not None]
    seen: Dict[Any, None] = {}
    found: Dict[int, Any] = {}
    while todo:
        node = todo.pop()
        if node in seen:
            continue
        seen[node] = None
        leaf = getattr(node, "variable", None)
        if isinstance(leaf, torch.nn.Parameter):
            found[id(leaf)] = leaf
        todo += [one for one, _ in reversed(node.next_functions) if one is not None]
    return list(found.values())


def _largest(gradient: Any) -> float:
    """The largest number of a gradient."""
    if gradient.is_sparse:
        gradient = gradient._values()
    sizes = gradient.detach().abs()
    sizes = sizes[sizes < float("inf")]
    return float(sizes.max()) if sizes.numel() else 0.0


def _unsure(torch: Any, gradient: Any, among: float) -> List[Any]:
    """In place of the exact gradient, one as far away as the roundings of a backward add up to.

    They are a share of the largest gradient: one that should be zero is made of nothing else.
    """
    far = UNSURE * torch.finfo(gradient.dtype).eps * among
    return [gradient.detach().double() + far]


def _gradients(torch: Any, parameters: Any) -> List[Any]:
    return [one.grad for one in flat(torch, parameters) if one.grad is not None]


def _running(torch: Any, target: Target, args: Any, kwargs: Any) -> List[Any]:
    """What a normalization wrote to beside its result."""
    if target.known not in NORMALIZING or target.signature is None:
        return []
    values = target.signature.bind(*args, **kwargs).arguments
    return [values[name] for name in RUNNING if torch.is_tensor(values.get(name))]


def _again(torch: Any, target: Target, args: Any, kwargs: Any) -> List[Any]:
    """The same call in double precision, on copies."""

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
        named = {key: double(kwargs[key]) for key in kwargs}
        return flat(torch, target.function(*double(list(args)), **named))


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
