"""Each parameter group has its own options, and the step reads them from the group.

The constructor's arguments are used for options that a group does not set. To change an option,
write it into ``torch.optim.Optimizer.param_groups``; the optimizer's ``defaults`` are read only
when a group is added. ``torch.optim.Optimizer.add_param_group`` takes a dict, and refuses a
parameter that is already in a group. A frozen parameter may be in a group, and trains once it is
unfrozen. Trap: two optimizers that are built from the same dicts share their options.
"""

import pytest
import torch

from fixtures.references import parameter, step
from torch_history.observing import observe

SGD = torch.optim.SGD


@pytest.mark.api("torch.optim.Optimizer", "torch.optim.Optimizer.param_groups", page="optim")
def test_each_group_steps_by_its_own_learning_rate(snapshot):
    """Each group steps by its own learning rate, here 0.5 and 0.25."""
    first, second = parameter([1.0]), parameter([1.0])
    step(SGD([{"params": [first], "lr": 0.5}, {"params": [second], "lr": 0.25}]), [1.0], [1.0])
    assert snapshot == observe(lambda: {"lr 0.5": first, "lr 0.25": second})


@pytest.mark.api("torch.optim.Optimizer", "torch.optim.Optimizer.param_groups", page="optim")
def test_group_takes_what_it_does_not_set_from_the_defaults(snapshot):
    """A group takes options that it does not set from the constructor's arguments."""
    optimizer = SGD(
        [{"params": [parameter([1.0])], "momentum": 0.5}, {"params": [parameter([1.0])]}],
        lr=0.1,
        momentum=0.9,
    )
    assert snapshot == observe(
        lambda: [
            {name: group[name] for name in ("lr", "momentum")} for group in optimizer.param_groups
        ]
    )


@pytest.mark.api("torch.optim.Optimizer", "torch.optim.Optimizer.param_groups", page="optim")
def test_learning_rate_set_in_the_group_holds_from_the_next_step(snapshot):
    """Setting ``optimizer.param_groups[0]["lr"]`` changes the learning rate of the next step."""
    w = parameter([1.0])
    optimizer = SGD([w], lr=0.5)
    optimizer.param_groups[0]["lr"] = 0.25
    step(optimizer, [1.0])
    assert snapshot == observe(lambda: w)


@pytest.mark.api("torch.optim.Optimizer", "torch.optim.Optimizer.param_groups", page="optim")
def test_learning_rate_set_in_the_defaults_changes_no_group(snapshot):
    """Setting ``optimizer.defaults["lr"]`` or ``optimizer.lr`` changes no existing group.

    The defaults are read only when a group is added. The attribute ``lr`` is never read.
    """
    w = parameter([1.0])
    optimizer = SGD([w], lr=0.5)
    optimizer.defaults["lr"] = 0.25
    optimizer.lr = 0.25
    step(optimizer, [1.0])
    optimizer.add_param_group({"params": [parameter([1.0])]})
    assert snapshot == observe(
        lambda: {"w": w, "lr of the groups": [group["lr"] for group in optimizer.param_groups]}
    )


@pytest.mark.api(
    "torch.optim.Optimizer.add_param_group", page="generated/torch.optim.Optimizer.add_param_group"
)
def test_added_group_has_the_defaults_and_is_stepped(snapshot):
    """``add_param_group`` appends a group with the constructor's options.

    The next step moves it, with a velocity of its own.
    """
    first, second = parameter([0.0]), parameter([0.0])
    optimizer = SGD([first], lr=1.0, momentum=0.5)
    step(optimizer, [1.0])
    optimizer.add_param_group({"params": [second]})
    step(optimizer, [1.0], [1.0])
    assert snapshot == observe(
        lambda: {
            "first": first,
            "second": second,
            "momentum": optimizer.param_groups[1]["momentum"],
        }
    )


