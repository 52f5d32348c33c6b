"""The arguments of optimizers and of their methods, and the optimizer classes."""

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
@pytest.mark.changed(
    "1.10", "NAdam and RAdam", kind="api-appeared", cause="pytorch#59009 and pytorch#58968"
)
@pytest.mark.changed(
    "1.11",
    "maximize (SGD, Adam, AdamW)",
    kind="representation",
    cause="pytorch#67847, pytorch#68164 and pytorch#70146",
)
@pytest.mark.changed(
    "1.12",
    "foreach (all but LBFGS and SparseAdam); maximize (Adadelta, Adagrad, Adamax); capturable "
    "(Adam, AdamW)",
    kind="representation",
    cause="pytorch#70481 and pytorch#77862, among others",
)
@pytest.mark.changed(
    "1.13",
    "maximize (ASGD, RMSprop, Rprop, SparseAdam); differentiable (SGD, Adam, RMSprop); fused "
    "(Adam)",
    kind="representation",
    cause="pytorch#80938 and pytorch#85739, among others",
)
@pytest.mark.changed(
    "2.0",
    "differentiable (the eight that lacked it, AdamW among others); fused (AdamW), None instead "
    "of False (Adam); foreach by name only (NAdam, RAdam, Rprop)",
    kind="representation",
    cause="pytorch#86183, pytorch#86096, pytorch#86258 and pytorch#88015, among others",
    advice="pass foreach by name",
)
@pytest.mark.changed(
    "2.1",
    "decoupled_weight_decay and capturable (NAdam)",
    kind="representation",
    cause="pytorch#103881 and pytorch#106615",
)
@pytest.mark.changed(
    "2.2",
    "lr may be left out (SGD); decoupled_weight_decay (RAdam); capturable (ASGD)",
    kind="representation",
    cause="pytorch#114467, pytorch#107507 and pytorch#107857",
)
@pytest.mark.changed(
    "2.3",
    "capturable (Adamax, RAdam); fused (SGD)",
    kind="representation",
    cause="pytorch#117835, pytorch#117912 and pytorch#116585",
)
@pytest.mark.changed(
    "2.4",
    "capturable (Adadelta, Rprop; RMSprop, where it took the place of foreach); maximize (NAdam, "
    "RAdam); fused (Adagrad)",
    kind="representation",
    cause=(
        "pytorch#122252, pytorch#122261, pytorch#122264, pytorch#126765, pytorch#127214 and "
        "pytorch#124905"
    ),
    advice="pass what comes after centered by name",
)
@pytest.mark.changed("2.5", "Adafactor", kind="api-appeared", cause="pytorch#129905")
@pytest.mark.changed(
    "2.7", "decoupled_weight_decay (Adam)", kind="representation", cause="pytorch#143710"
)
@pytest.mark.changed("2.9", "Muon", kind="api-appeared", cause="pytorch#160213")
@pytest.mark.changed("2.14", "maximize (LBFGS)", kind="representation", cause="pytorch#187309")
def test_optimizers_take_these_arguments(name, snapshot):
    """Each optimizer's constructor takes these arguments, positional ones before the "*".

    Pass what comes after lr by name, because releases inserted new arguments in between.
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
@pytest.mark.changed("1.7", "set_to_none (zero_grad)", kind="representation", cause="pytorch#42754")
@pytest.mark.changed(
    "2.0",
    "zero_grad has set_to_none=True instead of False: gradients become None",
    kind="silent",
    cause="pytorch#92731",
    advice="test for None, or pass set_to_none=False",
)
@pytest.mark.changed("2.1", "closure may be left out (step)", kind="representation")
def test_optimizer_methods_take_these_arguments(name, snapshot):
    """The ``torch.optim.Optimizer`` methods of a training loop take these arguments."""
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
    "SGD and Adam show *args and **kwargs: a decorator hides the arguments of step",
    kind="representation",
    cause="pytorch#80938",
)
@pytest.mark.changed(
    "2.1", "SGD and Adam show closure=None again", kind="representation", cause="pytorch#103567"
)
def test_step_takes_a_closure(name, snapshot):
    """``step`` takes a closure that computes the loss; LBFGS requires one."""
    assert snapshot == observe(lambda: arguments_of(f"torch.optim.{name}.step"))


@pytest.mark.api("torch.optim", page="optim")
@pytest.mark.changed(
    "1.10", "NAdam and RAdam", kind="representation", cause="pytorch#59009 and pytorch#58968"
)
@pytest.mark.changed("2.5", "Adafactor", kind="representation", cause="pytorch#129905")
@pytest.mark.changed("2.9", "Muon", kind="representation", cause="pytorch#160213")
def test_classes_of_torch_optim(snapshot):
    """``torch.optim`` has these optimizer classes, including their base class."""
    assert snapshot == observe(
        lambda: sorted(
            name
            for name, each in vars(torch.optim).items()
            if inspect.isclass(each) and issubclass(each, torch.optim.Optimizer)
        )
    )
