"""Arguments that module methods refuse, some of which older releases accepted.

Since 1.9 ``torch.nn.Module.train`` takes only a bool. Before, ``train("eval")`` switched training
on. Since 1.13 ``torch.nn.Module.type`` refuses an integer dtype. ``torch.nn.Module.get_buffer``
finds a buffer by its dotted name, and refuses the name of a parameter. A module class without
``forward`` raises at its first call, not before.
"""

import numpy as np
import pytest
import torch
from torch import nn

from fixtures.checkpoint import batchnorm
from fixtures.models import linear
from torch_history.observing import observe


@pytest.mark.api("torch.nn.Module.train", page="generated/torch.nn.Module")
@pytest.mark.changed(
    "1.9",
    "a value that is not a bool raises ValueError instead of counting as true or false",
    kind="error",
    cause="pytorch#58247",
    advice="pass bool(mode)",
    restored_by="modules.train_takes_a_mode_converted_to_bool",
    when="mode@0!=<bool>|<unknown>",
)
@pytest.mark.parametrize(
    "mode", [0, None, "eval", np.bool_(False)], ids=["0", "None", "eval", "numpy's False"]
)
def test_train_takes_only_a_bool(mode, snapshot):
    """Since 1.9 ``module.train(mode)`` raises for a mode that is not a bool.

    Examples are ``train(0)``, ``train("eval")`` and the result of a NumPy comparison. Before,
    ``train("eval")`` kept the string as the mode, which counted as training.
    """
    assert snapshot == observe(lambda: bool(linear([[1.0]]).train(mode).training))


@pytest.mark.api("torch.nn.Module.train", page="generated/torch.nn.Module")
@pytest.mark.parametrize(
    "mode", [0, None, "eval", np.bool_(False)], ids=["0", "None", "eval", "numpy's False"]
)
def test_train_takes_a_mode_converted_to_bool(mode, snapshot):
    """``module.train(bool(mode))`` takes any mode by its truth.

    Trap: ``bool("eval")`` is true, so ``train(bool("eval"))`` switches training on.
    """
    assert snapshot == observe(lambda: linear([[1.0]]).train(bool(mode)).training)


@pytest.mark.api("torch.nn.Module.type", page="generated/torch.nn.Module")
@pytest.mark.changed(
    "1.13",
    "raises instead of making integer parameters",
    kind="error",
    cause="pytorch#78436",
    advice="call weight.detach().type(torch.int64)",
    restored_by="modules.detached_weight_can_be_of_an_integer_type",
    when=(
        "dst_type@0=torch.int64|torch.long|torch.int32|torch.int and dst_type@0!=<unknown>",
        "dst_type@0=torch.int16|torch.short|torch.int8|torch.uint8 and dst_type@0!=<unknown>",
    ),
)
def test_type_of_an_integer_dtype_raises(snapshot):
    """Since 1.13 ``module.type(torch.int64)`` raises, as ``module.to(torch.int64)`` does.

    Integer parameters cannot be trained.
    """
    assert snapshot == observe(lambda: linear([[1.0]]).type(torch.int64).weight.detach())


@pytest.mark.api("torch.Tensor.type", page="generated/torch.Tensor.type")
def test_detached_weight_can_be_of_an_integer_type(snapshot):
    """``layer.weight.detach().type(torch.int64)`` returns the weight as integers."""
    assert snapshot == observe(lambda: linear([[1.0]]).weight.detach().type(torch.int64))


@pytest.mark.api("torch.nn.Module.get_buffer", page="generated/torch.nn.Module")
@pytest.mark.changed(
    "1.6",
    "raises ModuleAttributeError, a subclass of AttributeError",
    kind="wording",
    cause="pytorch#34324",
)
@pytest.mark.changed(
    "1.8", "raises plain AttributeError again", kind="wording", cause="pytorch#50298"
)
@pytest.mark.changed("1.9", "Module.get_buffer", kind="appeared", cause="pytorch#52358")
def test_get_buffer_takes_a_dotted_name(snapshot):
    """``get_buffer("0.running_mean")`` finds a buffer by its dotted name."""
    assert snapshot == observe(lambda: nn.Sequential(batchnorm()).get_buffer("0.running_mean"))


@pytest.mark.api("torch.nn.Module.get_buffer", page="generated/torch.nn.Module")
@pytest.mark.changed(
    "1.6",
    "raises ModuleAttributeError, a subclass of AttributeError",
    kind="wording",
    cause="pytorch#34324",
)
@pytest.mark.changed(
    "1.8", "raises plain AttributeError again", kind="wording", cause="pytorch#50298"
)
@pytest.mark.changed(
    "1.9",
    "Module.get_buffer, which refuses a parameter with AttributeError",
    kind="appeared",
    cause="pytorch#52358",
)
def test_get_buffer_refuses_a_parameter(snapshot):
    """``get_buffer`` raises for the name of a parameter."""
    assert snapshot == observe(lambda: nn.Sequential(batchnorm()).get_buffer("0.weight"))


@pytest.mark.api("torch.nn.Module", page="generated/torch.nn.Module")
@pytest.mark.changed(
    "1.12",
    "the message names the class and says that forward is missing",
    kind="wording",
    cause="pytorch#74303 (the issue)",
)
def test_calling_a_module_without_forward_raises(snapshot):
    """Calling a module without a ``forward`` raises.

    A ``forward`` that is misspelt, or indented into ``__init__``, shows only at the first call.
    """

    class Mistyped(nn.Module):
        def foward(self, x):
            return x

    assert snapshot == observe(lambda: Mistyped()(torch.tensor([1.0])))
