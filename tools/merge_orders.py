"""Is merging order-free? ``python tools/merge_orders.py RUNS RECORDS`` merges the run files below RUNS from empty records, in random
orders, names and folders, and compares every byte of records and manifests with those of the checkout RECORDS.

With ``--one-by-one`` each run file is merged by a command of its own, which need not give the same bytes: the text of an entry is
then that of the run entered first, within tolerance of the oldest's. Exits with 1 where bytes differ.
An order takes about 20 s, or two minutes one by one.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Dict, List, Optional

ROOT = Path(__file__).resolve().parent.parent


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "runs",
        type=Path,
        help="a folder of run files, as `torch-history record` leaves in .history/",
    )
    parser.add_argument(
        "records", type=Path, help="a checkout whose records the same releases gave in one walk"
    )
    parser.add_argument(
        "--orders", type=int, default=5, help="how many orders (default: %(default)s)"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--one-by-one", action="store_true", help="a command for each run file")
    options = parser.parse_args()
    draw, expected, worst = random.Random(options.seed), contents(options.records), 0
    with tempfile.TemporaryDirectory() as folder:
        for number in range(1, options.orders + 1):
            work = Path(folder) / str(number)
            checkout, given = (
                work / "checkout",
                scatter(sorted(options.runs.glob("*.json")), work / "given", draw),
            )
            left_out = shutil.ignore_patterns(
                ".*", "__pycache__", "__snapshots__", "manifests", "benchmarks"
            )
            shutil.copytree(ROOT, checkout, ignore=left_out)
            for arguments in [[path] for path in given] if options.one_by_one else [given]:
                merge(checkout, arguments)
            found = contents(checkout)
            differing = sorted(
                name for name in {*found, *expected} if found.get(name) != expected.get(name)
            )
            records = [name for name in differing if name.startswith("spec/")]
            moved = [
                name for name in records if entries(found.get(name)) != entries(expected.get(name))
            ]
            print(
                f"order {number}: {len(given)} run files: {len(differing)} of {len(expected)} files differ, {len(records)} of them records, "
                f"{len(moved)} in which releases have entries"
                + "".join(f"\n  {name}" for name in moved[:10]),
                flush=True,
            )
            worst = max(worst, len(differing))
            shutil.rmtree(work)
    return 1 if worst else 0


def contents(root: Path) -> Dict[str, bytes]:
    """Every record and manifest of a checkout."""
    paths = [*root.glob("spec/*/__snapshots__/*.json"), *root.glob("manifests/*.json")]
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in paths}


def entries(content: Optional[bytes]) -> Dict[str, Dict[str, List[str]]]:
    """Case -> device -> the releases that have an entry of their own, in the text of a record."""
    cases = json.loads(content or b"{}")
    return {
        case: {device: list(chain) for device, chain in devices.items()}
        for case, devices in cases.items()
    }


def scatter(files: List[Path], to: Path, draw: random.Random) -> List[Path]:
    """Copies of run files in a random order, under names and in folders that tell nothing."""
    copies = []
    for number, file in enumerate(draw.sample(files, len(files))):
        copies.append(to / str(draw.randrange(4)) / f"{number}.json")
        copies[-1].parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, copies[-1])
    return copies


def merge(checkout: Path, paths: List[Path]) -> None:
    """Merge into a checkout; ends this program where the command does not succeed."""
    done = subprocess.run(
        [sys.executable, "-m", "torch_history", "merge", *map(str, paths)],
        cwd=checkout,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        sys.exit(f"merging failed: {(done.stdout + done.stderr)[-2000:]}")


if __name__ == "__main__":
    sys.exit(main())
