"""Bad input and faults of ours: one line each, and an exit status that tells them apart."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fake import REPOSITORY
from torch_history import __version__
from torch_history.cli import EXTRAS, main
from torch_history.cli.shared import COMMANDS
from torch_history.records import store

# the command line in a Python that has everything but one package
WITHOUT = """
import sys

missing = sys.argv[1]

class Finder:
    def find_spec(name, path=None, target=None):
        if name.partition(".")[0] == missing:
            raise ModuleNotFoundError(f"No module named {missing!r}", name=missing)

sys.meta_path.insert(0, Finder)
from torch_history.cli import main

sys.exit(main(sys.argv[2:]))
"""
READS_SOURCE = pytest.mark.skipif(sys.version_info < (3, 9), reason="--code needs Python 3.9")
EVERY = [name for group in COMMANDS.values() for name in group]


def assert_one_line(err, says):
    assert err.startswith("torch-history: ") and err.endswith("\n") and err.count("\n") == 1, err
    assert says in err, err


# ---- bad input


@pytest.mark.parametrize(
    "arguments, says",
    [
        (["frob"], "No such command 'frob': see `torch-history --help`"),
        (["--frob", "diff"], "No such option"),
        (["--root", "no such folder", "list"], "Invalid value for '--root'"),
        (["--root"], "Option '--root' requires an argument: see `torch-history --help`"),
        (["diff"], "give two versions, A and B, or --from FILE and --to FILE"),
        (["diff", "1.13", "2.6", "2.7"], "Got unexpected extra argument (2.7)"),
        (["diff", "1.13", "2.6", "--to", "a.txt"], "give two versions, A and B, or --from FILE"),
        (["diff", "1.13", "2.6", "--frob"], "No such option"),
        (["diff", "1.13", "2.6", "--kind", "loud"], "'loud' is not a kind: choose from error, "),
        (["diff", "1.13", "2.6", "--kind", "none"], "'none' is not a kind: choose from error, "),
        (["diff", "1.13", "2.6", "--kind", ""], "'' is not a kind: choose from error, "),
        (["diff", "1.13", "2.6", "--fail-on", "silent,loud"], "'loud' is not a kind: choose from"),
        (["diff", "1.13", "2.6", "--format", "xml"], "'xml' is not one of 'text', 'markdown'"),
        (["diff", "1.13", "2.6", "--format", "sarif"], "--format sarif and baselines need source"),
        (["diff", "1.13", "2.6", "--limit", "-1"], "-1 is not in the range x>=0"),
        (["diff", "1.13", "9.9"], "version '9.9' is not in the records, which run from 1.4 to 2.6"),
        (["diff", "1.13", "two"], "'two' is not a version: give a minor line such as 2.5 "),
        (["diff", "1.13", "2.6", "--device", "tpu"], "nothing is recorded yet on this device"),
        (["diff", "1.13", "2.6", "--chapter", "rate"], "no such chapter: choose from rates, tens"),
        (["diff", "1.13", "2.6", "--api", "fakelib.n"], "no behaviour is about fakelib.n: see `to"),
        (["show"], "Missing argument 'ID|API|WORD': see `torch-history show --help`"),
        (["show", "rates.scael_halves"], "mentions rates.scael_halves: did you mean rates.scale_"),
        (["show", "zzz"], "ID 'zzz': not covered: no behaviour mentions zzz: see `torch-history"),
        (["list", "--api", "zzz"], "--api 'zzz': not covered: no behaviour is about zzz: see `to"),
        (["find"], "Missing argument 'WORDS...': see `torch-history find --help`"),
        (["find", "."], "WORDS '.': nothing to search for: give words or a message"),
        (["versions", "--format", "xml"], "'xml' is not one of 'text', 'json'"),
        (["completion", "tcsh"], "'tcsh' is not one of 'bash', 'zsh', 'fish'"),
        (["record", "9.9"], "release '9.9' is not in the matrix of tox.ini"),
        (["record", "--here"], "--here records one release: name it, as `record --here 2.11`"),
        (["merge"], "Missing argument 'RUN_OR_FOLDER...'"),
        (["merge", "no such file"], "no such file or folder: give what `torch-history record` le"),
        (["bench"], "name two or more releases to compare"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_bad_input_is_one_line_and_two(run, arguments, says):
    status, out, err = run(*arguments)
    assert (status, out) == (2, "")
    assert_one_line(err, says)


def test_status_of_bad_input_reaches_the_shell(recorded):
    result = recorded.history("diff", "--frob")
    assert result.returncode == 2
    assert_one_line(result.stdout, "No such option")


@pytest.mark.parametrize("command", ["check", "record", "merge x", "bench 2.0 2.6", "page"])
def test_command_for_a_checkout_says_so_elsewhere(tmp_path, capsys, command):
    (tmp_path / "spec").mkdir()
    assert main(["--root", str(tmp_path), *command.split()]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert_one_line(err, "--root")


# ---- faults of ours


@pytest.fixture
def crash(monkeypatch):
    """Let the question behind `diff` raise."""

    def let_raise(error):
        def fail(*arguments, **settings):
            raise error

        monkeypatch.setattr("torch_history.questions.query.diff", fail)

    return let_raise


@pytest.mark.parametrize(
    "error, says",
    [
        (ZeroDivisionError("division by zero"), "ZeroDivisionError: division by zero"),
        (KeyError("a\nb"), r"KeyError: 'a\nb'"),
        (RuntimeError("first\nsecond \x1b[31mred"), r"RuntimeError: first second \x1b[31mred"),
        (OSError(5, "Input/output error"), "OSError: [Errno 5] Input/output error"),
        (RecursionError("too deep"), "RecursionError: too deep"),
        (ImportError("no such thing", name="torch_history.nothing"), "ImportError: no such thing"),
    ],
    ids=["division", "key", "lines", "system", "recursion", "import"],
)
def test_crash_is_one_line_and_three(run, crash, error, says):
    crash(error)
    status, out, err = run("diff", "1.13", "2.6")
    assert (status, out) == (3, "")
    assert_one_line(err, f"torch-history: internal error: {says} (test_errors.py:")
    assert "please report it; `torch-history --debug ...` shows the traceback" in err


def test_crash_shows_its_traceback_where_it_is_asked_for(recorded, crash, capsys):
    crash(ZeroDivisionError("division by zero"))
    assert main(["--root", str(recorded.root), "--debug", "diff", "1.13", "2.6"]) == 3
    out, err = capsys.readouterr()
    assert out == "" and err.startswith("Traceback (most recent call last):\n")
    assert "\nZeroDivisionError: division by zero\n" in err
    assert err.splitlines()[-1].startswith("torch-history: internal error: ZeroDivisionError: ")


def test_debug_says_no_more_of_bad_input(recorded, capsys):
    assert main(["--root", str(recorded.root), "--debug", "diff", "1.13", "9.9"]) == 2
    assert_one_line(capsys.readouterr().err, "version '9.9' is not in the records")


def test_interrupt_is_told_in_words(run, crash):
    crash(KeyboardInterrupt())
    status, out, err = run("diff", "1.13", "2.6")
    assert (status, out) == (130, "")
    assert err.strip() == "torch-history: interrupted; nothing recorded is lost"


# ---- missing packages


@pytest.mark.parametrize(
    "package, command",
    [
        ("packaging", ["diff", "--from", "a.txt", "--to", "b.txt"]),
        pytest.param("pyflakes", ["diff", "1.13", "2.6", "--code", "."], marks=READS_SOURCE),
        ("jinja2", ["page", "--to", "site"]),
        ("markdown_it", ["page", "--to", "site"]),
        ("filelock", ["record", "2.0"]),
        ("filelock", ["merge", "run.json"]),
        ("numpy", ["merge", "run.json"]),
        ("pytest", ["verify"]),
    ],
    ids=lambda value: value if isinstance(value, str) else value[0],
)
def test_missing_package_names_its_extra(project, package, command):
    for name in ("a.txt", "b.txt"):
        project.write(name, "torch==2.0.1\n")
    project.write("torch.py", "")  # that there is none is told first
    store.write(project.root / "run.json", {**project.observe("2.6.0"), "build": "cu118"})
    result = project.python("-c", WITHOUT, package, "--root", ".", *command)
    extra = EXTRAS[package]
    assert result.returncode == 2, result.stdout
    assert_one_line(
        result.stdout,
        f"this command needs {package}: python -m pip install 'torch-history[{extra}]', "
        f"or '.[{extra}]' in a checkout",
    )


def test_every_extra_is_one_of_the_package():
    text = (REPOSITORY / "pyproject.toml").read_text(encoding="utf-8")
    table = text.partition("[project.optional-dependencies]")[2].partition("\n[")[0]
    assert set(EXTRAS.values()) <= set(re.findall(r"^(\w+) = \[", table, re.MULTILINE))


# ---- what is always there


@pytest.mark.parametrize("option", ["--version", "-V"])
def test_version_is_told(capsys, option):
    assert main([option]) == 0
    assert capsys.readouterr() == (f"torch-history {__version__}\n", "")


@pytest.mark.parametrize("command", EVERY)
def test_every_command_has_help(capsys, command):
    for option in ("--help", "-h"):
        assert main([command, option]) == 0
        out, err = capsys.readouterr()
        assert f"Usage: torch-history {command}" in out and err == ""


def test_help_lists_every_command_with_its_line(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    assert main(["--help"]) == 0
    out = capsys.readouterr().out
    for group, commands in COMMANDS.items():
        assert group in out
        for command, line in commands.items():
            assert re.search(rf"^ {command} +{re.escape(line)}", out, re.MULTILINE), command


def test_without_a_command_the_help_is_shown(capsys):
    assert main([]) in (0, 2)  # as click has it; 2 since click 8.2
    out, err = capsys.readouterr()
    assert "Usage: torch-history" in out and " diff " in out and err == ""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no /dev/full")
def test_full_disk_is_one_line_and_no_fault_of_ours(recorded):
    command = [sys.executable, "-m", "torch_history", "--root", str(recorded.root), "list"]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr == "torch-history: cannot write: No space left on device: free some space\n"


def test_closed_output_is_no_error(recorded):
    command = f'"{sys.executable}" -m torch_history --root "{recorded.root}" list >&-'
    done = subprocess.run(command, shell=True, stderr=subprocess.PIPE, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
