"""How far two consecutive pytest-benchmark runs of one unchanged release differ.

``torch-history bench`` exists to avoid this difference.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Dict, List

import numpy as np
from _bench import ROOT, keep, parser

from torch_history.matrix.environments import Environment, environment

COMMAND = (
    *("-m", "pytest", "-q", "-p", "no:randomly", "spec/benchmarks"),
    *("--benchmark-enable", "--benchmark-json"),
)


def main() -> int:
    top = parser("bench_consecutive", __doc__.splitlines()[0])
    top.add_argument(
        "--runs", type=int, default=3, metavar="N", help="number of runs (default: %(default)s)"
    )
    options = top.parse_args()
    there = environment(ROOT, options.release, None, print)
    runs = []
    with tempfile.TemporaryDirectory() as folder:
        for number in range(options.runs):
            runs.append(medians(there, Path(folder) / f"{number}.json"))
            print(f"run {number + 1} of {options.runs}: {len(runs[-1])} benchmarks", flush=True)
    keep(
        options,
        "python tools/bench_consecutive.py",
        "Consecutive pytest-benchmark runs, for comparison",
        lines(there.release, runs),
        runs,
    )
    return 0


def medians(there: Environment, file: Path) -> Dict[str, float]:
    """The medians of one run of pytest-benchmark, by test."""
    command = [str(there.python), *COMMAND, str(file)]
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    measured = json.loads(file.read_text(encoding="utf-8"))["benchmarks"]
    return {one["name"]: one["stats"]["median"] for one in measured}


def lines(release: str, runs: List[Dict[str, float]]) -> List[str]:
    """The Markdown that reports the runs."""
    found = [
        f"pytest-benchmark, torch {release}, the medians of {len(runs)} runs, one after the other:",
        "",
        "| runs | benchmarks | median difference | worst | where |",
        "|---|---|---|---|---|",
    ]
    for number, (first, second) in enumerate(zip(runs, runs[1:]), start=1):
        off = {name: abs(np.log(second[name] / first[name])) for name in first}
        worst = max(off, key=lambda name: off[name])
        median = np.expm1(np.median(list(off.values())))
        found.append(
            f"| {number} and {number + 1} | {len(off)} | {median:.1%} "
            f"| {np.expm1(off[worst]):.1%} | `{worst}` |"
        )
    return found


if __name__ == "__main__":
    sys.exit(main())
