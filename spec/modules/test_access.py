"""Ways to reach a parameter: by index, by attribute, by state dict key, and through ``.data``.

An index, an attribute and ``torch.nn.Module.get_parameter`` reach the Parameter itself. A tensor of
the state dict and ``torch.Tensor.data`` are other tensors on the storage of the Parameter. They
require no grad, and a write to them changes the network. An in-place write to the Parameter itself
raises, except under ``torch.no_grad``. Trap: a write through ``.data`` does not increase the
version counter, so autograd cannot notice it. An assignment to ``.data`` can change the shape and
the dtype of the Parameter, and the layer does not check them.
"""

import pytest
import torch

from fixtures.models import linear
from fixtures.modules import perceptron
from torch_history.observing import observe


def article_network():
    """Article D's network, with the bias of its last layer set to the value that D prints."""
    net = perceptron()
    net[2].bias.data.fill_(-0.2004)
    return net


def parameter():
    return linear([[2.0, 3.0]]).weight


@pytest.mark.api("torch.nn.Sequential", page="generated/torch.nn.Sequential", article="D")
def test_index_and_attribute_reach_the_same_parameter(snapshot):
    """``net[2].bias`` and the ``2.bias`` of ``named_parameters()`` are the same object."""
    net = article_network()
    listed = dict(net.named_parameters())
    assert snapshot == observe(
        lambda: {"value": net[2].bias, "the listed one": net[2].bias is listed["2.bias"]}
    )


@pytest.mark.api("torch.nn.Module.state_dict", page="generated/torch.nn.Module", article="D")
def test_state_dict_key_reaches_the_same_storage(snapshot):
    """``net.state_dict()["2.bias"]`` is another tensor on the storage of the parameter.

    Writing to this tensor changes the network.
    """
    net = article_network()

    def act():
        value = net.state_dict()["2.bias"]
        value.fill_(9.0)
        return {
            "type": str(type(value)),
            "requires_grad": value.requires_grad,
            "the parameter": net[2].bias,
        }

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.Module.state_dict", page="generated/torch.nn.Module", article="D")
def test_layer_state_dict_has_names_without_prefix(snapshot):
    """``net[2].state_dict()`` names its entries without the prefix ``2.``.

    ``net.state_dict()`` names the same entries with the prefix.
    """
    net = article_network()
    assert snapshot == observe(
        lambda: {"layer": list(net[2].state_dict()), "net": list(net.state_dict())}
    )


@pytest.mark.api("torch.nn.Module.get_parameter", page="generated/torch.nn.Module")
@pytest.mark.changed(
    "1.6",
    "raises ModuleAttributeError, a subclass of AttributeError",
    kind="wording",
    cause="pytorch#34324",
)
@pytest.mark.changed(
    "1.8", "raises plain AttributeError again", kind="wording", cause="pytorch#50298"
)
@pytest.mark.changed("1.9", "Module.get_parameter", kind="appeared", cause="pytorch#52358")
def test_get_parameter_takes_a_dotted_name(snapshot):
    """``net.get_parameter("2.bias")`` gives the parameter itself."""
    net = article_network()
    assert snapshot == observe(lambda: net.get_parameter("2.bias") is net[2].bias)


@pytest.mark.api(
    "torch.nn.Parameter",
    "torch.Tensor.data",
    page="generated/torch.nn.parameter.Parameter",
    article="D",
)
def test_bias_is_a_parameter_and_its_data_a_tensor(snapshot):
    """``.bias`` is a Parameter, as article D prints it; ``.bias.data`` is a Tensor."""
    bias = article_network()[2].bias
    assert snapshot == observe(lambda: {"bias": str(type(bias)), "bias.data": str(type(bias.data))})


@pytest.mark.api("torch.Tensor.grad", page="generated/torch.Tensor.grad", article="D")
def test_gradient_of_a_parameter_is_a_plain_tensor(snapshot):
    """The ``.grad`` of a parameter is None before backward, as article D says.

    After backward it is a plain Tensor that does not require grad.
    """
    layer = linear([[2.0]], [0.5])
    before = layer.bias.grad
    layer(torch.tensor([[3.0]])).sum().backward()
    assert snapshot == observe(
        lambda: {"before": before, "after": layer.bias.grad, "type": str(type(layer.bias.grad))}
    )


