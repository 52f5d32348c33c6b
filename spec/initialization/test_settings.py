"""Settings of ``torch.nn.init`` at their limits, and layers that have ``reset_parameters``.

A negative deviation and swapped bounds raise. A deviation of 0 writes the mean in ``normal_``,
since 1.9, and raises in ``trunc_normal_``. A mean far outside the bounds makes ``trunc_normal_``
warn. Trap: a loop over all layers that have ``reset_parameters`` misses
``torch.nn.MultiheadAttention``, and includes ``torch.nn.PReLU`` only since 2.1.
"""

import pytest
import torch
from torch.nn import init

from torch_history.observing import observe


@pytest.mark.api("torch.nn.init.normal_", page="nn.init")
@pytest.mark.changed(
    "1.5",
    "16 elements or more raise too, instead of being filled",
    kind="error",
    cause="pytorch#32031",
    probable=True,
    advice="pass abs(std)",
    restored_by="initialization.absolute_deviation_fills_a_tensor",
    when=("std@2=<unknown>", "std@2=-1|-1.0"),
    rarely="a deviation below 0",
)
@pytest.mark.changed(
    "1.5",
    "the message for fewer than 16 elements gives the number",
    kind="wording",
    cause="pytorch#32031",
    probable=True,
    when=":caught",
    rarely="a deviation below 0",
)
@pytest.mark.changed(
    "1.9",
    "the message allows 0",
    kind="wording",
    cause="pytorch#51317",
    when=":caught",
    rarely="a deviation below 0",
)
@pytest.mark.changed(
    "1.12",
    "the message drops an underscore and an equals sign",
    kind="wording",
    cause="pytorch#69629",
    probable=True,
    when=":caught",
    rarely="a deviation below 0",
)
@pytest.mark.parametrize("size", [6, 24])
def test_negative_deviation_raises(size, snapshot):
    """``normal_`` with a negative standard deviation raises, for a tensor of any size.

    Before 1.5 a tensor of 16 elements or more was filled.
    """
    assert snapshot == observe(lambda: init.normal_(torch.zeros(size), 0.0, -1.0).shape)


@pytest.mark.api("torch.nn.init.normal_", page="nn.init")
def test_absolute_deviation_fills_a_tensor(snapshot):
    """``normal_`` with the absolute value of a negative standard deviation fills the tensor.

    The normal distribution is symmetric, so the sign does not matter.
    """
    assert snapshot == observe(lambda: init.normal_(torch.zeros(24), 0.0, abs(-1.0)).shape)


@pytest.mark.api("torch.nn.init.normal_", page="nn.init")
@pytest.mark.changed(
    "1.5", "the message gives the number", kind="wording", cause="pytorch#32031", probable=True
)
@pytest.mark.changed(
    "1.9", "writes the mean instead of raising", kind="error-gone", cause="pytorch#51317"
)
def test_deviation_of_zero_writes_the_mean(snapshot):
    """``normal_`` with a standard deviation of 0 writes the mean, since 1.9.

    A noise schedule may end with 0. Before 1.9 it raised.
    """
    assert snapshot == observe(lambda: init.normal_(torch.zeros(2), 3.0, 0.0))


@pytest.mark.api("torch.nn.init.uniform_", page="nn.init")
@pytest.mark.changed("1.6", "the message gives the bounds", kind="wording", cause="pytorch#35580")
def test_uniform_of_swapped_bounds_raises(snapshot):
    """``uniform_`` with swapped bounds raises.

    A negative ``gain`` of ``xavier_uniform_`` swaps the bounds, so it raises too.
    """
    assert snapshot == observe(lambda: init.uniform_(torch.zeros(2), 2.0, 1.0))


@pytest.mark.api("torch.nn.init.trunc_normal_", page="nn.init")
@pytest.mark.changed("1.6", "trunc_normal_ exists", kind="appeared", cause="pytorch#32397")
def test_trunc_normal_far_from_its_bounds_warns(snapshot):
    """``trunc_normal_`` warns if the mean is far outside the bounds.

    ``a`` and ``b`` are values, not deviations. With a mean of 5 and the default -2 and 2, all draws
    lie in a tail.
    """

    def act():
        drawn = init.trunc_normal_(torch.zeros(100), mean=5.0)
        return {"at most 2": drawn.max().item() <= 2, "mean above 1": drawn.mean().item() > 1}

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.init.trunc_normal_", page="nn.init")
@pytest.mark.changed(
    "1.6",
    "trunc_normal_ exists, and leaves a tensor of bfloat16 at zero",
    kind="appeared",
    cause="pytorch#32397",
)
@pytest.mark.changed(
    "1.7",
    "fills a tensor of bfloat16 with numbers, where every one was zero",
    kind="silent",
    cause="pytorch#43399",
    advice="before 1.7, draw in float32 and copy the result",
    rarely="a tensor of bfloat16",
)
def test_trunc_normal_of_bfloat16_is_not_zero(snapshot):
    """``trunc_normal_`` fills a tensor of bfloat16 with numbers of both signs within the bounds."""

    def act():
        drawn = init.trunc_normal_(torch.zeros(100, dtype=torch.bfloat16)).float()
        return {"below 0": bool((drawn < 0).any()), "above 0": bool((drawn > 0).any())}

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.init.trunc_normal_", page="nn.init")
@pytest.mark.changed(
    "1.6",
    "trunc_normal_ exists, and divides by zero if the deviation is 0",
    kind="appeared",
    cause="pytorch#32397",
)
def test_trunc_normal_without_deviation_raises(snapshot):
    """``trunc_normal_`` with a standard deviation of 0 raises a ZeroDivisionError.

    ``normal_`` writes the mean instead.
    """
    assert snapshot == observe(lambda: init.trunc_normal_(torch.zeros(2), 0.0, 0.0))


@pytest.mark.api(
    "torch.nn.Module.apply", "torch.nn.PReLU", "torch.nn.RMSNorm", page="generated/torch.nn.Module"
)
# cause unknown: PReLU calls reset_parameters in its constructor since 2.1. Searches for the method,
# and for the tests of all reset_parameters (106506), did not find the pull request that added it.
@pytest.mark.changed(
    "2.1",
    "PReLU has reset_parameters: a loop over the layers that have it resets its slope too",
    kind="silent",
    advice="skip modules that are an instance of nn.PReLU, to keep a trained slope",
    rarely="a loop that calls reset_parameters of the layers that have it",
    of=("torch.nn.PReLU",),
)
@pytest.mark.changed(
    "2.4",
    "nn.RMSNorm appears",
    kind="appeared",
    cause="pytorch#121364",
    of=("torch.nn.RMSNorm",),
    unless=(),
)
@pytest.mark.parametrize(
    "name",
    [
        "Linear",
        "Conv1d",
        "Embedding",
        "LSTM",
        "BatchNorm1d",
        "LayerNorm",
        "GroupNorm",
        "Bilinear",
        "PReLU",
        "MultiheadAttention",
        "RMSNorm",
    ],
)
def test_layers_but_for_attention_have_reset_parameters(name, snapshot):
    """Common layers other than MultiheadAttention have ``reset_parameters``.

    The method of MultiheadAttention has an underscore in front, so a loop over ``reset_parameters``
    misses it. PReLU has the method since 2.1.
    """
    assert snapshot == observe(lambda: hasattr(getattr(torch.nn, name), "reset_parameters"))
