"""Dots join the names of nested modules, in the order of assignment.

``torch.nn.Module.named_parameters`` lists a module's own parameters first, then those of its
children. Layers without parameters leave a gap in the numbers. ``torch.nn.Module.named_modules``
starts with the module itself, under the empty name. ``torch.nn.Module.add_module`` accepts a name
with a space. It refuses a dot, the empty name, and the name of another attribute. Trap: the name of
another child silently replaces that child.
"""

import pytest
import torch
from torch import nn

from fixtures.modules import (
    BaseWithAdapter,
    Scale,
    layout,
    nested_blocks,
    parameter_names,
    perceptron,
)
from torch_history.observing import observe


class Outer(nn.Module):
    """A module that assigns a child, then a parameter of its own, then another child."""

    def __init__(self):
        super().__init__()
        self.first = Scale()
        self.own = nn.Parameter(torch.tensor([0.0]))
        self.activation = nn.ReLU()
        self.last = Scale()


@pytest.mark.api("torch.nn.Module.named_parameters", page="generated/torch.nn.Module", article="D")
def test_layers_without_parameters_leave_a_gap_in_the_names(snapshot):
    """Layers without parameters leave a gap in the numbers of the parameter names.

    Article D's network lists 0.weight, 0.bias, 2.weight and 2.bias.
    """
    assert snapshot == observe(
        lambda: {name: value.shape for name, value in perceptron().named_parameters()}
    )


@pytest.mark.api("torch.nn.Module.named_parameters", page="generated/torch.nn.Module", article="A")
def test_names_of_nested_modules_are_joined_by_dots(snapshot):
    """Dots join the names of nested modules, which are listed in the order of assignment.

    Article A's model lists base, adapter and head, and nothing for its sigmoid.
    """
    assert snapshot == observe(lambda: parameter_names(BaseWithAdapter()))


@pytest.mark.api("torch.nn.Module.named_parameters", page="generated/torch.nn.Module", article="D")
def test_space_in_the_name_of_a_block_stays_in_the_names_of_its_parameters(snapshot):
    """A space in the name of a block stays in the names of its parameters.

    Article D's blocks give names such as ``0.block 1.2.bias``.
    """
    assert snapshot == observe(lambda: parameter_names(nested_blocks(2)))


@pytest.mark.api("torch.nn.Module.named_parameters", page="generated/torch.nn.Module")
def test_own_parameters_come_before_those_of_children(snapshot):
    """A module lists its own parameters first, even if a child was assigned before them."""
    assert snapshot == observe(lambda: parameter_names(Outer()))


@pytest.mark.api("torch.nn.Module.named_parameters", page="generated/torch.nn.Module")
def test_named_parameters_without_recursion_lists_its_own_only(snapshot):
    """``named_parameters(recurse=False)`` lists only the module's own parameters.

    ``prefix`` goes before each name.
    """
    assert snapshot == observe(
        lambda: [name for name, _ in Outer().named_parameters(prefix="outer", recurse=False)]
    )


@pytest.mark.api("torch.nn.Module.named_modules", page="generated/torch.nn.Module", article="D")
def test_named_modules_starts_with_the_module_itself(snapshot):
    """``named_modules()`` starts with the module itself, under the empty name.

    Each child comes before its own children.
    """
    assert snapshot == observe(
        lambda: [
            f"{name}: {type(module).__name__}" for name, module in nested_blocks(1).named_modules()
        ]
    )


@pytest.mark.api("torch.nn.Module.get_submodule", page="generated/torch.nn.Module")
@pytest.mark.changed(
    "1.6",
    "raises ModuleAttributeError, a subclass of AttributeError",
    kind="wording",
    cause="pytorch#34324",
)
@pytest.mark.changed(
    "1.8", "raises plain AttributeError again", kind="wording", cause="pytorch#50298"
)
@pytest.mark.changed("1.9", "Module.get_submodule", kind="appeared", cause="pytorch#52358")
def test_get_submodule_takes_a_dotted_name(snapshot):
    """``get_submodule("0.block 1.2")`` finds a nested layer by its dotted name."""
    net = nested_blocks(2)
    assert snapshot == observe(lambda: net.get_submodule("0.block 1.2") is net[0][1][2])


@pytest.mark.api("torch.nn.Module.add_module", page="generated/torch.nn.Module", article="D")
def test_add_module_takes_a_name_with_a_space(snapshot):
    """``add_module`` accepts a name with a space, such as ``"block 0"``.

    Attribute syntax cannot reach such a child, but ``getattr`` can.
    """
    net, block = nn.Sequential(), nn.ReLU()

    def act():
        net.add_module("block 0", block)
        return {"children": layout(net), "by getattr": getattr(net, "block 0") is block}

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.Module.add_module", page="generated/torch.nn.Module")
@pytest.mark.changed("1.8", "the message includes the name", kind="wording")
def test_add_module_refuses_a_dot(snapshot):
    """``add_module`` raises for a name with a dot.

    Dots separate the names of nested modules.
    """
    assert snapshot == observe(lambda: nn.Sequential().add_module("block.0", nn.ReLU()))


@pytest.mark.api("torch.nn.Module.add_module", page="generated/torch.nn.Module")
def test_add_module_refuses_an_empty_name(snapshot):
    """``add_module`` raises for the empty name, which is the name of the module itself."""
    assert snapshot == observe(lambda: nn.Sequential().add_module("", nn.ReLU()))


@pytest.mark.api("torch.nn.Module.add_module", page="generated/torch.nn.Module")
def test_add_module_refuses_the_name_of_another_attribute(snapshot):
    """``add_module`` raises for the name of a parameter, a method or any other attribute."""
    assert snapshot == observe(lambda: Scale().add_module("weight", nn.ReLU()))


@pytest.mark.api("torch.nn.Module.add_module", page="generated/torch.nn.Module")
def test_add_module_replaces_a_module_of_the_same_name(snapshot):
    """``add_module`` with the name of another child silently replaces that child."""
    net = nn.Sequential(nn.ReLU(), nn.Sigmoid())

    def act():
        net.add_module("0", nn.Tanh())
        return layout(net)

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.Module.add_module", page="generated/torch.nn.Module")
@pytest.mark.changed(
    "1.5",
    "the message calls the class _VariableFunctionsClass",
    kind="wording",
    cause="pytorch#38033",
    probable=True,
)
@pytest.mark.changed("1.12", "the message names the module of the class", kind="wording")
def test_add_module_refuses_what_is_no_module(snapshot):
    """``add_module`` raises for an object that is not a Module, such as a function.

    Wrap the function in a Module.
    """
    assert snapshot == observe(lambda: nn.Sequential().add_module("0", torch.relu))
