"""What an optimizer is built with: defaults, the keys of its groups and state, its ``repr``.

``torch.optim.SGD`` has no momentum and no weight decay by default, and since 2.2 an lr of 0.001.
``torch.optim.Adam`` has an lr of 0.001, betas of 0.9 and 0.999 and no weight decay.
``torch.optim.AdamW`` has a weight decay of 0.01. There is no state before the first step. Then SGD
with momentum keeps a velocity, and Adam a step count and two averages. Releases add options to the
groups, and since 1.12 the step count is a tensor: read it as ``int(state["step"])``.
"""

import pytest
import torch

from fixtures.references import parameter, step
from torch_history.observing import observe


def options(optimizer):
    """The options of the first group, by name."""
    return {
        name: value for name, value in sorted(optimizer.param_groups[0].items()) if name != "params"
    }


def state(optimizer_class, **settings):
    """What the optimizer keeps for a parameter of one element, after one step with gradient 2."""
    w = parameter([1.0])
    optimizer = optimizer_class([w], lr=0.1, **settings)
    step(optimizer, [2.0])
    return dict(optimizer.state[w])


@pytest.mark.api(
    "torch.optim.SGD", "torch.optim.SGD.param_groups", page="generated/torch.optim.SGD"
)
@pytest.mark.changed(
    "1.11",
    "groups have a maximize option",
    kind="representation",
    cause="pytorch#67847",
    of=("torch.optim.SGD.param_groups",),
    rarely="code that lists or compares the options of a group",
)
@pytest.mark.changed(
    "1.12",
    "groups have a foreach option",
    kind="representation",
    cause="pytorch#70481",
    of=("torch.optim.SGD.param_groups",),
    rarely="code that lists or compares the options of a group",
)
@pytest.mark.changed(
    "1.13",
    "groups have a differentiable option",
    kind="representation",
    cause="pytorch#80938",
    of=("torch.optim.SGD.param_groups",),
    rarely="code that lists or compares the options of a group",
)
@pytest.mark.changed(
    "2.3",
    "groups have a fused option",
    kind="representation",
    cause="pytorch#116585",
    of=("torch.optim.SGD.param_groups",),
    rarely="code that lists or compares the options of a group",
)
def test_sgd_defaults(snapshot):
    """``SGD(parameters, lr=0.5)`` has no momentum and no weight decay."""
    assert snapshot == observe(lambda: options(torch.optim.SGD([parameter([1.0])], lr=0.5)))


@pytest.mark.api(
    "torch.optim.Adam",
    "torch.optim.Adam.param_groups",
    page="generated/torch.optim.Adam",
    article="E",
)
@pytest.mark.changed(
    "1.11",
    "groups have a maximize option",
    kind="representation",
    cause="pytorch#68164",
    of=("torch.optim.Adam.param_groups",),
    rarely="code that lists or compares the options of a group",
)
@pytest.mark.changed(
    "1.12",
    "groups have a capturable option",
    kind="representation",
    cause="pytorch#77862",
    of=("torch.optim.Adam.param_groups",),
    rarely="code that lists or compares the options of a group",
)
@pytest.mark.changed(
    "1.12",
    "groups have a foreach option",
    kind="representation",
    cause="pytorch#70295",
    of=("torch.optim.Adam.param_groups",),
    rarely="code that lists or compares the options of a group",
)
@pytest.mark.changed(
    "1.13",
    "groups have a differentiable option",
    kind="representation",
    cause="pytorch#82205",
    of=("torch.optim.Adam.param_groups",),
    rarely="code that lists or compares the options of a group",
)
@pytest.mark.changed(
    "1.13",
    "groups have a fused option",
    kind="representation",
    cause="pytorch#85739",
    of=("torch.optim.Adam.param_groups",),
    rarely="code that lists or compares the options of a group",
)
@pytest.mark.changed(
    "2.0",
    "the fused option of a group is None, which leaves the choice to torch, instead of False",
    kind="representation",
    cause="pytorch#90865",
    probable=True,
    of=("torch.optim.Adam.param_groups",),
    rarely="code that lists or compares the options of a group",
)
@pytest.mark.changed(
    "2.7",
    "groups have a decoupled_weight_decay option",
    kind="representation",
    cause="pytorch#143710",
    of=("torch.optim.Adam.param_groups",),
    rarely="code that lists or compares the options of a group",
)
def test_adam_defaults(snapshot):
    """``Adam(parameters)`` has lr 0.001, betas 0.9 and 0.999, eps 1e-8 and no weight decay."""
    assert snapshot == observe(lambda: options(torch.optim.Adam([parameter([1.0])])))


