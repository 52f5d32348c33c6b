"""Plugin: the options for a project's own test suite.

pytest imports this in every project beside which the package is installed. So it imports nothing
but pytest until an option or the fixture is used.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

FAIL_ON = ("parted", "rounding", "none")


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options."""
    group = parser.getgroup("torch-history")
    group.addoption(
        "--torch-history-record",
        metavar="FILE",
        type=Path,
        help="record what each test does with torch, to compare it under another release; "
        "a zip file if the name ends in .zip, else a folder",
    )
    group.addoption(
        "--torch-history-compare",
        metavar="FILE",
        type=Path,
        help="compare each test with the recording, and say where it parts",
    )
    group.addoption(
        "--torch-history-fail-on",
        choices=FAIL_ON,
        default="parted",
        help="which difference fails the run: one beyond rounding (parted, the default), "
        "any (rounding), or none",
    )
    group.addoption(
        "--torch-history-keep",
        metavar="MB",
        type=float,
        default=50.0,
        help="how much of the contents a recording keeps of each test (default: 50)",
    )
    group.addoption(
        "--torch-history-steps",
        action="store_true",
        help="record losses, gradients and states only, not operations: faster, and it does not "
        "say which operation differs",
    )


@pytest.hookimpl(trylast=True)  # pytest-randomly chooses its seed before
def pytest_configure(config: pytest.Config) -> None:
    """Follow the tests, where an option asks for it."""
    option = config.option
    if option.torch_history_record is None and option.torch_history_compare is None:
        return
    from torch_history.errors import HistoryError
    from torch_history.testing.suite import Suite

    try:
        config.pluginmanager.register(Suite(config), "torch-history-suite")
    except (HistoryError, ImportError) as error:
        raise pytest.UsageError(f"torch-history: {error}") from None


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say what became of the records of the project's own observations."""
    timelines = sys.modules.get("torch_history.testing.timelines")
    told = getattr(timelines, "told", ())
    if told:
        terminalreporter.write_sep("=", "torch-history: records")
        for line in told:
            terminalreporter.write_line(line)


@pytest.fixture
def torch_snapshot(request: pytest.FixtureRequest) -> Any:
    """What ``observe`` saw is compared with the record of this test for the torch that runs."""
    from torch_history.testing import timelines

    with timelines.watching(request) as snapshot:
        yield snapshot
