"""``torch-history fix`` on a few lines of source and the real records."""

import os
import shutil
import stat
import subprocess
import sys

import msgspec
import pytest

from tests.code import REPOSITORY
from torch_history.catalogue import index
from torch_history.cli import main
from torch_history.code import proofs

for package in ("libcst", "packaging", "pyflakes"):
    pytest.importorskip(package, reason=f"{package} is not installed")
if sys.version_info < (3, 9):
    pytest.skip("reading source needs Python 3.9", allow_module_level=True)

ZERO, VERBOSE = (
    "training_step.optimizer_zero_grad_leaves_none",
    "optimizers.scheduler_takes_no_verbose",
)
LOAD = "checkpoints.load_refuses_a_whole_module_by_default"
NESTED = "layers.encoder_in_eval_gives_zeros_for_padding"
CHECKPOINT = "training_step.checkpoint_wants_use_reentrant_to_be_given"
REENTRANT = "training_step.checkpoint_runs_the_function_again_in_backward"
REWRITES = {
    (ZERO, "2.0"): "+set_to_none=False",
    (VERBOSE, "2.7"): "-verbose",
    (LOAD, "2.6"): "+weights_only=False",
    (NESTED, "1.13"): "+enable_nested_tensor=False",
    (CHECKPOINT, "2.1"): "+use_reentrant=True",
}
OPTIMIZER = "import torch\nopt = torch.optim.SGD([torch.zeros(1)], 0.1)\n"
STEPPED = f"{OPTIMIZER}opt.zero_grad()\n"
SCHEDULED = f"{OPTIMIZER}torch.optim.lr_scheduler.StepLR(opt, 1, verbose=%s)\n"
TWO = ["--from", "1.13", "--to", "2.0"]
DIFF = """\
--- a/x.py
+++ b/x.py
@@ -1,3 +1,3 @@
 import torch
 opt = torch.optim.SGD([torch.zeros(1)], 0.1)
-opt.zero_grad()
+opt.zero_grad(set_to_none=False)
"""
SHOWN = (
    "x.py:3: zero_grad(set_to_none=False): as "
    "training_step.optimizer_zero_grad_keeps_zeros_when_asked shows (restores "
    "training_step.optimizer_zero_grad_leaves_none, 2.0)\n"
)


def marked(behaviour):
    """A behaviour whose markers have the rewrites of this file, and no others."""
    changes = []
    for one in behaviour.changes:
        told = {"rewrite": REWRITES.get((behaviour.id, one.version))}
        if behaviour.id == CHECKPOINT:
            told["restored_by"] = "planted"
        changes.append(msgspec.structs.replace(one, **told))
    return msgspec.structs.replace(behaviour, changes=changes)


@pytest.fixture(scope="module")
def known():
    """The index of the repository, with the rewrites of this file."""
    whole = index.of(REPOSITORY)
    records = {**whole.records, "planted": {"observed": whole.records[REENTRANT]["reentrant"]}}
    behaviours = [marked(behaviour) for behaviour in whole.behaviours]
    return msgspec.structs.replace(whole, behaviours=behaviours, records=records)


