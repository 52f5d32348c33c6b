"""Checks that the order of merging does not matter: ``python tools/merge_orders.py RUNS RECORDS``.

It merges the run files of the folder RUNS into copies of this checkout without records, each time
in another random order and under other names, and compares every record and manifest with those of
the checkout RECORDS, byte by byte. Both must come from the sources of this checkout. It exits with
1 if any file differs. An order takes about 20 s.

With ``--one-by-one`` each run file is merged by a command of its own, which takes a minute an
order. Then some bytes may differ: where two releases agree within tolerance, the entry has the text
of the one that was merged first, which need not be the oldest.
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
# a copy without records, and without what merging does not read
LEFT_OUT = (
    ".*",
    "__pycache__",
    "__snapshots__",
    "manifests",
    "benchmarks",
    "dist",
    "site",
    "tests",
)


def main() -> int:
    options = arguments()
    draw, expected = random.Random(options.seed), contents(options.records)
    files = sorted(options.runs.glob("*.json"))
    if not files or not expected:
        print(f"no {'records' if files else 'run files'} there: see --help", file=sys.stderr)
        return 2
    differed = False
    for number in range(1, options.orders + 1):
        with tempfile.TemporaryDirectory() as folder:
            checkout, given = Path(folder) / "checkout", scatter(files, Path(folder) / "runs", draw)
            shutil.copytree(ROOT, checkout, ignore=shutil.ignore_patterns(*LEFT_OUT))
            for paths in [[path] for path in given] if options.one_by_one else [given]:
                merge(checkout, paths)
            found = contents(checkout)
        print(f"order {number}: {len(given)} run files: {compared(found, expected)}", flush=True)
        differed = differed or found != expected
    return 1 if differed else 0


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python tools/merge_orders.py",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "runs",
        type=Path,
        metavar="RUNS",
        help="a folder of run files, as `torch-history record` leaves in .history/",
    )
    parser.add_argument(
        "records",
        type=Path,
        metavar="RECORDS",
        help="a checkout in which `torch-history record` recorded the same releases in one command",
    )
    parser.add_argument(
        "--orders",
        type=int,
        default=5,
        metavar="N",
        help="number of random orders (default: %(default)s)",
    )
    parser.add_argument(
        "--seed",
        type=int,
        default=0,
        metavar="N",
        help="seed of the orders (default: %(default)s)",
    )
    parser.add_argument(
        "--one-by-one", action="store_true", help="merge each run file by a command of its own"
    )
    return parser.parse_args()


def compared(found: Dict[str, bytes], expected: Dict[str, bytes]) -> str:
    """How many files differ, and the records in which other releases have entries."""
    differing = sorted(
        name for name in {*found, *expected} if found.get(name) != expected.get(name)
    )
    records = [name for name in differing if name.startswith("spec/")]
    moved = [name for name in records if entries(found.get(name)) != entries(expected.get(name))]
    counts = (
        f"{len(differing)} of {len(expected)} files differ, {len(records)} of them records, "
        f"{len(moved)} of these with entries for other releases"
    )
    return "\n  ".join([counts, *moved[:10]])


def contents(root: Path) -> Dict[str, bytes]:
    """Path -> content, of every record and manifest of a checkout."""
    paths = [*root.glob("spec/*/__snapshots__/*.json"), *root.glob("manifests/*.json")]
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in paths}


def entries(content: Optional[bytes]) -> Dict[str, Dict[str, List[str]]]:
    """Case -> device -> the versions with an entry, of the text of a record."""
    cases = json.loads(content or b"{}")
    return {
        case: {device: list(chain) for device, chain in devices.items()}
        for case, devices in cases.items()
    }


def scatter(files: List[Path], to: Path, draw: random.Random) -> List[Path]:
    """Copy run files in a random order, into random folders and with their number as name."""
    copies = []
    for number, file in enumerate(draw.sample(files, len(files))):
        copies.append(to / str(draw.randrange(4)) / f"{number}.json")
        copies[-1].parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, copies[-1])
    return copies


def merge(checkout: Path, paths: List[Path]) -> None:
    """Merge run files into a checkout. Exits if the command fails."""
    done = subprocess.run(
        [
            *(sys.executable, "-m", "torch_history", "--root", str(checkout)),
            *("merge", *map(str, paths)),
        ],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(f"merging failed: {done.stdout[-2000:]}")


if __name__ == "__main__":
    sys.exit(main())
