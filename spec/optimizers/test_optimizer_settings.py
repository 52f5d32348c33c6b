"""Every optimizer, one setting at a time, on two groups of which one has twice the learning rate.

Gradients are the same in all cases, so that a case differs from the first one by its setting only.
A large ``eps`` such as 0.5 shows where it stands: added to the root for Adam and its kin, inside of
the root for ``torch.optim.Adadelta``. Trap: a beta of ``torch.optim.RAdam`` below 0.6 never reaches
the step from which its second average counts.
"""

import pytest
import torch

from fixtures.optimizer_settings import LONG, SETTINGS, built, parameters, stepped
from fixtures.references import parameter
from fixtures.settings import each
from torch_history.observing import observe, observe_each

BETAS = {"betas": (0.25, 0.5)}
LONGER = {"betas": (0.25, 0.8)}
DECAY = {"weight_decay": 0.5}
LARGE = {"eps": 0.5}
EXACT = {
    "weight_decay": 0.0,
    "momentum": 0.5,
    "ns_coefficients": (2.0, 0.0, 0.0),
    "eps": 64.0,
    "ns_steps": 1,
}

# optimizer -> case -> settings
CASES = {
    "SGD": {
        "plain": {},
        "momentum": {"momentum": 0.5},
        "dampening": {"momentum": 0.5, "dampening": 0.5},
        "nesterov": {"momentum": 0.5, "nesterov": True},
        "weight_decay": DECAY,
        "maximize": {"momentum": 0.5, "maximize": True},
    },
    "Adam": {
        "plain": {},
        "betas": BETAS,
        "eps": LARGE,
        "weight_decay": DECAY,
        "amsgrad": {**BETAS, "amsgrad": True},
        "maximize": {"maximize": True},
        "decoupled_weight_decay": {**DECAY, "decoupled_weight_decay": True},
    },
    "AdamW": {
        "plain": {},
        "betas": BETAS,
        "eps": LARGE,
        "weight_decay": DECAY,
        "amsgrad": {**BETAS, "amsgrad": True},
        "maximize": {"maximize": True},
    },
    "Adamax": {
        "plain": {},
        "betas": BETAS,
        "eps": LARGE,
        "weight_decay": DECAY,
        "maximize": {"maximize": True},
    },
    "NAdam": {
        "plain": {},
        "betas": BETAS,
        "eps": LARGE,
        "weight_decay": DECAY,
        "momentum_decay": {"momentum_decay": 0.5},
        "decoupled_weight_decay": {**DECAY, "decoupled_weight_decay": True},
        "maximize": {"maximize": True},
    },
    "RAdam": {
        "plain": {},
        "betas": LONGER,
        "eps": {**LONGER, **LARGE},
        "weight_decay": DECAY,
        "decoupled_weight_decay": {**DECAY, "decoupled_weight_decay": True},
        "maximize": {"maximize": True},
    },
    "Adagrad": {
        "plain": {},
        "lr_decay": {"lr_decay": 0.5},
        "weight_decay": DECAY,
        "initial_accumulator_value": {"initial_accumulator_value": 2.0},
        "eps": LARGE,
        "maximize": {"maximize": True},
    },
    "Adadelta": {
        "plain": {},
        "rho": {"rho": 0.5},
        "eps": LARGE,
        "weight_decay": DECAY,
        "maximize": {"maximize": True},
    },
    "RMSprop": {
        "plain": {},
        "alpha": {"alpha": 0.5},
        "eps": LARGE,
        "weight_decay": DECAY,
        "momentum": {"momentum": 0.5},
        "centered": {"alpha": 0.5, "centered": True},
        "maximize": {"maximize": True},
    },
    "Rprop": {
        "plain": {},
        "etas": {"etas": (0.25, 2.0)},
        "step_sizes": {"step_sizes": (0.375, 0.75)},
        "maximize": {"maximize": True},
    },
    "ASGD": {
        "plain": {},
        "lambd": {"lambd": 0.5},
        "alpha": {"lambd": 0.5, "alpha": 2.0},
        "weight_decay": DECAY,
        "maximize": {"maximize": True},
    },
    "SparseAdam": {"plain": {}, "betas": BETAS, "eps": LARGE, "maximize": {"maximize": True}},
    "Adafactor": {
        "plain": {},
        "beta2_decay": {"beta2_decay": -0.25},
        "eps": {"eps": (0.5, 8.0)},
        "eps, the first": {"eps": (8.0, 0.001)},
        "d": {"d": 4.0},
        "weight_decay": DECAY,
        "maximize": {"maximize": True},
    },
    "Muon": {
        "exact": EXACT,
        "weight_decay": {**EXACT, **DECAY},
        "momentum": {**EXACT, "momentum": 0.25},
        "nesterov": {**EXACT, "nesterov": False},
        "ns_coefficients": {**EXACT, "ns_coefficients": (1.0, 0.5, 0.25)},
        "eps": {**EXACT, "eps": 128.0},
        "ns_steps": {**EXACT, "ns_steps": 2},
        "adjust_lr_fn": {**EXACT, "adjust_lr_fn": "match_rms_adamw"},
    },
}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.api(
    "torch.optim.SGD",
    "torch.optim.Adam",
    "torch.optim.AdamW",
    "torch.optim.Adamax",
    "torch.optim.NAdam",
    "torch.optim.RAdam",
    "torch.optim.Adagrad",
    "torch.optim.Adadelta",
    "torch.optim.RMSprop",
    "torch.optim.Rprop",
    "torch.optim.ASGD",
    "torch.optim.SparseAdam",
    "torch.optim.Adafactor",
    "torch.optim.Muon",
    page="optim",
)
@pytest.mark.changed(
    "1.10", "NAdam appears", kind="appeared", cause="pytorch#59009", of=("torch.optim.NAdam",)
)
@pytest.mark.changed(
    "1.10", "RAdam appears", kind="appeared", cause="pytorch#58968", of=("torch.optim.RAdam",)
)
@pytest.mark.changed(
    "1.11", "SGD takes maximize", kind="appeared", cause="pytorch#67847", of=("torch.optim.SGD",)
)
@pytest.mark.changed(
    "1.11", "Adam takes maximize", kind="appeared", cause="pytorch#68164", of=("torch.optim.Adam",)
)
@pytest.mark.changed(
    "1.11",
    "AdamW takes maximize",
    kind="appeared",
    cause="pytorch#70146",
    of=("torch.optim.AdamW",),
)
@pytest.mark.changed(
    "1.12",
    "Adadelta takes maximize",
    kind="appeared",
    cause="pytorch#75330",
    of=("torch.optim.Adadelta",),
)
@pytest.mark.changed(
    "1.12",
    "Adagrad takes maximize",
    kind="appeared",
    cause="pytorch#75968",
    of=("torch.optim.Adagrad",),
)
@pytest.mark.changed(
    "1.12",
    "Adamax takes maximize",
    kind="appeared",
    cause="pytorch#77409",
    of=("torch.optim.Adamax",),
)
@pytest.mark.changed(
    "1.13",
    "RMSprop takes maximize",
    kind="appeared",
    cause="pytorch#80326",
    of=("torch.optim.RMSprop",),
)
@pytest.mark.changed(
    "1.13",
    "ASGD takes maximize",
    kind="appeared",
    cause="pytorch#80323",
    probable=True,
    of=("torch.optim.ASGD",),
)
@pytest.mark.changed("1.13", "Rprop takes maximize", kind="appeared", of=("torch.optim.Rprop",))
@pytest.mark.changed(
    "1.13",
    "SparseAdam takes maximize",
    kind="appeared",
    cause="pytorch#80336",
    of=("torch.optim.SparseAdam",),
)
@pytest.mark.changed(
    "2.0",
    "NAdam gives other results: it looks ahead by the momentum of the next step",
    kind="silent",
    cause="pytorch#92699",
    of=("torch.optim.NAdam",),
    when=("-foreach@6", "foreach@6=False|None"),
)
@pytest.mark.changed(
    "2.1",
    "NAdam takes decoupled_weight_decay",
    kind="appeared",
    cause="pytorch#103881",
    of=("torch.optim.NAdam",),
)
@pytest.mark.changed(
    "2.2",
    "RAdam takes decoupled_weight_decay",
    kind="appeared",
    cause="pytorch#107507",
    of=("torch.optim.RAdam",),
)
@pytest.mark.changed(
    "2.4",
    "NAdam takes maximize",
    kind="appeared",
    cause="pytorch#127214",
    of=("torch.optim.NAdam",),
)
@pytest.mark.changed(
    "2.4",
    "RAdam takes maximize",
    kind="appeared",
    cause="pytorch#126765",
    of=("torch.optim.RAdam",),
)
@pytest.mark.changed(
    "2.5",
    "Adafactor appears",
    kind="appeared",
    cause="pytorch#129905",
    of=("torch.optim.Adafactor",),
)
@pytest.mark.changed(
    "2.7",
    "Adam takes decoupled_weight_decay",
    kind="appeared",
    cause="pytorch#143710",
    of=("torch.optim.Adam",),
)
@pytest.mark.changed(
    "2.9", "Muon appears", kind="appeared", cause="pytorch#160213", of=("torch.optim.Muon",)
)
def test_optimizer_follows_each_of_its_settings(name, snapshot):
    """Each setting of an optimizer changes the parameters that three steps reach.

    RAdam takes seven steps, because its first six use no second average; ASGD
    takes four. Muon's case "exact" divides by an eps of 64 and multiplies by 2, so that its numbers
    can be checked by hand. ASGD's ``t0`` is left out: it changes the average only.
    """
    steps = LONG.get(name, 3)

    def act(**settings):
        return stepped(name, built(name, **settings), 0, steps)[-1]

    assert snapshot == observe_each(each(act, CASES[name]))


