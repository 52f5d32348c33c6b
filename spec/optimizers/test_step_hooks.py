"""Hooks around the step of an optimizer, or of all optimizers.

Since 2.0 ``torch.optim.Optimizer.register_step_pre_hook`` adds a function that runs before the
update, and ``torch.optim.Optimizer.register_step_post_hook`` one that runs after it. Hooks for all
optimizers run outside those of one. A pre-hook may return new arguments for the step; any other
value but None raises. A post-hook does not run if the step raises. Trap: a deep copy of an
optimizer has no step hooks.
"""

import contextlib
import copy
import importlib

import pytest
import torch

from fixtures.references import parameter
from torch_history.observing import observe

SGD = torch.optim.SGD
optimizers = importlib.import_module("torch.optim.optimizer")  # torch.optim hides it


def ready():
    """An optimizer of one weight, 1, whose gradient is 0.5, and the weight."""
    w = parameter([1.0])
    w.grad = torch.tensor([0.5])
    return SGD([w], lr=1.0), w


def number(w):
    return w.detach().clone()


@pytest.mark.api(
    "torch.optim.Optimizer.register_step_pre_hook",
    "torch.optim.Optimizer.register_step_post_hook",
    page="generated/torch.optim.Optimizer.register_step_post_hook",
)
@pytest.mark.changed("2.0", "optimizers take step hooks", kind="appeared", cause="pytorch#89176")
def test_step_hooks_run_before_and_after_the_update(snapshot):
    """A step pre-hook runs before the update, a post-hook after it.

    The pre-hook sees a weight of 1, the post-hook the 0.5 that the step left.
    """
    optimizer, w = ready()

    def act():
        seen = []
        optimizer.register_step_pre_hook(
            lambda optimizer, arguments, keywords: seen.append(["pre-hook", number(w)])
        )
        optimizer.register_step_post_hook(
            lambda optimizer, arguments, keywords: seen.append(["post-hook", number(w)])
        )
        optimizer.step()
        return seen

    assert snapshot == observe(act)


@pytest.mark.api(
    "torch.optim.Optimizer.register_step_pre_hook",
    page="generated/torch.optim.Optimizer.register_step_pre_hook",
)
@pytest.mark.changed("2.0", "optimizers take step hooks", kind="appeared", cause="pytorch#89176")
def test_step_pre_hook_may_return_new_arguments(snapshot):
    """A step pre-hook may return new arguments for the step, as a tuple and a dict.

    Here they contain a closure, whose loss ``step()`` returns.
    """
    optimizer, _ = ready()

    def act():
        optimizer.register_step_pre_hook(
            lambda optimizer, arguments, keywords: (arguments, {"closure": lambda: 8.0})
        )
        return optimizer.step()

    assert snapshot == observe(act)


@pytest.mark.api(
    "torch.optim.Optimizer.register_step_pre_hook",
    page="generated/torch.optim.Optimizer.register_step_pre_hook",
)
@pytest.mark.changed(
    "2.0",
    "optimizers take step hooks, and refuse other return values",
    kind="appeared",
    cause="pytorch#89176",
)
@pytest.mark.changed(
    "2.1",
    "the message names the step of the class, and has a space after its comma",
    kind="wording",
    cause="pytorch#103567",
)
def test_step_pre_hook_that_returns_a_number_raises(snapshot):
    """``step()`` raises if a pre-hook returns anything but None or new arguments.

    New arguments are a tuple and a dict. Trap: a lambda returns the value of its expression.
    """
    optimizer, _ = ready()

    def act():
        optimizer.register_step_pre_hook(lambda optimizer, arguments, keywords: 8.0)
        optimizer.step()

    assert snapshot == observe(act)


