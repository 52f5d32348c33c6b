"""``inference_mode``: stricter than ``no_grad``, because its outputs cannot be saved for backward.

A tensor that is allocated under ``torch.inference_mode``, which exists since 1.9, stays an
inference tensor. It has no graph and no version counter. Outside the block it can be read; a layer
that trains refuses it, and in-place writes and ``requires_grad_()`` raise. A clone made outside the
block is an ordinary tensor. Trap: a linear layer made inside the block gets no gradient for its
weight, and nothing says so.
"""

import pytest
import torch

from fixtures.models import linear
from torch_history.observing import observe, observe_each


def inferred():
    """The output 6 of a layer, made in inference mode."""
    with torch.inference_mode():
        return linear([[2.0]])(torch.tensor([[3.0]]))


@pytest.mark.api(
    "torch.inference_mode",
    "torch.Tensor.is_inference",
    page="generated/torch.autograd.grad_mode.inference_mode",
)
@pytest.mark.changed("1.9", "inference_mode appears", kind="appeared", cause="pytorch#58045")
@pytest.mark.changed("1.10", "Tensor.is_inference appears", kind="appeared", cause="pytorch#58729")
def test_output_of_inference_mode_is_an_inference_tensor(snapshot):
    """The output of inference mode is marked as an inference tensor, for as long as it exists.

    It has no graph and does not require grad.
    """
    assert snapshot == observe_each(
        {
            "output": inferred,
            "is_leaf": lambda: inferred().is_leaf,
            "grad_fn": lambda: inferred().grad_fn,
            "is_inference": lambda: inferred().is_inference(),
        }
    )


@pytest.mark.api("torch.inference_mode", page="generated/torch.autograd.grad_mode.inference_mode")
@pytest.mark.changed("1.9", "inference_mode appears", kind="appeared", cause="pytorch#58045")
@pytest.mark.changed("1.10", "Tensor.is_inference appears", kind="appeared", cause="pytorch#58729")
def test_output_of_inference_mode_may_be_read_outside(snapshot):
    """The output of inference mode can be used outside if nothing must be saved for backward.

    The result is an ordinary tensor.
    """
    assert snapshot == observe_each(
        {
            "result": lambda: inferred() * 2.0,
            "is_inference": lambda: (inferred() * 2.0).is_inference(),
        }
    )


@pytest.mark.api("torch.inference_mode", page="generated/torch.autograd.grad_mode.inference_mode")
@pytest.mark.changed(
    "1.9",
    "inference_mode appears, but its outputs cannot be saved for backward",
    kind="appeared",
    cause="pytorch#58045",
)
@pytest.mark.changed(
    "2.9",
    "the message also suggests torch.no_grad()",
    kind="wording",
    cause="pytorch#161164",
)
def test_output_of_inference_mode_may_not_be_saved_for_backward(snapshot):
    """A layer that trains raises on an output of inference mode, because it must save its input.

    The forward pass raises. An output of ``no_grad`` is accepted.
    """
    assert snapshot == observe(lambda: linear([[5.0]])(inferred()))


@pytest.mark.api("torch.inference_mode", page="generated/torch.autograd.grad_mode.inference_mode")
@pytest.mark.changed("1.9", "inference_mode appears", kind="appeared", cause="pytorch#58045")
def test_frozen_layer_takes_an_output_of_inference_mode(snapshot):
    """A frozen layer accepts an output of inference mode, because it saves nothing for backward."""
    head = linear([[5.0]])
    head.weight.requires_grad_(False)
    assert snapshot == observe(lambda: head(inferred()))


@pytest.mark.api("torch.inference_mode", page="generated/torch.autograd.grad_mode.inference_mode")
@pytest.mark.changed("1.9", "inference_mode appears", kind="appeared", cause="pytorch#58045")
def test_clone_of_an_output_of_inference_mode_trains_a_layer(snapshot):
    """A clone of an output of inference mode, made outside the block, can train a layer.

    The clone is an ordinary tensor.
    """
    head = linear([[5.0]])

    def act():
        head(inferred().clone()).sum().backward()
        return head.weight.grad

    assert snapshot == observe(act)


@pytest.mark.api("torch.inference_mode", page="generated/torch.autograd.grad_mode.inference_mode")
@pytest.mark.changed(
    "1.9",
    "inference_mode appears, but its outputs cannot require grad",
    kind="appeared",
    cause="pytorch#58045",
)
def test_output_of_inference_mode_may_not_be_made_to_require_grad(snapshot):
    """``requires_grad_()`` raises on an output of inference mode outside the block.

    An output of ``no_grad`` becomes a leaf that can be trained.
    """
    assert snapshot == observe(lambda: inferred().requires_grad_())


@pytest.mark.api("torch.inference_mode", page="generated/torch.autograd.grad_mode.inference_mode")
@pytest.mark.changed(
    "1.9",
    "inference_mode appears, but its outputs cannot be written to outside",
    kind="appeared",
    cause="pytorch#58045",
)
def test_output_of_inference_mode_may_not_be_written_to_outside(snapshot):
    """An in-place write to an output of inference mode raises outside the block.

    Inside the block it is allowed.
    """

    def inside():
        with torch.inference_mode():
            return inferred().add_(1.0)

    assert snapshot == observe_each({"inside": inside, "outside": lambda: inferred().add_(1.0)})


@pytest.mark.api("torch.inference_mode", page="generated/torch.autograd.grad_mode.inference_mode")
@pytest.mark.changed(
    "1.9",
    "inference_mode appears, but its outputs have no version",
    kind="appeared",
    cause="pytorch#58045",
)
def test_output_of_inference_mode_has_no_version(snapshot):
    """An output of inference mode has no version counter: reading ``_version`` raises.

    Backward never needs such a tensor, so torch does not count writes to it.
    """
    assert snapshot == observe(lambda: inferred()._version)


