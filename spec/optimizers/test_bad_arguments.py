"""What an optimizer's constructor refuses, and what it accepts silently.

A setting outside its range raises, and the message shows its value; a setting that is written into
the group later is not checked. The constructor refuses a module, a bare tensor, an empty list, a
non-leaf, and a parameter in two groups. Some mistakes pass: an unknown option in a group is kept
and ignored, and SGD accepts an lr of NaN. A parameter that is listed twice in one group moves twice
in every step, with a warning since 1.7. Since 2.6 optimizers take ``named_parameters()`` and keep
the names.
"""

import math

import pytest
import torch

from fixtures.references import parameter, step
from torch_history.observing import observe

SGD, Adam = torch.optim.SGD, torch.optim.Adam

REFUSED = [
    pytest.param(SGD, {"lr": -0.1}, id="sgd-lr"),
    pytest.param(SGD, {"lr": 0.1, "momentum": -0.5}, id="sgd-momentum"),
    pytest.param(SGD, {"lr": 0.1, "weight_decay": -0.5}, id="sgd-weight-decay"),
    pytest.param(Adam, {"lr": -0.1}, id="adam-lr"),
    pytest.param(Adam, {"eps": -1e-8}, id="adam-eps"),
    pytest.param(Adam, {"weight_decay": -0.5}, id="adam-weight-decay"),
]


@pytest.mark.parametrize("optimizer_class, settings", REFUSED)
@pytest.mark.api("torch.optim.SGD", "torch.optim.Adam", page="optim")
@pytest.mark.changed(
    "1.5",
    "Adam refuses a negative weight decay",
    kind="error",
    cause="pytorch#33126",
    advice="set optimizer.param_groups[0]['weight_decay'] after building the optimizer",
    restored_by="optimizers.negative_setting_may_be_written_into_the_group",
    of=("torch.optim.Adam",),
    when=("weight_decay@4=<unknown>|-1|-1.0|-0.5|-0.1|-0.01|-0.001|-0.0001",),
    rarely="a negative weight decay",
)
def test_negative_setting_raises(optimizer_class, settings, snapshot):
    """A negative lr, momentum, eps or weight decay raises, and the message shows the value.

    Before 1.5 Adam accepted a negative weight decay.
    """

    def act():
        group = optimizer_class([parameter([1.0])], **settings).param_groups[0]
        return {name: group[name] for name in settings}

    assert snapshot == observe(act)


WRITTEN = [
    pytest.param("Adam", "weight_decay", -0.5, id="adam-weight-decay"),
    pytest.param("AdamW", "weight_decay", -1.0, id="adamw-weight-decay"),
    pytest.param("LBFGS", "lr", -1.0, id="lbfgs-lr"),
    pytest.param("ASGD", "lambd", -1.0, id="asgd-lambd"),
    pytest.param("ASGD", "alpha", -1.0, id="asgd-alpha"),
]


@pytest.mark.parametrize("name, option, value", WRITTEN)
@pytest.mark.api(
    "torch.optim.Adam", "torch.optim.AdamW", "torch.optim.LBFGS", "torch.optim.ASGD", page="optim"
)
def test_negative_setting_may_be_written_into_the_group(name, option, value, snapshot):
    """A negative weight decay, lr, lambd or alpha may be written into a parameter group.

    Only the constructor checks the range of a setting.
    """

    def act():
        group = getattr(torch.optim, name)([parameter([1.0])]).param_groups[0]
        group[option] = value
        return {option: group[option]}

    assert snapshot == observe(act)


BETAS = [
    pytest.param((1.0, 0.999), id="first-one"),
    pytest.param((0.9, 1.0), id="second-one"),
    pytest.param((-0.1, 0.999), id="negative"),
]


@pytest.mark.parametrize("betas", BETAS)
@pytest.mark.api("torch.optim.Adam", page="generated/torch.optim.Adam")
def test_beta_outside_zero_to_one_raises(betas, snapshot):
    """Adam's betas must lie in [0, 1): a beta of 1 ignores gradients and divides by 1 - 1."""
    assert snapshot == observe(lambda: Adam([parameter([1.0])], betas=betas))


@pytest.mark.api("torch.optim.SGD", page="generated/torch.optim.SGD")
def test_sgd_takes_a_nan_learning_rate(snapshot):
    """SGD accepts ``lr=nan``, and the first step makes every parameter NaN.

    SGD checks whether lr is below 0, and NaN is not.
    """
    w = parameter([1.0])

    def act():
        step(SGD([w], lr=math.nan), [1.0])
        return w

    assert snapshot == observe(act)


