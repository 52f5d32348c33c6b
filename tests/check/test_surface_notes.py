"""A note is about a name, and a release at which it changed."""

import json

import pytest

from tests.check.making import faults_of
from tests.surface.making import entered, surveyed
from torch_history.check.rules import surface_notes
from torch_history.surface import files

FILE = "surface/_notes.json"
TOLD = {
    "1.4": surveyed(
        "1.4.0",
        {"torch.qr": "def (input)", "torch.stays": "value"},
        modules=["torch", "torch._six"],
        aliases={"torch.functional.qr": "torch.qr"},
    ),
    "1.13": surveyed("1.13.1", {"torch.qr": "def (input, some)", "torch.stays": "value"}),
    "2.0": surveyed("2.0.1", {"torch.stays": "value"}),
}


@pytest.fixture
def faults(project):
    """The faults of the project with these notes."""
    files.write(project.root, entered(TOLD))

    def of(notes):
        project.write(FILE, notes if isinstance(notes, str) else json.dumps(notes))
        return faults_of(surface_notes, project)

    return of


def note(name, line):
    return {name: {line: {"advice": "call torch.linalg.qr"}}}


def test_project_without_notes_has_no_fault(recorded):
    assert faults_of(surface_notes, recorded) == []


@pytest.mark.parametrize(
    "name, line",
    [
        ("torch.qr", "1.13"),
        ("torch.qr", "2.0"),
        ("torch._six", "1.13"),
        ("torch.functional.qr", "1.13"),
    ],
    ids=["changed", "gone", "module", "alias"],
)
def test_note_on_a_change_has_no_fault(faults, name, line):
    assert faults(note(name, line)) == []


@pytest.mark.parametrize(
    "name, line, told",
    [
        ("torch.qq", "2.0", "torch.qq: no such name: mend it, or remove its notes"),
        ("torch.qr.x", "2.0", "torch.qr.x: no such name: mend it, or remove its notes"),
        ("torch.qr", "1.9", "torch.qr did not change at 1.9: write one of 1.4, 1.13, 2.0"),
        ("torch.qr", "2.0.1", "torch.qr did not change at 2.0.1: write one of 1.4, 1.13, 2.0"),
        ("torch.stays", "2.0", "torch.stays did not change at 2.0: write one of 1.4"),
        ("torch._six", "2.0", "torch._six did not change at 2.0: write one of 1.4, 1.13"),
    ],
)
def test_note_on_no_change_is_named_with_the_releases_there_are(faults, name, line, told):
    assert faults(note(name, line)) == [f"{FILE}: {told}"]


def test_note_that_says_nothing_is_named(faults):
    assert faults({"torch.qr": {"2.0": {}}}) == [
        f"{FILE}: torch.qr, 2.0: says nothing: write an advice or a cause"
    ]
    assert faults({"torch.qr": {"2.0": {"cause": "pytorch#70989"}}}) == []


def test_damaged_notes_are_named(faults):
    [fault] = faults('{"torch.qr": ')
    assert fault.startswith(f"{FILE}: damaged (") and fault.endswith("mend the file")
