"""The order of several hooks of one optimizer, and how each of them is removed.

Hooks run in the order in which they were registered; ``prepend=True`` puts a hook before those that
are there. Each registration returns a handle, whose ``remove()`` takes that hook away.
"""

import pytest
import torch

from fixtures.references import parameter
from torch_history.observing import observe_each


def called(register, trigger):
    """Which of three hooks run, in their order, and which after the second was removed."""

    def act(**settings):
        optimizer = torch.optim.SGD([parameter([1.0])], lr=1.0)
        order = []
        handles = [
            getattr(optimizer, register)(lambda *_, name=name: order.append(name), **settings)
            for name in ("first", "second", "third")
        ]
        trigger(optimizer)
        before = list(order)
        del order[:]
        handles[1].remove()
        trigger(optimizer)
        return {"before": before, "after": order}

    return act


@pytest.mark.parametrize(
    "register",
    [
        "register_state_dict_pre_hook",
        "register_state_dict_post_hook",
        "register_load_state_dict_pre_hook",
        "register_load_state_dict_post_hook",
    ],
)
@pytest.mark.api(
    "torch.optim.Optimizer.register_state_dict_pre_hook",
    "torch.optim.Optimizer.register_state_dict_post_hook",
    "torch.optim.Optimizer.register_load_state_dict_pre_hook",
    "torch.optim.Optimizer.register_load_state_dict_post_hook",
    page="generated/torch.optim.Optimizer.register_state_dict_post_hook",
)
@pytest.mark.changed(
    "2.1", "optimizers take hooks around their state dict", kind="appeared", cause="pytorch#105953"
)
def test_state_dict_hook_with_prepend_runs_before_those_registered_earlier(register, snapshot):
    """Hooks around the state dict run as registered; with ``prepend=True`` the last one runs first.

    The handle of a hook removes it and leaves the others.
    """

    def trigger(optimizer):
        optimizer.load_state_dict(optimizer.state_dict())

    act = called(register, trigger)
    assert snapshot == observe_each({"as registered": act, "prepend": lambda: act(prepend=True)})


@pytest.mark.parametrize("register", ["register_step_pre_hook", "register_step_post_hook"])
@pytest.mark.api(
    "torch.optim.Optimizer.register_step_pre_hook",
    "torch.optim.Optimizer.register_step_post_hook",
    page="generated/torch.optim.Optimizer.register_step_pre_hook",
)
@pytest.mark.changed("2.0", "optimizers take step hooks", kind="appeared", cause="pytorch#89176")
def test_handle_of_a_step_hook_removes_that_hook(register, snapshot):
    """Step hooks run as registered. The handle of the second removes it, and leaves the others."""
    act = called(register, lambda optimizer: optimizer.step())
    assert snapshot == observe_each({"as registered": act})
