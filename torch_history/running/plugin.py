"""The face that pytest sees.

It adds the options, reports where each expectation comes from, and writes the file of a recording
or of a verification.
"""

from __future__ import annotations

import argparse
import importlib
import os
import re
from pathlib import Path
from typing import Any, Dict, Generator, List, Optional, Tuple

import pytest

from torch_history import versions
from torch_history.errors import HistoryError
from torch_history.observing import encode, environment
from torch_history.records import kept, manifests, sources, store
from torch_history.records.reasons import Reason
from torch_history.running.extension import HistoryExtension, Session

# One thread, before torch is imported: more move last bits, and on a busy machine they wait for
# each other for minutes.
THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
os.environ.update(dict.fromkeys(THREADS, "1"))
# what syrupy says of a failure first: nothing that the other lines do not say
_SYRUPY = re.compile(r"assert \[- snapshot\] ==|Snapshot '.*' does not exist!")
VERDICT, EXPECTATION, MISMATCHES = "verdict", "expectation", "mismatches"  # user properties


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options of the engine."""
    group = parser.getgroup("torch-history")
    group.addoption(
        "--device", default="cpu", help="the device the behaviours run on (default: cpu)"
    )
    group.addoption(
        "--observed", action="store_true", help="print what each behaviour did, beside the verdict"
    )
    # `torch-history record` and `torch-history verify` set these
    group.addoption("--record-to", metavar="FILE", type=Path, help=argparse.SUPPRESS)
    group.addoption("--verify-to", metavar="FILE", type=Path, help=argparse.SUPPRESS)
    group.addoption("--behaviours", metavar="FILE", type=Path, help=argparse.SUPPRESS)
    parser.addini("history_library", "the library whose behaviours are recorded", default="torch")


def pytest_configure(config: pytest.Config) -> None:
    """Begin the session that the comparisons share."""
    recording = config.option.record_to is not None
    if config.option.update_snapshots and not recording:
        raise pytest.UsageError(
            "--snapshot-update: records are written by `torch-history record`, on a real release"
        )
    # What was observed is collected in this process; workers of xdist would keep theirs.
    if recording and getattr(config.option, "numprocesses", None):
        raise pytest.UsageError("--record-to: a recording runs in one process, without -n")
    # With this syrupy accepts every observation, and hands it to write_snapshot_collection.
    config.option.update_snapshots = recording
    library = importlib.import_module(config.getini("history_library"))
    if hasattr(library, "set_num_threads"):
        library.set_num_threads(1)  # where something imported it before this plugin
    running = str(library.__version__)  # torch 1.10's own class has no hash
    try:
        versions.parse(running)
        records = kept.of(config.rootpath)
    except HistoryError as error:
        raise pytest.UsageError(f"{library.__name__}: {error}") from None
    if config.option.verify_to is not None:
        _must_know_numpy(library)
    HistoryExtension.session = Session(running, config.option.device, recording, records)
    config.pluginmanager.register(Reporter(config, library), "history-reporter")


def _must_know_numpy(library: Any) -> None:
    """A torch built for NumPy 1 cannot pass tensors to NumPy 2, in which all is compared."""
    try:
        library.zeros(1).numpy()
    except RuntimeError as error:
        raise pytest.UsageError(
            f"{library.__name__} {library.__version__} cannot use the installed NumPy ({error}): "
            "python -m pip install 'numpy<2'"
        ) from None
    except AttributeError:
        pass  # a library without tensors


class Reporter:
    """Follows one run: per behaviour the outcome, and the version its expectation comes from."""

    def __init__(self, config: pytest.Config, library: Any):
        self.config, self.library = config, library
        self.spec = config.rootpath / "spec"
        # behaviour -> node id -> None where verified, else why it is not
        self.cases: Dict[str, Dict[str, Optional[Reason]]] = {}
        self.origins: Dict[str, List[str]] = {}  # behaviour -> versions of its expectations
        self.mismatches: Dict[str, List[str]] = {}  # behaviour -> where it differs
        self.sources: Dict[str, str] = {}  # behaviour -> the digest of its source; in a recording
        self.laws: Dict[str, str] = {}  # node id of a failed test without a record -> why

    def pytest_report_header(self) -> str:
        """Which library runs, and whether it was recorded."""
        running = HistoryExtension.session.running
        return (
            f"torch-history: {self.library.__name__} {running} on {self.config.option.device}; "
            f"{self._recorded()}"
        )

    def _recorded(self) -> str:
        """Whether the running release was recorded, and where not, its neighbours."""
        session = HistoryExtension.session
        try:
            known = session.records.manifests(session.device)
        except HistoryError as error:
            raise pytest.UsageError(str(error)) from None
        if manifests.manifest_for(known, session.running):
            return "recorded"
        below, above = manifests.neighbours(known, session.running)
        nearest = f"{below or 'none'} below, {above or 'none'} above"
        return f"not recorded (nearest recorded: {nearest})"

    def pytest_collection_modifyitems(self, items: List[pytest.Item]) -> None:
        """Leave only the behaviours of ``--behaviours``."""
        file = self.config.option.behaviours
        if file is not None:
            wanted = set(file.read_text(encoding="utf-8").split())
            left_out = [item for item in items if behaviour_of(item, self.spec) not in wanted]
            items[:] = [item for item in items if behaviour_of(item, self.spec) in wanted]
            self.config.hook.pytest_deselected(items=left_out)
        if HistoryExtension.session.recording:
            self._digest(items)

    def _digest(self, items: List[pytest.Item]) -> None:
        """Note what each behaviour is recorded from, before its test runs."""
        root = self.config.rootpath
        known = sources.Sources(root)
        for item in items:
            behaviour = behaviour_of(item, self.spec)
            if behaviour and behaviour not in self.sources:
                file = item.path.relative_to(root).as_posix()
                name = f"test_{behaviour.partition('.')[2]}"
                self.sources[behaviour] = known.digest(file, name)

    # User properties reach the reporter from the workers of xdist, in which the session is another.
    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, Any, None]:
        """Note what a test consulted and observed."""
        session = HistoryExtension.session
        session.consulted.clear()
        session.mismatches.clear()
        session.observed = {}
        yield
        behaviour = behaviour_of(item, self.spec)
        for expected in session.consulted:
            for since, _ in expected.held.values():
                item.user_properties.append((EXPECTATION, (behaviour, since)))
        if session.mismatches:
            item.user_properties.append((MISMATCHES, (behaviour, list(session.mismatches))))
        if self.config.option.observed and session.observed:
            done = {act: encode.dump(one) for act, one in session.observed.items()}
            # An act of its own has no name.
            text = store.dumps(done.get("", done))
            item.add_report_section(
                "call", "observed", f"{behaviour} under {session.running}\n{text}"
            )

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item) -> Generator[None, Any, None]:
        """Put the outcome of a behaviour into its report, which may come from another process."""
        outcome = yield
        report = outcome.get_result()
        behaviour = behaviour_of(item, self.spec)
        # Set-up and tear-down count only where they failed or skipped: the call has the verdict.
        if behaviour and (report.when == "call" or report.outcome != "passed"):
            reason = _reason(report)
            told = list(reason) if reason else None  # xdist sends plain types only
            report.user_properties.append((VERDICT, (behaviour, item.nodeid, told)))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Collect the outcomes."""
        properties: List[Tuple[str, Any]] = list(report.user_properties)
        if report.failed and VERDICT not in dict(properties):
            reason = _reason(report)
            self.laws[report.nodeid] = reason.words if reason else ""
        for name, value in properties:
            if name == VERDICT:
                behaviour, nodeid, reason = value
                known = reason and Reason(*reason)
                self.cases.setdefault(behaviour, {})[nodeid] = known
            # The properties of the item come again with the report of the tear-down.
            elif name == EXPECTATION and report.when == "call":
                behaviour, since = value
                if since not in self.origins.setdefault(behaviour, []):
                    self.origins[behaviour].append(since)
            elif name == MISMATCHES and report.when == "call":
                behaviour, lines = value
                self.mismatches.setdefault(behaviour, []).extend(lines)

    # After syrupy, which hands over what it collected in its own sessionfinish.
    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, exitstatus: int) -> None:
        """Write the file of a recording or a verification."""
        session, option = HistoryExtension.session, self.config.option
        empty = option.verify_to is not None and exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED
        # A run that was interrupted, or could not collect a file, would pass for whole.
        if exitstatus not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED) and not empty:
            return
        if session.recording:
            for behaviour in set(self.cases) - set(session.recorded):
                # Entered last, so that a reason of the test itself comes first and is told.
                missing = Reason(True, "it compares nothing with its snapshot")
                self.cases[behaviour].setdefault("", missing)
            verified, unknown = self._verdicts()
            run = environment.describe(self.library, session.running, session.device)
            run.update(
                sources=self.sources,
                unknown={behaviour: str(reason) for behaviour, reason in unknown.items()},
                observations={behaviour: session.recorded[behaviour] for behaviour in verified},
            )
            store.write(option.record_to, run)
        if option.verify_to is not None:
            store.write(option.verify_to, self._verification())

    def _verification(self) -> Dict[str, Any]:
        """What `torch-history verify` reads: the environment, and each behaviour's outcome."""
        session = HistoryExtension.session
        verified, unknown = self._verdicts()
        return {
            **environment.describe(self.library, session.running, session.device),
            "running": session.running,
            "recorded": self._recorded(),
            "verified": verified,
            "unknown": {behaviour: list(reason) for behaviour, reason in unknown.items()},
            "origins": self.origins,
            "mismatches": self.mismatches,
            "laws": self.laws,
        }

    def _verdicts(self) -> Tuple[List[str], Dict[str, Reason]]:
        """The verified behaviours, and why the others are not."""
        unknown = {}
        for behaviour, cases in sorted(self.cases.items()):
            # One case that was not observed leaves the whole behaviour unknown.
            reasons = [reason for reason in cases.values() if reason]
            if reasons:
                unknown[behaviour] = reasons[0]
        return sorted(set(self.cases) - set(unknown)), unknown

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Say where the expectations come from, and what is unknown."""
        write = terminalreporter.write_line
        if self.config.option.observed:
            for report in terminalreporter.stats.get("passed", []):
                for title, text in report.sections:
                    if title == "Captured observed call":
                        write(text)
        if HistoryExtension.session.recording or not self.cases:
            return
        if self._recorded() != "recorded" and self.origins:
            self._tell_origins(terminalreporter)
        unknown = {name: why for name, why in self._verdicts()[1].items() if not why.failed}
        if unknown:
            terminalreporter.write_sep("-", f"unknown: {len(unknown)} behaviours were not observed")
            for behaviour, why in unknown.items():
                write(f"  {behaviour}: {why}")

    def _tell_origins(self, terminalreporter: Any) -> None:
        """For a library that was not recorded: which release each behaviour was compared with."""
        name, running = self.library.__name__, HistoryExtension.session.running
        write = terminalreporter.write_line
        terminalreporter.write_sep("-", f"{name} {running} is {self._recorded()}")
        write("Each behaviour was compared with the latest recorded release up to this version:")
        by_origin: Dict[str, List[str]] = {}
        for behaviour, origins in self.origins.items():
            for since in origins:
                by_origin.setdefault(since, []).append(behaviour)
        for since in sorted(by_origin, key=versions.key):
            write(f"as {name} {since} did:")
            for behaviour in sorted(by_origin[since]):
                wrong = any(why and why.failed for why in self.cases[behaviour].values())
                write(f"  {'FAILED' if wrong else 'passed'}  {behaviour}")


def behaviour_of(item: pytest.Item, spec: Path) -> str:
    """The id of the behaviour that a test is; empty where it is none."""
    if spec not in item.path.parents or "snapshot" not in getattr(item, "fixturenames", ()):
        return ""
    name = getattr(item, "originalname", None) or item.name.partition("[")[0]
    return f"{item.path.parent.name}.{name[len('test_') :]}"


def _reason(report: pytest.TestReport) -> Optional[Reason]:
    """Why a report leaves its behaviour unverified, in one line; None where it passed."""
    if report.outcome == "passed":
        return None
    if report.outcome == "skipped":
        told = report.longrepr
        reason = told[2] if isinstance(told, tuple) else str(told)
        return Reason(False, reason.replace("Skipped: ", "", 1))
    crash = getattr(report.longrepr, "reprcrash", None)
    message = crash.message if crash else str(report.longrepr)
    lines = [line.strip() for line in message.splitlines() if not _SYRUPY.search(line)]
    lines = [line for line in lines if line] or [message or "?"]
    # NumPy begins its messages on the second line.
    told = " ".join(lines[:2]) if re.fullmatch(r"\w+:", lines[0]) else lines[0]
    where = _line_of(report)
    return Reason(True, f"{where}: {told}"[:300] if where else told[:300])


def _line_of(report: pytest.TestReport) -> str:
    """``spec/views/test_view.py:12``: the line of the test's own file at which it failed.

    The place of the exception itself may be inside NumPy or pytest, and says nothing.
    """
    file = report.location[0]
    entries = getattr(getattr(report.longrepr, "reprtraceback", None), "reprentries", ())
    places = [getattr(entry, "reprfileloc", None) for entry in entries]
    lines = [place.lineno for place in places if place and Path(place.path).name == Path(file).name]
    return f"{file}:{lines[-1]}" if lines else ""
