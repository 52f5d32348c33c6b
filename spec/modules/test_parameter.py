"""A module lists attributes that are an ``nn.Parameter``, but not plain tensors.

``torch.nn.Module.parameters`` yields the attribute itself, so changing the listed object changes
the module. A plain tensor attribute is not listed, even if it requires grad. It then gets a
gradient, but an optimizer that was built from ``parameters()`` does not move it. A
``torch.nn.Parameter`` requires grad by default, which integers cannot. It shares the storage of the
tensor that it is made from, and is a leaf even if that tensor was computed. Trap: the result of an
operation on a Parameter is a plain tensor, even that of ``clone``.
"""

import pytest
import torch
from torch import nn

from fixtures.modules import Scale, parameter_names
from torch_history.observing import observe


class Shifted(Scale):
    """``Scale`` with an additional plain tensor."""

    def __init__(self, requires_grad=False):
        super().__init__()
        self.shift = torch.tensor([3.0, 4.0], requires_grad=requires_grad)

    def forward(self, x):
        return super().forward(x) + self.shift


@pytest.mark.api(
    "torch.nn.Parameter",
    "torch.nn.Module.named_parameters",
    page="generated/torch.nn.parameter.Parameter",
    article="C",
)
def test_parameter_attribute_is_listed_by_name(snapshot):
    """``named_parameters()`` lists an ``nn.Parameter`` attribute under the attribute's name."""
    assert snapshot == observe(lambda: dict(Scale().named_parameters()))


@pytest.mark.api(
    "torch.nn.Parameter",
    "torch.nn.Module.parameters",
    page="generated/torch.nn.parameter.Parameter",
    article="C",
)
def test_parameters_yields_the_attribute_itself(snapshot):
    """``parameters()`` yields the same object as the attribute, not a copy.

    Changing the listed object changes the module.
    """
    module = Scale()

    def act():
        listed = list(module.parameters())
        return {"listed": len(listed), "the attribute itself": listed[0] is module.weight}

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.Module.named_parameters", page="generated/torch.nn.Module", article="C")
def test_tensor_attribute_that_requires_grad_is_not_listed(snapshot):
    """A plain tensor attribute is not listed even if it requires grad.

    The class decides: wrap the tensor in ``nn.Parameter``.
    """
    module = Shifted(requires_grad=True)
    assert module.shift.requires_grad
    assert snapshot == observe(lambda: parameter_names(module))


@pytest.mark.api("torch.Tensor.requires_grad", page="notes/autograd", article="C")
def test_unlisted_tensor_receives_a_gradient(snapshot):
    """A tensor attribute that requires grad gets a gradient even if the module does not list it.

    Autograd does not use the lists of the module.
    """
    module = Shifted(requires_grad=True)
    module(torch.tensor([[1.0, 1.0], [5.0, 5.0]])).sum().backward()
    assert snapshot == observe(lambda: module.shift.grad)


@pytest.mark.api(
    "torch.nn.Module.parameters", "torch.optim.SGD", page="generated/torch.nn.Module", article="C"
)
def test_optimizer_over_parameters_leaves_an_unlisted_tensor(snapshot):
    """An optimizer built from ``parameters()`` does not move a plain tensor attribute.

    It moves only the parameter, although both have gradients.
    """
    module = Shifted(requires_grad=True)
    optimizer = torch.optim.SGD(module.parameters(), lr=0.5)
    module(torch.tensor([2.0, 2.0])).sum().backward()
    assert module.shift.grad is not None

    def act():
        optimizer.step()
        return {"weight": module.weight, "shift": module.shift}

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.Parameter", page="generated/torch.nn.parameter.Parameter", article="C")
def test_parameter_requires_grad_by_default(snapshot):
    """A Parameter requires grad by default, even if the tensor that it is made from does not."""
    made_of = torch.tensor([1.0, 2.0])
    assert snapshot == observe(
        lambda: {
            "parameter": nn.Parameter(made_of).requires_grad,
            "its tensor": made_of.requires_grad,
        }
    )


@pytest.mark.api("torch.tensor", page="generated/torch.tensor", article="C")
def test_tensor_requires_no_grad_by_default(snapshot):
    """``torch.tensor`` returns a tensor that does not require grad, unless you ask for it."""
    assert snapshot == observe(
        lambda: {
            "by default": torch.tensor([1.0]).requires_grad,
            "asked for": torch.tensor([1.0], requires_grad=True).requires_grad,
        }
    )


@pytest.mark.api("torch.nn.Parameter", page="generated/torch.nn.parameter.Parameter")
@pytest.mark.changed(
    "1.6", "the message allows complex dtypes too", kind="wording", cause="pytorch#36932"
)
def test_integer_parameter_raises(snapshot):
    """``nn.Parameter`` of an integer tensor raises.

    Integers do not have gradients, and a Parameter requires grad by default.
    """
    assert snapshot == observe(lambda: nn.Parameter(torch.tensor([1, 2])))


@pytest.mark.api("torch.nn.Parameter", page="generated/torch.nn.parameter.Parameter")
def test_frozen_integer_parameter_is_allowed(snapshot):
    """``nn.Parameter(integers, requires_grad=False)`` is allowed and listed like any other."""
    module = nn.Module()

    def act():
        module.count = nn.Parameter(torch.tensor([1, 2]), requires_grad=False)
        return dict(module.named_parameters())

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.Parameter", page="generated/torch.nn.parameter.Parameter")
def test_parameter_shares_the_storage_of_its_tensor(snapshot):
    """A Parameter shares the storage of the tensor that it is made from.

    A later write to that tensor changes the parameter.
    """
    made_of = torch.tensor([1.0, 2.0])
    parameter = nn.Parameter(made_of)
    made_of[0] = 7.0
    assert snapshot == observe(lambda: parameter)


@pytest.mark.api("torch.nn.Parameter", page="generated/torch.nn.parameter.Parameter")
def test_parameter_made_of_a_non_leaf_is_a_leaf(snapshot):
    """A Parameter made from a computed tensor is a leaf, detached from the computation.

    Its gradient does not reach the source of the computation.
    """
    source = torch.tensor([1.0, 2.0], requires_grad=True)

    def act():
        parameter = nn.Parameter(source * 3.0)
        parameter.sum().backward()
        return {
            "is_leaf": parameter.is_leaf,
            "its gradient": parameter.grad,
            "gradient of its source": source.grad,
        }

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.Parameter", page="generated/torch.nn.parameter.Parameter")
def test_result_of_an_operation_on_a_parameter_is_a_plain_tensor(snapshot):
    """The result of an operation on a Parameter is a plain tensor, even that of ``clone``.

    A module does not list such a tensor.
    """
    weight = Scale().weight
    assert snapshot == observe(
        lambda: {
            name: type(result).__name__
            for name, result in {
                "itself": weight,
                "product": weight * 2.0,
                "clone": weight.clone(),
                "detached": weight.detach(),
                "view": weight[:1],
            }.items()
        }
    )