@pytest.mark.api(
    "torch.optim.Optimizer.add_param_group", page="generated/torch.optim.Optimizer.add_param_group"
)
def test_add_param_group_takes_a_single_tensor_or_an_iterator(snapshot):
    """``add_param_group`` accepts a single tensor or an iterator under ``params``.

    The constructor itself refuses a bare tensor. An iterator becomes a list.
    """
    optimizer = SGD([parameter([1.0])], lr=0.1)
    optimizer.add_param_group({"params": parameter([2.0])})
    optimizer.add_param_group({"params": (parameter([value]) for value in (3.0, 4.0))})
    assert snapshot == observe(
        lambda: [[member.item() for member in group["params"]] for group in optimizer.param_groups]
    )


@pytest.mark.api(
    "torch.optim.Optimizer.add_param_group", page="generated/torch.optim.Optimizer.add_param_group"
)
def test_add_param_group_refuses_a_parameter_that_it_holds(snapshot):
    """``add_param_group`` refuses a parameter that is already in a group."""
    w = parameter([1.0])
    optimizer = SGD([w], lr=0.1)
    assert snapshot == observe(lambda: optimizer.add_param_group({"params": [w]}))


@pytest.mark.api(
    "torch.optim.Optimizer.add_param_group", page="generated/torch.optim.Optimizer.add_param_group"
)
@pytest.mark.changed(
    "2.1",
    "raises a TypeError that names the type, instead of an AssertionError",
    kind="exception",
    cause="pytorch#102593",
    probable=True,
    advice="catch TypeError",
    when=("param_group@0=<built>",),
)
def test_add_param_group_refuses_a_list(snapshot):
    """``add_param_group`` refuses a list of parameters: a group is a dict."""
    optimizer = SGD([parameter([1.0])], lr=0.1)
    assert snapshot == observe(lambda: optimizer.add_param_group([parameter([2.0])]))


@pytest.mark.api(
    "torch.optim.Optimizer.add_param_group", page="generated/torch.optim.Optimizer.add_param_group"
)
def test_refused_group_is_not_added(snapshot):
    """A group that ``add_param_group`` refuses is not added to the optimizer."""
    w = parameter([1.0])
    optimizer = SGD([w], lr=0.1)
    with pytest.raises(ValueError, match="appear in more than one parameter group"):
        optimizer.add_param_group({"params": [w]})
    assert snapshot == observe(lambda: len(optimizer.param_groups))


@pytest.mark.api("torch.optim.Optimizer", "torch.optim.Optimizer.param_groups", page="optim")
def test_two_optimizers_built_from_the_same_groups_share_their_options(snapshot):
    """Two optimizers built from the same group dicts share their options.

    The caller's dicts become the groups. The second optimizer finds the first one's lr in them and
    ignores its own. Build new dicts for each optimizer.
    """
    groups = [{"params": [parameter([1.0])]}]
    first, second = SGD(groups, lr=0.5), SGD(groups, lr=0.25)
    second.param_groups[0]["momentum"] = 0.9
    assert snapshot == observe(
        lambda: {
            "caller's options": {name: groups[0][name] for name in ("lr", "momentum")},
            "lr of the second": second.param_groups[0]["lr"],
            "momentum of the first": first.param_groups[0]["momentum"],
        }
    )


@pytest.mark.api("torch.optim.Optimizer", "torch.Tensor.requires_grad", page="optim")
def test_frozen_member_trains_once_it_is_thawed(snapshot):
    """An optimizer skips a frozen parameter, and trains it once it is unfrozen.

    The constructor accepts the frozen parameter. There is no need to build the optimizer again.
    """
    frozen, other = parameter([1.0]).requires_grad_(False), parameter([1.0])
    optimizer = SGD([frozen, other], lr=0.5)

    def act():
        path = []
        for _ in range(2):
            (frozen + other).sum().backward()
            optimizer.step()
            optimizer.zero_grad()
            path.append({"frozen": frozen.item(), "other": other.item()})
            frozen.requires_grad_(True)
        return path

    assert snapshot == observe(act)
