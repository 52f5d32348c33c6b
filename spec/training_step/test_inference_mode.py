"""``inference_mode``: stricter than ``no_grad``, for its outputs never get back into a graph."""

import pytest
import torch

from fixtures.models import linear
from torch_history.observing import observe


def inferred():
    """The output 6 of a layer, made in inference mode."""
    with torch.inference_mode():
        return linear([[2.0]])(torch.tensor([[3.0]]))


@pytest.mark.api(
    "torch.inference_mode",
    "torch.Tensor.is_inference",
    page="generated/torch.autograd.grad_mode.inference_mode",
)
@pytest.mark.changed(
    "1.9",
    "inference_mode appears; Tensor.is_inference is still missing",
    kind="wording",
    cause="pytorch#58045",
)
@pytest.mark.changed(
    "1.10", "Tensor.is_inference appears", kind="api-appeared", cause="pytorch#58729"
)
def test_output_of_inference_mode_is_an_inference_tensor(snapshot):
    """It has no graph and does not require grad, and it is marked as an inference tensor for as long as it lives."""

    def act():
        output = inferred()
        return {
            "output": output,
            "is_leaf": output.is_leaf,
            "grad_fn": output.grad_fn,
            "is_inference": output.is_inference(),
        }

    assert snapshot == observe(act)


@pytest.mark.api("torch.inference_mode", page="generated/torch.autograd.grad_mode.inference_mode")
@pytest.mark.changed(
    "1.9",
    "inference_mode appears; Tensor.is_inference is still missing",
    kind="wording",
    cause="pytorch#58045",
)
@pytest.mark.changed(
    "1.10", "Tensor.is_inference appears", kind="api-appeared", cause="pytorch#58729"
)
def test_output_of_inference_mode_may_be_read_outside(snapshot):
    """Computing with it is allowed where nothing has to be saved for backward; the result is an ordinary tensor."""

    def act():
        result = inferred() * 2.0
        return {"result": result, "is_inference": result.is_inference()}

    assert snapshot == observe(act)


@pytest.mark.api("torch.inference_mode", page="generated/torch.autograd.grad_mode.inference_mode")
@pytest.mark.changed(
    "1.9",
    "inference_mode appears, and what it made cannot be saved",
    kind="api-appeared",
    cause="pytorch#58045",
)
@pytest.mark.changed(
    "2.9",
    "the message names torch.no_grad() as another way out",
    kind="wording",
    cause="pytorch#161164",
)
def test_output_of_inference_mode_may_not_be_saved_for_backward(snapshot):
    """A layer that is to be trained would have to save its input: the forward pass raises, where ``no_grad`` would serve."""
    assert snapshot == observe(lambda: linear([[5.0]])(inferred()))


@pytest.mark.api("torch.inference_mode", page="generated/torch.autograd.grad_mode.inference_mode")
@pytest.mark.changed("1.9", "inference_mode appears", kind="api-appeared", cause="pytorch#58045")
def test_frozen_layer_takes_an_output_of_inference_mode(snapshot):
    """Where the layer requires no grad nothing is saved, and nothing raises."""
    head = linear([[5.0]])
    head.weight.requires_grad_(False)
    assert snapshot == observe(lambda: head(inferred()))


@pytest.mark.api("torch.inference_mode", page="generated/torch.autograd.grad_mode.inference_mode")
@pytest.mark.changed("1.9", "inference_mode appears", kind="api-appeared", cause="pytorch#58045")
def test_clone_of_an_output_of_inference_mode_trains_a_layer(snapshot):
    """A clone made outside is an ordinary tensor: the way out."""
    head = linear([[5.0]])

    def act():
        head(inferred().clone()).sum().backward()
        return head.weight.grad

    assert snapshot == observe(act)


