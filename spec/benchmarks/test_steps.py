"""The timed steps, each run once: what moves, what does not, and to which values.

``python -m pytest spec/benchmarks --benchmark-enable`` times them in one release; `torch-history
bench` compares two.
"""

import sys

import pytest
import torch

from fixtures.compiling import compiling
from spec.benchmarks.cases import ADAMS, CASES, NETWORKS, build


def timing(*names):
    """Run the test on each of these cases."""
    return pytest.mark.parametrize("case", names, ids=names)


def everywhere(phase):
    """Run the test on a phase of every network."""
    return timing(*(network + "." + phase for network in NETWORKS))


def parts(done, *names):
    """The names of the parameters of these parts of the network."""
    return [name for name in done.parameters if name.partition(".")[0] in names]


def zero(gradient):
    return gradient is not None and not gradient.ne(0).any()


def plain(done, network):
    """The network's plain training step, as many times as the case was called."""
    case = build(network + ".whole_step")
    for _ in range(done.calls):
        case.act()
    return case.training.network


def close(some, others):
    """Whether the tensors are the same within assert_close's tolerances for float32."""
    return all(
        torch.allclose(one, other, rtol=1.3e-6, atol=1e-5) for one, other in zip(some, others)
    )


@everywhere("forward")
@pytest.mark.api("torch.nn.Module.forward", page="generated/torch.nn.Module", article="A")
def test_forward_moves_no_parameter_and_makes_no_gradient(case, timed):
    """Forward and loss leave the parameters unchanged and ``.grad`` None."""
    done = timed(case)
    assert done.moved == []
    assert all(gradient is None for gradient in done.gradients.values())


@everywhere("backward")
@pytest.mark.api("torch.Tensor.backward", page="generated/torch.Tensor.backward", article="A")
def test_backward_fills_every_gradient_and_moves_nothing(case, timed):
    """``loss.backward()`` fills every parameter's gradient, and moves no parameter."""
    done = timed(case)
    assert [
        name for name, gradient in done.gradients.items() if gradient is None or zero(gradient)
    ] == []
    assert done.moved == []


@everywhere("optimizer_step")
@pytest.mark.api("torch.optim.Adam", page="generated/torch.optim.Adam", article="A")
def test_optimizer_step_moves_every_parameter(case, timed):
    """``optimizer.step()`` moves every parameter whose gradient is not zero."""
    done = timed(case)
    assert done.moved == list(done.parameters)


@everywhere("zero_grad")
@pytest.mark.api(
    "torch.optim.Optimizer.zero_grad", page="generated/torch.optim.Optimizer.zero_grad", article="A"
)
def test_zero_grad_leaves_no_gradient(case, timed):
    """``optimizer.zero_grad()`` leaves gradients of None, or zeros up to 1.13."""
    done = timed(case)
    assert [
        name
        for name, gradient in done.gradients.items()
        if gradient is not None and not zero(gradient)
    ] == []


@everywhere("whole_step")
@pytest.mark.api("torch.optim.Adam", page="optim", article="E")
def test_whole_step_moves_every_parameter(case, timed):
    """zero_grad, forward, backward and step together train every parameter."""
    done = timed(case)
    assert done.moved == list(done.parameters)


@timing("mlp-5.frozen_filtered", "mlp-5.frozen_unfiltered")
@pytest.mark.api("torch.nn.Module.requires_grad_", page="notes/autograd", article="B")
def test_frozen_base_rests_whether_the_optimizer_has_it_or_not(case, timed):
    """A frozen base gets no gradient and does not move; adapter and head move.

    It makes no difference whether the optimizer has the base's parameters.
    """
    done = timed(case)
    assert done.moved == parts(done, "adapter", "head")
    assert [name for name, gradient in done.gradients.items() if gradient is None] == parts(
        done, "base"
    )


@timing("mlp-5.detached")
@pytest.mark.api("torch.Tensor.detach", page="generated/torch.Tensor.detach", article="B")
def test_detached_base_gets_no_gradient_and_rests(case, timed):
    """If the base's output is detached, only adapter and head are trained."""
    done = timed(case)
    assert done.moved == parts(done, "adapter", "head")
    assert [name for name, gradient in done.gradients.items() if gradient is None] == parts(
        done, "base"
    )


