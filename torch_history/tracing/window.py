"""Window: logs the operations between two marks, with what each was given and what it made.

An operation is known by its name and the contents of its inputs, never by its position. Around the
operations stand spans: calls of torch's functions, of modules, of backward and of an optimizer's
step, known in the same way, so that what a release composes otherwise meets again at their ends.
"""

from __future__ import annotations

import hashlib
import time
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Tuple

from torch_history.tracing import digest
from torch_history.tracing.arguments import arguments as arguments_of
from torch_history.tracing.places import Place

MOST = 200_000  # operations of one window
# Their contents are whatever the memory held.
UNINITIALIZED = ("empty", "new_empty", "resize_", "set_", "empty_strided", "empty_like", "new")
PLACING = ("device", "pin_memory", "layout")  # arguments that leave the values as they are
FIRST = ("tensor", "input", "self")  # the name of a first argument
# They write over all of their first argument without a look at it.
OVERWRITES = ("copy_", "zero_", "fill_")


class Span(NamedTuple):
    """A call that operations belong to."""

    number: int
    kind: str  # function, module, backward, step
    name: str
    key: str
    parent: int


class Call(NamedTuple):
    """What an operation or a span was given."""

    name: str
    key: str
    inputs: List[Tuple[str, str, Tuple[int, ...]]]  # digest, dtype, shape
    scalars: str
    given: Any = None  # all arguments, where the contents are kept too


class Log:
    """Writes operations and spans as events, and tells a follower of each."""

    def __init__(self, session: Any, follower: Any) -> None:
        self._session, self._torch = session, session.torch
        self._recorder, self.follower = session.recorder, follower
        self.number = 0
        self.stack: List[Span] = []
        self.modules: List[Tuple[str, Any]] = []
        self.full = False
        self.garbage = 0  # the last event before a tensor without a content was made

    @property
    def phase(self) -> str:
        """forward, backward, or step."""
        for span in reversed(self.stack):
            if span.kind in ("backward", "step"):
                return span.kind
        return "forward"

    def call(self, name: str, arguments: Any, named: Any, overwrites: bool = False) -> Call:
        """What a call is given: the digests of its tensors, and its scalars as text."""
        inputs: List[Tuple[str, str, Tuple[int, ...]]] = []
        torch = self._torch

        def text(value: Any, skip: bool = False) -> str:
            if torch.is_tensor(value):
                skip = skip or _is_workspace(torch, name, value)
                facts = (
                    _overwritten(value) if skip else digest.content(torch, value),
                    str(value.dtype),
                    tuple(value.shape),
                )
                inputs.append(facts)
                if not skip:
                    self._keep([value], [facts])
                return "T:" + facts[0]
            if isinstance(value, (list, tuple)):
                return "[" + ",".join(text(one) for one in value) + "]"
            if isinstance(value, dict):
                return "{" + ",".join(f"{key}={text(value[key])}" for key in value) + "}"
            return scalar(torch, value)

        parts = [text(one, overwrites and place == 0) for place, one in enumerate(arguments)]
        written = FIRST if overwrites and not arguments else ()
        parts += [
            f"{key}={text(named[key], key in written)}"
            for key in sorted(named)
            if named[key] is not None and named[key] is not False and key not in PLACING
        ]
        while parts and parts[-1] in ("None", "False"):  # what a release adds with its default
            parts.pop()
        whole = ";".join(parts)
        key = hashlib.blake2b(f"{name}({whole})".encode(), digest_size=12).hexdigest()
        scalars = ", ".join(one for one in parts if "T:" not in one)
        given = arguments_of(torch, arguments, named) if self._session.settings.keep else None
        return Call(name, key, inputs, scalars[:300], given)

    def begin(self, kind: str, call: Call, place: Optional[Place] = None, **facts: Any) -> Span:
        """Open a span."""
        place = place or self._session.places.here()[0]
        self.number += 1
        parent = self.stack[-1].number if self.stack else 0
        span = Span(self.number, kind, call.name, f"{kind} {call.key}", parent)
        self.stack.append(span)
        self._recorder.emit(
            "begin_span",
            i=span.number,
            kind=kind,
            name=call.name,
            key=span.key,
            parent=parent,
            ins=call.inputs,
            scalars=call.scalars,
            at=place,
            **_given(call),
            **facts,
        )
        return span

    def end(self, span: Span, outputs: List[Any], returned: bool = True) -> None:
        """Close a span, and whatever was left open inside it by an exception."""
        while self.stack and self.stack[-1].number >= span.number:
            self.stack.pop()
        # Nothing was logged inside, and what was made has whatever the memory held.
        garbage = self.garbage == self.number == span.number
        outs = [] if garbage else self._facts(outputs)
        returned = returned and not garbage
        self._recorder.emit("end_span", i=span.number, outs=outs, returned=returned)
        self._keep(outputs, outs)
        if self.follower is not None and returned:
            self.follower.span(span, outputs, outs)

    def operation(
        self,
        call: Call,
        outputs: List[Any],
        place: Optional[Place],
        again: Optional[Callable[[], List[Any]]],
        **facts: Any,
    ) -> None:
        """Log an operation after it has run. ``again`` runs it once more in double precision."""
        self.number += 1
        if self.number > MOST:
            self.full = True
        outs = self._facts(outputs)
        self._recorder.emit(
            "op",
            i=self.number,
            name=call.name,
            key=call.key,
            parent=self.stack[-1].number if self.stack else 0,
            phase=self.phase,
            ins=call.inputs,
            scalars=call.scalars,
            outs=outs,
            at=place,
            module=self.modules[-1][0] if self.modules else "",
            **_given(call),
            **facts,
        )
        self._keep(outputs, outs)
        if self.follower is not None:
            self.follower.operation(self.number, call, outputs, outs, again)

    def _facts(self, outputs: List[Any]) -> List[Tuple[str, str, Tuple[int, ...]]]:
        return [
            (digest.content(self._torch, one), str(one.dtype), tuple(one.shape)) for one in outputs
        ]

    def _keep(self, outputs: List[Any], outs: List[Any]) -> None:
        if not self._session.settings.keep:
            return
        for one, (content, dtype, shape) in zip(outputs, outs):
            if content in self._recorder.kept:
                continue
            memory = digest.plain(self._torch, one)
            if memory is not None:
                self._recorder.kept.put(content, dtype, shape, digest.read(memory))


