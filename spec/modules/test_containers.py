"""Torch's containers register what they hold; Python lists and dicts do not.

``torch.nn.ModuleList``, ``torch.nn.ModuleDict``, ``torch.nn.ParameterList`` and
``torch.nn.ParameterDict`` register their elements under an index or a key. Modules in a Python list
are not listed, saved, moved or trained, and nothing warns. Since 1.7 a ModuleDict keeps the order
of a plain dict, while a ParameterDict sorts the keys. Slices and deletions of a ModuleList number
the modules from 0 again. A ModuleList cannot be called, because it does not chain its modules.
"""

from collections import OrderedDict

import pytest
import torch
from torch import nn

from fixtures.models import linear
from fixtures.modules import layout, parameter_names
from torch_history.observing import observe


def holding(value):
    """A module that holds this value as its attribute ``parts``."""
    module = nn.Module()
    module.parts = value
    return module


def layers():
    return [linear([[1.0]]), linear([[2.0]])]


def parameters():
    return [nn.Parameter(torch.tensor([1.0])), nn.Parameter(torch.tensor([2.0]))]


@pytest.mark.api("torch.nn.ModuleList", page="generated/torch.nn.ModuleList")
def test_module_list_registers_its_modules(snapshot):
    """The modules of a ``ModuleList`` are children named 0, 1, ..."""
    assert snapshot == observe(lambda: parameter_names(holding(nn.ModuleList(layers()))))


@pytest.mark.api("torch.nn.ModuleDict", page="generated/torch.nn.ModuleDict")
@pytest.mark.changed(
    "1.7",
    "the modules are in the order of the dict instead of sorted by key",
    kind="silent",
    cause="pytorch#40905",
    advice="pass sorted(d.items()) to keep the order that older optimizer states have",
    restored_by="modules.module_dict_of_sorted_items_registers_by_key",
    when="modules@0!=<built>|None",
    depends="the order of the keys of a plain dict",
)
def test_module_dict_registers_in_the_order_of_a_dict(snapshot):
    """Since 1.7 the children of a ``ModuleDict`` are in the order of the dict.

    They are named by its keys.
    """
    first, second = layers()
    assert snapshot == observe(
        lambda: parameter_names(holding(nn.ModuleDict({"z": first, "a": second})))
    )


@pytest.mark.api("torch.nn.ModuleDict", page="generated/torch.nn.ModuleDict")
def test_module_dict_of_sorted_items_registers_by_key(snapshot):
    """``ModuleDict(sorted(modules.items()))`` registers its modules in the order of their keys.

    Before 1.7 every ``ModuleDict`` of a plain dict had this order.
    """
    first, second = layers()
    assert snapshot == observe(
        lambda: parameter_names(holding(nn.ModuleDict(sorted({"z": first, "a": second}.items()))))
    )


@pytest.mark.api("torch.nn.ParameterList", page="generated/torch.nn.ParameterList")
def test_parameter_list_registers_its_parameters(snapshot):
    """The parameters of a ``ParameterList`` are named 0, 1, ..."""
    assert snapshot == observe(
        lambda: dict(holding(nn.ParameterList(parameters())).named_parameters())
    )


@pytest.mark.api("torch.nn.ParameterDict", page="generated/torch.nn.ParameterDict")
def test_parameter_dict_sorts_the_keys_of_a_plain_dict(snapshot):
    """A ``ParameterDict`` registers under its keys, and sorts the keys of a plain dict.

    Since 1.7 a ``ModuleDict`` does not sort them. An optimizer numbers its states by this order.
    """
    first, second = parameters()
    assert snapshot == observe(
        lambda: parameter_names(holding(nn.ParameterDict({"z": first, "a": second})))
    )


@pytest.mark.api("torch.nn.ParameterDict", page="generated/torch.nn.ParameterDict")
def test_parameter_dict_keeps_the_order_of_an_ordered_dict(snapshot):
    """A ``ParameterDict`` keeps the order of an ``OrderedDict``.

    Only the keys of a plain dict are sorted.
    """
    first, second = parameters()
    assert snapshot == observe(
        lambda: parameter_names(
            holding(nn.ParameterDict(OrderedDict([("z", first), ("a", second)])))
        )
    )


