"""What timing itself costs: the harness's blocks, torch.utils.benchmark's Timer and a bare loop.

All are timed in one process, with the Python of the release in question; ``--to`` needs msgspec
there. Each figure is the median of interleaved rounds.
"""

from __future__ import annotations

import random
import statistics
import sys
import time
from types import SimpleNamespace

from _bench import keep, parser

from torch_history.bench.timing import block

ROUNDS, CALLS = 200, 2_000


def nothing() -> None:
    """A function whose only cost is its call."""


def bare(calls: int) -> int:
    began = time.perf_counter_ns()
    for _ in range(calls):
        nothing()
    return time.perf_counter_ns() - began


def main() -> int:
    options = parser("bench_cost", __doc__.splitlines()[0], "the one of this Python").parse_args()
    import torch
    from torch.utils.benchmark import Timer

    torch.set_num_threads(1)
    plain, arranged = (
        SimpleNamespace(act=nothing, arrange=None),
        SimpleNamespace(act=nothing, arrange=nothing),
    )
    timer = Timer("nothing()", globals={"nothing": nothing})
    ways = {
        "a bare loop, wall clock": bare,
        "torch.utils.benchmark.Timer": lambda calls: timer.timeit(calls).mean * calls * 1e9,
        "a block of ours, process time": lambda calls: block(plain, calls, time.process_time_ns),
        "a block of ours with an untimed part before each call": lambda calls: block(
            arranged, calls, time.process_time_ns
        ),
    }
    taken = {way: [] for way in ways}
    for _ in range(ROUNDS):
        for way in random.sample(list(ways), len(ways)):
            taken[way].append(ways[way](CALLS) / CALLS)
    figures = {way: statistics.median(times) for way, times in taken.items()}
    title = (
        f"Of a function that does nothing, under torch {torch.__version__}, {ROUNDS} interleaved "
        f"rounds of {CALLS} calls, nanoseconds a call (median):"
    )
    lines = [
        title,
        "",
        "| way | ns a call |",
        "|---|---|",
        *(f"| {way} | {cost:.0f} |" for way, cost in figures.items()),
    ]
    keep(
        options,
        "python tools/bench_cost.py",
        "What the harness costs in each timed call",
        lines,
        figures,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