class Window:
    """Opens and closes the log at marks. ``watcher`` sees what torch does while it is open."""

    def __init__(self, session: Any, watcher: Any, follower: Any) -> None:
        self._session, self._torch = session, session.torch
        self.log = Log(session, follower)
        self.watcher = watcher(session, self)
        self.follower = follower
        self.open = False
        self._paused = 0
        self._inside: List[str] = []  # backward, step

    def reach(self, number: int) -> None:
        """A mark was made: open or close."""
        given = self._session.settings
        first, last = given.window or (0, 0)
        was = self.open
        inside = number >= first and (last is None or number < last)
        self.open = inside and not self.log.full
        if self.open != was:
            self._session.recorder.emit("window", open=self.open, mark=number)
        self.watcher.attend(self.open, bool(given.tape or given.jitter))

    @property
    def phase(self) -> str:
        """forward, backward, or step, whether it is logged or not."""
        return self._inside[-1] if self._inside else "forward"

    @property
    def listening(self) -> bool:
        """Whether what happens now is logged."""
        return self.open and not self._paused and not self.log.full

    @property
    def listening_but_paused(self) -> bool:
        """Whether the operation that the tracer sees now is logged, once it has paused itself."""
        return self.open and self._paused == 1 and not self.log.full

    @property
    def paused(self) -> bool:
        """Whether the tracer itself uses torch now."""
        return bool(self._paused)

    def pause(self) -> None:
        """The tracer itself uses torch."""
        self._paused += 1

    def resume(self) -> None:
        """It no longer does."""
        self._paused -= 1

    def off(self) -> None:
        """For good, in a forked child."""
        self._paused += 1_000_000

    def close(self) -> None:
        """The program has ended."""
        self.open = False
        self._session.recorder.emit(
            "window_end",
            full=self.log.full,
            left_out=self._session.recorder.kept.left_out,
        )

    # -- spans that the marks know of

    def begin_step(self, optimizer: Any) -> Optional[Span]:
        """An optimizer begins a step."""
        self._inside.append("step")
        if not self.listening:
            return None
        began = time.perf_counter()
        self.pause()
        slots = list(self._session.marks.slots(optimizer))
        call = self.log.call(type(optimizer).__name__, [one.tensor for one in slots], {})
        self.resume()
        span = self.log.begin("step", call, made_at=self._session.marks.made_at(optimizer))
        self._spent(began)
        return span

    def end_step(self, span: Optional[Span]) -> None:
        """It has ended. What it made is compared as the state of the mark."""
        self._inside.pop()
        if span is not None and self.log.stack:
            self.pause()
            self.log.end(span, [])
            self.resume()

    def begin_backward(self, roots: List[Any], name: str) -> Optional[Span]:
        """A backward begins."""
        self._inside.append("backward")
        if not self.listening:
            return None
        began = time.perf_counter()
        self.pause()
        call = self.log.call(name, roots, {})
        self.resume()
        span = self.log.begin("backward", call)
        self.watcher.backward_begins(roots)
        self._spent(began)
        return span

    def end_backward(self, span: Optional[Span]) -> None:
        """It has ended. The gradients are compared as the state of the next step."""
        self._inside.pop()
        if span is not None:
            self.watcher.backward_ended(span)
            self.pause()
            self.log.end(span, [])
            self.resume()

    def state(self, mark: int, slots: List[Any]) -> None:
        """The state at a step: keep it, or follow that of another run."""
        if self._session.settings.keep:
            for slot in slots:
                memory = digest.plain(self._torch, slot.tensor)
                if memory is not None:
                    self._session.recorder.states.put(
                        f"{mark} {slot.group} {slot.name}",
                        str(memory.dtype),
                        memory.shape,
                        digest.read(memory),
                    )
        if self.follower is not None:
            self.follower.state(mark, slots)

    def _spent(self, began: float) -> None:
        self._session.recorder.cost += time.perf_counter() - began


