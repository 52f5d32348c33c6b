"""The options of pytest: a suite is recorded under one torch and compared under another."""

import json
import re
import shutil
import zipfile

import pytest

from torch_history.comparing.parting import Parting
from torch_history.comparing.result import Verdict
from torch_history.errors import HistoryError
from torch_history.testing import storing, summary
from torch_history.testing.plugin import FAIL_ON
from torch_history.testing.units import Unit

NET = """
import torch
import torch.nn.functional as F
from torch import nn


class Net(nn.Module):
    def __init__(self, drop=0.0):
        super().__init__()
        self.a, self.b, self.drop = nn.Linear(4, 8), nn.Linear(8, 1), drop

    def forward(self, x):
        return self.b(F.dropout(self.a(x), self.drop, self.training))


def fit(net, steps=3):
    optimizer = torch.optim.Adam(net.parameters(), lr=0.1)
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, 1)
    for _ in range(steps):
        optimizer.zero_grad()
        net(torch.randn(16, 4)).pow(2).mean().backward()
        optimizer.step()
        schedule.step()
"""
TESTS = """
import time
import unittest

import pytest
import torch
import torch.nn.functional as F
from net import Net, fit


def test_same():
    torch.eye(2).exp().sum()


def test_value():
    F.gelu(torch.tensor([1.0, 2.0]))


def test_value_asserted():
    assert F.gelu(torch.tensor(1.0)).item() == pytest.approx(0.8413, abs=1e-4)


def test_stream():
    F.dropout(torch.ones(64), 0.5)


def test_rounding():
    fit(Net())


@pytest.fixture(scope="module")
def trained():
    net = Net(0.5)
    fit(net)
    return net


def test_fixture(trained):
    trained.eval()(torch.ones(1, 4)).sum().backward()


def test_warning():
    torch.ones(2).cumsum(0)


def test_error():
    torch.ones(2).cumprod(0)


def test_clock():
    torch.manual_seed(time.time_ns() % 2**31)
    torch.randn(2)


def test_new():
    pass


@pytest.mark.skip(reason="not here")
def test_skipped():
    pass


class TestUnit(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.start = torch.randn(2)

    def test_unit(self):
        self.assertEqual((self.start + torch.randn(2)).shape, (2,))
"""
PLANTED = "value stream rounding warning error"
CLOCK = "tests/test_net.py::test_clock: gives other numbers each time, so nothing can be said"


def line(text):
    """The number of the only line of the tests that holds a text."""
    [found] = [number for number, one in enumerate(TESTS.splitlines(), 1) if text in one]
    return found


def told(output):
    """Test or fixture -> the line that says where it parts."""
    return dict(re.findall(r"^(?:tests/test_net\.py::)(.*)\n    (.*)$", output, re.MULTILINE))


def section(output):
    return output[output.index("= torch-history: ") :]


@pytest.fixture(scope="module")
def project(own):
    """The project with a recording, without the test that is new later."""
    made = own()
    made.write("net.py", NET)
    made.write("tests/test_net.py", TESTS)
    result = made.pytest(
        "--torch-history-record=before.zip", "--deselect=tests/test_net.py::test_new", version="2.6"
    )
    assert result.returncode == 0, result.stdout
    assert "torch-history: 10 tests recorded in before.zip" in result.stdout
    return made


def compare(project, *arguments, planted="", version="2.15"):
    return project.pytest(
        "--torch-history-compare=before.zip", *arguments, planted=planted, version=version
    )


@pytest.fixture(scope="module")
def parted(project):
    return compare(project, planted=PLANTED)


def test_same_torch_gives_the_same_bits(project):
    result = compare(project)
    assert result.returncode == 0, result.stdout
    assert "torch-history: 0 of 10 tests part under 2.15 (recorded under 2.6)" in result.stdout
    assert "10 tests compared: 9 the same bits, 1 not reproducible." in result.stdout
    assert CLOCK in result.stdout and "not recorded: tests/test_net.py::test_new" in result.stdout


def test_each_test_that_parts_is_told_with_the_line_where_it_begins(parted):
    found = told(section(parted.stdout))
    gelu, drop = line("    F.gelu("), line("    F.dropout(")
    assert found["test_value"].startswith(f"tests/test_net.py:{gelu}: F.gelu returns different")
    assert found["test_stream"].startswith(f"tests/test_net.py:{drop}: F.dropout draws other")
    assert found["fixture trained"].startswith("net.py:13: F.dropout draws other random numbers")
    assert found["test_fixture"] == "it begins from tests/test_net.py::fixture trained"
    assert f"tests/test_net.py:{line('cumsum(')}: new under 2.15, in 1 test: Fut" in parted.stdout
    assert set(found) == {
        *("test_value", "test_value_asserted", "test_stream", "test_error"),
        *("fixture trained", "test_fixture"),
    }


