"""A fresh copy for each run, and what a run left in it."""

import os
import sys
from pathlib import Path

import pytest

from torch_history.comparing import folders
from torch_history.errors import HistoryError


@pytest.fixture
def repository(tmp_path):
    """A repository whose program is run in a folder of it."""
    files = {
        "repo/.git/HEAD": "ref: refs/heads/main\n",
        "repo/pyproject.toml": "",
        "repo/src/mine/__init__.py": "",
        "repo/examples/train.py": "print()\n",
        "repo/examples/__pycache__/train.pyc": "old",
        "repo/env/pyvenv.cfg": "",
        "repo/data/large.bin": "0123456789",
        "outside/weights.pt": "w",
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path / "repo"


def copied(repository, **options):
    return folders.copy(repository / "examples", repository.parent / "runs" / "a", **options)


def test_whole_repository_is_copied_and_what_programs_rebuild_is_left_out(repository):
    one = copied(repository)
    assert one.folder == one.root / "examples"
    assert sorted(folders.snapshot(one)) == [
        "data/large.bin",
        "examples/train.py",
        "pyproject.toml",
        "src/mine/__init__.py",
    ]
    assert one.root.joinpath(".git").resolve() == repository / ".git"
    assert one.imports == [one.root / "src", one.root]


def test_paths_lead_back_to_the_users_files_and_to_the_copy(repository):
    one = copied(repository)
    program = repository / "examples" / "train.py"
    assert one.original(one.folder / "train.py") == program
    assert one.place(program) == one.folder / "train.py"
    assert one.original(Path("/nowhere/x.py")) == Path("/nowhere/x.py")


def test_run_changes_the_copy_alone_and_what_it_changed_is_listed(repository):
    one = copied(repository)
    before = folders.snapshot(one)
    one.root.joinpath("data", "large.bin").open("a").write("more")
    one.folder.joinpath("model.pt").write_text("new")
    one.root.joinpath("pyproject.toml").unlink()
    replaced = one.folder / "train.py"
    times = replaced.stat()
    replaced.with_name("new.py").write_text("quit()\n\n")
    replaced.with_name("new.py").replace(replaced)
    os.utime(str(replaced), ns=(times.st_atime_ns, times.st_mtime_ns))
    assert folders.changed(before, folders.snapshot(one)) == [
        "data/large.bin",
        "examples/model.pt",
        "examples/train.py",
        "pyproject.toml (removed)",
    ]
    assert repository.joinpath("data", "large.bin").read_text() == "0123456789"


def test_copy_keeps_times_and_modes(repository):
    program = repository / "examples" / "train.py"
    program.chmod(0o755)
    os.utime(str(program), (1, 1))
    status = copied(repository).folder.joinpath("train.py").stat()
    assert (status.st_mtime, status.st_mode & 0o777) == (1, 0o755)


@pytest.mark.parametrize(
    "target, leads",
    [
        ("../data", "runs/a/data"),
        ("{repo}/data", "runs/a/data"),
        ("../../outside", "outside"),
        ("{repo}/../outside", "outside"),
    ],
)
def test_link_into_the_project_leads_into_the_copy(repository, target, leads):
    link = repository / "examples" / "link"
    link.symlink_to(target.format(repo=repository))
    one = copied(repository)
    assert one.folder.joinpath("link").resolve() == repository.parent / leads
    outside = [Path("examples/link")] if leads == "outside" else []
    assert list(one.outside) == outside


def test_shared_data_are_linked_and_watched(repository):
    one = copied(repository, share=[Path("../data")])
    assert one.root.joinpath("data").is_symlink()
    before = folders.snapshot(one)
    one.root.joinpath("data", "new.bin").write_text("x")
    assert folders.changed(before, folders.snapshot(one)) == ["data/new.bin"]
    assert repository.joinpath("data", "new.bin").exists()


def test_too_much_to_copy_names_the_largest_folder_to_share(repository, monkeypatch):
    monkeypatch.setattr(folders, "_share_blocks", lambda source, to: False)
    repository.joinpath("data", "large.bin").write_bytes(b"0" * 3_000_000)
    with pytest.raises(HistoryError) as caught:
        copied(repository, limit_bytes=2_000_000)
    assert str(caught.value) == (
        f"{repository}: 3.0 MB to copy for each run, more than 2.0 MB: link what the program only "
        "reads, as --share ../data (3.0 MB)"
    )
    one = folders.copy(
        repository, repository.parent / "b", limit_bytes=2_000_000, share=[Path("data")]
    )
    assert one.root.joinpath("data", "large.bin").stat().st_size == 3_000_000


def test_limit_does_not_count_where_files_share_their_blocks(repository, monkeypatch):
    def clone(source, to):
        to.write_bytes(source.read_bytes())
        return True

    monkeypatch.setattr(folders, "_share_blocks", clone)
    one = copied(repository, limit_bytes=1)
    assert one.root.joinpath("data", "large.bin").read_text() == "0123456789"
    assert not one.root.joinpath(".trial").exists()


@pytest.mark.parametrize(
    "share, says",
    [
        ("nothing", "--share nothing: no such file or folder"),
        ("../../outside", "--share ../../outside: give a file or folder inside"),
        (".", "--share .: give a file or folder inside"),
        ("..", "--share ..: give a file or folder inside"),
    ],
)
def test_what_cannot_be_shared_is_refused(repository, share, says):
    with pytest.raises(HistoryError) as caught:
        copied(repository, share=[Path(share)])
    assert str(caught.value).startswith(says)


def test_copy_does_not_lie_in_what_is_copied(repository):
    with pytest.raises(HistoryError, match="is in the folder that is copied"):
        folders.copy(repository / "examples", repository / "runs" / "a")


@pytest.mark.skipif(sys.platform == "win32", reason="no FIFO there")
def test_what_is_no_file_is_named_and_left_out(repository):
    os.mkfifo(str(repository / "pipe"))
    assert copied(repository).left_out == (Path("pipe"),)


def test_home_that_is_a_repository_is_not_copied_as_a_whole(repository, monkeypatch):
    monkeypatch.setenv("HOME", str(repository))
    assert folders.top(repository / "examples") == repository / "examples"
