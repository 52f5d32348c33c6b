"""Drafts of behaviours: one traced run, and its differences with a torch in which some are planted.

Both sides have the torch of this environment. The tracer writes the trace, so what a draft needs of
it is tested too.
"""

import ast
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
import torch

import torch_history
from tests.comparing import planted
from torch_history.catalogue.behaviour import Behaviour
from torch_history.comparing import draft
from torch_history.comparing.drafting import layout
from torch_history.comparing.drafting.calls import Call, Tensor
from torch_history.comparing.drafting.shrinking import MOST, Shrinker
from torch_history.comparing.drafting.sides import Side, answered, judged
from torch_history.comparing.drafting.worker import Worker
from torch_history.comparing.result import Difference, Where
from torch_history.comparing.traces import Trace
from torch_history.errors import HistoryError
from torch_history.tracing.recorder import Contents
from torch_history.tracing.settings import VARIABLE, Settings

TRAIN = """\
import torch
import torch.nn.functional as F

x = torch.randn(16, 6)
weight = torch.randn(6, requires_grad=True)
optimizer = torch.optim.SGD([weight], lr=0.002)
y = F.gelu(x, approximate="none")
y = F.dropout(y, 0.3)
z = F.softplus(y * weight)
with torch.autocast("cpu", dtype=torch.bfloat16):
    z = F.hardtanh(z, -2.0, 2.0)
large = F.tanhshrink(torch.randn(40, 5))
z.sum().backward()
optimizer.step()
"""
LINES = {"gelu": 7, "dropout": 8, "softplus": 9, "hardtanh": 11, "tanhshrink": 12, "step": 14}
PLANTED = """\
import torch

F = torch.nn.functional
gelu, dropout, softplus, hardtanh = F.gelu, F.dropout, F.softplus, F.hardtanh


def other_dropout(input, p=0.5, training=True, inplace=False):
    torch.rand(1)
    return dropout(input, p, training)


def other_softplus(input):
    y = softplus(input)
    return y * 2 - y.detach()


def other_hardtanh(input, min_val=-1.0, max_val=1.0, inplace=False):
    y = hardtanh(input, min_val, max_val)
    return y.to(torch.bfloat16) if torch.is_autocast_enabled("cpu") else y


class OtherSGD(torch.optim.SGD):
    def __init__(self, parameters, lr=0.001):
        super().__init__(parameters, lr=lr * 2)


F.gelu = lambda x, approximate="none": gelu(x, approximate="tanh")
F.dropout, F.softplus, F.hardtanh = other_dropout, other_softplus, other_hardtanh
torch.optim.SGD = OtherSGD
"""


def difference(
    name: str, kind: str = "value", phase: str = "forward", **more: object
) -> Difference:
    at = Where("train.py", LINES[name], "<module>")
    api = f"torch.nn.functional.{name}"
    told = {"name": name, "api": api, "at": at, "step": 1, "mark": 0, **more}
    return Difference(kind=kind, phase=phase, **told)


@pytest.fixture(scope="module")
def traced(tmp_path_factory):
    """The folder of the traced process."""
    folder = tmp_path_factory.mktemp("traced")
    (folder / "train.py").write_text(TRAIN)
    settings = Settings(str(folder / "trace"), str(folder), window=(0, None), keep=True)
    settings.write(folder / "settings.json")
    inject = Path(torch_history.__file__).parent / "tracing" / "inject"
    variables = {VARIABLE: str(folder / "settings.json"), "PYTHONPATH": str(inject)}
    command = [sys.executable, "train.py"]
    subprocess.run(command, cwd=folder, env={**os.environ, **variables}, check=True, timeout=300)
    return folder / "trace" / "process-000"


