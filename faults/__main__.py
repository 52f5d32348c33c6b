"""``python -m faults``: run each chapter under its deliberate faults; list survivors, and the tests that no fault ever fails.

Exit status 1 where a fault survives, where a test fails under none and does not say why with ``@pytest.mark.no_fault("why")``, or
where one that says so does fail. It takes some minutes: each fault is a run of pytest in a process of its own.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import Dict, List, NamedTuple, Optional

from rich.console import Console
from rich.markup import escape
from rich.progress import track

from faults import load

ROOT = Path(__file__).resolve().parent.parent
TIMEOUT = 600  # seconds for one fault


def run(name: Optional[str], paths: List[str], folder: Path) -> dict:
    """The outcome of the tests under one fault, or under none."""
    file = folder / f"{name}.json"
    command = [sys.executable, "-m", "pytest", "-p", "faults.plugin", "--faults-to", str(file), "-q", "--tb=line",
               "-p", "no:randomly", "-p", "no:cacheprovider", *paths]
    if name:
        command += ["--fault", name]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    try:
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=TIMEOUT, check=False)
    except subprocess.TimeoutExpired:
        return {"tests": [], "failed": [f"(everything: more than {TIMEOUT} s)"], "excused": {}, "output": ""}
    if not file.exists():  # the fault brought the process down
        return {"tests": [], "failed": ["(everything: the process ended)"], "excused": {}, "output": done.stdout + done.stderr}
    return {**json.loads(file.read_text()), "output": done.stdout}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m faults", description=__doc__.splitlines()[0])
    parser.add_argument("fault", nargs="*", metavar="FAULT", help="a fault, or a chapter's faults (default: all)")
    parser.add_argument("--spec", nargs="+", metavar="PATH", help="run these tests under each fault (default: those of its chapter)")
    parser.add_argument("--list", action="store_true", help="list the faults and run nothing")
    parser.add_argument("--failed", action="store_true", help="list which tests each fault fails")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes side by side (default: one a core)")
    parser.add_argument("--json", metavar="FILE", type=Path, help="write which tests failed under which fault")
    arguments = parser.parse_args()
    console = Console(soft_wrap=True)
    known = load()
    chosen = [name for name in known if not arguments.fault or {name, chapter_of(name), name.partition(".")[0]} & set(arguments.fault)]
    for asked in arguments.fault:
        if not any(asked in (name, chapter_of(name), name.partition(".")[0]) for name in known):
            parser.error(f"{asked}: no such fault, nor chapter with faults: see --list")
    if arguments.list:
        for name in chosen:
            console.print(f"{name}: {escape(known[name].sentence)}")
        return 0

    with tempfile.TemporaryDirectory() as name, ThreadPoolExecutor(arguments.jobs) as pool:
        folder = Path(name)
        paths = {name: arguments.spec or [f"spec/{chapter_of(name)}"] for name in chosen}
        honest = run(None, sorted({path for some in paths.values() for path in some}), folder)
        if honest["failed"] or not honest["tests"]:
            console.print(f"without a fault the tests do not pass: mend that first\n{escape(honest['output'][-3000:])}", style="red")
            return 2
        waiting = {pool.submit(run, name, paths[name], folder): name for name in chosen}
        failed: Dict[str, List[str]] = {}
        for future in track(as_completed(waiting), "faults", total=len(waiting), console=console):
            name = waiting[future]
            failed[name] = future.result()["failed"]
            if arguments.failed or not failed[name]:
                console.print(f"{name}: {', '.join(failed[name]) or f'[red]survived[/red]: {escape(known[name].sentence)}'}")

    if arguments.json:
        arguments.json.write_text(json.dumps({name: failed[name] for name in chosen}, indent=1) + "\n")
    found = judge(honest, failed)
    for line in found.complaints:
        console.print(f"[red]{escape(line)}[/red]")
    console.print(f"{len(chosen)} faults, {len(chosen) - found.survivors} killed, {found.survivors} survived; {len(honest['tests'])} tests: "
                  f"{found.failing} fail under a fault, {len(honest['excused'])} say why none can")
    return 1 if found.complaints else 0


def chapter_of(fault: str) -> str:
    """``layers_recurrent.gate_is_open`` -> ``layers``: the chapter that the name of the fault's file begins with."""
    stem = fault.partition(".")[0]
    chapters = [path.name for path in (ROOT / "spec").iterdir() if path.is_dir() and f"{stem}_".startswith(f"{path.name}_")]
    return max(chapters, key=len, default="")


class Verdict(NamedTuple):
    """What the runs prove."""

    survivors: int
    failing: int  # tests that fail under some fault
    complaints: List[str]


def judge(honest: dict, failed: Dict[str, List[str]]) -> Verdict:
    """Which faults survived, and which tests no fault failed, given the honest run and fault -> failed tests."""
    survivors = [name for name, tests in failed.items() if not tests]
    ever = {test for tests in failed.values() for test in tests}
    complaints = [f"survived: {name}" for name in survivors]
    complaints += [f"no fault fails {test}" for test in honest["tests"] if test not in ever and test not in honest["excused"]]
    complaints += [f"marked no_fault, but fails under a fault: {test}" for test in honest["excused"] if test in ever]
    return Verdict(len(survivors), len(ever & set(honest["tests"])), complaints)


if __name__ == "__main__":
    sys.exit(main())
