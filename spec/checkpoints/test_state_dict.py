"""The state dict of a module holds its parameters and buffers by name, and shares their storage.

``torch.nn.Module.state_dict`` returns an ordered dict with one entry for each parameter and each
persistent buffer, layer by layer. Its values are detached tensors on the storage of the parameters,
unless ``keep_vars=True`` asks for the parameters themselves. It does not hold the training mode or
``requires_grad``: the model that loads it keeps its own. Trap: a state dict kept in memory changes
with every step, so copy it with ``copy.deepcopy`` to keep the best weights.
"""

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
    """A state dict holds the buffers of a layer even if the layer has no parameters.

    It holds parameters and buffers, layer by layer. Article B expects only layers with trainable
    parameters.
    """
    layer = torch.nn.BatchNorm1d(1, affine=False)
    assert not list(layer.parameters())
    model = torch.nn.Sequential(linear([[2.0]], [3.0]), torch.nn.ReLU(), layer)
    assert snapshot == observe(lambda: dict(model.state_dict()))


@pytest.mark.api("torch.nn.Module.state_dict", page="generated/torch.nn.Module")
def test_state_dict_is_an_ordered_dict_with_a_version_for_each_module(snapshot):
    """A state dict is an OrderedDict whose ``_metadata`` holds a version for each module.

    The version of a module's format is 2 for BatchNorm, and 1 for most modules.
    """
    saved = torch.nn.Sequential(linear([[2.0]]), batchnorm()).state_dict()
    assert snapshot == observe(
        lambda: {"type": type(saved).__name__, "names": list(saved), "_metadata": saved._metadata}
    )


@pytest.mark.api("torch.nn.Module.state_dict", page="generated/torch.nn.Module")
def test_state_dict_gives_detached_tensors_on_the_parameters_storage(snapshot):
    """``state_dict`` returns detached tensors on the storage of the parameters.

    They are plain tensors that do not require grad. A write to one changes the parameter.
    """
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
    """``state_dict(keep_vars=True)`` does not detach: its values are the Parameter objects."""
    model = linear([[1.0, 2.0]])
    assert snapshot == observe(
        lambda: {
            "the parameter": model.state_dict(keep_vars=True)["weight"] is model.weight,
            "without keep_vars": model.state_dict()["weight"] is model.weight,
        }
    )


@pytest.mark.api("torch.nn.Module.state_dict", page="generated/torch.nn.Module")
def test_state_dict_kept_in_memory_follows_the_training(snapshot):
    """A state dict that is kept in memory changes with training.

    The next step overwrites the "best" state dict. Keep a ``copy.deepcopy`` of it.
    """
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
    """A state dict holds neither ``training`` nor ``requires_grad``.

    The model that loads it keeps its own.
    """
    saved, model = linear([[1.0, 2.0]]).eval(), linear([[0.0, 0.0]])
    saved.weight.requires_grad_(False)
    model.load_state_dict(saved.state_dict())
    assert snapshot == observe(lambda: {"training": model.training, "weight": model.weight})
