"""Running: starts the reader's program in an environment, traced, and waits for it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from pathlib import Path
from typing import Callable, Dict, List, NamedTuple, Optional, Sequence

from torch_history.comparing.traces import Trace, main
from torch_history.errors import HistoryError
from torch_history.tracing.settings import VARIABLE, Settings

_PYTHON = re.compile(r"python(\d(\.\d+)?)?(\.exe)?")
_INJECT = Path(__file__).resolve().parents[1] / "tracing" / "inject"
_THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS")
_SETTLED = ("PYTHONHOME", "PYTHONSTARTUP", "VIRTUAL_ENV", "CONDA_PREFIX")


class Program(NamedTuple):
    """The program in one environment and one copy of its folder."""

    what: str  # before, control, … : the run's name in the report and its folder
    python: Path
    folder: Path  # the copy that it runs in
    command: Sequence[str]
    threads: int
    seconds: float  # how long it may take at all; 0: as long as it likes
    imports: Sequence[Path] = ()  # folders of the project that its packages are imported from


class Ran(NamedTuple):
    """A program that has ended."""

    what: str
    out: Path
    status: int
    seconds: float
    trace: Optional[Trace]
    processes: int
    output: str
    errors: str


class Started:
    """A program that runs."""

    def __init__(self, program: Program, settings: Settings, out: Path) -> None:
        out.mkdir(parents=True, exist_ok=True)
        settings.write(out / "settings.json")
        self._program, self._out = program, out
        self._began = time.monotonic()
        self._files = [(out / name).open("wb") for name in ("stdout.txt", "stderr.txt")]
        arguments = resolve(program.command, program.python)
        try:
            self._process = subprocess.Popen(
                arguments,
                cwd=program.folder,
                env=_variables(program, out / "settings.json"),
                stdin=subprocess.DEVNULL,
                stdout=self._files[0],
                stderr=self._files[1],
                start_new_session=True,
            )
        except OSError as error:
            raise HistoryError(f"{arguments[0]}: cannot be started: {error.strerror}") from None

    def step(self) -> int:
        """How many optimizer steps it has done, as far as is written."""
        return _steps(self._out)

    def running(self) -> bool:
        """Whether it still runs; one that has run too long is ended."""
        if self._process.poll() is not None:
            return False
        limit = self._program.seconds
        if limit and time.monotonic() - self._began > limit:
            self.kill()
            return False
        return True

    def kill(self) -> None:
        """End it and what it started."""
        try:
            os.killpg(self._process.pid, 9)
        except (OSError, AttributeError):
            self._process.kill()
        self._process.wait()

    def ended(self) -> Ran:
        """What became of it."""
        status = self._process.wait()
        for file in self._files:
            file.close()
        trace, processes = main(self._out)
        output, errors = (
            (self._out / name).read_text(encoding="utf-8", errors="replace")
            for name in ("stdout.txt", "stderr.txt")
        )
        seconds = time.monotonic() - self._began
        return Ran(self._program.what, self._out, status, seconds, trace, processes, output, errors)


def wait(started: Sequence[Started], tell: Callable[[str], None]) -> List[Ran]:
    """Wait for programs that run side by side."""
    try:
        while [one for one in started if one.running()]:
            tell(" · ".join(f"{one._program.what}: step {one.step()}" for one in started))
            time.sleep(0.1)
    except BaseException:
        for one in started:
            one.kill()
        raise
    return [one.ended() for one in started]


def resolve(command: Sequence[str], python: Path) -> List[str]:
    """The command with the environment's own programs. Raises HistoryError for one it lacks."""
    first, rest = command[0], list(command[1:])
    if _PYTHON.fullmatch(Path(first).name):
        return [str(python), *rest]
    if first.endswith(".py"):
        raise HistoryError(f"{first}: name the interpreter too: -- python {first}")
    if first == "-m":
        return [str(python), first, *rest]
    found = shutil.which(first, path=str(python.parent)) or shutil.which(first)
    if found is None:
        raise HistoryError(
            f"{first}: no such program in {python.parent}: add its package to the requirements"
        )
    return [found, *rest]


def _variables(program: Program, settings: Path) -> Dict[str, str]:
    """The environment variables of a run."""
    found = {key: value for key, value in os.environ.items() if key not in _SETTLED}
    paths = [str(_INJECT), *map(str, program.imports)]
    paths += filter(None, [os.environ.get("PYTHONPATH")])
    found.update(
        {
            VARIABLE: str(settings),
            "PYTHONPATH": os.pathsep.join(paths),
            "PATH": os.pathsep.join([str(program.python.parent), found.get("PATH", "")]),
            "GIT_OPTIONAL_LOCKS": "0",  # the folder .git is linked, and must stay as it is
            "PYTHONHASHSEED": "0",
            "PYTHONUNBUFFERED": "1",
            "CUBLAS_WORKSPACE_CONFIG": ":4096:8",
        }
    )
    found.pop("PYTHONDONTWRITEBYTECODE", None)
    if program.threads:
        found.update(dict.fromkeys(_THREADS, str(program.threads)))
    return found


def _steps(out: Path) -> int:
    """The last step that a trace has, read from its end."""
    for path in out.glob("process-*/events.jsonl"):
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - 4000))
            told = re.findall(rb'"kind": "step", "step": (\d+)', file.read())
        if told:
            return int(told[-1])
    return 0
