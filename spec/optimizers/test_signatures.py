"""The arguments of optimizers and of their methods, and the optimizer classes.

Each list has the arguments in order, with their defaults; those after ``*`` are passed by name.
Releases inserted new arguments between old ones: in 2.4 ``capturable`` took the place of
``foreach`` in ``torch.optim.RMSprop``. Pass what comes after lr by name. Since 2.0
``torch.optim.Optimizer.zero_grad`` has ``set_to_none=True``, and since 2.2 ``torch.optim.SGD`` has
a default lr.
"""

import inspect

import pytest
import torch

from fixtures.arguments import arguments_of
from torch_history.observing import observe

OPTIMIZERS = [
    "SGD",
    "Adam",
    "AdamW",
    "Adagrad",
    "Adadelta",
    "Adamax",
    "ASGD",
    "NAdam",
    "RAdam",
    "RMSprop",
    "Rprop",
    "LBFGS",
    "SparseAdam",
    "Adafactor",
    "Muon",
]


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.api(
    "torch.optim.SGD",
    "torch.optim.Adam",
    "torch.optim.AdamW",
    "torch.optim.Adagrad",
    "torch.optim.Adadelta",
    "torch.optim.Adamax",
    "torch.optim.ASGD",
    "torch.optim.NAdam",
    "torch.optim.RAdam",
    "torch.optim.RMSprop",
    "torch.optim.Rprop",
    "torch.optim.LBFGS",
    "torch.optim.SparseAdam",
    "torch.optim.Adafactor",
    "torch.optim.Muon",
    page="optim",
    signature=True,
)
@pytest.mark.changed("1.10", "NAdam", kind="appeared", cause="pytorch#59009")
@pytest.mark.changed("1.10", "RAdam", kind="appeared", cause="pytorch#58968")
@pytest.mark.changed("1.11", "maximize (SGD)", kind="appeared", cause="pytorch#67847")
@pytest.mark.changed("1.11", "maximize (Adam)", kind="appeared", cause="pytorch#68164")
@pytest.mark.changed("1.11", "maximize (AdamW)", kind="appeared", cause="pytorch#70146")
@pytest.mark.changed("1.12", "foreach (SGD)", kind="appeared", cause="pytorch#70481")
@pytest.mark.changed("1.12", "foreach (Adam)", kind="appeared", cause="pytorch#70295")
@pytest.mark.changed("1.12", "foreach (AdamW)", kind="appeared", cause="pytorch#70484")
@pytest.mark.changed("1.12", "foreach (Adagrad)", kind="appeared", cause="pytorch#69981")
@pytest.mark.changed(
    "1.12", "foreach (Adadelta)", kind="appeared", cause="pytorch#69980", probable=True
)
@pytest.mark.changed("1.12", "foreach (Adamax)", kind="appeared", cause="pytorch#69982")
@pytest.mark.changed("1.12", "foreach (ASGD)", kind="appeared", cause="pytorch#70231")
@pytest.mark.changed("1.12", "foreach (NAdam)", kind="appeared", cause="pytorch#70229")
@pytest.mark.changed("1.12", "foreach (RAdam)", kind="appeared", cause="pytorch#70230")
@pytest.mark.changed("1.12", "foreach (RMSprop)", kind="appeared", cause="pytorch#70482")
@pytest.mark.changed("1.12", "foreach (Rprop)", kind="appeared", cause="pytorch#70483")
@pytest.mark.changed("1.12", "maximize (Adadelta)", kind="appeared", cause="pytorch#75330")
@pytest.mark.changed("1.12", "maximize (Adagrad)", kind="appeared", cause="pytorch#75968")
@pytest.mark.changed("1.12", "maximize (Adamax)", kind="appeared", cause="pytorch#77409")
@pytest.mark.changed("1.12", "capturable (Adam, AdamW)", kind="appeared", cause="pytorch#77862")
@pytest.mark.changed("1.13", "maximize (RMSprop)", kind="appeared", cause="pytorch#80326")
@pytest.mark.changed("1.13", "maximize (SparseAdam)", kind="appeared", cause="pytorch#80336")
@pytest.mark.changed(
    "1.13", "maximize (ASGD)", kind="appeared", cause="pytorch#80323", probable=True
)
@pytest.mark.changed("1.13", "maximize (Rprop)", kind="appeared")
@pytest.mark.changed("1.13", "differentiable (SGD)", kind="appeared", cause="pytorch#80938")
@pytest.mark.changed("1.13", "differentiable (Adam)", kind="appeared", cause="pytorch#82205")
@pytest.mark.changed("1.13", "differentiable (RMSprop)", kind="appeared", cause="pytorch#83578")
@pytest.mark.changed("1.13", "fused (Adam)", kind="appeared", cause="pytorch#85739")
@pytest.mark.changed(
    "2.0",
    "differentiable (AdamW, NAdam, RAdam)",
    kind="appeared",
    cause="pytorch#86183",
    probable=True,
)
@pytest.mark.changed(
    "2.0", "differentiable (Adadelta, Adagrad, Adamax)", kind="appeared", cause="pytorch#86096"
)
@pytest.mark.changed("2.0", "differentiable (ASGD, Rprop)", kind="appeared", cause="pytorch#86258")
@pytest.mark.changed("2.0", "fused (AdamW)", kind="appeared", cause="pytorch#88015")
@pytest.mark.changed(
    "2.0",
    "fused is None instead of False (Adam)",
    kind="representation",
    cause="pytorch#90865",
    probable=True,
)
@pytest.mark.changed(
    "2.0",
    "foreach by name only (NAdam, RAdam)",
    kind="gone",
    cause="pytorch#86183",
    probable=True,
    advice="pass foreach by name",
)
@pytest.mark.changed(
    "2.0",
    "foreach and maximize by name only (Rprop)",
    kind="gone",
    cause="pytorch#86258",
    probable=True,
    advice="pass foreach and maximize by name",
)
@pytest.mark.changed(
    "2.1", "decoupled_weight_decay (NAdam)", kind="appeared", cause="pytorch#103881"
)
@pytest.mark.changed("2.1", "capturable (NAdam)", kind="appeared", cause="pytorch#106615")
@pytest.mark.changed(
    "2.2", "lr may be left out (SGD)", kind="representation", cause="pytorch#114467"
)
@pytest.mark.changed(
    "2.2", "decoupled_weight_decay (RAdam)", kind="appeared", cause="pytorch#107507"
)
@pytest.mark.changed("2.2", "capturable (ASGD)", kind="appeared", cause="pytorch#107857")
@pytest.mark.changed("2.3", "capturable (Adamax)", kind="appeared", cause="pytorch#117835")
@pytest.mark.changed("2.3", "capturable (RAdam)", kind="appeared", cause="pytorch#117912")
@pytest.mark.changed("2.3", "fused (SGD)", kind="appeared", cause="pytorch#116585")
@pytest.mark.changed("2.4", "capturable (Adadelta)", kind="appeared", cause="pytorch#122252")
@pytest.mark.changed("2.4", "capturable (Rprop)", kind="appeared", cause="pytorch#122261")
@pytest.mark.changed(
    "2.4",
    "capturable took the place of foreach, which moved on with what follows (RMSprop)",
    kind="gone",
    cause="pytorch#122264",
    advice="pass foreach, maximize and differentiable by name",
)
@pytest.mark.changed("2.4", "maximize (RAdam)", kind="appeared", cause="pytorch#126765")
@pytest.mark.changed("2.4", "maximize (NAdam)", kind="appeared", cause="pytorch#127214")
@pytest.mark.changed("2.4", "fused (Adagrad)", kind="appeared", cause="pytorch#124905")
@pytest.mark.changed("2.5", "Adafactor", kind="appeared", cause="pytorch#129905")
@pytest.mark.changed(
    "2.7", "decoupled_weight_decay (Adam)", kind="appeared", cause="pytorch#143710"
)
@pytest.mark.changed("2.9", "Muon", kind="appeared", cause="pytorch#160213")
@pytest.mark.changed("2.14", "maximize (LBFGS)", kind="appeared", cause="pytorch#187309")
def test_optimizers_take_these_arguments(name, snapshot):
    """An optimizer takes the parameters and lr first; the place of other arguments can change.

    Pass what comes after lr by name. In 2.4 ``capturable`` took the place of ``foreach`` in
    RMSprop.
    """
    assert snapshot == observe(lambda: arguments_of(f"torch.optim.{name}"))


