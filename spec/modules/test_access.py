"""Ways to a parameter, and ``.data``: by index, by attribute, by state dict key."""

import pytest
import torch

from fixtures.models import linear
from fixtures.modules import perceptron
from torch_history.observing import observe


def article_network():
    """Article D's network, the bias of its last layer set to what D prints."""
    net = perceptron()
    net[2].bias.data.fill_(-0.2004)
    return net


def parameter():
    return linear([[2.0, 3.0]]).weight


@pytest.mark.api("torch.nn.Sequential", page="generated/torch.nn.Sequential", article="D")
def test_index_and_attribute_reach_the_same_parameter(snapshot):
    """``net[2].bias`` is what ``named_parameters()`` lists as ``2.bias``: one object, many ways to it."""
    net = article_network()
    listed = dict(net.named_parameters())
    assert snapshot == observe(
        lambda: {"value": net[2].bias, "the listed one": net[2].bias is listed["2.bias"]}
    )


@pytest.mark.api("torch.nn.Module.state_dict", page="generated/torch.nn.Module", article="D")
def test_state_dict_key_reaches_the_same_storage(snapshot):
    """``net.state_dict()["2.bias"]`` is another tensor, on the parameter's storage: writing to it changes the net."""
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
    """``net[2].state_dict()`` names its entries as the layer does, ``net.state_dict()`` puts ``2.`` before."""
    net = article_network()
    assert snapshot == observe(
        lambda: {"layer": list(net[2].state_dict()), "net": list(net.state_dict())}
    )


@pytest.mark.api("torch.nn.Module.get_parameter", page="generated/torch.nn.Module")
@pytest.mark.changed(
    "1.6",
    "raises ModuleAttributeError, a subclass of AttributeError",
    kind="exception",
    cause="pytorch#34324",
)
@pytest.mark.changed(
    "1.8", "raises plain AttributeError again", kind="exception", cause="pytorch#50298"
)
@pytest.mark.changed("1.9", "Module.get_parameter", kind="api-appeared", cause="pytorch#52358")
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
    """The type of ``.bias`` is Parameter, as article D prints it; that of ``.bias.data`` is Tensor."""
    bias = article_network()[2].bias
    assert snapshot == observe(lambda: {"bias": str(type(bias)), "bias.data": str(type(bias.data))})


@pytest.mark.api("torch.Tensor.grad", page="generated/torch.Tensor.grad", article="D")
def test_gradient_of_a_parameter_is_a_plain_tensor(snapshot):
    """``.grad`` is None before backward, as article D says; after it is a plain Tensor that requires no grad."""
    layer = linear([[2.0]], [0.5])
    before = layer.bias.grad
    layer(torch.tensor([[3.0]])).sum().backward()
    assert snapshot == observe(
        lambda: {"before": before, "after": layer.bias.grad, "type": str(type(layer.bias.grad))}
    )


@pytest.mark.api("torch.Tensor.data", page="notes/autograd", article="D")
def test_data_requires_no_grad(snapshot):
    """``.data`` of a parameter requires no grad, and prints bare: the ``requires_grad=True`` that article D shows is wrong."""
    bias = article_network()[2].bias
    assert snapshot == observe(
        lambda: {"value": bias.data, "is_leaf": bias.data.is_leaf, "printed": repr(bias.data)}
    )


@pytest.mark.api("torch.Tensor.data", page="notes/autograd", article="D")
def test_data_is_a_new_tensor_on_the_same_storage(snapshot):
    """Each ``.data`` is another tensor object, and all share the parameter's storage."""
    weight = parameter()
    assert snapshot == observe(
        lambda: {
            "same object twice": weight.data is weight.data,
            "same storage": weight.data.data_ptr() == weight.data_ptr(),
        }
    )


@pytest.mark.api("torch.Tensor.data", page="notes/autograd", article="D")
def test_write_through_data_changes_the_parameter(snapshot):
    """An in-place write through ``.data`` is a write to the parameter, which stays a leaf that requires grad."""
    weight = parameter()

    def act():
        weight.data *= 10.0
        return {"weight": weight, "is_leaf": weight.is_leaf, "grad_fn": weight.grad_fn}

    assert snapshot == observe(act)


@pytest.mark.api("torch.Tensor.data", page="notes/autograd")
def test_data_has_its_own_version_counter(snapshot):
    """A write through ``.data`` is not counted, so autograd cannot notice it; one under ``no_grad`` is."""
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
    "1.5", 'the message says "is being used" instead of "has been used"', kind="wording"
)
def test_write_to_a_parameter_raises(snapshot):
    """Without ``.data`` or ``no_grad`` an in-place write to a leaf that requires grad raises."""
    weight = parameter()
    assert snapshot == observe(lambda: weight.mul_(10.0))


@pytest.mark.api("torch.Tensor.data", page="notes/autograd")
def test_data_of_a_non_leaf_is_cut_from_its_graph(snapshot):
    """``.data`` of a result is a leaf without ``grad_fn``; the result itself keeps its own."""
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
    """``weight.data = tensor`` puts the tensor's storage under the same Parameter, whatever its shape: no layer is asked."""
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
    """``weight.data = float64`` turns the Parameter itself into a float64 one, without a word."""
    weight = parameter()

    def act():
        weight.data = torch.tensor([[5.0, 6.0]], dtype=torch.float64)
        return weight

    assert snapshot == observe(act)
