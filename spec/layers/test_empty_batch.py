"""A batch without samples, such as the last batch of a filtered data set.

Layers accept an empty batch, several of them only since 1.5 to 1.10. The output is empty, and the
parameters get gradients of zero instead of None. Trap: in the step, momentum and weight decay still
move these parameters. BatchNorm counts the batch and leaves its running statistics.
``InstanceNorm1d(affine=True)`` raises since 1.5. A batch of samples without positions is another
case: GroupNorm raises on it since 2.14.
"""

import pytest
import torch
from torch import nn

from torch_history.observing import observe

TRAINED = {
    "Linear": (lambda: nn.Linear(2, 1), (0, 2)),
    "Conv2d": (lambda: nn.Conv2d(2, 1, 1), (0, 2, 3, 3)),
    "ConvTranspose1d": (lambda: nn.ConvTranspose1d(2, 1, 1), (0, 2, 3)),
    "BatchNorm1d": (lambda: nn.BatchNorm1d(2), (0, 2)),
    "LayerNorm": (lambda: nn.LayerNorm(2), (0, 2)),
    "GroupNorm": (lambda: nn.GroupNorm(1, 2), (0, 2, 3)),
    "PReLU": (lambda: nn.PReLU(), (0, 2)),
    "LSTMCell": (lambda: nn.LSTMCell(2, 1), (0, 2)),
}


def gradients(layer, shape):
    """The output's shape and the parameters' gradients, for an input of zeros."""
    output = layer(torch.zeros(shape, requires_grad=True))
    output = output[0] if isinstance(output, tuple) else output
    output.sum().backward()
    return {
        "output": output.shape,
        **{name: parameter.grad for name, parameter in layer.named_parameters()},
    }


@pytest.mark.parametrize("layer", list(TRAINED))
@pytest.mark.api(
    "torch.nn.Linear",
    "torch.nn.Conv2d",
    "torch.nn.ConvTranspose1d",
    "torch.nn.BatchNorm1d",
    "torch.nn.LayerNorm",
    "torch.nn.GroupNorm",
    "torch.nn.PReLU",
    "torch.nn.LSTMCell",
    page="nn",
)
@pytest.mark.changed(
    "1.5",
    "BatchNorm1d gives zeros instead of None",
    kind="silent",
    cause="pytorch#32820",
    advice="skip optimizer.step() after an empty batch",
    when=":unseen",
)
@pytest.mark.changed(
    "1.5",
    "ConvTranspose1d accepts an empty batch",
    kind="error-gone",
    cause="pytorch#31658",
    when=":unseen",
)
@pytest.mark.changed(
    "1.5",
    "GroupNorm accepts an empty batch",
    kind="error-gone",
    cause="pytorch#32401",
    when=":unseen",
)
@pytest.mark.changed(
    "1.5", "Linear and LSTMCell accept an empty batch", kind="error-gone", when=":unseen"
)
def test_empty_batch_gives_gradients_of_zero(layer, snapshot):
    """Since 1.5 a layer gives an empty output and gradients of zero, not None, for an empty batch.

    Before 1.5 BatchNorm1d gave None, and Linear, ConvTranspose1d, GroupNorm and LSTMCell raised.

    Trap: momentum and weight decay still move the parameters in the step.
    """
    make, shape = TRAINED[layer]
    assert snapshot == observe(lambda: gradients(make(), shape))


PLAIN = {
    "AdaptiveAvgPool1d": (lambda: nn.AdaptiveAvgPool1d(1), (0, 2, 3)),
    "AdaptiveMaxPool2d": (lambda: nn.AdaptiveMaxPool2d(1), (0, 2, 3, 3)),
    "Upsample": (lambda: nn.Upsample(scale_factor=2), (0, 2, 3)),
    "Flatten": (lambda: nn.Flatten(), (0, 2, 3)),
    "Softmax": (lambda: nn.Softmax(1), (0, 2)),
    "ReflectionPad1d": (lambda: nn.ReflectionPad1d(1), (0, 2, 3)),
}