METHODS = ["zero_grad", "step", "state_dict", "load_state_dict", "add_param_group"]


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.api(
    "torch.optim.Optimizer.zero_grad",
    "torch.optim.Optimizer.step",
    "torch.optim.Optimizer.state_dict",
    "torch.optim.Optimizer.load_state_dict",
    "torch.optim.Optimizer.add_param_group",
    page="optim",
    signature=True,
)
@pytest.mark.changed("1.7", "set_to_none (zero_grad)", kind="appeared", cause="pytorch#42754")
@pytest.mark.changed(
    "2.0",
    "zero_grad has set_to_none=True instead of False: gradients become None",
    kind="representation",
    cause="pytorch#92731",
    advice="call zero_grad(set_to_none=False)",
)
@pytest.mark.changed(
    "2.1",
    "closure may be left out (step)",
    kind="representation",
    cause="pytorch#102593",
    probable=True,
)
def test_optimizer_methods_take_these_arguments(name, snapshot):
    """Since 2.0 ``Optimizer.zero_grad`` has ``set_to_none=True``; ``step`` takes a closure.

    ``state_dict`` takes nothing, ``load_state_dict`` the state dict, and ``add_param_group`` the
    group.
    """
    assert snapshot == observe(lambda: arguments_of(f"torch.optim.Optimizer.{name}"))


