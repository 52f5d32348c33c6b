"""What optimizers and schedules change: parameters, options and state, and never the gradient.

A step changes parameters and state, and leaves ``.grad`` as it is. In 1.4 the weight decay of SGD
and Adam was written into it, and in 1.12 and 1.13 that of most foreach steps. Nothing draws from
the random stream. A group that is passed as a dict is the optimizer's own: the optimizer adds its
defaults to that dict. A schedule adds ``initial_lr``, and writes options of the groups alone.
``load_state_dict`` of an optimizer leaves the dict as it is, but shares its tensors since 2.1.
Trap: ``CyclicLR`` removes a key from the dict that it loads.
"""

import copy

import pytest
import torch

from fixtures.effects import changes, copies, without_warnings
from fixtures.optimizer_settings import SETTINGS, built, gradient, members
from fixtures.references import parameter
from fixtures.schedules import schedules, two_groups
from fixtures.settings import each
from torch_history.observing import observe, observe_each


def ready(name, **settings):
    """An optimizer whose parameters have gradients, and the parameters."""
    optimizer = built(name, **settings)
    own = members(optimizer)
    for weight in own:
        weight.grad = gradient(name, weight, 2.0, 0)
    return optimizer, own


def dense(weights):
    """The gradients as dense tensors."""
    return [weight.grad.to_dense() if weight.grad.is_sparse else weight.grad for weight in weights]


def step_changes(name, **settings):
    """What two steps change: the second finds the state of the first."""
    optimizer, own = ready(name, **settings)
    held = [weight.grad for weight in own]

    def steps():
        optimizer.step()
        optimizer.step()

    return changes(
        steps,
        parameters=lambda: own,
        gradients=lambda: dense(own),
        **{"which gradients": lambda: [a is weight.grad for a, weight in zip(held, own)]},
    )


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
@pytest.mark.parametrize("name", SETTINGS)
@pytest.mark.changed(
    "1.5",
    "SGD and Adam leave .grad as it is, where they added the weight decay to it before",
    kind="silent",
    cause="pytorch#30257",
    advice="on 1.4, read the gradients before the step, not after it",
    depends="whether .grad is read after the step",
    when=("weight_decay!=0|0.0",),
    of=(
        "torch.optim.SGD",
        "torch.optim.Adam",
    ),
)
@pytest.mark.changed(
    "1.10",
    "NAdam appears",
    kind="appeared",
    cause="pytorch#59009",
    of=("torch.optim.NAdam",),
)
@pytest.mark.changed(
    "1.10",
    "RAdam appears",
    kind="appeared",
    cause="pytorch#58968",
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
    "2.9",
    "Muon appears",
    kind="appeared",
    cause="pytorch#160213",
    of=("torch.optim.Muon",),
)
def test_step_leaves_the_gradient_as_it_is(name, snapshot):
    """``step()`` changes the parameters, and leaves ``.grad`` as it is, also with all settings.

    In 1.4 weight decay was added to ``.grad`` itself.
    """
    assert snapshot == observe_each(
        {
            "default": lambda: step_changes(name),
            "all settings": lambda: step_changes(name, **SETTINGS[name]),
        }
    )


