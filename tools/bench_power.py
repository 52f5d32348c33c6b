"""Does ``torch-history bench`` find a slowdown of a tenth, and does it cry wolf? A release against itself, many short runs, some with
a planted slowdown.

``--runs 10`` makes twenty honest runs, ten in which every tenth call is done twice, and ten in which the optimizer's step waits
for a tenth of its time.
"""

from __future__ import annotations

import random
import sys
import tempfile
from pathlib import Path

from _bench import ROOT, keep, parser

from torch_history.bench import design, estimate
from torch_history.matrix.environments import environment

SPREAD = ("mlp-5.whole_step", "mlp-5.optimizer_step", "rnn-20.whole_step", "conv-16.forward")
RUNS = {  # name -> (what is planted, the benchmarks that must show it, runs for each of --runs)
    "nothing planted": (None, SPREAD, 2),
    "every tenth call done twice": ("tools.planted:repeated", SPREAD, 1),
    "the optimizer a tenth dearer": (
        "tools.planted:dearer",
        ("mlp-5.optimizer_step", "rnn-20.optimizer_step", "conv-16.optimizer_step"),
        1,
    ),
}


def main() -> int:
    top = parser("bench_power", __doc__.splitlines()[0])
    top.add_argument(
        "--runs",
        type=int,
        default=10,
        metavar="N",
        help="planted runs of each kind, and half the honest ones (default: %(default)s)",
    )
    top.add_argument(
        "--budget",
        type=float,
        default=0.5,
        metavar="MINUTES",
        help="for each run (default: %(default)s)",
    )
    top.add_argument(
        "--launches", type=int, default=3, metavar="N", help="of each run (default: %(default)s)"
    )
    top.add_argument(
        "--core", type=int, metavar="N", help="time on this core (default: each launch draws one)"
    )
    options = top.parse_args()
    there = environment(ROOT, options.release, None, print)
    runs = [name for name, (_, _, times) in RUNS.items() for _ in range(times * options.runs)]
    random.shuffle(runs)
    figures = {name: [] for name in RUNS}
    with tempfile.TemporaryDirectory() as folder:
        for number, name in enumerate(runs, start=1):
            alter, only, _ = RUNS[name]
            plan = design.Plan(
                there,
                there,
                options.budget * 60,
                only,
                options.launches,
                core=options.core,
                alter=alter,
            )
            found = estimate.estimates(
                design.compare(ROOT, plan, Path(folder) / "run.json", lambda share, what: None)
            )
            figures[name].append(
                [
                    {
                        "name": one.name,
                        "verdict": one.verdict,
                        "ratio": round(one.ratio, 4),
                        "control": round(one.control, 4),
                    }
                    for one in found
                ]
            )
            print(
                f"run {number} of {len(runs)}, {name}: "
                + ", ".join(f"{one.name} {one.ratio:.3f} {one.verdict}" for one in found),
                flush=True,
            )
    lines = [
        f"Runs of {options.budget * 60:.0f} s with {options.launches} launches, torch {there.release} against itself:",
        "",
        "| planted | benchmark | runs | slower | faster | inconclusive | void | ratios |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, results in figures.items():
        for place, benchmark in enumerate(one["name"] for one in results[0]):
            mine = [run[place] for run in results]
            counts = [
                sum(one["verdict"] == verdict for one in mine)
                for verdict in ("slower", "faster", "inconclusive", "void")
            ]
            ratios = [one["ratio"] for one in mine]
            lines.append(
                f"| {name} | {benchmark} | {len(mine)} | {' | '.join(map(str, counts))} | {min(ratios):.3f}–{max(ratios):.3f} |"
            )
    keep(
        options, "python tools/bench_power.py", "Planted slowdowns and honest runs", lines, figures
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
