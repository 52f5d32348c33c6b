"""The arguments of functions in a training step, with their defaults.

Calls by position, wrappers and overrides in subclasses depend on these lists. Two changes take
arguments away from positional calls. Since 1.5, ``checkpoint_sequential`` takes one input instead
of several. Since 1.10, ``gradcheck`` takes its options by keyword only.
"""

import pytest

from fixtures.arguments import arguments_of
from torch_history.observing import observe

BACKWARD = [
    "Tensor.backward",
    "autograd.backward",
    "autograd.grad",
    "autograd.gradcheck",
    "autograd.functional.jacobian",
    "autograd.functional.hessian",
    "func.grad",
    "func.grad_and_value",
]
MODES = [
    "set_grad_enabled",
    "inference_mode",
    "autograd.set_detect_anomaly",
    "autograd.detect_anomaly",
]
SAVING = ["checkpoint", "checkpoint_sequential"]
HOOKS = ["saved_tensors_hooks", "save_on_cpu"]
CLIPPING = [
    "clip_grad_norm_",
    "clip_grad_norm",
    "clip_grad_value_",
    "get_total_norm",
    "clip_grads_with_norm_",
]
FLAT = ["parameters_to_vector", "vector_to_parameters"]


@pytest.mark.api(
    "torch.Tensor.backward",
    "torch.autograd.backward",
    "torch.autograd.grad",
    page="autograd",
    signature=True,
)
@pytest.mark.changed(
    "1.5",
    "autograd.functional.jacobian and hessian appear",
    kind="appeared",
    cause="pytorch#34066",
)
@pytest.mark.changed(
    "1.6",
    "gradcheck takes check_undefined_grad, which is on by default",
    kind="appeared",
    cause="pytorch#39400",
)
@pytest.mark.changed(
    "1.7",
    "gradcheck takes check_grad_dtypes",
    kind="appeared",
    cause="pytorch#43208",
    probable=True,
)
@pytest.mark.changed("1.8", "backward takes inputs", kind="appeared", cause="pytorch#46855")
@pytest.mark.changed(
    "1.8", "jacobian and hessian take vectorize", kind="appeared", cause="pytorch#50915"
)
@pytest.mark.changed(
    "1.8", "gradcheck takes check_batched_grad", kind="appeared", cause="pytorch#50592"
)
@pytest.mark.changed(
    "1.9", "gradcheck takes check_forward_ad", kind="appeared", cause="pytorch#57633"
)
@pytest.mark.changed("1.9", "gradcheck takes fast_mode", kind="appeared", cause="pytorch#54480")
@pytest.mark.changed(
    "1.10",
    "gradcheck takes all arguments but func and inputs by keyword only",
    kind="gone",
    cause="pytorch#65290",
    advice="pass all arguments of gradcheck but func and inputs by keyword",
)
@pytest.mark.changed("1.11", "grad takes is_grads_batched", kind="appeared", cause="pytorch#65564")
@pytest.mark.changed("1.11", "jacobian takes strategy", kind="appeared", cause="pytorch#67041")
@pytest.mark.changed(
    "1.11", "hessian takes outer_jacobian_strategy", kind="appeared", cause="pytorch#67041"
)
@pytest.mark.changed(
    "1.11",
    "gradcheck takes check_batched_forward_grad",
    kind="appeared",
    cause="pytorch#66291",
    probable=True,
)
@pytest.mark.changed(
    "1.11", "gradcheck takes check_backward_ad", kind="appeared", cause="pytorch#65040"
)
@pytest.mark.changed(
    "2.0", "torch.func.grad and grad_and_value appear", kind="appeared", cause="pytorch#91016"
)
@pytest.mark.changed("2.1", "grad takes materialize_grads", kind="appeared", cause="pytorch#97015")
@pytest.mark.changed(
    "2.1",
    "allow_unused of grad is None by default instead of False",
    kind="representation",
    cause="pytorch#97015",
)
@pytest.mark.changed("2.1", "gradcheck takes masked", kind="appeared", cause="pytorch#94714")
@pytest.mark.changed(
    "2.1",
    "check_sparse_nnz of gradcheck is None by default instead of False",
    kind="representation",
    cause="pytorch#97187",
)
@pytest.mark.changed(
    "2.3",
    "gradcheck no longer takes check_sparse_nnz",
    kind="gone",
    cause="pytorch#115658",
    advice="pass masked=True instead of check_sparse_nnz=True",
)
@pytest.mark.parametrize("name", BACKWARD)
def test_functions_that_differentiate_take_these_arguments(name, snapshot):
    """``backward``, ``grad`` and other functions that differentiate take these arguments.

    ``gradcheck``, which checks gradients, is among them. Its options are keyword-only since 1.10,
    and ``check_sparse_nnz`` is gone since 2.3.
    """
    assert snapshot == observe(lambda: arguments_of(f"torch.{name}"))


@pytest.mark.api(
    "torch.set_grad_enabled",
    "torch.inference_mode",
    "torch.autograd.set_detect_anomaly",
    "torch.autograd.detect_anomaly",
    page="autograd",
    signature=True,
)
@pytest.mark.changed("1.9", "inference_mode appears", kind="appeared", cause="pytorch#58045")
@pytest.mark.changed(
    "1.13",
    "set_detect_anomaly and detect_anomaly take check_nan",
    kind="appeared",
    cause="pytorch#83481",
)
@pytest.mark.parametrize("name", MODES)
def test_modes_of_autograd_take_these_arguments(name, snapshot):
    """The autograd modes that have options take these arguments.

    ``no_grad()`` and ``enable_grad()`` take none.
    """
    assert snapshot == observe(lambda: arguments_of(f"torch.{name}"))