FOREACH = [name for name in SETTINGS if name not in ("SparseAdam", "Muon")]


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
    "torch.optim.Adafactor",
    page="optim",
)
@pytest.mark.parametrize("name", FOREACH)
@pytest.mark.changed(
    "1.10",
    "NAdam appears",
    kind="appeared",
    cause="pytorch#59009",
    of=("torch.optim.NAdam",),
)
@pytest.mark.changed(
    "1.10",
    "RAdam appears",
    kind="appeared",
    cause="pytorch#58968",
    of=("torch.optim.RAdam",),
)
@pytest.mark.changed(
    "1.12",
    "SGD takes foreach",
    kind="appeared",
    cause="pytorch#70481",
    of="torch.optim.SGD",
)
@pytest.mark.changed(
    "1.12",
    "Adam takes foreach, which adds the weight decay to .grad itself",
    kind="appeared",
    cause="pytorch#70295",
    advice="pass foreach=False",
    of="torch.optim.Adam",
)
@pytest.mark.changed(
    "1.12",
    "AdamW takes foreach",
    kind="appeared",
    cause="pytorch#70484",
    of="torch.optim.AdamW",
)
@pytest.mark.changed(
    "1.12",
    "Adadelta takes foreach, which adds the weight decay to .grad itself",
    kind="appeared",
    cause="pytorch#69980",
    probable=True,
    advice="pass foreach=False",
    of="torch.optim.Adadelta",
)
@pytest.mark.changed(
    "1.12",
    "Adagrad takes foreach, which adds the weight decay to .grad itself",
    kind="appeared",
    cause="pytorch#69981",
    advice="pass foreach=False",
    of="torch.optim.Adagrad",
)
@pytest.mark.changed(
    "1.12",
    "Adamax takes foreach, which adds the weight decay to .grad itself",
    kind="appeared",
    cause="pytorch#69982",
    advice="pass foreach=False",
    of="torch.optim.Adamax",
)
@pytest.mark.changed(
    "1.12",
    "RMSprop takes foreach, which adds the weight decay to .grad itself",
    kind="appeared",
    cause="pytorch#70482",
    advice="pass foreach=False",
    of="torch.optim.RMSprop",
)
@pytest.mark.changed(
    "1.12",
    "Rprop takes foreach",
    kind="appeared",
    cause="pytorch#70483",
    of="torch.optim.Rprop",
)
@pytest.mark.changed(
    "1.12",
    "NAdam takes foreach, which adds the weight decay to .grad itself",
    kind="appeared",
    cause="pytorch#70229",
    advice="pass foreach=False",
    of="torch.optim.NAdam",
)
@pytest.mark.changed(
    "1.12",
    "RAdam takes foreach, which adds the weight decay to .grad itself",
    kind="appeared",
    cause="pytorch#70230",
    advice="pass foreach=False",
    of="torch.optim.RAdam",
)
@pytest.mark.changed(
    "1.12",
    "ASGD takes foreach, which adds the weight decay to .grad itself",
    kind="appeared",
    cause="pytorch#70231",
    advice="pass foreach=False",
    of="torch.optim.ASGD",
)
@pytest.mark.changed(
    "1.13",
    "ASGD leaves .grad as it is",
    kind="silent",
    depends="whether .grad is read after the step",
    when=("foreach@6=True",),
    of="torch.optim.ASGD",
    cause="pytorch#80323",
    probable=True,
)
@pytest.mark.changed(
    "2.0",
    "the foreach steps no longer add the weight decay to .grad itself",
    kind="silent",
    cause="pytorch#92706",
    advice="on 1.12 and 1.13, pass foreach=False if gradients are read after the step",
    depends="whether .grad is read after the step",
    when=("foreach=True",),
    of=(
        "torch.optim.Adam",
        "torch.optim.Adamax",
        "torch.optim.NAdam",
        "torch.optim.RAdam",
        "torch.optim.Adagrad",
        "torch.optim.Adadelta",
        "torch.optim.RMSprop",
    ),
)
@pytest.mark.changed(
    "2.5",
    "Adafactor appears",
    kind="appeared",
    cause="pytorch#129905",
    of=("torch.optim.Adafactor",),
)
def test_foreach_step_leaves_the_gradient_as_it_is(name, snapshot):
    """``foreach=True`` leaves ``.grad`` as it is, also with all settings.

    Before 2.0 most foreach steps added the weight decay to ``.grad`` itself.
    """
    assert snapshot == observe_each(
        {
            "default": lambda: step_changes(name, foreach=True),
            "all settings": lambda: step_changes(name, foreach=True, **SETTINGS[name]),
        }
    )


MAXIMIZE = [name for name in SETTINGS if name != "Muon"]


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
    page="optim",
)
@pytest.mark.parametrize("name", MAXIMIZE)
@pytest.mark.changed(
    "1.10",
    "NAdam appears",
    kind="appeared",
    cause="pytorch#59009",
    of=("torch.optim.NAdam",),
)
@pytest.mark.changed(
    "1.10",
    "RAdam appears",
    kind="appeared",
    cause="pytorch#58968",
    of=("torch.optim.RAdam",),
)
@pytest.mark.changed(
    "1.11",
    "SGD takes maximize",
    kind="appeared",
    cause="pytorch#67847",
    of="torch.optim.SGD",
)
@pytest.mark.changed(
    "1.11",
    "Adam takes maximize",
    kind="appeared",
    cause="pytorch#68164",
    of="torch.optim.Adam",
)
@pytest.mark.changed(
    "1.11",
    "AdamW takes maximize",
    kind="appeared",
    cause="pytorch#70146",
    of="torch.optim.AdamW",
)
@pytest.mark.changed(
    "1.12",
    "Adadelta takes maximize",
    kind="appeared",
    cause="pytorch#75330",
    of="torch.optim.Adadelta",
)
@pytest.mark.changed(
    "1.12",
    "Adagrad takes maximize",
    kind="appeared",
    cause="pytorch#75968",
    of="torch.optim.Adagrad",
)
@pytest.mark.changed(
    "1.12",
    "Adamax takes maximize",
    kind="appeared",
    cause="pytorch#77409",
    of="torch.optim.Adamax",
)
@pytest.mark.changed(
    "1.12",
    "SGD takes foreach",
    kind="appeared",
    cause="pytorch#70481",
    of="torch.optim.SGD",
)
@pytest.mark.changed(
    "1.12",
    "Adam takes foreach",
    kind="appeared",
    cause="pytorch#70295",
    of="torch.optim.Adam",
)
@pytest.mark.changed(
    "1.12",
    "AdamW takes foreach",
    kind="appeared",
    cause="pytorch#70484",
    of="torch.optim.AdamW",
)
@pytest.mark.changed(
    "1.13",
    "RMSprop takes maximize",
    kind="appeared",
    cause="pytorch#80326",
    of="torch.optim.RMSprop",
)
@pytest.mark.changed(
    "1.13",
    "ASGD takes maximize",
    kind="appeared",
    cause="pytorch#80323",
    probable=True,
    of="torch.optim.ASGD",
)
@pytest.mark.changed(
    "1.13",
    "Rprop takes maximize",
    kind="appeared",
    of="torch.optim.Rprop",
)
@pytest.mark.changed(
    "1.13",
    "SparseAdam takes maximize",
    kind="appeared",
    of="torch.optim.SparseAdam",
    cause="pytorch#80336",
)
@pytest.mark.changed(
    "2.4",
    "NAdam takes maximize",
    kind="appeared",
    cause="pytorch#127214",
    of="torch.optim.NAdam",
)
@pytest.mark.changed(
    "2.4",
    "RAdam takes maximize",
    kind="appeared",
    cause="pytorch#126765",
    of="torch.optim.RAdam",
)
@pytest.mark.changed(
    "2.5",
    "Adafactor appears",
    kind="appeared",
    cause="pytorch#129905",
    of=("torch.optim.Adafactor",),
)
def test_maximize_leaves_the_gradient_as_it_is(name, snapshot):
    """``maximize=True`` negates a copy: ``.grad`` keeps its sign after the step.

    The plain step and the foreach step are both tried.
    """
    cases = {"plain": {"maximize": True}, "foreach": {"maximize": True, "foreach": True}}
    if name == "SparseAdam":
        del cases["foreach"]
    assert snapshot == observe_each(each(lambda **one: step_changes(name, **one), cases))


