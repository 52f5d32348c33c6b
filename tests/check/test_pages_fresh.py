import shutil

import pytest

from tests.check.making import RATES, faults_of, text_of
from torch_history.check import check
from torch_history.check.rules import pages_fresh
from torch_history.cli import main

DOCUMENTS = [
    "docs/README.md",
    "docs/claims.md",
    "docs/releases/1.13.md",
    "docs/releases/2.0.md",
    "docs/releases/2.6.md",
    "docs/benchmarks.md",
]
CLAIM = """[
    {"section": "Rates", "claim": "the scale is one", "tests": ["rates.scale_halves"],
     "verdict": "holds until 1.13"},
]
"""
AGAIN = "run `torch-history docs --write`"


@pytest.fixture
def documented(project, capsys):
    """The project with its documents."""
    project.write("claims/A.py", CLAIM)
    assert docs(project, "--write") == 0
    capsys.readouterr()
    return project


def docs(project, *arguments):
    return main(["--root", str(project.root), "docs", *arguments])


def test_documents_as_written_have_no_fault(documented):
    assert faults_of(pages_fresh, documented) == []
    assert all((documented.root / name).is_file() for name in DOCUMENTS)


def test_project_without_docs_has_no_fault(recorded):
    assert faults_of(pages_fresh, recorded) == []


@pytest.mark.parametrize("name", DOCUMENTS)
def test_document_that_was_edited_is_a_fault(documented, name):
    documented.write(name, text_of(documented, name) + "more\n")
    fault = f"{name}: not as the records and tests are now: {AGAIN}"
    assert faults_of(pages_fresh, documented) == check(documented.root).faults == [fault]


def test_missing_document_is_a_fault(documented):
    (documented.root / "docs/claims.md").unlink()
    shutil.rmtree(str(documented.root / "docs/releases"))
    missing = ["claims.md", "releases/1.13.md", "releases/2.0.md", "releases/2.6.md"]
    assert faults_of(pages_fresh, documented) == [
        f"docs/{name}: no such file: {AGAIN}" for name in missing
    ]


def test_page_of_a_release_that_is_not_recorded_is_a_fault(documented):
    documented.write("docs/releases/2.3.md", "# What changed in torch 2.3\n")
    assert faults_of(pages_fresh, documented) == [
        f"docs/releases/2.3.md: the page of a release that is not recorded: {AGAIN}"
    ]


def test_guide_written_by_hand_is_no_fault(documented):
    documented.write("docs/guide.md", "# A guide\n")
    assert faults_of(pages_fresh, documented) == []


def test_changed_marker_makes_only_the_page_of_its_release_stale(documented):
    documented.change(RATES, "the scale is halved", "the scale is half of what it was")
    assert [fault.partition(":")[0] for fault in faults_of(pages_fresh, documented)] == [
        "docs/releases/2.0.md"
    ]


def test_documents_are_not_looked_at_beside_another_fault(documented):
    documented.path("rates.scale_halves").unlink()
    assert len(faults_of(pages_fresh, documented)) > 2
    assert [fault.partition(":")[0] for fault in check(documented.root).faults] == [RATES]


# ---- the command


def test_docs_lists_the_documents_and_changes_none(documented, capsys):
    documented.write("docs/claims.md", "old\n")
    documented.write("docs/releases/2.3.md", "")
    (documented.root / "docs/README.md").unlink()
    assert docs(documented) == 0
    assert capsys.readouterr().out.splitlines() == [
        "missing   docs/README.md",
        "stale     docs/claims.md",
        "fresh     docs/releases/1.13.md",
        "fresh     docs/releases/2.0.md",
        "fresh     docs/releases/2.6.md",
        "fresh     docs/benchmarks.md",
        "left over docs/releases/2.3.md",
        "7 documents, 4 of them fresh.",
    ]
    assert text_of(documented, "docs/claims.md") == "old\n"


def test_docs_writes_what_is_not_fresh_and_removes_what_is_left_over(documented, capsys):
    documented.write("docs/claims.md", "old\n")
    documented.write("docs/releases/2.3.md", "")
    documented.write("docs/guide.md", "# A guide\n")
    (documented.root / "docs/README.md").unlink()
    assert docs(documented, "--write") == 0
    assert capsys.readouterr().out.splitlines() == [
        "wrote     docs/README.md",
        "wrote     docs/claims.md",
        "removed   docs/releases/2.3.md",
        "7 documents, 4 of them were fresh.",
    ]
    assert faults_of(pages_fresh, documented) == []
    assert text_of(documented, "docs/guide.md") == "# A guide\n"
