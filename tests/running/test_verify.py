"""``torch-history verify``: the suite on another build of the library, beside the records."""

import json
import os
import re
import shutil
from xml.etree import ElementTree as ET

import pytest

from tests.fake import REPOSITORY
from torch_history.catalogue import index
from torch_history.cli import main
from torch_history.errors import HistoryError
from torch_history.publish import verification
from torch_history.running import verify

LAW = """

def test_two_is_two():
    assert 1 + 1 == {result}
"""


@pytest.fixture
def verified(project, monkeypatch):
    """Verify the fake library of a version: the project, or a folder beside it."""
    monkeypatch.setattr(verify, "_must_be_there", lambda: None)  # torch is not what is verified

    def run(version="2.6.0", root=None, **settings):
        folder = root or project.root
        monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(folder), str(REPOSITORY)]))
        monkeypatch.setenv("FAKELIB_VERSION", version)
        return verify.verify(folder, **settings)

    run.project = project
    return run


def change(project, old, new, file="fakelib.py"):
    path = project.root / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_recorded_release_is_as_recorded(verified):
    found = verified("2.0.1")
    assert found.passed and found.recorded == "recorded" and found.running == "2.0.1"
    assert len(found.verified) == 12 and not found.differing and not found.unknown
    assert "rates.scale_halves" in found.verified


def test_what_differs_is_named_with_the_release_of_its_expectation(verified):
    change(verified.project, "else 0.5", "else 0.125")
    found = verified("2.13.0")
    assert not found.passed and found.recorded.startswith("not recorded (nearest recorded: 2.6.0")
    [one] = found.differing
    assert (one.behaviour, one.since) == ("rates.scale_halves", "2.0")
    assert one.lines == ["value: expected 0.5, observed 0.125"]
    assert "rates.scale_halves" not in found.verified and "rates.flip_comes_back" in found.verified


def test_release_without_a_record_that_holds_differs(verified):
    found = verified("1.3.1")
    assert {one.since for one in found.differing} == {""} and not found.verified
    told = found.differing[0].lines[0]
    assert re.match(r"spec/rates/test_rates\.py:\d+: no record holds for 1\.3\.1: run `", told)


def test_skipped_behaviour_is_unknown_and_no_difference(verified, monkeypatch):
    monkeypatch.setenv("FAKELIB_WITHOUT_PART", "1")
    found = verified()
    assert found.passed and found.unknown == {"tensors.optional_part": "no part for this fakelib"}


def test_broken_law_is_told_apart_from_differences(verified):
    change(verified.project, "import os\n", "import os\n" + LAW.format(result=3),
           "spec/rates/test_rates.py")  # fmt: skip
    found = verified()
    assert not found.passed and not found.differing
    [(test, why)] = found.laws.items()
    assert test == "spec/rates/test_rates.py::test_two_is_two" and "assert" in why


def test_law_that_holds_is_no_behaviour(verified):
    change(verified.project, "import os\n", "import os\n" + LAW.format(result=2),
           "spec/rates/test_rates.py")  # fmt: skip
    assert verified().passed


@pytest.mark.parametrize(
    "settings, expected",
    [
        ({"chapters": ["tensors"]}, {"tensors"}),
        ({"behaviours": ["rates.flip_comes_back"]}, {"rates"}),
        ({"chapters": ["rates"], "behaviours": ["rates.flip_comes_back"]}, {"rates"}),
    ],
    ids=["chapter", "behaviour", "both"],
)
def test_only_what_is_asked_for_runs(verified, settings, expected):
    found = verified(**settings)
    assert {name.partition(".")[0] for name in found.verified} == expected
    if "behaviours" in settings:
        assert found.verified == ["rates.flip_comes_back"]


def test_nothing_observed_is_no_success(verified):
    with pytest.raises(HistoryError, match=r"^nothing was observed: no test was selected$"):
        verified(behaviours=["rates.no_such_behaviour"])


def test_library_that_cannot_be_imported_is_one_line(verified):
    change(verified.project, "import os\n", "import os\nraise OSError('libcudart is missing')\n")
    with pytest.raises(HistoryError, match=r"^the specification did not run: .*libcudart"):
        verified()