@pytest.fixture(scope="module")
def drafted(traced, tmp_path_factory):
    """A draft for each planted change, and for a call in which nothing was planted."""
    folder = tmp_path_factory.mktemp("drafted")
    pythons = Path(sys.executable), planted.environment(folder, PLANTED).python
    asked = {
        "gelu": difference("gelu"),
        "dropout": difference("dropout", "draw", words="bernoulli: draws other numbers"),
        "softplus": difference(
            "softplus", phase="backward", at=None, made_at=Where("train.py", 9, "<module>")
        ),
        "hardtanh": difference("hardtanh", "structure"),
        "step": difference("step", "structure", "step", api="torch.optim.SGD"),
        "tanhshrink": difference("tanhshrink"),
        "gelu again": difference("gelu", "structure"),
    }
    known = [
        Behaviour(
            "layers.gelu_of_one",
            "spec/layers/test_activations.py",
            1,
            "gelu of one",
            "",
            ["torch.nn.functional.gelu"],
            "https://docs.pytorch.org/docs/stable/nn.functional.html",
            None,
            [],
        ),
        Behaviour(
            "layers.activations_take_these_arguments",
            "spec/layers/test_signatures.py",
            1,
            "activations take these arguments",
            "",
            ["torch.nn.GELU"],
            "https://docs.pytorch.org/docs/stable/nn.html",
            None,
            [],
            signature=True,
        ),
    ]
    made = draft.drafts(asked.values(), traced, pythons, folder / "drafts", known)
    return dict(zip(asked, made))


def test_body(path):
    module = ast.parse(path.read_text())
    return ast.get_source_segment(path.read_text(), module.body[-1])


test_body.__test__ = False


def test_difference_of_values_becomes_a_behaviour_of_one_number(drafted):
    made = drafted["gelu"]
    version = ".".join(torch.__version__.split(".")[:2])
    release = torch.__version__.partition("+")[0]
    assert made.id == "layers.gelu_gives_these_values"
    assert made.path.name == "test_layers_gelu_gives_these_values_draft.py"
    text = made.path.read_text()
    assert text[text.index("import pytest") :] == textwrap.dedent(
        f'''\
        import pytest
        import torch

        from torch_history.observing import observe


        @pytest.mark.api("torch.nn.functional.gelu", "torch.nn.GELU", page="nn.functional")
        @pytest.mark.changed("{version}", "gives other values", kind="silent")
        def test_gelu_gives_these_values(snapshot):
            """``torch.nn.functional.gelu`` gives these values.

            Torch {release} gives 0.841344714 and {release} gives 0.841192007.
            """
            x = torch.ones(1, 1)
            assert snapshot == observe(lambda: torch.nn.functional.gelu(x))
        '''
    )


def test_confirmed_draft_says_where_it_goes_and_which_commands_come_next(drafted):
    lines = drafted["gelu"].lines
    assert lines[0].startswith(
        f"{drafted['gelu'].path}:1: layers.gelu_gives_these_values drafted: 1"
    )
    assert lines[1].endswith("move the test into spec/layers/test_activations.py. Then:")
    assert lines[2] == "  torch-history record layers.gelu_gives_these_values"


def test_draft_belongs_into_no_module_of_signatures(drafted):
    assert "torch.nn.GELU" in drafted["gelu"].path.read_text()
    assert "test_signatures" not in drafted["gelu"].lines[1]


def test_second_difference_of_the_same_call_has_no_draft(drafted):
    assert "gelu again" not in drafted


def test_difference_of_a_draw_is_made_from_seed_zero_and_keeps_eight_numbers(drafted):
    made = drafted["dropout"]
    assert made.id == "randomness.dropout_draws_these_numbers_under_seed_zero"
    assert 8 <= made.elements < 16
    assert test_body(made.path).endswith(
        """\
    def act():
        torch.manual_seed(0)
        return torch.nn.functional.dropout(x)

    assert snapshot == observe(act)"""
    )


