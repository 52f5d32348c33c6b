"""Containers used like Python's own: added, repeated, popped, updated, and filled with other things."""

from collections import OrderedDict

import pytest
import torch
from torch import nn

from fixtures.modules import layout
from torch_history.observing import observe


def parameter(value=1.0):
    return nn.Parameter(torch.tensor([value]))


@pytest.mark.api("torch.nn.ModuleList", page="generated/torch.nn.ModuleList")
@pytest.mark.changed("1.11", "ModuleLists can be added", kind="error-gone", cause="pytorch#70887")
@pytest.mark.parametrize(
    "other", [nn.ModuleList([nn.Tanh()]), [nn.Tanh()]], ids=["a ModuleList", "a list"]
)
def test_sum_of_module_lists_is_a_new_module_list(other, snapshot):
    """``+`` joins a ModuleList and another one, or a Python list, and numbers anew; the modules are the same objects."""
    first = nn.ModuleList([nn.ReLU()])

    def act():
        joined = first + other
        return {
            "children": layout(joined),
            "same modules": joined[0] is first[0],
            "length of the first": len(first),
        }

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.ModuleList", page="generated/torch.nn.ModuleList")
@pytest.mark.changed(
    "1.6",
    "raises ModuleAttributeError, a subclass of AttributeError",
    kind="exception",
    cause="pytorch#34324",
)
@pytest.mark.changed(
    "1.8", "raises plain AttributeError again", kind="exception", cause="pytorch#50298"
)
@pytest.mark.changed("1.13", "ModuleList.pop", kind="api-appeared", cause="pytorch#81601")
def test_module_list_pop_deletes_and_returns(snapshot):
    """``pop(0)`` gives the module and closes the gap."""
    modules = nn.ModuleList([nn.ReLU(), nn.Tanh()])
    assert snapshot == observe(
        lambda: {"popped": type(modules.pop(0)).__name__, "left": layout(modules)}
    )


@pytest.mark.api("torch.nn.ModuleList", page="generated/torch.nn.ModuleList")
def test_module_list_keeps_none(snapshot):
    """None takes a place in a ModuleList, and a loop over it meets that None; as a child it is not listed."""
    modules = nn.ModuleList([nn.ReLU(), None])
    assert snapshot == observe(
        lambda: {
            "length": len(modules),
            "last is None": modules[1] is None,
            "children": layout(modules),
        }
    )


