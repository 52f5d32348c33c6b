"""docs/your-models.md: its example runs, and prints what is pasted, but for the numbers.

The torch at hand plays both releases: as the older one it draws other numbers for dropout.
"""

import json
import re
import shutil

import pytest

from tests.fake import REPOSITORY

PAGE = (REPOSITORY / "docs" / "your-models.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
OLD = {"planted": "stream", "version": "2.6.0+cu124"}
NEW = {"version": "2.15.0+cu132"}
# the releases of the page's commands, in their order
SIDES = [OLD, NEW, OLD, NEW, NEW]
RUN = (
    "import runpy, sys; from tests.testing import planted; planted.pytest_configure(); "
    "runpy.run_path(sys.argv[1])"
)


def fences(kind):
    return [content for language, content in BLOCK.findall(PAGE) if language == kind]


def pattern(pasted):
    """Pasted output: a line … is any lines, a number is any number, but for that of a line."""
    found = []
    for line in pasted.splitlines():
        parts = re.split(r"(\.py:\d+|\d[\d.e+-]*|=+)", line.rstrip())
        parts[1::2] = [
            re.escape(one) if one[0] == "." else "=+" if one[0] == "=" else r"\d[\d.e+-]*"
            for one in parts[1::2]
        ]
        parts[::2] = map(re.escape, parts[::2])
        found.append(r"(?:.*\n)*?" if line == "…" else "".join(parts) + r"\n")
    return "".join(found)


@pytest.fixture(scope="module")
def project(own):
    """The project of the page."""
    made = own()
    for name, content in re.findall(
        r"^`([\w/]+\.py)`:\n\n```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL
    ):
        made.write(name, content)
    return made


@pytest.fixture(scope="module")
def printed(project):
    """What each command of the page prints."""
    found = []
    for shown, side in zip(fences("console"), SIDES):
        command = shown.partition("\n")[0].split()
        assert command[:4] == ["$", "python", "-m", "pytest"]
        found.append(project.pytest(*command[4:], **side).stdout)
    return found


def test_every_command_of_the_page_prints_what_is_pasted(printed):
    pasted = [shown.partition("\n")[2] for shown in fences("console")]
    assert len(pasted) == len(SIDES)
    for shown, output in zip(pasted, printed):
        clean = re.sub(r"[ \t]+$", "", output, flags=re.MULTILINE)
        assert re.fullmatch(pattern(shown), clean), f"paste this:\n{clean}"


def test_record_has_a_timeline_of_both_releases(project, printed):
    path = project.root / "tests/__snapshots__/test_models.test_losses.json"
    record = json.loads(path.read_text())
    assert record["seen"] == {"cpu": "2.6.0 2.15.0"}
    chains = {act: list(devices["cpu"]) for act, devices in record["timelines"].items()}
    assert chains == {"plain": ["2.6"], "dropout": ["2.6", "2.15"]}
    assert "3 passed" in project.pytest(**OLD).stdout
    assert "3 passed" in project.pytest(version="2.16.0").stdout
    between = project.pytest(version="2.10.0").stdout  # compared with 2.6, and draws as 2.15 does
    assert "running 2.10.0, expectation recorded under 2.6" in between


def test_record_of_an_edited_test_begins_anew(own, project, printed):
    kept, project = project, own()  # the other tests read the records as they are
    shutil.copytree(str(kept.root), str(project.root), dirs_exist_ok=True)
    path = project.root / "tests/test_models.py"
    before = path.read_text()
    path.write_text(before.replace("drop=0.5)}", "drop=0.25)}"))
    edited = project.pytest("-k", "losses", **NEW).stdout
    assert "The test was edited since it was recorded: record it again" in edited
    told = project.pytest("--snapshot-update", "-k", "losses", **NEW).stdout
    assert "edited: what it did under 2.6.0 and 2.15.0 is no longer in the record" in told
    workers = project.pytest("--snapshot-update", "-p", "xdist.plugin", "-n1", **NEW).stdout
    assert "records are written by one process: leave -n out" in workers
    path.write_text(before)


def test_part_of_a_program_is_compared_as_the_page_shows(project):
    first, second = (code for code in fences("python") if "torch_history.trace(" in code)
    project.write("first.py", first)
    project.write("second.py", second)
    assert project.python("-c", RUN, "first.py", **OLD).returncode == 0
    output = project.python("-c", RUN, "second.py", **NEW).stdout
    assert re.fullmatch(pattern(fences("text")[0]), output), f"paste this:\n{output}"
