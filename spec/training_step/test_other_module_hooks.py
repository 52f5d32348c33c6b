"""The old backward hooks of modules, and hooks that apply to all modules.

``torch.nn.Module.register_backward_hook`` sees only a module's last operation. After several
operations it misses gradients of the inputs, and it warns of this since 1.8. A module that has an
old hook refuses a full backward hook. Forward hooks for all modules, which exist since 1.6, run
before those of one module.
"""

import pytest
import torch
from torch.nn.modules import module as modules

from fixtures.models import linear
from torch_history.observing import observe


class Triple(torch.nn.Module):
    """Three times its input."""

    def forward(self, x):
        return 3 * x


def batch():
    return torch.tensor([[1.0]], requires_grad=True)


def keep(seen):
    """A backward hook that keeps what it gets."""

    def hook(module, grad_input, grad_output):
        seen.append({"grad_input": grad_input, "grad_output": grad_output})

    return hook


class TwoOperations(torch.nn.Module):
    """x * y + x."""

    def forward(self, x, y):
        return x * y + x


@pytest.mark.api(
    "torch.nn.Module.register_backward_hook",
    "torch.nn.Module.register_full_backward_hook",
    page="generated/torch.nn.Module",
)
@pytest.mark.changed(
    "1.6",
    "a missing attribute raises ModuleAttributeError, a class of torch's own",
    kind="wording",
    cause="pytorch#34324",
    advice="catch AttributeError, of which it is a subclass",
)
@pytest.mark.changed(
    "1.8",
    "register_full_backward_hook appears, and raises on a module with an old hook",
    kind="appeared",
    cause="pytorch#46163",
)
def test_module_takes_either_the_old_or_full_backward_hooks(snapshot):
    """A module with an old backward hook refuses a full backward hook: it raises."""

    def act():
        module = linear([[3.0]])
        module.register_backward_hook(lambda module, grad_input, grad_output: None)
        module.register_full_backward_hook(lambda module, grad_input, grad_output: None)

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.Module.register_backward_hook", page="generated/torch.nn.Module")
@pytest.mark.changed(
    "1.8",
    "warns that the hook misses gradients of the inputs",
    kind="warning",
    cause="pytorch#46163",
    advice="call register_full_backward_hook",
    depends="the operations of the module",
)
@pytest.mark.changed(
    "2.4",
    "warns with FutureWarning instead of UserWarning",
    kind="warning",
    cause="pytorch#127689",
    depends="the operations of the module",
)
def test_old_backward_hook_of_a_linear_layer_sees_its_last_operation(snapshot):
    """The old ``register_backward_hook`` sees only the gradients of a module's last operation.

    For a linear layer these are of the bias, the input and the transposed weight. It warns since
    1.8, because more nodes lie behind the last operation.
    """

    def act():
        module, seen = linear([[3.0, 4.0]], bias=[1.0]), []
        module.register_backward_hook(keep(seen))
        module(torch.tensor([[1.0, 2.0]], requires_grad=True)).backward()
        return seen

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.Module.register_backward_hook", page="generated/torch.nn.Module")
@pytest.mark.changed(
    "1.8",
    "warns that the hook misses gradients of the inputs",
    kind="warning",
    cause="pytorch#46163",
    advice="call register_full_backward_hook",
    depends="the operations of the module",
)
@pytest.mark.changed(
    "2.4",
    "warns with FutureWarning instead of UserWarning",
    kind="warning",
    cause="pytorch#127689",
    depends="the operations of the module",
)
def test_old_backward_hook_of_two_operations_misses_the_gradients_of_the_inputs(snapshot):
    """The old ``register_backward_hook`` misses gradients of inputs after several operations.

    For x * y + x at x=1 and y=5, it gets 1 and 1, the gradients of the sum's terms. The inputs have
    the gradients 6 and 1. It warns since 1.8.
    """

    def act():
        module, seen = TwoOperations(), []
        module.register_backward_hook(keep(seen))
        module(batch(), torch.tensor([[5.0]], requires_grad=True)).backward()
        return seen

    assert snapshot == observe(act)


@pytest.mark.api(
    "torch.nn.modules.module.register_module_forward_pre_hook",
    "torch.nn.modules.module.register_module_forward_hook",
    page="generated/torch.nn.modules.module.register_module_forward_hook",
)
@pytest.mark.changed(
    "1.6",
    "register_module_forward_hook and register_module_forward_pre_hook appear",
    kind="appeared",
    cause="pytorch#38972",
)
def test_hooks_of_all_modules_run_before_those_of_one(snapshot):
    """Hooks for all modules run before those of one module, both before and after forward.

    They apply to the whole process: remove them after use.
    """

    def act():
        module, seen, handles = Triple(), [], []
        module.register_forward_pre_hook(lambda *arguments: seen.append("pre-hook"))
        module.register_forward_hook(lambda *arguments: seen.append("hook"))
        try:
            handles.append(
                modules.register_module_forward_pre_hook(
                    lambda *arguments: seen.append("pre-hook of all")
                )
            )
            handles.append(
                modules.register_module_forward_hook(lambda *arguments: seen.append("hook of all"))
            )
            module(batch())
        finally:
            for handle in handles:
                handle.remove()
        return seen

    assert snapshot == observe(act)