@pytest.mark.api("torch.nn.Sequential", page="generated/torch.nn.Sequential")
@pytest.mark.changed(
    "1.13",
    "a Sequential can be multiplied",
    kind="error-gone",
    cause="pytorch#81279",
    advice="deep-copy the block where the copies are to have parameters of their own",
)
def test_product_of_a_sequential_repeats_the_same_layers(snapshot):
    """``block * 2`` is twice the same block: its parameters are tied, and listed once."""
    block = nn.Sequential(nn.Linear(1, 1))

    def act():
        repeated = block * 2
        return {
            "length": len(repeated),
            "same layer": repeated[0] is repeated[1],
            "parameters": len(list(repeated.parameters())),
        }

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.ModuleDict", page="generated/torch.nn.ModuleDict")
@pytest.mark.changed(
    "1.7",
    "appends in the order of the dict instead of sorting by key",
    kind="silent",
    cause="pytorch#40905",
    advice="update with sorted(d.items()) to keep the order, which numbers an optimizer's states",
)
def test_module_dict_update_keeps_the_order_of_a_dict(snapshot):
    """``update`` with a plain dict appends in its order, no longer sorted: the order numbers an optimizer's states."""
    modules = nn.ModuleDict(OrderedDict([("b", nn.ReLU())]))

    def act():
        modules.update({"z": nn.ReLU(), "a": nn.ReLU()})
        return list(modules)

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.ModuleDict", page="generated/torch.nn.ModuleDict")
@pytest.mark.changed(
    "1.6", "takes a ModuleDict instead of raising", kind="error-gone", cause="pytorch#27814"
)
def test_module_dict_update_takes_a_module_dict(snapshot):
    """Another ModuleDict serves as well as a dict, and its modules are shared."""
    modules, others = nn.ModuleDict({"b": nn.ReLU()}), nn.ModuleDict({"a": nn.Tanh()})

    def act():
        modules.update(others)
        return {"keys": list(modules), "same module": modules["a"] is others["a"]}

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.ParameterList", page="generated/torch.nn.ParameterList")
@pytest.mark.changed(
    "1.12",
    "what is no tensor is kept, and not listed, instead of raising",
    kind="error-gone",
    cause="pytorch#70499",
)
def test_parameter_list_keeps_what_is_no_tensor(snapshot):
    """A number is kept in its place, and is neither listed nor saved. A mistake passes in silence."""

    def act():
        values = nn.ParameterList([parameter(), 3])
        return {
            "second": values[1],
            "parameters": len(list(values.parameters())),
            "state_dict": list(values.state_dict()),
        }

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.ParameterList", page="generated/torch.nn.ParameterList")
@pytest.mark.changed(
    "1.12",
    "a tensor becomes a Parameter instead of raising",
    kind="error-gone",
    cause="pytorch#70499",
)
def test_tensor_assigned_in_a_parameter_list_becomes_a_parameter(snapshot):
    """``values[0] = tensor`` makes a new Parameter in that place, of which an optimizer knows nothing."""
    values = nn.ParameterList([parameter()])
    before = values[0]

    def act():
        values[0] = torch.tensor([2.0, 3.0])
        return {"value": values[0], "same parameter": values[0] is before}

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.ParameterDict", page="generated/torch.nn.ParameterDict")
@pytest.mark.changed(
    "1.12",
    "a tensor becomes a Parameter instead of raising",
    kind="error-gone",
    cause="pytorch#70499",
)
def test_parameter_dict_makes_parameters_of_tensors(snapshot):
    """A plain tensor under a key becomes a Parameter, as in a ParameterList."""
    assert snapshot == observe(
        lambda: dict(nn.ParameterDict({"a": torch.tensor([1.0])}).named_parameters())
    )


@pytest.mark.api("torch.nn.ParameterDict", page="generated/torch.nn.ParameterDict")
@pytest.mark.changed(
    "1.6",
    "raises ModuleAttributeError, a subclass of AttributeError",
    kind="exception",
    cause="pytorch#34324",
)
@pytest.mark.changed(
    "1.8", "raises plain AttributeError again", kind="exception", cause="pytorch#50298"
)
@pytest.mark.changed("1.11", "ParameterDict.get", kind="api-appeared", cause="pytorch#69403")
def test_parameter_dict_get_gives_none_for_a_missing_key(snapshot):
    """As a dict's ``get`` does."""
    values = nn.ParameterDict({"a": parameter()})
    assert snapshot == observe(lambda: {"there": values.get("a"), "missing": values.get("b")})


@pytest.mark.api("torch.nn.ParameterDict", page="generated/torch.nn.ParameterDict")
@pytest.mark.changed(
    "1.11", "ParameterDicts can be united", kind="error-gone", cause="pytorch#69403"
)
def test_union_of_parameter_dicts_holds_the_same_parameters(snapshot):
    """``first | second`` is a new ParameterDict of the same parameters, in that order."""
    first, second = nn.ParameterDict({"z": parameter()}), nn.ParameterDict({"a": parameter(2.0)})

    def act():
        union = first | second
        return {
            "keys": list(union),
            "same parameters": union["z"] is first["z"] and union["a"] is second["a"],
        }

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.ParameterDict", page="generated/torch.nn.ParameterDict")
@pytest.mark.changed(
    "1.6",
    "raises ModuleAttributeError, a subclass of AttributeError",
    kind="exception",
    cause="pytorch#34324",
)
@pytest.mark.changed(
    "1.8", "raises plain AttributeError again", kind="exception", cause="pytorch#50298"
)
@pytest.mark.changed("1.11", "ParameterDict.copy", kind="api-appeared", cause="pytorch#69403")
def test_copy_of_a_parameter_dict_shares_its_parameters(snapshot):
    """``copy()`` is shallow: a new dict, the same parameters."""
    values = nn.ParameterDict({"a": parameter()})

    def act():
        copied = values.copy()
        return {"same parameter": copied["a"] is values["a"], "same dict": copied is values}

    assert snapshot == observe(act)