def _given(call: Call) -> Dict[str, Any]:
    return {} if call.given is None else {"given": call.given}


def _is_workspace(torch: Any, name: str, tensor: Any) -> bool:
    """Whether an input is memory that the forward of a recurrent network left to its backward."""
    return "_rnn" in name and tensor.dtype in (torch.uint8, torch.int8)


def _overwritten(tensor: Any) -> str:
    """What stands for the content of a tensor that a call writes over."""
    return f"overwritten {tensor.dtype} {tuple(tensor.shape)}"


def scalar(torch: Any, value: Any) -> str:
    """A value that is no tensor, as text that is the same in every release."""
    if isinstance(value, (bool, int, str)) or value is None:
        return repr(value)
    if isinstance(value, float):
        return repr(int(value)) if value.is_integer() else repr(value)  # 1 and 1.0 act alike
    if isinstance(value, (torch.dtype, torch.device, torch.memory_format, torch.layout)):
        return str(value)
    if isinstance(value, torch.Generator):
        return "generator"
    if isinstance(value, slice):
        return f"slice({value.start},{value.stop},{value.step})"
    return f"<{type(value).__name__}>"


def flat(torch: Any, value: Any) -> List[Any]:
    """The tensors of a returned value."""
    if torch.is_tensor(value):
        return [value]
    if isinstance(value, (list, tuple)):
        return [tensor for one in value for tensor in flat(torch, one)]
    if isinstance(value, dict):
        return [tensor for one in value.values() for tensor in flat(torch, one)]
    return []