@pytest.mark.api(
    "torch.optim.Optimizer.register_step_pre_hook",
    "torch.optim.Optimizer.register_step_post_hook",
    page="generated/torch.optim.Optimizer.register_step_post_hook",
)
@pytest.mark.changed("2.0", "optimizers take step hooks", kind="appeared", cause="pytorch#89176")
def test_step_post_hook_does_not_run_when_the_step_raises(snapshot):
    """A step post-hook does not run if the step raises, for example in its closure.

    Do not release a resource in a post-hook.
    """
    optimizer, _ = ready()

    def closure():
        raise RuntimeError("no batch")

    def act():
        seen = []
        optimizer.register_step_pre_hook(
            lambda optimizer, arguments, keywords: seen.append("pre-hook")
        )
        optimizer.register_step_post_hook(
            lambda optimizer, arguments, keywords: seen.append("post-hook")
        )
        with contextlib.suppress(RuntimeError):  # the closure's own
            optimizer.step(closure)
        return seen

    assert snapshot == observe(act)


@pytest.mark.api(
    "torch.optim.Optimizer.register_step_post_hook",
    "torch.optim.lr_scheduler.LRScheduler",
    page="generated/torch.optim.Optimizer.register_step_post_hook",
)
@pytest.mark.changed("2.0", "optimizers take step hooks", kind="appeared", cause="pytorch#89176")
def test_step_hooks_run_behind_a_scheduler_too(snapshot):
    """Step hooks also run when a scheduler has wrapped ``optimizer.step``.

    Hooks that are registered before and after the scheduler is built run once each.
    """
    optimizer, _ = ready()

    def act():
        seen = []
        optimizer.register_step_post_hook(
            lambda optimizer, arguments, keywords: seen.append("before")
        )
        torch.optim.lr_scheduler.StepLR(optimizer, step_size=1)
        optimizer.register_step_post_hook(
            lambda optimizer, arguments, keywords: seen.append("after")
        )
        optimizer.step()
        return seen

    assert snapshot == observe(act)


@pytest.mark.api(
    "torch.optim.optimizer.register_optimizer_step_pre_hook",
    "torch.optim.optimizer.register_optimizer_step_post_hook",
    page="generated/torch.optim.Optimizer.register_step_post_hook",
)
@pytest.mark.changed(
    "2.0",
    "step hooks can be registered for one optimizer and for all",
    kind="appeared",
    cause="pytorch#89176",
)
def test_step_hooks_of_all_optimizers_run_outside_those_of_one(snapshot):
    """Step hooks for all optimizers run outside the optimizer's own hooks.

    They run before its pre-hooks and after its post-hooks.
    """
    optimizer, _ = ready()

    def act():
        seen, handles = [], []
        try:
            handles.append(
                optimizers.register_optimizer_step_pre_hook(
                    lambda *arguments: seen.append("pre-hook of all")
                )
            )
            handles.append(
                optimizers.register_optimizer_step_post_hook(
                    lambda *arguments: seen.append("post-hook of all")
                )
            )
            optimizer.register_step_pre_hook(lambda *arguments: seen.append("pre-hook"))
            optimizer.register_step_post_hook(lambda *arguments: seen.append("post-hook"))
            optimizer.step()
        finally:
            for handle in handles:
                handle.remove()
        return seen

    assert snapshot == observe(act)


@pytest.mark.api(
    "torch.optim.Optimizer.register_step_post_hook",
    page="generated/torch.optim.Optimizer.register_step_post_hook",
)
@pytest.mark.changed("2.0", "optimizers take step hooks", kind="appeared", cause="pytorch#89176")
def test_deepcopy_of_an_optimizer_forgets_its_step_hooks(snapshot):
    """A deep copy of an optimizer does not have its step hooks: register them again.

    Copying and pickling keep only the defaults, the state and the groups.
    """
    optimizer, _ = ready()

    def act():
        seen = []
        optimizer.register_step_post_hook(lambda *arguments: seen.append("post-hook"))
        copy.deepcopy(optimizer).step()
        return seen

    assert snapshot == observe(act)
