"""Every optimizer stopped and resumed by its state dict, with all of its settings and states.

The new optimizer was built with other settings and has made a step of its own; the state dict
replaces both. The parameters have to be put back too: the state dict does not hold them. For
``torch.optim.LBFGS`` the state holds the curvature that it has learned, and the last direction.
"""

import copy

import pytest
import torch

from fixtures.optimizer_settings import LONG, SETTINGS, built, members, state, stepped
from fixtures.references import parameter
from fixtures.settings import each
from torch_history.observing import observe, observe_each


def differing(one, other):
    """The entries of the states of two optimizers that differ."""
    return sorted(
        {
            key
            for mine, its in zip(state(one), state(other))
            for key in set(mine) | set(its)
            if key not in mine
            or key not in its
            or not torch.equal(torch.as_tensor(mine[key]), torch.as_tensor(its[key]))
        }
    )


def resumed(name, **settings):
    """What a stopped and resumed optimizer does, beside an uninterrupted one."""
    middle = LONG.get(name, 3) - 1
    whole = built(name, **settings)
    stepped(name, whole, 0, middle)
    saved = copy.deepcopy(whole.state_dict())
    resumed = built(name)
    stepped(name, resumed, 1, 2)
    for weight, value in zip(members(resumed), members(whole)):
        weight.data.copy_(value.data)
    resumed.load_state_dict(saved)
    return {
        "entries that differ when loaded": differing(whole, resumed),
        "uninterrupted": stepped(name, whole, middle, middle + 2),
        "resumed": stepped(name, resumed, middle, middle + 2),
        "state at the end": state(resumed),
    }


@pytest.mark.parametrize("name", SETTINGS)
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
    "torch.optim.Optimizer.load_state_dict",
    "torch.optim.Optimizer.state_dict",
    page="generated/torch.optim.Optimizer.load_state_dict",
)
@pytest.mark.changed(
    "1.10", "NAdam appears", kind="appeared", cause="pytorch#59009", of=("torch.optim.NAdam",)
)
@pytest.mark.changed(
    "1.10", "RAdam appears", kind="appeared", cause="pytorch#58968", of=("torch.optim.RAdam",)
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
    "2.5",
    "Adafactor appears",
    kind="appeared",
    cause="pytorch#129905",
    of=("torch.optim.Adafactor",),
)
@pytest.mark.changed(
    "2.9", "Muon appears", kind="appeared", cause="pytorch#160213", of=("torch.optim.Muon",)
)
def test_optimizer_resumed_by_its_state_dict_steps_as_an_uninterrupted_one(name, snapshot):
    """An optimizer that loads a state dict goes on with the saved settings and states.

    It is stopped after two steps (ASGD after three, RAdam after six), and makes two further ones.
    Its constructor got no settings but lr, and it had made a step of its own.
    """
    assert snapshot == observe(lambda: resumed(name, **SETTINGS[name]))


FOREACH = [name for name in SETTINGS if name not in ("SparseAdam", "Muon")]


