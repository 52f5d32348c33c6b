"""Settings of functions on tensors: ``dim``, ``keepdim``, ``p``, sizes of parts, and numbers.

``dim`` is counted from the front, or from the back if it is negative. ``keepdim=True`` keeps a
reduced dimension with the size 1, so that the result broadcasts against the tensor. Trap: the
``chunks`` of ``torch.Tensor.chunk`` is the most parts that it gives, and there may be fewer. A
method that ends in an underscore returns the tensor itself, not a copy.
"""

import pytest
import torch

from torch_history.observing import observe, observe_each

ROWS = [[1.0, 5.0, 3.0], [4.0, 2.0, 6.0]]


def rows():
    """Two rows of three numbers."""
    return torch.tensor(ROWS)


@pytest.mark.api(
    "torch.Tensor.max",
    "torch.Tensor.min",
    "torch.Tensor.argmax",
    "torch.Tensor.argmin",
    "torch.Tensor.sum",
    "torch.Tensor.mean",
    page="tensors",
)
@pytest.mark.parametrize("name", ["max", "min", "argmax", "argmin", "sum", "mean"])
def test_keepdim_keeps_a_reduced_dimension_with_the_size_one(name, snapshot):
    """``keepdim=True`` keeps the dimension that is reduced: rows [2, 3] become [2, 1], not [2].

    ``dim=0`` reduces the rows, and ``dim=1`` the columns.
    """

    def reduced(**settings):
        result = getattr(rows(), name)(**settings)
        return list(result) if name in ("max", "min") else result

    assert snapshot == observe_each(
        {
            "first": lambda: reduced(dim=0),
            "last": lambda: reduced(dim=1),
            "kept": lambda: reduced(dim=1, keepdim=True),
        }
    )


@pytest.mark.api("torch.Tensor.norm", page="generated/torch.Tensor.norm")
def test_norm_takes_its_power_and_dimension(snapshot):
    """``norm(p=1, dim=0)`` adds the absolute values of each column; the default squares all.

    ``p=float("inf")`` takes the largest, and ``dtype`` the type of the result.
    """
    x = torch.tensor([[3.0, -1.0], [-4.0, 0.0]])
    assert snapshot == observe_each(
        {
            "default": lambda: x[:, 0].norm(),
            "one": lambda: x.norm(p=1),
            "columns": lambda: x.norm(p=1, dim=0),
            "kept": lambda: x.norm(p=float("inf"), dim=1, keepdim=True),
            "dtype": lambda: x.norm(p=1, dim=0, dtype=torch.float64),
        }
    )


PARTS = {
    "chunk": lambda x: x.chunk(2, dim=1),
    "torch.chunk": lambda x: torch.chunk(x, 3, dim=1),
    "split": lambda x: x.split(2, dim=1),
    "split sizes": lambda x: x.split([1, 2], dim=1),
    "torch.split": lambda x: torch.split(x, 2, dim=1),
    "unbind": lambda x: x.unbind(dim=1),
    "torch.unbind": lambda x: torch.unbind(x, dim=1),
}


@pytest.mark.api(
    "torch.Tensor.chunk",
    "torch.chunk",
    "torch.Tensor.split",
    "torch.split",
    "torch.Tensor.unbind",
    "torch.unbind",
    page="tensors",
)
@pytest.mark.parametrize("name", PARTS)
def test_parts_are_taken_along_dim(name, snapshot):
    """``dim=1`` splits the columns, while the default splits the rows.

    Two chunks of three columns have two columns and one.
    """
    assert snapshot == observe(lambda: list(PARTS[name](rows())))


@pytest.mark.api("torch.chunk", "torch.Tensor.chunk", page="generated/torch.chunk")
def test_chunk_gives_at_most_the_number_of_parts(snapshot):
    """``chunk(4)`` of six numbers gives three parts of two, as their size is rounded up."""
    x = torch.arange(6.0)
    assert snapshot == observe_each(
        {
            "two": lambda: list(torch.chunk(x, 2)),
            "three": lambda: list(torch.chunk(x, 3)),
            "four": lambda: list(torch.chunk(x, 4)),
            "six": lambda: list(x.chunk(6)),
        }
    )


@pytest.mark.api("torch.cat", "torch.stack", page="generated/torch.cat")
def test_cat_and_stack_join_along_dim(snapshot):
    """``cat(dim=1)`` puts columns side by side, and ``stack(dim=1)`` pairs the rows."""
    parts = [torch.tensor([[1.0, 2.0], [3.0, 4.0]]), torch.tensor([[5.0, 6.0], [7.0, 8.0]])]
    assert snapshot == observe_each(
        {
            "cat, 0": lambda: torch.cat(parts),
            "cat, 1": lambda: torch.cat(parts, dim=1),
            "stack, 1": lambda: torch.stack(parts, dim=1),
        }
    )


@pytest.mark.api("torch.Tensor.stride", page="generated/torch.Tensor.stride")
def test_stride_of_one_dimension_is_a_number(snapshot):
    """``stride(0)`` is the stride of the first dimension; without ``dim`` all are in a tuple."""
    x = torch.zeros(2, 3, 4)
    assert snapshot == observe_each(
        {"all": x.stride, "first": lambda: x.stride(0), "second": lambda: x.stride(dim=1)}
    )


@pytest.mark.api("torch.clamp", page="generated/torch.clamp")
def test_clamp_takes_either_bound(snapshot):
    """``clamp(min=2)`` raises smaller numbers to 2, and ``max=4`` lowers larger ones to 4."""
    assert snapshot == observe_each(
        {
            "min": lambda: torch.clamp(rows(), min=2.0),
            "max": lambda: torch.clamp(rows(), max=4.0),
            "both": lambda: torch.clamp(rows(), min=2.0, max=4.0),
        }
    )


