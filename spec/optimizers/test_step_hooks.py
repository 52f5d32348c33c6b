"""Hooks of optimizers: around each step, of one optimizer or of all, and around its state dict."""

import copy
import importlib

import pytest
import torch

from fixtures.references import parameter
from history.observe import observe

SGD = torch.optim.SGD
optimizers = importlib.import_module("torch.optim.optimizer")  # torch.optim hides it


def ready(lr=1.0):
    """An optimizer of one weight, 1, whose gradient is 0.5, and the weight."""
    w = parameter([1.0])
    w.grad = torch.tensor([0.5])
    return SGD([w], lr=lr), w


def number(w):
    return w.detach().clone()


@pytest.mark.api("torch.optim.Optimizer.register_step_pre_hook", "torch.optim.Optimizer.register_step_post_hook",
                 page="generated/torch.optim.Optimizer.register_step_post_hook")
def test_step_hooks_run_before_and_after_the_update(snapshot):
    """The pre-hook sees the weight as it was, 1, and the post-hook as the step left it, 0.5."""
    optimizer, w = ready()

    def act():
        seen = []
        optimizer.register_step_pre_hook(lambda optimizer, arguments, keywords: seen.append(["pre-hook", number(w)]))
        optimizer.register_step_post_hook(lambda optimizer, arguments, keywords: seen.append(["post-hook", number(w)]))
        optimizer.step()
        return seen

    assert snapshot == observe(act)


@pytest.mark.api("torch.optim.Optimizer.register_step_pre_hook", page="generated/torch.optim.Optimizer.register_step_pre_hook")
def test_step_pre_hook_can_change_the_gradient(snapshot):
    """What the hook writes into ``.grad`` is what the step uses: with the gradient doubled, 1 - 1."""
    optimizer, w = ready()

    def act():
        optimizer.register_step_pre_hook(lambda optimizer, arguments, keywords: w.grad.mul_(2.0) and None)
        optimizer.step()
        return w

    assert snapshot == observe(act)


@pytest.mark.api("torch.optim.Optimizer.register_step_pre_hook", page="generated/torch.optim.Optimizer.register_step_pre_hook")
def test_step_pre_hook_may_return_new_arguments(snapshot):
    """A pair of a tuple and a dict takes the place of the arguments: here a closure, whose loss ``step()`` returns."""
    optimizer, _ = ready()

    def act():
        optimizer.register_step_pre_hook(lambda optimizer, arguments, keywords: (arguments, {"closure": lambda: 8.0}))
        return optimizer.step()

    assert snapshot == observe(act)


@pytest.mark.api("torch.optim.Optimizer.register_step_pre_hook", page="generated/torch.optim.Optimizer.register_step_pre_hook")
def test_step_pre_hook_may_return_nothing_else(snapshot):
    """A hook of one expression returns its value: where that is neither None nor such a pair, ``step()`` raises."""
    optimizer, _ = ready()

    def act():
        optimizer.register_step_pre_hook(lambda optimizer, arguments, keywords: 8.0)
        optimizer.step()

    assert snapshot == observe(act)


@pytest.mark.api("torch.optim.Optimizer.register_step_post_hook", page="generated/torch.optim.Optimizer.register_step_post_hook")
def test_value_of_a_step_post_hook_is_ignored(snapshot):
    """What a post-hook returns is dropped: ``step(closure)`` still returns the closure's loss."""
    optimizer, _ = ready()

    def act():
        optimizer.register_step_post_hook(lambda optimizer, arguments, keywords: 8.0)
        return optimizer.step(lambda: 2.0)

    assert snapshot == observe(act)


@pytest.mark.api("torch.optim.Optimizer.register_step_post_hook", page="generated/torch.optim.Optimizer.register_step_post_hook")
def test_removed_step_hook_runs_no_more(snapshot):
    """Registering returns a handle; after its ``remove()`` a step is silent."""
    optimizer, _ = ready()

    def act():
        seen = []
        handle = optimizer.register_step_post_hook(lambda optimizer, arguments, keywords: seen.append("post-hook"))
        optimizer.step()
        handle.remove()
        optimizer.step()
        return seen

    assert snapshot == observe(act)


@pytest.mark.api("torch.optim.Optimizer.register_step_pre_hook", "torch.optim.Optimizer.register_step_post_hook",
                 page="generated/torch.optim.Optimizer.register_step_post_hook")
def test_step_post_hook_does_not_run_when_the_step_raises(snapshot):
    """A closure that raises ends the step between the hooks: do not put the release of a resource into the post-hook."""
    optimizer, _ = ready()

    def closure():
        raise RuntimeError("no batch")

    def act():
        seen = []
        optimizer.register_step_pre_hook(lambda optimizer, arguments, keywords: seen.append("pre-hook"))
        optimizer.register_step_post_hook(lambda optimizer, arguments, keywords: seen.append("post-hook"))
        with pytest.raises(RuntimeError):
            optimizer.step(closure)
        return seen

    assert snapshot == observe(act)


@pytest.mark.api("torch.optim.Optimizer.register_step_post_hook", "torch.optim.lr_scheduler.LRScheduler",
                 page="generated/torch.optim.Optimizer.register_step_post_hook")