FUSED = ("SGD", "Adam", "AdamW", "Adagrad")


@pytest.mark.api(
    "torch.optim.SGD", "torch.optim.Adam", "torch.optim.AdamW", "torch.optim.Adagrad", page="optim"
)
@pytest.mark.parametrize("name", FUSED)
@pytest.mark.changed(
    "1.13",
    "Adam takes fused, for CUDA only",
    kind="appeared",
    cause="pytorch#85739",
    of="torch.optim.Adam",
)
@pytest.mark.changed(
    "2.0",
    "AdamW takes fused, for CUDA only",
    kind="appeared",
    cause="pytorch#88015",
    of="torch.optim.AdamW",
)
@pytest.mark.changed(
    "2.0",
    "the message says fused=True instead of FusedAdam",
    kind="wording",
    cause="pytorch#88015",
    probable=True,
    of="torch.optim.Adam",
)
@pytest.mark.changed(
    "2.1",
    "the message names the supported devices",
    kind="wording",
    cause="pytorch#102047",
    probable=True,
    of=(
        "torch.optim.Adam",
        "torch.optim.AdamW",
    ),
)
@pytest.mark.changed(
    "2.3",
    "SGD takes fused, for CUDA only",
    kind="appeared",
    cause="pytorch#116585",
    of="torch.optim.SGD",
)
@pytest.mark.changed(
    "2.4",
    "Adagrad takes fused",
    kind="appeared",
    cause="pytorch#124905",
    of="torch.optim.Adagrad",
)
@pytest.mark.changed(
    "2.4",
    "fused steps of Adam and AdamW run on the CPU too",
    kind="error-gone",
    cause="pytorch#123074",
    of=(
        "torch.optim.Adam",
        "torch.optim.AdamW",
    ),
)
@pytest.mark.changed(
    "2.4",
    "fused steps of SGD run on the CPU too",
    kind="error-gone",
    cause="pytorch#123629",
    of="torch.optim.SGD",
)
def test_fused_step_leaves_the_gradient_as_it_is(name, snapshot):
    """``fused=True`` leaves ``.grad`` as it is, also with all settings and with ``maximize``.

    The fused steps of the CPU exist since 2.4.
    """
    assert snapshot == observe_each(
        {
            "default": lambda: step_changes(name, fused=True),
            "all settings": lambda: step_changes(name, fused=True, **SETTINGS[name]),
            "maximize": lambda: step_changes(name, fused=True, maximize=True),
        }
    )


@pytest.mark.api("torch.optim.LBFGS", page="generated/torch.optim.LBFGS")
def test_lbfgs_step_leaves_the_gradient_of_the_last_closure(snapshot):
    """A step of LBFGS leaves ``.grad`` as the last call of the closure made it.

    With ``line_search_fn`` the last call may be at another point than the one that is kept. The
    loss is the square of w - 3, from w = 0.
    """

    def act(**settings):
        w = parameter([0.0])
        optimizer, made = torch.optim.LBFGS([w], lr=0.5, max_iter=3, **settings), []

        def closure():
            optimizer.zero_grad()
            loss = ((w - 3.0) ** 2).sum()
            loss.backward()
            made.append(w.grad.clone())
            return loss

        moved = changes(lambda: optimizer.step(closure), parameters=lambda: [w])
        return {"changed": moved, "as the closure made it": torch.equal(w.grad, made[-1])}

    cases = {"default": {}, "line search": {"line_search_fn": "strong_wolfe"}}
    assert snapshot == observe_each(each(act, cases))