@pytest.mark.api("torch.inference_mode", page="generated/torch.autograd.grad_mode.inference_mode")
@pytest.mark.changed(
    "1.9",
    "inference_mode appears, and what it made cannot require grad",
    kind="api-appeared",
    cause="pytorch#58045",
)
def test_output_of_inference_mode_may_not_be_made_to_require_grad(snapshot):
    """``requires_grad_()`` outside raises, where an output of ``no_grad`` becomes a leaf that can be trained."""
    assert snapshot == observe(lambda: inferred().requires_grad_())


@pytest.mark.api("torch.inference_mode", page="generated/torch.autograd.grad_mode.inference_mode")
@pytest.mark.changed(
    "1.9",
    "inference_mode appears, and what it made cannot be written to outside",
    kind="api-appeared",
    cause="pytorch#58045",
)
def test_output_of_inference_mode_may_not_be_written_to_outside(snapshot):
    """An in-place change outside raises; inside it is allowed."""

    def act():
        with torch.inference_mode():
            output = inferred().add_(1.0)
        assert output.item() == 7.0
        output.add_(1.0)

    assert snapshot == observe(act)


@pytest.mark.api("torch.inference_mode", page="generated/torch.autograd.grad_mode.inference_mode")
@pytest.mark.changed(
    "1.9",
    "inference_mode appears, and what it made has no version",
    kind="api-appeared",
    cause="pytorch#58045",
)
def test_output_of_inference_mode_has_no_version(snapshot):
    """Writes to it are not counted: there is nothing that backward would have to find unchanged."""
    assert snapshot == observe(lambda: inferred()._version)


@pytest.mark.api("torch.inference_mode", page="generated/torch.autograd.grad_mode.inference_mode")
@pytest.mark.changed(
    "1.9",
    "inference_mode appears, and what it made has no graph",
    kind="api-appeared",
    cause="pytorch#58045",
)
def test_backward_from_an_output_of_inference_mode_raises(snapshot):
    """There is no graph to go back through."""
    assert snapshot == observe(lambda: inferred().sum().backward())


@pytest.mark.api("torch.inference_mode", page="generated/torch.autograd.grad_mode.inference_mode")
@pytest.mark.changed(
    "1.9",
    "inference_mode appears; Tensor.is_inference is still missing",
    kind="wording",
    cause="pytorch#58045",
)
@pytest.mark.changed(
    "1.10", "Tensor.is_inference appears", kind="api-appeared", cause="pytorch#58729"
)
def test_view_made_in_inference_mode_of_a_normal_tensor_is_normal(snapshot):
    """Inference mode marks what it allocates: a view of a tensor from outside stays an ordinary tensor."""
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
@pytest.mark.changed("1.9", "inference_mode appears", kind="api-appeared", cause="pytorch#58045")
def test_layer_made_in_inference_mode_gets_no_gradient_for_its_weight(snapshot):
    """Backward fills the gradient of its bias alone, in silence: a view of an inference tensor, ``weight.t()``, has no graph."""

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
    kind="api-appeared",
    cause="pytorch#58045",
)
def test_parameter_made_in_inference_mode_cannot_be_stepped(snapshot):
    """It is an inference tensor for good: an optimizer takes it, and its step raises."""

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
@pytest.mark.changed("1.9", "inference_mode appears", kind="api-appeared", cause="pytorch#58045")
def test_enable_grad_does_not_lift_inference_mode(snapshot):
    """Within inference mode ``enable_grad`` says that it is in force, and builds no graph; ``inference_mode(False)`` does."""
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
@pytest.mark.changed("1.9", "inference_mode appears", kind="api-appeared", cause="pytorch#58045")
def test_inference_mode_disables_grad_and_gives_it_back(snapshot):
    """Within the block both ``is_inference_mode_enabled()`` and ``not is_grad_enabled()`` hold; after it neither."""

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
    "inference_mode appears, and takes the function for its mode: the call decorates the model",
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
    """``@torch.inference_mode``, the parentheses forgotten, works as well."""

    def act():
        @torch.inference_mode
        def evaluate(model):
            return model(torch.tensor([[3.0]]))

        return evaluate(linear([[2.0]])).is_inference()

    assert snapshot == observe(act)
