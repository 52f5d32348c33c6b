"""Timing: blocks of calls, and which figures a device has.

This module runs in the environment of a release: Python 3.8, and no import beyond the standard
library.
"""

from __future__ import annotations

from typing import Any, Callable, Dict, Literal, Tuple

Clock = Callable[[], int]  # nanoseconds since an arbitrary moment
Timer = Callable[[int], int]  # number of calls -> nanoseconds for all of them
Figure = Literal["cpu", "enqueue", "steady", "graph"]

# Long against a reading of the clock, and short enough that a slow moment of the machine meets the
# blocks of all three workers.
BLOCK = 2_000_000  # nanoseconds that a block of calls should last, its untimed parts included
WARM = 3  # calls before the first timing

# What is timed on each kind of device: CPU time of one thread; on CUDA see cuda.py.
FIGURES: Dict[str, Tuple[Figure, ...]] = {"cpu": ("cpu",), "cuda": ("enqueue", "steady", "graph")}
STEP_FIGURE: Dict[str, Figure] = {"cpu": "cpu", "cuda": "steady"}  # the one figure of a whole step


def kind(device: str) -> str:
    """The kind of a device, a key of ``FIGURES``: ``cuda`` for ``cuda:1``."""
    return device.partition(":")[0]


def block(case: Any, calls: int, clock: Clock) -> int:
    """Time this number of calls; what ``case.arrange`` does before each of them is not timed."""
    act, arrange = case.act, case.arrange
    # A reading of process_time_ns takes about half a microsecond: here one serves all calls.
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