@pytest.mark.api("torch.optim.SGD", page="generated/torch.optim.SGD")
def test_momentum_does_not_share_the_memory_of_the_gradient(snapshot):
    """The first momentum buffer of SGD is a copy of the gradient, not the gradient itself.

    A change of the gradient in place after the step leaves the buffer.
    """

    def act(**settings):
        w = parameter([1.0])
        w.grad = torch.tensor([2.0])
        optimizer = torch.optim.SGD([w], lr=0.5, momentum=0.5, **settings)
        optimizer.step()
        w.grad.zero_()
        return optimizer.state[w]["momentum_buffer"]

    cases = {"plain": {}, "nesterov": {"nesterov": True}, "weight_decay": {"weight_decay": 0.5}}
    assert snapshot == observe_each(each(act, cases))


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
@pytest.mark.parametrize("name", SETTINGS)
@pytest.mark.changed(
    "1.10",
    "NAdam appears",
    kind="appeared",
    cause="pytorch#59009",
    of=("torch.optim.NAdam",),
)
@pytest.mark.changed(
    "1.10",
    "RAdam appears",
    kind="appeared",
    cause="pytorch#58968",
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
    "2.9",
    "Muon appears",
    kind="appeared",
    cause="pytorch#160213",
    of=("torch.optim.Muon",),
)
def test_making_an_optimizer_changes_no_parameter(name, snapshot):
    """An optimizer changes nothing when it is made: parameters, gradients, random stream.

    ``zero_grad`` then changes the gradients alone.
    """

    def act():
        made = []
        own = ready(name)[1]
        make = getattr(torch.optim, name)
        watched = {"parameters": lambda: own}
        watched["gradients"] = lambda: [one is not None and one.sum() for one in grads(own)]
        watched["requires_grad"] = lambda: [weight.requires_grad for weight in own]
        return {
            "made": changes(lambda: made.append(make(own, lr=0.5)), **watched),
            "zero_grad": changes(lambda: made[0].zero_grad(), **watched),
        }

    assert snapshot == observe(act)


def grads(weights):
    return [
        weight.grad.to_dense() if weight.grad is not None and weight.grad.is_sparse else weight.grad
        for weight in weights
    ]


@pytest.mark.api(
    "torch.optim.Optimizer",
    "torch.optim.Optimizer.add_param_group",
    page="generated/torch.optim.Optimizer.add_param_group",
)
def test_optimizer_writes_its_defaults_into_the_group_that_it_is_given(snapshot):
    """A group that is passed as a dict becomes the optimizer's own, with the defaults written in.

    Trap: two optimizers that are made from the same dicts share their learning rates. The list of
    the groups is copied, and a list of parameters too.
    """

    def act(make):
        w = parameter([1.0])
        group = {"params": [w]}
        listed, own = [group], group["params"]
        optimizer = make(listed)
        mine = optimizer.param_groups[-1]
        return {
            "the same dict": mine is group,
            "written in": "lr" in group,
            "the same list of parameters": mine["params"] is own,
            "the same list of groups": optimizer.param_groups is listed,
            "parameters are a": type(group["params"]).__name__,
        }

    def added(listed):
        optimizer = torch.optim.SGD([parameter([2.0])], lr=0.5)
        optimizer.add_param_group(listed[0])
        return optimizer

    def lone(listed):
        listed[0]["params"] = listed[0]["params"][0]
        return torch.optim.SGD(listed, lr=0.5)

    assert snapshot == observe_each(
        {
            "made": lambda: act(lambda listed: torch.optim.SGD(listed, lr=0.5)),
            "added": lambda: act(added),
            "made of a lone parameter": lambda: act(lone),
        }
    )


@pytest.mark.api(
    "torch.optim.Optimizer.state_dict", page="generated/torch.optim.Optimizer.state_dict"
)
def test_state_dict_copies_the_options_and_shares_the_state(snapshot):
    """The ``state_dict()`` of an optimizer has options of its own, and the state's own tensors.

    An option that is changed in the dict does not reach the optimizer; a tensor that is changed in
    place does.
    """

    def act():
        optimizer, own = ready("Adam")
        optimizer.step()
        moved = changes(lambda: optimizer.state_dict(), parameters=lambda: own)
        saved = optimizer.state_dict()
        group, state = saved["param_groups"][0], next(iter(saved["state"].values()))
        group["lr"] = 9.0
        return {
            "changed": moved,
            "lr": optimizer.param_groups[0]["lr"],
            "same betas": group["betas"] is optimizer.param_groups[0]["betas"],
            "same tensors": state["exp_avg"] is optimizer.state[own[0]]["exp_avg"],
            "same state": state is optimizer.state[own[0]],
        }

    assert snapshot == observe(act)


def plain(saved):
    """A state dict to compare: lists of numbers for tensors, and class names for functions."""
    if isinstance(saved, torch.Tensor):
        return [saved.dtype, saved.tolist()]
    if isinstance(saved, dict):
        return {key: plain(one) for key, one in saved.items()}
    if isinstance(saved, (list, tuple)):
        return [plain(one) for one in saved]
    return type(saved).__name__ if callable(saved) else saved


