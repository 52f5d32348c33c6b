"""What the functions of a training step take: their arguments, with their defaults.

A call by position, a wrapper, or an override in a class of one's own stands on these lists.
"""

import pytest

from fixtures.arguments import arguments_of
from history.observe import observe

BACKWARD = ["Tensor.backward", "autograd.backward", "autograd.grad", "autograd.gradcheck", "autograd.functional.jacobian",
            "autograd.functional.hessian", "func.grad", "func.grad_and_value"]
MODES = ["set_grad_enabled", "inference_mode", "autograd.set_detect_anomaly", "autograd.detect_anomaly"]
SAVING = ["checkpoint", "checkpoint_sequential"]
HOOKS = ["saved_tensors_hooks", "save_on_cpu"]
CLIPPING = ["clip_grad_norm_", "clip_grad_norm", "clip_grad_value_", "get_total_norm", "clip_grads_with_norm_"]
FLAT = ["parameters_to_vector", "vector_to_parameters"]


@pytest.mark.api("torch.Tensor.backward", "torch.autograd.backward", "torch.autograd.grad", page="autograd")
@pytest.mark.parametrize("name", BACKWARD)
def test_functions_that_differentiate_take_these_arguments(name, snapshot):
    """``backward`` and ``grad``, what checks them, and what differentiates a function."""
    assert snapshot == observe(lambda: arguments_of(f"torch.{name}"))


@pytest.mark.api("torch.set_grad_enabled", "torch.inference_mode", "torch.autograd.set_detect_anomaly",
                 "torch.autograd.detect_anomaly", page="autograd")
@pytest.mark.parametrize("name", MODES)
def test_modes_of_autograd_take_these_arguments(name, snapshot):
    """The modes that are told how to be: ``no_grad()`` and ``enable_grad()`` take nothing."""
    assert snapshot == observe(lambda: arguments_of(f"torch.{name}"))


@pytest.mark.api("torch.utils.checkpoint.checkpoint", "torch.utils.checkpoint.checkpoint_sequential", page="checkpoint")
@pytest.mark.parametrize("name", SAVING)
def test_checkpointing_functions_take_these_arguments(name, snapshot):
    """Whatever is given by position goes to the function: options are given by name."""
    assert snapshot == observe(lambda: arguments_of(f"torch.utils.checkpoint.{name}"))


@pytest.mark.api("torch.autograd.graph.saved_tensors_hooks", "torch.autograd.graph.save_on_cpu", page="autograd")
@pytest.mark.parametrize("name", HOOKS)
def test_hooks_on_saved_tensors_take_these_arguments(name, snapshot):
    """What handles the tensors that the forward pass saves for backward."""
    assert snapshot == observe(lambda: arguments_of(f"torch.autograd.graph.{name}"))


@pytest.mark.api("torch.nn.utils.clip_grad_norm_", "torch.nn.utils.clip_grad_value_", "torch.nn.utils.get_total_norm",
                 page="generated/torch.nn.utils.clip_grad_norm_")
@pytest.mark.parametrize("name", CLIPPING)
def test_clipping_functions_take_these_arguments(name, snapshot):
    """The bound is the second argument, in all but ``get_total_norm``, which has none."""
    assert snapshot == observe(lambda: arguments_of(f"torch.nn.utils.{name}"))


@pytest.mark.api("torch.nn.utils.parameters_to_vector", "torch.nn.utils.vector_to_parameters",
                 page="generated/torch.nn.utils.parameters_to_vector")
@pytest.mark.parametrize("name", FLAT)
def test_functions_between_parameters_and_a_vector_take_these_arguments(name, snapshot):
    """The vector comes first where parameters are filled from it."""
    assert snapshot == observe(lambda: arguments_of(f"torch.nn.utils.{name}"))
