import pytest

from tests.check.making import faults_of
from torch_history.check import check
from torch_history.check.rules import chapters_introduced
from torch_history.errors import HistoryError

INTRODUCTIONS = {
    "spec/__init__.py": '"""All."""\n\nCHAPTERS = ["tensors", "rates"]\n',
    "spec/rates/__init__.py": '"""Rates."""\n\nSUBJECTS = ["rates"]\n',
    "spec/tensors/__init__.py": '"""Tensors."""\n\nSUBJECTS = ["tensors"]\n',
}


@pytest.fixture
def introduced(project):
    """The project with an introduction for each chapter."""
    for file, text in INTRODUCTIONS.items():
        project.write(file, text)
    return project


def test_introduced_chapters_are_no_fault(introduced):
    assert faults_of(chapters_introduced, introduced) == check(introduced.root).faults == []


def test_specification_without_any_introduction_is_no_fault(project):
    assert faults_of(chapters_introduced, project) == []


@pytest.mark.parametrize(
    "file, old, new, fault",
    [
        ("spec/__init__.py", '"tensors", ', "", "CHAPTERS lacks tensors: add it"),
        ("spec/__init__.py", '"""All."""', "", "no introduction: write a docstring"),
        (
            "spec/rates/__init__.py",
            '["rates"]',
            '["rates", "old"]',
            "SUBJECTS has old, which is not there: remove it",
        ),
        ("spec/rates/__init__.py", '"rates"', "", "SUBJECTS lacks rates: add it"),
        (
            "spec/tensors/__init__.py",
            '["tensors"]',
            '["tensors", "tensors"]',
            "SUBJECTS names tensors twice: remove one",
        ),
    ],
)
def test_fault_of_an_introduction_is_named(introduced, file, old, new, fault):
    introduced.change(file, old, new)
    assert faults_of(chapters_introduced, introduced) == [f"{file}: {fault}"]
    assert check(introduced.root).faults == [f"{file}: {fault}"]


def test_chapter_without_an_introduction_is_named_once_the_specification_has_one(introduced):
    (introduced.root / "spec/rates/__init__.py").unlink()
    assert faults_of(chapters_introduced, introduced) == [
        "spec/rates/__init__.py: no introduction: write a docstring",
        "spec/rates/__init__.py: SUBJECTS lacks rates: add it",
    ]


def test_module_without_behaviours_is_no_subject(introduced):
    introduced.write("spec/rates/test_laws.py", "def test_law():\n    assert True\n")
    assert faults_of(chapters_introduced, introduced) == []


def test_broken_list_is_refused_in_one_line(introduced):
    introduced.write("spec/rates/__init__.py", '"""Rates."""\n\nSUBJECTS = names()\n')
    with pytest.raises(HistoryError, match=r"^spec/rates/__init__\.py:3: SUBJECTS is a list of"):
        faults_of(chapters_introduced, introduced)
