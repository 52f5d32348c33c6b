"""``copy.deepcopy`` of a module copies its parameters; ``copy.copy`` shares them.

A deep copy of a module keeps values, ties, ``requires_grad``, mode and dtype, but not the
gradients. A plain leaf tensor differs: since 1.8 its deep copy has a copy of the gradient. Ties are
kept within one call of ``deepcopy``, so copy the whole model and not its layers. A tensor that is
not a leaf raises, and so does a module that keeps an output as an attribute. Trap: a shallow copy
shares the list of parameters, so a parameter added to the copy is added to the original.
"""

import copy

import pytest
import torch
from torch import nn

from fixtures.models import linear
from fixtures.modules import Scale
from torch_history.observing import observe


def trained():
    """A layer with gradients."""
    layer = linear([[2.0]], [0.5])
    layer(torch.tensor([[3.0]])).sum().backward()
    return layer


@pytest.mark.api("torch.nn.Module", "torch.nn.Parameter", page="generated/torch.nn.Module")
def test_deepcopied_module_has_parameters_of_its_own(snapshot):
    """A deep copy of a module has its own parameters: changing them leaves the original alone."""
    original = linear([[2.0]], [0.5])

    def act():
        copied = copy.deepcopy(original)
        with torch.no_grad():
            copied.weight.add_(1.0)
        return {
            "copy": copied.weight,
            "original": original.weight,
            "type": type(copied.weight).__name__,
        }

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.Module", "torch.nn.Parameter", page="generated/torch.nn.Module")
def test_deepcopied_module_has_no_gradients(snapshot):
    """A deep copy of a module does not have gradients, even if the original has.

    Copy the gradients by hand if you need them.
    """
    original = trained()
    assert original.weight.grad is not None
    assert snapshot == observe(
        lambda: [parameter.grad for parameter in copy.deepcopy(original).parameters()]
    )


@pytest.mark.api("torch.Tensor", page="tensors")
@pytest.mark.changed(
    "1.8",
    "the copy has a copy of the gradient instead of None",
    kind="silent",
    cause="pytorch#50663",
    advice="set copied.grad = None if the gradient is not wanted",
    restored_by="modules.clearing_the_gradient_of_a_deep_copy_leaves_that_of_the_original",
    when=":unseen",
)
def test_deepcopied_leaf_tensor_has_a_copy_of_its_gradient(snapshot):
    """Since 1.8 a deep copy of a leaf tensor has a copy of its gradient.

    This applies to plain tensors: a deep copy of a Parameter has no gradient.
    """
    leaf = torch.tensor([1.0], requires_grad=True)
    (leaf * 4.0).sum().backward()

    def act():
        copied = copy.deepcopy(leaf)
        copied.grad = None if copied.grad is None else copied.grad.add_(1.0)
        return {"copy": copied.grad, "original": leaf.grad}

    assert snapshot == observe(act)


@pytest.mark.api("torch.Tensor", page="tensors")
def test_clearing_the_gradient_of_a_deep_copy_leaves_that_of_the_original(snapshot):
    """``copied.grad = None`` removes the gradient of a deep copy, and not that of the original."""
    leaf = torch.tensor([1.0], requires_grad=True)
    (leaf * 4.0).sum().backward()

    def act():
        copied = copy.deepcopy(leaf)
        copied.grad = None
        return {"copy": copied.grad, "original": leaf.grad}

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.Module", "torch.nn.Parameter", page="generated/torch.nn.Module")
def test_deepcopied_module_keeps_its_ties(snapshot):
    """A deep copy of a module keeps its ties: a parameter with two names stays one parameter.

    The copy does not share this parameter with the original.
    """
    net = nn.Sequential(linear([[2.0]]), linear([[3.0]]))
    net[1].weight = net[0].weight

    def act():
        copied = copy.deepcopy(net)
        return {
            "tied": copied[0].weight is copied[1].weight,
            "the original's": copied[0].weight is net[0].weight,
        }

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.Module", "torch.nn.Parameter", page="generated/torch.nn.Module")
def test_layers_deepcopied_one_by_one_lose_their_ties(snapshot):
    """Layers that are deep-copied one by one lose their ties. Copy the whole model.

    Each ``deepcopy`` call knows only its own copies.
    """
    first, second = linear([[2.0]]), linear([[3.0]])
    second.weight = first.weight
    assert snapshot == observe(lambda: copy.deepcopy(first).weight is copy.deepcopy(second).weight)


@pytest.mark.api("torch.nn.Module", "torch.nn.Parameter", page="generated/torch.nn.Module")
def test_deepcopied_module_keeps_freezing_mode_and_dtype(snapshot):
    """A deep copy of a module keeps ``requires_grad``, ``training`` and the dtype.

    Its buffers are copied too.
    """
    original = linear([[2.0]], [0.5]).double().eval()
    original.weight.requires_grad_(False)
    original.register_buffer("mean", torch.tensor([1.0]))

    def act():
        copied = copy.deepcopy(original)
        original.mean.zero_()
        return {
            "weight": copied.weight,
            "bias": copied.bias,
            "training": copied.training,
            "mean": copied.mean,
        }

    assert snapshot == observe(act)


@pytest.mark.api("torch.Tensor", page="tensors")
@pytest.mark.changed(
    "2.1",
    "the message names weight_norm as a possible reason",
    kind="wording",
    cause="pytorch#103001",
)
def test_deepcopy_of_a_non_leaf_raises(snapshot):
    """``copy.deepcopy`` of a tensor that is not a leaf raises. Detach it first."""
    result = torch.tensor([1.0], requires_grad=True) * 2.0
    assert torch.equal(copy.deepcopy(result.detach()), torch.tensor([2.0]))
    assert snapshot == observe(lambda: copy.deepcopy(result))


@pytest.mark.api("torch.nn.Module", page="generated/torch.nn.Module")
@pytest.mark.changed(
    "2.1",
    "the message names weight_norm as a possible reason",
    kind="wording",
    cause="pytorch#103001",
)
def test_deepcopy_of_a_module_that_keeps_an_output_raises(snapshot):
    """``copy.deepcopy`` of a module that keeps an output or a loss as an attribute raises.

    Store the output detached.
    """
    module = Scale()
    module.last_output = module(torch.tensor([1.0, 1.0]))
    assert snapshot == observe(lambda: copy.deepcopy(module))


@pytest.mark.api("torch.nn.Module", page="generated/torch.nn.Module")
def test_shallow_copy_shares_the_parameters(snapshot):
    """``copy.copy(module)`` holds the same parameters: training the copy trains the original."""
    original = Scale()

    def act():
        copied = copy.copy(original)
        return {
            "same parameter": copied.weight is original.weight,
            "same module": copied is original,
        }

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.Module", page="generated/torch.nn.Module")
def test_parameter_added_to_a_shallow_copy_shows_in_the_original(snapshot):
    """A parameter added to a shallow copy of a module is also added to the original.

    ``copy.copy`` shares the module's list of parameters.
    """
    original = Scale()

    def act():
        copy.copy(original).shift = nn.Parameter(torch.tensor([0.0]))
        return [name for name, _ in original.named_parameters()]

    assert snapshot == observe(act)
