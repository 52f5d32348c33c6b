"""``python -m faults``: list the faults that no test notices, and the tests that no fault fails.

Each chapter runs under its deliberate faults, which takes some minutes. The exit status is 1 if

- a fault survives,
- a test fails under no fault and does not say why with ``@pytest.mark.no_fault("why")``,
- a test with that marker does fail.
"""

from __future__ import annotations

import argparse
import functools
import json
import os
import sys
import tempfile
import traceback
from pathlib import Path
from typing import Dict, Iterator, List, NamedTuple, Optional, Tuple

import pytest
import torch
from rich.console import Console
from rich.markup import escape
from rich.progress import track

from faults import load
from faults._forking import forked

ROOT = Path(__file__).resolve().parent.parent
TIMEOUT = 600  # seconds for one fault


def outcomes(
    paths: Dict[Optional[str], List[str]], jobs: int, folder: Path
) -> Iterator[Tuple[Optional[str], dict]]:
    """Run the tests of each fault (None: no fault), and yield each fault with its outcome.

    torch is imported once. Each run of pytest is forked from there, so that one fault cannot affect
    the next.
    """
    import torch._dynamo  # noqa: F401  # otherwise the first optimizer imports it, in every run

    tasks = {name: functools.partial(_run, name, some, folder) for name, some in paths.items()}
    for name, _ in forked(tasks, jobs, TIMEOUT):
        yield name, _outcome(folder / f"{name}.json", folder / f"{name}.log")


def _run(name: Optional[str], paths: List[str], folder: Path) -> None:
    """Run the tests under the fault. This is the forked process."""
    log = os.open(folder / f"{name}.log", os.O_WRONLY | os.O_CREAT)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.chdir(ROOT)
    fault = ["--fault", name] if name else []
    options = ["-p", "faults.plugin", "--faults-to", str(folder / f"{name}.json")]
    options += ["-q", "--tb=line", "-p", "no:randomly", "-p", "no:cacheprovider"]
    try:
        pytest.main([*options, *fault, *paths])
        sys.stdout.flush()
    except BaseException:
        traceback.print_exc()


def _outcome(file: Path, log: Path) -> dict:
    output = log.read_text(errors="replace")
    if not file.exists():  # the fault made the process crash
        return {
            "tests": [],
            "failed": [f"(everything: the process ended, or took more than {TIMEOUT} s)"],
            "excused": {},
            "output": output,
        }
    return {**json.loads(file.read_text()), "output": output}


def main() -> int:
    if sys.argv[1:2] == ["settings"]:
        from faults.settings.__main__ import main as settings

        return settings(sys.argv[2:])
    parser = argparse.ArgumentParser(prog="python -m faults", description=__doc__.splitlines()[0])
    parser.add_argument(
        "fault", nargs="*", metavar="FAULT", help="a fault, or a chapter's faults (default: all)"
    )
    parser.add_argument(
        "--spec",
        nargs="+",
        metavar="PATH",
        help="run these tests under each fault (default: those of its chapter)",
    )
    parser.add_argument("--list", action="store_true", help="list the faults and run nothing")
    parser.add_argument("--failed", action="store_true", help="list which tests each fault fails")
    parser.add_argument(
        "--jobs",
        type=int,
        default=os.cpu_count() or 1,
        help="number of parallel processes (default: one per core)",
    )
    parser.add_argument(
        "--json", metavar="FILE", type=Path, help="write which tests failed under which fault"
    )
    arguments = parser.parse_args()
    console = Console(soft_wrap=True)
    known = load()
    chosen = [
        name
        for name in known
        if not arguments.fault
        or {name, chapter_of(name), name.partition(".")[0]} & set(arguments.fault)
    ]
    for asked in arguments.fault:
        if not any(asked in (name, chapter_of(name), name.partition(".")[0]) for name in known):
            parser.error(f"{asked}: no such fault, nor chapter with faults: see --list")
    if arguments.list:
        for name in chosen:
            console.print(f"{name}: {escape(known[name].sentence)}")
        return 0

    torch.set_num_threads(1)
    paths = {name: arguments.spec or [f"spec/{chapter_of(name)}"] for name in chosen}
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        everything = sorted({path for some in paths.values() for path in some})
        [(_, honest)] = outcomes({None: everything}, 1, folder)
        if honest["failed"] or not honest["tests"]:
            console.print(
                "without a fault the tests do not pass: fix that first\n"
                f"{escape(honest['output'][-3000:])}",
                style="red",
            )
            return 2
        failed: Dict[str, List[str]] = {}
        for name, outcome in track(
            outcomes(paths, arguments.jobs, folder), "faults", total=len(paths), console=console
        ):
            failed[name] = outcome["failed"]
            if arguments.failed or not failed[name]:
                survived = f"[red]survived[/red]: {escape(known[name].sentence)}"
                console.print(f"{name}: {', '.join(failed[name]) or survived}")

    if arguments.json:
        arguments.json.write_text(
            json.dumps({name: failed[name] for name in chosen}, indent=1) + "\n"
        )
    found = judge(honest, failed)
    for line in found.complaints:
        console.print(f"[red]{escape(line)}[/red]")
    console.print(
        f"{len(chosen)} faults, {len(chosen) - found.survivors} killed, "
        f"{found.survivors} survived; "
        f"{len(honest['tests'])} tests: {found.failing} fail under a fault, "
        f"{len(honest['excused'])} say why none can"
    )
    return 1 if found.complaints else 0


def chapter_of(fault: str) -> str:
    """Return the chapter that a fault's file belongs to: ``layers_recurrent.x`` -> ``layers``."""
    stem = fault.partition(".")[0]
    chapters = [
        path.name
        for path in (ROOT / "spec").iterdir()
        if path.is_dir() and f"{stem}_".startswith(f"{path.name}_")
    ]
    return max(chapters, key=len, default="")


class Verdict(NamedTuple):
    """What the runs prove."""

    survivors: int
    failing: int  # tests that fail under some fault
    complaints: List[str]


def judge(honest: dict, failed: Dict[str, List[str]]) -> Verdict:
    """Find the faults that survived and the tests that no fault failed.

    ``honest`` is the run without a fault, and ``failed`` maps each fault to the tests it failed.
    """
    survivors = [name for name, tests in failed.items() if not tests]
    ever = {test for tests in failed.values() for test in tests}
    complaints = [f"survived: {name}" for name in survivors]
    complaints += [
        f"no fault fails {test}"
        for test in honest["tests"]
        if test not in ever and test not in honest["excused"]
    ]
    complaints += [
        f"marked no_fault, but fails under a fault: {test}"
        for test in honest["excused"]
        if test in ever
    ]
    return Verdict(len(survivors), len(ever & set(honest["tests"])), complaints)


if __name__ == "__main__":
    sys.exit(main())