@pytest.mark.api(
    "torch.optim.Optimizer.load_state_dict",
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
    page="generated/torch.optim.Optimizer.load_state_dict",
)
@pytest.mark.parametrize("name", SETTINGS)
@pytest.mark.changed(
    "1.10",
    "NAdam appears",
    kind="appeared",
    cause="pytorch#59009",
    of=("torch.optim.NAdam",),
)
@pytest.mark.changed(
    "1.10",
    "RAdam appears",
    kind="appeared",
    cause="pytorch#58968",
    of=("torch.optim.RAdam",),
)
@pytest.mark.changed(
    "2.1",
    "the loaded dict's tensors become the optimizer's own, not copies: its next step changes them",
    kind="silent",
    cause="pytorch#106082",
    advice="load copy.deepcopy(saved) if the dict is used again",
    rarely="a dict that is used again after it was loaded",
    of="torch.optim.Optimizer.load_state_dict",
)
@pytest.mark.changed(
    "2.5",
    "Adafactor appears",
    kind="appeared",
    cause="pytorch#129905",
    of=("torch.optim.Adafactor",),
)
@pytest.mark.changed(
    "2.9",
    "Muon appears",
    kind="appeared",
    cause="pytorch#160213",
    of=("torch.optim.Muon",),
)
def test_optimizer_load_leaves_the_dict_and_later_steps_do_not(name, snapshot):
    """An optimizer's ``load_state_dict`` leaves the dict as it is; its groups are copies.

    Since 2.1 the tensors are not copied, so the next step changes the state in the dict. A change
    of an option of the optimizer does not reach the dict.
    """

    def act():
        saver = ready(name)[0]
        saver.step()
        saved = copy.deepcopy(saver.state_dict())
        optimizer = ready(name)[0]
        before = plain(saved)
        optimizer.load_state_dict(saved)
        loaded = plain(saved)
        optimizer.param_groups[0]["lr"] = 9.0
        groups = plain(saved)
        optimizer.step()
        return {
            "load changes it": loaded != before,
            "an option changes it": groups != before,
            "a step changes it": plain(saved) != before,
        }

    assert snapshot == observe(act)


def rate(epoch):
    return 0.5**epoch


# a schedule -> its settings
SCHEDULES = {
    "StepLR": {"step_size": 1, "gamma": 0.5},
    "MultiStepLR": {"milestones": [1, 2], "gamma": 0.5},
    "ExponentialLR": {"gamma": 0.5},
    "LambdaLR": {"lr_lambda": rate},
    "MultiplicativeLR": {"lr_lambda": rate},
    "ConstantLR": {"factor": 0.25, "total_iters": 1},
    "LinearLR": {"start_factor": 0.25, "total_iters": 4},
    "PolynomialLR": {"total_iters": 6},
    "CosineAnnealingLR": {"T_max": 4},
    "CosineAnnealingWarmRestarts": {"T_0": 2},
    "CyclicLR": {"base_lr": 1.0, "max_lr": 5.0, "step_size_up": 2},
    "OneCycleLR": {"max_lr": 5.0, "total_steps": 8},
    "ReduceLROnPlateau": {"patience": 0},
    "SequentialLR": {},
    "ChainedScheduler": {},
}


def scheduled(name, optimizer):
    """The schedule of this name; those of several schedules get two exponential ones."""
    if name in ("SequentialLR", "ChainedScheduler"):
        parts = [schedules.ExponentialLR(optimizer, gamma=gamma) for gamma in (0.5, 0.25)]
        if name == "ChainedScheduler":
            return schedules.ChainedScheduler(parts)
        return schedules.SequentialLR(optimizer, parts, milestones=[1])
    return getattr(schedules, name)(optimizer, **SCHEDULES[name])


def forward(schedule, optimizer, count):
    """Step the optimizer and the schedule; the plateau schedule sees a loss that does not fall."""
    arguments = [1.0] if isinstance(schedule, schedules.ReduceLROnPlateau) else []
    for _ in range(count):
        optimizer.step()
        schedule.step(*arguments)


@pytest.mark.api(
    "torch.optim.lr_scheduler.StepLR",
    "torch.optim.lr_scheduler.MultiStepLR",
    "torch.optim.lr_scheduler.ExponentialLR",
    "torch.optim.lr_scheduler.LambdaLR",
    "torch.optim.lr_scheduler.MultiplicativeLR",
    "torch.optim.lr_scheduler.ConstantLR",
    "torch.optim.lr_scheduler.LinearLR",
    "torch.optim.lr_scheduler.PolynomialLR",
    "torch.optim.lr_scheduler.CosineAnnealingLR",
    "torch.optim.lr_scheduler.CosineAnnealingWarmRestarts",
    "torch.optim.lr_scheduler.CyclicLR",
    "torch.optim.lr_scheduler.OneCycleLR",
    "torch.optim.lr_scheduler.ReduceLROnPlateau",
    "torch.optim.lr_scheduler.SequentialLR",
    "torch.optim.lr_scheduler.ChainedScheduler",
    page="optim",
)
@pytest.mark.parametrize("name", SCHEDULES)
@pytest.mark.changed(
    "1.10",
    "ChainedScheduler appears",
    kind="appeared",
    of=("torch.optim.lr_scheduler.ChainedScheduler",),
    cause="pytorch#63491",
)
@pytest.mark.changed(
    "1.10",
    "ConstantLR and LinearLR appear",
    kind="appeared",
    cause="pytorch#64395",
    of=(
        "torch.optim.lr_scheduler.ConstantLR",
        "torch.optim.lr_scheduler.LinearLR",
    ),
)
@pytest.mark.changed(
    "1.10",
    "SequentialLR appears",
    kind="appeared",
    cause="pytorch#64037",
    of=("torch.optim.lr_scheduler.SequentialLR",),
)
@pytest.mark.changed(
    "1.13",
    "PolynomialLR appears",
    kind="appeared",
    of=("torch.optim.lr_scheduler.PolynomialLR",),
    cause="pytorch#82769",
)
@pytest.mark.changed(
    "2.3",
    "CyclicLR adds base_momentum and max_momentum to the groups",
    kind="representation",
    unless=(),
    of="torch.optim.lr_scheduler.CyclicLR",
    cause="pytorch#113548",
)
@pytest.mark.changed(
    "2.4",
    "the optimizer gets no attribute _step_count",
    kind="representation",
    cause="pytorch#123751",
    unless=(),
)
def test_making_a_schedule_changes_these_options_of_the_optimizer(name, snapshot):
    """A schedule that is made adds ``initial_lr`` to the groups, and may set the rate.

    It leaves parameters, gradients and state. The optimizer's ``step`` becomes a wrapper that
    counts its calls, an attribute of the optimizer itself. ``ReduceLROnPlateau`` needs neither.
    """

    def act():
        optimizer = two_groups(momentum=0.5)
        before, attributes = copy.copy(optimizer.param_groups[0]), set(vars(optimizer))
        with without_warnings():
            scheduled(name, optimizer)
        group = optimizer.param_groups[0]
        return {
            "added": sorted(set(group) - set(before)),
            "changed": [option for option in before if before[option] != group[option]],
            "of the optimizer itself": sorted(set(vars(optimizer)) - attributes),
        }

    assert snapshot == observe(act)