def test_difference_in_a_backward_is_the_gradient_of_the_forward(drafted):
    assert test_body(drafted["softplus"].path).endswith(
        """\
    x = torch.ones(1, 1, requires_grad=True)

    def act():
        output = torch.nn.functional.softplus(x)
        output.sum().backward()
        return x.grad

    assert snapshot == observe(act)"""
    )


def test_difference_under_autocast_keeps_the_autocast(drafted):
    made = drafted["hardtanh"]
    assert made.path.name.endswith("hardtanh_under_autocast_returns_bfloat16_draft.py")
    assert test_body(made.path).endswith(
        """\
    x = torch.ones(1, 1)

    def act():
        with torch.autocast("cpu", dtype=torch.bfloat16):
            return torch.nn.functional.hardtanh(x)

    assert snapshot == observe(act)"""
    )


def test_difference_in_a_step_is_the_step_of_the_optimizer(drafted):
    assert test_body(drafted["step"].path).endswith(
        """\
    weight = torch.tensor([1.0], requires_grad=True)
    gradient = torch.tensor([1.0])

    def act():
        weight.grad = gradient
        optimizer = torch.optim.SGD([weight])
        optimizer.step()
        return weight

    assert snapshot == observe(act)"""
    )


def test_call_without_a_difference_of_its_own_is_written_with_its_traced_inputs(drafted):
    made = drafted["tanhshrink"]
    assert not made.confirmed
    assert "not shown" in made.lines[0]
    text = made.path.read_text()
    assert "So it needs its\nsurroundings" in text
    assert "@pytest.mark.changed" not in text
    assert 'traced = torch.load(Path(__file__).with_suffix(".pt"))' in text
    inputs = torch.load(made.path.with_suffix(".pt"))
    assert [tuple(one.shape) for one in inputs.values()] == [(40, 5)]


def test_every_draft_runs(drafted):
    class Snapshot:
        __hash__ = None

        def __eq__(self, observation):
            return observation.raised is None

    for made in drafted.values():
        names = {"__file__": str(made.path)}
        exec(compile(made.path.read_text(), str(made.path), "exec"), names)
        (test,) = [names[name] for name in names if name.startswith("test_")]
        test(Snapshot())


def test_shrinking_finds_the_one_number_in_which_two_functions_differ(tmp_path):
    """ReLU and leaky ReLU differ in negative numbers alone; element 17 of 24 is one."""
    numbers = torch.arange(24.0).reshape(4, 6)
    numbers[2, 5] = -3.25
    kept = Contents(tmp_path / "kept", 1000)
    kept.put("x", "torch.float32", (4, 6), numbers.numpy().tobytes())
    kept.flush()
    before, after = (Worker(torch, tmp_path / "kept", tmp_path) for _ in range(2))

    def evaluate(call):
        first = before.do_call(call._replace(function="torch.nn.functional.relu").json(), True)
        leaky = call._replace(function="torch.nn.functional.leaky_relu").json()
        second = after.do_call(leaky, against=first.get("outs"))
        return judged(answered(first), answered(second), second.get("facts"))

    call = Call("", [Tensor("x", "torch.float32", (4, 6), (4, 6))], {})
    shrinker = Shrinker(evaluate, call, evaluate(call), lambda: 0.0)
    shrunk, outcome = shrinker.shrunk()
    (_, tensor), *others = shrunk.tensors()
    assert not others
    assert tensor.shape == (1, 1)
    assert after.do_values({"tensor": tensor._asdict()})["values"] == [[-3.0]]
    assert outcome.kind == "value"
    assert shrinker.calls < 30


