"""Hooks around the state dict of an optimizer.

Since 2.1 a post-hook of ``torch.optim.Optimizer.state_dict`` may add to what is saved. A pre-hook
of ``torch.optim.Optimizer.load_state_dict`` may return the dict that is loaded instead. A post-hook
of ``load_state_dict`` sees the loaded groups, and may change them.
"""

import pytest
import torch

from fixtures.references import parameter
from torch_history.observing import observe


def an_optimizer(lr=1.0):
    return torch.optim.SGD([parameter([1.0])], lr=lr)


@pytest.mark.api(
    "torch.optim.Optimizer.register_state_dict_post_hook",
    page="generated/torch.optim.Optimizer.register_state_dict_post_hook",
)
@pytest.mark.changed(
    "2.1",
    "optimizers take hooks around their state dict",
    kind="appeared",
    cause="pytorch#105953",
)
def test_state_dict_post_hook_may_add_to_an_optimizers_state_dict(snapshot):
    """A state dict post-hook may add to what ``state_dict()`` returns, or replace it.

    The hook writes into the dict, or returns another one.
    """
    optimizer = an_optimizer()

    def act():
        optimizer.register_state_dict_post_hook(lambda optimizer, state: state.update(epoch=3))
        return sorted(optimizer.state_dict())

    assert snapshot == observe(act)


@pytest.mark.api(
    "torch.optim.Optimizer.register_load_state_dict_pre_hook",
    page="generated/torch.optim.Optimizer.register_load_state_dict_pre_hook",
)
@pytest.mark.changed(
    "2.1",
    "optimizers take hooks around their state dict",
    kind="appeared",
    cause="pytorch#105953",
)
def test_load_state_dict_pre_hook_may_replace_what_an_optimizer_loads(snapshot):
    """A ``load_state_dict`` pre-hook may return the dict that the optimizer loads instead.

    Here it returns one with another lr.
    """
    optimizer = an_optimizer()
    saved = optimizer.state_dict()

    def with_another_rate(optimizer, state):
        return {"state": {}, "param_groups": [{**state["param_groups"][0], "lr": 0.25}]}

    def act():
        optimizer.register_load_state_dict_pre_hook(with_another_rate)
        optimizer.load_state_dict(saved)
        return {"loaded": optimizer.param_groups[0]["lr"], "saved": saved["param_groups"][0]["lr"]}

    assert snapshot == observe(act)


@pytest.mark.api(
    "torch.optim.Optimizer.register_load_state_dict_post_hook",
    page="generated/torch.optim.Optimizer.register_load_state_dict_post_hook",
)
@pytest.mark.changed(
    "2.1",
    "optimizers take hooks around their state dict",
    kind="appeared",
    cause="pytorch#105953",
)
def test_load_state_dict_post_hook_sees_what_an_optimizer_loaded(snapshot):
    """A ``load_state_dict`` post-hook sees the loaded groups, and may change them.

    Here it halves the saved lr.
    """
    optimizer = an_optimizer(lr=0.125)
    saved = an_optimizer(lr=1.0).state_dict()

    def halve(optimizer):
        optimizer.param_groups[0]["lr"] *= 0.5

    def act():
        optimizer.register_load_state_dict_post_hook(halve)
        optimizer.load_state_dict(saved)
        return optimizer.param_groups[0]["lr"]

    assert snapshot == observe(act)
