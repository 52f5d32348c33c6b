from pathlib import Path

import pytest

from torch_history import versions
from torch_history.catalogue import releases as matrix
from torch_history.catalogue.releases import Release
from torch_history.errors import HistoryError

REPOSITORY = Path(__file__).resolve().parents[2]


def test_matrix_of_this_repository_has_one_patch_of_every_line_ascending():
    found = list(matrix.releases(REPOSITORY).values())
    assert len(found) == 26
    assert [release.patch for release in found] == sorted(
        (release.patch for release in found), key=versions.key
    )
    assert all(
        release.key == versions.line(release.patch) and release.environment == f"torch{release.key}"
        for release in found
    )
    assert found[0].patch == "1.4.0" and found[-1].key == "2.15"


def test_releases_are_read_from_tox_ini_oldest_first(recorded):
    assert list(matrix.releases(recorded.root).values()) == [
        Release("1.4", "1.4.0", "torch1.4"),
        Release("1.13", "1.13.1", "torch1.13"),
        Release("2.0", "2.0.1", "torch2.0"),
        Release("2.6", "2.6.0", "torch2.6"),
    ]


@pytest.mark.parametrize(
    "asked, expected",
    [
        ([], ["1.4", "1.13", "2.0", "2.6"]),
        (["2.6", "1.4"], ["1.4", "2.6"]),
        (["2.0.1"], ["2.0"]),
        (["2.0", "2.0.1"], ["2.0"]),
        (["2.0.0", "2.0"], ["2.0", "2.0.0"]),
    ],
    ids=["all", "oldest_first", "patch_of_the_matrix", "twice", "patch_beside_the_matrix"],
)
def test_releases_are_chosen_by_line_or_patch(recorded, asked, expected):
    assert [release.key for release in matrix.choose(recorded.root, asked)] == expected


def test_patch_beside_the_matrix_runs_in_the_environment_for_any(recorded):
    assert matrix.choose(recorded.root, ["2.0.0"]) == [Release("2.0.0", "2.0.0", "other")]


@pytest.mark.parametrize("asked", ["2.7", "3.0.0", "2.6.0rc1", "2.6.0.dev20250101"])
def test_release_outside_the_matrix_is_refused(recorded, asked):
    with pytest.raises(HistoryError) as caught:
        matrix.choose(recorded.root, ["2.6", asked])
    assert str(caught.value).startswith(
        f"release {asked!r} is not in the matrix of tox.ini (1.4, 1.13, 2.0, 2.6): add "
    )


def test_what_is_no_release_is_refused(recorded):
    with pytest.raises(HistoryError, match="'newest' is not a version"):
        matrix.choose(recorded.root, ["newest"])


def test_missing_tox_ini_is_named(tmp_path):
    with pytest.raises(HistoryError) as caught:
        matrix.releases(tmp_path)
    assert str(caught.value).startswith(f"{tmp_path / 'tox.ini'}: no such file")


@pytest.mark.parametrize("text", ["deps =", "[testenv]\n", "[testenv]\nname\ndeps =", "[tox]\n"])
def test_tox_ini_without_a_matrix_is_named(tmp_path, text):
    (tmp_path / "tox.ini").write_text(text)
    with pytest.raises(HistoryError) as caught:
        matrix.releases(tmp_path)
    assert str(caught.value).startswith(f"{tmp_path / 'tox.ini'}: no `deps` of [testenv] can be")
