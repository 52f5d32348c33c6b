"""Containers can be added, repeated, popped and updated like Python's.

The operators make new containers that hold the same modules or parameters. Since 1.11 a
``torch.nn.ModuleList`` can be added with ``+``, and a ``torch.nn.ParameterDict`` joined with ``|``.
Trap: ``Sequential * 2``, since 1.13, repeats the same layers, so their parameters are tied. Since
1.12 a tensor in a ``torch.nn.ParameterList`` becomes a Parameter. Any other value is kept without
an error, and is neither listed nor saved. Since 1.7 ``torch.nn.ModuleDict.update`` keeps the order
of a plain dict.
"""

from collections import OrderedDict

import pytest
import torch
from torch import nn

from fixtures.modules import layout
from torch_history.observing import observe


def parameter(value=1.0):
    return nn.Parameter(torch.tensor([value]))


@pytest.mark.api("torch.nn.ModuleList", page="generated/torch.nn.ModuleList")
@pytest.mark.changed(
    "1.11",
    "ModuleLists can be added with +",
    kind="error-gone",
    cause="pytorch#70887",
    when=":unseen",
)
@pytest.mark.parametrize(
    "other", [nn.ModuleList([nn.Tanh()]), [nn.Tanh()]], ids=["a ModuleList", "a list"]
)
def test_sum_of_module_lists_is_a_new_module_list(other, snapshot):
    """Since 1.11 ``ModuleList + other`` is a new ModuleList, numbered from 0.

    The other operand is a ModuleList or a Python list. The modules are the same objects.
    """
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
    kind="wording",
    cause="pytorch#34324",
)
@pytest.mark.changed(
    "1.8", "raises plain AttributeError again", kind="wording", cause="pytorch#50298"
)
@pytest.mark.changed("1.13", "ModuleList.pop", kind="appeared", cause="pytorch#81601")
def test_module_list_pop_deletes_and_returns(snapshot):
    """``ModuleList.pop(0)`` removes the module, returns it and renumbers the rest."""
    modules = nn.ModuleList([nn.ReLU(), nn.Tanh()])
    assert snapshot == observe(
        lambda: {"popped": type(modules.pop(0)).__name__, "left": layout(modules)}
    )


@pytest.mark.api("torch.nn.ModuleList", page="generated/torch.nn.ModuleList")
def test_module_list_keeps_none(snapshot):
    """A ModuleList keeps None as an element: it has an index and counts in ``len``.

    A loop over the list gets None. ``named_children()`` does not list it.
    """
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
    advice="deep-copy the block if each copy needs its own parameters",
    when=":unseen",
)
def test_product_of_a_sequential_repeats_the_same_layers(snapshot):
    """Since 1.13 ``Sequential * 2`` repeats the same layers, whose parameters are then tied.

    ``parameters()`` lists each of them once.
    """
    block = nn.Sequential(nn.Linear(1, 1))

    def act():
        repeated = block * 2
        return {
            "length": len(repeated),
            "same layer": repeated[0] is repeated[1],
            "parameters": len(list(repeated.parameters())),
        }

    assert snapshot == observe(act)


@pytest.mark.api(
    "torch.nn.ModuleDict", "torch.nn.ModuleDict.update", page="generated/torch.nn.ModuleDict"
)
@pytest.mark.changed(
    "1.7",
    "appends in the order of the dict instead of sorting by key",
    kind="silent",
    cause="pytorch#40905",
    advice="pass sorted(d.items()) to keep the order that older optimizer states have",
    restored_by="modules.module_dict_update_with_sorted_items_appends_by_key",
    when="modules@0!=<built>",
    depends="the order of the keys of a plain dict",
    of="torch.nn.ModuleDict.update",
)
def test_module_dict_update_keeps_the_order_of_a_dict(snapshot):
    """Since 1.7 ``ModuleDict.update`` with a plain dict appends in the order of the dict.

    Before 1.7 it sorted the keys. An optimizer numbers its states by this order.
    """
    modules = nn.ModuleDict(OrderedDict([("b", nn.ReLU())]))

    def act():
        modules.update({"z": nn.ReLU(), "a": nn.ReLU()})
        return list(modules)

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.ModuleDict", page="generated/torch.nn.ModuleDict")
def test_module_dict_update_with_sorted_items_appends_by_key(snapshot):
    """``ModuleDict.update(sorted(new.items()))`` appends in the order of the keys."""
    modules = nn.ModuleDict(OrderedDict([("b", nn.ReLU())]))

    def act():
        modules.update(sorted({"z": nn.ReLU(), "a": nn.ReLU()}.items()))
        return list(modules)

    assert snapshot == observe(act)


