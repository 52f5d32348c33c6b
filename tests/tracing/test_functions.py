"""Functions of torch that are watched by wrapped ones: what a program does not notice of it."""

import copy
import json
import os
import pickle
import subprocess
import sys
import textwrap
import types
from pathlib import Path

import pytest

import torch_history

torch = pytest.importorskip("torch", reason="torch is not installed")

F = torch.nn.functional
INJECT = Path(torch_history.__file__).parent / "tracing" / "inject"
# As below torch 1.13: what draws inside C is made in Python.
WITHOUT_MODES = "import torch_history.tracing.functions as f; f.MODES = (99, 0)\n"

TRAINING = """\
import torch
from torch import nn
from torch.nn import functional as F
net = nn.Sequential(nn.Linear(4, 8), nn.LeakyReLU(), nn.Dropout(0.5), nn.Linear(8, 1))
lstm = nn.LSTM(1, 2, num_layers=2, dropout=0.5)
opt = torch.optim.SGD([*net.parameters(), *lstm.parameters()], lr=0.1)
for step in range(3):
    opt.zero_grad()
    loss = lstm(net(torch.randn(6, 4))[:, None])[0].pow(2).mean()
    loss.backward()
    opt.step()
    print(loss.item())
"""


def run(folder, program, **settings):
    """The events of a program, and what it printed."""
    folder.mkdir()
    (folder / "train.py").write_text(textwrap.dedent(program), encoding="utf-8")
    given = {"out": str(folder / "trace"), "root": str(folder), "functions": True, **settings}
    (folder / "settings.json").write_text(json.dumps(given), encoding="utf-8")
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(INJECT)}
    environment["TORCH_HISTORY_TRACE"] = str(folder / "settings.json")
    made = subprocess.run(
        [sys.executable, "train.py"],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert made.returncode == 0, made.stderr
    lines = (folder / "trace" / "process-000" / "events.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in lines.splitlines()], made.stdout


def both(folder, before, after):
    """The events of two programs. The second one follows the first, and draws its numbers."""
    first, printed = run(folder / "a", before, window=[0, None], keep=True, tape="record")
    trace = str(folder / "a" / "trace" / "process-000")
    more = {"against": trace, "tape": "play", "tape_of": trace}
    second, _ = run(folder / "b", after, window=[0, None], **more)
    return first, second, printed


def of(events, kind):
    return [event for event in events if event["e"] == kind]


@pytest.fixture
def wraps():
    from torch_history.tracing import callables
    from torch_history.tracing.wrapped import Wraps

    made = Wraps(torch, lambda target, args, kwargs: target.function(*args, **kwargs))
    made.put(callables.targets(torch))
    yield made
    made.back()


def test_functions_methods_and_operators_are_taken_back():
    from torch_history.tracing import callables
    from torch_history.tracing.wrapped import Wrapped, Wraps

    def seen(target, args, kwargs):
        calls.append(target.known)
        return target.function(*args, **kwargs)

    calls, functions = [], (torch.add, F.relu, vars(torch.Tensor).get("add"), F.max_pool1d)
    made = Wraps(torch, seen)
    made.put(callables.targets(torch))
    x = torch.ones(2)
    assert type(torch.add) is type(F.relu) is type(torch.Tensor.add) is Wrapped
    assert 1 - x is not None
    assert calls[:2] == ["ones", "sub"]
    made.back()
    assert (torch.add, F.relu, vars(torch.Tensor).get("add"), F.max_pool1d) == functions
    assert type(F.relu) is types.FunctionType
    del calls[:]
    assert 1 - x is not None
    assert calls == []


def test_wrapped_function_passes_for_the_function(wraps):
    original = F.relu.__wrapped__
    assert F.relu == original
    assert {original: "known"}[F.relu] == "known"
    assert isinstance(F.relu, types.FunctionType)
    assert torch.Tensor.add == torch.Tensor.add.__wrapped__


@pytest.mark.filterwarnings("ignore:.torch.jit:DeprecationWarning")
def test_functions_that_call_wrapped_ones_can_be_scripted_and_traced(wraps):
    class Net(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.act = F.relu
            self.squash = torch.tanh
            self.pool = torch.nn.MaxPool1d(2)

        def forward(self, x):
            y = F.dropout(self.act(x), 0.5, self.training) + torch.add(x, 1)
            return self.squash(F.max_pool1d(self.pool(y), 1)).clamp(max=0.9)

    net, x = Net().eval(), torch.tensor([[[0.5, -2.0, 0.1, 0.2]]])
    assert torch.equal(torch.jit.script(net)(x), net(x))
    assert torch.equal(torch.jit.trace(net, x)(x), net(x))
    wraps.back()
    assert torch.equal(torch.jit.script(net)(x), net(x))  # it still holds wrapped functions


def test_wrapped_function_is_pickled_by_its_name(wraps):
    held = [F.relu, torch.tanh, torch.Tensor.norm]
    assert copy.deepcopy(held) == held
    for _ in range(2):
        content = pickle.dumps(held)
        assert b"torch_history" not in content
        assert pickle.loads(content) == held
        wraps.back()  # once more, when a program still holds them


def test_subclass_of_tensor_sees_the_functions_that_it_knows(wraps):
    known = {F.relu.__wrapped__: "relu", torch.Tensor.add.__wrapped__: "add"}
    seen = []

    class Counted(torch.Tensor):
        @classmethod
        def __torch_function__(cls, func, types, args=(), kwargs=None):
            seen.append(known.get(func))
            return super().__torch_function__(func, types, args, kwargs or {})

    x = torch.ones(2).as_subclass(Counted)
    F.relu(x)
    x + 1
    assert {"relu", "add"} <= set(seen)


def test_list_of_tensors_with_one_element_becomes_one_tensor(wraps):
    assert torch.tensor([torch.tensor([1]), torch.tensor([2])]).tolist() == [1, 2]


def test_function_method_and_operator_are_one_operation(tmp_path):
    program = """\
    import torch
    x, y = torch.tensor([1.0, 2.0]), torch.tensor([3.0, 4.0])
    torch.add(x, y)
    x.add(y)
    x + y
    torch.rsub(x, 1)
    1 - x
    x += y
    torch.nn.functional.relu(x, inplace=True)
    x.view(2).size()
    """
    events, _ = run(tmp_path / "a", program, window=[0, None])
    ops = of(events, "op")
    assert [one["name"] for one in ops] == [
        *("tensor", "tensor", "add", "add", "add", "sub", "sub", "add_", "relu_")
    ]
    assert len({one["key"] for one in ops[2:5]}) == 1
    assert ops[5]["key"] == ops[6]["key"]
    assert [one["at"][1] for one in ops[2:]] == [3, 4, 5, 6, 7, 8, 9]
    assert [one["api"] for one in ops[2:5]] == [
        "torch.add",
        "torch.Tensor.add",
        "torch.Tensor.__add__",
    ]


@pytest.mark.parametrize("begin", ["", WITHOUT_MODES], ids=["mode", "no mode"])
def test_same_program_draws_what_it_draws_alone_and_differs_in_nothing(tmp_path, begin):
    _, alone = run(tmp_path / "alone", TRAINING)
    first, second, watched = both(tmp_path, begin + TRAINING, begin + TRAINING)
    assert watched == alone
    assert not of(second, "new")
    assert not of(second, "differs")
    assert not of(second, "not_logged")
    assert not any(one["differs"] for one in of(second, "state"))
    drawn = [one["name"] for one in of(first, "draw") if one["mark"] == 0]
    assert drawn[-3:] == ["randn", "bernoulli_", "bernoulli_"]


@pytest.mark.parametrize("begin", ["", WITHOUT_MODES], ids=["mode", "no mode"])
def test_moved_stream_plays_the_draws_of_the_tape(tmp_path, begin):
    moved = begin + TRAINING.replace("opt =", "torch.rand(3)\nopt =")
    first, second, _ = both(tmp_path, begin + TRAINING, moved)
    assert not any(one["differs"] for one in of(second, "state"))
    assert [one["loss"] for one in of(first, "mark") if one["kind"] == "backward"] == [
        one["loss"] for one in of(second, "mark") if one["kind"] == "backward"
    ]
    assert [one["api"] for one in of(second, "draw") if one["how"] != "played"] == ["torch.rand"]


def test_other_default_of_a_function_differs_at_its_line(tmp_path):
    other = TRAINING.replace("net =", "F.leaky_relu.__wrapped__.__defaults__ = (0.5, False)\nnet =")
    other = other.replace("nn.LeakyReLU()", "Leaky()").replace(
        "from torch.nn import functional as F\n",
        "from torch.nn import functional as F\nLeaky = lambda: Net()\n"
        "class Net(nn.Module):\n    def forward(self, x): return F.leaky_relu(x)\n",
    )
    _, second, _ = both(tmp_path, other.replace("(0.5, F", "(0.01, F"), other)
    found = of(second, "differs")[0]
    ops = {one["i"]: one for one in of(second, "op")}
    assert (found["what"], found["rounding"]) == ("op", False)
    assert ops[found["i"]]["name"] == "leaky_relu"
    assert ops[found["i"]]["at"][1:] == [6, "forward"]


def test_other_backward_differs_in_the_gradients_of_what_is_above_it(tmp_path):
    program = """\
    import torch
    class Twice(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x.clone()
        @staticmethod
        def backward(ctx, gradient):
            return gradient * 2.0
    first, last = torch.nn.Linear(2, 2), torch.nn.Linear(2, 1)
    last(Twice.apply(first(torch.ones(1, 2)))).sum().backward()
    """
    _, second, _ = both(tmp_path, program, program.replace("* 2.0", "* 3.0"))
    ops = {one["i"]: one for one in of(second, "op")}
    found = [ops[one["i"]] for one in of(second, "differs")]
    assert {one["name"] for one in found} == {"gradient"}
    assert {one["scalars"] for one in found} == {"of='Linear.weight'", "of='Linear.bias'"}
    assert {one["phase"] for one in found} == {"backward"}


@pytest.mark.parametrize("name", ["dropout", "alpha_dropout", "feature_dropout"])
def test_dropout_in_python_has_the_bits_of_the_one_in_c(name):
    from torch_history.tracing import masks

    x = torch.linspace(-1.0, 1.0, 40).view(2, 4, 5)
    torch.manual_seed(0)
    expected = getattr(torch, name)(x, 0.3, True)
    torch.manual_seed(0)
    assert torch.equal(masks.dropout(torch, name, (x, 0.3, True)), expected)
    assert masks.dropout(torch, name, (x, 0.3, False)) is None  # it draws nothing
