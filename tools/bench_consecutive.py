"""How far two consecutive pytest-benchmark runs of one unchanged release differ: what ``torch-history bench`` is there to avoid."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from _bench import ROOT, keep, parser

from torch_history.matrix.environments import environment


def main() -> int:
    top = parser("bench_consecutive", __doc__.splitlines()[0])
    top.add_argument(
        "--runs", type=int, default=3, metavar="N", help="how many in a row (default: %(default)s)"
    )
    options = top.parse_args()
    there = environment(ROOT, options.release, None, print)
    runs = []
    with tempfile.TemporaryDirectory() as folder:
        for number in range(options.runs):
            file = Path(folder) / f"{number}.json"
            subprocess.run(
                [
                    there.python,
                    "-m",
                    "pytest",
                    "-q",
                    "-p",
                    "no:randomly",
                    "spec/benchmarks",
                    "--benchmark-enable",
                    "--benchmark-json",
                    file,
                ],
                cwd=ROOT,
                check=True,
                stdout=subprocess.DEVNULL,
            )
            runs.append(
                {
                    one["name"]: one["stats"]["median"]
                    for one in json.loads(file.read_text(encoding="utf-8"))["benchmarks"]
                }
            )
            print(f"run {number + 1} of {options.runs}: {len(runs[-1])} benchmarks", flush=True)
    lines = [
        f"pytest-benchmark, torch {there.release}, the medians of {options.runs} runs, one after the other:",
        "",
        "| runs | benchmarks | median difference | worst | where |",
        "|---|---|---|---|---|",
    ]
    for number, (first, second) in enumerate(zip(runs, runs[1:]), start=1):
        off = {name: abs(np.log(second[name] / first[name])) for name in first}
        worst = max(off, key=off.get)
        lines.append(
            f"| {number} and {number + 1} | {len(off)} | {np.expm1(np.median(list(off.values()))):.1%} | {np.expm1(off[worst]):.1%} | `{worst}` |"
        )
    keep(
        options,
        "python tools/bench_consecutive.py",
        "Consecutive pytest-benchmark runs, for comparison",
        lines,
        runs,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
