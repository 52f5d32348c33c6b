"""``backward``, ``torch.autograd.grad`` and ``checkpoint`` at the edges of what a loss may be.

A loss has one element: of shape [1] or without dimensions. Any other shape needs a ``gradient``
of the same shape. A loss of integers cannot have a gradient. NaN and infinity pass: nothing is
raised, and they reach the gradients. The same holds when gradients are clipped.
"""

import pytest
import torch
from torch.utils.checkpoint import checkpoint

from fixtures.settings import each
from torch_history.observing import observe_each


@pytest.mark.api(
    "torch.Tensor.backward", "torch.autograd.backward", page="generated/torch.Tensor.backward"
)
@pytest.mark.changed(
    "1.6",
    "the sum of a float16 tensor can be computed, so backward runs",
    kind="error-gone",
    cause="pytorch#37121",
    probable=True,
    rarely="half precision on the CPU",
    of=("torch.Tensor.backward",),
)
def test_backward_takes_a_loss_of_one_element(snapshot):
    """``backward()`` takes a loss with one element of any shape, and raises for any other number.

    Trap: a loss without elements raises too, but the sum of no losses is a loss of 0.
    """

    def gradient(loss, **settings):
        x = torch.tensor([1.0, 2.0], requires_grad=True)
        loss(x).backward(**settings)
        return x.grad

    cases = {
        "no dimensions": lambda: gradient(lambda x: x.sum()),
        "shape [1]": lambda: gradient(lambda x: x.sum().reshape(1)),
        "shape [1, 1]": lambda: gradient(lambda x: x.sum().reshape(1, 1)),
        "two elements": lambda: gradient(lambda x: x * 2),
        "no elements": lambda: gradient(lambda x: x[:0]),
        "sum of no elements": lambda: gradient(lambda x: x[:0].sum()),
        "mean of no elements": lambda: gradient(lambda x: x[:0].mean()),
        "number": lambda: gradient(lambda x: x.sum().item()),
        "detached": lambda: gradient(lambda x: x.sum().detach()),
        "integers": lambda: gradient(lambda x: x.sum().long()),
        "comparison": lambda: gradient(lambda x: (x > 0).all()),
        "nan": lambda: gradient(lambda x: x.sum() * float("nan")),
        "infinity": lambda: gradient(lambda x: (x * float("inf")).sum()),
        "root of 0": lambda: gradient(lambda x: (x * 0).sum().sqrt()),
        "float16": lambda: gradient(lambda x: x.half().sum()),
        "bfloat16": lambda: gradient(lambda x: x.bfloat16().sum()),
        "float64": lambda: gradient(lambda x: x.double().sum()),
        "leaf itself": lambda: gradient(lambda x: x[0]),
    }
    assert snapshot == observe_each(cases)


@pytest.mark.api("torch.Tensor.backward", page="generated/torch.Tensor.backward")
@pytest.mark.changed(
    "1.5",
    "the message asks scalar_type() for the type",
    kind="wording",
    when=":caught",
    rarely="a gradient of bools",
)
@pytest.mark.changed(
    "1.5",
    "the message says that complex dtypes are not supported",
    kind="wording",
    cause="pytorch#35579",
    when=":caught",
    rarely="a complex gradient",
)
@pytest.mark.changed(
    "1.6",
    "bools are converted",
    kind="error-gone",
    cause="pytorch#36932",
    probable=True,
    rarely="a gradient of bools",
)
@pytest.mark.changed(
    "1.6",
    "complex tensors can be made, and the message asks for the same dtype",
    kind="wording",
    cause="pytorch#35579",
    probable=True,
    when=":caught",
    rarely="a complex gradient",
)
def test_gradient_argument_must_have_the_shape_of_the_loss(snapshot):
    """``loss.backward(gradient)`` takes a gradient of the shape of the loss alone.

    A gradient of another dtype is converted.
    """

    def backward(gradient):
        x = torch.tensor([1.0, 2.0], requires_grad=True)
        (x * 2).backward(gradient)
        return x.grad

    cases = {
        "same shape": lambda: backward(torch.tensor([1.0, 10.0])),
        "no dimensions": lambda: backward(torch.tensor(1.0)),
        "shape [1]": lambda: backward(torch.ones(1)),
        "shape [2, 1]": lambda: backward(torch.ones(2, 1)),
        "float64": lambda: backward(torch.ones(2, dtype=torch.float64)),
        "float16": lambda: backward(torch.ones(2).half()),
        "bool": lambda: backward(torch.tensor([True, False])),
        "complex": lambda: backward(torch.ones(2, dtype=torch.complex64)),
        "number": lambda: backward(1.0),
        "list": lambda: backward([1.0, 10.0]),
        "transposed": lambda: backward(torch.ones(2, 2).t()[0]),
        "nan": lambda: backward(torch.tensor([float("nan"), 1.0])),
    }
    assert snapshot == observe_each(cases)


