"""Signatures of modules, containers and parameters: their arguments and defaults.

Calls with positional arguments, and overrides of a method in a subclass, depend on these lists.
Each list has the arguments in order, with their defaults; those after ``*`` are passed by name.
Most changes added an argument or a method. Two changes can break code or change what it does: since
1.12 the arguments of ``torch.nn.ParameterList`` and of its methods have other names, and since 2.0
``torch.nn.Module.zero_grad`` has ``set_to_none=True``.
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
    """Since 2.0 ``Module.zero_grad`` has ``set_to_none=True``, so gradients become None.

    The other methods here are those that a training loop calls on a whole model, such as ``train``,
    ``to`` and ``apply``. ``bfloat16`` exists since 1.5, ``to_empty`` since 1.9 and ``compile``
    since 2.1.
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
    """Some methods that list parameters, buffers and modules take ``remove_duplicate``.

    ``remove_duplicate=False`` lists a tied object under every name. ``named_modules`` takes it
    since 1.9, ``named_parameters`` and ``named_buffers`` since 2.0, and ``modules`` since 2.11.
    """
    assert snapshot == observe(lambda: arguments_of(f"torch.nn.Module.{name}"))


@pytest.mark.api("torch.nn.Module", page="generated/torch.nn.Module", signature=True)
@pytest.mark.changed("1.6", "persistent (register_buffer)", kind="appeared", cause="pytorch#37191")
@pytest.mark.changed("1.11", "register_module", kind="appeared", cause="pytorch#65174")
@pytest.mark.parametrize("name", REGISTRATIONS)
def test_registrations_take_these_arguments(name, snapshot):
    """Methods that register by name take the name first, and then the object.

    They are ``register_parameter``, ``register_buffer``, ``add_module`` and, since 1.11,
    ``register_module``. ``register_buffer`` takes ``persistent`` since 1.6.
    """
    assert snapshot == observe(lambda: arguments_of(f"torch.nn.Module.{name}"))


@pytest.mark.api("torch.nn.Module", page="generated/torch.nn.Module", signature=True)
@pytest.mark.changed(
    "1.9", "get_submodule, get_parameter, get_buffer", kind="appeared", cause="pytorch#52358"
)
@pytest.mark.changed("2.5", "set_submodule", kind="appeared", cause="pytorch#127714")
@pytest.mark.changed("2.7", "strict (set_submodule)", kind="appeared", cause="pytorch#143455")
@pytest.mark.parametrize("name", GETTERS)
def test_dotted_access_takes_these_arguments(name, snapshot):
    """Methods that find or replace by a dotted name take that name as ``target``.

    They are ``get_submodule``, ``get_parameter`` and ``get_buffer`` since 1.9, and
    ``set_submodule`` since 2.5.
    """
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
    """A container takes its elements as one argument; ``Sequential`` takes its layers one by one.

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
    """Containers have methods of Python's lists and dicts, some of them since 1.11 or 1.13.

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
    "Buffer, and persistent (UninitializedBuffer)",
    kind="appeared",
    cause="pytorch#125971",
    probable=True,
)
@pytest.mark.parametrize("name", TENSORS)
def test_parameters_and_buffers_take_these_arguments(name, snapshot):
    """A Parameter or a Buffer takes data; an uninitialised one takes a device and a dtype instead.

    ``Parameter()`` without data is allowed. Uninitialised parameters take a device and a dtype
    since 1.9.
    """
    assert snapshot == observe(
        lambda: arguments_of(
            f"torch.nn.{name}"
            if name != "UninitializedBuffer"
            else "torch.nn.parameter.UninitializedBuffer"
        )
    )
