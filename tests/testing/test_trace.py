"""``torch_history.trace``: a part of a program is watched, and torch is left as it was."""

import os
import random
import sys
import warnings
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils import _python_dispatch

from tests.testing.planted import Planted
from torch_history import trace
from torch_history.errors import HistoryError

PATCHED = [
    (torch.autograd, "backward"),
    (torch.optim.SGD, "step"),
    (torch.optim.Optimizer, "__init__"),
    (torch.optim.lr_scheduler.LRScheduler, "step"),
    (torch, "manual_seed"),
    (nn.Module, "__call__"),
    (random, "seed"),
    (warnings, "warn"),
    (warnings, "_showwarnmsg"),
    (sys, "excepthook"),
    (os, "fork"),
]


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Linear(4, 8), nn.Linear(8, 1)

    def forward(self, x):
        return self.b(F.dropout(F.gelu(self.a(x)), 0.5))


def made():
    """A network, its optimizer, and a schedule that puts a step of its own on the optimizer."""
    net = Net()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
    return net, optimizer, torch.optim.lr_scheduler.StepLR(optimizer, 1)


def train(net, optimizer, schedule):
    for _ in range(2):
        optimizer.zero_grad()
        net(torch.ones(4, 4)).sum().backward()
        optimizer.step()
        schedule.step()


@pytest.fixture
def before(tmp_path):
    """A trace of the training from seed 0."""
    with trace(tmp_path / "before.zip", seed=0):
        train(*made())
    return tmp_path / "before.zip"


def line_of(text):
    lines = Path(__file__).read_text(encoding="utf-8").splitlines()
    return next(number for number, line in enumerate(lines, 1) if line.strip().startswith(text))


def test_block_leaves_torch_as_it_was(tmp_path):
    torch.optim.SGD([torch.zeros(1)])  # torch itself wraps the step with the first optimizer
    was = [getattr(owner, name) for owner, name in PATCHED]
    modes = len(_python_dispatch._get_current_dispatch_mode_stack())
    net, optimizer, schedule = made()
    step = optimizer.step
    with trace(tmp_path / "one", root=Path(__file__).parent):
        assert torch.autograd.backward is not was[0]
        train(net, optimizer, schedule)
    assert [getattr(owner, name) for owner, name in PATCHED] == was
    assert optimizer.step is step
    assert len(_python_dispatch._get_current_dispatch_mode_stack()) == modes
    assert torch._C._len_torch_function_stack() == 0
    assert not torch.are_deterministic_algorithms_enabled()


def test_second_block_of_a_process_writes_the_same(before, tmp_path):
    with trace(tmp_path / "again", seed=0):
        train(*made())
    found = trace.compare(before, tmp_path / "again")
    assert found.verdict == "same" and str(found).endswith(": the same bits")


def test_optimizer_and_schedule_made_before_are_watched(before, tmp_path):
    torch.manual_seed(0)
    parts = made()
    with trace(tmp_path / "inside.zip"):
        train(*parts)
    marks = trace.compare(before, tmp_path / "inside.zip").marks
    assert marks == (["backward", "step"] * 2,) * 2


@pytest.mark.parametrize(
    "name, verdict, text",
    [
        ("value", "operation", "F.gelu returns different values: up to"),
        ("stream", "stream", "F.dropout draws other random numbers"),
        ("rounding", "rounding", "F.linear rounds differently"),
    ],
)
@pytest.mark.parametrize("follows", [True, False], ids=["behind", "alone"])
def test_difference_is_found_at_its_line(before, tmp_path, name, verdict, text, follows):
    with Planted(name), trace(
        tmp_path / "after", seed=0, against=before if follows else None
    ):  # fmt: skip
        train(*made())
    found = trace.compare(before, tmp_path / "after")
    place = f"test_trace.py:{line_of('return self.b')}: {text}"
    assert found.verdict == verdict and place in str(found)
    assert ("More may follow" in str(found)) is not follows


def test_every_difference_shows_behind_the_other_run(before, tmp_path):
    with Planted("value", "rounding", "stream"), trace(tmp_path / "after", seed=0, against=before):
        train(*made())
    found = trace.compare(before, tmp_path / "after")
    assert {one.api.rpartition(".")[2] for one in found.differences} == {"gelu", "dropout"}
    assert {one.name for one in found.rounding} == {"addmm"}


def test_exception_leaves_the_block_and_is_told(before, tmp_path):
    def fail():
        with Planted("error"), trace(tmp_path / "after", seed=0):
            train(*made())
            torch.ones(2).cumprod(0)

    with pytest.raises(RuntimeError, match="cumprod is refused"):
        fail()
    found = trace.compare(before, tmp_path / "after")
    assert found.verdict == "fails" and "raises RuntimeError after 2 steps: cumprod" in str(found)
    assert torch.autograd.backward.__module__ == "torch.autograd"


def test_operations_are_logged_up_to_a_step(tmp_path):
    for steps in (1, None):
        with trace(tmp_path / str(steps), seed=0, steps=steps):
            train(*made())
    logged = [
        (tmp_path / str(steps) / "block/process-000/events.jsonl").read_text().count('"e": "op"')
        for steps in (1, None)
    ]
    assert 0 < logged[0] < 0.6 * logged[1]


def test_folder_of_other_files_is_refused(tmp_path):
    (tmp_path / "note.txt").write_text("mine")
    with pytest.raises(HistoryError, match="a folder with other files: name a new one"):
        trace(tmp_path).__enter__()
    assert [one.name for one in tmp_path.iterdir()] == ["note.txt"]


def test_trace_that_is_missing_is_named(tmp_path):
    with pytest.raises(HistoryError, match=r"none\.zip: no such recording"):
        trace.compare(tmp_path / "none.zip", tmp_path / "none.zip")
