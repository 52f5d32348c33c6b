"""The edition that a citation names: version, commit and date."""

import shutil
import subprocess

import pytest

from torch_history import __version__
from torch_history.publish.site.citing import Edition, edition

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")


def git(folder, *arguments):
    """Run git as somebody."""
    who = ["-c", "user.name=n", "-c", "user.email=n@example.org", "-c", "commit.gpgsign=false"]
    dated = {"GIT_COMMITTER_DATE": "2026-11-05T12:00:00Z", "PATH": "/usr/local/bin:/usr/bin:/bin"}
    done = subprocess.run(
        ["git", "-C", str(folder), *who, *arguments],
        env={**dated, "HOME": str(folder)},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path):
    """A repository with one commit."""
    folder = tmp_path / "repository"
    folder.mkdir()
    (folder / "file").write_text("one", encoding="utf-8")
    git(folder, "init", "--quiet")
    git(folder, "add", "file")
    git(folder, "commit", "--quiet", "--message", "one")
    return folder


def test_edition_of_a_checkout_names_its_commit_and_date(repository):
    commit = git(repository, "rev-parse", "HEAD")[:12]
    told = edition(repository)
    assert told == Edition(__version__, commit, "2026-11-05", "")
    assert told.name == f"torch-training-spec {__version__}, commit {commit}, 2026-11-05"


def test_commit_with_changes_on_top_is_marked(repository):
    (repository / "untracked").write_text("no change of what is shown", encoding="utf-8")
    assert not edition(repository).commit.endswith("+")
    (repository / "file").write_text("two", encoding="utf-8")
    assert edition(repository).commit.endswith("+")


def test_data_of_a_wheel_inside_another_repository_name_no_commit(repository):
    packaged = repository / "venv" / "torch_history" / "_packaged"
    packaged.mkdir(parents=True)
    (packaged / "index.json").write_text("{}", encoding="utf-8")
    git(repository, "add", "venv")
    git(repository, "commit", "--quiet", "--message", "an environment, committed")
    told = edition(packaged)
    assert (told.commit, told.date) == ("", "")
    assert told.name == f"torch-training-spec {__version__}"


def test_folder_without_a_repository_and_machine_without_git_name_no_commit(
    tmp_path, repository, monkeypatch
):
    assert edition(tmp_path).commit == ""
    monkeypatch.setenv("PATH", str(tmp_path))
    assert edition(repository).commit == ""


def test_repository_without_a_commit_names_none(tmp_path):
    git(tmp_path, "init", "--quiet")
    assert (edition(tmp_path).commit, edition(tmp_path).date) == ("", "")


@pytest.mark.parametrize("given", ["https://example.org/torch", "https://example.org/torch/"])
def test_address_ends_in_one_slash(tmp_path, given):
    assert edition(tmp_path, given).address == "https://example.org/torch/"
    assert edition(tmp_path).address == ""
