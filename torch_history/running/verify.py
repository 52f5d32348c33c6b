"""Verify: run the specification on the torch of this environment, and compare it with the records.

pytest runs in a process of its own, from the folder of the suite: a checkout, or the one inside an
installed package. Nothing is installed, replaced or written outside a temporary folder.
"""

from __future__ import annotations

import importlib.util
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Optional, Sequence

from torch_history.errors import HistoryError
from torch_history.progress import Tell
from torch_history.records.reasons import Reason

PLUGIN = "torch_history.running.plugin"  # before the options that it adds are read
_PERCENT = re.compile(r"\[\s*(\d+)%\]")
_TELLING = re.compile(r"Error\b|error:|ERROR")  # a line of output that says why


class Differing(NamedTuple):
    """A behaviour that is not as recorded."""

    behaviour: str
    since: str  # the release under which its expectation was recorded; empty where there is none
    lines: List[str]  # where it differs


class Verification(NamedTuple):
    """What running the specification came to."""

    library: str
    running: str  # the version, with its build
    device: str
    build: str
    python: str
    recorded: str  # "recorded", or the nearest recorded releases
    verified: List[str]
    differing: List[Differing]
    unknown: Dict[str, str]  # behaviour -> why it was not observed
    laws: Dict[str, str]  # test of what holds on every version -> why it failed

    @property
    def passed(self) -> bool:
        """Whether everything that was observed is as recorded."""
        return not self.differing and not self.laws


def verify(
    root: Path,
    chapters: Sequence[str] = (),
    behaviours: Optional[Sequence[str]] = None,
    device: str = "cpu",
    tell: Tell = lambda share, what: None,
) -> Verification:
    """Run the suite of a folder: whole, some chapters, or some behaviours.

    ``tell(share done, what is going on)`` follows it. Raises HistoryError where the environment has
    no torch or no pytest, or where pytest cannot run.
    """
    _must_be_there()
    with tempfile.TemporaryDirectory() as temporary:
        work = Path(temporary)
        file = work / "verification.json"
        command = [sys.executable, "-m", "pytest", "-c", str(root / "pytest.ini")]
        # The order of the recording; and no cache is written into an installed package.
        command += [f"--rootdir={root}", "-p", "no:cacheprovider", "-p", "no:randomly"]
        command += ["-p", PLUGIN, f"--verify-to={file}", f"--device={device}", "--tb=short"]
        command += [f"--ignore={root / 'spec' / 'benchmarks'}"]
        if behaviours is not None:
            chosen = work / "behaviours"
            chosen.write_text("\n".join(behaviours), encoding="utf-8")
            command += [f"--behaviours={chosen}"]
        command += [str(root / "spec" / chapter) for chapter in chapters] or [str(root / "spec")]
        tell(0.0, "importing torch")
        last = _run(command, work, tell)
        # The exit status is of no use here: it is 1 as well where a behaviour differs.
        if not file.exists():
            raise HistoryError(f"the specification did not run: {last[:300]}")
        found = read(json.loads(file.read_text(encoding="utf-8")))
    # Nothing differs where nothing ran, and that must not pass for as recorded.
    if found.passed and not found.verified:
        why = next(iter(found.unknown.values()), "no test was selected")
        raise HistoryError(f"nothing was observed: {why}")
    return found


def _must_be_there() -> None:
    if importlib.util.find_spec("torch") is None:
        raise HistoryError(
            f"{sys.executable} has no torch: run this with the Python of the build to be verified"
        )
    for package in ("pytest", "syrupy", "hypothesis", "numpy"):
        if importlib.util.find_spec(package) is None:
            # Not a HistoryError: the command line names the extra that has the package.
            raise ImportError(f"No module named {package!r}", name=package)


def _run(command: List[str], work: Path, tell: Tell) -> str:
    """Run pytest and follow its progress. Returns the line of its output that says most."""
    environment = dict(os.environ)
    # The user's own options could leave tests out, or stop at the first failure.
    environment.pop("PYTEST_ADDOPTS", None)
    last = ""
    with subprocess.Popen(
        command,
        cwd=work,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as process:
        try:
            for line in process.stdout or ():
                percent = _PERCENT.search(line)
                if percent:
                    chapter = Path(line.partition(" ")[0]).parent.name
                    tell(int(percent.group(1)) / 100, f"running {chapter or 'the specification'}")
                # The last line that tells an error, or else the first line of all.
                if _TELLING.search(line) or not last:
                    last = line.strip()
        except BaseException:  # Ctrl-C: else leaving this block would wait for pytest's end
            process.terminate()
            raise
    return last


def read(told: Dict[str, Any]) -> Verification:
    """The verification that the plugin wrote."""
    reasons = {name: Reason(*reason) for name, reason in told["unknown"].items()}
    differing = []
    for behaviour, reason in reasons.items():
        if reason.failed:
            since = ", ".join(told["origins"].get(behaviour, []))
            lines = told["mismatches"].get(behaviour) or [reason.words]
            differing.append(Differing(behaviour, since, lines))
    return Verification(
        library=told["library"],
        running=told["running"],
        device=told["device"],
        build=told["build"],
        python=told["python"],
        recorded=told["recorded"],
        verified=told["verified"],
        differing=differing,
        unknown={name: one.words for name, one in reasons.items() if not one.failed},
        laws=told["laws"],
    )