DENSE = [name for name in SETTINGS if name not in ("SparseAdam", "Muon", "Adafactor")]


@pytest.mark.parametrize("name", DENSE)
@pytest.mark.api(
    "torch.optim.SGD",
    "torch.optim.Adam",
    "torch.optim.AdamW",
    "torch.optim.Adamax",
    "torch.optim.NAdam",
    "torch.optim.RAdam",
    "torch.optim.Adagrad",
    "torch.optim.Adadelta",
    "torch.optim.RMSprop",
    "torch.optim.Rprop",
    "torch.optim.ASGD",
    page="optim",
)
@pytest.mark.changed(
    "1.10",
    "NAdam appears, without differentiable",
    kind="appeared",
    cause="pytorch#59009",
    of=("torch.optim.NAdam",),
)
@pytest.mark.changed(
    "1.10",
    "RAdam appears, without differentiable",
    kind="appeared",
    cause="pytorch#58968",
    of=("torch.optim.RAdam",),
)
@pytest.mark.changed(
    "1.13",
    "SGD takes differentiable",
    kind="appeared",
    cause="pytorch#80938",
    of=("torch.optim.SGD",),
)
@pytest.mark.changed(
    "1.13",
    "Adam takes differentiable",
    kind="appeared",
    cause="pytorch#82205",
    of=("torch.optim.Adam",),
)
@pytest.mark.changed(
    "1.13",
    "RMSprop takes differentiable",
    kind="appeared",
    cause="pytorch#83578",
    of=("torch.optim.RMSprop",),
)
@pytest.mark.changed(
    "2.0",
    "AdamW, NAdam and RAdam take differentiable",
    kind="appeared",
    cause="pytorch#86183",
    of=(
        "torch.optim.AdamW",
        "torch.optim.NAdam",
        "torch.optim.RAdam",
    ),
)
@pytest.mark.changed(
    "2.0",
    "Adadelta, Adagrad and Adamax take differentiable",
    kind="appeared",
    cause="pytorch#86096",
    of=(
        "torch.optim.Adadelta",
        "torch.optim.Adagrad",
        "torch.optim.Adamax",
    ),
)
@pytest.mark.changed(
    "2.0",
    "ASGD and Rprop take differentiable",
    kind="appeared",
    cause="pytorch#86258",
    of=(
        "torch.optim.ASGD",
        "torch.optim.Rprop",
    ),
)
@pytest.mark.changed(
    "2.1",
    "NAdam's differentiable step uses the average of the gradients, not the gradient "
    "twice: 0.577 instead of 0.738",
    kind="silent",
    cause="pytorch#106615",
    of=("torch.optim.NAdam",),
    when=("differentiable=True",),
)
def test_gradient_flows_through_a_step_that_is_differentiable(name, snapshot):
    """With ``differentiable=True`` a step is part of the graph: its result has a gradient.

    The parameter is a copy of a weight, and gets a gradient that requires grad itself. The observed
    gradients are those of the stepped parameter by the weight and by the gradient.
    """

    def act():
        weight, direction = parameter([1.0]), parameter([2.0])
        copied = weight.clone()
        settings = {"lr": 0.5, **({"eps": 0.5} if "eps" in SETTINGS[name] else {})}
        optimizer = getattr(torch.optim, name)([copied], differentiable=True, **settings)
        copied.grad = direction.clone()
        optimizer.step()
        copied.sum().backward()
        return {"stepped": copied.detach(), "weight": weight.grad, "gradient": direction.grad}

    assert snapshot == observe(act)