def test_rounding_is_told_apart(parted):
    rounding = "1 test parts through rounding alone, tests/test_net.py::test_rounding first:\n"
    assert f"{rounding}    net.py:13: F.linear rounds differently: up to" in parted.stdout


def test_outcome_of_a_test_is_that_of_the_torch_that_runs(parted):
    # The second run got the recorded numbers, with which the assertion holds.
    assert "FAILED tests/test_net.py::test_value_asserted - assert 0.842" in parted.stdout
    found = told(section(parted.stdout))
    assert "F.gelu returns different values" in found["test_value_asserted"]
    error = f"tests/test_net.py:{line('cumprod(')}: raises RuntimeError before the first step"
    assert found["test_error"] == f"{error}: cumprod is refused"
    assert parted.returncode == 1 and "2 failed, 9 passed, 1 skipped" in parted.stdout


def test_workers_find_the_same(project, parted):
    two = compare(project, "-p", "xdist.plugin", "-n2", planted=PLANTED)
    assert two.returncode == 1 and "2 workers" in two.stdout
    one, other = (
        re.search(r"(?s)= torch-history: .*?compared: [^\n]*", run.stdout)[0]
        for run in (parted, two)
    )
    assert sorted(one.splitlines()[1:]) == sorted(other.splitlines()[1:])


@pytest.mark.parametrize(
    "verdict, levels",
    [
        (Verdict.STREAM, {"parted", "rounding"}),
        (Verdict.ROUNDING, {"rounding"}),
        (Verdict.UNSTABLE, set()),
        (Verdict.SAME, set()),
    ],
    ids=lambda value: getattr(value, "value", ""),
)
def test_level_decides_what_fails_the_run(verdict, levels):
    found = [Unit(id="test", parting=Parting(verdict=verdict))]
    assert {one for one in FAIL_ON if summary.failing(found, one)} == levels


def test_steps_alone_say_that_a_test_parts(project):
    project.pytest("--torch-history-record=steps", "--torch-history-steps", "-k", "test_fixture")
    assert sorted(one.name for one in (project.root / "steps").glob("*/process-000/kept*")) == []
    result = project.pytest("--torch-history-compare=steps", "-k", "test_fixture", planted="stream")
    assert result.returncode == 1
    assert "1 test compared: 1 at an unknown place." in result.stdout


def test_missing_file_ends_the_run_with_one_line(project):
    result = project.pytest("--torch-history-compare=missing.zip")
    assert result.returncode == 4 and "Traceback" not in result.stdout
    assert result.stdout.strip().endswith(
        "missing.zip: no such recording: write it under the older torch first"
    )


def test_recording_that_is_none_or_another_s_is_refused(project, tmp_path):
    copy, other = tmp_path / "copy.zip", tmp_path / "other.zip"
    shutil.copy(str(project.root / "before.zip"), str(copy))
    copy.write_bytes(copy.read_bytes()[:-100])
    with pytest.raises(HistoryError, match=r"copy\.zip: not a recording, or damaged: write it"):
        storing.Stored(copy, "tests")
    with zipfile.ZipFile(str(other), "w") as file:
        manifest = {"format": 1, "what": "tests", "engine": "0.1.0"}
        file.writestr("manifest.json", json.dumps(manifest))
    with pytest.raises(HistoryError, match=r"recorded by torch-history 0\.1\.0, this is .*again"):
        storing.Stored(other, "tests")
    with pytest.raises(HistoryError, match=r"holds 'tests' of format 1, not 'trace'"):
        storing.Stored(project.root / "before.zip", "trace")


def test_folder_with_other_files_is_never_replaced(project):
    result = project.pytest("--torch-history-record=tests")
    assert result.returncode == 4 and "tests: a folder with other files" in result.stdout
    assert (project.root / "tests" / "test_net.py").exists()


def test_without_an_option_nothing_is_imported(own):
    project = own()  # another test file would be run with those of the shared project
    asked = "[name for name in ('torch', 'msgspec', 'numpy') if name in sys.modules]"
    project.write("check/test_check.py", f"import sys\n\ndef test_check():\n    print({asked})\n")
    result = project.python(
        "-m", "pytest", "-s", "-p", "torch_history.testing.plugin", "check/test_check.py"
    )
    assert result.returncode == 0 and "\n[]\n" in result.stdout.replace("check.py ", "check.py\n")
