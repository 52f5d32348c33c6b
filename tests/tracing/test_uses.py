"""The calls of torch that a program makes, with the arguments that it gives."""

import pytest

from tests.tracing.running import traced

pytest.importorskip("torch", reason="torch is not installed")

PROGRAM = """\
import functools
import torch
import torch.nn.functional as F
from torch import nn
from torch import manual_seed as seed

RATE = 0.1
norm = functools.partial(nn.LayerNorm, eps=1e-6)
options = {"momentum": 0.9}


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(4, out_features=8)
        self.norm = norm(8)
        self.drop = nn.Dropout(p=0.5)

    def forward(self, x):
        return F.max_pool1d(self.drop(self.norm(self.first(x))), 2)


class Plain(nn.Module):
    pass


def parts(several):
    return several


seed(3)
net = Net()
Plain()
layer = nn.TransformerEncoderLayer(8, 2)
optimizer = torch.optim.SGD(net.parameters(), RATE, **options)
x = torch.ones(6, 4)
lengths = torch.arange(4)
for step in range(4):
    optimizer.zero_grad(set_to_none=True)
    loss = net(x).sum()
    loss.backward()
    nn.Module.zero_grad(layer, True)
    optimizer.step()
    if step == 2:
        torch.tanh(x)
net.eval()
with torch.no_grad():
    try:
        torch.add(x, 2 * step, alpha=-RATE)
    except RuntimeError:
        pass
    lengths.clamp_(max=int(2.5))
    lengths // 2
    list(map(F.silu, [x]))
    torch.stack(parts([x, x]))
    torch.cat([x, x], dim=0)
    torch.nn.init.constant_(*[x, 0.5])
    x.t().contiguous()
    x.add(x.to(torch.float64))
"""


@pytest.fixture(scope="module")
def events(tmp_path_factory):
    """What the tracer notes of PROGRAM."""
    return traced(tmp_path_factory.mktemp("uses"), PROGRAM)


@pytest.fixture
def of(events):
    """Gives the uses of one API."""

    def found(api):
        return [one for one in events if one["e"] == "use" and one["api"] == api]

    return found


@pytest.fixture
def only(of):
    """Gives the one use of an API."""

    def found(api):
        (one,) = of(api)
        return one

    return found


def line_of(text):
    """The first line of PROGRAM with a text."""
    return next(number for number, line in enumerate(PROGRAM.splitlines(), start=1) if text in line)


@pytest.mark.parametrize(
    "api, given, positional",
    [
        ("torch.manual_seed", {"seed": 3}, 1),
        ("torch.nn.Linear", {"in_features": 4, "out_features": 8}, 1),
        ("torch.nn.LayerNorm", {"normalized_shape": 8, "eps": 1e-6}, 1),
        ("torch.nn.Dropout", {"p": 0.5}, 0),
        ("torch.optim.SGD", {"params": {"type": "generator"}, "lr": 0.1, "momentum": 0.9}, 2),
        ("torch.optim.SGD.zero_grad", {"set_to_none": True}, 0),
        ("torch.optim.SGD.step", {}, 0),
        ("torch.nn.TransformerEncoderLayer.zero_grad", {"set_to_none": True}, 1),
        ("torch.Tensor.clamp_", {"max": {"unseen": True}}, 0),
        ("torch.Tensor.__floordiv__", {"other": 2}, 1),
    ],
)
def test_what_was_given_is_noted_by_name_and_defaults_are_not(only, api, given, positional):
    use = only(api)
    assert use["given"] == given
    assert use["positional"] == positional and use["by"] == list(given)[positional:]
    assert use["whole"]


def test_arguments_of_functions_in_c_are_those_that_the_source_names(only):
    use = only("torch.add")
    assert use["given"] == {
        "0": {"tensor": "torch.float32", "shape": [6, 4]},
        "1": {"unseen": True},  # 2 * step would have to be calculated
        "alpha": -0.1,
    }
    assert use["seen"] == "source"


def test_a_list_is_told_by_its_parts_and_what_a_call_returns_is_not_seen(only):
    tensor = {"tensor": "torch.float32", "shape": [6, 4]}
    assert only("torch.cat")["given"] == {"0": [tensor, tensor], "dim": 0}
    assert only("torch.stack")["given"] == {"0": {"unseen": True}}


def test_a_starred_list_that_is_written_out_is_counted(only):
    use = only("torch.nn.init.constant_")
    assert list(use["given"]) == ["tensor", "val"]
    assert use["positional"] == 2 and use["whole"]


def test_the_place_is_that_of_the_name_that_is_called(only):
    use = only("torch.optim.SGD.zero_grad")
    text = "    optimizer.zero_grad"
    assert use["at"][1:] == [line_of(text), "<module>"]
    assert use["column"] == len(text)


@pytest.mark.parametrize(
    "api, roles",
    [
        ("torch.nn.Linear", {"call"}),
        ("torch.optim.SGD.step", {"call", "statement"}),
        ("torch.no_grad", {"call", "with"}),
        ("torch.add", {"call", "statement", "caught", "within=torch.no_grad"}),
    ],
)
def test_roles_say_where_a_call_stands(of, api, roles):
    found = {one for use in of(api) for one in use["roles"]}
    assert {one for one in found if "autograd" not in one} == roles