@pytest.mark.api(
    "torch.nn.ModuleDict", "torch.nn.ModuleDict.update", page="generated/torch.nn.ModuleDict"
)
@pytest.mark.changed(
    "1.6",
    "accepts a ModuleDict instead of raising",
    kind="error-gone",
    cause="pytorch#27814",
    rarely="another ModuleDict as its argument",
    of="torch.nn.ModuleDict.update",
)
def test_module_dict_update_takes_a_module_dict(snapshot):
    """Since 1.6 ``ModuleDict.update`` accepts another ModuleDict and shares its modules."""
    modules, others = nn.ModuleDict({"b": nn.ReLU()}), nn.ModuleDict({"a": nn.Tanh()})

    def act():
        modules.update(others)
        return {"keys": list(modules), "same module": modules["a"] is others["a"]}

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.ParameterList", page="generated/torch.nn.ParameterList")
@pytest.mark.changed(
    "1.12",
    "a value that is not a tensor is kept, but not listed, instead of raising",
    kind="error-gone",
    cause="pytorch#70499",
)
def test_parameter_list_keeps_what_is_no_tensor(snapshot):
    """Since 1.12 a ParameterList keeps a value that is not a tensor, without an error.

    The value is neither listed nor saved, so a mistake goes unnoticed.
    """

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
    """Since 1.12 a tensor assigned in a ParameterList becomes a new Parameter.

    An optimizer that was built before does not hold the new Parameter.
    """
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
    """Since 1.12 a plain tensor under a key of a ParameterDict becomes a Parameter."""
    assert snapshot == observe(
        lambda: dict(nn.ParameterDict({"a": torch.tensor([1.0])}).named_parameters())
    )


@pytest.mark.api("torch.nn.ParameterDict", page="generated/torch.nn.ParameterDict")
@pytest.mark.changed(
    "1.6",
    "raises ModuleAttributeError, a subclass of AttributeError",
    kind="wording",
    cause="pytorch#34324",
)
@pytest.mark.changed(
    "1.8", "raises plain AttributeError again", kind="wording", cause="pytorch#50298"
)
@pytest.mark.changed("1.11", "ParameterDict.get", kind="appeared", cause="pytorch#69403")
def test_parameter_dict_get_gives_none_for_a_missing_key(snapshot):
    """``ParameterDict.get`` returns None for a missing key, as ``dict.get`` does."""
    values = nn.ParameterDict({"a": parameter()})
    assert snapshot == observe(lambda: {"there": values.get("a"), "missing": values.get("b")})


@pytest.mark.api("torch.nn.ParameterDict", page="generated/torch.nn.ParameterDict")
@pytest.mark.changed(
    "1.11", "ParameterDicts can be joined with |", kind="error-gone", cause="pytorch#69403"
)
def test_union_of_parameter_dicts_holds_the_same_parameters(snapshot):
    """Since 1.11 ``first | second`` is a new ParameterDict of the same parameters.

    The parameters of ``first`` come first.
    """
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
    kind="wording",
    cause="pytorch#34324",
)
@pytest.mark.changed(
    "1.8", "raises plain AttributeError again", kind="wording", cause="pytorch#50298"
)
@pytest.mark.changed("1.11", "ParameterDict.copy", kind="appeared", cause="pytorch#69403")
def test_copy_of_a_parameter_dict_shares_its_parameters(snapshot):
    """``ParameterDict.copy()`` is shallow: a new ParameterDict of the same parameters."""
    values = nn.ParameterDict({"a": parameter()})

    def act():
        copied = values.copy()
        return {"same parameter": copied["a"] is values["a"], "same dict": copied is values}

    assert snapshot == observe(act)
