"""Signatures of modules, containers and parameters: their arguments and defaults.

Calls with positional arguments, and overrides of a method in a subclass, depend on these lists.
"""

import pytest

from fixtures.arguments import arguments_of
from torch_history.observing import observe

METHODS = [
    "zero_grad",
    "train",
    "eval",
    "requires_grad_",
    "to",
    "type",
    "half",
    "bfloat16",
    "cpu",
    "cuda",
    "to_empty",
    "apply",
    "compile",
]
LISTS = [
    "parameters",
    "named_parameters",
    "buffers",
    "named_buffers",
    "children",
    "named_children",
    "modules",
    "named_modules",
]
REGISTRATIONS = ["register_parameter", "register_buffer", "add_module", "register_module"]
GETTERS = ["get_submodule", "get_parameter", "get_buffer", "set_submodule"]
CONTAINERS = ["Sequential", "ModuleList", "ModuleDict", "ParameterList", "ParameterDict"]
EDITS = [
    "Sequential.append",
    "Sequential.extend",
    "Sequential.insert",
    "Sequential.pop",
    "ModuleList.append",
    "ModuleList.extend",
    "ModuleList.insert",
    "ModuleList.pop",
    "ModuleDict.update",
    "ModuleDict.pop",
    "ParameterList.append",
    "ParameterList.extend",
    "ParameterDict.update",
    "ParameterDict.pop",
    "ParameterDict.get",
    "ParameterDict.copy",
    "ParameterDict.setdefault",
]
TENSORS = ["Parameter", "Buffer", "UninitializedParameter", "UninitializedBuffer"]


@pytest.mark.api("torch.nn.Module", page="generated/torch.nn.Module", signature=True)
@pytest.mark.changed("1.5", "bfloat16", kind="appeared")
@pytest.mark.changed("1.7", "set_to_none=False (zero_grad)", kind="appeared", cause="pytorch#42754")
@pytest.mark.changed("1.9", "to_empty", kind="appeared", cause="pytorch#54508")
@pytest.mark.changed(
    "2.0",
    "set_to_none is True instead of False (zero_grad): gradients become None",
    kind="representation",
    cause="pytorch#92731",
    advice="pass set_to_none=False to keep zeros",
)
@pytest.mark.changed("2.1", "recurse (to_empty)", kind="appeared", cause="pytorch#104197")
@pytest.mark.changed("2.1", "compile", kind="appeared", cause="pytorch#97565", probable=True)
@pytest.mark.parametrize("name", METHODS)
def test_module_methods_take_these_arguments(name, snapshot):
    """The methods that a training loop calls on a whole model take these arguments.

    Since 2.0 ``zero_grad`` sets gradients to None by default.
    """
    assert snapshot == observe(lambda: arguments_of(f"torch.nn.Module.{name}"))


@pytest.mark.api("torch.nn.Module", page="generated/torch.nn.Module", signature=True)
@pytest.mark.changed(
    "1.9", "remove_duplicate (named_modules)", kind="appeared", cause="pytorch#54812"
)
@pytest.mark.changed(
    "2.0",
    "remove_duplicate (named_parameters, named_buffers)",
    kind="appeared",
    cause="pytorch#88090",
)
@pytest.mark.changed("2.11", "remove_duplicate (modules)", kind="appeared", cause="pytorch#174383")
@pytest.mark.parametrize("name", LISTS)
def test_listings_take_these_arguments(name, snapshot):
    """The methods that list parameters, buffers and modules take these arguments.

    ``remove_duplicate=False`` lists a tied object under every name.
    """
    assert snapshot == observe(lambda: arguments_of(f"torch.nn.Module.{name}"))


@pytest.mark.api("torch.nn.Module", page="generated/torch.nn.Module", signature=True)
@pytest.mark.changed("1.6", "persistent (register_buffer)", kind="appeared", cause="pytorch#37191")
@pytest.mark.changed("1.11", "register_module", kind="appeared", cause="pytorch#65174")
@pytest.mark.parametrize("name", REGISTRATIONS)
def test_registrations_take_these_arguments(name, snapshot):
    """The methods that register by name take these arguments."""
    assert snapshot == observe(lambda: arguments_of(f"torch.nn.Module.{name}"))


