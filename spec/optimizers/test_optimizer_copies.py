"""Optimizers that are pickled, copied, subclassed, or loaded from an older state dict.

A pickled or deep-copied optimizer steps its own copies of the parameters, and does not train the
model. Save its state dict, or copy the optimizer and the model in one call. Loading a state dict of
an older release fills in the options that it lacks, with values that keep the old behaviour. Trap:
a missing lr, momentum or weight decay is not filled in, and the step raises. A subclass of
``torch.optim.Optimizer`` has to define ``step``.
"""

import copy
import pickle
from importlib import import_module

import pytest
import torch

from fixtures.references import parameter, step
from torch_history.observing import observe


def after_a_step_of(copied, **settings):
    """Both parameters after SGD steps from 1 to 0.5, is copied, and the copy steps once.

    The gradient is the same in both steps.
    """
    w = parameter([1.0])
    optimizer = torch.optim.SGD([w], lr=0.5, **settings)
    step(optimizer, [1.0])
    other = copied(optimizer)
    step(other, [1.0])
    return {"original": w.detach(), "copy": other.param_groups[0]["params"][0].detach()}


@pytest.mark.api("torch.optim.Optimizer", page="optim")
@pytest.mark.changed(
    "1.5",
    "warns, in 1.5 only, that pickle support for storages will be removed",
    kind="warning",
    cause="pytorch#32244",
    when=(":unseen",),
)
@pytest.mark.changed(
    "1.6", "does not warn", kind="warning", cause="pytorch#39003", when=(":unseen",)
)
def test_unpickled_optimizer_steps_parameters_of_its_own(snapshot):
    """An unpickled optimizer moves its own copies of the parameters, not the model's.

    Save ``optimizer.state_dict()`` instead.
    """
    assert snapshot == observe(
        lambda: after_a_step_of(lambda each: pickle.loads(pickle.dumps(each)), momentum=0.5)
    )


@pytest.mark.api("torch.optim.Optimizer", page="optim")
def test_deep_copied_optimizer_steps_parameters_of_its_own(snapshot):
    """``copy.deepcopy(optimizer)`` copies the parameters too: it does not train the model.

    The copy keeps the velocity.
    """
    assert snapshot == observe(lambda: after_a_step_of(copy.deepcopy, momentum=0.5))


@pytest.mark.api("torch.optim.Optimizer", page="optim")
def test_optimizer_deep_copied_with_its_model_trains_the_copy(snapshot):
    """An optimizer that is deep-copied together with its model trains the new model.

    Copy both in one call, as a tuple.
    """

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
    "1.11", "maximize (SGD) appears and is filled in", kind="representation", cause="pytorch#67847"
)
@pytest.mark.changed(
    "1.11", "maximize (Adam) appears and is filled in", kind="representation", cause="pytorch#68164"
)
@pytest.mark.changed(
    "1.12", "foreach (SGD) appears and is filled in", kind="representation", cause="pytorch#70481"
)
@pytest.mark.changed(
    "1.12", "foreach (Adam) appears and is filled in", kind="representation", cause="pytorch#70295"
)
@pytest.mark.changed(
    "1.12",
    "capturable (Adam) appears and is filled in",
    kind="representation",
    cause="pytorch#77862",
)
@pytest.mark.changed(
    "1.13",
    "differentiable (SGD) appears and is filled in",
    kind="representation",
    cause="pytorch#80938",
)
@pytest.mark.changed(
    "1.13",
    "differentiable (Adam) appears and is filled in",
    kind="representation",
    cause="pytorch#82205",
)
@pytest.mark.changed(
    "1.13", "fused (Adam) appears and is filled in", kind="representation", cause="pytorch#85739"
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
    """Loading an older state dict fills in options that it lacks, and the step runs.

    The value keeps the old behaviour; it is not the one that the constructor was given. ``absent``
    means that this release does not have the option.
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
    """A state dict without lr, momentum or weight_decay loads; the step raises a KeyError.

    Loading is silent, because torch fills in only the options that later releases added.
    """

    def act():
        w = parameter([1.0])
        optimizer = torch.optim.SGD([w], lr=0.5)
        loaded = optimizer.state_dict()
        del loaded["param_groups"][0][option]
        optimizer.load_state_dict(loaded)
        step(optimizer, [1.0])

    assert snapshot == observe(act)


def stepless():
    """An instance of a new optimizer class that does not define ``step``.

    The class is made anew, because creating the first instance changes it.
    """

    class Stepless(torch.optim.Optimizer):
        pass

    return Stepless([parameter([1.0])], {"lr": 0.5})


@pytest.mark.parametrize("closure", [(), (lambda: 1.0,)], ids=["plain", "closure"])
@pytest.mark.api("torch.optim.Optimizer", "torch.optim.Optimizer.step", page="optim")
@pytest.mark.changed(
    "2.1",
    "raises NotImplementedError without a closure too, instead of a TypeError for the missing "
    "argument",
    kind="exception",
    cause="pytorch#102593",
    probable=True,
    of=("torch.optim.Optimizer.step",),
    when=(":caught and :call and -closure@0",),
    rarely="a subclass that does not define step",
)
def test_own_optimizer_without_a_step_raises(closure, snapshot):
    """``step`` of an Optimizer subclass that does not define it raises NotImplementedError.

    Before 2.1 a call without a closure raised a TypeError.
    """
    assert snapshot == observe(lambda: stepless().step(*closure))


@pytest.mark.api("torch.optim.Optimizer", page="optim")
def test_own_optimizer_may_require_an_option(snapshot):
    """``torch.optim.optimizer.required`` as a default makes an option required.

    A group without the option is refused.
    """

    def act():
        required = import_module("torch.optim.optimizer").required
        return torch.optim.Optimizer([parameter([1.0])], {"lr": required})

    assert snapshot == observe(act)