@pytest.mark.api(
    "torch.optim.lr_scheduler.StepLR",
    "torch.optim.lr_scheduler.MultiStepLR",
    "torch.optim.lr_scheduler.ExponentialLR",
    "torch.optim.lr_scheduler.LambdaLR",
    "torch.optim.lr_scheduler.MultiplicativeLR",
    "torch.optim.lr_scheduler.ConstantLR",
    "torch.optim.lr_scheduler.LinearLR",
    "torch.optim.lr_scheduler.PolynomialLR",
    "torch.optim.lr_scheduler.CosineAnnealingLR",
    "torch.optim.lr_scheduler.CosineAnnealingWarmRestarts",
    "torch.optim.lr_scheduler.CyclicLR",
    "torch.optim.lr_scheduler.OneCycleLR",
    "torch.optim.lr_scheduler.ReduceLROnPlateau",
    "torch.optim.lr_scheduler.SequentialLR",
    "torch.optim.lr_scheduler.ChainedScheduler",
    page="optim",
)
@pytest.mark.changed(
    "1.10",
    "ChainedScheduler appears",
    kind="appeared",
    of=("torch.optim.lr_scheduler.ChainedScheduler",),
    cause="pytorch#63491",
)
@pytest.mark.changed(
    "1.10",
    "ConstantLR and LinearLR appear",
    kind="appeared",
    cause="pytorch#64395",
    of=(
        "torch.optim.lr_scheduler.ConstantLR",
        "torch.optim.lr_scheduler.LinearLR",
    ),
)
@pytest.mark.changed(
    "1.10",
    "SequentialLR appears",
    kind="appeared",
    cause="pytorch#64037",
    of=("torch.optim.lr_scheduler.SequentialLR",),
)
@pytest.mark.changed(
    "1.13",
    "PolynomialLR appears",
    kind="appeared",
    of=("torch.optim.lr_scheduler.PolynomialLR",),
    cause="pytorch#82769",
)
def test_step_of_a_schedule_changes_options_of_the_groups_alone(snapshot):
    """The ``step()`` of a schedule writes the learning rate, and of two cycles also the momentum.

    Parameters, gradients, state and the random stream stay.
    """

    def act(name):
        optimizer = two_groups(momentum=0.5)
        with without_warnings():
            schedule = scheduled(name, optimizer)
            forward(schedule, optimizer, 1)
            before = [copy.copy(group) for group in optimizer.param_groups]
            own = members(optimizer)
            optimizer.step()
            arguments = [1.0] if name == "ReduceLROnPlateau" else []
            moved = changes(lambda: schedule.step(*arguments), parameters=lambda: own)
        return moved + [
            option
            for option in before[0]
            if any(old[option] != new[option] for old, new in zip(before, optimizer.param_groups))
        ]

    assert snapshot == observe_each(each(act, {name: {"name": name} for name in SCHEDULES}))