@pytest.mark.api("torch.nn.Module", page="generated/torch.nn.Module", signature=True)
@pytest.mark.changed(
    "1.9", "get_submodule, get_parameter, get_buffer", kind="appeared", cause="pytorch#52358"
)
@pytest.mark.changed("2.5", "set_submodule", kind="appeared", cause="pytorch#127714")
@pytest.mark.changed("2.7", "strict (set_submodule)", kind="appeared", cause="pytorch#143455")
@pytest.mark.parametrize("name", GETTERS)
def test_dotted_access_takes_these_arguments(name, snapshot):
    """The methods that find or replace by a dotted name take these arguments."""
    assert snapshot == observe(lambda: arguments_of(f"torch.nn.Module.{name}"))


@pytest.mark.api(
    "torch.nn.Sequential",
    "torch.nn.ModuleList",
    "torch.nn.ModuleDict",
    "torch.nn.ParameterList",
    "torch.nn.ParameterDict",
    page="nn",
    signature=True,
)
@pytest.mark.changed(
    "1.12",
    "values instead of parameters (ParameterList)",
    kind="gone",
    cause="pytorch#70499",
    advice="pass it by position, as in nn.ParameterList(parameters)",
)
@pytest.mark.parametrize("name", CONTAINERS)
def test_containers_take_these_arguments(name, snapshot):
    """The container classes take these arguments.

    Since 1.12 the argument of ``ParameterList`` is ``values`` instead of ``parameters``.
    """
    assert snapshot == observe(lambda: arguments_of(f"torch.nn.{name}"))


@pytest.mark.api(
    "torch.nn.Sequential",
    "torch.nn.ModuleList",
    "torch.nn.ModuleDict",
    "torch.nn.ParameterList",
    "torch.nn.ParameterDict",
    page="nn",
    signature=True,
)
@pytest.mark.changed("1.11", "Sequential.append", kind="appeared", cause="pytorch#71326")
@pytest.mark.changed(
    "1.11", "ParameterDict.get, copy and setdefault", kind="appeared", cause="pytorch#69403"
)
@pytest.mark.changed(
    "1.12",
    "value and values instead of parameter and parameters (ParameterList.append and extend)",
    kind="gone",
    cause="pytorch#70499",
    advice="pass it by position",
)
@pytest.mark.changed(
    "1.13", "Sequential.extend", kind="appeared", cause="pytorch#81179", probable=True
)
@pytest.mark.changed("1.13", "Sequential.insert", kind="appeared", cause="pytorch#81402")
@pytest.mark.changed(
    "1.13", "Sequential.pop and ModuleList.pop", kind="appeared", cause="pytorch#81601"
)
@pytest.mark.parametrize("name", EDITS)
def test_edits_of_a_container_take_these_arguments(name, snapshot):
    """The list and dict methods of the containers take these arguments.

    Since 1.12 the argument of ``ParameterList.append`` is ``value`` instead of ``parameter``, and
    that of ``extend`` is ``values``.
    """
    assert snapshot == observe(lambda: arguments_of(f"torch.nn.{name}"))


@pytest.mark.api(
    "torch.nn.Parameter",
    "torch.nn.Buffer",
    "torch.nn.UninitializedParameter",
    page="generated/torch.nn.Parameter",
    signature=True,
)
@pytest.mark.changed(
    "1.8", "UninitializedParameter", kind="appeared", cause="pytorch#44538", probable=True
)
@pytest.mark.changed(
    "1.9",
    "device and dtype (UninitializedParameter)",
    kind="appeared",
    cause="pytorch#54508",
    probable=True,
)
@pytest.mark.changed("1.9", "UninitializedBuffer", kind="appeared", cause="pytorch#51548")
@pytest.mark.changed(
    "2.5",
    "persistent (UninitializedBuffer)",
    kind="appeared",
    cause="pytorch#125971",
    probable=True,
)
@pytest.mark.changed("2.5", "Buffer", kind="appeared", cause="pytorch#125971", probable=True)
@pytest.mark.parametrize("name", TENSORS)
def test_parameters_and_buffers_take_these_arguments(name, snapshot):
    """The classes of parameters and buffers take these arguments.

    ``Parameter()`` without data is an empty tensor. Since 1.9 an uninitialised parameter takes a
    device and a dtype, but no data.
    """
    assert snapshot == observe(
        lambda: arguments_of(
            f"torch.nn.{name}"
            if name != "UninitializedBuffer"
            else "torch.nn.parameter.UninitializedBuffer"
        )
    )
