"""A training step under autocast: dtypes of outputs, losses and gradients, inside and outside.

Parameters stay in float32, and so do their gradients: backward casts them up. The output of a model
is bfloat16 where its last layer is a matrix product. What leaves the region keeps its dtype, so a
float32 layer outside refuses it. Compute the loss inside the region, which casts it up, and call
``backward`` outside.
"""

import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.checkpoint import checkpoint

from fixtures.precision import product, switch_off, under
from fixtures.settings import each
from torch_history.observing import observe, observe_each


def trained(backward_inside=False, **settings):
    """The dtypes of a linear layer's step under autocast."""
    layer, x = nn.Linear(2, 2), torch.ones(2, 2, requires_grad=True)
    seen = []
    try:
        with torch.autocast("cpu", **settings):
            output = layer(x)
            output.register_hook(lambda gradient: seen.append(gradient.dtype))
            loss = F.mse_loss(output, torch.ones(2, 2))
            if backward_inside:
                loss.backward()
    finally:
        switch_off()
    if not backward_inside:
        loss.backward()
    return {
        "output": output.dtype,
        "loss": loss.dtype,
        "output's gradient": seen[0],
        "weight": layer.weight.dtype,
        "weight's gradient": layer.weight.grad.dtype,
        "bias's gradient": layer.bias.grad.dtype,
        "input's gradient": x.grad.dtype,
    }


@pytest.mark.api("torch.autocast", "torch.amp.autocast", page="amp")
@pytest.mark.changed("1.10", "torch.autocast appears", kind="appeared", cause="pytorch#60706")
@pytest.mark.changed(
    "2.2", "autocast on the CPU takes float16", kind="error-gone", cause="pytorch#112484"
)
def test_gradients_of_parameters_are_float32_under_autocast(snapshot):
    """Under autocast the output and its gradient are bfloat16; parameters and gradients float32.

    It makes no difference whether ``backward`` is called in the region.
    """
    cases = {
        "bfloat16": {"dtype": torch.bfloat16},
        "float16": {"dtype": torch.float16},
        "backward inside": {"backward_inside": True},
    }
    assert snapshot == observe_each(each(trained, cases))


@pytest.mark.api("torch.autocast", "torch.amp.autocast", page="amp")
@pytest.mark.changed("1.10", "torch.autocast appears", kind="appeared", cause="pytorch#60706")
@pytest.mark.changed(
    "1.13", "the message names mat1 and mat2", kind="wording", cause="pytorch#84960"
)
@pytest.mark.changed("2.1", "the message names both dtypes", kind="wording", cause="pytorch#105309")
def test_float32_layer_outside_the_region_refuses_the_output(snapshot):
    """A float32 layer outside the region raises for bfloat16, which the region returned.

    Convert it with ``float()``, or call all layers in the region.
    """
    layer = nn.Linear(2, 2)
    assert snapshot == observe_each(
        {
            "layer outside": lambda: layer(under(product)).dtype,
            "converted": lambda: layer(under(product).float()).dtype,
            "inside": lambda: under(lambda: layer(product()).dtype),
        }
    )


# name -> the loss of an output of two rows
LOSSES = {
    "mse_loss": lambda output: F.mse_loss(output, torch.ones(2, 2)),
    "l1_loss": lambda output: F.l1_loss(output, torch.ones(2, 2)),
    "cross_entropy": lambda output: F.cross_entropy(output, torch.tensor([0, 1])),
    "binary_cross_entropy": lambda output: F.binary_cross_entropy(
        torch.sigmoid(output), torch.ones(2, 2)
    ),
    "binary_cross_entropy_with_logits": lambda output: F.binary_cross_entropy_with_logits(
        output, torch.ones(2, 2)
    ),
}


def after_backward(loss, inside):
    """The dtype of a loss that is computed in or after the region, and of the gradient."""
    weight = torch.ones(2, 2, requires_grad=True)

    def act():
        return F.linear(torch.ones(2, 2), weight)

    value = under(lambda: loss(act())) if inside else loss(under(act))
    value.backward()
    return {"loss": value.dtype, "gradient": weight.grad.dtype}