@pytest.mark.api("torch.nn.ParameterList", page="generated/torch.nn.ParameterList")
@pytest.mark.changed(
    "1.12",
    "a tensor becomes a Parameter instead of raising",
    kind="error-gone",
    cause="pytorch#70499",
)
def test_parameter_list_makes_parameters_of_tensors(snapshot):
    """Since 1.12 a plain tensor in a ``ParameterList`` becomes a Parameter and is listed."""
    assert snapshot == observe(
        lambda: dict(nn.ParameterList([torch.tensor([1.0])]).named_parameters())
    )


@pytest.mark.api("torch.nn.Module", page="generated/torch.nn.ModuleList")
def test_python_list_of_modules_is_not_registered(snapshot):
    """Modules in a Python list are not listed, saved, moved or trained. Use a ModuleList."""
    module = holding(layers())

    def act():
        module.double()
        return {
            "parameters": parameter_names(module),
            "children": layout(module),
            "state_dict": list(module.state_dict()),
            "dtype after double()": module.parts[0].weight.dtype,
        }

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.Module", page="generated/torch.nn.ModuleDict")
def test_python_dict_of_modules_is_not_registered(snapshot):
    """Modules in a Python dict are not listed or saved. Use a ModuleDict."""
    first, second = layers()
    module = holding({"z": first, "a": second})
    assert snapshot == observe(
        lambda: {"parameters": parameter_names(module), "state_dict": list(module.state_dict())}
    )


@pytest.mark.api("torch.nn.Module", page="generated/torch.nn.ParameterList")
def test_python_list_of_parameters_is_not_registered(snapshot):
    """Parameters in a Python list are not registered. Use a ParameterList.

    An optimizer over such a module alone has nothing to train, and raises.
    """
    module = holding(parameters())
    assert parameter_names(module) == []
    assert snapshot == observe(lambda: torch.optim.SGD(module.parameters(), lr=0.1))


@pytest.mark.api("torch.nn.ModuleList", page="generated/torch.nn.ModuleList")
@pytest.mark.changed(
    "1.5",
    "raises TypeError about the number of arguments instead of NotImplementedError",
    kind="exception",
    cause="pytorch#29991",
    when=":unseen",
)
@pytest.mark.changed(
    "1.9",
    "raises NotImplementedError again",
    kind="exception",
    cause="pytorch#48785",
    probable=True,
    when=":unseen",
)
@pytest.mark.changed(
    "1.12",
    "the message says that forward is missing",
    kind="wording",
    cause="pytorch#74303 (the issue)",
    when=":unseen",
)
def test_module_list_is_not_callable(snapshot):
    """Calling a ``ModuleList`` raises: it holds modules, but does not chain them."""
    assert snapshot == observe(lambda: nn.ModuleList(layers())(torch.tensor([[1.0]])))


@pytest.mark.api("torch.nn.ModuleList", page="generated/torch.nn.ModuleList")
def test_module_list_slice_is_numbered_anew(snapshot):
    """A slice of a ``ModuleList`` is numbered from 0; a slice of a Sequential keeps its names."""
    assert snapshot == observe(
        lambda: layout(nn.ModuleList([nn.ReLU(), nn.Sigmoid(), nn.Tanh()])[1:])
    )


@pytest.mark.api("torch.nn.ModuleList", page="generated/torch.nn.ModuleList")
def test_module_list_deletion_closes_the_gap(snapshot):
    """``del modules[0]`` renumbers the remaining modules of a ``ModuleList`` from 0."""
    modules = nn.ModuleList([nn.ReLU(), nn.Sigmoid(), nn.Tanh()])

    def act():
        del modules[0]
        return layout(modules)

    assert snapshot == observe(act)


MAPPINGS = {
    "module_dict": lambda key: nn.ModuleDict({key: nn.ReLU()}),
    "parameter_dict": lambda key: nn.ParameterDict({key: nn.Parameter(torch.tensor([1.0]))}),
}


@pytest.mark.parametrize("make", list(MAPPINGS.values()), ids=list(MAPPINGS))
@pytest.mark.api(
    "torch.nn.ModuleDict", "torch.nn.ParameterDict", page="generated/torch.nn.ModuleDict"
)
def test_mapping_refuses_the_name_of_its_own_method(make, snapshot):
    """A ModuleDict or ParameterDict raises for a key that is the name of its own method.

    Keys are attribute names: ``keys``, ``pop`` and ``train`` are already in use.
    """
    assert snapshot == observe(lambda: parameter_names(make("keys")))