@pytest.mark.parametrize("name", FOREACH)
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
@pytest.mark.changed(
    "1.10",
    "NAdam appears, without foreach",
    kind="appeared",
    cause="pytorch#59009",
    of=("torch.optim.NAdam",),
)
@pytest.mark.changed(
    "1.10",
    "RAdam appears, without foreach",
    kind="appeared",
    cause="pytorch#58968",
    of=("torch.optim.RAdam",),
)
@pytest.mark.changed(
    "1.12", "SGD takes foreach", kind="appeared", cause="pytorch#70481", of=("torch.optim.SGD",)
)
@pytest.mark.changed(
    "1.12", "Adam takes foreach", kind="appeared", cause="pytorch#70295", of=("torch.optim.Adam",)
)
@pytest.mark.changed(
    "1.12", "AdamW takes foreach", kind="appeared", cause="pytorch#70484", of=("torch.optim.AdamW",)
)
@pytest.mark.changed(
    "1.12",
    "Adadelta takes foreach",
    kind="appeared",
    cause="pytorch#69980",
    probable=True,
    of=("torch.optim.Adadelta",),
)
@pytest.mark.changed(
    "1.12",
    "Adagrad takes foreach",
    kind="appeared",
    cause="pytorch#69981",
    of=("torch.optim.Adagrad",),
)
@pytest.mark.changed(
    "1.12",
    "Adamax takes foreach",
    kind="appeared",
    cause="pytorch#69982",
    of=("torch.optim.Adamax",),
)
@pytest.mark.changed(
    "1.12", "NAdam takes foreach", kind="appeared", cause="pytorch#70229", of=("torch.optim.NAdam",)
)
@pytest.mark.changed(
    "1.12",
    "RAdam takes foreach, whose step leaves out eps",
    kind="appeared",
    cause="pytorch#70230",
    of=("torch.optim.RAdam",),
)
@pytest.mark.changed(
    "1.12", "ASGD takes foreach", kind="appeared", cause="pytorch#70231", of=("torch.optim.ASGD",)
)
@pytest.mark.changed(
    "1.12",
    "RMSprop takes foreach",
    kind="appeared",
    cause="pytorch#70482",
    of=("torch.optim.RMSprop",),
)
@pytest.mark.changed(
    "1.12", "Rprop takes foreach", kind="appeared", cause="pytorch#70483", of=("torch.optim.Rprop",)
)
@pytest.mark.changed(
    "1.13",
    "with amsgrad, foreach steps of Adam and AdamW keep the largest average, which stayed 0",
    kind="silent",
    cause="pytorch#82523",
    probable=True,
    of=(
        "torch.optim.Adam",
        "torch.optim.AdamW",
    ),
    when=("foreach=True and amsgrad=True",),
)
@pytest.mark.changed(
    "2.0",
    "RAdam's foreach steps add eps, as the plain ones do",
    kind="silent",
    cause="pytorch#92551",
    of=("torch.optim.RAdam",),
    when=("foreach@5=True",),
)
@pytest.mark.changed(
    "2.0",
    "ASGD's foreach steps are wrong: the power applies to the step alone",
    kind="silent",
    of=("torch.optim.ASGD",),
    advice="pass foreach=False to ASGD",
    when=("foreach@6=True",),
    cause="pytorch#92364",
    probable=True,
)
@pytest.mark.changed(
    "2.4",
    "ASGD's foreach steps equal the plain ones",
    kind="silent",
    cause="pytorch#125440",
    of=("torch.optim.ASGD",),
    when=("foreach@6=True",),
)
@pytest.mark.changed(
    "2.5",
    "Adafactor appears",
    kind="appeared",
    cause="pytorch#129905",
    of=("torch.optim.Adafactor",),
)
def test_foreach_optimizer_resumed_by_its_state_dict_steps_as_an_uninterrupted_one(name, snapshot):
    """With ``foreach=True`` too, a resumed optimizer steps as an uninterrupted one.

    ``foreach`` is itself in the state dict, and replaces that of the constructor.
    """
    assert snapshot == observe(lambda: resumed(name, foreach=True, **SETTINGS[name]))


@pytest.mark.parametrize("name", ["SGD", "Adam", "AdamW", "Adagrad"])
@pytest.mark.api(
    "torch.optim.SGD",
    "torch.optim.Adam",
    "torch.optim.AdamW",
    "torch.optim.Adagrad",
    page="optim",
)
@pytest.mark.changed(
    "1.13",
    "Adam takes fused, for CUDA only",
    kind="appeared",
    cause="pytorch#85739",
    of=("torch.optim.Adam",),
)
@pytest.mark.changed(
    "2.0",
    "AdamW takes fused, for CUDA only",
    kind="appeared",
    cause="pytorch#88015",
    of=("torch.optim.AdamW",),
)
@pytest.mark.changed(
    "2.0",
    "the message says fused=True instead of FusedAdam",
    kind="wording",
    cause="pytorch#88015",
    probable=True,
    of=("torch.optim.Adam",),
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
    of=("torch.optim.SGD",),
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
    of=("torch.optim.SGD",),
)
@pytest.mark.changed(
    "2.4",
    "Adagrad takes fused",
    kind="appeared",
    cause="pytorch#124905",
    of=("torch.optim.Adagrad",),
)
def test_fused_optimizer_resumed_by_its_state_dict_steps_as_an_uninterrupted_one(name, snapshot):
    """With ``fused=True`` too, a resumed optimizer steps as an uninterrupted one, on the CPU too.

    ``fused`` is itself in the state dict, and replaces that of the constructor.
    """
    assert snapshot == observe(lambda: resumed(name, fused=True, **SETTINGS[name]))


def bowl(w):
    """(w0 - 3)² + 4 (w1 + 1)²: least at 3 and -1, four times as steep in the second direction."""
    return (w[0] - 3) ** 2 + 4 * (w[1] + 1) ** 2