@pytest.mark.api("torch.optim.Adam", page="generated/torch.optim.Adam")
def test_adam_refuses_a_nan_learning_rate(snapshot):
    """Adam refuses ``lr=nan``: it checks whether lr is at least 0, and NaN is not."""
    assert snapshot == observe(lambda: Adam([parameter([1.0])], lr=math.nan))


NESTEROV = [
    pytest.param({}, id="no-momentum"),
    pytest.param({"momentum": 0.9, "dampening": 0.1}, id="dampening"),
]


@pytest.mark.parametrize("settings", NESTEROV)
@pytest.mark.api("torch.optim.SGD", page="generated/torch.optim.SGD")
def test_nesterov_needs_momentum_and_no_dampening(settings, snapshot):
    """``nesterov=True`` without momentum, or with dampening, raises."""
    assert snapshot == observe(lambda: SGD([parameter([1.0])], lr=0.1, nesterov=True, **settings))


@pytest.mark.api("torch.optim.SGD", page="generated/torch.optim.SGD")
@pytest.mark.changed(
    "1.6", "the message says Boolean instead of bool", kind="wording", cause="pytorch#38150"
)
@pytest.mark.changed(
    "2.5",
    "raises a ValueError that names lr, instead of a RuntimeError",
    kind="exception",
    cause="pytorch#131065",
    advice="catch ValueError",
    when=(":caught and lr@1=<unknown>",),
    rarely="a learning rate tensor of several elements",
)
def test_learning_rate_tensor_of_two_elements_raises(snapshot):
    """SGD refuses a tensor ``lr`` of two elements: it must have one."""
    assert snapshot == observe(lambda: SGD([parameter([1.0])], lr=torch.tensor([0.1, 0.2])))


@pytest.mark.api("torch.optim.Optimizer", page="optim")
def test_single_tensor_instead_of_a_list_raises(snapshot):
    """``SGD(weight)`` raises: a tensor can be iterated, but its rows are not parameters."""
    assert snapshot == observe(lambda: SGD(parameter([1.0]), lr=0.1))


@pytest.mark.api("torch.optim.Optimizer", page="optim")
def test_module_instead_of_its_parameters_raises(snapshot):
    """``SGD(model)`` raises: write ``model.parameters()``."""
    assert snapshot == observe(lambda: SGD(torch.nn.Linear(1, 1), lr=0.1))


@pytest.mark.api("torch.optim.Optimizer", "torch.optim.SGD", page="optim", article="B")
def test_empty_parameter_list_raises(snapshot):
    """An optimizer refuses an empty parameter list, and also an exhausted iterator.

    A filter over the parameters of a frozen model yields nothing.
    """
    assert snapshot == observe(lambda: SGD([], lr=0.1))


@pytest.mark.api("torch.optim.Optimizer", page="optim")
def test_number_among_the_parameters_raises(snapshot):
    """A number among the parameters raises: each of them must be a tensor."""
    assert snapshot == observe(lambda: SGD([1.0], lr=0.1))


@pytest.mark.api("torch.optim.Optimizer", page="optim")
def test_non_leaf_raises(snapshot):
    """A non-leaf tensor cannot be optimized: pass the leaf that it was computed from."""
    assert snapshot == observe(lambda: SGD([parameter([1.0]) * 2], lr=0.1))


@pytest.mark.api(
    "torch.optim.Optimizer", "torch.Tensor.retain_grad", page="generated/torch.Tensor.retain_grad"
)
@pytest.mark.changed(
    "1.13",
    "a non-leaf that retains its gradient is accepted",
    kind="error-gone",
    cause="pytorch#80938",
    probable=True,
)
def test_non_leaf_that_retains_its_gradient_is_taken(snapshot):
    """After ``retain_grad()`` a non-leaf is accepted, since 1.13.

    A step moves the non-leaf, but not the leaf that it was computed from.
    """

    def act():
        w = parameter([1.0])
        doubled = w * 2
        doubled.retain_grad()
        optimizer = SGD([doubled], lr=0.5)
        doubled.sum().backward()
        optimizer.step()
        return {"non-leaf": doubled.detach(), "leaf": w.detach()}

    assert snapshot == observe(act)


@pytest.mark.api("torch.optim.Optimizer", page="optim")
@pytest.mark.changed(
    "2.15",
    "warns that a set has no order and will be refused",
    kind="warning",
    advice="pass a list",
    when=("params@0=<unknown>",),
    rarely="parameters in a set",
)
def test_set_of_parameters_warns(snapshot):
    """An optimizer accepts a set of parameters, with a warning since 2.15.

    A set has no order by which a state dict could number the parameters.
    """
    assert snapshot == observe(
        lambda: len(SGD({parameter([1.0])}, lr=0.1).param_groups[0]["params"])
    )