@pytest.mark.api("torch.autograd.grad", page="generated/torch.autograd.grad")
@pytest.mark.changed(
    "1.10",
    "raises ValueError, where it returned an empty tuple before",
    kind="error",
    cause="pytorch#52016",
    advice="call it only if the list of inputs is not empty",
    rarely="an empty list of inputs",
)
@pytest.mark.changed(
    "2.13",
    "raises RuntimeError instead of ValueError",
    kind="exception",
    cause="pytorch#178140",
    advice="catch ValueError and RuntimeError",
    when=":caught",
    rarely="an empty list of inputs",
)
def test_autograd_grad_takes_the_same_losses_as_backward(snapshot):
    """``torch.autograd.grad`` raises for a loss that ``backward`` does not take.

    It returns gradients for inputs of any shape, also for those that are no leaves.
    """

    def gradient(loss, of=lambda x: x, **settings):
        x = torch.tensor([1.0, 2.0], requires_grad=True)
        source = of(x)
        return torch.autograd.grad(loss(source), source, **settings)[0]

    cases = {
        "no dimensions": lambda: gradient(lambda x: x.sum()),
        "two elements": lambda: gradient(lambda x: x * 2),
        "no elements": lambda: gradient(lambda x: x[:0]),
        "grad_outputs": lambda: gradient(lambda x: x * 2, grad_outputs=torch.ones(2)),
        "grad_outputs of another shape": lambda: gradient(
            lambda x: x * 2, grad_outputs=torch.ones(1)
        ),
        "number as grad_outputs": lambda: gradient(lambda x: x.sum(), grad_outputs=2.0),
        "not a leaf": lambda: gradient(lambda x: x.sum(), lambda x: x * 3),
        "input without dimensions": lambda: gradient(lambda x: x * 3, lambda x: x[0]),
        "input without elements": lambda: gradient(lambda x: x.sum(), lambda x: x[:0]),
        "loss is the input": lambda: gradient(lambda x: x, lambda x: x.sum()),
        "transposed input": lambda: gradient(lambda x: x.sum(), lambda x: x.reshape(1, 2).t()),
        "detached": lambda: gradient(lambda x: x.sum().detach()),
        "integers": lambda: gradient(lambda x: x.sum().long()),
        "nan": lambda: gradient(lambda x: x.sum() * float("nan")),
        "number": lambda: gradient(lambda x: 1.0),
        "no input": lambda: torch.autograd.grad(torch.ones(1, requires_grad=True).sum(), []),
    }
    assert snapshot == observe_each(cases)


@pytest.mark.api("torch.utils.checkpoint.checkpoint", page="checkpoint")
@pytest.mark.changed(
    "1.11",
    "checkpoint takes use_reentrant",
    kind="appeared",
    cause="pytorch#69508",
    when="use_reentrant",
)
@pytest.mark.changed(
    "1.13",
    "no longer warns that device_type 'cuda' is disabled",
    kind="warning",
    cause="pytorch#79203",
    rarely="a machine without CUDA",
)
@pytest.mark.changed(
    "2.4",
    "warns that torch.cpu.amp.autocast, which checkpoint itself calls, is deprecated",
    kind="warning",
    cause="pytorch#126062",
    advice="ignore it: 2.5 no longer warns",
    unless=(),
)
@pytest.mark.changed(
    "2.5",
    "no longer warns that torch.cpu.amp.autocast is deprecated",
    kind="warning",
    cause="pytorch#127774",
    unless=(),
)
@pytest.mark.parametrize("reentrant", [True, False], ids=["reentrant", "not reentrant"])
def test_checkpoint_passes_inputs_of_any_kind(reentrant, snapshot):
    """``checkpoint`` passes its arguments to the function as they are, tensors or not.

    The gradient of ``sum(x * 3)`` is 3 everywhere.
    """

    def gradient(function, *others, x=None):
        x = torch.tensor([1.0, 2.0], requires_grad=True) if x is None else x
        out = checkpoint(function, x, *others, use_reentrant=reentrant)
        loss = out[0] if isinstance(out, (tuple, list)) else out
        loss.sum().backward()
        return x.grad

    def empty():
        return torch.zeros(0, requires_grad=True)

    cases = {
        "tensor": lambda: gradient(lambda x: x * 3),
        "number": lambda: gradient(lambda x, n: x * n, 3),
        "None": lambda: gradient(lambda x, n: x * 3, None),
        "list": lambda: gradient(lambda x, n: x * n[0], [3.0]),
        "integers": lambda: gradient(lambda x, n: x * n, torch.tensor([3, 3])),
        "no elements": lambda: gradient(lambda x: x * 3, x=empty()),
        "no dimensions": lambda: gradient(lambda x: x * 3, x=torch.tensor(1.0).requires_grad_()),
        "tuple out": lambda: gradient(lambda x: (x * 3, x)),
        "tuple with None": lambda: gradient(lambda x: (x * 3, None)),
        "input itself": lambda: gradient(lambda x: x),
        "no gradient": lambda: gradient(lambda x: x.detach()),
        "float16": lambda: gradient(lambda x: x * 3, x=torch.ones(2).half().requires_grad_()),
        "nan": lambda: gradient(lambda x: x * float("nan")),
    }
    assert snapshot == observe_each(cases)