@pytest.mark.api(
    "torch.autocast",
    "torch.amp.autocast",
    "torch.nn.functional.mse_loss",
    "torch.nn.functional.l1_loss",
    page="amp",
)
@pytest.mark.changed("1.10", "torch.autocast appears", kind="appeared", cause="pytorch#60706")
@pytest.mark.changed(
    "1.13",
    "l1_loss of bfloat16 and float32 is float32, instead of bfloat16",
    kind="silent",
    advice="nothing to do: the loss has more digits",
    of="torch.nn.functional.l1_loss",
    rarely="an output of another dtype than the target",
    cause="pytorch#81689",
)
@pytest.mark.changed(
    "2.12",
    "backward of mse_loss takes bfloat16 output with a float32 target",
    kind="error-gone",
    of="torch.nn.functional.mse_loss",
    cause="pytorch#175743",
)
def test_loss_outside_the_region_trains_on_bfloat16_output(snapshot):
    """Most losses outside the region take bfloat16 output with a float32 target, and train.

    ``binary_cross_entropy`` raises in backward, and so did ``mse_loss`` before 2.12. A loss of
    bfloat16 alone, as ``cross_entropy``, is bfloat16. Compute the loss inside the region.
    """
    cases = {name: {"loss": loss, "inside": False} for name, loss in LOSSES.items()}
    assert snapshot == observe_each(each(after_backward, cases))


@pytest.mark.api("torch.autocast", "torch.amp.autocast", page="amp")
@pytest.mark.changed("1.10", "torch.autocast appears", kind="appeared", cause="pytorch#60706")
@pytest.mark.changed(
    "1.13",
    "cross_entropy and l1_loss return float32, instead of bfloat16",
    kind="silent",
    cause="pytorch#81689",
    advice="nothing to do: the loss has more digits",
    rarely="autocast on the CPU",
)
def test_loss_inside_the_region_is_float32(snapshot):
    """A loss inside the region is float32, whatever the dtype of the output.

    ``binary_cross_entropy`` works on the CPU; on CUDA it raises under autocast.
    """
    cases = {name: {"loss": loss, "inside": True} for name, loss in LOSSES.items()}
    assert snapshot == observe_each(each(after_backward, cases))


@pytest.mark.api(
    "torch.utils.checkpoint.checkpoint", "torch.autocast", "torch.amp.autocast", page="checkpoint"
)
@pytest.mark.changed("1.10", "torch.autocast appears", kind="appeared", cause="pytorch#60706")
@pytest.mark.changed(
    "1.11", "checkpoint takes use_reentrant", kind="appeared", cause="pytorch#69508"
)
@pytest.mark.changed(
    "1.13",
    "recomputes under the autocast of the CPU too, and backward works",
    kind="error-gone",
    cause="pytorch#81766",
)
@pytest.mark.changed(
    "2.4",
    "warns that torch.cpu.amp.autocast is deprecated, which torch itself calls",
    kind="warning",
    cause="pytorch#126062",
    advice="ignore it",
    rarely="2.4 itself",
)
@pytest.mark.changed(
    "2.5",
    "no longer warns of torch.cpu.amp.autocast",
    kind="warning",
    rarely="2.4 itself",
    cause="pytorch#127774",
)
def test_checkpoint_recomputes_under_autocast_of_the_forward_pass(snapshot):
    """A checkpointed function runs in bfloat16 again when ``backward`` recomputes it.

    ``backward`` is called outside the region. Before 1.13 the second run was in float32 on the
    CPU, and backward raised.
    """

    def act():
        weight, seen = torch.ones(2, 2, requires_grad=True), []

        def function(x):
            output = F.linear(F.linear(x, x), x)
            seen.append(output.dtype)
            return output.exp()

        output = under(lambda: checkpoint(function, weight, use_reentrant=False))
        output.float().sum().backward()
        return {"runs": seen, "gradient": weight.grad.dtype}

    assert snapshot == observe(act)


