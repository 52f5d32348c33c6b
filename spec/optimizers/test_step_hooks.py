"""Hooks around the step of an optimizer, or of all optimizers."""

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
@pytest.mark.changed(
    "2.0", "optimizers take step hooks", kind="api-appeared", cause="pytorch#89176"
)
def test_step_hooks_run_before_and_after_the_update(snapshot):
    """The pre-hook sees the weight as it was, 1, and the post-hook as the step left it, 0.5."""
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
@pytest.mark.changed(
    "2.0", "optimizers take step hooks", kind="api-appeared", cause="pytorch#89176"
)
def test_step_pre_hook_may_return_new_arguments(snapshot):
    """A pair of a tuple and a dict takes the place of the arguments: here a closure, whose loss ``step()`` returns."""
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
    "optimizers take step hooks, and refuse what else one returns",
    kind="api-appeared",
    cause="pytorch#89176",
)
@pytest.mark.changed(
    "2.1",
    "the message names the step of the class, and has a blank behind its comma",
    kind="wording",
    cause="pytorch#103567",
)
def test_step_pre_hook_may_return_nothing_else(snapshot):
    """A hook of one expression returns its value: where that is neither None nor such a pair, ``step()`` raises."""
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
@pytest.mark.changed(
    "2.0", "optimizers take step hooks", kind="api-appeared", cause="pytorch#89176"
)
def test_step_post_hook_does_not_run_when_the_step_raises(snapshot):
    """A closure that raises ends the step between the hooks: do not put the release of a resource into the post-hook."""
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
        with pytest.raises(RuntimeError):
            optimizer.step(closure)
        return seen

    assert snapshot == observe(act)


@pytest.mark.api(
    "torch.optim.Optimizer.register_step_post_hook",
    "torch.optim.lr_scheduler.LRScheduler",
    page="generated/torch.optim.Optimizer.register_step_post_hook",
)
@pytest.mark.changed(
    "2.0", "optimizers take step hooks", kind="api-appeared", cause="pytorch#89176"
)
def test_step_hooks_run_behind_a_scheduler_too(snapshot):
    """A scheduler puts its own ``step`` around the optimizer's: hooks registered before and after it run once each."""
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
    "optimizers take step hooks, all of them and each",
    kind="api-appeared",
    cause="pytorch#89176",
)
def test_step_hooks_of_all_optimizers_run_outside_those_of_one(snapshot):
    """A hook for all optimizers runs before the optimizer's own pre-hooks, and after its own post-hooks."""
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
@pytest.mark.changed(
    "2.0", "optimizers take step hooks", kind="api-appeared", cause="pytorch#89176"
)
def test_deepcopy_of_an_optimizer_forgets_its_step_hooks(snapshot):
    """A deep copy, as pickling, takes state and groups alone: register the hooks again."""
    optimizer, _ = ready()

    def act():
        seen = []
        optimizer.register_step_post_hook(lambda *arguments: seen.append("post-hook"))
        copy.deepcopy(optimizer).step()
        return seen

    assert snapshot == observe(act)
