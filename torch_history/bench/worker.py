"""Worker: runs in a release's own Python, from 3.8 and torch 1.4 on, and times blocks of calls.

A request over the execnet channel is ``(method of Worker, arguments)``. The answer is one of

- ``("ok", value)``,
- ``("missing", why)`` if the release or the machine lacks what was asked for,
- ``("error", traceback)``.

Times are whole nanoseconds. Only the standard library, torch and ``spec`` may be imported here.
"""

from __future__ import annotations

import gc
import importlib
import os
import sys
import time
import traceback
from typing import Any, Callable, Dict, List, Optional, Tuple

from torch_history.bench import cuda
from torch_history.bench.timing import BLOCK, WARM, Timer, block


def serve(channel: Any) -> None:
    """Answer requests until the channel closes; the first one holds the arguments of ``Worker``."""
    worker = None
    for request in channel:
        try:
            if worker is None:
                worker = Worker(*request)
                answer: Tuple[str, Any] = ("ok", None)
            else:
                name, arguments = request
                answer = ("ok", getattr(worker, name)(*arguments))
        except Exception as error:  # noqa: BLE001  every failure goes to the other side
            missing = _is_missing(error)
            answer = ("missing", str(error)) if missing else ("error", traceback.format_exc())
        channel.send(answer)


def _is_missing(error: Exception) -> bool:
    """Whether this is ``Missing`` of spec/benchmarks/cases.py.

    The module is looked up, not imported: its import may be what failed.
    """
    cases = sys.modules.get("spec.benchmarks.cases")
    return cases is not None and isinstance(error, getattr(cases, "Missing", ()))


class Worker:
    """The cases of one release, each built once and timed in blocks.

    ``alter`` (``module:function``) changes each case, to plant a slowdown.
    """

    def __init__(self, root: str, device: str, alter: Optional[str] = None):
        # Not at the top: if the import fails, `serve` can still answer why.
        import torch

        torch.set_num_threads(1)
        self.torch: Any = torch
        self.root, self.device = root, device
        self.cases_module: Any = importlib.import_module("spec.benchmarks.cases")
        self.timers: Dict[Tuple[str, str], Timer] = {}
        self.alter = _function(alter) if alter else _unaltered
        if device.startswith("cuda"):
            cuda.pin(self.torch, device)
        gc.disable()  # a collection in one block and not in another would look like a difference

    def cases(self) -> List[str]:
        """The names of all cases."""
        return list(self.cases_module.CASES)

    def describe(self) -> Dict[str, Any]:
        """What this release runs in."""
        from torch_history.observing import environment

        return dict(environment.describe(self.torch, str(self.torch.__version__), self.device))

    def prepare(self, name: str, figure: str) -> int:
        """Build a case and call it until it is warm; returns how long its first call took."""
        # Each figure builds its own case: that of `graph` has another Adam than the others.
        if figure != "cpu":
            first, self.timers[name, figure] = cuda.timer(
                self.torch,
                lambda: self.alter(self.cases_module.build(name, self.device)),
                figure,
            )
            return first
        case = self.alter(self.cases_module.build(name, self.device))
        # Wall time: a compiler works in other processes, whose CPU time does not count here.
        first = block(case, 1, time.perf_counter_ns)
        block(case, WARM, time.perf_counter_ns)
        # Of the process and not of the thread: before 1.6, backward ran in a thread of its own.
        self.timers[name, figure] = lambda calls: block(case, calls, time.process_time_ns)
        return first

    def calibrate(self, name: str, figure: str) -> int:
        """How many calls of a prepared case make a block."""
        calls = 1
        while True:
            # Not what the timer answers, which leaves out the untimed parts.
            began = time.perf_counter_ns()
            self.timers[name, figure](calls)
            taken = time.perf_counter_ns() - began
            if taken * 2 > BLOCK:
                return max(1, round(calls * BLOCK / taken))
            calls *= 2

    def pin(self, core: int) -> None:
        """Keep all threads of this process on one core, if the system supports it."""
        if hasattr(os, "sched_setaffinity"):
            # The call affects one thread alone, and torch has started some by now.
            for thread in os.listdir("/proc/self/task"):  # noqa: PTH208  names are all we need
                os.sched_setaffinity(int(thread), {core})

    def time(self, name: str, figure: str, calls: int, warm: int) -> int:
        """Time this number of calls of a prepared case, after ``warm`` untimed ones."""
        if warm:
            self.timers[name, figure](warm)
        return self.timers[name, figure](calls)


def _function(path: str) -> Callable[[Any], Any]:
    """The function that ``module:function`` names."""
    module, _, name = path.partition(":")
    function: Callable[[Any], Any] = getattr(importlib.import_module(module), name)
    return function


def _unaltered(case: Any) -> Any:
    return case
