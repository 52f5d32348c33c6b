"""What makes a Parameter of a tensor, and what makes a tensor of a Parameter."""

import pytest
import torch
from torch import nn

from torch_history.observing import observe


def parameter():
    return nn.Parameter(torch.tensor([1.0, 2.0]))


@pytest.mark.api("torch.nn.Parameter", page="generated/torch.nn.parameter.Parameter")
@pytest.mark.parametrize("way", ["clone", "detach", "data", "index", "to", "zeros_like"])
def test_tensor_made_of_a_parameter_is_no_parameter(way, snapshot):
    """A clone, a part, a cast of a Parameter is a tensor, which no module lists and no optimizer gets from ``parameters()``.

    Trap: ``to(dtype)`` and ``clone()`` give tensors within a graph, that cannot be trained; ``zeros_like`` gives one without.
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
    """``to`` with nothing to do returns the Parameter: what works on one machine breaks on another. Move the module instead."""

    def act():
        p = parameter()
        return {
            "same": p.to(torch.float32) is p,
            "float64": isinstance(p.to(torch.float64), nn.Parameter),
        }

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.Parameter", page="generated/torch.nn.parameter.Parameter")
def test_parameter_of_a_frozen_parameter_is_thawed(snapshot):
    """``requires_grad`` is the argument's default, True, and not what the tensor said."""
    assert snapshot == observe(
        lambda: nn.Parameter(parameter().requires_grad_(False)).requires_grad
    )


@pytest.mark.api("torch.nn.Parameter", page="generated/torch.nn.parameter.Parameter")
@pytest.mark.changed(
    "1.12",
    "raises AttributeError that speaks of detach, instead of TypeError",
    kind="exception",
    cause="pytorch#73459",
    advice="give it a tensor",
)
def test_parameter_of_a_list_raises(snapshot):
    """It takes a tensor."""
    assert snapshot == observe(lambda: nn.Parameter([1.0, 2.0]))


@pytest.mark.api("torch.Tensor.requires_grad_", page="generated/torch.Tensor.requires_grad_")
@pytest.mark.changed(
    "1.5", "a complex list is known for what it is, and refused by another message", kind="wording"
)
@pytest.mark.changed(
    "1.6", "complex tensors and their gradients come; that of |z|² is 2 conj(z)", kind="error-gone"
)
@pytest.mark.changed(
    "1.7",
    "the gradient is conjugated, so that a step against it descends: 2 z",
    kind="silent",
    cause="pytorch#43208",
    probable=True,
    advice="under 1.6, conjugate the gradient of a complex tensor before the step",
)
def test_complex_tensor_may_require_grad(snapshot):
    """As floating-point ones do; the gradient of |z|² is 2 z."""

    def act():
        z = torch.tensor([3.0 + 4.0j]).requires_grad_()
        (z * z.conj()).real.sum().backward()
        return torch.view_as_real(z.grad)

    assert snapshot == observe(act)


@pytest.mark.api("torch.Tensor.grad_dtype", page="generated/torch.Tensor.grad_dtype")
@pytest.mark.changed(
    "2.10",
    "Tensor has grad_dtype; before, setting it had no effect",
    kind="silent",
    cause="pytorch#162815",
    advice="before, cast the gradient in a hook, or keep a float32 copy of the weight",
)
def test_grad_dtype_keeps_gradients_in_another_dtype_than_the_parameter(snapshot):
    """A bfloat16 weight with ``grad_dtype = torch.float32`` accumulates 1 + 2**-9 exactly; in bfloat16 it would be 1.

    Trap: where there is no such attribute yet, it is set without any effect.
    """

    def act():
        w = nn.Parameter(torch.tensor([1.0], dtype=torch.bfloat16))
        w.grad_dtype = torch.float32
        w.float().sum().backward()
        (w.float() * 2.0**-9).sum().backward()
        return w.grad

    assert snapshot == observe(act)


@pytest.mark.api("torch.Tensor.grad_dtype", page="generated/torch.Tensor.grad_dtype")
@pytest.mark.changed("2.10", "Tensor has grad_dtype", kind="api-appeared", cause="pytorch#162815")
def test_grad_dtype_none_takes_gradients_of_any_dtype(snapshot):
    """By default a gradient of another dtype than the parameter's is refused; under None it is not."""

    def act():
        p = parameter()
        default = p.grad_dtype
        p.grad_dtype = None
        p.grad = torch.ones(2, dtype=torch.float64)
        return {"default": default, "gradient": p.grad}

    assert snapshot == observe(act)


@pytest.mark.api("torch.Tensor.grad", page="generated/torch.Tensor.grad")
def test_gradient_keeps_its_dtype_when_data_of_another_are_assigned(snapshot):
    """After ``p.data = p.data.double()`` the old gradient is float32 still, and the next one is added to it in float32."""

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
    "the part still requires a gradient after detach_(); a warning tells that one of several views may not be "
    "detached in place",
    kind="silent",
    cause="pytorch#39299",
    advice="call detach()",
)
@pytest.mark.changed("1.10", "raises", kind="error", cause="pytorch#58285", advice="call detach()")
def test_part_of_a_chunk_cannot_be_detached_in_place(snapshot):
    """It is one of several views: ``detach()`` it."""
    assert snapshot == observe(
        lambda: torch.chunk(torch.ones(2, requires_grad=True) * 1, 2)[0].detach_()
    )


@pytest.mark.api(
    "torch.Tensor.unsqueeze_", "torch.Tensor.detach", page="generated/torch.Tensor.detach"
)
@pytest.mark.changed(
    "1.13",
    "a detached tensor takes another shape in place, and the original keeps its own",
    kind="error-gone",
    cause="pytorch#83590",
)
@pytest.mark.parametrize("way", ["unsqueeze_", "t_", "squeeze_", "transpose_"])
def test_detached_tensor_takes_another_shape_in_place(way, snapshot):
    """The tensor that it was detached from keeps its own."""

    def act():
        original = torch.ones(1, 2, requires_grad=True)
        detached = original.detach()
        getattr(detached, way)(
            *{"unsqueeze_": (0,), "t_": (), "squeeze_": (), "transpose_": (0, 1)}[way]
        )
        return {"detached": detached.shape, "original": original.shape}

    assert snapshot == observe(act)
