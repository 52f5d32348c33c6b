"""Every release of tox.ini was surveyed by the present code."""

import pytest

from tests.check.making import faults_of
from tests.surface.making import entered, surveyed
from torch_history.check.rules import surface_form, surface_stale
from torch_history.surface import files

PATCHES = {"1.4": "1.4.0", "1.13": "1.13.1", "2.0": "2.0.1", "2.6": "2.6.0"}
FILE = "surface/_releases.json"


@pytest.fixture
def torchs(project):
    """The project as if its library were torch, and a function that writes its surface."""
    project.change("pytest.ini", "history_library = fakelib\n", "")

    def write(**patches):
        told = {**PATCHES, **{key.replace("_", "."): of for key, of in patches.items()}}
        surveys = {
            line: surveyed(patch, source=SOURCE) if patch == OTHER else surveyed(patch)
            for line, patch in told.items()
            if patch
        }
        files.write(project.root, entered(surveys))

    project.survey = write
    return project


SOURCE, OTHER = "0123456789abcdef", "2.0.9"


def test_surface_of_all_releases_has_no_fault(torchs):
    torchs.survey()
    assert faults_of(surface_stale, torchs) == []


def test_checkout_without_a_surface_is_told_once_how_to_record_it(torchs):
    assert faults_of(surface_stale, torchs) == [
        f"{FILE}: no survey of 1.4 and 3 others: run `torch-history record --surface`"
    ]


def test_project_about_another_library_needs_none(recorded):
    assert faults_of(surface_stale, recorded) == []


def test_release_without_a_survey_is_named(torchs):
    torchs.survey(**{"2_0": None})
    assert faults_of(surface_stale, torchs) == [
        f"{FILE}: no survey of 2.0: run `torch-history record --surface 2.0`"
    ]


@pytest.mark.parametrize("patch", ["2.0.0", "2.0.9"], ids=["patch", "code"])
def test_release_that_other_code_surveyed_or_whose_patch_changed_is_named(torchs, patch):
    torchs.survey(**{"2_0": patch})
    assert faults_of(surface_stale, torchs) == [
        f"{FILE}: a survey by other code, of 2.0: run `torch-history record --surface 2.0`"
    ]


def test_both_are_told_in_a_line_each(torchs):
    torchs.survey(**{"1_4": None, "1_13": None, "2_0": "2.0.0", "2_6": "2.6.1"})
    assert faults_of(surface_stale, torchs) == [
        f"{FILE}: no survey of 1.4 and 1 other: run `torch-history record --surface`",
        f"{FILE}: a survey by other code, of 2.0 and 1 other: run `torch-history record --surface`",
    ]


def test_damaged_surface_is_told_by_its_form_alone(torchs):
    torchs.survey()
    (torchs.root / FILE).write_text("{", encoding="utf-8")
    assert faults_of(surface_stale, torchs) == [] and len(faults_of(surface_form, torchs)) == 1
