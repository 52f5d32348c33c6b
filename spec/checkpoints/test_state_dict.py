"""``Module.state_dict``: what is in it, and what it shares with the module."""

import copy

import pytest
import torch

from fixtures.checkpoint import batchnorm
from fixtures.models import linear
from torch_history.observing import observe


@pytest.mark.api(
    "torch.nn.Module.state_dict",
    "torch.nn.BatchNorm1d",
    page="generated/torch.nn.Module",
    article="B",
)
def test_state_dict_holds_buffers_of_layers_that_train_nothing(snapshot):
    """Parameters and buffers are in it, layer by layer. Article B expects layers with trainable parameters only."""
    layer = torch.nn.BatchNorm1d(1, affine=False)
    assert not list(layer.parameters())
    model = torch.nn.Sequential(linear([[2.0]], [3.0]), torch.nn.ReLU(), layer)
    assert snapshot == observe(lambda: dict(model.state_dict()))


@pytest.mark.api("torch.nn.Module.state_dict", page="generated/torch.nn.Module")
def test_state_dict_is_an_ordered_dict_with_a_version_for_each_module(snapshot):
    """An OrderedDict; its attribute ``_metadata`` holds the version of each module's format: 2 for BatchNorm, 1 for most."""
    saved = torch.nn.Sequential(linear([[2.0]]), batchnorm()).state_dict()
    assert snapshot == observe(
        lambda: {"type": type(saved).__name__, "names": list(saved), "_metadata": saved._metadata}
    )


@pytest.mark.api("torch.nn.Module.state_dict", page="generated/torch.nn.Module")
def test_state_dict_gives_detached_tensors_on_the_parameters_storage(snapshot):
    """Its values are plain tensors without gradient, and a write to them is a write to the parameters."""
    model = linear([[1.0, 2.0]])
    value = model.state_dict()["weight"]

    def act():
        with torch.no_grad():
            value[0, 0] = 7.0
        return {
            "type": type(value).__name__,
            "requires_grad": value.requires_grad,
            "weight after a write": model.weight,
        }

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.Module.state_dict", page="generated/torch.nn.Module")
def test_state_dict_with_keep_vars_gives_the_parameters_themselves(snapshot):
    """``keep_vars=True`` does not detach: the values are the Parameter objects."""
    model = linear([[1.0, 2.0]])
    assert snapshot == observe(
        lambda: {
            "the parameter": model.state_dict(keep_vars=True)["weight"] is model.weight,
            "without keep_vars": model.state_dict()["weight"] is model.weight,
        }
    )


@pytest.mark.api("torch.nn.Module.state_dict", page="generated/torch.nn.Module")
def test_state_dict_kept_in_memory_follows_the_training(snapshot):
    """The "best" state dict that was only kept is overwritten by the next step. The way out is ``copy.deepcopy``."""
    model = linear([[1.0, 2.0]])
    kept, copied = model.state_dict(), copy.deepcopy(model.state_dict())
    model(torch.tensor([[1.0, 1.0]])).sum().backward()
    torch.optim.SGD(model.parameters(), lr=0.5).step()
    assert torch.equal(copied["weight"], torch.tensor([[1.0, 2.0]]))
    assert snapshot == observe(lambda: {"kept": kept["weight"], "copied": copied["weight"]})


@pytest.mark.api(
    "torch.nn.Module.state_dict",
    "torch.nn.Module.load_state_dict",
    page="generated/torch.nn.Module",
)
def test_state_dict_carries_neither_mode_nor_freezing(snapshot):
    """``training`` and ``requires_grad`` are not in it: the model that loads it keeps its own."""
    saved, model = linear([[1.0, 2.0]]).eval(), linear([[0.0, 0.0]])
    saved.weight.requires_grad_(False)
    model.load_state_dict(saved.state_dict())
    assert snapshot == observe(lambda: {"training": model.training, "weight": model.weight})
