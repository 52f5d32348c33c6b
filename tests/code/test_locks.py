"""The torch that a requirements file or a lock file pins, and ``diff --from FILE --to FILE``."""

import subprocess
import sys

import pytest

from tests.code import REPOSITORY
from torch_history.cli import main
from torch_history.errors import HistoryError

pytest.importorskip("packaging", reason="packaging is not installed")
if sys.version_info < (3, 11):
    pytest.importorskip("tomli", reason="reading a lock file needs Python 3.11, or tomli")

from torch_history.code.pins import asking

UV = """version = 1

[[package]]
name = "numpy"
version = "2.1.0"

[[package]]
name = "torch"
version = "{}"
source = {{ registry = "r" }}
"""
POETRY = """[[package]]
name = "torch"
version = "{}"
optional = false

[metadata]
lock-version = "2.1"
"""
PYLOCK = """lock-version = "1.0"
created-by = "uv"

[[packages]]
name = "torch"
version = "{}"
"""
DARWIN, LINUX = "sys_platform == 'darwin'", "sys_platform == 'linux'"
FORKS = f"""{UV.format("2.5.1")}resolution-markers = ["{DARWIN}"]

[[package]]
name = "torch"
version = "2.6.0"
resolution-markers = ["{LINUX}", "python_version > '3.11'"]
"""


@pytest.fixture
def git(folder):
    """A git repository in this folder. Call it with names and contents to commit and tag them."""

    def run(*arguments):
        subprocess.run(
            ["git", "-c", "user.name=n", "-c", "user.email=e@example.org", *arguments],
            check=True,
            capture_output=True,
        )

    def commit(tag, **files):
        for name, content in files.items():
            (folder / name.replace("_", ".")).write_text(content, encoding="utf-8")
        run("add", ".")
        run("commit", "--quiet", "-m", tag)
        run("tag", tag)

    run("init", "--quiet")
    return commit


def pinned(folder, name, content):
    """The one version that a file of this content asks for."""
    (folder / name).write_text(content, encoding="utf-8")
    (only,) = asking.asked("--from", name)
    assert only.how == "pinned"
    return only.version


def refusal(folder, name, content):
    with pytest.raises(HistoryError) as refused:
        pinned(folder, name, content)
    assert "\n" not in str(refused.value)
    return str(refused.value)


@pytest.mark.parametrize(
    "name, content",
    [
        ("uv.lock", UV),
        ("poetry.lock", POETRY),
        ("pylock.toml", PYLOCK),
        ("pylock.train.toml", PYLOCK),
    ],
    ids=["uv", "poetry", "pylock", "named pylock"],
)
@pytest.mark.parametrize(
    "version, expected",
    [("2.5.1", "2.5.1"), ("2.5.1+cu124", "2.5.1"), ("2.6.0.dev20241101", "2.6.0.dev20241101")],
)
def test_lock_file_tells_its_torch_without_the_build(folder, name, content, version, expected):
    assert pinned(folder, name, content.format(version)) == expected


@pytest.mark.parametrize(
    "line, expected",
    [
        ("torch==2.5.1", "2.5.1"),
        ("torch == 2.5.1+cu124  # pinned", "2.5.1"),
        ("Torch[opt-einsum]==2.5", "2.5"),
        ("torch===2.5.1", "2.5.1"),
        ("torch==2.5.1; sys_platform == 'nowhere'", "2.5.1"),
        ("torch==2.5.1 --hash=sha256:0", "2.5.1"),
        ("torch==2.5.1 \\\n    --hash=sha256:0 \\\n    --hash=sha256:1", "2.5.1"),
        (
            "torch @ https://example.org/torch-2.5.1%2Bcu124-cp311-cp311-linux_x86_64.whl#sha256=0",
            "2.5.1",
        ),
        (
            "--index-url https://example.org/\n-e .\n./local\nnot a requirement\ntorch==2.5.1",
            "2.5.1",
        ),
        ("torch\n-c constraints.txt", "2.4.1"),
        ("-r more/base.txt", "2.3.1"),
        ("-r file:more/base.txt", "2.3.1"),
        ("--requirement=more/base.txt\n-r requirements.txt", "2.3.1"),
        (
            "torchvision==0.20\ntorch-geometric==2.6\ntorch_scatter==2.1\ntorch.x==1\ntorch==2.5.1",
            "2.5.1",
        ),
        (
            "torch==2.5.1+cpu; sys_platform == 'linux'\ntorch==2.5.1; sys_platform == 'darwin'",
            "2.5.1",
        ),
    ],
    ids=lambda value: str(value).replace("\n", "; "),
)
def test_requirements_tell_the_torch_that_they_pin(folder, line, expected):
    (folder / "constraints.txt").write_text("torch==2.4.1\n", encoding="utf-8")
    (folder / "more").mkdir()
    (folder / "more" / "base.txt").write_text("-r deeper.txt\n", encoding="utf-8")
    (folder / "more" / "deeper.txt").write_text("torch==2.3.1\n", encoding="utf-8")
    assert pinned(folder, "requirements.txt", line) == expected


