"""Recording: the record command over its releases.

Several releases run at once. Their runs enter the records one after the other, the oldest first.
"""

from __future__ import annotations

import time
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Dict, List, NamedTuple, Optional

from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)

from torch_history.catalogue.releases import Release
from torch_history.escaping import one_line
from torch_history.matrix.walk import Task, Walk, must_be_writable
from torch_history.records import locking, runs
from torch_history.records.reasons import reason_of
from torch_history.surface.entering import Entered

_CODE_OF_CTRL_C = 130


class Outcome(NamedTuple):
    """How recording one release ended."""

    release: Release
    merged: Optional[runs.Merged]  # None where it failed
    failure: Optional[str]
    seconds: float
    surveyed: Optional[Entered] = None  # what its survey changed, if it was surveyed


def record(walk: Walk, tasks: List[Task], jobs: int) -> int:
    """The record command: walk, show progress, read back, say what changed.

    Returns the exit status.
    """
    console = Console(highlight=False)
    must_be_writable(walk.root)
    with locking.recording(walk.root):
        return _record(walk, tasks, jobs, console)


def _record(walk: Walk, tasks: List[Task], jobs: int, console: Console) -> int:
    outcomes: List[Outcome] = []
    left = [task for task in tasks if not task.is_empty]
    if len(left) < len(tasks):
        console.print(
            f"{_counted(len(tasks) - len(left), 'release')} recorded from these sources already "
            "(--again records them anew)"
        )
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn())
    with Progress(*columns, MofNCompleteColumn(), TimeElapsedColumn(), console=console) as progress:
        bar = progress.add_task("recording", total=len(left))
        stages: Dict[str, str] = {}

        def observe(task: Task) -> tuple[Optional[str], float]:
            began = time.monotonic()
            patch = task.release.patch

            def tell(stage: str) -> None:
                stages[patch] = stage
                told = ", ".join(f"{name} ({stage})" for name, stage in sorted(stages.items()))
                progress.update(bar, description=f"torch {told}")

            try:
                return walk.observe(task, tell), time.monotonic() - began
            finally:
                stages.pop(patch, None)

        with ThreadPoolExecutor(max_workers=jobs) as pool:
            futures: List[Future[tuple[Optional[str], float]]] = []
            try:
                futures += [pool.submit(observe, task) for task in left]
                for task, future in zip(left, futures):
                    failure, seconds = future.result()
                    merged = None if failure else walk.enter(task)
                    surveyed = None if failure else walk.enter_survey(task)
                    outcomes.append(Outcome(task.release, merged, failure, seconds, surveyed))
                    console.print(told(outcomes[-1]), soft_wrap=True)
                    progress.advance(bar)
                progress.update(bar, description="reading back")
                # At the end and all of them: entering one release may move entries that others
                # rely on.
                wrong = walk.read_back(left)
            except BaseException as error:
                for future in futures:
                    future.cancel()
                walk.stop()
                if not isinstance(error, KeyboardInterrupt):
                    raise
                done = sum(outcome.merged is not None for outcome in outcomes)
                console.print(
                    f"interrupted: {done} of {len(left)} releases are recorded, nothing is lost; "
                    "the same command continues from here"
                )
                return _CODE_OF_CTRL_C
    for line in wrong:
        console.print(f"reading back failed: {line}", style="red", markup=False)
    failed = [outcome for outcome in outcomes if outcome.failure or failures(outcome)]
    entered = [outcome.merged for outcome in outcomes if outcome.merged]
    console.print(
        f"{len(entered)} recorded, {len(failed)} with failures, "
        f"{sum(len(one.added) for one in entered)} entries changed; "
        "see `torch-history check` for changes without annotation"
    )
    return 1 if failed or wrong else 0


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun} was" if number == 1 else f"{number} {noun}s were"


def failures(outcome: Outcome) -> List[str]:
    """The behaviours whose tests failed, and why."""
    unknown = outcome.merged.unknown if outcome.merged else {}
    return [f"{behaviour}: {why}" for behaviour, why in unknown.items() if reason_of(why).failed]


def told(outcome: Outcome) -> str:
    """How recording one release ended, as rich's markup."""
    release = f"torch {outcome.release.patch}"
    if outcome.merged is None:
        why = (outcome.failure or "").replace(f"{release}: ", "", 1)
        return f"[red]{release}: unknown: {escape(one_line(why))}[/red]"
    merged = outcome.merged
    counts = []
    if merged.verified or merged.unknown or outcome.surveyed is None:
        verified, unknown, added = merged.verified, len(merged.unknown), len(merged.added)
        counts.append(f"{verified} verified, {unknown} unknown, {added} entries changed")
    if outcome.surveyed is not None:
        names, changed = outcome.surveyed
        counts.append(f"{names} names surveyed, {changed} timelines changed")
    lines = [f"{release}: {'; '.join(counts)} ({outcome.seconds:.0f} s)"]
    lines += [f"  [bold]changed[/bold] {escape(one_line(name))}" for name in merged.added]
    lines += [f"  [red]{escape(one_line(line))}[/red]" for line in failures(outcome)]
    if merged.environment:
        differing = escape(one_line("; ".join(merged.environment)))
        lines.append(
            f"  the environment is not the one of its manifest ({differing}): "
            f"`torch-history record {outcome.release.key} --again` records all in it"
        )
    return "\n".join(lines)