@pytest.mark.api(
    "torch.div", "torch.floor_divide", "torch.Tensor.__rfloordiv__", page="generated/torch.div"
)
# cause unknown: searches for torch.floor_divide found no pull request
@pytest.mark.changed(
    "1.5",
    "torch.floor_divide appears",
    kind="appeared",
    cause="pytorch#30493",
    of=("torch.floor_divide",),
)
@pytest.mark.changed(
    "1.8",
    "div takes rounding_mode",
    kind="appeared",
    cause="pytorch#51706",
    probable=True,
    of=("torch.div",),
)
@pytest.mark.changed(
    "1.9",
    "warns that floor_divide rounds towards zero",
    kind="warning",
    cause="pytorch#50281",
    advice='write torch.div(a, b, rounding_mode="floor"), or "trunc"',
    of=("torch.floor_divide", "torch.Tensor.__rfloordiv__"),
    unless=(),
)
@pytest.mark.changed(
    "1.10",
    "the warning names __rfloordiv__",
    kind="wording",
    cause="pytorch#64034",
    of=("torch.Tensor.__rfloordiv__",),
    unless=(),
)
@pytest.mark.changed(
    "1.13",
    "no longer warns that it rounds towards zero",
    kind="warning",
    cause="pytorch#78411",
    of=("torch.floor_divide", "torch.Tensor.__rfloordiv__"),
    unless=(),
)
def test_division_takes_numbers_on_either_side(snapshot):
    """``div(x, 2)`` divides by a number, and ``7 // x`` divides the number by a tensor.

    ``rounding_mode="floor"`` rounds down, and ``"trunc"`` towards 0.
    """
    x = torch.tensor([-7.0, 7.0])
    assert snapshot == observe_each(
        {
            "div": lambda: torch.div(x, 2.0),
            "floor": lambda: torch.div(x, 2.0, rounding_mode="floor"),
            "trunc": lambda: torch.div(x, 2.0, rounding_mode="trunc"),
            "floor_divide": lambda: torch.floor_divide(x.abs(), 2.0),
            "of a number": lambda: 7 // torch.tensor([2.0, 4.0]),
        }
    )


@pytest.mark.api(
    "torch.Tensor.masked_fill",
    "torch.Tensor.masked_fill_",
    page="generated/torch.Tensor.masked_fill",
)
def test_masked_fill_writes_the_value(snapshot):
    """``masked_fill(mask, 9)`` writes 9 where the mask is true, and ``masked_fill_`` in place."""
    mask = torch.tensor([[True, False, False], [False, False, True]])
    assert snapshot == observe_each(
        {
            "copy": lambda: rows().masked_fill(mask, 9.0),
            "in place": lambda: rows().masked_fill_(mask, 9.0),
        }
    )


IN_PLACE = {
    "masked_fill_": lambda x: x.masked_fill_(x > 2, 9.0),
    "clamp_": lambda x: x.clamp_(min=2.0, max=4.0),
    "relu_": lambda x: x.relu_(),
    "unsqueeze_": lambda x: x.unsqueeze_(1),
    "squeeze_": lambda x: x.squeeze_(),
    "resize_": lambda x: x.resize_(3, 2),
    "fill_": lambda x: x.fill_(2.0),
    "zero_": lambda x: x.zero_(),
    "add_": lambda x: x.add_(1.0),
    "mul_": lambda x: x.mul_(2.0),
    "copy_": lambda x: x.copy_(torch.ones(2, 3)),
    "t_": lambda x: x.t_(),
    "requires_grad_": lambda x: x.requires_grad_(),
    "detach_": lambda x: x.detach_(),
    "float": lambda x: x.float(),
    "contiguous": lambda x: x.contiguous(),
    "to": lambda x: x.to(torch.float32),
    "type": lambda x: x.type(torch.float32),
}


@pytest.mark.api(
    "torch.Tensor.masked_fill_",
    "torch.Tensor.clamp_",
    "torch.Tensor.relu_",
    "torch.Tensor.unsqueeze_",
    "torch.Tensor.squeeze_",
    "torch.Tensor.resize_",
    "torch.Tensor.fill_",
    "torch.Tensor.zero_",
    "torch.Tensor.add_",
    "torch.Tensor.mul_",
    "torch.Tensor.copy_",
    "torch.Tensor.t_",
    "torch.Tensor.requires_grad_",
    "torch.Tensor.detach_",
    "torch.Tensor.float",
    "torch.Tensor.contiguous",
    "torch.Tensor.to",
    "torch.Tensor.type",
    page="tensors",
)
@pytest.mark.parametrize("name", IN_PLACE)
def test_method_returns_the_tensor_itself(name, snapshot):
    """A method in place returns the tensor itself, which holds the result.

    Conversions to what the tensor is already return it too, and copy nothing.
    """

    def act():
        x = rows()
        return {"itself": IN_PLACE[name](x) is x, "tensor": x}

    assert snapshot == observe(act)


@pytest.mark.api("torch.Tensor.double", page="generated/torch.Tensor.double")
def test_double_returns_a_tensor_of_float64_itself(snapshot):
    """``double()`` of a tensor of float64 is the tensor itself, and of float32 a copy."""

    def act(x):
        return {"itself": x.double() is x, "result": x.double()}

    single, double = torch.ones(1), torch.ones(1, dtype=torch.float64)
    assert snapshot == observe_each(
        {"float64": lambda: act(double), "float32": lambda: act(single)}
    )