@pytest.fixture
def fix(tmp_path, monkeypatch, capsysbinary, known):
    """Write files and fix the folder: the status, the output and the errors."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(index, "of", lambda _: known)

    def run(*arguments, path=".", **files):
        for name, content in files.items():
            file = tmp_path / name.replace("_", ".")
            file.write_bytes(content if isinstance(content, bytes) else content.encode())
        status = main(["--root", str(REPOSITORY), "fix", *arguments, path])
        out, err = capsysbinary.readouterr()
        return status, out, err.decode()

    return run


def test_diff_stands_alone_on_the_output_and_names_its_proof_on_the_errors(fix):
    status, out, err = fix(*TWO, x_py=STEPPED)
    assert (status, out.decode()) == (1, DIFF)
    assert err == f"{SHOWN}1 rewrite in 1 file, 0 places left alone, from torch 1.13 to 2.0.\n"


def test_files_are_written_once_and_keep_their_mode_and_links(fix, tmp_path):
    (tmp_path / "link.py").symlink_to("x.py")
    (tmp_path / "x.py").write_text(STEPPED)
    (tmp_path / "x.py").chmod(0o751)
    total = "1 rewrite in 1 file, 0 places left alone, from torch 1.13 to 2.0.\n"
    shown = f"{SHOWN.replace('x.py', 'link.py')}{total}"
    assert fix(*TWO, "--write") == (0, shown.encode(), "")
    assert (tmp_path / "x.py").read_text() == STEPPED.replace("()", "(set_to_none=False)")
    assert stat.S_IMODE((tmp_path / "x.py").stat().st_mode) == 0o751
    assert (tmp_path / "link.py").is_symlink() and len(list(tmp_path.iterdir())) == 2
    status, out, _ = fix(*TWO)
    assert (status, out) == (0, b"")


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
@pytest.mark.parametrize("where", [".", "src"])
def test_git_applies_the_diff_in_the_repository_and_below(fix, tmp_path, monkeypatch, where):
    subprocess.run(["git", "init", "-q"], check=True)
    file = tmp_path / "src" / "x.py"
    file.parent.mkdir()
    file.write_bytes(STEPPED.replace("\n", "\r\n").encode())
    monkeypatch.chdir(tmp_path / where)
    found = fix(*TWO, path=".")[1]
    subprocess.run(["git", "apply"], input=found, check=True)
    assert file.read_bytes().endswith(b"\r\nopt.zero_grad(set_to_none=False)\r\n")


@pytest.mark.parametrize(
    "value, lost", [("False", ""), ("True", "nothing prints"), ("x", "nothing")]
)
def test_verbose_that_printed_is_told_to_be_gone(fix, value, lost):
    status, out, err = fix("--from", "2.6", "--to", "2.7", x_py=SCHEDULED % value)
    assert status == 1 and b"+torch.optim.lr_scheduler.StepLR(opt, 1)\n" in out
    assert err.startswith(f"x.py:3: StepLR() without verbose={value}: as optimizers.scheduler_with")
    assert (f"\n    {lost}" in err) if lost else "prints" not in err


def test_load_is_rewritten_only_where_its_files_are_trusted(fix):
    files = {"a_py": "import torch\ntorch.load('f')\n", "b_py": "import torch\ntorch.load('f')\n"}
    asked = ["--from", "2.5", "--to", "2.6", "--level", "likely"]
    status, out, err = fix(*asked, **files)
    assert (status, out, err.count("--trusted PATH for source")) == (0, b"", 2)
    status, out, err = fix(*asked, "--trusted", "b.py")
    assert status == 1 and b"+++ b/b.py" in out and b"a.py" not in out
    assert b"+torch.load('f', weights_only=False)\n" in out
    assert "a.py:2: left alone: torch.load() without weights_only: depends on the file, and" in err
    assert fix(*asked, "--trusted", ".")[1].count(b"weights_only=False") == 2


@pytest.mark.parametrize(
    "source, why",
    [
        ("def f(opt: torch.optim.SGD):\n    opt.zero_grad()\n", "likely, not certain: --level"),
        ("torch.nn.TransformerEncoder(None, 1)\n", "depends on the encoder layer and the"),
    ],
)
def test_less_sure_call_is_rewritten_with_the_level_likely(fix, source, why):
    asked = ["--from", "1.12", "--to", "2.0"]
    status, out, err = fix(*asked, x_py=f"import torch\n{source}")
    assert (status, out) == (0, b"") and f": {why}" in err and "--level likely rewrites it" in err
    assert fix(*asked, "--level", "likely")[0] == 1


@pytest.mark.parametrize(
    "source, why",
    [
        ("opt.zero_grad(**options)", "*args or **options of the call may hold set_to_none"),
        ("call(opt.zero_grad)", "it is not called here, but passed on or wrapped"),
    ],
)
def test_call_that_cannot_be_edited_is_left_alone(fix, source, why):
    status, out, err = fix(*TWO, "--level", "likely", x_py=f"{OPTIMIZER}{source}\n")
    assert (status, out) == (0, b"") and "x.py:3: left alone: opt.zero_grad" in err and why in err


def test_star_of_arguments_hides_no_keyword_that_has_no_position(fix):
    source = "from torch.utils.checkpoint import checkpoint as c\nc(f, *x)\nc(f, *x, **o)\n"
    status, out, err = fix("--from", "2.0", "--to", "2.5", x_py=source)
    assert status == 1 and b"\n-c(f, *x)\n+c(f, *x, use_reentrant=True)\n c(f, *x, **o)\n" in out
    assert "\nx.py:3: left alone: c() without use_reentrant: likely, not certain: --level" in err


def test_notebook_and_accepted_line_are_left_alone(fix):
    cell = '{"cell_type": "code", "source": "import torch\\nopt = torch.optim.SGD([], 1)\\n%s"}'
    notebook = f'{{"cells": [{cell % "opt.zero_grad()"}]}}'
    accepted = STEPPED.replace("()\n", "()  # torch-history: ok\n")
    status, out, err = fix(*TWO, n_ipynb=notebook, x_py=accepted)
    assert (status, out) == (0, b"")
    assert err.startswith("n.ipynb:cell 1:3: left alone: opt.zero_grad(), torch.optim.SGD since ")
    assert ": a notebook is not rewritten\n" in err
    assert err.endswith(", 1 place left alone, 1 accepted by a comment, from torch 1.13 to 2.0.\n")


def test_rewrite_that_another_release_no_longer_proves_is_left_alone(fix, monkeypatch, known):
    proof = known.records["training_step.optimizer_zero_grad_keeps_zeros_when_asked"]
    cases = {
        case: {device: {**chain, "2.5": msgspec.Raw(b'{"value": 7}')}}
        for case, devices in proof.items()
        for device, chain in devices.items()
    }
    records = {**known.records, "training_step.optimizer_zero_grad_keeps_zeros_when_asked": cases}
    monkeypatch.setattr(index, "of", lambda _: msgspec.structs.replace(known, records=records))
    assert fix("--from", "1.13", "--to", "2.4", x_py=STEPPED)[0] == 1
    status, out, err = fix("--from", "1.13", "--to", "2.5")
    assert (status, out) == (0, b"") and "asked does something else under 2.5\n" in err


@pytest.mark.parametrize(
    "before, after, why",
    [("1.12", "2.15", None), ("1.4", "2.15", f"{NESTED} changed before 1.13 too")],
)
def test_rewrite_restores_only_what_the_older_version_did(known, before, after, why):
    behaviour = known.known()[NESTED]
    [change] = [one for one in behaviour.changes if one.rewrite]
    assert proofs.fault(known, behaviour, change, before, after) == why


def test_kinds_and_pinned_versions_are_asked_for_as_in_diff(fix):
    files = {"x_py": STEPPED, "requirements_txt": "torch==1.13.1\n"}
    status, _, err = fix("--from", "requirements.txt", "--to", "2.0", **files)
    assert status == 1 and err.startswith("requirements.txt:1: torch 1.13.1\n")
    assert fix("--from", "requirements.txt")[0] == 1  # to the newest
    assert fix(*TWO, "--kind", "breaks")[0] == 0


@pytest.mark.parametrize(
    "arguments, says",
    [
        (["--from", "2.0", "--to", "1.13"], "--from 2.0: 2.0 is newer than 1.13: give the older"),
        (["--from", "x"], "--from x: "),
        (["--from", "9.9"], "version '9.9' is not in the records"),
        (["--to", "2.0"], "Missing option '--from'"),
        ([*TWO, "--trusted", "lost"], "Invalid value for '--trusted': Path 'lost' does not exist"),
        ([*TWO, "--python", "3.9"], "--python 3.9: needs --from FILE or --to FILE"),
        ([*TWO, "--write", "lost"], "Invalid value for 'PATH...': Path 'lost' does not exist"),
    ],
)
def test_bad_input_is_refused_in_one_line(fix, arguments, says):
    status, out, err = fix(*arguments, x_py=STEPPED)
    assert (status, out, err.count("\n")) == (2, b"", 1) and says in err


def test_same_version_twice_has_nothing_to_rewrite(fix):
    assert fix("--from", "2.0", "--to", "2.0", x_py=STEPPED)[0] == 0


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write everywhere")
def test_file_that_cannot_be_written_is_named(fix, tmp_path):
    (tmp_path / "x.py").write_text(STEPPED)
    tmp_path.chmod(0o555)
    status, _, err = fix(*TWO, "--write")
    tmp_path.chmod(0o755)
    assert status == 2 and "x.py: cannot be written (Permission denied)" in err