def test_shrinking_rounds_a_single_number_before_it_becomes_zero(tmp_path):
    """The two functions differ at 0 and at -1, not at 1, as for the targets of a hinge loss."""
    kept = Contents(tmp_path / "kept", 1000)
    kept.put("x", "torch.float32", (2,), torch.tensor([1.0, -1.0]).numpy().tobytes())
    kept.flush()
    before, after = (Worker(torch, tmp_path / "kept", tmp_path) for _ in range(2))

    def evaluate(call):
        first = before.do_call(call._replace(function="torch.nn.functional.relu").json(), True)
        named = {"threshold": 0.5, "value": 7.0}
        other = call._replace(function="torch.nn.functional.threshold", named=named)
        second = after.do_call(other.json(), against=first.get("outs"))
        return judged(answered(first), answered(second), second.get("facts"))

    call = Call("", [Tensor("x", "torch.float32", (2,), (2,))], {})
    shrunk, _ = Shrinker(evaluate, call, evaluate(call), lambda: 0.0).shrunk()
    ((_, tensor),) = shrunk.tensors()
    assert after.do_values({"tensor": tensor._asdict()})["values"] == [-1.0]


def test_shrinking_ends_at_its_limit_of_calls():
    outcomes = []

    def evaluate(call):
        side = answered({"outs": [["torch.float32", [2]]]})
        place = {"rounding": False, "pair": [0, 1], "largest": 1.0, "scale": 1.0, "of": 2}
        outcomes.append(judged(side, side, [place] if not outcomes else None))
        return outcomes[-1]

    many = [Tensor(f"{number}", "torch.float32", (3,), (3,)) for number in range(200)]
    call = Call("torch.stack", [many], {})
    shrunk, _ = Shrinker(evaluate, call, evaluate(call), lambda: 0.0).shrunk()
    assert shrunk == call
    assert len(outcomes) == 1 + MOST


def test_call_that_ends_the_process_tells_nothing_and_the_next_one_is_made(traced):
    side = Side(Path(sys.executable), traced / "kept", traced)
    try:
        lost = answered(side.ask(do="call", call=Call("torch.os._exit", [1], {}).json()))
        made = answered(side.ask(do="call", call=Call("torch.eye", [2], {}).json()))
    finally:
        side.close()
    assert lost.lost
    assert not judged(made, lost, None).differs
    assert made.outs == (("torch.float32", (2, 2)),)


def test_environment_without_torch_is_bad_input(traced, tmp_path):
    (tmp_path / "python").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "python").chmod(0o755)
    with pytest.raises(HistoryError, match="cannot import torch: give a Python that has it"):
        draft.drafts([], traced, (tmp_path / "python", Path(sys.executable)), tmp_path)


def test_trace_with_keep_has_the_contents_of_all_inputs(traced):
    trace = Trace(traced)
    (gelu,) = [one for one in trace.calls.values() if one["name"] == "torch.nn.functional.gelu"]
    named = {"args": [{"t": 0}], "named": {"approximate": "none"}}
    assert gelu["given"] == named
    (step,) = [one for one in trace.calls.values() if one.get("kind") == "step"]
    keys = (traced / "kept.index").read_text()
    assert all(content in keys for content, _, _ in step["ins"])


def test_lines_break_where_the_formatter_breaks_them():
    short = layout.call("f", "x" * 40, "y" * 30, dtype="z" * 10)
    assert layout.lines("a = ", short, indent=4) == [
        "    a = f(",
        f"        {'x' * 40}, {'y' * 30}, dtype={'z' * 10}",
        "    )",
    ]
    long = layout.call("f", "x" * 40, "y" * 40, dtype="z" * 20)
    assert layout.lines("a = ", long) == [
        "a = f(",
        f"    {'x' * 40},",
        f"    {'y' * 40},",
        f"    dtype={'z' * 20},",
        ")",
    ]
    rows = layout.listed([layout.listed(["0.12345678"] * 5)] * 2)
    assert layout.lines("a = ", layout.call("torch.tensor", rows)) == [
        "a = torch.tensor(",
        "    [",
        "        [0.12345678, 0.12345678, 0.12345678, 0.12345678, 0.12345678],",
        "        [0.12345678, 0.12345678, 0.12345678, 0.12345678, 0.12345678],",
        "    ]",
        ")",
    ]
