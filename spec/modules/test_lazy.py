"""Lazy layers take their input width from the first batch.

``torch.nn.LazyLinear``, since 1.8, becomes a ``torch.nn.Linear`` at the first batch. Before that
its parameters have no size: ``numel`` raises, and its state dict does not load into a Linear. An
optimizer may be built before the first batch, because the Parameter objects stay the same. A loaded
state dict also gives the layer its size. From 1.8 to 2.3 lazy layers warned that they were new.
"""

import pytest
import torch
from torch import nn

from fixtures.models import linear
from torch_history.observing import observe


def batch():
    return torch.tensor([[1.0, 2.0, 3.0]])


@pytest.mark.api(
    "torch.nn.LazyLinear",
    "torch.nn.LazyConv1d",
    "torch.nn.LazyConv2d",
    "torch.nn.LazyConv3d",
    "torch.nn.LazyConvTranspose1d",
    "torch.nn.LazyConvTranspose2d",
    "torch.nn.LazyConvTranspose3d",
    "torch.nn.LazyBatchNorm1d",
    "torch.nn.LazyBatchNorm2d",
    "torch.nn.LazyBatchNorm3d",
    "torch.nn.LazyInstanceNorm1d",
    "torch.nn.LazyInstanceNorm2d",
    "torch.nn.LazyInstanceNorm3d",
    page="generated/torch.nn.LazyLinear",
)
@pytest.mark.changed(
    "1.8",
    "LazyLinear, with a warning that lazy modules are new",
    kind="appeared",
    cause="pytorch#44538",
)
@pytest.mark.changed(
    "2.4",
    "the warning that lazy modules are new is gone",
    kind="warning",
    cause="pytorch#123968",
    unless=(),
)
def test_lazy_linear_becomes_a_linear_at_the_first_batch(snapshot):
    """A ``LazyLinear`` becomes a ``Linear`` at the first batch and takes the batch's width."""

    def act():
        layer = nn.LazyLinear(2)
        before = type(layer).__name__
        layer(batch())
        return {"before": before, "after": type(layer).__name__, "weight": list(layer.weight.shape)}

    assert snapshot == observe(act)


@pytest.mark.api(
    "torch.nn.LazyLinear", "torch.nn.UninitializedParameter", page="generated/torch.nn.LazyLinear"
)
@pytest.mark.changed(
    "1.8",
    "LazyLinear exists, warns that lazy modules are new, and raises ValueError",
    kind="appeared",
    cause="pytorch#44538",
)
@pytest.mark.changed(
    "2.2",
    "the message says TensorBase instead of _TensorBase",
    kind="wording",
    cause="pytorch#109940",
)
@pytest.mark.changed(
    "2.4",
    "the warning that lazy modules are new is gone",
    kind="warning",
    cause="pytorch#123968",
    unless=(),
    of="torch.nn.LazyLinear",
)
def test_counting_the_elements_of_a_lazy_layer_raises(snapshot):
    """Counting the elements of a lazy layer with ``numel`` raises before the first batch.

    The parameters do not have a size yet.
    """
    assert snapshot == observe(
        lambda: sum(parameter.numel() for parameter in nn.LazyLinear(2).parameters())
    )


@pytest.mark.api(
    "torch.nn.LazyLinear", "torch.nn.UninitializedParameter", page="generated/torch.nn.LazyLinear"
)
@pytest.mark.changed(
    "1.8",
    "LazyLinear, with a warning that lazy modules are new",
    kind="appeared",
    cause="pytorch#44538",
)
@pytest.mark.changed(
    "2.4",
    "the warning that lazy modules are new is gone",
    kind="warning",
    cause="pytorch#123968",
    unless=(),
    of="torch.nn.LazyLinear",
)
def test_optimizer_built_before_the_first_batch_trains_a_lazy_layer(snapshot):
    """An optimizer built before the first batch trains a lazy layer.

    The first batch gives a size to the same Parameter objects that the optimizer holds.
    """

    def act():
        layer = nn.LazyLinear(1, bias=False)
        optimizer = torch.optim.SGD(layer.parameters(), lr=0.5)
        layer(batch())
        layer.weight.data.zero_()
        layer(batch()).sum().backward()
        optimizer.step()
        return layer.weight

    assert snapshot == observe(act)


@pytest.mark.api(
    "torch.nn.LazyLinear", "torch.nn.Module.load_state_dict", page="generated/torch.nn.LazyLinear"
)
@pytest.mark.changed(
    "1.8",
    "LazyLinear, with a warning that lazy modules are new",
    kind="appeared",
    cause="pytorch#44538",
)
@pytest.mark.changed(
    "2.4",
    "the warning that lazy modules are new is gone",
    kind="warning",
    cause="pytorch#123968",
    unless=(),
    of="torch.nn.LazyLinear",
)
def test_lazy_layer_takes_its_size_from_a_state_dict(snapshot):
    """A lazy layer takes its values and its size from a state dict.

    Its class stays lazy until the first batch, which does not change the values.
    """
    saved = linear([[1.0, 2.0, 3.0]], [4.0]).state_dict()

    def act():
        layer = nn.LazyLinear(1)
        layer.load_state_dict(saved)
        return {
            "loaded": type(layer).__name__,
            "output": layer(batch()).detach(),
            "after a batch": type(layer).__name__,
        }

    assert snapshot == observe(act)


@pytest.mark.api(
    "torch.nn.LazyLinear", "torch.nn.Module.load_state_dict", page="generated/torch.nn.LazyLinear"
)
@pytest.mark.changed(
    "1.8",
    "LazyLinear exists, warns that lazy modules are new, and raises RuntimeError",
    kind="appeared",
    cause="pytorch#44538",
)
@pytest.mark.changed(
    "1.9", "the message mentions buffers too", kind="wording", cause="pytorch#51548", probable=True
)
@pytest.mark.changed(
    "2.4",
    "the warning that lazy modules are new is gone",
    kind="warning",
    cause="pytorch#123968",
    unless=(),
    of="torch.nn.LazyLinear",
)
def test_state_dict_of_a_lazy_layer_does_not_load_into_a_linear(snapshot):
    """The state dict of a lazy layer does not load into a Linear before the first batch.

    Until then its parameters have neither sizes nor values.
    """
    assert snapshot == observe(
        lambda: linear([[1.0, 2.0, 3.0]], [4.0]).load_state_dict(nn.LazyLinear(1).state_dict())
    )
