"""Every release of tox.ini was surveyed by the present code."""

import pytest

from tests.check.making import faults_of
from tests.surface.making import entered, surveyed
from torch_history.check.rules import surface_form, surface_stale
from torch_history.surface import files

PATCHES = {"1.4": "1.4.0", "1.13": "1.13.1", "2.0": "2.0.1", "2.6": "2.6.0"}
FILE = "surface/_releases.json"


STALE = "surveyed by other code than this checkout's, or another patch"
REMEDY = "run `torch-history record --surface"


@pytest.fixture
def project(project):
    """The project as if its library were torch."""
    project.change("pytest.ini", "history_library = fakelib\n", "")
    return project


def write(project, surveys):
    """Write the surface with these surveys, line -> survey."""
    files.write(project.root, entered(surveys))


def all_surveys():
    return {line: surveyed(patch) for line, patch in PATCHES.items()}


def test_surface_of_all_releases_has_no_fault(project):
    write(project, all_surveys())
    assert faults_of(surface_stale, project) == []


def test_checkout_without_a_surface_is_told_once_how_to_record_it(project):
    assert faults_of(surface_stale, project) == [
        f"{FILE}: 1.4 and 3 others: not surveyed: {REMEDY}`"
    ]


def test_project_about_another_library_needs_none(recorded):
    assert faults_of(surface_stale, recorded) == []


def test_release_without_a_survey_is_named(project):
    told = all_surveys()
    del told["2.0"]
    write(project, told)
    assert faults_of(surface_stale, project) == [f"{FILE}: 2.0: not surveyed: {REMEDY} 2.0`"]


@pytest.mark.parametrize(
    "survey",
    [surveyed("2.0.0"), surveyed("2.0.1", source="0123456789abcdef")],
    ids=["patch", "code"],
)
def test_release_that_other_code_surveyed_or_whose_patch_changed_is_named(project, survey):
    write(project, {**all_surveys(), "2.0": survey})
    assert faults_of(surface_stale, project) == [f"{FILE}: 2.0: {STALE}: {REMEDY} 2.0`"]


def test_both_are_told_in_a_line_each(project):
    write(project, {line: surveyed(f"{line}.9") for line in ("1.13", "2.0", "2.6")})
    assert faults_of(surface_stale, project) == [
        f"{FILE}: 1.4: not surveyed: {REMEDY} 1.4`",
        f"{FILE}: 1.13 and 2 others: {STALE}: {REMEDY}`",
    ]


def test_damaged_surface_is_told_by_its_form_alone(project):
    write(project, all_surveys())
    (project.root / FILE).write_text("{", encoding="utf-8")
    assert faults_of(surface_stale, project) == [] and len(faults_of(surface_form, project)) == 1