@timing("mlp-5.accumulated_over_4")
@pytest.mark.api("torch.Tensor.backward", page="notes/autograd", article="A")
def test_four_quarters_accumulate_to_the_gradient_and_the_step_of_the_whole(case, timed):
    """Four backwards, each on a quarter of the loss, add up to the whole gradient.

    Gradients are summed until they are zeroed. Adam's first step alone would not show this, because
    it hardly depends on their size.
    """
    done = timed(case)
    network = plain(done, "mlp-5")
    assert close(done.gradients.values(), [parameter.grad for parameter in network.parameters()])
    assert close(done.parameters.values(), network.parameters())


@timing("mlp-5.zero_grad_to_none")
@pytest.mark.api(
    "torch.optim.Optimizer.zero_grad", page="generated/torch.optim.Optimizer.zero_grad", article="A"
)
def test_whole_step_that_zeroes_to_none_moves_every_parameter(case, timed):
    """``zero_grad(set_to_none=True)`` leaves None, and the next backward makes new gradients."""
    done = timed(case)
    assert done.moved == list(done.parameters)
    done.training.zero_grad()
    assert all(gradient is None for gradient in done.gradients.values())


@timing("mlp-5.zero_grad_to_zeros")
@pytest.mark.api(
    "torch.optim.Optimizer.zero_grad", page="generated/torch.optim.Optimizer.zero_grad", article="A"
)
def test_whole_step_that_zeroes_to_zeros_moves_every_parameter(case, timed):
    """``zero_grad(set_to_none=False)`` leaves zeros, and the next backward adds to them."""
    done = timed(case)
    assert done.moved == list(done.parameters)
    done.training.zero_grad()
    assert all(zero(gradient) for gradient in done.gradients.values())


@timing("mlp-5.load_strict_false", "mlp-5.load_filtered_keys")
@pytest.mark.api("torch.nn.Module.load_state_dict", page="generated/torch.nn.Module", article="B")
def test_checkpoint_with_another_head_loads_base_and_adapter_and_leaves_the_head(case, timed):
    """A checkpoint with another head loads base and adapter, and leaves the head as it is.

    This works with ``strict=False``, and also by filtering the keys that the network has.
    """

    def add_one(training):
        with torch.no_grad():
            for parameter in training.network.parameters():
                parameter.add_(1)

    done = timed(case, prepare=add_one)
    assert done.moved == parts(done, "base", "adapter")
    saved = dict(build("mlp-5.whole_step").training.network.named_parameters())
    assert [
        name for name in done.moved if not torch.equal(done.parameters[name], saved[name])
    ] == []


@timing(*(f"{network}.{adam}" for network in ("mlp-5", "mlp-1024") for adam in ADAMS))
@pytest.mark.api("torch.optim.Adam", page="generated/torch.optim.Adam", article="E")
def test_every_implementation_of_adam_gives_the_values_of_the_default(case, timed):
    """Single-tensor, foreach and fused Adam give the values of the default Adam.

    They handle one tensor after another, all tensors by one call per operation, or everything in
    one kernel.
    """
    done = timed(case)
    assert close(done.parameters.values(), plain(done, case.partition(".")[0]).parameters())


@timing("mlp-5.compiled")
@pytest.mark.api("torch.compile", page="generated/torch.compile")
def test_compiled_network_trains_to_the_values_of_the_plain_one(case, timed):
    """``torch.compile(network)`` shares its parameters and gives the same loss and gradients.

    The first call compiles.
    """
    with compiling():
        done = timed(case)
    assert close(done.parameters.values(), plain(done, "mlp-5").parameters())


@pytest.mark.no_fault("it reads the names above and does not call torch")
def test_every_case_is_run_by_one_test():
    """Every case that can be timed is tested in this file, once."""
    marks = [
        mark
        for test in vars(sys.modules[__name__]).values()
        for mark in getattr(test, "pytestmark", ())
    ]
    assert sorted(
        name for mark in marks if mark.name == "parametrize" for name in mark.args[1]
    ) == sorted(CASES)
