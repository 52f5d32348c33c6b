"""The face that pytest sees: options, the report of where each expectation comes from, and the file of a recording."""

from __future__ import annotations

import argparse
import importlib
from pathlib import Path
from typing import Any, Dict, Iterator, List, Tuple

import pytest

from torch_history import versions
from torch_history.errors import HistoryError
from torch_history.observing import encode, environment
from torch_history.records import manifests, sources, store
from torch_history.running.extension import HistoryExtension, Session


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("history")
    group.addoption(
        "--device", default="cpu", help="the device the behaviours run on (default: cpu)"
    )
    group.addoption(
        "--observed", action="store_true", help="print what each behaviour did, beside the verdict"
    )
    group.addoption(
        "--record-to", metavar="FILE", type=Path, help=argparse.SUPPRESS
    )  # `torch-history record` sets it
    parser.addini("history_library", "the library whose behaviours are recorded", default="torch")


def pytest_configure(config: pytest.Config) -> None:
    recording = config.option.record_to is not None
    if config.option.update_snapshots and not recording:
        raise pytest.UsageError(
            "--snapshot-update: records are written by `torch-history record`, on a real release"
        )
    if recording and getattr(config.option, "numprocesses", None):
        raise pytest.UsageError("--record-to: a recording runs in one process, without -n")
    config.option.update_snapshots = recording
    library = importlib.import_module(config.getini("history_library"))
    running = str(library.__version__)  # torch 1.10's own class has no hash
    try:
        versions.parse(running)
    except HistoryError as error:
        raise pytest.UsageError(f"{library.__name__}: {error}") from None
    HistoryExtension.session = Session(running, config.option.device, recording)
    config.pluginmanager.register(Reporter(config, library), "history-reporter")


class Reporter:
    """Follows one run: per behaviour the outcome, and the version that its expectation comes from."""

    def __init__(self, config: pytest.Config, library: Any):
        self.config, self.library = config, library
        self.spec = config.rootpath / "spec"
        self.cases: Dict[
            str, Dict[str, str]
        ] = {}  # behaviour -> node id -> "" where verified, else why it is not
        self.origins: Dict[str, List[str]] = {}  # behaviour -> versions its expectations come from

    def pytest_report_header(self) -> str:
        running = HistoryExtension.session.running
        return f"torch-history: {self.library.__name__} {running} on {self.config.option.device}; {self._recorded()}"

    def _recorded(self) -> str:
        """Whether the running release was recorded, and where not, its neighbours."""
        session = HistoryExtension.session
        try:
            known = manifests.read(self.config.rootpath, session.device)
        except HistoryError as error:
            raise pytest.UsageError(str(error)) from None
        if manifests.manifest_for(known, session.running):
            return "recorded"
        below, above = manifests.neighbours(known, session.running)
        return f"not recorded (nearest recorded: {below or 'none'} below, {above or 'none'} above)"

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Iterator[None]:
        session = HistoryExtension.session
        del session.consulted[:]
        session.observed = None
        yield
        behaviour = behaviour_of(item, self.spec)
        for expected in session.consulted:
            item.user_properties.append(("expectation", (behaviour, expected.since)))
        if self.config.option.observed and session.observed is not None:
            text = store.dumps(encode.dump(session.observed))
            item.add_report_section(
                "call", "observed", f"{behaviour} under {session.running}\n{text}"
            )

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item) -> Iterator[None]:
        outcome = yield
        report = outcome.get_result()
        behaviour = behaviour_of(item, self.spec)
        if behaviour and (report.when == "call" or report.outcome != "passed"):
            report.user_properties.append(("verdict", (behaviour, item.nodeid, _why_not(report))))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        for name, value in report.user_properties:
            if name == "verdict":
                behaviour, nodeid, why_not = value
                self.cases.setdefault(behaviour, {})[nodeid] = why_not
            elif name == "expectation" and report.when == "call":
                behaviour, since = value
                if since not in self.origins.setdefault(behaviour, []):
                    self.origins[behaviour].append(since)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, exitstatus: int) -> None:
        session = HistoryExtension.session
        if session.recording and exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
            for behaviour in set(self.cases) - set(session.recorded):
                self.cases[behaviour].setdefault(
                    "", "failed: it compares nothing with its snapshot"
                )
            verified, unknown = self._verdicts()
            run = environment.describe(self.library, session.running, session.device)
            run["sources"] = sources.digest(self.config.rootpath)
            run.update(
                verified=verified,
                unknown=unknown,
                observations={behaviour: session.recorded[behaviour] for behaviour in verified},
            )
            store.write(self.config.option.record_to, run)

    def _verdicts(self) -> Tuple[List[str], Dict[str, str]]:
        unknown = {
            behaviour: next(filter(None, cases.values()))
            for behaviour, cases in sorted(self.cases.items())
            if any(cases.values())
        }
        return sorted(set(self.cases) - set(unknown)), unknown

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        session = HistoryExtension.session
        write = terminalreporter.write_line
        if self.config.option.observed:
            for report in terminalreporter.stats.get("passed", []):
                for title, text in report.sections:
                    if title == "Captured observed call":
                        write(text)
        if session.recording or not self.cases:
            return
        recorded = self._recorded()
        unknown = {
            behaviour: why
            for behaviour, why in self._verdicts()[1].items()
            if why.startswith("skipped")
        }
        if recorded != "recorded" and self.origins:
            terminalreporter.write_sep(
                "-", f"{self.library.__name__} {session.running} is {recorded}"
            )
            write("Each behaviour was held to the newest release whose record is not newer:")
            by_origin: Dict[str, List[str]] = {}
            for behaviour, origins in self.origins.items():
                for since in origins:
                    by_origin.setdefault(since, []).append(behaviour)
            for since in sorted(by_origin, key=versions.key):
                write(f"as {self.library.__name__} {since} did:")
                for behaviour in sorted(by_origin[since]):
                    wrong = [
                        why for why in self.cases[behaviour].values() if why.startswith("failed")
                    ]
                    write(f"  {'FAILED' if wrong else 'passed'}  {behaviour}")
        if unknown:
            terminalreporter.write_sep("-", f"unknown: {len(unknown)} behaviours were not observed")
            for behaviour, why in unknown.items():
                write(f"  {behaviour}: {why}")


def behaviour_of(item: pytest.Item, spec: Path) -> str:
    """The id of the behaviour a test is, or an empty text where it compares with no snapshot or stands elsewhere."""
    if spec not in item.path.parents or "snapshot" not in getattr(item, "fixturenames", ()):
        return ""
    return f"{item.path.parent.name}.{item.obj.__name__[len('test_') :]}"


def _why_not(report: pytest.TestReport) -> str:
    """Why a report leaves its behaviour unverified, in one line; empty where it passed."""
    if report.outcome == "passed":
        return ""
    if report.outcome == "skipped":
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        return "skipped: " + reason.replace("Skipped: ", "", 1)
    crash = getattr(report.longrepr, "reprcrash", None)
    message = crash.message if crash else str(report.longrepr)
    told = [
        line.strip() for line in message.splitlines() if "assert [- snapshot] ==" not in line
    ]  # syrupy's head says nothing
    return "failed: " + (told or [message or "?"])[0][:200]
