"""Walk: record the releases of the matrix, oldest first, each in its own environment."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Callable, Dict, List, NamedTuple, Optional

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

from torch_history.catalogue.releases import Release, choose, python_of
from torch_history.errors import HistoryError
from torch_history.escaping import one_line
from torch_history.records import locking, manifests, runs, sources, store
from torch_history.records.reasons import reason_of

_TELLING = re.compile(r"Error\b|error:|ERROR|no solution")  # a log line that says why
_PERCENT = re.compile(r"\[\s*(\d+)%\]")
_CODE_OF_CTRL_C = 130
Tell = Callable[[str], None]


class Outcome(NamedTuple):
    """How recording one release ended."""

    release: Release
    merged: Optional[runs.Merged]  # None where it failed
    failure: Optional[str]
    seconds: float


def must_be_writable(root: Path) -> None:
    """Raises HistoryError if a folder of records cannot be written.

    Called before the long work begins.
    """
    # Both raise HistoryError for a damaged tree, which the walk would else meet halfway.
    store.all_paths(root / "spec")
    manifests.read(root, None)
    for folder in [*root.glob("spec/*/__snapshots__"), root / "manifests", root / ".history"]:
        try:
            folder.mkdir(exist_ok=True)
            with tempfile.TemporaryFile(dir=folder):
                pass
        except OSError as error:
            raise HistoryError(
                f"{folder}: cannot be written ({error.strerror}): make the folder writable; "
                "nothing recorded was lost"
            ) from None


class Walk:
    """Records releases one after the other; ``tell(stage)`` is called as each goes on."""

    def __init__(
        self,
        root: Path,
        device: str = "cpu",
        free: bool = False,
        here: bool = False,
        any_build: bool = False,
    ):
        self.root, self.device, self.free, self.here = root, device, free, here
        self.any_build = any_build
        self.work = root / ".history"
        self.sources = sources.digest(root)

    def up_to_date(self, release: Release) -> bool:
        """Whether a release was recorded from the present sources."""
        manifest = manifests.read(self.root, self.device).get(release.patch)
        return manifest is not None and manifest.get("sources") == self.sources

    def run_file(self, release: Release) -> Path:
        """Where the run of a release is kept."""
        return self.work / f"{release.patch}-{self.device}.json"

    def failure_file(self, release: Release) -> Path:
        """The file that says why a release could not be recorded."""
        return self.work / f"{release.patch}-{self.device}.failure"

    def record(self, release: Release, tell: Tell) -> Outcome:
        """Build the environment, run the spec in it, enter the run into the records."""
        began = time.monotonic()
        merged, failure = None, None
        try:
            merged = self._record(release, tell)
            self.failure_file(release).unlink(missing_ok=True)
        except subprocess.SubprocessError as error:
            failure = str(error)
            self.failure_file(release).write_text(failure, encoding="utf-8")
            # a run that did not end well belongs to no release, and must not be read back
            self.run_file(release).unlink(missing_ok=True)
        finally:
            if self.free and not self.here:
                shutil.rmtree(self.root / ".tox" / release.environment, ignore_errors=True)
        return Outcome(release, merged, failure, time.monotonic() - began)

    def _record(self, release: Release, tell: Tell) -> runs.Merged:
        run_file, log = self.run_file(release), self.work / f"{release.patch}-{self.device}.log"
        run_file.unlink(missing_ok=True)
        environment = self._environment(release)
        options = ["--record-to", str(run_file), "--device", self.device]
        # One order for all releases, as a test may leave state behind in torch.
        options += ["-p", "no:randomly", "-p", "no:cacheprovider"]
        options += ["--ignore=spec/benchmarks", "spec"]
        if self.here:
            command = [sys.executable, "-m", "pytest", *options]
        else:
            tell("installing")
            tox = [shutil.which("tox") or _no_tox(), "run", "-e", release.environment]
            self._run(
                [*tox, "--notest"],
                environment,
                log,
                "the environment cannot be built",
                lambda line: None,
            )
            command = [*tox, "--", *options]
        tell("running the spec")

        def follow(line: str) -> None:
            percent = _PERCENT.search(line)
            if percent:
                tell(f"running the spec, {percent.group(1)} %")

        # pytest exits with 1 where a behaviour fails, which is recorded as unknown.
        self._run(command, environment, log, "the run failed", follow, accept=run_file.exists)
        # With --here the library is whatever this Python has.
        run = store.read_json(run_file)
        if run["release"] != release.patch:
            raise subprocess.SubprocessError(
                f"the environment holds torch {run['release']}, not {release.patch}"
            )
        refused = runs.why_not(run, self.any_build)
        if refused:
            raise subprocess.SubprocessError(refused)
        tell("entering the run into the records")
        return runs.merge(self.root, run, release.key)

    def _environment(self, release: Release) -> Dict[str, str]:
        """The variables of tox and of the run."""
        return {
            **os.environ,
            "TORCH": f"torch=={release.patch}",
            "TORCH_PYTHON": python_of(release),
            # more threads move last bits, within tolerance, by the number of cores
            "OMP_NUM_THREADS": "1",
            # without the cache no wheel stays behind
            **({"UV_NO_CACHE": "1"} if self.free else {}),
        }

    def _run(
        self,
        command: List[str],
        environment: Dict[str, str],
        log: Path,
        what: str,
        follow: Tell,
        accept: Optional[Callable[[], bool]] = None,
    ) -> None:
        """Run a command with its output in a log.

        If it fails, raises SubprocessError with the line of its output that says most.
        """
        with log.open("w", encoding="utf-8") as output:
            process = subprocess.Popen(
                command,
                cwd=self.root,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                # A process group of its own, so that Ctrl-C ends what tox has started too.
                start_new_session=True,
            )
            last = ""
            try:
                for line in process.stdout or ():
                    output.write(line)
                    follow(line)
                    if _TELLING.search(line) or not last:
                        last = line.strip()
                process.wait()
            except BaseException:  # Ctrl-C: end the whole tree of processes first
                os.killpg(process.pid, signal.SIGTERM)
                process.wait()
                raise
        if not (accept() if accept else process.returncode == 0):
            where = log.relative_to(self.root)
            raise subprocess.SubprocessError(f"{what}: {last[:200]} (log: {where})")

    def read_back(self, chosen: List[Release]) -> List[str]:
        """The behaviours whose records, read again, do not reproduce what the runs observed."""
        wrong: List[str] = []
        for release in chosen:
            if self.run_file(release).exists():
                run = store.read_json(self.run_file(release))
                found = runs.read_back(self.root, run, release.key)
                wrong.extend(f"{release.key}: {behaviour}" for behaviour in found)
        return wrong


def _no_tox() -> str:
    raise HistoryError("tox is not installed: python -m pip install 'torch-history[record]'")


def record(walk: Walk, asked: List[str], again: bool) -> int:
    """The record command: walk, show progress, read back, say what changed.

    Returns the exit status.
    """
    console = Console(highlight=False)
    chosen = choose(walk.root, asked)
    must_be_writable(walk.root)
    with locking.recording(walk.root):
        return _record(walk, chosen, again, console)


def _record(walk: Walk, chosen: List[Release], again: bool, console: Console) -> int:
    outcomes: List[Outcome] = []
    done = 0
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn())
    try:
        with Progress(
            *columns, MofNCompleteColumn(), TimeElapsedColumn(), console=console
        ) as progress:
            task = progress.add_task("recording", total=len(chosen))
            for release in chosen:
                # A default binds this turn's release; a closure would see the last one.
                def tell(stage: str, patch: str = release.patch) -> None:
                    progress.update(task, description=f"torch {patch}: {stage}")

                if not again and walk.up_to_date(release):
                    done += 1
                    console.print(
                        f"torch {release.patch}: recorded from these sources already "
                        "(--again records it anew)"
                    )
                else:
                    outcomes.append(walk.record(release, tell))
                    done += outcomes[-1].merged is not None
                    console.print(told(outcomes[-1]), soft_wrap=True)
                progress.advance(task)
            progress.update(task, description="reading back")
            # At the end and all of them: entering one release may move entries that others rely on.
            wrong = walk.read_back(chosen)
    except KeyboardInterrupt:
        console.print(
            f"interrupted: {done} of {len(chosen)} releases are recorded, nothing is lost; "
            "the same command continues from here"
        )
        return _CODE_OF_CTRL_C
    for line in wrong:
        console.print(f"reading back failed: {line}", style="red", markup=False)
    failed = [outcome for outcome in outcomes if outcome.failure or failures(outcome)]
    merged = [outcome.merged for outcome in outcomes if outcome.merged]
    console.print(
        f"{len(merged)} recorded, {len(failed)} with failures, "
        f"{sum(len(one.added) for one in merged)} entries changed; "
        "see `torch-history check` for changes without annotation"
    )
    return 1 if failed or wrong else 0


def failures(outcome: Outcome) -> List[str]:
    """The behaviours whose tests failed, and why."""
    unknown = outcome.merged.unknown if outcome.merged else {}
    return [f"{behaviour}: {why}" for behaviour, why in unknown.items() if reason_of(why).failed]


def told(outcome: Outcome) -> str:
    """How recording one release ended, as rich's markup."""
    release = f"torch {outcome.release.patch}"
    if outcome.merged is None:
        return f"[red]{release}: unknown: {escape(one_line(outcome.failure))}[/red]"
    merged = outcome.merged
    counts = f"{merged.verified} verified, {len(merged.unknown)} unknown"
    lines = [f"{release}: {counts}, {len(merged.added)} entries changed ({outcome.seconds:.0f} s)"]
    lines += [f"  [bold]changed[/bold] {escape(one_line(name))}" for name in merged.added]
    lines += [f"  [red]{escape(one_line(line))}[/red]" for line in failures(outcome)]
    return "\n".join(lines)
