"""Uses: watches for calls of torch's API from the reader's own files, by a profile function.

It sees every call, and costs about 0.2 microseconds for each. So it is taken off

1. after the first optimizer steps, when the calls repeat; it is set again where the program begins
   an evaluation, until the next backward or step;
2. while the program does much else before it makes its first module.

Where a debugger, a profiler or a measure of coverage has set another profile function, that stays.
"""

from __future__ import annotations

import builtins
import functools
import os
import sys
import threading
import time
import types
from typing import Any, Dict

from torch_history.tracing.noting import Calls

STEPS = 2  # optimizer steps that are looked at
MARKS = 64  # or so many backwards: a program may have no optimizer, and LBFGS has many in a step
MOST_CALLS = 2_000_000  # of the reader's code, without a module, a backward or a step
MOST_WAITS = 5
MOST_SECONDS, MOST_PART = 5.0, 0.1  # of a run: evaluations that are looked at
OPTIMIZED = 0x01  # a flag of code whose local variables are no dictionary


class Uses:
    """Watches for calls of torch from the reader's own files."""

    def __init__(self, session: Any) -> None:
        self._session, self._torch = session, session.torch
        self._calls = Calls(session)
        torch_folder, engine = self._calls.torchs
        # The files between a call of a built-in function and what a function mode does with it.
        self._between = (engine, f"{torch_folder}overrides.py")
        self._own: Dict[str, bool] = {}  # file -> whether it is the reader's own
        self._kinds: Dict[type, bool] = {}  # class -> whether torch may have its methods
        self.on = False
        self._off = False  # for good
        self._waiting = self._inside = False
        self._count = self._waits = 0
        self._ended = False  # whether the first steps are over
        self._began = self._resumed = 0.0  # seconds: since when it is on, and after the first steps
        self._profile = self._function()

    # -- switching

    def watch(self) -> None:
        """Begin to look, unless something else has set a profile function."""
        session = self._session
        if sys.getprofile() is not None:
            session.recorder.emit("uses", on=False, why="another profile function is set")
            return
        marked = session.mark

        def mark(number: int) -> None:
            marked(number)
            self.reach(number)

        session.patches.put(session, "mark", mark)
        session.patches.put(self._torch.nn.Module, "train", self._evaluating())
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self.unwatch)
        self._begin()

    def unwatch(self) -> None:
        """Look at nothing any more."""
        self._off = True
        self._end()

    def reach(self, number: int) -> None:
        """A backward or an optimizer step has ended."""
        self._count = 0
        over = self._session.marks.steps >= STEPS or number >= MARKS
        if over:
            self._waiting = False
            self._end()
        elif self._waiting:
            self._begin()

    def _evaluating(self) -> Any:
        """``Module.train``, which looks again where the reader's code begins an evaluation."""
        train = self._torch.nn.Module.train

        @functools.wraps(train)
        def evaluating(*arguments: Any, **named: Any) -> Any:
            mode = arguments[1] if len(arguments) > 1 else named.get("mode", True)
            if not (mode or self.on or self._off) and self._may_resume():
                self._begin_inside(sys._getframe(1))
            return train(*arguments, **named)

        return evaluating

    def _may_resume(self) -> bool:
        """A program may begin an evaluation in each step: then it is looked at now and then."""
        most: float = max(MOST_SECONDS, MOST_PART * self._session.recorder.seconds)
        return self._resumed <= most

    def _wait(self) -> None:
        """The reader's code is busy with something else. Go on with its next module or backward."""
        self.on, self._waiting = False, True
        self._waits += 1
        threading.setprofile(None)
        sys.setprofile(None)
        kind = self._torch.nn.Module
        made = kind.__init__

        @functools.wraps(made)
        def making(*arguments: Any, **named: Any) -> None:
            if vars(kind).get("__init__") is making:
                kind.__init__ = made
            if self._waiting and not self._off and self._waits < MOST_WAITS:
                self._begin_inside(sys._getframe(1))
            made(*arguments, **named)

        self._session.patches.put(kind, "__init__", making)

    def _begin_inside(self, frame: Any) -> None:
        """Begin within a function of torch, and note its call by the reader's code."""
        while frame is not None and frame.f_code.co_filename.startswith(self._calls.torchs):
            back = frame.f_back
            if back is not None and self._is_own(back.f_code.co_filename):
                self._begin()
                self._guarded(self._calls.called, back, frame)
                return
            frame = back

    def _begin(self) -> None:
        if sys.getprofile() is not None or self._off:
            return
        self.on, self._waiting, self._began = True, False, time.perf_counter()
        self._count = 0
        self._session.recorder.emit("uses", on=True, mark=self._session.marks.number)
        threading.setprofile(self._profile)
        sys.setprofile(self._profile)

    def _end(self) -> None:
        if not self.on:
            return
        self.on = False
        self._resumed += (time.perf_counter() - self._began) * self._ended
        self._ended = True
        threading.setprofile(None)
        if sys.getprofile() is self._profile:
            sys.setprofile(None)
        _forget(self._torch, sys._getframe(1))
        self._session.recorder.emit("uses", on=False, mark=self._session.marks.number)

    # -- looking

    def _function(self) -> Any:
        """The profile function. It is called often: what torch itself calls leaves it at once."""
        own, kinds, calls = self._own, self._kinds, self._calls

        def profile(frame: Any, event: str, argument: Any) -> None:
            if event == "call":
                back = frame.f_back
                if back is None:
                    return
                file = back.f_code.co_filename
                mine = own.get(file)
                if mine if mine is not None else self._is_own(file):
                    if not own.get(frame.f_code.co_filename):
                        self._guarded(calls.called, back, frame)
                    self._counted()
            elif event == "c_call":
                file = frame.f_code.co_filename
                mine = own.get(file)
                if mine if mine is not None else self._is_own(file):
                    owner = argument.__self__
                    known = owner is not builtins and kinds.get(type(owner))
                    if known if known is not None else self._is_torchs(type(owner)):
                        self._guarded(calls.called_in_c, frame, argument)
                    self._counted()
            elif not self.on:
                sys.setprofile(None)  # of another thread

        return profile

    def _counted(self) -> None:
        self._count += 1
        if self._count > MOST_CALLS and self.on:
            self._wait()

    def _is_own(self, file: str) -> bool:
        found = self._own[file] = bool(self._session.places.own(file))
        return found

    def _is_torchs(self, kind: type) -> bool:
        """Whether torch may have functions that are bound to an object of this class."""
        homes = (str(base.__module__).partition(".")[0] for base in kind.__mro__)
        plain = issubclass(kind, (type, types.ModuleType, type(None)))
        found = self._kinds[kind] = plain or "torch" in homes
        return found

    def _guarded(self, act: Any, *arguments: Any) -> None:
        self._inside = True
        try:
            act(*arguments)
        except Exception as error:  # noqa: BLE001  the program must not end because of its tracer
            self._session.recorder.emit("uses_fault", text=repr(error))
            self._off, self.on = True, False
            sys.setprofile(None)
        finally:
            self._inside = False

    def function(self, func: Any, args: Any, kwargs: Any) -> None:
        """A function mode sees a call: see ``operations.function``, which calls this first."""
        if hasattr(func, "__code__") or self._inside or self._off:
            return  # the profile function has seen it, or the tracer calls it
        frame: Any = sys._getframe(1)
        while frame is not None and frame.f_code.co_filename.startswith(self._between):
            frame = frame.f_back
        if frame is not None and self._is_own(frame.f_code.co_filename):
            self._guarded(self._calls.in_mode, frame, func, args, kwargs)


def _forget(torch: Any, frame: Any) -> None:
    """Let go of the tensors that a profile function keeps of each frame below, up to Python 3.12.

    Without this, those of the last step that was looked at would live as long as the frame.
    """
    while frame is not None and sys.version_info < (3, 13):
        if frame.f_code.co_flags & OPTIMIZED:  # else these are the variables themselves
            kept = frame.f_locals
            # Not all of it: the program may have asked for the same dictionary, by locals().
            for name in [one for one in kept if issubclass(type(kept[one]), torch.Tensor)]:
                del kept[name]
        frame = frame.f_back
