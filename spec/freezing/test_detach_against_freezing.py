"""Two ways to freeze layers: ``requires_grad=False`` on parameters, and ``detach`` behind them.

Freezing a layer stops only its own training; its neighbours keep their gradients, to the bit. In a
chain of layers, detaching an output stops the training of every layer before that point. Freezing
all of these layers gives the layers behind the same gradients as detaching. A backward pass that
was cut by ``detach`` can be continued by hand with ``y.backward(gradient)``.
"""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from fixtures.figures import unlike_print
from fixtures.models import ThreeLayers, gradients_of, linear, parameters_of
from torch_history.observing import observe

LAYERS = ("linear1", "linear2", "linear3")


def frozen(*names):
    model = ThreeLayers()
    for name in names:
        getattr(model, name).requires_grad_(False)
    return model


def backward(model, x=(2.0, 1.0, 3.0)):
    torch.nn.functional.mse_loss(model(torch.tensor([x])), torch.tensor([[1.0]])).backward()
    return gradients_of(model)


def step(model):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    backward(model)
    optimizer.step()
    return parameters_of(model)


@given(
    x=st.tuples(*[st.floats(-4.0, 4.0, width=32)] * 3),
    names=st.sets(st.sampled_from(LAYERS), max_size=2),
)
def test_freezing_layers_changes_no_other_gradient(x, names):
    """Freezing some layers does not change the gradients of the others, to the bit."""
    whole, partly = backward(ThreeLayers(), x), backward(frozen(*names), x)
    for name, gradient in partly.items():
        if name.partition(".")[0] in names:
            assert gradient is None
        else:
            assert torch.equal(gradient, whole[name])


@pytest.mark.api(
    "torch.nn.Module.requires_grad_", "torch.Tensor.detach", page="notes/autograd", article="B"
)
def test_freezing_cuts_one_layer_where_detach_cuts_all_before_it(snapshot):
    """Freezing linear2 stops only its own training; detaching its output also stops linear1."""

    def trained(model):
        return [name for name, gradient in backward(model).items() if gradient is not None]

    assert snapshot == observe(
        lambda: {
            "linear2 frozen": trained(frozen("linear2")),
            "linear2's output detached": trained(ThreeLayers(cut=True)),
        }
    )


@pytest.mark.api(
    "torch.nn.Module.requires_grad_", "torch.optim.SGD", page="notes/autograd", article="B"
)
def test_frozen_middle_layer_keeps_its_bits_while_both_neighbours_move(snapshot):
    """A step with linear2 frozen moves linear1 below it and linear3 above it, but not linear2."""
    start, after = parameters_of(ThreeLayers()), step(frozen("linear2"))
    for name in start:
        assert torch.equal(after[name], start[name]) == name.startswith("linear2")
    assert snapshot == observe(
        lambda: {name: value for name, value in after.items() if not name.startswith("linear2")}
    )


@pytest.mark.api(
    "torch.nn.Module.requires_grad_",
    "torch.Tensor.detach",
    page="generated/torch.Tensor.detach",
    article="B",
)
def test_freezing_every_layer_below_equals_detaching_their_output(snapshot):
    """Freezing linear1 and linear2 gives linear3 the gradient that ``detach`` gives, to the bit."""
    gradients = backward(frozen("linear1", "linear2"))
    for name, gradient in backward(ThreeLayers(cut=True)).items():
        assert (gradient is None and gradients[name] is None) or torch.equal(
            gradient, gradients[name]
        )
    assert snapshot == observe(
        lambda: {
            "linear3.weight": gradients["linear3.weight"],
            "linear3.bias": gradients["linear3.bias"],
        }
    )


class DetachedInPlace(ThreeLayers):
    def forward(self, x):
        return self.linear3(self.linear2(self.linear1(x)).detach_())


@pytest.mark.api("torch.Tensor.detach_", page="generated/torch.Tensor.detach_", article="B")
def test_detach_in_place_in_forward_trains_only_the_layers_behind_it(snapshot):
    """``linear3(x.detach_())`` moves only linear3, as ``linear3(x.detach())`` does.

    Article B prints the numbers for ``detach()``.
    """
    start, after = parameters_of(ThreeLayers()), step(DetachedInPlace())
    for name in start:
        assert torch.equal(after[name], start[name]) != name.startswith("linear3")
    assert not unlike_print(
        step, DetachedInPlace, {"linear3.weight": [[-0.1755, 0.6273]], "linear3.bias": [0.6418]}
    )
    assert snapshot == observe(
        lambda: {"linear3.weight": after["linear3.weight"], "linear3.bias": after["linear3.bias"]}
    )


@pytest.mark.api(
    "torch.Tensor.detach", "torch.Tensor.backward", page="generated/torch.Tensor.detach"
)
def test_gradient_of_a_detached_copy_continues_backward_by_hand(snapshot):
    """``y.backward`` with the gradient of a detached copy continues a backward that was cut at y.

    For y = A(x), ``cut = y.detach().requires_grad_()`` collects the gradient of B(cut).
    ``y.backward(cut.grad)`` then gives A what an uncut backward would give.
    """
    first, second = linear([[2.0]]), linear([[5.0]])
    y = first(torch.tensor([[3.0]]))
    cut = y.detach().requires_grad_()
    second(cut).sum().backward()
    assert first.weight.grad is None

    def act():
        y.backward(cut.grad)
        return {"cut": cut.grad, "A": first.weight.grad}

    assert snapshot == observe(act)
