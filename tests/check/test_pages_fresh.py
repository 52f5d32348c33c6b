import pytest

from tests.check.making import RATES, faults_of, text_of
from torch_history.check import check
from torch_history.check.rules import pages_fresh
from torch_history.cli import main

PAGES = ["claims", "differences"]
CLAIM = """[
    {"section": "Rates", "claim": "the scale is one", "tests": ["rates.scale_halves"],
     "verdict": "holds until 1.13"},
]
"""


@pytest.fixture
def paged(project):
    """The project with its pages."""
    project.write("claims/A.py", CLAIM)
    for page in PAGES:
        assert main(["--root", str(project.root), page, "--write"]) == 0
    return project


def test_pages_as_written_have_no_fault(paged):
    assert faults_of(pages_fresh, paged) == []


def test_project_without_pages_has_no_fault(recorded):
    assert faults_of(pages_fresh, recorded) == []


@pytest.mark.parametrize("page", PAGES)
def test_page_that_was_edited_is_named_with_its_command(paged, page):
    name = f"{page.upper()}.md"
    paged.write(name, text_of(paged, name) + "more\n")
    fault = f"{name}: not as the records and tests are now: run `torch-history {page} --write`"
    assert faults_of(pages_fresh, paged) == check(paged.root).faults == [fault]


def test_changed_marker_makes_the_page_stale(paged):
    paged.change(RATES, "the scale is halved", "the scale is half of what it was")
    assert [fault.partition(":")[0] for fault in faults_of(pages_fresh, paged)] == [
        "DIFFERENCES.md"
    ]


def test_pages_are_not_looked_at_beside_another_fault(paged):
    paged.path("rates.scale_halves").unlink()
    assert len(faults_of(pages_fresh, paged)) == 2
    assert [fault.partition(":")[0] for fault in check(paged.root).faults] == [RATES]
