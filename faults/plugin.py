"""The pytest plugin that installs one fault.

``python -m pytest -p faults.plugin --fault NAME`` shows how the tests fail under it.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Dict, Iterator, List, Optional

import pytest
from hypothesis import Phase, settings

from faults import Fault, load


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("faults")
    group.addoption(
        "--fault", metavar="NAME", help="make torch wrong in this way while each test's body runs"
    )
    group.addoption(
        "--faults-to", metavar="FILE", type=Path, help="write which tests failed, as JSON"
    )


def pytest_configure(config: pytest.Config) -> None:
    name = config.option.fault
    known = load()
    if name is not None and name not in known:
        raise pytest.UsageError(f"--fault {name}: no such fault: see `python -m faults --list`")
    settings.register_profile(
        "faults", settings(), phases=(Phase.explicit, Phase.generate)
    )  # a failing example need not be small
    settings.load_profile("faults")
    config.pluginmanager.register(Watch(known.get(name), config.option.faults_to))


class Watch:
    """Installs a fault for the body of each test and records which tests failed."""

    def __init__(self, fault: Optional[Fault], file: Optional[Path]):
        self.fault, self.file = fault, file
        self.tests: List[str] = []
        self.failed: List[str] = []
        self.excused: Dict[str, str] = {}  # test -> why no fault can fail it

    def pytest_collection_modifyitems(self, items: List[pytest.Item]) -> None:
        for item in items:
            _enter(self.tests, test_of(item.nodeid))
            mark = item.get_closest_marker("no_fault")
            if mark:
                self.excused[test_of(item.nodeid)] = mark.args[0]

    @pytest.hookimpl(hookwrapper=True)
    def pytest_pyfunc_call(self) -> Iterator[None]:
        with pytest.MonkeyPatch.context() as patch:
            if self.fault:
                self.fault.install(patch)
            yield

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            _enter(self.failed, test_of(report.nodeid))

    def pytest_sessionfinish(self) -> None:
        if self.file:
            self.file.write_text(
                json.dumps({"tests": self.tests, "failed": self.failed, "excused": self.excused})
            )


def _enter(names: List[str], name: str) -> None:
    if name not in names:
        names.append(name)


def test_of(nodeid: str) -> str:
    """Return the test's short name: ``spec/layers/test_x.py::test_y[case]`` -> ``layers.y``."""
    path, _, name = nodeid.partition("[")[0].partition("::")
    return f"{Path(path).parent.name}.{name[len('test_') :]}"


test_of.__test__ = False
