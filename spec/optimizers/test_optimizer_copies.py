"""Optimizers that are pickled, copied, derived from, or loaded from the state dict of an older release."""

import copy
import pickle
from importlib import import_module

import pytest
import torch

from fixtures.references import parameter, step
from torch_history.observing import observe


def after_a_step_of(copied, **settings):
    """An SGD, stepped once from 1 to 0.5, is copied, and the copy is stepped with the same gradient: both parameters."""
    w = parameter([1.0])
    optimizer = torch.optim.SGD([w], lr=0.5, **settings)
    step(optimizer, [1.0])
    other = copied(optimizer)
    step(other, [1.0])
    return {"original": w.detach(), "copy": other.param_groups[0]["params"][0].detach()}


@pytest.mark.api("torch.optim.Optimizer", page="optim")
@pytest.mark.changed(
    "1.5", "warns that pickle of storages goes; in 1.5 alone", kind="warning", cause="pytorch#32244"
)
@pytest.mark.changed("1.6", "does not warn", kind="warning", cause="pytorch#39003")
def test_unpickled_optimizer_steps_parameters_of_its_own(snapshot):
    """A pickled optimizer takes its parameters along: what comes back moves its own copies. Keep the ``state_dict()`` instead."""
    assert snapshot == observe(
        lambda: after_a_step_of(lambda each: pickle.loads(pickle.dumps(each)), momentum=0.5)
    )


@pytest.mark.api("torch.optim.Optimizer", page="optim")
def test_deep_copied_optimizer_steps_parameters_of_its_own(snapshot):
    """``copy.deepcopy(optimizer)`` copies the parameters too: the copy does not train the model, and keeps the velocity."""
    assert snapshot == observe(lambda: after_a_step_of(copy.deepcopy, momentum=0.5))


@pytest.mark.api("torch.optim.Optimizer", page="optim")
def test_optimizer_deep_copied_with_its_model_trains_the_copy(snapshot):
    """Copied together, as one tuple, the new optimizer holds the new model's parameters."""

    def act():
        model = torch.nn.Linear(1, 1)
        other, optimizer = copy.deepcopy((model, torch.optim.SGD(model.parameters(), lr=0.5)))
        return [
            each is mine
            for each, mine in zip(optimizer.param_groups[0]["params"], other.parameters())
        ]

    assert snapshot == observe(act)


FILLED = [
    pytest.param(name, option, id=name.lower() + "-" + option)
    for name, options in [
        ("SGD", ["nesterov", "maximize", "foreach", "differentiable", "fused"]),
        (
            "Adam",
            [
                "amsgrad",
                "maximize",
                "foreach",
                "capturable",
                "differentiable",
                "fused",
                "decoupled_weight_decay",
            ],
        ),
    ]
    for option in options
]


@pytest.mark.parametrize("name, option", FILLED)
@pytest.mark.api(
    "torch.optim.Optimizer.load_state_dict", page="generated/torch.optim.Optimizer.load_state_dict"
)
@pytest.mark.changed(
    "1.11",
    "maximize (SGD, Adam) appears and is filled in",
    kind="representation",
    cause="pytorch#67847 and pytorch#68164",
)
@pytest.mark.changed(
    "1.12",
    "foreach (SGD, Adam) and capturable (Adam) appear and are filled in",
    kind="representation",
    cause="pytorch#70295, pytorch#70481 and pytorch#77862",
)
@pytest.mark.changed(
    "1.13",
    "differentiable (SGD, Adam) and fused (Adam) appear and are filled in",
    kind="representation",
    cause="pytorch#80938, pytorch#82205 and pytorch#85739",
)
@pytest.mark.changed(
    "2.0",
    "Adam's fused is filled in as None, which leaves the choice to torch, instead of False",
    kind="representation",
    cause="pytorch#90865",
    probable=True,
)
@pytest.mark.changed(
    "2.3", "fused (SGD) appears and is filled in", kind="representation", cause="pytorch#116585"
)
@pytest.mark.changed(
    "2.7",
    "decoupled_weight_decay (Adam) appears and is filled in",
    kind="representation",
    cause="pytorch#143710",
)
def test_option_that_an_older_state_dict_lacks_is_filled_in(name, option, snapshot):
    """A state dict from before an option lacks it: loading fills it in, and the step runs.

    ``absent``: this release has no such option. It is filled with what keeps the old behaviour, not
    with what the constructor was given.
    """

    def act():
        w = parameter([1.0])
        optimizer = getattr(torch.optim, name)([w], lr=0.5)
        loaded = optimizer.state_dict()
        loaded["param_groups"][0].pop(option, None)
        optimizer.load_state_dict(loaded)
        step(optimizer, [1.0])
        return {"option": optimizer.param_groups[0].get(option, "absent"), "w": w.detach()}

    assert snapshot == observe(act)


@pytest.mark.parametrize("option", ["lr", "momentum", "weight_decay"])
@pytest.mark.api(
    "torch.optim.Optimizer.load_state_dict", page="generated/torch.optim.Optimizer.load_state_dict"
)
def test_loaded_group_without_a_first_option_breaks_the_step(option, snapshot):
    """An option that was there from the beginning is not filled in: loading is silent, and the step raises a KeyError."""

    def act():
        w = parameter([1.0])
        optimizer = torch.optim.SGD([w], lr=0.5)
        loaded = optimizer.state_dict()
        del loaded["param_groups"][0][option]
        optimizer.load_state_dict(loaded)
        step(optimizer, [1.0])

    assert snapshot == observe(act)


def stepless():
    """An optimizer of one's own that forgot its step; its class is made anew, for a first instance changes it."""

    class Stepless(torch.optim.Optimizer):
        pass

    return Stepless([parameter([1.0])], {"lr": 0.5})


@pytest.mark.parametrize("closure", [(), (lambda: 1.0,)], ids=["plain", "closure"])
@pytest.mark.api("torch.optim.Optimizer", page="optim")
@pytest.mark.changed(
    "2.1",
    "without a closure too raises NotImplementedError; before TypeError of the missing argument",
    kind="exception",
    cause="pytorch#102593",
    probable=True,
)
def test_own_optimizer_without_a_step_raises(closure, snapshot):
    """The base class has a ``step`` that raises NotImplementedError; without a closure it once asked for that first."""
    assert snapshot == observe(lambda: stepless().step(*closure))


@pytest.mark.api("torch.optim.Optimizer", page="optim")
def test_own_optimizer_may_require_an_option(snapshot):
    """``torch.optim.optimizer.required`` as a default makes an option required: a group without it is refused."""

    def act():
        required = import_module("torch.optim.optimizer").required
        return torch.optim.Optimizer([parameter([1.0])], {"lr": required})

    assert snapshot == observe(act)