@pytest.mark.api(
    "torch.optim.AdamW", "torch.optim.AdamW.param_groups", page="generated/torch.optim.AdamW"
)
@pytest.mark.changed(
    "1.11",
    "groups have a maximize option",
    kind="representation",
    cause="pytorch#70146",
    of=("torch.optim.AdamW.param_groups",),
    rarely="code that lists or compares the options of a group",
)
@pytest.mark.changed(
    "1.12",
    "groups have a capturable option",
    kind="representation",
    cause="pytorch#77862",
    of=("torch.optim.AdamW.param_groups",),
    rarely="code that lists or compares the options of a group",
)
@pytest.mark.changed(
    "1.12",
    "groups have a foreach option",
    kind="representation",
    cause="pytorch#70484",
    of=("torch.optim.AdamW.param_groups",),
    rarely="code that lists or compares the options of a group",
)
@pytest.mark.changed(
    "2.0",
    "groups have a differentiable option",
    kind="representation",
    cause="pytorch#86183",
    of=("torch.optim.AdamW.param_groups",),
    rarely="code that lists or compares the options of a group",
)
@pytest.mark.changed(
    "2.0",
    "groups have a fused option",
    kind="representation",
    cause="pytorch#88015",
    of=("torch.optim.AdamW.param_groups",),
    rarely="code that lists or compares the options of a group",
)
@pytest.mark.changed(
    "2.7",
    "groups have a decoupled_weight_decay option, True for AdamW",
    kind="representation",
    cause="pytorch#143710",
    of=("torch.optim.AdamW.param_groups",),
    rarely="code that lists or compares the options of a group",
)
def test_adamw_defaults(snapshot):
    """``AdamW(parameters)`` has Adam's defaults, except for a weight decay of 0.01.

    Since 2.7 its group also says ``decoupled_weight_decay=True``.
    """
    assert snapshot == observe(lambda: options(torch.optim.AdamW([parameter([1.0])])))


@pytest.mark.api("torch.optim.SGD", page="generated/torch.optim.SGD")
@pytest.mark.changed(
    "2.2", "the learning rate is optional, 0.001", kind="error-gone", cause="pytorch#114467"
)
def test_sgd_needs_no_learning_rate(snapshot):
    """``SGD(parameters)`` has an lr of 0.001; before 2.2 the argument was required."""
    assert snapshot == observe(lambda: torch.optim.SGD([parameter([1.0])]).param_groups[0]["lr"])


@pytest.mark.api("torch.optim.Optimizer", page="generated/torch.optim.SGD")
@pytest.mark.changed("1.11", "lists maximize", kind="representation", cause="pytorch#67847")
@pytest.mark.changed("1.12", "lists foreach", kind="representation", cause="pytorch#70481")
@pytest.mark.changed("1.13", "lists differentiable", kind="representation", cause="pytorch#80938")
@pytest.mark.changed("2.3", "lists fused", kind="representation", cause="pytorch#116585")
def test_sgd_repr(snapshot):
    """``repr(optimizer)`` lists each group's options in alphabetical order."""
    groups = [{"params": [parameter([1.0])], "lr": 0.5}, {"params": [parameter([1.0])]}]
    assert snapshot == observe(lambda: repr(torch.optim.SGD(groups, lr=0.25, momentum=0.9)))


