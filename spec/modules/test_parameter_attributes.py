"""Custom attributes of a parameter survive some copies and not others.

Training code marks parameters in this way ("no decay", "expert") and builds parameter groups from
the marks. A deep copy of a ``torch.nn.Parameter`` loses the marks. A deep copy of a plain tensor
keeps them since 1.11, and ``copy.copy`` of a Parameter since 2.0. Converting a module keeps them,
because the Parameter objects stay the same. The tensors of a state dict have them only with
``keep_vars=True``. Since 1.12 a Parameter made from a tensor subclass is an object of that
subclass.
"""

import copy

import pytest
import torch
from torch import nn

from fixtures.models import linear
from fixtures.tagged import Marked, marked, tag_of, tagged
from torch_history.observing import observe


def parameter():
    return tagged(nn.Parameter(torch.tensor([1.0])))


@pytest.mark.api("torch.nn.Parameter", page="generated/torch.nn.Parameter")
def test_deepcopied_parameter_loses_its_own_attributes(snapshot):
    """A deep copy of a Parameter loses its custom attributes.

    A deep copy of a model, for example for averaged weights, has no marks. Build the parameter
    groups from the original.
    """
    model = linear([[1.0]])
    tagged(model.weight)
    assert snapshot == observe(lambda: tag_of(copy.deepcopy(model).weight))


@pytest.mark.api("torch.Tensor", page="tensors")
@pytest.mark.changed(
    "1.11",
    "the copy has the attributes instead of losing them",
    kind="silent",
    cause="pytorch#65584",
    advice="call tensor.detach().clone() for a copy without them",
    restored_by="modules.detached_clone_of_a_tensor_loses_its_own_attributes",
    when=":unseen",
)
def test_deepcopied_tensor_keeps_its_own_attributes(snapshot):
    """Since 1.11 a deep copy of a plain tensor keeps its custom attributes.

    A deep copy of a Parameter does not.
    """
    assert snapshot == observe(lambda: tag_of(copy.deepcopy(tagged(torch.tensor([1.0])))))


@pytest.mark.api("torch.Tensor.clone", page="generated/torch.clone")
def test_detached_clone_of_a_tensor_loses_its_own_attributes(snapshot):
    """``tensor.detach().clone()`` is a copy without the custom attributes of the tensor."""
    assert snapshot == observe(lambda: tag_of(tagged(torch.tensor([1.0])).detach().clone()))


@pytest.mark.api("torch.nn.Parameter", page="generated/torch.nn.Parameter")
@pytest.mark.changed(
    "2.0",
    "the copy has the attributes instead of losing them",
    kind="silent",
    cause="pytorch#88913",
    advice="call nn.Parameter(p.detach()) for one without them",
    restored_by="modules.parameter_made_of_a_detached_one_loses_its_own_attributes",
    when=":unseen",
)
def test_shallow_copied_parameter_keeps_its_own_attributes(snapshot):
    """Since 2.0 ``copy.copy`` of a Parameter keeps its custom attributes.

    The copy shares the values of the original.
    """
    original = parameter()

    def act():
        twin = copy.copy(original)
        return {"tag": tag_of(twin), "same values": twin.data_ptr() == original.data_ptr()}

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.Parameter", page="generated/torch.nn.Parameter")
def test_parameter_made_of_a_detached_one_loses_its_own_attributes(snapshot):
    """``nn.Parameter(p.detach())`` shares the values of p, but not its custom attributes."""
    original = parameter()

    def act():
        twin = nn.Parameter(original.detach())
        return {"tag": tag_of(twin), "same values": twin.data_ptr() == original.data_ptr()}

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.Module.to", page="generated/torch.nn.Module")
def test_moved_parameter_keeps_its_own_attributes(snapshot):
    """A Parameter keeps its custom attributes when its module is converted.

    ``module.double()`` changes the values of the same Parameter object.
    """
    model = linear([[1.0]])
    tagged(model.weight)
    assert snapshot == observe(lambda: tag_of(model.double().weight))


@pytest.mark.api("torch.nn.Module.state_dict", page="generated/torch.nn.Module")
def test_state_dict_has_no_attributes_of_parameters(snapshot):
    """The tensors of a state dict do not have the custom attributes of the parameters.

    They are detached tensors. With ``keep_vars=True`` they are the parameters themselves.
    """
    model = linear([[1.0]])
    tagged(model.weight)
    assert snapshot == observe(
        lambda: {
            "detached": tag_of(model.state_dict()["weight"]),
            "keep_vars": tag_of(model.state_dict(keep_vars=True)["weight"]),
        }
    )


@pytest.mark.api("torch.nn.Parameter", page="generated/torch.nn.Parameter")
@pytest.mark.changed(
    "1.6",
    "Tensor.as_subclass appears, and a Parameter of a subclass is a plain one",
    kind="appeared",
    cause="pytorch#34369",
)
@pytest.mark.changed(
    "1.12",
    "the Parameter is of the subclass instead of a plain one",
    kind="silent",
    cause="pytorch#73459",
    advice="call nn.Parameter(tensor.as_subclass(torch.Tensor)) for a plain one",
    restored_by="modules.parameter_of_a_subclass_cast_to_tensor_is_a_plain_parameter",
    when=":unseen",
)
def test_parameter_of_a_tensor_subclass_is_of_that_class(snapshot):
    """Since 1.12 ``nn.Parameter`` of a tensor subclass is an object of that subclass.

    ``isinstance`` still counts it as a Parameter, and the module lists it.
    """

    def act():
        module = nn.Module()
        module.weight = nn.Parameter(marked([1.0]))
        return {
            "class": type(module.weight).__name__,
            "is a Parameter": isinstance(module.weight, nn.Parameter),
            "is Marked": isinstance(module.weight, Marked),
            "listed": [name for name, _ in module.named_parameters()],
        }

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.Parameter", page="generated/torch.nn.Parameter")
@pytest.mark.changed("1.6", "Tensor.as_subclass appears", kind="appeared", cause="pytorch#34369")
def test_parameter_of_a_subclass_cast_to_tensor_is_a_plain_parameter(snapshot):
    """``nn.Parameter(tensor.as_subclass(torch.Tensor))`` is a plain Parameter."""

    def act():
        module = nn.Module()
        module.weight = nn.Parameter(marked([1.0]).as_subclass(torch.Tensor))
        return {
            "class": type(module.weight).__name__,
            "is a Parameter": isinstance(module.weight, nn.Parameter),
            "is Marked": isinstance(module.weight, Marked),
            "listed": [name for name, _ in module.named_parameters()],
        }

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.Parameter", page="generated/torch.nn.Parameter")
@pytest.mark.changed(
    "1.12",
    "raises AttributeError, about a missing detach, instead of TypeError",
    kind="exception",
    cause="pytorch#73459",
    advice="pass a tensor, or catch both AttributeError and TypeError",
    when=("data@0=<list>|<tuple>|<built>|<int>|<float>",),
)
@pytest.mark.parametrize("value", [[1.0], nn.ReLU()], ids=["list", "module"])
def test_parameter_of_what_is_no_tensor_raises(value, snapshot):
    """``nn.Parameter`` of a value that is not a tensor raises.

    A list is not converted: write ``nn.Parameter(torch.tensor([1.0]))``. Since 1.12 the error is
    about a missing ``detach``.
    """
    assert snapshot == observe(lambda: nn.Parameter(value))