@pytest.mark.api("torch.inference_mode", page="generated/torch.autograd.grad_mode.inference_mode")
@pytest.mark.changed(
    "1.9",
    "inference_mode appears, but its outputs have no graph",
    kind="appeared",
    cause="pytorch#58045",
)
def test_backward_from_an_output_of_inference_mode_raises(snapshot):
    """``backward()`` from an output of inference mode raises: it has no graph."""
    assert snapshot == observe(lambda: inferred().sum().backward())


@pytest.mark.api("torch.inference_mode", page="generated/torch.autograd.grad_mode.inference_mode")
@pytest.mark.changed(
    "1.9",
    "inference_mode appears, but Tensor.is_inference is still missing",
    kind="wording",
    cause="pytorch#58045",
)
@pytest.mark.changed("1.10", "Tensor.is_inference appears", kind="appeared", cause="pytorch#58729")
def test_view_made_in_inference_mode_of_a_normal_tensor_is_normal(snapshot):
    """A view of a normal tensor stays a normal tensor, even if it is made in inference mode.

    Inference mode marks only the tensors that it allocates.
    """
    x = torch.tensor([[1.0, 2.0]])

    def act():
        with torch.inference_mode():
            view, copy = x.view(2), x * 1.0
        return {"view": view.is_inference(), "result": copy.is_inference()}

    assert snapshot == observe(act)


@pytest.mark.api(
    "torch.inference_mode",
    "torch.nn.Linear",
    page="generated/torch.autograd.grad_mode.inference_mode",
)
@pytest.mark.changed("1.9", "inference_mode appears", kind="appeared", cause="pytorch#58045")
def test_layer_made_in_inference_mode_gets_no_gradient_for_its_weight(snapshot):
    """A linear layer made in inference mode gets a gradient for its bias, but not for its weight.

    Trap: nothing says so. A view of an inference tensor, here ``weight.t()``, has no graph.
    """

    def act():
        with torch.inference_mode():
            layer = linear([[2.0]], [1.0])
        layer(torch.tensor([[3.0]])).sum().backward()
        return {
            "requires_grad": layer.weight.requires_grad,
            "weight.grad": layer.weight.grad,
            "bias.grad": layer.bias.grad,
        }

    assert snapshot == observe(act)


@pytest.mark.api(
    "torch.inference_mode",
    "torch.optim.Optimizer.step",
    page="generated/torch.autograd.grad_mode.inference_mode",
)
@pytest.mark.changed(
    "1.9",
    "inference_mode appears, and a parameter made in it cannot be stepped",
    kind="appeared",
    cause="pytorch#58045",
)
def test_parameter_made_in_inference_mode_cannot_be_stepped(snapshot):
    """An optimizer accepts a parameter that was made in inference mode, but its step raises.

    The parameter stays an inference tensor.
    """

    def act():
        with torch.inference_mode():
            weight = torch.nn.Parameter(torch.tensor([2.0]))
        optimizer = torch.optim.SGD([weight], lr=0.1)
        weight.grad = torch.tensor([1.0])
        optimizer.step()

    assert snapshot == observe(act)


@pytest.mark.api(
    "torch.inference_mode",
    "torch.enable_grad",
    page="generated/torch.autograd.grad_mode.inference_mode",
)
@pytest.mark.changed("1.9", "inference_mode appears", kind="appeared", cause="pytorch#58045")
def test_enable_grad_does_not_lift_inference_mode(snapshot):
    """``enable_grad`` builds no graph within inference mode; ``inference_mode(False)`` does.

    Trap: ``is_grad_enabled()`` is true under ``enable_grad`` there.
    """
    model = linear([[2.0]])

    def act():
        with torch.inference_mode():
            with torch.enable_grad():
                enabled, output = torch.is_grad_enabled(), model(torch.tensor([[3.0]]))
            with torch.inference_mode(False):
                lifted = model(torch.tensor([[3.0]]).clone())
        return {
            "is_grad_enabled": enabled,
            "under enable_grad": output,
            "under inference_mode(False)": lifted,
        }

    assert snapshot == observe(act)


@pytest.mark.api(
    "torch.inference_mode",
    "torch.is_inference_mode_enabled",
    page="generated/torch.autograd.grad_mode.inference_mode",
)
@pytest.mark.changed("1.9", "inference_mode appears", kind="appeared", cause="pytorch#58045")
def test_inference_mode_disables_grad_and_gives_it_back(snapshot):
    """Inference mode disables grad within its block, and restores it after the block.

    ``is_inference_mode_enabled()`` is true within the block only.
    """

    def state():
        return {
            "inference mode": torch.is_inference_mode_enabled(),
            "grad": torch.is_grad_enabled(),
        }

    def act():
        with torch.inference_mode():
            within = state()
        return {"within": within, "after": state()}

    assert snapshot == observe(act)


@pytest.mark.api("torch.inference_mode", page="generated/torch.autograd.grad_mode.inference_mode")
@pytest.mark.changed(
    "1.9",
    "inference_mode appears, and takes the function as its mode: the call decorates the model",
    kind="wording",
    cause="pytorch#58045",
)
@pytest.mark.changed(
    "2.1",
    "without parentheses it decorates the function",
    kind="error-gone",
    cause="pytorch#107086",
)
def test_inference_mode_without_parentheses_decorates_a_function(snapshot):
    """``@torch.inference_mode`` without parentheses decorates a function, since 2.1."""

    def act():
        @torch.inference_mode
        def evaluate(model):
            return model(torch.tensor([[3.0]]))

        return evaluate(linear([[2.0]])).is_inference()

    assert snapshot == observe(act)