@pytest.mark.api("torch.Tensor.data", page="notes/autograd", article="D")
def test_data_requires_no_grad(snapshot):
    """The ``.data`` of a parameter does not require grad, and prints without ``requires_grad``.

    The ``requires_grad=True`` that article D shows is wrong.
    """
    bias = article_network()[2].bias
    assert snapshot == observe(
        lambda: {"value": bias.data, "is_leaf": bias.data.is_leaf, "printed": repr(bias.data)}
    )


@pytest.mark.api("torch.Tensor.data", page="notes/autograd", article="D")
def test_data_is_a_new_tensor_on_the_same_storage(snapshot):
    """Each access to ``.data`` returns a new tensor object on the parameter's storage."""
    weight = parameter()
    assert snapshot == observe(
        lambda: {
            "same object twice": weight.data is weight.data,
            "same storage": weight.data.data_ptr() == weight.data_ptr(),
        }
    )


@pytest.mark.api("torch.Tensor.data", page="notes/autograd", article="D")
def test_write_through_data_changes_the_parameter(snapshot):
    """An in-place write through ``.data`` changes the parameter.

    The parameter stays a leaf that requires grad.
    """
    weight = parameter()

    def act():
        weight.data *= 10.0
        return {"weight": weight, "is_leaf": weight.is_leaf, "grad_fn": weight.grad_fn}

    assert snapshot == observe(act)


@pytest.mark.api("torch.Tensor.data", page="notes/autograd")
def test_data_has_its_own_version_counter(snapshot):
    """A write through ``.data`` does not increase the version counter of the parameter.

    Autograd cannot notice such a write. A write under ``no_grad`` does increase the counter.
    """
    weight = parameter()
    before = weight._version

    def act():
        weight.data.add_(1.0)
        through_data = weight._version - before
        with torch.no_grad():
            weight.add_(1.0)
        return {"through data": through_data, "then under no_grad": weight._version - before}

    assert snapshot == observe(act)


@pytest.mark.api("torch.no_grad", "torch.nn.Parameter", page="notes/autograd")
@pytest.mark.changed(
    "1.5",
    'the message says "is being used" instead of "has been used"',
    kind="wording",
    cause="pytorch#31990",
)
def test_write_to_a_parameter_raises(snapshot):
    """An in-place write to a leaf that requires grad raises.

    Write under ``no_grad`` or through ``.data`` instead.
    """
    weight = parameter()
    assert snapshot == observe(lambda: weight.mul_(10.0))


@pytest.mark.api("torch.Tensor.data", page="notes/autograd")
def test_data_of_a_non_leaf_is_cut_from_its_graph(snapshot):
    """The ``.data`` of a computed tensor is a leaf without ``grad_fn``.

    The computed tensor itself still requires grad.
    """
    result = parameter() * 2.0
    assert snapshot == observe(
        lambda: {
            "value": result.data,
            "its grad_fn": result.data.grad_fn,
            "is_leaf": result.data.is_leaf,
            "the result requires grad": result.requires_grad,
        }
    )


@pytest.mark.api("torch.Tensor.data", page="notes/autograd")
def test_assigning_data_keeps_the_parameter_and_takes_another_shape(snapshot):
    """``weight.data = tensor`` keeps the Parameter and gives it the tensor's storage and shape.

    The layer does not check the shape: ``in_features`` keeps its old value.
    """
    layer = linear([[2.0, 3.0]])
    weight, other = layer.weight, torch.tensor([[5.0, 6.0, 7.0]])

    def act():
        layer.weight.data = other
        return {
            "weight": layer.weight,
            "same parameter": layer.weight is weight,
            "storage of the other": weight.data_ptr() == other.data_ptr(),
            "in_features": layer.in_features,
        }

    assert snapshot == observe(act)


@pytest.mark.api("torch.Tensor.data", page="notes/autograd")
def test_assigning_data_of_another_dtype_changes_the_dtype_of_the_parameter(snapshot):
    """``weight.data = float64_tensor`` silently turns the Parameter itself into a float64 one."""
    weight = parameter()

    def act():
        weight.data = torch.tensor([[5.0, 6.0]], dtype=torch.float64)
        return weight

    assert snapshot == observe(act)