def test_library_that_cannot_use_the_installed_numpy_names_the_remedy(verified):
    change(
        verified.project,
        "def scale():",
        "def zeros(size):\n    raise RuntimeError('Numpy is not available')\n\ndef scale():",
    )
    with pytest.raises(HistoryError, match=r"cannot use the installed NumPy .*numpy<2"):
        verified()


def test_suite_of_a_package_has_its_records_in_the_index(verified, tmp_path):
    project, packaged = verified.project, tmp_path / "packaged"
    packaged.mkdir()
    (packaged / index.NAME).write_text(index.build(project.root), encoding="utf-8")
    for name in ("pytest.ini", "fakelib.py"):
        shutil.copy(str(project.root / name), str(packaged))
    shutil.copytree(
        str(project.spec),
        str(packaged / "spec"),
        ignore=shutil.ignore_patterns("__snapshots__", "__pycache__"),
    )
    assert len(verified("2.0.1", packaged).verified) == 12
    found = verified("2.13.0", packaged)
    assert found.passed and found.recorded == verified("2.13.0").recorded


def test_progress_is_told_and_nothing_is_left_behind(verified):
    told, before = [], verified.project.bytes()
    verified(tell=lambda share, what: told.append((share, what)))
    assert told[0] == (0.0, "importing torch") and told[-1][0] == 1.0
    assert any(what == "running rates" for _, what in told)
    assert verified.project.bytes() == before
    assert not (verified.project.root / "verification.json").exists()


@pytest.fixture
def found():
    return verify.Verification(
        library="torch",
        running="2.9.1+cu128",
        device="cpu",
        build="cu128",
        python="3.11.7",
        recorded="not recorded (nearest recorded: 2.9.1 below, none above)",
        verified=["views.a", "views.b"],
        differing=[verify.Differing("losses.c", "2.6", [f"value: {n}\x1b[31m" for n in range(7)])],
        unknown={"layers.d": "no torchvision"},
        laws={"spec/views/test_laws.py::test_law": "assert 1 == 2"},
    )


def test_table_ends_with_a_total(found):
    lines = list(verification.text(found))
    assert lines[-1] == (
        "torch 2.9.1+cu128 on cpu: 2 behaviours as recorded, 1 differ, 1 unknown, 1 broken laws"
    )
    assert "losses.c: differs from torch 2.6" in lines and "    and 2 more places" in lines
    assert "layers.d: unknown: no torchvision" in lines
    assert not any("\x1b" in line for line in lines)


def test_json_has_everything(found):
    data = verification.as_json(found)
    assert data["verified"] == ["views.a", "views.b"] and data["unknown"] == found.unknown
    assert data["differing"][0]["since"] == "2.6" and len(data["differing"][0]["lines"]) == 7


def test_junit_counts_and_names(found):
    suite = ET.fromstring(verification.junit(found))
    counts = {name: suite.get(name) for name in ("tests", "failures", "errors", "skipped")}
    assert counts == {"tests": "5", "failures": "2", "errors": "0", "skipped": "1"}
    cases = {f"{case.get('classname')}.{case.get('name')}": case for case in suite}
    assert cases["losses.c"].find("failure").get("message") == "differs from torch 2.6"
    assert cases["layers.d"].find("skipped").get("message") == "no torchvision"
    assert cases["views.a"].find("failure") is None


def test_command_exits_with_one_where_something_differs(verified, capsys):
    project = verified.project
    verified("2.0.1")  # sets the environment
    assert main(["--root", str(project.root), "verify", "--chapter", "rates"]) == 0
    assert "8 behaviours as recorded, 0 differ" in capsys.readouterr().out
    change(project, "else 0.5", "else 0.125")
    command = ["--root", str(project.root), "verify", "--api", "fakelib.optim.scale"]
    assert main([*command, "--format", "json"]) == 1
    assert json.loads(capsys.readouterr().out)["differing"][0]["behaviour"] == "rates.scale_halves"
    assert main([*command, "--chapter", "tensors"]) == 2
