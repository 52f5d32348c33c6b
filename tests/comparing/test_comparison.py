"""Whole comparisons: the torch of this environment on both sides, with one change planted in it."""

import datetime as dt
import sys
import textwrap
from pathlib import Path

import pytest

from tests.comparing import planted
from torch_history.comparing import installed
from torch_history.comparing.answering import compare
from torch_history.comparing.comparison import Comparison, Limits
from torch_history.comparing.result import Result, Verdict

TRAIN = """\
import torch
import torch.nn.functional as F
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(6, 8)
        self.last = nn.Linear(8, 1)

    def forward(self, x):
        x = F.gelu(self.first(x))
        x = F.dropout(x, 0.5, self.training)
        return self.last(x)


net = Net()
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
x = torch.randn(16, 6)
y = torch.randn(16, 1)
for step in range(4):
    optimizer.zero_grad()
    loss = F.mse_loss(net(x), y)
    loss.backward()
    optimizer.step()
    print(step, loss.item())
"""
KERNEL = """
import torch
library = torch.library.Library("aten", "IMPL")
"""


class _Records:
    """Records that know nothing."""

    unknown = ""

    def of(self, found):
        return ()

    def warned(self, one):
        return one

    def raised(self, one):
        return one


def comparison(folder: Path, patch: str = "", program: str = TRAIN, **limits: int) -> Result:
    """What a program gives when ``patch`` is planted in the newer release."""
    work = folder / "project"
    work.mkdir()
    (work / "train.py").write_text(program)
    ours = installed.ask(Path(sys.executable), "this Python")
    theirs = planted.environment(folder, patch) if patch else ours
    it = Comparison(
        ("python", "train.py"),
        work,
        folder / "work",
        (ours, theirs),
        Limits(**limits),
        (),
        lambda what: None,
    )
    return compare(it, _Records(), (), dt.date(2026, 11, 28))


def line(program: str, text: str) -> int:
    """The number of the line that has a text."""
    return next(at for at, one in enumerate(program.splitlines(), 1) if text in one)


@pytest.fixture
def folder(tmp_path):
    return tmp_path


def test_the_same_release_twice_gives_the_same_bits_in_two_runs(folder):
    result = comparison(folder)
    assert result.verdict is Verdict.SAME
    assert [one.what for one in result.made] == ["before", "after"]
    assert result.before.steps == result.after.steps == 4


def test_an_operation_that_gives_another_result_is_the_cause_at_its_line(folder):
    patch = KERNEL + textwrap.dedent("""
        def gelu(x, *, approximate="none"):
            return 0.5 * x * (1 + torch.tanh(0.7978845608 * (x + 0.044715 * x * x * x)))
        library.impl("gelu", gelu, "CPU")
    """)
    result = comparison(folder, patch)
    first = result.differences[0]
    assert result.verdict is Verdict.OPERATION
    assert (first.kind, first.name, first.module) == ("value", "gelu", "Net")
    assert (first.at.file, first.at.line) == ("train.py", line(TRAIN, "F.gelu"))
    assert 1e-5 < first.largest < 1e-2
    assert result.parted_at == 0


def test_a_call_that_only_the_newer_release_makes_is_a_change_of_structure(folder):
    patch = textwrap.dedent("""
        import torch.nn.functional as F
        before = F.gelu
        F.gelu = lambda x: before(x.bfloat16()).float()
    """)
    first = comparison(folder, patch).differences[0]
    assert (first.kind, first.at.line) == ("structure", line(TRAIN, "F.gelu"))
    assert "_to_copy → bfloat16" in first.only_after


def test_a_moved_random_stream_hides_nothing_when_the_tape_is_played(folder):
    patch = textwrap.dedent("""
        import torch, torch.nn.functional as F
        before = F.dropout
        def dropout(x, p, training, inplace=False):
            torch.rand(3)
            return before(x, p, training)
        F.dropout = dropout
    """)
    result = comparison(folder, patch)
    assert result.verdict is Verdict.STREAM
    assert result.differences[0].at.line == line(TRAIN, "F.dropout")
    assert "only after" in result.differences[0].words
    assert result.taped is Verdict.SAME