def test_tensors_tell_their_dtype_and_transposed_ones_are_marked(only, of):
    assert only("torch.Tensor.clamp_")["on"] == {"tensor": "torch.int64", "shape": [4]}
    assert only("torch.Tensor.contiguous")["on"]["transposed"] is True
    assert only("torch.Tensor.to")["given"] == {"0": {"name": "torch.float64"}}


def test_a_function_that_map_calls_is_noted_as_not_wholly_seen(only):
    assert not only("torch.nn.functional.silu")["whole"]


def test_a_wrapper_of_torch_is_known_by_the_name_that_is_called(only):
    assert list(only("torch.nn.functional.max_pool1d")["given"].values())[1:] == [2]


def test_a_class_of_the_reader_that_leaves_init_to_torch_calls_it(of):
    assert line_of("Plain()") in {use["at"][1] for use in of("torch.nn.Module")}


def test_what_torch_calls_itself_is_not_noted(of):
    assert of("torch.nn.TransformerEncoderLayer") and not of("torch.nn.MultiheadAttention")
    assert not of("torch.nn.functional.layer_norm")


def test_the_profile_is_off_from_the_third_step_to_the_next_evaluation(events, of):
    switched = [(one["on"], one["mark"]) for one in events if one["e"] == "uses"]
    assert switched == [(True, 0), (False, 4), (True, 8)]
    assert not of("torch.tanh") and of("torch.add")
    assert of("torch.nn.Module.eval")


def test_nothing_fails_inside_the_tracer(events):
    assert not [one for one in events if one["e"] == "uses_fault"]


def uses(events):
    """The names that are used."""
    return [one["api"] for one in events if one["e"] == "use"]


def test_a_profile_function_that_is_set_already_stays(tmp_path):
    before = "import sys; mine = lambda *_: None; sys.setprofile(mine); "
    program = "import torch\ntorch.ones(1)\nassert sys.getprofile() is mine\n"
    found = traced(tmp_path, program, before)
    assert uses(found) == []
    (told,) = [one for one in found if one["e"] == "uses"]
    assert told["why"] == "another profile function is set"


def test_a_program_that_is_busy_with_other_things_is_left_alone_until_its_first_module(tmp_path):
    program = """
    import sys
    import torch
    import torch_history.tracing.uses
    torch_history.tracing.uses.MOST_CALLS = 1000
    torch.zeros(1)
    lengths = [len("word") for _ in range(2000)]
    assert sys.getprofile() is None
    torch.ones(1)
    layer = torch.nn.Linear(2, out_features=1)
    torch.nn.ReLU()
    """
    found = traced(tmp_path, program)
    assert uses(found) == ["torch.zeros", "torch.nn.Linear", "torch.nn.ReLU"]
    (layer,) = [one for one in found if one.get("api") == "torch.nn.Linear"]
    assert layer["given"] == {"in_features": 2, "out_features": 1}


def test_tensors_of_a_step_do_not_outlive_it(tmp_path):
    program = """
    import sys, weakref
    import torch

    def main():
        net = torch.nn.Linear(2, 1)
        optimizer = torch.optim.SGD(net.parameters(), 0.1)
        for _ in range(2):
            loss = net(torch.ones(1, 2)).sum()
            loss.backward()
            optimizer.step()
        assert sys.getprofile() is None
        alive = weakref.ref(loss)
        del loss
        assert alive() is None

    main()
    """
    traced(tmp_path, program)


def test_calls_in_threads_are_noted_and_forked_processes_are_left_alone(tmp_path):
    program = """
    import os, sys, threading
    import torch

    def work():
        torch.ones(1)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    child = os.fork()
    if not child:
        os._exit(sys.getprofile() is not None)
    assert os.waitpid(child, 0)[1] == 0 and sys.getprofile() is not None
    """
    assert uses(traced(tmp_path, program)) == ["torch.ones"]


def test_a_function_mode_gives_the_arguments_that_the_source_does_not_show(tmp_path):
    program = """
    import gc
    import torch
    from torch.overrides import TorchFunctionMode
    from torch_history.tracing.uses import Uses

    watching = next(one for one in gc.get_objects() if type(one) is Uses)
    mode = '''
    class Mode(TorchFunctionMode):
        def __torch_function__(self, func, types, args=(), kwargs=None):
            watching.function(func, args, kwargs or {})
            return func(*args, **(kwargs or {}))
    '''
    # As if it stood in a file of the tracer.
    exec(compile(__import__("textwrap").dedent(mode), watching._between[0] + "mode.py", "exec"))
    x = torch.ones(2)
    with Mode():
        torch.add(x, 3 + 4, alpha=1 + 1)
        y = x / (1 + 1)
        torch.nn.functional.relu(x)
    """
    found = [one for one in traced(tmp_path, program) if one.get("seen") == "mode"]
    tensor = {"tensor": "torch.float32", "shape": [2]}
    assert [(one["api"], one["given"]) for one in found] == [
        ("torch.add", {"0": tensor, "1": 7, "alpha": 2}),
        ("torch.Tensor.__truediv__", {"0": 2}),
    ]
