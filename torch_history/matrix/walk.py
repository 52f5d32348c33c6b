"""Walk: run the behaviours that a release lacks in its own environment, built if need be."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import Callable, Dict, List, NamedTuple, Optional, Sequence, Set

from torch_history import versions
from torch_history.catalogue.recorded import recorded
from torch_history.catalogue.releases import Release, library
from torch_history.errors import HistoryError
from torch_history.matrix import environments, surveys
from torch_history.matrix.environments import Place
from torch_history.records import manifests, runs, store
from torch_history.surface.entering import Entered
from torch_history.surface.files import read as read_surface

_TELLING = re.compile(r"Error\b|error:|ERROR|no solution")  # a log line that says why
_PERCENT = re.compile(r"\[\s*(\d+)%\]")
# Settings of this shell that would make the run of a release another one.
_UNSET = ("PYTEST_ADDOPTS", "PYTHONDONTWRITEBYTECODE", "PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")
Tell = Callable[[str], None]


class Task(NamedTuple):
    """What is to be recorded on one release."""

    place: Place
    behaviours: List[str]
    whole: bool  # whether these are all behaviours
    survey: bool = False  # whether the surface is to be surveyed

    @property
    def release(self) -> Release:
        """The release."""
        return self.place.release

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to do."""
        return not (self.behaviours or self.survey)


