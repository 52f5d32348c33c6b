"""Introductions of chapters and their order, read without importing them."""

import pytest

from torch_history.catalogue import chapters
from torch_history.catalogue.chapters import Introduction
from torch_history.errors import HistoryError

FILE = "spec/rates/__init__.py"
TEXT = '''"""Rates scale.

They halve.
"""

import os

SUBJECTS = ["scales", "flips"]
OTHER = ["no", "subject"]
'''


@pytest.fixture
def tree(tmp_path):
    """Write an introduction; returns the root."""

    def write(text, file=FILE):
        path = tmp_path / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return tmp_path

    return write


def test_introduction_is_the_docstring_and_the_list(tree):
    told = Introduction("Rates scale.\n\nThey halve.", ["scales", "flips"])
    assert chapters.chapter(tree(TEXT), "rates") == told


def test_specification_lists_chapters(tree):
    root = tree('"""All."""\nCHAPTERS = ("b", "a")\n', "spec/__init__.py")
    assert chapters.specification(root) == Introduction("All.", ["b", "a"])


def test_chapter_without_an_introduction_has_no_words_and_no_order(tmp_path):
    assert chapters.chapter(tmp_path, "rates") == chapters.specification(tmp_path)
    assert chapters.specification(tmp_path) == Introduction("", [])


def test_introduction_is_not_imported(tree):
    root = tree(TEXT + '\nraise RuntimeError("imported")\n')
    assert chapters.chapter(root, "rates").order == ["scales", "flips"]


@pytest.mark.parametrize(
    "value", ["names()", '"scales"', "[1, 2]", '{"a": 1}', '["a", None]', "[a]", "None"]
)
def test_list_that_is_none_is_refused_with_its_line(tree, value):
    with pytest.raises(HistoryError) as refused:
        chapters.chapter(tree(f'"""Rates."""\n\nSUBJECTS = {value}\n'), "rates")
    assert str(refused.value) == f'{FILE}:3: SUBJECTS is a list of names: write ["one", "two"]'


@pytest.mark.parametrize("text", ["def", "x = '\0'", "SUBJECTS = [" + "-" * 9])
def test_introduction_that_is_not_python_is_refused(tree, text):
    with pytest.raises(HistoryError, match=r"spec/rates/__init__\.py: not Python: "):
        chapters.chapter(tree(text), "rates")


def test_introduction_that_is_not_utf8_is_refused(tree):
    root = tree(TEXT)
    (root / FILE).write_bytes(b'"""\xff"""')
    with pytest.raises(HistoryError, match=r"spec/rates/__init__\.py: not Python: "):
        chapters.chapter(root, "rates")


def test_names_that_the_order_lacks_come_last_as_they_were():
    assert chapters.in_order(["a", "b", "c", "d"], ["d", "b", "gone"]) == ["d", "b", "a", "c"]
    assert chapters.in_order(["b", "a"], []) == ["b", "a"]


def test_faults_name_what_is_missing_too_much_and_twice(tree):
    tree('"""All."""\nCHAPTERS = ["rates", "gone", "rates"]\n', "spec/__init__.py")
    root = tree('SUBJECTS = ["scales", "old"]\n')
    found = chapters.faults(root, {"rates": ["scales", "flips"], "tensors": ["starts"]})
    assert [(path.relative_to(root).as_posix(), fault) for path, fault in found] == [
        ("spec/__init__.py", "CHAPTERS lacks tensors: add it"),
        ("spec/__init__.py", "CHAPTERS has gone, which is not there: remove it"),
        ("spec/__init__.py", "CHAPTERS names rates twice: remove one"),
        (FILE, "no introduction: write a docstring"),
        (FILE, "SUBJECTS lacks flips: add it"),
        (FILE, "SUBJECTS has old, which is not there: remove it"),
        ("spec/tensors/__init__.py", "no introduction: write a docstring"),
        ("spec/tensors/__init__.py", "SUBJECTS lacks starts: add it"),
    ]
