"""What turns a tensor into a Parameter, and what turns a Parameter into a plain tensor.

A clone, a part, a cast to another dtype or a detached copy of a Parameter is a plain tensor.
``torch.nn.Parameter`` of a frozen Parameter requires grad, because True is the default of its
argument. Gradients add up in the dtype of the parameter, so a bfloat16 weight loses small ones.
Since 2.10, ``grad_dtype`` lets the gradient have another dtype. Complex tensors can require grad
since 1.6; since 1.7, a step against their gradient descends.
"""

import pytest
import torch
from torch import nn

from torch_history.observing import observe


def parameter():
    return nn.Parameter(torch.tensor([1.0, 2.0]))


@pytest.mark.api("torch.nn.Parameter", page="generated/torch.nn.parameter.Parameter")
@pytest.mark.parametrize("way", ["clone", "detach", "data", "index", "to", "zeros_like"])
def test_tensor_made_of_a_parameter_is_no_parameter(way, snapshot):
    """A clone, a part or a cast of a Parameter is a tensor that ``parameters()`` does not list.

    Trap: ``to(dtype)`` and ``clone()`` give tensors within a graph, which cannot be trained.
    ``zeros_like`` gives a tensor without a graph.
    """

    def act():
        made = {
            "clone": lambda p: p.clone(),
            "detach": lambda p: p.detach(),
            "data": lambda p: p.data,
            "index": lambda p: p[0],
            "to": lambda p: p.to(torch.float64),
            "zeros_like": torch.zeros_like,
        }[way](parameter())
        return {
            "type": type(made).__name__,
            "leaf": made.is_leaf,
            "requires_grad": made.requires_grad,
        }

    assert snapshot == observe(act)


@pytest.mark.api("torch.Tensor.to", page="generated/torch.Tensor.to")
def test_parameter_moved_to_its_own_dtype_is_itself(snapshot):
    """``p.to(dtype)`` returns the Parameter itself if it has that dtype, else a plain tensor.

    Trap: such code works on one machine and breaks on another. Move the module instead.
    """

    def act():
        p = parameter()
        return {
            "same": p.to(torch.float32) is p,
            "float64": isinstance(p.to(torch.float64), nn.Parameter),
        }

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.Parameter", page="generated/torch.nn.parameter.Parameter")
def test_parameter_of_a_frozen_parameter_is_thawed(snapshot):
    """``nn.Parameter`` of a frozen Parameter requires grad.

    Its argument ``requires_grad`` is True by default, and is not taken from the given tensor.
    """
    assert snapshot == observe(
        lambda: nn.Parameter(parameter().requires_grad_(False)).requires_grad
    )


@pytest.mark.api(
    "torch.Tensor.requires_grad_",
    "torch.conj",
    "torch.view_as_real",
    page="generated/torch.Tensor.requires_grad_",
)
@pytest.mark.changed(
    "1.5",
    "a complex list is recognised, and rejected with another message",
    kind="wording",
    cause="pytorch#35579",
)
@pytest.mark.changed(
    "1.6",
    "complex tensors and their gradients appear, with 2 conj(z) as the gradient of |z|²",
    kind="error-gone",
    cause="pytorch#36932",
    probable=True,
)
@pytest.mark.changed(
    "1.7",
    "the gradient is conjugated, so that a step against it descends: 2 z",
    kind="silent",
    cause="pytorch#43208",
    probable=True,
    advice="call z.grad.conj() for the gradient of 1.6",
    restored_by="freezing.conjugated_gradient_of_a_complex_tensor_is_that_of_1_6",
    of=("torch.conj", "torch.view_as_real"),
    rarely="gradients of complex tensors",
)
def test_complex_tensor_may_require_grad(snapshot):
    """Complex tensors may require grad, since 1.6. The gradient of |z|² is 2 z, since 1.7."""

    def act():
        z = torch.tensor([3.0 + 4.0j]).requires_grad_()
        (z * z.conj()).real.sum().backward()
        return torch.view_as_real(z.grad)

    assert snapshot == observe(act)


@pytest.mark.api("torch.Tensor.grad", "torch.conj", page="notes/autograd")
@pytest.mark.changed(
    "1.5",
    "a complex list is recognised, and rejected with another message",
    kind="wording",
    cause="pytorch#35579",
)
@pytest.mark.changed(
    "1.6",
    "complex tensors and their gradients appear, and the conjugated gradient is 2 z",
    kind="error-gone",
    cause="pytorch#36932",
    probable=True,
)
@pytest.mark.changed(
    "1.7",
    "the conjugated gradient is 2 conj(z), because the gradient itself was conjugated",
    kind="silent",
    cause="pytorch#43208",
    probable=True,
    of=("torch.conj",),
    rarely="gradients of complex tensors",
)
def test_conjugated_gradient_of_a_complex_tensor_is_that_of_1_6(snapshot):
    """``z.grad.conj()`` is 2 conj(z) for |z|², the gradient that 1.6 gave.

    A step against it does not descend.
    """

    def act():
        z = torch.tensor([3.0 + 4.0j]).requires_grad_()
        (z * z.conj()).real.sum().backward()
        conjugated = z.grad.conj()
        return torch.stack([conjugated.real, conjugated.imag], dim=-1)

    assert snapshot == observe(act)