def test_step_hooks_run_behind_a_scheduler_too(snapshot):
    """A scheduler puts its own ``step`` around the optimizer's: hooks registered before and after it run once each."""
    optimizer, _ = ready()

    def act():
        seen = []
        optimizer.register_step_post_hook(lambda optimizer, arguments, keywords: seen.append("before"))
        torch.optim.lr_scheduler.StepLR(optimizer, step_size=1)
        optimizer.register_step_post_hook(lambda optimizer, arguments, keywords: seen.append("after"))
        optimizer.step()
        return seen

    assert snapshot == observe(act)


@pytest.mark.api("torch.optim.optimizer.register_optimizer_step_pre_hook", "torch.optim.optimizer.register_optimizer_step_post_hook",
                 page="generated/torch.optim.Optimizer.register_step_post_hook")
def test_step_hooks_of_all_optimizers_run_outside_those_of_one(snapshot):
    """A hook for all optimizers runs before the optimizer's own pre-hooks, and after its own post-hooks."""
    optimizer, _ = ready()

    def act():
        seen, handles = [], []
        try:
            handles.append(optimizers.register_optimizer_step_pre_hook(lambda *arguments: seen.append("pre-hook of all")))
            handles.append(optimizers.register_optimizer_step_post_hook(lambda *arguments: seen.append("post-hook of all")))
            optimizer.register_step_pre_hook(lambda *arguments: seen.append("pre-hook"))
            optimizer.register_step_post_hook(lambda *arguments: seen.append("post-hook"))
            optimizer.step()
        finally:
            for handle in handles:
                handle.remove()
        return seen

    assert snapshot == observe(act)


@pytest.mark.api("torch.optim.optimizer.register_optimizer_step_post_hook",
                 page="generated/torch.optim.Optimizer.register_step_post_hook")
def test_step_hook_of_all_optimizers_sees_those_that_are_there_already(snapshot):
    """Registered after two optimizers were built, it runs at each one's step."""
    optimizer, _ = ready()
    other = torch.optim.Adam([parameter([1.0])])

    def act():
        seen = []
        handle = optimizers.register_optimizer_step_post_hook(lambda optimizer, *arguments: seen.append(type(optimizer).__name__))
        try:
            optimizer.step()
            other.step()
        finally:
            handle.remove()
        return seen

    assert snapshot == observe(act)


@pytest.mark.api("torch.optim.Optimizer.register_step_post_hook", page="generated/torch.optim.Optimizer.register_step_post_hook")
def test_deepcopy_of_an_optimizer_forgets_its_step_hooks(snapshot):
    """A deep copy, as pickling, takes state and groups alone: register the hooks again."""
    optimizer, _ = ready()

    def act():
        seen = []
        optimizer.register_step_post_hook(lambda *arguments: seen.append("post-hook"))
        copy.deepcopy(optimizer).step()
        return seen

    assert snapshot == observe(act)


@pytest.mark.api("torch.optim.Optimizer.register_state_dict_post_hook",
                 page="generated/torch.optim.Optimizer.register_state_dict_post_hook")
def test_state_dict_post_hook_may_add_to_an_optimizers_state_dict(snapshot):
    """What the hook writes into the dict, or a dict that it returns, is what ``state_dict()`` gives."""
    optimizer, _ = ready()

    def act():
        optimizer.register_state_dict_post_hook(lambda optimizer, state: state.update(epoch=3))
        return sorted(optimizer.state_dict())

    assert snapshot == observe(act)


@pytest.mark.api("torch.optim.Optimizer.register_load_state_dict_pre_hook",
                 page="generated/torch.optim.Optimizer.register_load_state_dict_pre_hook")
def test_load_state_dict_pre_hook_may_replace_what_an_optimizer_loads(snapshot):
    """The dict that the hook returns is loaded in the place of the given one: here with another lr."""
    optimizer, _ = ready()
    saved = optimizer.state_dict()

    def with_another_rate(optimizer, state):
        return {"state": {}, "param_groups": [{**state["param_groups"][0], "lr": 0.25}]}

    def act():
        optimizer.register_load_state_dict_pre_hook(with_another_rate)
        optimizer.load_state_dict(saved)
        return {"loaded": optimizer.param_groups[0]["lr"], "saved": saved["param_groups"][0]["lr"]}

    assert snapshot == observe(act)


@pytest.mark.api("torch.optim.Optimizer.register_load_state_dict_post_hook",
                 page="generated/torch.optim.Optimizer.register_load_state_dict_post_hook")
def test_load_state_dict_post_hook_sees_what_an_optimizer_loaded(snapshot):
    """The hook runs when the saved lr is in the groups, and may change them: here half the saved one."""
    optimizer, _ = ready(lr=0.125)
    saved = ready(lr=1.0)[0].state_dict()

    def halve(optimizer):
        optimizer.param_groups[0]["lr"] *= 0.5

    def act():
        optimizer.register_load_state_dict_post_hook(halve)
        optimizer.load_state_dict(saved)
        return optimizer.param_groups[0]["lr"]

    assert snapshot == observe(act)