@pytest.mark.api(
    "torch.utils.checkpoint.checkpoint", "torch.autocast", "torch.amp.autocast", page="checkpoint"
)
@pytest.mark.changed("1.10", "torch.autocast appears", kind="appeared", cause="pytorch#60706")
@pytest.mark.changed(
    "1.11", "checkpoint takes use_reentrant", kind="appeared", cause="pytorch#69508"
)
@pytest.mark.changed(
    "1.13",
    "recomputes under the autocast of the CPU too, and backward works",
    kind="error-gone",
    cause="pytorch#81766",
)
@pytest.mark.changed(
    "2.4",
    "warns that torch.cpu.amp.autocast is deprecated, which torch itself calls",
    kind="warning",
    cause="pytorch#126062",
    advice="ignore it",
    rarely="2.4 itself",
)
@pytest.mark.changed(
    "2.5",
    "no longer warns of torch.cpu.amp.autocast",
    kind="warning",
    rarely="2.4 itself",
    cause="pytorch#127774",
)
def test_weight_that_autocast_has_cached_trains_through_a_checkpoint(snapshot):
    """A weight that was used before a checkpoint in one region gets its whole gradient.

    The second run of the checkpoint is after the region, and casts the weight again. The gradient
    is the sum of both uses.
    """

    def act(**settings):
        weight = torch.ones(2, 2, requires_grad=True)
        x = torch.ones(2, 2, requires_grad=True)

        def forward():
            first = F.linear(x, weight)
            return checkpoint(lambda t: F.linear(t, weight), first, use_reentrant=False)

        output = under(forward, **settings)
        try:
            output.float().sum().backward()
        except RuntimeError as error:  # 1.11 and 1.12 add the stack of Python
            raise type(error)(str(error).partition("At:")[0].strip()) from None
        return weight.grad

    cases = {"cached": {}, "cache_enabled=False": {"cache_enabled": False}}
    assert snapshot == observe_each(each(act, cases))


@pytest.mark.api("torch.autocast", "torch.amp.autocast", page="amp")
@pytest.mark.changed("1.10", "torch.autocast appears", kind="appeared", cause="pytorch#60706")
@pytest.mark.changed(
    "2.1", "the message says that m1 and m2 should have the same dtype", kind="wording"
)
def test_float32_part_of_a_model_needs_a_converted_input(snapshot):
    """In a nested ``enabled=False`` a float32 layer refuses bfloat16 from the outer region.

    Convert it with ``float()``. The result is float32, and gradients pass through.
    """

    def act(convert):
        weight = torch.ones(2, 2, requires_grad=True)

        def forward():
            hidden = F.linear(torch.ones(2, 2), weight)
            with torch.autocast("cpu", enabled=False):
                return F.linear(hidden.float() if convert else hidden, weight)

        output = under(forward)
        output.sum().backward()
        return {"output": output.dtype, "gradient": weight.grad}

    assert snapshot == observe_each(
        each(act, {"converted": {"convert": True}, "as it is": {"convert": False}})
    )


@pytest.mark.api("torch.autocast", "torch.amp.autocast", "torch.inference_mode", page="amp")
@pytest.mark.changed("1.10", "torch.autocast appears", kind="appeared", cause="pytorch#60706")
@pytest.mark.changed(
    "2.0",
    "torch.func appears",
    kind="appeared",
    cause="pytorch#90331",
)
def test_autocast_reaches_inference_mode_and_functional_gradients(snapshot):
    """Autocast casts under ``inference_mode`` and inside ``torch.func.grad`` too.

    The gradient of a float32 argument is float32.
    """

    def loss(weight):
        return F.linear(torch.ones(2, 2), weight).sum()

    def inference():
        with torch.inference_mode():
            return product().dtype

    cases = {
        "no_grad": {"act": lambda: torch.no_grad()(product)().dtype},
        "inference_mode": {"act": inference},
        "func.grad": {"act": lambda: torch.func.grad(loss)(torch.ones(2, 2)).dtype},
        "autograd.grad": {
            "act": lambda: [
                torch.autograd.grad(loss(weight), weight)[0].dtype
                for weight in [torch.ones(2, 2, requires_grad=True)]
            ]
        },
    }
    assert snapshot == observe_each(each(under, cases))