def test_a_draw_of_other_numbers_from_the_same_state_is_a_change_of_the_stream(folder):
    patch = KERNEL + textwrap.dedent("""
        def bernoulli_(x, p=0.5, *, generator=None):
            return x.copy_((torch.rand(x.shape).flip(0) < p).to(x.dtype))
        library.impl("bernoulli_.float", bernoulli_, "CPU")
    """)
    result = comparison(folder, patch)
    assert result.verdict is Verdict.STREAM
    assert result.differences[0].words.endswith("draws other numbers from the same state")
    assert result.taped is Verdict.SAME


def test_another_order_of_a_sum_is_rounding_and_no_cause(folder):
    patch = KERNEL + textwrap.dedent("""
        def addmm(bias, x, weight, *, beta=1, alpha=1):
            half = x.shape[1] // 2
            return bias + (x[:, half:] @ weight[half:] + x[:, :half] @ weight[:half])
        library.impl("addmm", addmm, "CPU")
    """)
    result = comparison(folder, patch)
    assert result.verdict in (Verdict.ROUNDING, Verdict.TOLERANCE)
    assert not result.differences
    assert result.rounding[0].name == "addmm"


def test_an_optimizer_that_steps_otherwise_is_the_cause_in_the_step(folder):
    patch = textwrap.dedent("""
        import torch.optim.sgd as sgd
        made = sgd.SGD.__init__
        def init(self, params, lr, **named):
            made(self, params, lr, weight_decay=0.01, **named)
        sgd.SGD.__init__ = init
    """)
    result = comparison(folder, patch)
    assert result.verdict is Verdict.OPERATION
    assert (result.differences[0].phase, result.differences[0].api) == ("step", "torch.optim.SGD")


def test_an_exception_of_the_newer_release_is_told_with_its_line(folder):
    patch = textwrap.dedent("""
        import torch.nn.functional as F
        def gelu(x):
            raise TypeError("gelu() is no longer here")
        F.gelu = gelu
    """)
    result = comparison(folder, patch)
    assert result.verdict is Verdict.FAILS
    assert result.after.raised.text == "gelu() is no longer here"
    assert result.after.raised.at.line == line(TRAIN, "F.gelu")
    assert len(result.made) == 2


def test_a_new_warning_leaves_the_verdict_and_is_told_with_its_line(folder):
    patch = textwrap.dedent("""
        import warnings, torch.nn.functional as F
        before = F.gelu
        def gelu(x):
            warnings.warn("gelu() will be removed", FutureWarning, stacklevel=2)
            return before(x)
        F.gelu = gelu
    """)
    result = comparison(folder, patch)
    assert result.verdict is Verdict.SAME
    assert [(one.category, one.at.line) for one in result.new_warnings] == [
        ("FutureWarning", line(TRAIN, "F.gelu"))
    ]


def test_a_file_that_one_run_leaves_does_not_change_the_next(folder):
    program = TRAIN + textwrap.dedent("""
        from pathlib import Path
        assert not Path("left.pt").exists()
        torch.save(net.state_dict(), "left.pt")
    """)
    result = comparison(folder, "", program)
    assert result.verdict is Verdict.SAME
    assert not (folder / "project" / "left.pt").exists()


def test_a_limit_of_steps_ends_both_runs_at_the_same_step(folder):
    result = comparison(folder, steps=2)
    assert (result.before.steps, result.after.steps, result.before.stopped) == (2, 2, "steps")
    assert result.verdict is Verdict.SAME


def test_a_program_that_gives_other_numbers_each_time_is_unstable(folder):
    program = "import os, torch\ntorch.manual_seed(int.from_bytes(os.urandom(4), 'big'))\n" + TRAIN
    assert comparison(folder, "", program).verdict is Verdict.UNSTABLE
