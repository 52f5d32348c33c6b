"""The names of torch that a source uses, and whether a behaviour is about them."""

import sys

import pytest

pytest.importorskip("pyflakes", reason="pyflakes is not installed")
if sys.version_info < (3, 9):
    pytest.skip("reading source needs Python 3.9", allow_module_level=True)

from tests.code.making import collected


def uncovered(source, *apis):
    """The names that no behaviour is about, each with its lines."""
    found = collected(source, apis=set(apis)).uncovered
    return {name: sorted(place.line for place in places) for name, places in found.items()}


@pytest.mark.parametrize(
    "source, names",
    [
        ("from torch.jit import script", {"torch.jit.script": [1]}),
        ("from torch import jit", {"torch.jit": [1]}),
        ("from torch.nn.modules.linear import Linear", {"torch.nn.Linear": [1]}),
        ("import torch\ntorch.jit.script(f)", {"torch.jit.script": [2]}),
        ("import torch\nx = torch.float16", {"torch.float16": [2]}),
        (
            "import torch\ntorch.backends.cudnn.benchmark = True",
            {"torch.backends.cudnn.benchmark": [2]},
        ),
        ("import torch\n@torch.jit.script\ndef f(): pass", {"torch.jit.script": [2]}),
        ("import torch\nclass A(torch.fx.Tracer): pass", {"torch.fx.Tracer": [2]}),
        ("import torch\nisinstance(x, torch.Size)", {"torch.Size": [2]}),
        ("import torch\ndef f(x: 'torch.Size'): pass", {"torch.Size": [2]}),
        ("import torch\ngetattr(torch, 'vmap')(f)", {"torch.vmap": [2]}),
        ("import torch\nwith torch.enable_grad(): pass", {"torch.enable_grad": [2]}),
        ("import torch\nmap(torch.vmap, x)", {"torch.vmap": [2]}),
        ("import torch.fx as f\nf.wrap(x)\nf.wrap(y)", {"torch.fx.wrap": [2, 3]}),
    ],
)
def test_name_is_listed_in_whatever_way_it_is_used(source, names):
    assert uncovered(source) == names


@pytest.mark.parametrize(
    "source, apis",
    [
        ("import torch\ntorch.load(f)", "torch.load"),
        ("from torch.nn.modules.linear import Linear\nLinear(1, 1)", "torch.nn.Linear"),
        # by what they contain
        ("from torch import optim", "torch.optim.SGD"),
        ("import torch\ntorch.optim.SGD([], 1)", "torch.optim.SGD.step"),
        # by another name of the same
        ("import torch\ntorch.add(x, y)", "torch.Tensor.add"),
        ("import torch\ntorch.nn.MSELoss()", "torch.nn.functional.mse_loss"),
    ],
)
def test_name_is_covered_by_itself_by_what_it_contains_or_by_another_name(source, apis):
    assert uncovered(source, apis) == {}


def test_method_is_covered_by_that_of_its_base_and_a_class_is_not_by_its_base():
    source = "import torch\ntorch.optim.SGD([], 1).step()"
    assert uncovered(source, "torch.optim.Optimizer.step") == {"torch.optim.SGD": [2]}
    schedule = "from torch.optim.lr_scheduler import StepLR"
    assert uncovered(schedule, "torch.optim.lr_scheduler.LRScheduler") == {
        "torch.optim.lr_scheduler.StepLR": [1]
    }


OWN = """import torch
class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(1, 1)
    def forward(self, x):
        return self.layer(self.helper(x))
net = Net()
net.layer.weight
net.head
net.state_dict()
"""


def test_attributes_that_a_module_has_of_the_reader_are_no_names_of_torch():
    assert uncovered(OWN) == {
        "torch.nn.Module": [2],
        "torch.nn.Linear": [5],
        "torch.nn.Module.state_dict": [11],
    }


def test_dunders_are_not_listed():
    source = "import torch\ntorch.__version__\ntorch.ones(1).__len__()\nx = torch.nn.__dict__"
    assert uncovered(source, "torch.ones") == {}


@pytest.mark.parametrize(
    "source",
    [
        "import torch",
        "import torch.nn as nn",
        "import torchvision\ntorchvision.models.resnet18()",
        "import other\nother.torch.load(f)",
        "from .torch import load\nload(f)",
        "def f(torch): torch.load(g)",
        "def f(x):\n    x.unsqueeze(0).frobnicate().T.mangle()\n    x.wobble()",
    ],
)
def test_what_is_not_surely_torch_s_is_not_listed(source):
    assert uncovered(source) == {}


def test_attribute_of_what_is_surely_a_tensor_is_listed_whatever_it_is():
    source = "import torch\ntorch.ones(1).frobnicate()"
    assert uncovered(source, "torch.ones") == {"torch.Tensor.frobnicate": [2]}


def test_covered_names_are_counted_by_their_uses():
    source = "from torch import load\nload(f)\nload(f)"
    assert collected(source, apis={"torch.load"}).covered == {"torch.load": 3}
