"""Settings of module methods: ``recurse``, ``prefix``, ``prepend``, ``with_kwargs`` and others.

``recurse=False`` leaves out what child modules hold. A hook that is registered with
``prepend=True`` runs before the hooks that were there, and with ``with_kwargs=True`` it gets the
keyword arguments of the call. Every registration returns a handle, whose ``remove`` takes the hook
away. Trap: ``always_call=True`` runs a forward hook even if ``forward`` raises.
"""

import contextlib

import pytest
import torch
from torch import nn

from fixtures.settings import each
from torch_history.observing import observe, observe_each


class Nested(nn.Module):
    """A parameter and two buffers of its own, and a child with a weight and a buffer."""

    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(1))
        self.register_buffer("kept", torch.ones(1))
        self.register_buffer("passing", torch.ones(1))
        self.child = nn.Linear(1, 1, bias=False)
        self.child.register_buffer("count", torch.ones(1))
        self.twin = self.child

    def forward(self, x, factor=1.0):
        return self.child(x) * self.scale * factor


LISTS = {
    "parameters": lambda module, **given: [list(p.shape) for p in module.parameters(**given)],
    "named_parameters": lambda module, **given: [n for n, _ in module.named_parameters(**given)],
    "buffers": lambda module, **given: [list(b.shape) for b in module.buffers(**given)],
    "named_buffers": lambda module, **given: [n for n, _ in module.named_buffers(**given)],
    "named_modules": lambda module, **given: [n for n, _ in module.named_modules(**given)],
}
GIVEN = {
    "default": {},
    "recurse=False": {"recurse": False},
    "prefix": {"prefix": "model"},
    "remove_duplicate=False": {"remove_duplicate": False},
}
TAKES = {
    "parameters": ["default", "recurse=False"],
    "named_parameters": list(GIVEN),
    "buffers": ["default", "recurse=False"],
    "named_buffers": list(GIVEN),
    "named_modules": ["default", "prefix", "remove_duplicate=False"],
}


@pytest.mark.api(
    "torch.nn.Module.parameters",
    "torch.nn.Module.named_parameters",
    "torch.nn.Module.buffers",
    "torch.nn.Module.named_buffers",
    "torch.nn.Module.named_modules",
    page="generated/torch.nn.Module",
)
@pytest.mark.changed(
    "1.9",
    "named_modules takes remove_duplicate",
    kind="appeared",
    cause="pytorch#54812",
    of=("torch.nn.Module.named_modules",),
)
@pytest.mark.changed(
    "2.0",
    "named_buffers takes remove_duplicate",
    kind="appeared",
    cause="pytorch#85903",
    of=("torch.nn.Module.named_buffers",),
)
@pytest.mark.changed(
    "2.0",
    "named_parameters takes remove_duplicate",
    kind="appeared",
    cause="pytorch#88090",
    of=("torch.nn.Module.named_parameters",),
)
@pytest.mark.parametrize("name", LISTS)
def test_list_of_a_module_takes_recurse_prefix_and_remove_duplicate(name, snapshot):
    """``recurse=False`` leaves child modules out, and ``prefix`` is put before each name.

    ``remove_duplicate=False`` lists a child that has two names twice.
    """
    cases = {case: GIVEN[case] for case in TAKES[name]}
    assert snapshot == observe_each(each(lambda **given: LISTS[name](Nested(), **given), cases))


@pytest.mark.api(
    "torch.nn.Module.register_buffer", "torch.nn.Buffer", page="generated/torch.nn.Module"
)
@pytest.mark.changed(
    "1.6",
    "register_buffer takes persistent",
    kind="appeared",
    cause="pytorch#37191",
    of=("torch.nn.Module.register_buffer",),
)
@pytest.mark.changed(
    "2.5",
    "nn.Buffer",
    kind="appeared",
    cause="pytorch#125971",
    probable=True,
    of=("torch.nn.Buffer",),
)
def test_buffer_that_is_not_persistent_is_not_saved(snapshot):
    """``register_buffer(persistent=False)`` and ``Buffer(persistent=False)`` are not saved.

    They are buffers of the module all the same.
    """

    def registered(**settings):
        module = nn.Module()
        module.register_buffer("mean", torch.ones(2), **settings)
        return module

    def assigned(*arguments, **settings):
        module = nn.Module()
        module.mean = nn.Buffer(*arguments, **settings)
        return module

    def both(module):
        return {"saved": list(module.state_dict()), "buffers": dict(module.named_buffers())}

    assert snapshot == observe_each(
        {
            "registered": lambda: both(registered()),
            "registered, not persistent": lambda: both(registered(persistent=False)),
            "Buffer": lambda: both(assigned(torch.ones(2))),
            "Buffer, not persistent": lambda: both(assigned(torch.ones(2), persistent=False)),
            "Buffer without data": lambda: both(assigned()),
        }
    )