@pytest.mark.api(
    "torch.utils.checkpoint.checkpoint",
    "torch.utils.checkpoint.checkpoint_sequential",
    page="checkpoint",
    signature=True,
)
@pytest.mark.changed(
    "1.5",
    "checkpoint_sequential takes one input, not several",
    kind="gone",
    cause="pytorch#25985",
    advice="pass the inputs as one tuple, and make the first function take a tuple",
)
@pytest.mark.changed(
    "1.11",
    "checkpoint takes use_reentrant=True",
    kind="appeared",
    cause="pytorch#69508",
    advice="rename an argument of that name: it no longer reaches the function",
)
@pytest.mark.changed(
    "2.0",
    "checkpoint_sequential takes use_reentrant=True",
    kind="appeared",
    cause="pytorch#86331",
)
@pytest.mark.changed(
    "2.1",
    "use_reentrant of checkpoint is None by default instead of True",
    kind="representation",
    cause="pytorch#100551",
    advice="pass use_reentrant=True to keep the old behaviour",
)
@pytest.mark.changed("2.1", "checkpoint takes context_fn", kind="appeared", cause="pytorch#96783")
@pytest.mark.changed(
    "2.1", "checkpoint takes determinism_check and debug", kind="appeared", cause="pytorch#103859"
)
@pytest.mark.changed(
    "2.2",
    "use_reentrant of checkpoint_sequential is None by default instead of True",
    kind="representation",
    cause="pytorch#114158",
    advice="pass use_reentrant=True to keep the old behaviour",
)
@pytest.mark.changed("2.9", "checkpoint takes early_stop", kind="appeared", cause="pytorch#160781")
@pytest.mark.changed(
    "2.14",
    "function of checkpoint is None by default, and no longer required",
    kind="representation",
    cause="pytorch#189411",
)
@pytest.mark.changed(
    "2.14", "checkpoint takes respect_saved_tensors_hooks", kind="appeared", cause="pytorch#189411"
)
@pytest.mark.changed(
    "2.14",
    "checkpoint names preserve_rng_state=True, which **kwargs took before",
    kind="appeared",
    cause="pytorch#189411",
)
@pytest.mark.parametrize("name", SAVING)
def test_checkpointing_functions_take_these_arguments(name, snapshot):
    """``checkpoint`` and ``checkpoint_sequential`` take these arguments.

    Since 1.5 ``checkpoint_sequential`` has a single ``input`` instead of ``*inputs``.

    Trap: ``checkpoint`` passes further positional arguments to its function; pass options by
    keyword.
    """
    assert snapshot == observe(lambda: arguments_of(f"torch.utils.checkpoint.{name}"))


@pytest.mark.api(
    "torch.autograd.graph.saved_tensors_hooks",
    "torch.autograd.graph.save_on_cpu",
    page="autograd",
    signature=True,
)
@pytest.mark.changed(
    "1.10",
    "saved_tensors_hooks appears",
    kind="appeared",
    cause="pytorch#62563",
    probable=True,
)
@pytest.mark.changed("1.10", "save_on_cpu appears", kind="appeared", cause="pytorch#61928")
@pytest.mark.changed(
    "2.1", "save_on_cpu takes device_type", kind="appeared", cause="pytorch#103245"
)
@pytest.mark.parametrize("name", HOOKS)
def test_hooks_on_saved_tensors_take_these_arguments(name, snapshot):
    """``saved_tensors_hooks`` and ``save_on_cpu`` take these arguments.

    They handle the tensors that the forward pass saves for backward.
    """
    assert snapshot == observe(lambda: arguments_of(f"torch.autograd.graph.{name}"))


@pytest.mark.api(
    "torch.nn.utils.clip_grad_norm_",
    "torch.nn.utils.clip_grad_value_",
    "torch.nn.utils.get_total_norm",
    page="generated/torch.nn.utils.clip_grad_norm_",
    signature=True,
)
@pytest.mark.changed(
    "1.7",
    "norm_type of clip_grad_norm_ and clip_grad_norm is 2.0 by default instead of 2",
    kind="representation",
)
@pytest.mark.changed(
    "1.9",
    "clip_grad_norm_ and clip_grad_norm take error_if_nonfinite",
    kind="appeared",
    cause="pytorch#53843",
)
@pytest.mark.changed("2.0", "all of them take foreach", kind="appeared", cause="pytorch#91846")
@pytest.mark.changed(
    "2.6",
    "get_total_norm and clip_grads_with_norm_ appear",
    kind="appeared",
    cause="pytorch#139662",
)
@pytest.mark.parametrize("name", CLIPPING)
def test_clipping_functions_take_these_arguments(name, snapshot):
    """The functions that clip gradients take these arguments.

    The bound is the second argument, except in ``get_total_norm``, which has none.
    """
    assert snapshot == observe(lambda: arguments_of(f"torch.nn.utils.{name}"))


@pytest.mark.api(
    "torch.nn.utils.parameters_to_vector",
    "torch.nn.utils.vector_to_parameters",
    page="generated/torch.nn.utils.parameters_to_vector",
    signature=True,
)
@pytest.mark.parametrize("name", FLAT)
def test_functions_between_parameters_and_a_vector_take_these_arguments(name, snapshot):
    """``parameters_to_vector`` and ``vector_to_parameters`` take these arguments.

    ``vector_to_parameters`` takes the vector first.
    """
    assert snapshot == observe(lambda: arguments_of(f"torch.nn.utils.{name}"))