@pytest.mark.parametrize(
    "name, content, says",
    [
        ("requirements.txt", "numpy==2\ntorchvision==0.20", "there is no torch in it"),
        ("requirements.txt", "torch  # any", "'torch' does not say which torch is used: name a"),
        ("requirements.txt", "torch @ git+https://example.org/torch.git", "does not say which"),
        ("requirements.txt", "torch==2,,5", "'torch==2,,5' is not a requirement"),
        ("requirements.txt", "torch===two", "'two' is not a version of torch"),
        ("requirements.txt", "-r lost.txt", "--from requirements.txt: -r lost.txt: no such file"),
        (
            "uv.lock",
            "version = 1\n[[package]]\nname = 'numpy'\nversion = '2'\n",
            "there is no torch in it",
        ),
        ("poetry.lock", "[[package", "not TOML: "),
        ("pyproject.toml", "[project]\nname = 'x'\n", "there is no torch in it"),
        ("other.toml", "a = 1", "it lists no packages"),
    ],
    ids=[
        "no torch",
        "bare",
        "git",
        "bad requirement",
        "bad version",
        "lost include",
        "lock without torch",
        "no TOML",
        "no dependency",
        "no lock",
    ],
)
def test_file_that_does_not_say_which_torch_is_refused_in_one_line(folder, name, content, says):
    message = refusal(folder, name, content)
    assert message.startswith(f"--from {name}: ") and says in message


@pytest.mark.parametrize(
    "source, says",
    [
        ("lost.lock", "no such file: give a path, or REVISION:PATH"),
        ("folder", "cannot be read"),
        ("bytes.txt", "not text in UTF-8"),
        ("main:uv.lock", "git: not a git repository"),
    ],
    ids=["missing", "folder", "bytes", "no repository"],
)
def test_file_that_cannot_be_read_is_refused_in_one_line(folder, monkeypatch, source, says):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(folder.parent))
    (folder / "folder").mkdir()
    (folder / "bytes.txt").write_bytes(b"torch==\xff")
    with pytest.raises(HistoryError) as refused:
        asking.asked("--to", source)
    assert str(refused.value).startswith(f"--to {source}: {says}") and "\n" not in str(
        refused.value
    )


def test_each_fork_of_a_lock_is_told_with_its_markers(folder):
    (folder / "uv.lock").write_text(FORKS, encoding="utf-8")
    found = [(one.version, one.condition) for one in asking.asked("--from", "uv.lock")]
    assert found == [("2.5.1", DARWIN), ("2.6.0", f"{LINUX} or python_version > '3.11'")]


def test_revision_tells_what_it_pinned_and_the_disk_what_it_pins(git, folder):
    git("old", uv_lock=UV.format("2.5.1"), requirements_txt="-r base.txt", base_txt="torch==2.4.1")
    git("new", uv_lock=UV.format("2.6.0"), base_txt="torch==2.6.0")
    (folder / "uv.lock").write_text(UV.format("2.7.0"), encoding="utf-8")
    found = [
        asking.asked("--from", source)[0].version
        for source in (
            "old:uv.lock",
            "HEAD:uv.lock",
            "uv.lock",
            "old:requirements.txt",
            "requirements.txt",
        )
    ]
    assert found == ["2.5.1", "2.6.0", "2.7.0", "2.4.1", "2.6.0"]