@pytest.mark.api(
    "torch.optim.lr_scheduler.StepLR",
    "torch.optim.lr_scheduler.MultiStepLR",
    "torch.optim.lr_scheduler.ExponentialLR",
    "torch.optim.lr_scheduler.LambdaLR",
    "torch.optim.lr_scheduler.MultiplicativeLR",
    "torch.optim.lr_scheduler.ConstantLR",
    "torch.optim.lr_scheduler.LinearLR",
    "torch.optim.lr_scheduler.PolynomialLR",
    "torch.optim.lr_scheduler.CosineAnnealingLR",
    "torch.optim.lr_scheduler.CosineAnnealingWarmRestarts",
    "torch.optim.lr_scheduler.CyclicLR",
    "torch.optim.lr_scheduler.OneCycleLR",
    "torch.optim.lr_scheduler.ReduceLROnPlateau",
    "torch.optim.lr_scheduler.SequentialLR",
    "torch.optim.lr_scheduler.ChainedScheduler",
    page="optim",
)
@pytest.mark.parametrize("name", SCHEDULES)
@pytest.mark.changed(
    "1.5",
    "LambdaLR and MultiplicativeLR no longer remove lr_lambdas from the dict that they load",
    kind="silent",
    cause="pytorch#32848",
    advice="on 1.4, load copy.copy(saved)",
    rarely="a dict that is used again after it was loaded",
    of=(
        "torch.optim.lr_scheduler.LambdaLR",
        "torch.optim.lr_scheduler.MultiplicativeLR",
    ),
)
@pytest.mark.changed(
    "1.10",
    "ChainedScheduler appears",
    kind="appeared",
    of=("torch.optim.lr_scheduler.ChainedScheduler",),
    cause="pytorch#63491",
)
@pytest.mark.changed(
    "1.10",
    "ConstantLR and LinearLR appear",
    kind="appeared",
    cause="pytorch#64395",
    of=(
        "torch.optim.lr_scheduler.ConstantLR",
        "torch.optim.lr_scheduler.LinearLR",
    ),
)
@pytest.mark.changed(
    "1.10",
    "SequentialLR appears",
    kind="appeared",
    cause="pytorch#64037",
    of=("torch.optim.lr_scheduler.SequentialLR",),
)
@pytest.mark.changed(
    "1.13",
    "PolynomialLR appears",
    kind="appeared",
    of=("torch.optim.lr_scheduler.PolynomialLR",),
    cause="pytorch#82769",
)
@pytest.mark.changed(
    "2.2",
    "CyclicLR removes _scale_fn_custom from the dict that it loads",
    kind="silent",
    cause="pytorch#110931",
    probable=True,
    advice="load copy.copy(saved) if the dict is used again",
    rarely="a dict that is used again after it was loaded",
    of="torch.optim.lr_scheduler.CyclicLR",
)
def test_state_dict_of_a_schedule_is_left_by_later_steps_and_by_loading(name, snapshot):
    """The state dict of a schedule does not follow later steps, and loading leaves it as it is.

    After loading, the steps of the other schedule leave the dict too. Trap: since 2.2 ``CyclicLR``
    removes a key from the dict that it loads, as ``LambdaLR`` and ``MultiplicativeLR`` did in 1.4.
    """

    def act():
        optimizer, other = two_groups(momentum=0.5), two_groups(momentum=0.5)
        with without_warnings():
            schedule, loading = scheduled(name, optimizer), scheduled(name, other)
            forward(schedule, optimizer, 1)
            saved = schedule.state_dict()
            before = plain(saved)
            forward(schedule, optimizer, 2)
            stepped = plain(saved) == before
            loading.load_state_dict(saved)
            loaded = plain(saved) == before
            forward(loading, other, 2)
        return {
            "left by later steps": stepped,
            "left by loading": loaded,
            "left by steps after loading": plain(saved) == before,
        }

    assert snapshot == observe(act)


def loaded_twice(name, give=lambda saved: saved):
    """Whether two schedules that load one state dict, or what ``give`` makes of it, are alike."""
    optimizer, others = two_groups(momentum=0.5), [two_groups(momentum=0.5) for _ in range(2)]
    with without_warnings():
        schedule = scheduled(name, optimizer)
        forward(schedule, optimizer, 1)
        saved = schedule.state_dict()
        for other in others:
            scheduled(name, other).load_state_dict(give(saved))
    return [group["lr"] for group in others[0].param_groups] == [
        group["lr"] for group in others[1].param_groups
    ]


@pytest.mark.api(
    "torch.optim.lr_scheduler.StepLR",
    "torch.optim.lr_scheduler.MultiStepLR",
    "torch.optim.lr_scheduler.ExponentialLR",
    "torch.optim.lr_scheduler.LambdaLR",
    "torch.optim.lr_scheduler.MultiplicativeLR",
    "torch.optim.lr_scheduler.ConstantLR",
    "torch.optim.lr_scheduler.LinearLR",
    "torch.optim.lr_scheduler.PolynomialLR",
    "torch.optim.lr_scheduler.CosineAnnealingLR",
    "torch.optim.lr_scheduler.CosineAnnealingWarmRestarts",
    "torch.optim.lr_scheduler.CyclicLR",
    "torch.optim.lr_scheduler.OneCycleLR",
    "torch.optim.lr_scheduler.ReduceLROnPlateau",
    "torch.optim.lr_scheduler.SequentialLR",
    "torch.optim.lr_scheduler.ChainedScheduler",
    page="optim",
)
@pytest.mark.changed(
    "1.5",
    "LambdaLR and MultiplicativeLR no longer remove lr_lambdas from the dict that they load",
    kind="error-gone",
    cause="pytorch#32848",
    rarely="a dict that is loaded twice",
    of=(
        "torch.optim.lr_scheduler.LambdaLR",
        "torch.optim.lr_scheduler.MultiplicativeLR",
    ),
)
@pytest.mark.changed(
    "1.10",
    "ChainedScheduler appears",
    kind="appeared",
    of=("torch.optim.lr_scheduler.ChainedScheduler",),
    cause="pytorch#63491",
)
@pytest.mark.changed(
    "1.10",
    "ConstantLR and LinearLR appear",
    kind="appeared",
    cause="pytorch#64395",
    of=(
        "torch.optim.lr_scheduler.ConstantLR",
        "torch.optim.lr_scheduler.LinearLR",
    ),
)
@pytest.mark.changed(
    "1.10",
    "SequentialLR appears",
    kind="appeared",
    cause="pytorch#64037",
    of=("torch.optim.lr_scheduler.SequentialLR",),
)
@pytest.mark.changed(
    "1.13",
    "PolynomialLR appears",
    kind="appeared",
    of=("torch.optim.lr_scheduler.PolynomialLR",),
    cause="pytorch#82769",
)
@pytest.mark.changed(
    "2.2",
    "CyclicLR removes _scale_fn_custom from the dict that it loads, so a second load "
    "raises KeyError",
    kind="error",
    cause="pytorch#110931",
    probable=True,
    advice="load copy.copy(saved)",
    rarely="a dict that is loaded twice",
    restored_by="optimizers.shallow_copy_of_a_schedules_state_dict_loads_twice",
    of="torch.optim.lr_scheduler.CyclicLR",
)
def test_state_dict_of_a_schedule_loads_twice(snapshot):
    """Two schedules can load the same state dict of a schedule.

    Trap: ``CyclicLR`` takes a key out of the dict, so the second load raises ``KeyError``.
    """
    assert snapshot == observe_each(
        each(loaded_twice, {name: {"name": name} for name in SCHEDULES})
    )