def clipped(clip, *gradients, dtype=torch.float32):
    """The gradients after clipping, and what the function returns."""
    parameters = [torch.zeros(torch.tensor(g).shape, dtype=dtype) for g in gradients]
    for parameter, gradient in zip(parameters, gradients):
        parameter.requires_grad_()
        parameter.grad = torch.tensor(gradient, dtype=dtype)
    returned = clip(parameters)
    return {"returned": returned, "gradients": [parameter.grad for parameter in parameters]}


EDGES = {
    "no dimensions": {"gradients": [3.0, 4.0]},
    "no elements": {"gradients": [[], [3.0, 4.0]]},
    "only no elements": {"gradients": [[]]},
    "float64": {"gradients": [[3.0, 4.0]], "dtype": torch.float64},
    "minus infinity": {"gradients": [[float("-inf")], [1.0]]},
    "overflow": {"gradients": [[1e30, 1e30]]},
    "underflow": {"gradients": [[1e-30, 1e-30]]},
}


@pytest.mark.api("torch.nn.utils.clip_grad_norm_", page="generated/torch.nn.utils.clip_grad_norm_")
@pytest.mark.changed(
    "1.5",
    "the norm is returned as a tensor, not as a float",
    kind="silent",
    cause="pytorch#32020",
    advice="call float(norm), which gives a number on every release",
    when=":call and -:statement",
)
@pytest.mark.changed(
    "1.5",
    "the norm is returned as a tensor, not as a float",
    kind="silent",
    cause="pytorch#32020",
    advice="call float(norm), which gives a number on every release",
    when=":call and -:statement",
)
@pytest.mark.changed(
    "1.5",
    "the message says that the operation has no identity",
    kind="wording",
    when=":caught",
    rarely="a gradient without elements",
)
@pytest.mark.changed(
    "1.9",
    "warns that a non-finite norm will become an error",
    kind="warning",
    cause="pytorch#55169",
    advice="pass error_if_nonfinite=True to raise already",
    when=("-error_if_nonfinite@3", "error_if_nonfinite@3=False"),
    rarely="a norm that is infinite",
)
@pytest.mark.changed(
    "1.9",
    "the message asks for a dimension",
    kind="wording",
    cause="pytorch#52565",
    when=":caught",
    rarely="a gradient without elements",
)
@pytest.mark.changed(
    "1.10",
    "no longer warns: the norm is not checked",
    kind="warning",
    cause="pytorch#61042",
    advice="pass error_if_nonfinite=True, or test the norm before the step",
    rarely="a norm that is infinite",
)
@pytest.mark.changed(
    "2.1",
    "the message names linalg.vector_norm",
    kind="wording",
    when=":caught",
    rarely="a gradient without elements",
)
@pytest.mark.changed(
    "2.11",
    "the message names _foreach_norm",
    kind="wording",
    when=":caught",
    rarely="a gradient without elements",
)
@pytest.mark.parametrize("norm_type", [2.0, float("inf")], ids=["2", "inf"])
def test_clip_grad_norm_at_the_edges_of_its_gradients(norm_type, snapshot):
    """``clip_grad_norm_`` takes gradients without elements or dimensions.

    Traps: the squares of gradients above 1e19 overflow in float32, so the norm is infinite and all
    become 0. The infinity norm raises for a gradient without elements.
    """

    def act(gradients, **settings):
        clip = torch.nn.utils.clip_grad_norm_
        return clipped(lambda own: clip(own, 1.0, norm_type=norm_type), *gradients, **settings)

    assert snapshot == observe_each(each(act, EDGES))


@pytest.mark.api(
    "torch.nn.utils.clip_grad_value_", page="generated/torch.nn.utils.clip_grad_value_"
)
@pytest.mark.changed(
    "1.6",
    "clamp takes bfloat16",
    kind="error-gone",
    cause="pytorch#35082",
    rarely="half precision on the CPU",
)
@pytest.mark.changed(
    "1.9",
    "the message names clamp_scalar_cpu",
    kind="wording",
    cause="pytorch#52695",
    probable=True,
    when=":caught",
    rarely="half precision on the CPU",
)
@pytest.mark.changed(
    "2.0",
    "the message names clamp_min_scalar_cpu",
    kind="wording",
    when=":caught",
    rarely="half precision on the CPU",
)
@pytest.mark.changed(
    "2.1",
    "clamp takes float16",
    kind="error-gone",
    cause="pytorch#98493",
    rarely="half precision on the CPU",
)
def test_clip_grad_value_at_the_edges_of_its_gradients(snapshot):
    """``clip_grad_value_`` bounds each element, whatever the shape and the dtype."""

    def act(gradients, **settings):
        clip = torch.nn.utils.clip_grad_value_
        return clipped(lambda own: clip(own, 1.0), *gradients, **settings)

    half = {
        "float16": {"gradients": [[3.0, -0.5]], "dtype": torch.float16},
        "bfloat16": {"gradients": [[3.0, -0.5]], "dtype": torch.bfloat16},
    }
    assert snapshot == observe_each(each(act, {**EDGES, **half}))