@pytest.mark.parametrize("source", ["lost:uv.lock", "old:lost.lock", "--output=x:uv.lock"])
def test_revision_or_path_that_git_does_not_know_is_refused_in_one_line(git, folder, source):
    git("old", uv_lock=UV.format("2.5.1"))
    with pytest.raises(HistoryError, match="git: ") as refused:
        asking.asked("--from", source)
    assert "\n" not in str(refused.value) and not (folder / "x").exists()


# ---- the command


@pytest.fixture
def diff(git, capsys):
    git("old", uv_lock=UV.format("2.5.1"))
    git("new", uv_lock=UV.format("2.6.0"))

    def run(*arguments):
        status = main(["--root", str(REPOSITORY), "diff", "--chapter", "checkpoints", *arguments])
        return (status, *capsys.readouterr())

    return run


def test_two_files_are_compared_as_their_two_versions_are(diff):
    status, out, err = diff("--from", "old:uv.lock", "--to", "new:uv.lock")
    assert (status, out, "") == diff("2.5.1", "2.6.0")
    assert err == "old:uv.lock: torch 2.5.1\nnew:uv.lock: torch 2.6.0\n"
    assert status == 1 and "torch 2.5.1 to 2.6.0: " in out


def test_files_that_pin_one_version_are_said_to_and_end_with_zero(diff):
    status, out, err = diff("--from", "new:uv.lock", "--to", "uv.lock")
    same = "torch is 2.6.0 in both, new:uv.lock and uv.lock\n"
    pins = "new:uv.lock: torch 2.6.0\nuv.lock: torch 2.6.0\n"
    assert (status, err) == (0, same + pins)
    assert "torch 2.6.0 to 2.6.0: no recorded difference in " in out


def test_file_that_pins_a_release_outside_the_records_is_refused_in_one_line(diff, folder):
    (folder / "requirements.txt").write_text("torch==0.4.1", encoding="utf-8")
    status, out, err = diff("--from", "requirements.txt", "--to", "uv.lock")
    assert (status, out, err.count("\n")) == (2, "", 1) and "'0.4.1' is not in the records" in err


@pytest.mark.parametrize(
    "pinned, says",
    [("1", "--from requirements.txt: '1' is not a version"), ("0.4.1", "is not in the records")],
    ids=["no release", "too old"],
)
def test_files_that_pin_one_version_that_is_refused_say_that_alone(diff, folder, pinned, says):
    (folder / "requirements.txt").write_text(f"torch=={pinned}", encoding="utf-8")
    status, out, err = diff("--from", "requirements.txt", "--to", "requirements.txt")
    assert (status, out, err.count("\n")) == (2, "", 1) and says in err


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--to", "new:uv.lock"],
        ["2.5", "2.6", "--from", "old:uv.lock"],
        ["2.5", "2.6", "--to", "new:uv.lock"],
        ["2.5", "--from", "old:uv.lock", "--to", "new:uv.lock"],
    ],
    ids=["nothing", "newer alone", "two older", "two newer", "three"],
)
def test_one_older_side_and_at_most_one_newer_are_wanted(diff, arguments):
    status, out, err = diff(*arguments)
    assert (status, out) == (2, "")
    assert "give two versions, A and B, or --from FILE and --to FILE" in err


def test_diff_of_versions_does_not_load_the_reading_of_files():
    probe = (
        "import sys; from torch_history.cli import main; "
        "main(['diff', '2.5', '2.6']); main(['diff', '2.14']); "
        "print('packaging' in sys.modules)"
    )
    result = subprocess.run(
        [sys.executable, "-c", probe],
        cwd=str(REPOSITORY),
        capture_output=True,
        text=True,
        check=True,
    )
    assert result.stdout.splitlines()[-1] == "False"