@pytest.mark.api("torch.Tensor.grad_dtype", page="generated/torch.Tensor.grad_dtype")
@pytest.mark.changed(
    "2.10",
    "Tensor has grad_dtype, where setting it had no effect before",
    kind="silent",
    cause="pytorch#162815",
    advice="leave grad_dtype unset to add gradients up in the dtype of the parameter",
    restored_by="freezing.gradients_add_up_in_the_dtype_of_the_parameter",
    unless=(),
)
def test_grad_dtype_keeps_gradients_in_another_dtype_than_the_parameter(snapshot):
    """Since 2.10, ``grad_dtype`` lets a bfloat16 weight accumulate its gradient in float32.

    The sum 1 + 2**-9 is exact in float32; in bfloat16 it would be 1. Trap: before 2.10, setting
    ``grad_dtype`` has no effect and raises nothing.
    """

    def act():
        w = nn.Parameter(torch.tensor([1.0], dtype=torch.bfloat16))
        w.grad_dtype = torch.float32
        w.float().sum().backward()
        (w.float() * 2.0**-9).sum().backward()
        return w.grad

    assert snapshot == observe(act)


@pytest.mark.api("torch.Tensor.grad", page="generated/torch.Tensor.grad")
def test_gradients_add_up_in_the_dtype_of_the_parameter(snapshot):
    """Without ``grad_dtype``, the gradients of a bfloat16 weight add up in bfloat16.

    Trap: 1 + 2**-9 is rounded to 1, so a small gradient after a large one is lost.
    """

    def act():
        w = nn.Parameter(torch.tensor([1.0], dtype=torch.bfloat16))
        w.float().sum().backward()
        (w.float() * 2.0**-9).sum().backward()
        return w.grad

    assert snapshot == observe(act)


@pytest.mark.api("torch.Tensor.grad_dtype", page="generated/torch.Tensor.grad_dtype")
@pytest.mark.changed("2.10", "Tensor has grad_dtype", kind="appeared", cause="pytorch#162815")
def test_grad_dtype_none_takes_gradients_of_any_dtype(snapshot):
    """``grad_dtype = None`` lets ``.grad`` have any dtype.

    By default a gradient of another dtype than the parameter's raises.
    """

    def act():
        p = parameter()
        default = p.grad_dtype
        p.grad_dtype = None
        p.grad = torch.ones(2, dtype=torch.float64)
        return {"default": default, "gradient": p.grad}

    assert snapshot == observe(act)


@pytest.mark.api("torch.Tensor.grad", page="generated/torch.Tensor.grad")
def test_gradient_keeps_its_dtype_when_data_of_another_are_assigned(snapshot):
    """After ``p.data = p.data.double()`` the old gradient is still float32.

    The next gradient is added to it in float32.
    """

    def act():
        p = parameter()
        p.grad = torch.ones(2)
        p.data = p.data.double()
        (p * p).sum().backward()
        return {"parameter": p.dtype, "gradient": p.grad}

    assert snapshot == observe(act)


@pytest.mark.api("torch.Tensor.detach_", page="generated/torch.Tensor.detach_")
@pytest.mark.changed(
    "1.7",
    "warns that one of several views may not be detached in place, and the part still requires "
    "grad",
    kind="warning",
    cause="pytorch#39299",
    advice="call detach()",
    restored_by="freezing.part_of_a_chunk_can_be_detached",
    rarely="one of several views, as torch.chunk returns",
)
@pytest.mark.changed(
    "1.10",
    "raises",
    kind="error",
    cause="pytorch#58285",
    advice="call detach()",
    rarely="one of several views, as torch.chunk returns",
)
def test_part_of_a_chunk_cannot_be_detached_in_place(snapshot):
    """Since 1.10, ``detach_()`` on one part of ``torch.chunk`` raises. Use ``detach()``.

    The part is one of several views.
    """
    assert snapshot == observe(
        lambda: torch.chunk(torch.ones(2, requires_grad=True) * 1, 2)[0].detach_()
    )


@pytest.mark.api("torch.Tensor.detach", "torch.chunk", page="generated/torch.Tensor.detach")
def test_part_of_a_chunk_can_be_detached(snapshot):
    """``detach()`` on one part of ``torch.chunk`` returns a tensor that requires no grad."""
    assert snapshot == observe(
        lambda: torch.chunk(torch.ones(2, requires_grad=True) * 1, 2)[0].detach()
    )


@pytest.mark.api(
    "torch.Tensor.unsqueeze_", "torch.Tensor.detach", page="generated/torch.Tensor.detach"
)
@pytest.mark.changed(
    "1.13",
    "a detached tensor may change its shape in place, and the original keeps its own",
    kind="error-gone",
    cause="pytorch#83590",
)
@pytest.mark.parametrize("way", ["unsqueeze_", "t_", "squeeze_", "transpose_"])
def test_detached_tensor_takes_another_shape_in_place(way, snapshot):
    """Since 1.13, a detached tensor may change its shape in place; the original keeps its own."""

    def act():
        original = torch.ones(1, 2, requires_grad=True)
        detached = original.detach()
        getattr(detached, way)(
            *{"unsqueeze_": (0,), "t_": (), "squeeze_": (), "transpose_": (0, 1)}[way]
        )
        return {"detached": detached.shape, "original": original.shape}

    assert snapshot == observe(act)