@pytest.mark.api("torch.optim.Optimizer", page="generated/torch.optim.AdamW")
@pytest.mark.changed("1.11", "lists maximize", kind="representation", cause="pytorch#70146")
@pytest.mark.changed("1.12", "lists capturable", kind="representation", cause="pytorch#77862")
@pytest.mark.changed("1.12", "lists foreach", kind="representation", cause="pytorch#70484")
@pytest.mark.changed("2.0", "lists differentiable", kind="representation", cause="pytorch#86183")
@pytest.mark.changed("2.0", "lists fused", kind="representation", cause="pytorch#88015")
@pytest.mark.changed(
    "2.7", "lists decoupled_weight_decay", kind="representation", cause="pytorch#143710"
)
def test_adamw_repr(snapshot):
    """``repr(AdamW(...))`` says AdamW, although AdamW is a subclass of Adam since 2.7."""
    assert snapshot == observe(lambda: repr(torch.optim.AdamW([parameter([1.0])])))


@pytest.mark.api("torch.optim.Optimizer", page="optim")
def test_optimizer_has_no_state_before_the_first_step(snapshot):
    """SGD, Adam and AdamW have no state before the first step; the constructor makes none."""
    assert snapshot == observe(
        lambda: {
            each.__name__: len(each([parameter([1.0])], lr=0.1).state)
            for each in (torch.optim.SGD, torch.optim.Adam, torch.optim.AdamW)
        }
    )


@pytest.mark.api(
    "torch.optim.SGD",
    "torch.optim.SGD.state",
    "torch.optim.SGD.state_dict",
    page="generated/torch.optim.SGD",
)
@pytest.mark.changed(
    "1.8",
    "a step leaves a momentum_buffer of None in the state",
    kind="representation",
    cause="pytorch#45597",
    advice="test for None, not for the key alone",
    of=("torch.optim.SGD.state", "torch.optim.SGD.state_dict"),
    rarely="code that reads momentum_buffer",
)
@pytest.mark.changed(
    "2.4",
    "the state stays empty again",
    kind="representation",
    cause="pytorch#122349",
    advice="read momentum_buffer with state.get('momentum_buffer')",
    of=("torch.optim.SGD.state", "torch.optim.SGD.state_dict"),
    rarely="code that reads momentum_buffer",
)
def test_sgd_without_momentum_keeps_no_state(snapshot):
    """SGD without momentum keeps no state.

    From 1.8 to 2.3 it kept a ``momentum_buffer`` of None.
    """
    assert snapshot == observe(lambda: state(torch.optim.SGD))


@pytest.mark.api("torch.optim.SGD", page="generated/torch.optim.SGD")
def test_sgd_with_momentum_keeps_the_velocity(snapshot):
    """SGD keeps its velocity as ``momentum_buffer``; after one step it is the gradient."""
    assert snapshot == observe(lambda: state(torch.optim.SGD, momentum=0.9))


@pytest.mark.api(
    "torch.optim.Adam",
    "torch.optim.Adam.state",
    "torch.optim.Adam.state_dict",
    page="generated/torch.optim.Adam",
)
@pytest.mark.changed(
    "1.12",
    "the step count is a float32 tensor instead of an int",
    kind="representation",
    cause="pytorch#71333",
    advice="use int(state['step'])",
    of=("torch.optim.Adam.state", "torch.optim.Adam.state_dict"),
    rarely="code that reads state['step']",
)
def test_adam_keeps_step_and_two_averages(snapshot):
    """Adam keeps a step count and two averages, not corrected for their bias.

    After one step with gradient 2 they are 1, m = 0.1 x 2 and v = 0.001 x 4. Since 1.12 the step
    count is a float32 tensor.
    """
    assert snapshot == observe(lambda: state(torch.optim.Adam))


@pytest.mark.api(
    "torch.optim.Adam",
    "torch.optim.Adam.state",
    "torch.optim.Adam.state_dict",
    page="generated/torch.optim.Adam",
)
@pytest.mark.changed(
    "1.12",
    "the step count is a float32 tensor instead of an int",
    kind="representation",
    cause="pytorch#71333",
    advice="use int(state['step'])",
    of=("torch.optim.Adam.state", "torch.optim.Adam.state_dict"),
    rarely="code that reads state['step']",
)
def test_amsgrad_keeps_the_largest_average_too(snapshot):
    """``Adam(amsgrad=True)`` also keeps the largest average, as ``max_exp_avg_sq``."""
    assert snapshot == observe(lambda: state(torch.optim.Adam, amsgrad=True))