@pytest.mark.api(
    "torch.optim.lr_scheduler.StepLR",
    "torch.optim.lr_scheduler.MultiStepLR",
    "torch.optim.lr_scheduler.ExponentialLR",
    "torch.optim.lr_scheduler.LambdaLR",
    "torch.optim.lr_scheduler.MultiplicativeLR",
    "torch.optim.lr_scheduler.ConstantLR",
    "torch.optim.lr_scheduler.LinearLR",
    "torch.optim.lr_scheduler.PolynomialLR",
    "torch.optim.lr_scheduler.CosineAnnealingLR",
    "torch.optim.lr_scheduler.CosineAnnealingWarmRestarts",
    "torch.optim.lr_scheduler.CyclicLR",
    "torch.optim.lr_scheduler.OneCycleLR",
    "torch.optim.lr_scheduler.ReduceLROnPlateau",
    "torch.optim.lr_scheduler.SequentialLR",
    "torch.optim.lr_scheduler.ChainedScheduler",
    page="optim",
)
@pytest.mark.changed(
    "1.10",
    "ChainedScheduler appears",
    kind="appeared",
    of=("torch.optim.lr_scheduler.ChainedScheduler",),
    cause="pytorch#63491",
)
@pytest.mark.changed(
    "1.10",
    "ConstantLR and LinearLR appear",
    kind="appeared",
    cause="pytorch#64395",
    of=(
        "torch.optim.lr_scheduler.ConstantLR",
        "torch.optim.lr_scheduler.LinearLR",
    ),
)
@pytest.mark.changed(
    "1.10",
    "SequentialLR appears",
    kind="appeared",
    cause="pytorch#64037",
    of=("torch.optim.lr_scheduler.SequentialLR",),
)
@pytest.mark.changed(
    "1.13",
    "PolynomialLR appears",
    kind="appeared",
    of=("torch.optim.lr_scheduler.PolynomialLR",),
    cause="pytorch#82769",
)
def test_shallow_copy_of_a_schedules_state_dict_loads_twice(snapshot):
    """Two schedules can load ``copy.copy`` of the same state dict, on every release.

    The key that ``CyclicLR`` removes is then removed from the copy.
    """
    assert snapshot == observe_each(
        each(
            lambda name: loaded_twice(name, copy.copy),
            {name: {"name": name} for name in SCHEDULES},
        )
    )


@pytest.mark.api(
    "torch.optim.swa_utils.AveragedModel",
    "torch.optim.swa_utils.AveragedModel.update_parameters",
    "torch.optim.swa_utils.update_bn",
    page="optim",
)
@pytest.mark.changed(
    "1.7",
    "torch.optim imports swa_utils, which 1.6 added",
    kind="appeared",
)
def test_averaging_leaves_the_model_that_is_averaged(snapshot):
    """``AveragedModel`` copies the model, and ``update_parameters`` leaves the model as it is.

    ``update_bn`` writes the statistics of the averaged model, and gives its mode and its momentum
    back. Trap: each part gets the mode of the whole, so a frozen BatchNorm is in training again.
    """

    def act(do, training=False):
        swa_utils = torch.optim.swa_utils
        model = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.BatchNorm1d(2))
        average = swa_utils.AveragedModel(model).train(training)
        with torch.no_grad():
            for weight in model.parameters():
                weight.add_(1)
        norm = average.module[1].eval()
        batches = [torch.tensor([[1.0, 2.0], [3.0, 5.0]])]
        return changes(
            lambda: do(swa_utils, average, model, batches),
            model=lambda: copies(list(model.state_dict().values())),
            average=lambda: list(average.module.parameters()),
            statistics=lambda: [norm.running_mean, norm.running_var],
            mode=lambda: [module.training for module in [*average.modules(), *model.modules()]],
            momentum=lambda: [torch.tensor(norm.momentum)],
        )

    assert snapshot == observe_each(
        {
            "made": lambda: act(lambda utils, average, model, batches: utils.AveragedModel(model)),
            "updated": lambda: act(
                lambda utils, average, model, batches: average.update_parameters(model)
            ),
            "updated twice": lambda: act(
                lambda utils, average, model, batches: [
                    average.update_parameters(model),
                    average.update_parameters(model),
                ]
            ),
            "update_bn": lambda: act(
                lambda utils, average, model, batches: utils.update_bn(batches, average)
            ),
            "update_bn, a part in eval": lambda: act(
                lambda utils, average, model, batches: utils.update_bn(batches, average),
                training=True,
            ),
        }
    )
