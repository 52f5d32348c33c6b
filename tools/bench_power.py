"""Whether ``torch-history bench`` finds a slowdown of 10 %, and reports none that is not there.

A release is compared with itself in many short runs, some of them with a planted slowdown. ``--runs
10`` makes twenty runs with nothing planted, ten in which every tenth call is done twice, and ten in
which the optimizer's step waits for 10 % of its time.
"""

from __future__ import annotations

import math
import random
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Dict, List, NamedTuple, Optional, Tuple

from _bench import ROOT, keep, parser

from torch_history.bench import design, estimate
from torch_history.matrix.environments import Environment, environment

if TYPE_CHECKING:
    import argparse

    from torch_history.bench.estimate import Estimate

CALLED = ("slower", "faster", "inconclusive", "void")


class Planted(NamedTuple):
    """What is planted, the benchmarks that must show it, and runs for each of ``--runs``."""

    alter: Optional[str]
    only: Tuple[str, ...]
    times: int


SPREAD = ("mlp-5.whole_step", "mlp-5.optimizer_step", "rnn-20.whole_step", "conv-16.forward")
STEPS = ("mlp-5.optimizer_step", "rnn-20.optimizer_step", "conv-16.optimizer_step")
RUNS = {
    "nothing planted": Planted(None, SPREAD, 2),
    "every tenth call done twice": Planted("tools.planted:repeated", SPREAD, 1),
    "the optimizer 10 % slower": Planted("tools.planted:dearer", STEPS, 1),
}


def main() -> int:
    options = arguments()
    there = environment(ROOT, options.release, None, print)
    runs = [name for name, planted in RUNS.items() for _ in range(planted.times * options.runs)]
    random.shuffle(runs)
    measured: Dict[str, List[List[Estimate]]] = {name: [] for name in RUNS}
    with tempfile.TemporaryDirectory() as folder:
        for number, name in enumerate(runs, start=1):
            found = one_run(options, there, RUNS[name], Path(folder) / "run.json")
            measured[name].append(found)
            told = ", ".join(f"{one.name} {one.ratio:.3f} {one.verdict}" for one in found)
            print(f"run {number} of {len(runs)}, {name}: {told}", flush=True)
    title = (
        f"Runs of {options.budget * 60:.0f} s with {options.launches} launches, "
        f"torch {there.release} against itself:"
    )
    figures = {name: [list(map(figure, run)) for run in runs] for name, runs in measured.items()}
    keep(
        options,
        "python tools/bench_power.py",
        "Planted slowdowns and honest runs",
        lines(title, measured),
        figures,
    )
    return 0


def arguments() -> argparse.Namespace:
    top = parser("bench_power", __doc__.splitlines()[0])
    top.add_argument(
        "--runs",
        type=int,
        default=10,
        metavar="N",
        help="number of runs of each planted kind, half the number of those with nothing planted "
        "(default: %(default)s)",
    )
    top.add_argument(
        "--budget",
        type=float,
        default=0.5,
        metavar="MINUTES",
        help="for each run (default: %(default)s)",
    )
    top.add_argument(
        "--launches",
        type=int,
        default=3,
        metavar="N",
        help="number of launches of each run (default: %(default)s)",
    )
    top.add_argument(
        "--core", type=int, metavar="N", help="time on this core (default: each launch draws one)"
    )
    return top.parse_args()


def one_run(
    options: argparse.Namespace, there: Environment, planted: Planted, file: Path
) -> List[Estimate]:
    """The estimates of one comparison of the release with itself."""
    plan = design.Plan(
        before=there,
        after=there,
        seconds=options.budget * 60,
        only=planted.only,
        launches=options.launches,
        core=options.core,
        alter=planted.alter,
    )
    return estimate.estimates(design.compare(ROOT, plan, file, lambda share, what: None))


def figure(one: Estimate) -> Dict[str, Any]:
    """An estimate as JSON, which has no NaN."""
    ratio, control = (
        None if math.isnan(value) else round(value, 4) for value in (one.ratio, one.control)
    )
    return {"name": one.name, "verdict": one.verdict, "ratio": ratio, "control": control}


def lines(title: str, measured: Dict[str, List[List[Estimate]]]) -> List[str]:
    """The Markdown that reports the runs."""
    found = [
        title,
        "",
        f"| planted | benchmark | runs | {' | '.join(CALLED)} | ratios |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, runs in measured.items():
        for place, benchmark in enumerate(one.name for one in runs[0]):
            mine = [run[place] for run in runs]
            counts = " | ".join(str(sum(one.verdict == word for one in mine)) for word in CALLED)
            ratios = [one.ratio for one in mine]
            found.append(
                f"| {name} | {benchmark} | {len(mine)} | {counts} "
                f"| {min(ratios):.3f}\N{EN DASH}{max(ratios):.3f} |"
            )
    return found


if __name__ == "__main__":
    sys.exit(main())