@pytest.mark.api("torch.nn.Module.to_empty", page="generated/torch.nn.Module")
@pytest.mark.changed(
    "1.6",
    "the message lists xla among the devices",
    kind="wording",
    cause="pytorch#36446",
    when=":caught",
)
@pytest.mark.changed(
    "1.8",
    "the message lists xpu and vulkan among the devices",
    kind="wording",
    cause="pytorch#49786",
    probable=True,
    when=":caught",
)
@pytest.mark.changed(
    "1.9",
    "meta is a device, and Module has to_empty",
    kind="appeared",
    cause="pytorch#56610",
)
@pytest.mark.changed(
    "1.9",
    "with recurse, to_empty raises TypeError: it does not take it yet",
    kind="exception",
    cause="pytorch#56610",
    when=":caught and recurse",
)
@pytest.mark.changed(
    "2.1",
    "to_empty takes recurse",
    kind="appeared",
    cause="pytorch#104197",
)
def test_to_empty_leaves_children_alone_without_recurse(snapshot):
    """``to_empty(recurse=False)`` makes new memory for the module itself, and not for its children.

    It returns the module.
    """

    def act(**settings):
        with torch.no_grad():
            module = Nested().to("meta")
        result = module.to_empty(device="cpu", **settings)
        return {
            "itself": result is module,
            "own": str(module.scale.device),
            "child's": str(module.child.weight.device),
        }

    assert snapshot == observe_each({"default": act, "not": lambda: act(recurse=False)})


@pytest.mark.api("torch.nn.Module.set_submodule", page="generated/torch.nn.Module")
@pytest.mark.changed(
    "1.6",
    "the missing method raises ModuleAttributeError, a subclass of AttributeError",
    kind="wording",
    cause="pytorch#34324",
    when=":caught",
)
@pytest.mark.changed(
    "1.8",
    "the missing method raises a plain AttributeError again: ModuleAttributeError is gone",
    kind="wording",
    cause="pytorch#50298",
    advice="catch AttributeError",
    when=":caught",
)
@pytest.mark.changed(
    "2.5",
    "Module has set_submodule, but without strict",
    kind="appeared",
    cause="pytorch#127714",
)
@pytest.mark.changed(
    "2.7",
    "set_submodule takes strict, and raises on the missing name",
    kind="appeared",
    cause="pytorch#143455",
)
def test_set_submodule_adds_a_name_unless_strict(snapshot):
    """``set_submodule("new", m)`` adds the name, and with ``strict=True`` it has to exist."""

    def act(name, **settings):
        module = Nested()
        module.set_submodule(name, nn.ReLU(), **settings)
        return [child for child, _ in module.named_children()]

    assert snapshot == observe_each(
        {
            "new": lambda: act("new"),
            "new, strict": lambda: act("new", strict=True),
            "child, strict": lambda: act("child", strict=True),
        }
    )


@pytest.mark.api("torch.nn.Sequential", page="generated/torch.nn.Sequential")
@pytest.mark.changed(
    "1.6",
    "the missing method raises ModuleAttributeError, a subclass of AttributeError",
    kind="wording",
    cause="pytorch#34324",
    when=":caught",
)
@pytest.mark.changed(
    "1.8",
    "the missing method raises a plain AttributeError again: ModuleAttributeError is gone",
    kind="wording",
    cause="pytorch#50298",
    advice="catch AttributeError",
    when=":caught",
)
@pytest.mark.changed(
    "1.11",
    "Sequential.append",
    kind="appeared",
    cause="pytorch#71326",
)
@pytest.mark.changed(
    "1.13",
    "Sequential.insert",
    kind="appeared",
    cause="pytorch#81402",
)
@pytest.mark.changed(
    "1.13",
    "Sequential.extend",
    kind="appeared",
    cause="pytorch#81179",
    probable=True,
)
@pytest.mark.parametrize("name", ["append", "extend", "insert"])
def test_sequential_returns_itself(name, snapshot):
    """``append``, ``extend`` and ``insert`` of a ``Sequential`` return the container itself."""
    arguments = {
        "append": lambda: (nn.Tanh(),),
        "extend": lambda: (nn.Sequential(nn.Tanh()),),
        "insert": lambda: (0, nn.Tanh()),
    }[name]

    def act():
        container = nn.Sequential(nn.ReLU(), nn.ELU())
        result = getattr(container, name)(*arguments())
        return {
            "itself": result is container,
            "children": [type(child).__name__ for child in container],
        }

    assert snapshot == observe(act)


def run(module):
    """A forward and a backward pass."""
    module(torch.ones(1, requires_grad=True), factor=2.0).sum().backward()


HOOKS = [
    "register_forward_pre_hook",
    "register_forward_hook",
    "register_full_backward_pre_hook",
    "register_full_backward_hook",
]


