"""``train()`` and ``eval()``: what they reach, and what they do not change.

A module starts in training mode. ``torch.nn.Module.train`` and ``torch.nn.Module.eval`` set the
mode of the module and of all its submodules. They do not freeze parameters, and do not stop
autograd: a model in ``eval()`` builds a graph and can be trained. Trap: the mode does not reach
modules in a plain Python list, or modules that are added later. ``torch.no_grad`` does not change
the mode, so evaluation needs ``eval()`` as well.
"""

import pytest
import torch

from fixtures.models import linear, parameters_of
from torch_history.observing import observe


def nested():
    return torch.nn.Sequential(
        linear([[1.0]]), torch.nn.Sequential(torch.nn.Dropout(1.0), torch.nn.BatchNorm1d(1))
    )


def modes(model):
    """Name -> whether this module is in training mode; the name of the model itself is empty."""
    return {name: module.training for name, module in model.named_modules()}


@pytest.mark.api("torch.nn.Module.training", page="generated/torch.nn.Module")
def test_module_starts_in_training_mode(snapshot):
    """A new module and all modules within it are in training mode.

    Trap: so is a model after its state dict is loaded, until ``eval()`` is called.
    """
    assert snapshot == observe(lambda: modes(nested()))


@pytest.mark.api("torch.nn.Module.eval", page="generated/torch.nn.Module", article="E")
def test_eval_reaches_every_submodule(snapshot):
    """``eval()`` takes the model and every module within it out of training mode."""
    model = nested()
    model.eval()
    assert snapshot == observe(lambda: modes(model))


@pytest.mark.api("torch.nn.Module.train", page="generated/torch.nn.Module", article="E")
def test_train_reaches_every_submodule(snapshot):
    """``train()`` puts the model and every module within it into training mode.

    Trap: it also reaches a module that should stay in evaluation mode, such as a frozen batch norm.
    """
    model = nested().eval()
    model.train()
    assert snapshot == observe(lambda: modes(model))


@pytest.mark.api(
    "torch.nn.Module.train", "torch.nn.Module.eval", page="generated/torch.nn.Module", article="E"
)
def test_train_and_eval_return_the_model_itself(snapshot):
    """``train()`` and ``eval()`` return the model, so that ``model = Model().eval()`` works."""
    model = nested()
    assert snapshot == observe(
        lambda: {
            "train()": model.train() is model,
            "eval()": model.eval() is model,
            "train(False)": model.train(False) is model,
        }
    )


@pytest.mark.api("torch.nn.Module.train", page="generated/torch.nn.Module")
def test_train_false_is_eval(snapshot):
    """``train(False)`` takes every module out of training mode, as ``eval()`` does."""
    model = nested()
    model.train(False)
    assert modes(model) == modes(nested().eval())
    assert snapshot == observe(lambda: modes(model))


@pytest.mark.api("torch.nn.Module.eval", page="notes/autograd", article="E")
def test_eval_does_not_touch_requires_grad(snapshot):
    """``eval()`` does not freeze: parameters require grad as before, and forward builds a graph."""
    model = linear([[2.0]], [1.0])
    model.bias.requires_grad_(False)
    model.eval()
    assert snapshot == observe(
        lambda: {
            "requires_grad": {
                name: parameter.requires_grad for name, parameter in model.named_parameters()
            },
            "output": model(torch.tensor([[3.0]])),
        }
    )


@pytest.mark.api("torch.nn.Module.train", page="notes/autograd", article="A")
def test_train_does_not_thaw_a_frozen_parameter(snapshot):
    """``train()`` does not unfreeze a parameter: its ``requires_grad`` stays False."""
    model = linear([[2.0]], [1.0])
    model.bias.requires_grad_(False)
    model.train()
    assert snapshot == observe(
        lambda: {name: parameter.requires_grad for name, parameter in model.named_parameters()}
    )


@pytest.mark.api("torch.nn.Module.eval", page="notes/autograd")
def test_model_in_evaluation_mode_trains_on(snapshot):
    """A model in evaluation mode can be trained: backward and step work as in training mode.

    The mode only changes what layers such as Dropout do.
    """
    model = linear([[2.0]]).eval()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

    def act():
        model(torch.tensor([[3.0]])).sum().backward()
        optimizer.step()
        return parameters_of(model)

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.Module.training", page="generated/torch.nn.Module")
def test_setting_training_by_hand_does_not_reach_submodules(snapshot):
    """``model.training = False`` does not reach the submodules: call ``eval()`` instead.

    Trap: a dropout layer within the model still drops.
    """
    model = nested()
    model.training = False
    assert snapshot == observe(lambda: modes(model))


@pytest.mark.api("torch.nn.Module.eval", page="generated/torch.nn.Module")
def test_module_added_after_eval_is_in_training_mode(snapshot):
    """A module added to a model after ``eval()`` is in training mode.

    Trap: this happens to a new head on a pretrained model. Call ``eval()`` after the change.
    """
    model = nested().eval()
    model[0] = linear([[3.0]])
    assert snapshot == observe(lambda: modes(model))


@pytest.mark.api("torch.nn.Module.eval", page="generated/torch.nn.Module")
def test_eval_does_not_reach_modules_in_a_python_list(snapshot):
    """``eval()`` does not reach a module in a plain Python list; use ``ModuleList``.

    A module in a plain list is not a submodule.
    """

    class Listed(torch.nn.Module):
        def __init__(self, container):
            super().__init__()
            self.layers = container([torch.nn.Dropout(1.0)])

    assert snapshot == observe(
        lambda: {
            "list": Listed(list).eval().layers[0].training,
            "ModuleList": Listed(torch.nn.ModuleList).eval().layers[0].training,
        }
    )


@pytest.mark.api("torch.no_grad", "torch.nn.Module.eval", page="notes/autograd", article="E")
def test_no_grad_does_not_take_a_model_out_of_training_mode(snapshot):
    """``no_grad`` does not stop dropout: evaluation needs ``eval()`` as well."""
    model = torch.nn.Dropout(1.0)

    def act():
        with torch.no_grad():
            training, output = model.training, model(torch.tensor([1.0, 2.0]))
            return {
                "training": training,
                "output": output,
                "after eval()": model.eval()(torch.tensor([1.0, 2.0])),
            }

    assert snapshot == observe(act)