@pytest.mark.parametrize("name", [*DENSE, "Adafactor", "SparseAdam", "Muon"])
@pytest.mark.api(
    "torch.optim.SGD.step",
    "torch.optim.Adam.step",
    "torch.optim.AdamW.step",
    "torch.optim.Adamax.step",
    "torch.optim.NAdam.step",
    "torch.optim.RAdam.step",
    "torch.optim.Adagrad.step",
    "torch.optim.Adadelta.step",
    "torch.optim.RMSprop.step",
    "torch.optim.Rprop.step",
    "torch.optim.ASGD.step",
    "torch.optim.Adafactor.step",
    "torch.optim.SparseAdam.step",
    "torch.optim.Muon.step",
    page="optim",
)
@pytest.mark.changed(
    "1.10", "NAdam appears", kind="appeared", cause="pytorch#59009", of=("torch.optim.NAdam.step",)
)
@pytest.mark.changed(
    "1.10", "RAdam appears", kind="appeared", cause="pytorch#58968", of=("torch.optim.RAdam.step",)
)
@pytest.mark.changed(
    "2.0",
    "NAdam gives other results: it looks ahead by the momentum of the next step",
    kind="silent",
    cause="pytorch#92699",
    of=("torch.optim.NAdam.step",),
    unless=(),
)
@pytest.mark.changed(
    "2.5",
    "Adafactor appears",
    kind="appeared",
    cause="pytorch#129905",
    of=("torch.optim.Adafactor.step",),
)
@pytest.mark.changed(
    "2.9", "Muon appears", kind="appeared", cause="pytorch#160213", of=("torch.optim.Muon.step",)
)
def test_step_calls_a_closure_once_and_steps_by_its_gradients(name, snapshot):
    """``step(closure)`` calls the closure once, with gradients enabled, and returns its value.

    The step uses the gradients that the closure computed. The loss is twice the sum of the weight.
    Muon divides by an eps of 64 here, so that its step is 0.046875.
    """

    def act():
        weight, calls = parameters(name)[0], []
        settings = EXACT if name == "Muon" else {}
        optimizer = getattr(torch.optim, name)([weight], lr=0.5, **settings)

        def closure():
            calls.append(torch.is_grad_enabled())
            if name == "SparseAdam":
                weight.grad = (2 * torch.eye(3)[:, :1]).to_sparse(1)
                return 2.0
            loss = (2 * weight).sum()
            loss.backward()
            return loss.item()

        return {
            "returned": optimizer.step(closure),
            "weight": weight.detach(),
            "grad enabled": calls,
        }

    assert snapshot == observe(act)