def must_be_writable(root: Path) -> None:
    """Raises HistoryError if a folder of records cannot be written.

    Called before the long work begins.
    """
    # All raise HistoryError for a damaged tree, which the walk would else meet halfway.
    store.all_paths(root / "spec")
    manifests.read(root, None)
    read_surface(root)
    snapshots, surface = root.glob("spec/*/__snapshots__"), root.glob("surface/**/")
    for folder in [*snapshots, *surface, root / "manifests", root / ".history"]:
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
    """Records releases of a checkout; ``tell(stage)`` is called as a release goes on."""

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
        self.known, self.states = recorded(root)
        self._of_torch = library(root) == "torch"  # nothing else has a survey
        self._processes: Set[subprocess.Popen[str]] = set()
        self._stopped = threading.Event()
        # tox builds the package in a folder that all environments share.
        self._building = threading.Lock()

    def task(
        self, release: Release, asked: Sequence[str], again: bool, surface_alone: bool = False
    ) -> Task:
        """What is to be recorded on a release: of what was asked for, or of all behaviours."""
        names = [
            name
            for name in ([] if surface_alone else asked or self.known)
            if again or self.states[name].lacks(self.device, release.patch)
        ]
        # The surface is one for all devices, and has a timeline by lines.
        may = self.device == "cpu" and not asked and versions.is_line(release.key)
        survey = may and self._of_torch and (again or surveys.is_due(self.root, release))
        whole = len(names) == len(self.known)
        return Task(environments.place(self.root, release), names, whole, survey)

    def run_file(self, release: Release) -> Path:
        """Where the run of a release is kept."""
        return self.work / f"{release.patch}-{self.device}.json"

    def survey_file(self, release: Release) -> Path:
        """Where the survey of a release is kept."""
        return self.work / f"{release.patch}{surveys.SUFFIX}"

    def failure_file(self, release: Release) -> Path:
        """The file that says why a release could not be recorded."""
        return self.work / f"{release.patch}-{self.device}.failure"

    def observe(self, task: Task, tell: Tell) -> Optional[str]:
        """Run the behaviours of a task in its environment, built if need be.

        Leaves a run file. Returns why it could not be run, or None.
        """
        files = self.run_file(task.release), self.survey_file(task.release)
        for file in files:
            file.unlink(missing_ok=True)
        try:
            self._observe(task, tell)
        except (subprocess.SubprocessError, HistoryError) as error:
            # a run that did not end well belongs to no release, and must not be read back
            for file in files:
                file.unlink(missing_ok=True)
            self.failure_file(task.release).write_text(str(error), encoding="utf-8")
            return str(error)
        finally:
            if self.free and not self.here:
                shutil.rmtree(task.place.folder, ignore_errors=True)
        self.failure_file(task.release).unlink(missing_ok=True)
        return None

    def enter(self, task: Task) -> runs.Merged:
        """Enter the run of a task into the records."""
        if not task.behaviours:
            return runs.Merged([], 0, {}, [])
        run = store.read_json(self.run_file(task.release))
        return runs.merge(self.root, run, task.release.key, task.whole)

    def enter_survey(self, task: Task) -> Optional[Entered]:
        """Enter the survey of a task into the timelines of the surface, if it has one."""
        if not task.survey:
            return None
        survey = surveys.read(self.survey_file(task.release))
        return surveys.enter(self.root, survey, task.release.key)

    def _observe(self, task: Task, tell: Tell) -> None:
        python = Path(sys.executable) if self.here else self._python(task, tell)
        if not self.any_build and environments.is_cpu_wheel(python):
            raise HistoryError(runs.CPU_WHEEL)
        if task.behaviours:
            self._run_behaviours(task, python, tell)
        if task.survey:
            self._survey(task, python, tell)

    def _settings(self) -> Dict[str, str]:
        # With --here this shell's settings are those of the torch to be recorded.
        unset = () if self.here else _UNSET
        return {name: value for name, value in os.environ.items() if name not in unset}

    def _survey(self, task: Task, python: Path, tell: Tell) -> None:
        tell("surveying")
        out = self.survey_file(task.release)
        names = surveys.known(self.root, out.with_suffix(".names"))
        command = surveys.command(python, out, names)
        output = self._run(task.release, command, self._settings(), lambda line: None)
        if not out.exists():
            raise self._failed(task.release, "the survey failed", output)
        survey = surveys.read(out)
        if survey.release != task.release.patch:
            raise subprocess.SubprocessError(
                f"the environment holds torch {survey.release}, not {task.release.patch}"
            )

    def _run_behaviours(self, task: Task, python: Path, tell: Tell) -> None:
        tell("running")
        run_file = self.run_file(task.release)
        chosen = run_file.with_suffix(".behaviours")
        chosen.write_text("\n".join(task.behaviours), encoding="utf-8")
        files = {self.known[name].file for name in task.behaviours}
        command = [str(python), "-m", "pytest", "--record-to", str(run_file)]
        command += ["--device", self.device, "--behaviours", str(chosen)]
        # One order for all releases, as a test may leave state behind in torch.
        command += ["-p", "no:randomly", "-p", "no:cacheprovider", *sorted(files)]

        def follow(line: str) -> None:
            percent = _PERCENT.search(line)
            if percent:
                tell(f"{percent.group(1)} %")

        # pytest exits with 1 where a behaviour fails, which is recorded as unknown.
        output = self._run(task.release, command, self._settings(), follow)
        if not run_file.exists():
            raise self._failed(task.release, "the run failed", output)
        # With --here the library is whatever this Python has.
        run = store.read_json(run_file)
        if run["release"] != task.release.patch:
            raise subprocess.SubprocessError(
                f"the environment holds torch {run['release']}, not {task.release.patch}"
            )
        refused = runs.why_not(run, self.any_build)
        if refused:
            raise subprocess.SubprocessError(refused)

    def _python(self, task: Task, tell: Tell) -> Path:
        """The interpreter of a release, its environment built if need be."""
        if not task.place.at_hand:
            with self._building:
                tell("installing")
                environments.build(
                    self.root,
                    task.place,
                    lambda command, settings: self._run(
                        task.release,
                        command,
                        # without the cache no wheel stays behind
                        {**settings, **({"UV_NO_CACHE": "1"} if self.free else {})},
                        lambda line: None,
                    ),
                )
        return task.place.python

    def _failed(self, release: Release, what: str, output: str) -> subprocess.SubprocessError:
        """The error with the line of the output that says most."""
        lines = output.splitlines() or [""]
        telling = [line for line in lines if _TELLING.search(line)]
        last = (telling or lines[:1])[-1].strip()
        log = self._log(release).relative_to(self.root)
        return subprocess.SubprocessError(f"{what}: {last[:200]} (log: {log})")

    def _log(self, release: Release) -> Path:
        return self.work / f"{release.patch}-{self.device}.log"

    def _run(
        self, release: Release, command: List[str], settings: Dict[str, str], follow: Tell
    ) -> str:
        """Run a command, its output in a log and returned."""
        if self._stopped.is_set():
            raise subprocess.SubprocessError("interrupted")
        output = []
        with self._log(release).open("w", encoding="utf-8") as log:
            process = subprocess.Popen(
                command,
                cwd=self.root,
                env=settings,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                # A process group of its own, so that Ctrl-C ends what tox has started too.
                start_new_session=True,
            )
            self._processes.add(process)
            if self._stopped.is_set():  # between the question above and here
                self.stop()
            try:
                for line in process.stdout or ():
                    log.write(line)
                    follow(line)
                    output.append(line)
                process.wait()
            finally:
                self._processes.discard(process)
        return "".join(output)

    def stop(self) -> None:
        """End the processes that run, and start no other."""
        self._stopped.set()
        for process in list(self._processes):
            with contextlib.suppress(ProcessLookupError):  # it has ended meanwhile
                os.killpg(process.pid, signal.SIGTERM)

    def read_back(self, tasks: List[Task]) -> List[str]:
        """The behaviours whose records, read again, do not reproduce what the runs observed."""
        wrong: List[str] = []
        for task in tasks:
            if self.run_file(task.release).exists():
                run = store.read_json(self.run_file(task.release))
                found = runs.read_back(self.root, run, task.release.key)
                wrong.extend(f"{task.release.key}: {behaviour}" for behaviour in found)
        surveyed = [
            (task.release.key, surveys.read(self.survey_file(task.release)))
            for task in tasks
            if self.survey_file(task.release).exists()
        ]
        return wrong + list(surveys.read_back(self.root, surveyed))