def slope(w):
    """A loss without curvature."""
    return w[0] + 2 * w[1]


def minimized(optimizer, loss=bowl, calls=None):
    """One step of LBFGS, and the parameter that it reaches."""
    (w,) = optimizer.param_groups[0]["params"]

    def closure():
        optimizer.zero_grad()
        value = loss(w)
        value.backward()
        if calls is not None:
            calls.append(value.item())
        return value.detach()

    optimizer.step(closure)
    return w.detach().clone()


@pytest.mark.api("torch.optim.LBFGS", page="generated/torch.optim.LBFGS")
def test_lbfgs_follows_each_of_its_settings(snapshot):
    """LBFGS stops by ``max_iter``, by ``max_eval``, or by one of its two tolerances.

    ``tolerance_grad`` compares the largest gradient, and ``tolerance_change`` the largest move.
    ``history_size`` is the number of moves from which the curvature is learned. With a line search
    a too large lr does no harm.
    """

    def act(**settings):
        optimizer, calls = torch.optim.LBFGS([parameter([1.0, 1.0], torch.float64)], **settings), []
        return {"w": minimized(optimizer, calls=calls), "calls": len(calls)}

    cases = {
        "lr=0.5, max_iter=3": {"lr": 0.5, "max_iter": 3},
        "max_iter=5": {"lr": 0.5, "max_iter": 5},
        "max_eval=2": {"lr": 0.5, "max_iter": 5, "max_eval": 2},
        "tolerance_grad=4": {"lr": 0.5, "tolerance_grad": 4.0},
        "tolerance_grad=2": {"lr": 0.5, "tolerance_grad": 2.0},
        "tolerance_change=0.5": {"lr": 0.5, "tolerance_change": 0.5},
        "tolerance_change=0.25": {"lr": 0.5, "tolerance_change": 0.25},
        "history_size=1": {"lr": 0.5, "max_iter": 5, "history_size": 1},
        "history_size=2": {"lr": 0.5, "max_iter": 5, "history_size": 2},
        "lr=8": {"lr": 8.0, "max_iter": 3},
        "line_search_fn": {"lr": 8.0, "max_iter": 3, "line_search_fn": "strong_wolfe"},
    }
    assert snapshot == observe_each(each(act, cases))


def lbfgs_state(optimizer):
    (w,) = optimizer.param_groups[0]["params"]
    return optimizer.state[w]


def plain(value):
    """A state of LBFGS as nested lists of numbers."""
    if isinstance(value, (list, tuple)):
        return [plain(one) for one in value]
    return value.tolist() if isinstance(value, torch.Tensor) else value


@pytest.mark.parametrize(
    ("loss", "max_iter"),
    [(bowl, 3), (bowl, 1), (slope, 3)],
    ids=["bowl-3", "bowl-1", "slope-3"],
)
@pytest.mark.api(
    "torch.optim.LBFGS",
    "torch.optim.Optimizer.load_state_dict",
    page="generated/torch.optim.LBFGS",
)
def test_lbfgs_resumed_by_its_state_dict_steps_as_an_uninterrupted_one(loss, max_iter, snapshot):
    """LBFGS that loads a state dict goes on with the curvature and the counts that were saved.

    It makes a step of three iterations, or of one, is saved, and makes two steps more. On a slope
    without curvature it goes on by the saved scale of its direction.
    """

    def act():
        whole = torch.optim.LBFGS(
            [parameter([1.0, 1.0], torch.float64)], lr=0.5, max_iter=max_iter, history_size=3
        )
        at = minimized(whole, loss)
        saved = copy.deepcopy(whole.state_dict())
        w = parameter([5.0, 2.0], torch.float64)
        another = torch.optim.LBFGS([w], max_iter=2)
        minimized(another)
        w.data.copy_(at)
        another.load_state_dict(saved)
        mine, its = lbfgs_state(whole), lbfgs_state(another)
        differ = [
            key
            for key in sorted(set(mine) | set(its))
            if plain(mine.get(key)) != plain(its.get(key))
        ]
        path = [minimized(another, loss), minimized(another, loss)]
        return {
            "entries that differ when loaded": differ,
            "uninterrupted": [minimized(whole, loss), minimized(whole, loss)],
            "resumed": path,
            "counts": [its["func_evals"], its["n_iter"]],
            "last loss, direction and length": [
                float(its["prev_loss"]),
                its["d"].clone(),
                float(its["t"]),
                float(its["H_diag"]),
            ],
        }

    assert snapshot == observe(act)