@pytest.mark.api(
    "torch.nn.Module.register_forward_pre_hook",
    "torch.nn.Module.register_forward_hook",
    "torch.nn.Module.register_full_backward_pre_hook",
    "torch.nn.Module.register_full_backward_hook",
    page="generated/torch.nn.Module",
)
@pytest.mark.changed(
    "1.6",
    "the missing method raises ModuleAttributeError, a subclass of AttributeError",
    kind="wording",
    cause="pytorch#34324",
    when=":caught",
)
@pytest.mark.changed(
    "1.8",
    "register_full_backward_hook appears",
    kind="appeared",
    cause="pytorch#46163",
    of=("torch.nn.Module.register_full_backward_hook",),
)
@pytest.mark.changed(
    "1.8",
    "the missing method raises a plain AttributeError again: ModuleAttributeError is gone",
    kind="wording",
    cause="pytorch#50298",
    advice="catch AttributeError",
    when=":caught",
    of=("torch.nn.Module.register_full_backward_pre_hook",),
)
@pytest.mark.changed(
    "2.0",
    "the forward hooks and register_full_backward_hook take prepend",
    kind="appeared",
    cause="pytorch#87370",
    of=(
        "torch.nn.Module.register_forward_pre_hook",
        "torch.nn.Module.register_forward_hook",
        "torch.nn.Module.register_full_backward_hook",
    ),
)
@pytest.mark.changed(
    "2.0",
    "register_full_backward_pre_hook appears",
    kind="appeared",
    cause="pytorch#86700",
    of=("torch.nn.Module.register_full_backward_pre_hook",),
)
@pytest.mark.parametrize("name", HOOKS)
def test_prepended_hook_runs_first_until_its_handle_removes_it(name, snapshot):
    """``prepend=True`` runs a hook before the others, and ``handle.remove()`` takes it away."""

    def act(**settings):
        module, ran = Nested(), []
        for text, given in (("first", {}), ("second", settings)):
            handle = getattr(module, name)(lambda *_, text=text: ran.append(text), **given)
        run(module)
        handle.remove()
        run(module)
        return ran

    assert snapshot == observe_each({"default": act, "prepend": lambda: act(prepend=True)})


@pytest.mark.api(
    "torch.nn.Module.register_forward_pre_hook",
    "torch.nn.Module.register_forward_hook",
    page="generated/torch.nn.Module",
)
@pytest.mark.changed(
    "2.0",
    "register_forward_pre_hook and register_forward_hook take with_kwargs",
    kind="appeared",
    cause="pytorch#89389",
)
@pytest.mark.parametrize("name", ["register_forward_pre_hook", "register_forward_hook"])
def test_hook_with_kwargs_gets_the_keyword_arguments(name, snapshot):
    """``with_kwargs=True`` gives a hook the keyword arguments of the call, after the positions."""

    def act(**settings):
        module, seen = Nested(), []
        getattr(module, name)(
            lambda _, *rest: seen.extend(one for one in rest if isinstance(one, dict)), **settings
        )
        run(module)
        return seen

    assert snapshot == observe_each({"default": act, "with": lambda: act(with_kwargs=True)})


@pytest.mark.api(
    "torch.nn.Module.register_forward_hook",
    "torch.nn.modules.module.register_module_forward_hook",
    page="generated/torch.nn.Module",
)
@pytest.mark.changed(
    "1.6",
    "register_module_forward_hook appears",
    kind="appeared",
    cause="pytorch#38972",
    of=("torch.nn.modules.module.register_module_forward_hook",),
)
@pytest.mark.changed(
    "2.1",
    "register_forward_hook and register_module_forward_hook take always_call",
    kind="appeared",
    cause="pytorch#104278",
)
@pytest.mark.changed(
    "2.6",
    "register_module_forward_hook takes with_kwargs",
    kind="appeared",
    cause="pytorch#137403",
    of=("torch.nn.modules.module.register_module_forward_hook",),
)
def test_always_call_runs_a_forward_hook_after_an_exception(snapshot):
    """``always_call=True`` runs a forward hook although ``forward`` raises.

    The hook of one module and the hook of all modules take it. The latter takes ``with_kwargs``
    too.
    """

    def act(everywhere, **settings):
        module, ran = Nested(), []
        owner = nn.modules.module if everywhere else module
        register = owner.register_module_forward_hook if everywhere else owner.register_forward_hook
        handle = register(lambda *rest: ran.append(len(rest)), **settings)
        try:
            with contextlib.suppress(RuntimeError):
                module(torch.ones(3), factor=2.0)
            module.child = nn.Identity()
            module(torch.ones(1), factor=2.0)
        finally:
            handle.remove()
        return ran

    assert snapshot == observe_each(
        {
            "default": lambda: act(False),
            "always": lambda: act(False, always_call=True),
            "all modules": lambda: act(True),
            "all modules, always": lambda: act(True, always_call=True),
            "all modules, with_kwargs": lambda: act(True, with_kwargs=True),
        }
    )
