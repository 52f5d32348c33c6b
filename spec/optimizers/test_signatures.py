"""The arguments of optimizers and of their methods, and the classes that there are."""

import inspect

import pytest
import torch

from fixtures.arguments import arguments_of
from history.observe import observe


OPTIMIZERS = ["SGD", "Adam", "AdamW", "Adagrad", "Adadelta", "Adamax", "ASGD", "NAdam", "RAdam", "RMSprop", "Rprop", "LBFGS",
              "SparseAdam", "Adafactor", "Muon"]


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.api("torch.optim.SGD", "torch.optim.Adam", "torch.optim.AdamW", "torch.optim.Adagrad", "torch.optim.Adadelta",
                 "torch.optim.Adamax", "torch.optim.ASGD", "torch.optim.NAdam", "torch.optim.RAdam", "torch.optim.RMSprop",
                 "torch.optim.Rprop", "torch.optim.LBFGS", "torch.optim.SparseAdam", "torch.optim.Adafactor", "torch.optim.Muon",
                 page="optim")
def test_optimizers_take_these_arguments(name, snapshot):
    """What stands before the "*" may be given by position: name what comes after lr, for new arguments came in between."""
    assert snapshot == observe(lambda: arguments_of(f"torch.optim.{name}"))


METHODS = ["zero_grad", "step", "state_dict", "load_state_dict", "add_param_group"]


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.api("torch.optim.Optimizer.zero_grad", "torch.optim.Optimizer.step", "torch.optim.Optimizer.state_dict",
                 "torch.optim.Optimizer.load_state_dict", "torch.optim.Optimizer.add_param_group", page="optim")
def test_optimizer_methods_take_these_arguments(name, snapshot):
    """The methods that a training loop calls, as ``torch.optim.Optimizer`` has them."""
    assert snapshot == observe(lambda: arguments_of(f"torch.optim.Optimizer.{name}"))


@pytest.mark.parametrize("name", ["SGD", "Adam", "LBFGS"])
@pytest.mark.api("torch.optim.SGD.step", "torch.optim.Adam.step", "torch.optim.LBFGS.step", page="generated/torch.optim.LBFGS")
def test_step_takes_a_closure(name, snapshot):
    """``step`` takes a closure that computes the loss; LBFGS needs one."""
    assert snapshot == observe(lambda: arguments_of(f"torch.optim.{name}.step"))


@pytest.mark.api("torch.optim", page="optim")
def test_classes_of_torch_optim(snapshot):
    """The optimizers that there are, and their base class."""
    assert snapshot == observe(lambda: sorted(name for name, each in vars(torch.optim).items()
                                              if inspect.isclass(each) and issubclass(each, torch.optim.Optimizer)))
