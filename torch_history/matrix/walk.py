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
from typing import Callable, List, NamedTuple, Optional

from torch_history.errors import HistoryError
from torch_history.matrix.releases import Release, choose, python_of
from torch_history.records import manifests, runs, sources, store

_TELLING = re.compile(r"Error\b|error:|ERROR|no solution")  # a log line that says why
_PERCENT = re.compile(r"\[\s*(\d+)%\]")


class Outcome(NamedTuple):
    """How recording one release ended."""

    release: Release
    merged: Optional[runs.Merged]  # None where it failed
    failure: Optional[str]
    seconds: float


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
        self.root, self.device, self.free, self.here, self.any_build = (
            root,
            device,
            free,
            here,
            any_build,
        )
        self.work = root / ".history"
        self.sources = sources.digest(root)

    def must_be_writable(self) -> None:
        """Raises HistoryError, before anything long begins, where a folder of records cannot be written."""
        store.all_paths(self.root / "spec")
        manifests.read(self.root, None)
        for folder in [*self.root.glob("spec/*/__snapshots__"), self.root / "manifests", self.work]:
            try:
                folder.mkdir(exist_ok=True)
                with tempfile.TemporaryFile(dir=folder):
                    pass
            except OSError as error:
                raise HistoryError(
                    f"{folder}: cannot be written ({error.strerror}): make the folder writable; "
                    "nothing recorded was lost"
                ) from None

    def up_to_date(self, release: Release) -> bool:
        """Whether a release was recorded from the sources as they are."""
        manifest = manifests.read(self.root, self.device).get(release.patch)
        return bool(manifest) and manifest["sources"] == self.sources

    def run_file(self, release: Release) -> Path:
        return self.work / f"{release.patch}-{self.device}.json"

    def failure_file(self, release: Release) -> Path:
        return self.work / f"{release.patch}-{self.device}.failure"

    def record(self, release: Release, tell: Callable[[str], None]) -> Outcome:
        """Build the environment, run the spec in it, enter the run into the records."""
        began = time.monotonic()
        try:
            merged = self._record(release, tell)
            failure = None
            self.failure_file(release).unlink(missing_ok=True)
        except subprocess.SubprocessError as error:
            merged, failure = None, str(error)
            self.failure_file(release).write_text(failure, encoding="utf-8")
            if self.run_file(release).exists():
                self.run_file(release).unlink()  # it is no release's, and is not to be read back
        finally:
            if self.free and not self.here:
                shutil.rmtree(self.root / ".tox" / release.environment, ignore_errors=True)
        return Outcome(release, merged, failure, time.monotonic() - began)

    def _record(self, release: Release, tell: Callable[[str], None]) -> runs.Merged:
        run_file = self.run_file(release)
        run_file.unlink(missing_ok=True)
        options = [
            "--record-to",
            str(run_file),
            "--device",
            self.device,
            "-p",
            "no:randomly",
            "-p",
            "no:cacheprovider",
            "--ignore=spec/benchmarks",
            "spec",
        ]
        environment = {
            **os.environ,
            "TORCH": f"torch=={release.patch}",
            "TORCH_PYTHON": python_of(release),
            "OMP_NUM_THREADS": "1",
        }  # more threads move last bits, within tolerance, by the number of cores
        if self.free:
            environment["UV_NO_CACHE"] = "1"  # else the wheel stays in uv's cache
        log = self.work / f"{release.patch}-{self.device}.log"
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

        self._run(command, environment, log, "the run failed", follow, accept=run_file.exists)
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

    def _run(
        self,
        command: List[str],
        environment: dict,
        log: Path,
        what: str,
        follow: Callable[[str], None],
        accept: Optional[Callable[[], bool]] = None,
    ) -> None:
        """Run a command, its output in a log; raises SubprocessError with its last words where it fails."""
        with open(log, "w", encoding="utf-8") as output:
            process = subprocess.Popen(
                command,
                cwd=self.root,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                start_new_session=True,
            )
            last = ""
            try:
                for line in process.stdout:
                    output.write(line)
                    follow(line)
                    if _TELLING.search(line) or not last:
                        last = line.strip()
                process.wait()
            except BaseException:  # Ctrl-C: end the whole tree before telling
                os.killpg(process.pid, signal.SIGTERM)
                process.wait()
                raise
        if not accept() if accept else process.returncode:
            raise subprocess.SubprocessError(
                f"{what}: {last[:200]} (log: {log.relative_to(self.root)})"
            )

    def read_back(self, chosen: List[Release]) -> List[str]:
        """The behaviours whose records, read anew, do not give back what these releases' runs observed."""
        wrong = []
        for release in chosen:
            if self.run_file(release).exists():
                run = store.read_json(self.run_file(release))
                wrong.extend(
                    f"{release.key}: {behaviour}"
                    for behaviour in runs.read_back(self.root, run, release.key)
                )
        return wrong


def _no_tox() -> str:
    raise HistoryError("tox is not installed: python -m pip install tox")


def record(walk: Walk, asked: List[str], again: bool) -> int:
    """The record command: walk, show progress, read back, say what changed. Returns the exit status."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        SpinnerColumn,
        TextColumn,
        TimeElapsedColumn,
    )

    console = Console(highlight=False)
    chosen = choose(walk.root, asked)
    walk.must_be_writable()
    outcomes: List[Outcome] = []
    done = 0
    try:
        with Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=console,
        ) as progress:
            task = progress.add_task("recording", total=len(chosen))
            for release in chosen:
                if not again and walk.up_to_date(release):
                    done += 1
                    console.print(
                        f"torch {release.patch}: recorded from these sources already (--again records it anew)"
                    )
                else:
                    outcome = walk.record(
                        release,
                        lambda stage, release=release: progress.update(
                            task, description=f"torch {release.patch}: {stage}"
                        ),
                    )
                    outcomes.append(outcome)
                    done += outcome.merged is not None
                    console.print(told(outcome), soft_wrap=True)
                progress.advance(task)
            progress.update(task, description="reading back")
            wrong = walk.read_back(chosen)
    except KeyboardInterrupt:
        console.print(
            f"interrupted: {done} of {len(chosen)} releases are recorded, nothing is lost; "
            "the same command goes on where this one was"
        )
        return 130
    for line in wrong:
        console.print(f"reading back failed: {line}", style="red", markup=False)
    failed = [outcome for outcome in outcomes if outcome.failure or failures(outcome)]
    changes = sum(len(outcome.merged.added) for outcome in outcomes if outcome.merged)
    console.print(
        f"{sum(outcome.merged is not None for outcome in outcomes)} recorded, {len(failed)} with failures, {changes} entries changed; "
        "see `torch-history check` for changes without annotation"
    )
    return 1 if failed or wrong else 0


def failures(outcome: Outcome) -> List[str]:
    unknown = outcome.merged.unknown if outcome.merged else {}
    return [f"{behaviour}: {why}" for behaviour, why in unknown.items() if why.startswith("failed")]


def told(outcome: Outcome) -> str:
    from rich.markup import escape

    release = f"torch {outcome.release.patch}"
    if outcome.merged is None:
        return f"[red]{release}: unknown: {escape(outcome.failure)}[/red]"
    merged = outcome.merged
    text = f"{release}: {merged.verified} verified, {len(merged.unknown)} unknown, {len(merged.added)} entries changed"
    text += f" ({outcome.seconds:.0f} s)"
    text += "".join(f"\n  [bold]changed[/bold] {escape(name)}" for name in merged.added)
    text += "".join(f"\n  [red]{escape(line)}[/red]" for line in failures(outcome))
    return text