@pytest.mark.parametrize("name", ["SGD", "Adam", "LBFGS"])
@pytest.mark.api(
    "torch.optim.SGD.step",
    "torch.optim.Adam.step",
    "torch.optim.LBFGS.step",
    page="generated/torch.optim.LBFGS",
)
@pytest.mark.changed(
    "1.13",
    "SGD shows *args and **kwargs: a decorator hides the arguments of step",
    kind="representation",
    cause="pytorch#80938",
    when=("-:call",),
    rarely="code that inspects the arguments of step",
)
@pytest.mark.changed(
    "1.13",
    "Adam shows *args and **kwargs: a decorator hides the arguments of step",
    kind="representation",
    cause="pytorch#82205",
    probable=True,
    when=("-:call",),
    rarely="code that inspects the arguments of step",
)
@pytest.mark.changed(
    "2.1",
    "SGD and Adam show closure=None again",
    kind="representation",
    cause="pytorch#103567",
    when=("-:call",),
    rarely="code that inspects the arguments of step",
)
def test_step_takes_a_closure(name, snapshot):
    """``step`` of SGD and Adam can take a closure that computes the loss; LBFGS requires one."""
    assert snapshot == observe(lambda: arguments_of(f"torch.optim.{name}.step"))


@pytest.mark.api("torch.optim", page="optim")
@pytest.mark.changed("1.10", "NAdam", kind="representation", cause="pytorch#59009")
@pytest.mark.changed("1.10", "RAdam", kind="representation", cause="pytorch#58968")
@pytest.mark.changed("2.5", "Adafactor", kind="representation", cause="pytorch#129905")
@pytest.mark.changed("2.9", "Muon", kind="representation", cause="pytorch#160213")
def test_classes_of_torch_optim(snapshot):
    """``torch.optim`` has 15 optimizer classes and their base class since 2.9.

    NAdam and RAdam came in 1.10, Adafactor in 2.5 and Muon in 2.9.
    """
    assert snapshot == observe(
        lambda: sorted(
            name
            for name, each in vars(torch.optim).items()
            if inspect.isclass(each) and issubclass(each, torch.optim.Optimizer)
        )
    )