@pytest.mark.api("torch.optim.Optimizer", page="optim")
def test_set_of_parameters_in_a_group_raises(snapshot):
    """A set of parameters under ``params`` in a group's dict raises: a set has no order."""
    assert snapshot == observe(lambda: SGD([{"params": {parameter([1.0])}}], lr=0.1))


@pytest.mark.api("torch.optim.Optimizer", page="optim")
@pytest.mark.changed(
    "1.7",
    "warns about the duplicate",
    kind="warning",
    cause="pytorch#41597",
    advice="pass each parameter once",
    when=":unseen",
)
def test_duplicate_in_one_group_is_stepped_twice(snapshot):
    """A parameter that is listed twice in one group moves twice in every step.

    With lr 0.5 and gradient 1 it goes from 1 to 0. Since 1.7 the constructor warns.
    """

    def act():
        w = parameter([1.0])
        step(SGD([w, w], lr=0.5), [1.0])
        return w

    assert snapshot == observe(act)


@pytest.mark.api("torch.optim.Optimizer", "torch.optim.Optimizer.add_param_group", page="optim")
def test_duplicate_across_groups_raises(snapshot):
    """The same parameter in two groups raises: a parameter can belong to one group only."""
    w = parameter([1.0])
    assert snapshot == observe(lambda: SGD([{"params": [w]}, {"params": [w]}], lr=0.1))


@pytest.mark.api("torch.optim.Optimizer", "torch.nn.Module.named_parameters", page="optim")
@pytest.mark.changed(
    "2.6", "optimizers take named parameters", kind="appeared", cause="pytorch#134107"
)
def test_named_parameters_leave_their_names_in_the_group(snapshot):
    """Since 2.6 ``SGD(model.named_parameters())`` keeps the names under ``param_names``.

    They are in the group and in the state dict.
    """

    def act():
        optimizer = SGD(torch.nn.Linear(1, 1).named_parameters(), lr=0.1)
        groups = {
            "group": optimizer.param_groups[0],
            "state dict": optimizer.state_dict()["param_groups"][0],
        }
        return {name: group["param_names"] for name, group in groups.items()}

    assert snapshot == observe(act)


@pytest.mark.api("torch.optim.Optimizer", page="optim")
@pytest.mark.changed(
    "2.6",
    "optimizers take named parameters, and raise a ValueError for a mixture instead of a TypeError",
    kind="exception",
    cause="pytorch#134107",
    advice="catch ValueError",
    when=(":caught and :call",),
    rarely="names for some of the parameters",
)
def test_names_for_some_parameters_only_raise(snapshot):
    """Names for only some of the parameters raise: name all of them or none."""
    assert snapshot == observe(
        lambda: SGD([("weight", parameter([1.0])), parameter([2.0])], lr=0.1)
    )


@pytest.mark.api("torch.optim.Optimizer", page="optim")
def test_unknown_option_of_a_group_is_kept_and_ignored(snapshot):
    """An unknown option in a group's dict is kept and ignored, without an error.

    A group with ``learning_rate`` instead of ``lr`` gets the default lr.
    """

    def act():
        w = parameter([1.0])
        optimizer = SGD([{"params": [w], "learning_rate": 0.5}], lr=0.25)
        step(optimizer, [1.0])
        return {
            "kept": optimizer.param_groups[0]["learning_rate"],
            "lr": optimizer.param_groups[0]["lr"],
            "w": w.detach(),
        }

    assert snapshot == observe(act)


@pytest.mark.api("torch.optim.Optimizer", page="optim")
def test_group_without_params_raises(snapshot):
    """A group's dict without the key ``params`` raises."""
    assert snapshot == observe(lambda: SGD([{"lr": 0.1}], lr=0.1))


@pytest.mark.api("torch.optim.Optimizer", page="optim")
@pytest.mark.changed(
    "2.1",
    "raises a TypeError that names the type, instead of an AssertionError",
    kind="exception",
    cause="pytorch#102593",
    probable=True,
    advice="catch TypeError",
    when=(":caught and :call",),
    rarely="a parameter after a group",
)
def test_parameter_after_a_group_raises(snapshot):
    """A parameter after a group's dict raises: a list holds either groups or parameters."""
    assert snapshot == observe(
        lambda: SGD([{"params": [parameter([1.0])]}, parameter([2.0])], lr=0.1)
    )
