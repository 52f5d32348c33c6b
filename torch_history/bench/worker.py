"""Worker: runs in a release's own Python, from 3.8 and torch 1.4 on, and times blocks of calls.

Each request over the execnet channel is ``(method of Worker, arguments)``; the answer is ``("ok", value)``, ``("missing",
why)`` where the release or the machine lacks what is asked, or ``("error", traceback)``. Times are whole nanoseconds.
"""

from __future__ import annotations

import gc
import importlib
import os
import sys
import time
import traceback
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional, Tuple

BLOCK = 2_000_000  # what a block of calls should last, its untimed parts included
WARM = 3  # calls before the first timing


def serve(channel: Any) -> None:
    """Answer requests until the channel is closed; the first thing received is the arguments of ``Worker``."""
    worker = None
    for request in channel:
        try:
            if worker is None:
                worker = Worker(*request)
                answer = ("ok", None)
            else:
                name, arguments = request
                answer = ("ok", getattr(worker, name)(*arguments))
        except Exception as error:  # goes to the other side, which raises it there
            answer = (
                ("missing", str(error))
                if _tells_missing(error)
                else ("error", traceback.format_exc())
            )
        channel.send(answer)


def _tells_missing(error: Exception) -> bool:
    """Whether this is cases.Missing; the cases may not have come to be imported, or may be what failed."""
    cases = sys.modules.get("spec.benchmarks.cases")
    return cases is not None and isinstance(error, getattr(cases, "Missing", ()))


class Worker:
    """The cases of one release, built once and timed in blocks. ``alter`` (``module:function``) changes each case: for planted slowdowns."""

    def __init__(self, root: str, device: str, alter: Optional[str] = None):
        import torch

        torch.set_num_threads(1)
        from spec.benchmarks import cases

        self.torch, self.root, self.device = torch, Path(root), device
        self.names, self.build, self.missing = cases.CASES, cases.build, cases.Missing
        self.timers: Dict[Tuple[str, str], Callable[[int], int]] = {}
        module, _, function = (alter or "").partition(":")
        self.alter = (
            getattr(importlib.import_module(module), function) if alter else lambda case: case
        )
        if device.startswith("cuda"):
            from torch_history.bench import cuda

            cuda.pin(torch, device)
        gc.disable()  # a collection in one block and none in the other would pass for a difference

    def cases(self) -> List[str]:
        """The names of all cases."""
        return list(self.names)

    def describe(self) -> dict:
        """The manifest of this release."""
        from torch_history.observing import environment
        from torch_history.records import sources

        manifest = environment.describe(self.torch, str(self.torch.__version__), self.device)
        return {**manifest, "sources": sources.digest(self.root)}

    def prepare(self, name: str, figure: str) -> int:
        """Build a case and call it until it is warm; returns how long its first call took."""
        if figure != "cpu":
            from torch_history.bench import cuda

            first, self.timers[name, figure] = cuda.timer(
                self.torch, lambda: self.build(name, self.device), figure
            )
            return first
        case = self.alter(self.build(name, self.device))
        first = block(case, 1, time.perf_counter_ns)
        block(case, WARM, time.perf_counter_ns)
        self.timers[name, figure] = lambda calls: block(case, calls, time.process_time_ns)
        return first

    def calibrate(self, name: str, figure: str) -> int:
        """How many calls of a prepared case make a block."""
        calls = 1
        while True:
            began = time.perf_counter_ns()
            self.timers[name, figure](calls)
            taken = time.perf_counter_ns() - began
            if taken * 2 > BLOCK:
                return max(1, round(calls * BLOCK / taken))
            calls *= 2

    def pin(self, core: int) -> None:
        """Stay on one core, with every thread there is, where the system can do that."""
        if hasattr(os, "sched_setaffinity"):
            for thread in os.listdir("/proc/self/task"):
                os.sched_setaffinity(int(thread), {core})

    def time(self, name: str, figure: str, calls: int, warm: int) -> int:
        """How long so many calls of a prepared case take, after ``warm`` untimed ones."""
        if warm:
            self.timers[name, figure](warm)
        return self.timers[name, figure](calls)


def block(case: Any, calls: int, clock: Callable[[], int]) -> int:
    """The time of so many calls; what is arranged before each is left out."""
    act, arrange = case.act, case.arrange
    if arrange is None:
        began = clock()
        for _ in range(calls):
            act()
        return clock() - began
    total = 0
    for _ in range(calls):
        arrange()
        began = clock()
        act()
        total += clock() - began
    return total