@pytest.mark.parametrize("layer", list(PLAIN))
@pytest.mark.api(
    "torch.nn.AdaptiveAvgPool1d",
    "torch.nn.AdaptiveMaxPool2d",
    "torch.nn.Upsample",
    "torch.nn.Flatten",
    "torch.nn.Softmax",
    "torch.nn.ReflectionPad1d",
    page="nn",
)
@pytest.mark.changed(
    "1.5", "Upsample accepts an empty batch", kind="error-gone", cause="pytorch#32400"
)
@pytest.mark.changed(
    "1.7", "ReflectionPad1d accepts an empty batch", kind="error-gone", cause="pytorch#39231"
)
@pytest.mark.changed(
    "1.10", "AdaptiveMaxPool2d accepts an empty batch", kind="error-gone", cause="pytorch#62088"
)
def test_empty_batch_passes_through_layers_without_parameters(layer, snapshot):
    """Layers without parameters accept an empty batch.

    The output has no samples, and otherwise its usual shape.
    """
    make, shape = PLAIN[layer]
    assert snapshot == observe(lambda: make()(torch.zeros(shape)).shape)


@pytest.mark.api("torch.nn.Bilinear", page="generated/torch.nn.Bilinear")
@pytest.mark.changed("1.10", "an empty batch is accepted", kind="error-gone", cause="pytorch#47106")
def test_empty_batch_passes_through_bilinear(snapshot):
    """``Bilinear`` of two empty batches gives an empty batch."""
    assert snapshot == observe(
        lambda: nn.Bilinear(2, 3, 1)(torch.zeros(0, 2), torch.zeros(0, 3)).shape
    )


@pytest.mark.api("torch.nn.BatchNorm1d", page="generated/torch.nn.BatchNorm1d")
def test_empty_batch_is_counted_by_batchnorm_and_leaves_its_statistics(snapshot):
    """BatchNorm counts an empty batch, but does not change its running statistics.

    ``num_batches_tracked`` rises by one.
    """
    layer = nn.BatchNorm1d(1)

    def act():
        layer(torch.zeros(0, 1))
        return {name: buffer.clone() for name, buffer in layer.named_buffers()}

    assert snapshot == observe(act)


@pytest.mark.api(
    "torch.nn.InstanceNorm1d",
    "torch.nn.InstanceNorm2d",
    "torch.nn.InstanceNorm3d",
    page="generated/torch.nn.InstanceNorm1d",
)
@pytest.mark.changed(
    "1.5",
    "an empty batch raises",
    kind="error",
    cause="pytorch#32820",
    probable=True,
    advice="skip empty batches",
    when=":unseen",
)
def test_empty_batch_is_refused_by_instancenorm_with_affine(snapshot):
    """``InstanceNorm1d(affine=True)`` raises on an empty batch, since 1.5.

    It repeats its weight for each sample, and cannot index the first one.
    """
    assert snapshot == observe(
        lambda: nn.InstanceNorm1d(2, affine=True)(torch.zeros(0, 2, 3)).shape
    )


@pytest.mark.api("torch.nn.GroupNorm", page="generated/torch.nn.GroupNorm")
@pytest.mark.changed(
    "1.6",
    "the gradient of the weight is NaN instead of zero",
    kind="silent",
    cause="pytorch#28203",
    probable=True,
    advice="skip samples without positions",
    when=":unseen",
)
# cause unknown: searches for the message, for native_group_norm and for HxW found no pull request
@pytest.mark.changed(
    "2.14",
    "raises, where the gradient was NaN before",
    kind="error",
    advice="skip samples without positions",
    when=":unseen",
)
def test_groupnorm_refuses_samples_without_positions(snapshot):
    """``GroupNorm`` raises on samples without positions, [sample, channel, 0], since 2.14.

    From 1.6 to 2.13 the gradient of the weight was NaN instead.
    """
    assert snapshot == observe(lambda: gradients(nn.GroupNorm(1, 2), (1, 2, 0)))
