"""Functions that reorder, cut and join, at the edges: no elements, no dimensions, other dtypes.

A tensor without elements has a shape, and these functions compute with it. A tensor without
dimensions has one element: what cuts along a dimension raises, most of the rest returns it. They
only move numbers, so any dtype passes, NaN and infinity too, and strides do not matter. Trap: the
gradient of ``torch.where`` is NaN where the branch that is not taken has an infinite slope.
"""

import pytest
import torch

from fixtures.settings import each
from torch_history.observing import apart, observe, observe_each

ONES = {
    "view": lambda x: x.view(-1, 1),
    "reshape": lambda x: x.reshape(-1, 1),
    "flatten": lambda x: x.flatten(),
    "transpose": lambda x: x.transpose(0, -1),
    "t": lambda x: x.t(),
    "permute": lambda x: x.permute(1, 0),
    "squeeze": lambda x: x.squeeze(),
    "unsqueeze": lambda x: x.unsqueeze(0),
    "expand": lambda x: x.expand(2, *x.shape),
    "repeat": lambda x: x.repeat(2, 2),
    "chunk": lambda x: x.chunk(2)[0],
    "split": lambda x: x.split(1)[0],
    "unbind": lambda x: torch.stack(x.unbind(-1)),
    "narrow": lambda x: x.narrow(0, 0, 1),
    "select": lambda x: x.select(-1, 0),
    "flip": lambda x: x.flip(0),
    "roll": lambda x: x.roll(1, 0),
    "cat": lambda x: torch.cat([x, x]),
    "stack": lambda x: torch.stack([x, x]),
    "where": lambda x: torch.where(torch.ones(x.shape, dtype=torch.bool), x, x),
    "masked_fill": lambda x: x.masked_fill(torch.zeros(x.shape, dtype=torch.bool), 1),
    "masked_select": lambda x: x.masked_select(torch.ones(x.shape, dtype=torch.bool)),
    "index_select": lambda x: x.index_select(0, torch.tensor([0, 0])),
    "gather": lambda x: x.gather(0, torch.zeros(x.shape, dtype=torch.long)),
    "scatter": lambda x: x.scatter(0, torch.zeros(x.shape, dtype=torch.long), x),
    "scatter_add": lambda x: x.scatter_add(0, torch.zeros(x.shape, dtype=torch.long), x),
    "index_add": lambda x: x.index_add(0, torch.tensor([0]), x[:1]),
    "index_copy": lambda x: x.index_copy(0, torch.tensor([0]), x[:1]),
    "index_fill": lambda x: x.index_fill(0, torch.tensor([0]), 1),
    "take": lambda x: x.take(torch.tensor([0])),
    "tril": lambda x: x.tril(),
    "diagonal": lambda x: x.diagonal(),
    "unfold": lambda x: x.unfold(-1, 1, 1),
    "repeat_interleave": lambda x: x.repeat_interleave(2),
}


def of(make, fact, without=()):
    """An act for each function: ``fact(function, tensor)``, with a new tensor."""
    cases = {name: {"function": ONES[name]} for name in ONES if name not in without}
    return each(lambda function: fact(function, make()), cases)


@pytest.mark.api(
    "torch.Tensor.view",
    "torch.Tensor.reshape",
    "torch.Tensor.flatten",
    "torch.Tensor.transpose",
    "torch.Tensor.t",
    "torch.Tensor.permute",
    "torch.Tensor.squeeze",
    "torch.Tensor.unsqueeze",
    "torch.Tensor.expand",
    "torch.Tensor.repeat",
    "torch.Tensor.chunk",
    "torch.Tensor.split",
    "torch.Tensor.unbind",
    "torch.Tensor.narrow",
    "torch.Tensor.select",
    "torch.Tensor.flip",
    "torch.Tensor.roll",
    "torch.Tensor.masked_fill",
    "torch.Tensor.masked_select",
    "torch.Tensor.index_select",
    "torch.Tensor.gather",
    "torch.Tensor.scatter",
    "torch.Tensor.scatter_add",
    "torch.Tensor.index_add",
    "torch.Tensor.index_copy",
    "torch.Tensor.index_fill",
    "torch.Tensor.take",
    "torch.Tensor.tril",
    "torch.Tensor.diagonal",
    "torch.Tensor.unfold",
    "torch.Tensor.repeat_interleave",
    "torch.cat",
    "torch.stack",
    "torch.where",
    page="tensors",
)
@pytest.mark.changed(
    "1.5",
    "scatter works instead of raising",
    kind="error-gone",
    rarely="tensors without elements",
    of=("torch.Tensor.scatter",),
)
@pytest.mark.changed(
    "1.5",
    "the message of index_select names select",
    kind="wording",
    cause="pytorch#30598",
    probable=True,
    when=":caught",
    rarely="tensors without elements",
    of=("torch.Tensor.index_select",),
)
@pytest.mark.changed(
    "1.7",
    "index_select raises IndexError instead of RuntimeError",
    kind="exception",
    when=":caught",
    rarely="tensors without elements",
    of=("torch.Tensor.index_select",),
)
@pytest.mark.changed(
    "1.8",
    "the message of index_fill names setStorage",
    kind="wording",
    cause="pytorch#50578",
    when=":caught",
    rarely="tensors without elements",
    of=("torch.Tensor.index_fill",),
)
@pytest.mark.changed(
    "1.8",
    "the message of take has no argument number",
    kind="wording",
    cause="pytorch#45283",
    when=":caught",
    rarely="tensors without elements",
    of=("torch.Tensor.take",),
)
@pytest.mark.changed(
    "1.9",
    "take raises IndexError instead of RuntimeError",
    kind="exception",
    when=":caught",
    rarely="tensors without elements",
    of=("torch.Tensor.take",),
)
@pytest.mark.changed(
    "1.11",
    "the message of index_add gives both numbers and the dimension",
    kind="wording",
    when=":caught",
    rarely="tensors without elements",
    of=("torch.Tensor.index_add",),
)
@pytest.mark.changed(
    "1.13",
    "index_select raises RuntimeError instead of IndexError",
    kind="exception",
    cause="pytorch#77881",
    when=":caught",
    rarely="tensors without elements",
    of=("torch.Tensor.index_select",),
)
def test_functions_that_move_numbers_give_shapes_without_elements(snapshot):
    """A tensor of shape [0, 3] keeps its dimensions in what reorders and joins.

    What takes the first row raises, since there is none.
    """

    def shapes(function, x):
        y = function(x)
        y.sum().backward()
        return {"shape": list(y.shape), "gradient": list(x.grad.shape)}

    assert snapshot == observe_each(of(lambda: torch.zeros(0, 3, requires_grad=True), shapes))


@pytest.mark.api(
    "torch.Tensor.view",
    "torch.Tensor.reshape",
    "torch.Tensor.flatten",
    "torch.Tensor.transpose",
    "torch.Tensor.t",
    "torch.Tensor.permute",
    "torch.Tensor.squeeze",
    "torch.Tensor.unsqueeze",
    "torch.Tensor.expand",
    "torch.Tensor.repeat",
    "torch.Tensor.chunk",
    "torch.Tensor.split",
    "torch.Tensor.unbind",
    "torch.Tensor.narrow",
    "torch.Tensor.select",
    "torch.Tensor.roll",
    "torch.Tensor.masked_fill",
    "torch.Tensor.masked_select",
    "torch.Tensor.index_select",
    "torch.Tensor.gather",
    "torch.Tensor.scatter",
    "torch.Tensor.scatter_add",
    "torch.Tensor.index_add",
    "torch.Tensor.index_copy",
    "torch.Tensor.index_fill",
    "torch.Tensor.take",
    "torch.Tensor.tril",
    "torch.Tensor.diagonal",
    "torch.Tensor.unfold",
    "torch.Tensor.repeat_interleave",
    "torch.cat",
    "torch.stack",
    "torch.where",
    page="tensors",
)
@pytest.mark.changed(
    "1.5",
    "backward through index_select of a tensor without dimensions raises for two indices",
    kind="error",
    cause="pytorch#30598",
    probable=True,
    advice="write x.reshape(1) first",
    rarely="tensors without dimensions",
    of=("torch.Tensor.index_select",),
)
@pytest.mark.changed(
    "1.5",
    "masked_select gives the shape [1] instead of none",
    kind="silent",
    advice="reshape the result to the shape that you need",
    rarely="tensors without dimensions",
    of=("torch.Tensor.masked_select",),
)
@pytest.mark.changed(
    "1.5",
    "the messages of index_add and index_copy name slice()",
    kind="wording",
    when=":caught",
    rarely="tensors without dimensions",
    of=("torch.Tensor.index_add", "torch.Tensor.index_copy"),
)
@pytest.mark.changed(
    "1.8",
    "index_fill gives the shape [1] instead of none",
    kind="silent",
    cause="pytorch#50578",
    advice="reshape the result to the shape of the tensor",
    rarely="tensors without dimensions",
    of=("torch.Tensor.index_fill",),
)
@pytest.mark.changed(
    "1.9",
    "index_fill gives a tensor without dimensions again, where 1.8 gave the shape [1]",
    kind="silent",
    cause="pytorch#52209",
    advice="reshape the result to the shape that you need",
    rarely="tensors without dimensions",
    of=("torch.Tensor.index_fill",),
)
@pytest.mark.changed(
    "1.11",
    "index_select raises IndexError instead of RuntimeError",
    kind="exception",
    when=":caught",
    rarely="tensors without dimensions",
    of=("torch.Tensor.index_select",),
)
@pytest.mark.changed(
    "1.13",
    "the message of permute gives both numbers of dimensions",
    kind="wording",
    when=":caught",
    rarely="tensors without dimensions",
    of=("torch.Tensor.permute",),
)
@pytest.mark.changed(
    "1.13",
    "the message begins with a capital letter",
    kind="wording",
    when=":caught",
    rarely="tensors without dimensions",
    of=(
        "torch.Tensor.index_select",
        "torch.Tensor.roll",
        "torch.Tensor.tril",
        "torch.Tensor.unbind",
    ),
)
@pytest.mark.changed(
    "2.0",
    "index_select raises RuntimeError instead of IndexError",
    kind="exception",
    cause="pytorch#94347",
    when=":caught",
    rarely="tensors without dimensions",
    of=("torch.Tensor.index_select",),
)
@pytest.mark.changed(
    "2.0",
    "tril raises RuntimeError instead of IndexError",
    kind="exception",
    when=":caught",
    rarely="tensors without dimensions",
    of=("torch.Tensor.tril",),
)
@pytest.mark.changed(
    "2.1",
    "the message of index_select gives the number of indices",
    kind="wording",
    when=":caught",
    rarely="tensors without dimensions",
    of=("torch.Tensor.index_select",),
)
def test_functions_that_move_numbers_take_a_tensor_without_dimensions_or_raise(snapshot):
    """A tensor without dimensions passes through what needs none; what cuts along one raises.

    ``dim=0`` and ``dim=-1`` count as valid for many functions, as if the tensor had one dimension.
    """

    def shapes(function, x):
        y = function(x)
        y.sum().backward()
        return {"shape": list(y.shape), "gradient": x.grad.item()}

    def make():
        return torch.tensor(2.0, requires_grad=True)

    assert snapshot == observe_each(of(make, shapes, without=("flip",)))


@pytest.mark.api("torch.Tensor.flip", page="generated/torch.Tensor.flip")
@pytest.mark.changed(
    "1.9",
    "flip(0) ends the process",
    kind="error",
    cause="pytorch#56713",
    advice="flip tensors with dimensions alone",
    rarely="tensors without dimensions",
    of=("torch.Tensor.flip",),
)
@pytest.mark.changed(
    "1.10",
    "flip(0) returns the element again, where 1.9 ended the process",
    kind="error-gone",
    cause="pytorch#58747",
    rarely="tensors without dimensions",
    of=("torch.Tensor.flip",),
)
def test_flip_returns_a_tensor_without_dimensions(snapshot):
    """``flip(0)`` and ``flip()`` of a tensor without dimensions return its element.

    On 1.9 ``flip(0)`` ends the process.
    """
    cases = {
        "dim 0": apart(lambda: torch.tensor(2.0).flip(0)),
        "no dims": apart(lambda: torch.tensor(2.0).flip([])),
    }
    assert snapshot == observe_each(cases)


@pytest.mark.api(
    "torch.Tensor.view",
    "torch.Tensor.reshape",
    "torch.Tensor.flatten",
    "torch.Tensor.transpose",
    "torch.Tensor.t",
    "torch.Tensor.permute",
    "torch.Tensor.squeeze",
    "torch.Tensor.unsqueeze",
    "torch.Tensor.expand",
    "torch.Tensor.repeat",
    "torch.Tensor.chunk",
    "torch.Tensor.split",
    "torch.Tensor.unbind",
    "torch.Tensor.narrow",
    "torch.Tensor.select",
    "torch.Tensor.flip",
    "torch.Tensor.roll",
    "torch.Tensor.masked_fill",
    "torch.Tensor.masked_select",
    "torch.Tensor.index_select",
    "torch.Tensor.gather",
    "torch.Tensor.scatter",
    "torch.Tensor.scatter_add",
    "torch.Tensor.index_add",
    "torch.Tensor.index_copy",
    "torch.Tensor.index_fill",
    "torch.Tensor.take",
    "torch.Tensor.tril",
    "torch.Tensor.diagonal",
    "torch.Tensor.unfold",
    "torch.Tensor.repeat_interleave",
    "torch.cat",
    "torch.stack",
    "torch.where",
    page="tensors",
)
@pytest.mark.changed(
    "1.5",
    "index_select takes bfloat16",
    kind="error-gone",
    cause="pytorch#30598",
    probable=True,
    rarely="bfloat16 on the CPU",
    of=("torch.Tensor.index_select",),
)
@pytest.mark.changed(
    "1.5",
    "flip takes bool",
    kind="error-gone",
    cause="pytorch#31267",
    rarely="tensors of bool",
    of=("torch.Tensor.flip",),
)
@pytest.mark.changed(
    "1.5",
    "index_select takes float16",
    kind="error-gone",
    cause="pytorch#30598",
    probable=True,
    rarely="float16 on the CPU",
    of=("torch.Tensor.index_select",),
)
@pytest.mark.changed(
    "1.5",
    "scatter_add takes float16",
    kind="error-gone",
    cause="pytorch#31662",
    probable=True,
    rarely="float16 on the CPU",
    of=("torch.Tensor.scatter_add",),
)
@pytest.mark.changed(
    "1.5",
    "gather takes float16",
    kind="error-gone",
    cause="pytorch#32425",
    rarely="float16 on the CPU",
    of=("torch.Tensor.gather",),
)
@pytest.mark.changed(
    "1.5",
    "scatter takes float16",
    kind="error-gone",
    rarely="float16 on the CPU",
    of=("torch.Tensor.scatter",),
)
@pytest.mark.changed(
    "1.5",
    "the message of repeat_interleave names index_select",
    kind="wording",
    cause="pytorch#30598",
    probable=True,
    when=":caught",
    rarely="bfloat16 on the CPU",
    of=("torch.Tensor.repeat_interleave",),
)
@pytest.mark.changed(
    "1.5",
    "the message of scatter_add names method_name",
    kind="wording",
    cause="pytorch#31662",
    probable=True,
    when=":caught",
    rarely="bfloat16 on the CPU",
    of=("torch.Tensor.scatter_add",),
)
@pytest.mark.changed(
    "1.5",
    "the message of gather names method_name",
    kind="wording",
    cause="pytorch#32425",
    when=":caught",
    rarely="bfloat16 on the CPU",
    of=("torch.Tensor.gather",),
)
@pytest.mark.changed(
    "1.5",
    "the message of scatter names method_name",
    kind="wording",
    when=":caught",
    rarely="bfloat16 on the CPU",
    of=("torch.Tensor.scatter",),
)
@pytest.mark.changed(
    "1.5",
    "the message says that complex dtypes are not supported",
    kind="wording",
    cause="pytorch#35579",
    when=":caught",
    rarely="complex tensors",
)
@pytest.mark.changed(
    "1.5",
    "the message of repeat_interleave names index_select",
    kind="wording",
    cause="pytorch#30598",
    probable=True,
    when=":caught",
    rarely="float16 on the CPU",
    of=("torch.Tensor.repeat_interleave",),
)
@pytest.mark.changed(
    "1.5",
    "the message of masked_fill has no prefix _th",
    kind="wording",
    when=":caught",
    rarely="float16 on the CPU",
    of=("torch.Tensor.masked_fill",),
)
@pytest.mark.changed(
    "1.6",
    "complex tensors can be made, and most functions take them",
    kind="error-gone",
    cause="pytorch#35579",
    probable=True,
    rarely="complex tensors",
)
@pytest.mark.changed(
    "1.6",
    "index_add takes float16",
    kind="error-gone",
    cause="pytorch#37121",
    probable=True,
    rarely="float16 on the CPU",
    of=("torch.Tensor.index_add",),
)
@pytest.mark.changed(
    "1.6",
    "complex tensors can be made, but some functions raise for them",
    kind="wording",
    cause="pytorch#35579",
    probable=True,
    when=":caught",
    rarely="complex tensors",
    of=(
        "torch.Tensor.index_copy",
        "torch.Tensor.index_fill",
        "torch.Tensor.masked_select",
        "torch.Tensor.repeat_interleave",
        "torch.Tensor.take",
    ),
)
@pytest.mark.changed(
    "1.7",
    "masked_select takes complex tensors",
    kind="error-gone",
    rarely="complex tensors",
    of=("torch.Tensor.masked_select",),
)
@pytest.mark.changed(
    "1.7",
    "masked_fill and masked_select take float16",
    kind="error-gone",
    rarely="float16 on the CPU",
    of=("torch.Tensor.masked_fill", "torch.Tensor.masked_select"),
)
@pytest.mark.changed(
    "1.8",
    "flip takes bfloat16",
    kind="error-gone",
    cause="pytorch#49895",
    probable=True,
    rarely="bfloat16 on the CPU",
    of=("torch.Tensor.flip",),
)
@pytest.mark.changed(
    "1.8",
    "index_fill takes bfloat16",
    kind="error-gone",
    cause="pytorch#50578",
    rarely="bfloat16 on the CPU",
    of=("torch.Tensor.index_fill",),
)
@pytest.mark.changed(
    "1.8",
    "where takes bfloat16",
    kind="error-gone",
    cause="pytorch#49004",
    rarely="bfloat16 on the CPU",
    of=("torch.where",),
)
@pytest.mark.changed(
    "1.8",
    "where takes bool",
    kind="error-gone",
    cause="pytorch#47454",
    rarely="tensors of bool",
    of=("torch.where",),
)
@pytest.mark.changed(
    "1.8",
    "index_fill takes complex tensors",
    kind="error-gone",
    cause="pytorch#50578",
    rarely="complex tensors",
    of=("torch.Tensor.index_fill",),
)
@pytest.mark.changed(
    "1.8",
    "repeat_interleave takes complex tensors",
    kind="error-gone",
    rarely="complex tensors",
    of=("torch.Tensor.repeat_interleave",),
)
@pytest.mark.changed(
    "1.8",
    "flip takes float16",
    kind="error-gone",
    cause="pytorch#49895",
    probable=True,
    rarely="float16 on the CPU",
    of=("torch.Tensor.flip",),
)
@pytest.mark.changed(
    "1.8",
    "index_fill takes float16",
    kind="error-gone",
    cause="pytorch#50578",
    rarely="float16 on the CPU",
    of=("torch.Tensor.index_fill",),
)
@pytest.mark.changed(
    "1.8",
    "take takes float16",
    kind="error-gone",
    cause="pytorch#45283",
    rarely="float16 on the CPU",
    of=("torch.Tensor.take",),
)
@pytest.mark.changed(
    "1.8",
    "where takes float16",
    kind="error-gone",
    cause="pytorch#49004",
    rarely="float16 on the CPU",
    of=("torch.where",),
)
@pytest.mark.changed(
    "1.8",
    "the message of take names take_cpu",
    kind="wording",
    cause="pytorch#45283",
    when=":caught",
    rarely="bfloat16 on the CPU",
    of=("torch.Tensor.take",),
)
@pytest.mark.changed(
    "1.8",
    "the messages of gather, scatter and scatter_add put method_name in quotes",
    kind="wording",
    when=":caught",
    rarely="bfloat16 on the CPU",
    of=(
        "torch.Tensor.gather",
        "torch.Tensor.scatter",
        "torch.Tensor.scatter_add",
    ),
)
@pytest.mark.changed(
    "1.8",
    "the message of take names take_cpu",
    kind="wording",
    cause="pytorch#45283",
    when=":caught",
    rarely="complex tensors",
    of=("torch.Tensor.take",),
)
@pytest.mark.changed(
    "1.9",
    "index_copy takes bfloat16",
    kind="error-gone",
    cause="pytorch#52203",
    rarely="bfloat16 on the CPU",
    of=("torch.Tensor.index_copy",),
)
@pytest.mark.changed(
    "1.9",
    "repeat_interleave takes bfloat16",
    kind="error-gone",
    cause="pytorch#53898",
    probable=True,
    rarely="bfloat16 on the CPU",
    of=("torch.Tensor.repeat_interleave",),
)
@pytest.mark.changed(
    "1.9",
    "take takes bfloat16",
    kind="error-gone",
    rarely="bfloat16 on the CPU",
    of=("torch.Tensor.take",),
)
@pytest.mark.changed(
    "1.9",
    "index_copy takes complex tensors",
    kind="error-gone",
    cause="pytorch#52203",
    rarely="complex tensors",
    of=("torch.Tensor.index_copy",),
)
@pytest.mark.changed(
    "1.9",
    "take takes complex tensors",
    kind="error-gone",
    rarely="complex tensors",
    of=("torch.Tensor.take",),
)
@pytest.mark.changed(
    "1.9",
    "index_copy takes float16",
    kind="error-gone",
    cause="pytorch#52203",
    rarely="float16 on the CPU",
    of=("torch.Tensor.index_copy",),
)
@pytest.mark.changed(
    "1.9",
    "repeat_interleave takes float16",
    kind="error-gone",
    cause="pytorch#53898",
    probable=True,
    rarely="float16 on the CPU",
    of=("torch.Tensor.repeat_interleave",),
)
@pytest.mark.changed(
    "1.9",
    "the messages of gather, scatter and scatter_add name scatter_gather_tensor_cpu",
    kind="wording",
    when=":caught",
    rarely="bfloat16 on the CPU",
    of=("torch.Tensor.gather", "torch.Tensor.scatter", "torch.Tensor.scatter_add"),
)
@pytest.mark.changed(
    "1.10",
    "tril takes bfloat16",
    kind="error-gone",
    cause="pytorch#62454",
    rarely="bfloat16 on the CPU",
    of=("torch.Tensor.tril",),
)
@pytest.mark.changed(
    "1.10",
    "gather, scatter and scatter_add take bfloat16",
    kind="error-gone",
    rarely="bfloat16 on the CPU",
    of=(
        "torch.Tensor.gather",
        "torch.Tensor.scatter",
        "torch.Tensor.scatter_add",
    ),
)
@pytest.mark.parametrize(
    "dtype",
    [torch.float16, torch.bfloat16, torch.complex64, torch.int64, torch.uint8, torch.bool],
    ids=["float16", "bfloat16", "complex64", "int64", "uint8", "bool"],
)
def test_functions_that_move_numbers_keep_the_dtype(dtype, snapshot):
    """What only moves numbers takes any dtype and keeps it.

    The value says whether the result has this dtype.
    """

    def kept(function, x):
        return function(x).dtype == dtype

    assert snapshot == observe_each(of(lambda: torch.ones(2, 2).to(dtype), kept))


@pytest.mark.api(
    "torch.Tensor.view",
    "torch.Tensor.reshape",
    "torch.Tensor.flatten",
    "torch.Tensor.transpose",
    "torch.Tensor.t",
    "torch.Tensor.permute",
    "torch.Tensor.squeeze",
    "torch.Tensor.unsqueeze",
    "torch.Tensor.expand",
    "torch.Tensor.repeat",
    "torch.Tensor.chunk",
    "torch.Tensor.split",
    "torch.Tensor.unbind",
    "torch.Tensor.narrow",
    "torch.Tensor.select",
    "torch.Tensor.flip",
    "torch.Tensor.roll",
    "torch.Tensor.masked_fill",
    "torch.Tensor.masked_select",
    "torch.Tensor.index_select",
    "torch.Tensor.gather",
    "torch.Tensor.scatter",
    "torch.Tensor.scatter_add",
    "torch.Tensor.index_add",
    "torch.Tensor.index_copy",
    "torch.Tensor.index_fill",
    "torch.Tensor.take",
    "torch.Tensor.tril",
    "torch.Tensor.diagonal",
    "torch.Tensor.unfold",
    "torch.Tensor.repeat_interleave",
    "torch.cat",
    "torch.stack",
    "torch.where",
    page="tensors",
)
@pytest.mark.changed(
    "1.8",
    "the gradient of masked_select of a transposed tensor is mixed up",
    kind="silent",
    cause="pytorch#49732",
    probable=True,
    advice="write x[mask], whose gradient is right",
    rarely="transposed tensors",
    of=("torch.Tensor.masked_select",),
)
@pytest.mark.changed(
    "2.1",
    "the gradient of masked_select of a transposed tensor is right, where the releases "
    "from 1.8 to 2.0 mix its elements up",
    kind="silent",
    cause="pytorch#100232",
    advice="write x[mask] on releases before 2.1",
    rarely="transposed tensors",
    of=("torch.Tensor.masked_select",),
)
def test_functions_that_move_numbers_do_not_depend_on_strides(snapshot):
    """A transposed tensor gives the values and the gradient of its contiguous copy.

    ``view`` alone raises, because no strides describe the result.
    """

    def same(function, x):
        y = function(x.t())
        copy = x.detach().t().contiguous().requires_grad_()
        expected = function(copy)
        weights = torch.arange(1.0, y.numel() + 1).reshape(y.shape)
        (y * weights).sum().backward()
        (expected * weights).sum().backward()
        return {
            "values": torch.equal(y, expected),
            "gradient": torch.equal(x.grad.t(), copy.grad),
        }

    def make():
        return torch.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)

    assert snapshot == observe_each(of(make, same))


def values_and_gradient(select):
    """What is selected from a transposed tensor, and the gradient under the weights 1 to 1000."""
    x = torch.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    y = select(x.t(), torch.ones(2, 2, dtype=torch.bool))
    (y * torch.tensor([1.0, 10.0, 100.0, 1000.0])).sum().backward()
    return {"values": y.detach(), "gradient": x.grad}


@pytest.mark.api(
    "torch.masked_select", "torch.Tensor.masked_select", page="generated/torch.masked_select"
)
@pytest.mark.changed(
    "1.8",
    "the gradient of a transposed tensor is mixed up: it is [[1, 10], [100, 1000]] instead of "
    "[[1, 100], [10, 1000]]",
    kind="silent",
    cause="pytorch#49732",
    probable=True,
    advice="write x[mask]",
    restored_by="views.index_by_a_mask_sends_the_gradient_to_the_elements_that_it_takes",
    rarely="a tensor that is not contiguous",
)
@pytest.mark.changed(
    "2.1",
    "the gradient of a transposed tensor is right, where the releases from 1.8 to 2.0 mix it up",
    kind="silent",
    cause="pytorch#100232",
    advice="write x[mask] on releases before 2.1",
    rarely="a tensor that is not contiguous",
)
def test_masked_select_sends_the_gradient_to_the_elements_that_it_takes(snapshot):
    """``x.masked_select(mask)`` sends each gradient to the element that it took.

    Trap: from 1.8 to 2.0 the gradients of a transposed tensor went to other elements, and nothing
    told you. ``x[mask]`` was right on every release.
    """
    assert snapshot == observe(lambda: values_and_gradient(torch.Tensor.masked_select))


@pytest.mark.api("torch.Tensor.__getitem__", page="tensor_view")
def test_index_by_a_mask_sends_the_gradient_to_the_elements_that_it_takes(snapshot):
    """``x[mask]`` sends each gradient to the element that it took, also in a transposed tensor.

    The values come in the order of the transposed rows: 1, 3, 2 and 4.
    """
    assert snapshot == observe(lambda: values_and_gradient(lambda x, mask: x[mask]))


@pytest.mark.api("torch.where", "torch.Tensor.masked_fill", page="generated/torch.where")
def test_branch_that_where_does_not_take_can_make_the_gradient_nan(snapshot):
    """``where(x > 0, x.sqrt(), 0)`` has the gradient NaN at 0, although it takes the 0 there.

    The slope of the root is infinite, and ``where`` multiplies it by 0. Choose a safe input before
    the root instead.
    """

    def gradient(loss):
        x = torch.tensor([0.0, 4.0], requires_grad=True)
        loss(x).sum().backward()
        return x.grad

    def safe(x):
        return torch.where(x > 0, x, torch.ones(2)).sqrt() * (x > 0)

    cases = {
        "where": lambda: gradient(lambda x: torch.where(x > 0, x.sqrt(), torch.zeros(2))),
        "masked_fill": lambda: gradient(lambda x: x.sqrt().masked_fill(x <= 0, 0.0)),
        "multiplied": lambda: gradient(lambda x: x.sqrt() * (x > 0)),
        "safe input": lambda: gradient(safe),
    }
    assert snapshot == observe_each(cases)


SPECIAL = [2.0, float("nan"), float("inf"), -1.0]


@pytest.mark.api(
    "torch.Tensor.sort",
    "torch.Tensor.topk",
    "torch.Tensor.max",
    "torch.Tensor.min",
    "torch.Tensor.argmax",
    "torch.Tensor.argmin",
    "torch.Tensor.median",
    "torch.Tensor.nanmedian",
    "torch.Tensor.clamp",
    "torch.maximum",
    "torch.fmax",
    "torch.unique",
    "torch.equal",
    "torch.allclose",
    "torch.Tensor.cummax",
    "torch.Tensor.nansum",
    "torch.nan_to_num",
    "torch.isnan",
    page="torch",
)
@pytest.mark.changed(
    "1.5",
    "cummax appears",
    kind="appeared",
    cause="pytorch#30881",
    probable=True,
    of=("torch.Tensor.cummax",),
)
@pytest.mark.changed(
    "1.7",
    "maximum appears",
    kind="appeared",
    cause="pytorch#42579",
    of=("torch.maximum",),
)
@pytest.mark.changed(
    "1.7",
    "nansum appears",
    kind="appeared",
    cause="pytorch#38628",
    probable=True,
    of=("torch.Tensor.nansum",),
)
@pytest.mark.changed(
    "1.8",
    "fmax appears",
    kind="appeared",
    cause="pytorch#49312",
    of=("torch.fmax",),
)
@pytest.mark.changed(
    "1.8",
    "nan_to_num appears",
    kind="appeared",
    cause="pytorch#44592",
    of=("torch.nan_to_num",),
)
@pytest.mark.changed(
    "1.8",
    "nanmedian appears",
    kind="appeared",
    cause="pytorch#45847",
    of=("torch.Tensor.nanmedian",),
)
@pytest.mark.changed(
    "1.8",
    "median() is NaN if an element is NaN, instead of the element in the middle",
    kind="silent",
    cause="pytorch#45847",
    advice="call nanmedian() to leave NaN out",
    rarely="tensors with NaN",
    of=("torch.Tensor.median",),
)
@pytest.mark.changed(
    "2.2",
    "unique() sorts tensors with NaN: infinity comes after 2, and NaN last",
    kind="silent",
    cause="pytorch#107846",
    probable=True,
    advice="sort the result on releases before 2.2",
    rarely="tensors with NaN",
    of=("torch.unique",),
)
def test_comparisons_order_nan_above_infinity(snapshot):
    """NaN counts as the largest number where torch orders: it is the maximum and sorts last.

    It is the minimum too, because ``max`` and ``min`` pass it on. It equals nothing, itself
    included.
    """
    x = torch.tensor(SPECIAL)
    cases = {
        "sort": lambda: x.sort()[0],
        "sort descending": lambda: x.sort(descending=True)[0],
        "topk": lambda: x.topk(2)[0],
        "max": lambda: x.max(),
        "max along dim": lambda: x.max(0)[1],
        "min": lambda: x.min(),
        "min along dim": lambda: x.min(0)[1],
        "argmax": lambda: x.argmax(),
        "argmin": lambda: x.argmin(),
        "median": lambda: x.median(),
        "nanmedian": lambda: x.nanmedian(),
        "clamp": lambda: x.clamp(0.0, 1.0),
        "maximum": lambda: torch.maximum(x, torch.zeros(4)),
        "fmax": lambda: torch.fmax(x, torch.zeros(4)),
        "unique": lambda: torch.unique(torch.cat([x, x])),
        "equal": lambda: torch.equal(x, x),
        "allclose": lambda: torch.allclose(x, x, equal_nan=True),
        "cummax": lambda: x.cummax(0)[0],
        "nansum": lambda: x.nansum(),
        "nan_to_num": lambda: torch.nan_to_num(x, posinf=9.0),
        "isnan": lambda: torch.isnan(x),
    }
    assert snapshot == observe_each(cases)


@pytest.mark.api(
    "torch.Tensor.sum",
    "torch.Tensor.prod",
    "torch.Tensor.mean",
    "torch.Tensor.std",
    "torch.Tensor.var",
    "torch.Tensor.norm",
    "torch.Tensor.logsumexp",
    "torch.Tensor.max",
    "torch.Tensor.min",
    "torch.Tensor.argmax",
    "torch.Tensor.median",
    "torch.Tensor.all",
    "torch.Tensor.any",
    "torch.Tensor.cumsum",
    "torch.Tensor.cumprod",
    "torch.Tensor.sort",
    "torch.Tensor.argsort",
    "torch.Tensor.mode",
    "torch.Tensor.softmax",
    "torch.Tensor.topk",
    page="tensors",
)
@pytest.mark.changed(
    "1.5",
    "argmax(0) of a tensor without dimensions is any number instead of 0",
    kind="silent",
    advice="leave dim out",
    rarely="tensors without dimensions",
    of=("torch.Tensor.argmax",),
)
@pytest.mark.changed(
    "1.5",
    "the message of max says only that there is no identity",
    kind="wording",
    when=":caught",
    rarely="tensors without elements",
    of=("torch.Tensor.max",),
)
@pytest.mark.changed(
    "1.6",
    "argmax(0) of a tensor without dimensions is 0, where 1.5 gave any number",
    kind="silent",
    cause="pytorch#37214",
    probable=True,
    advice="leave dim out on 1.5",
    rarely="tensors without dimensions",
    of=("torch.Tensor.argmax",),
)
@pytest.mark.changed(
    "1.8",
    "all and any take floats",
    kind="error-gone",
    cause="pytorch#44790",
    of=("torch.Tensor.all", "torch.Tensor.any"),
)
@pytest.mark.changed(
    "1.8",
    "the message of median names the dimension of size 0",
    kind="wording",
    cause="pytorch#45847",
    when=":caught",
    rarely="tensors without elements",
    of=("torch.Tensor.median",),
)
@pytest.mark.changed(
    "1.8",
    "the message of median says that there is no identity",
    kind="wording",
    cause="pytorch#45847",
    when=":caught",
    rarely="a tensor without any elements",
    of=("torch.Tensor.median",),
)
@pytest.mark.changed(
    "1.9",
    "argmax, max, median, min and mode along a dimension without elements raise "
    "IndexError instead of RuntimeError",
    kind="exception",
    cause="pytorch#52565",
    advice="catch IndexError and RuntimeError",
    when=":caught",
    rarely="tensors without elements",
    of=(
        "torch.Tensor.argmax",
        "torch.Tensor.max",
        "torch.Tensor.median",
        "torch.Tensor.min",
        "torch.Tensor.mode",
    ),
)
@pytest.mark.changed(
    "1.9",
    "median() of no elements ends the process",
    kind="error",
    cause="pytorch#52565",
    probable=True,
    advice="test numel() first",
    rarely="a tensor without any elements",
    of=("torch.Tensor.median",),
)
@pytest.mark.changed(
    "1.9",
    "the message of max asks for a dimension",
    kind="wording",
    cause="pytorch#52565",
    when=":caught",
    rarely="tensors without elements",
    of=("torch.Tensor.max",),
)
@pytest.mark.changed(
    "1.10",
    "median() of no elements is NaN, where 1.9 ended the process",
    kind="error-gone",
    cause="pytorch#61698",
    advice="test numel() first on 1.9",
    rarely="a tensor without any elements",
    of=("torch.Tensor.median",),
)
@pytest.mark.changed(
    "1.10",
    "the message names argmax instead of argmax_out",
    kind="wording",
    when=":caught",
    rarely="tensors without elements",
    of=("torch.Tensor.argmax",),
)
@pytest.mark.changed(
    "2.2",
    "std and var warn that no degrees of freedom are left",
    kind="warning",
    cause="pytorch#109824",
    advice="pass correction=0, or skip batches of one",
    rarely="fewer than two elements",
    of=("torch.Tensor.std", "torch.Tensor.var"),
)
@pytest.mark.parametrize("shape", [(0,), (0, 3), ()], ids=["none", "no rows", "no dimensions"])
def test_reductions_of_no_elements_or_dimensions_give_a_neutral_element_or_raise(shape, snapshot):
    """The sum of no elements is 0, their product 1 and their mean NaN; their maximum raises.

    A reduction along a dimension of the size 0 does the same for each of the others. For
    ``argmax`` the value says whether the index is 0. Traps: on 1.5 ``argmax(0)`` of a tensor
    without dimensions is any number. On 1.9 ``median()`` of no elements ends the process.
    """

    def of_all(name, *arguments, **settings):
        result = getattr(torch.ones(shape), name)(*arguments, **settings)
        result = result if isinstance(result, torch.Tensor) else result[0]
        return result == 0 if name == "argmax" else result  # on 1.5 it is any number

    names = ["sum", "prod", "mean", "std", "var", "norm", "logsumexp", "max", "min", "argmax"]
    names += ["median", "all", "any", "cumsum", "cumprod", "sort", "argsort", "mode", "softmax"]
    whole = ["sum", "prod", "mean", "std", "norm", "max", "argmax", "median", "all", "any"]
    cases = {f"{name} of all": (lambda name=name: of_all(name)) for name in whole}
    cases.update({name: (lambda name=name: of_all(name, 0)) for name in names})
    cases["topk"] = lambda: of_all("topk", 1)
    cases["median of all"] = apart(lambda: of_all("median"))
    assert snapshot == observe_each(cases)


X = [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]


@pytest.mark.api(
    "torch.Tensor.gather",
    "torch.Tensor.index_select",
    "torch.Tensor.index_add",
    "torch.Tensor.index_fill",
    "torch.Tensor.scatter",
    "torch.Tensor.take",
    "torch.Tensor.narrow",
    "torch.Tensor.select",
    "torch.Tensor.transpose",
    "torch.Tensor.sum",
    "torch.Tensor.chunk",
    "torch.Tensor.split",
    page="tensors",
)
@pytest.mark.changed(
    "1.5",
    "index_select raises IndexError instead of RuntimeError",
    kind="exception",
    cause="pytorch#30598",
    probable=True,
    when=":caught",
    rarely="an index out of range",
    of=("torch.Tensor.index_select",),
)
@pytest.mark.changed(
    "1.5",
    "the message of gather gives only the two sizes",
    kind="wording",
    cause="pytorch#32425",
    when=":caught",
    rarely="an index out of range",
    of=("torch.Tensor.gather",),
)
@pytest.mark.changed(
    "1.5",
    "the message of scatter gives the index and the size",
    kind="wording",
    when=":caught",
    rarely="an index out of range",
    of=("torch.Tensor.scatter",),
)
@pytest.mark.changed(
    "1.6",
    "the message of gather gives the index and the size",
    kind="wording",
    cause="pytorch#34690",
    probable=True,
    when=":caught",
    rarely="an index out of range",
    of=("torch.Tensor.gather",),
)
@pytest.mark.changed(
    "1.8",
    "index_fill takes a negative index, and counts from the end",
    kind="error-gone",
    cause="pytorch#50578",
    rarely="an index out of range",
    of=("torch.Tensor.index_fill",),
)
@pytest.mark.changed(
    "1.8",
    "the message of take has no argument number",
    kind="wording",
    cause="pytorch#45283",
    when=":caught",
    rarely="an index out of range",
    of=("torch.Tensor.take",),
)
@pytest.mark.changed(
    "1.9",
    "take raises IndexError instead of RuntimeError",
    kind="exception",
    when=":caught",
    rarely="an index out of range",
    of=("torch.Tensor.take",),
)
@pytest.mark.changed(
    "1.13",
    "the message of split asks for sizes that sum to the whole",
    kind="wording",
    when=":caught",
    rarely="an index out of range",
    of=("torch.Tensor.split",),
)
@pytest.mark.changed(
    "2.1",
    "index_add raises RuntimeError instead of IndexError",
    kind="exception",
    cause="pytorch#88729",
    probable=True,
    when=":caught",
    rarely="an index out of range",
    of=("torch.Tensor.index_add",),
)
def test_index_out_of_range_raises(snapshot):
    """An index past the end raises, and so does a negative one, unless the function counts back.

    ``x[-1]``, ``select``, ``narrow`` and ``take`` count from the end; ``gather`` and
    ``index_select`` do not.
    """
    x = torch.tensor(X)
    past, negative = torch.tensor([2]), torch.tensor([-1])
    cases = {
        "x[2]": lambda: x[2],
        "x[-3]": lambda: x[-3],
        "x[[2]]": lambda: x[past],
        "x[[-1]]": lambda: x[negative],
        "select": lambda: x.select(0, 2),
        "select -1": lambda: x.select(0, -1),
        "narrow": lambda: x.narrow(0, 1, 2),
        "narrow -1": lambda: x.narrow(0, -1, 1),
        "narrow of nothing": lambda: x.narrow(0, 2, 0),
        "take": lambda: x.take(torch.tensor([6])),
        "take -1": lambda: x.take(negative),
        "gather": lambda: x.gather(0, torch.tensor([[2]])),
        "gather -1": lambda: x.gather(0, torch.tensor([[-1]])),
        "scatter": lambda: x.scatter(0, torch.tensor([[2]]), torch.zeros(1, 1)),
        "index_select": lambda: x.index_select(0, past),
        "index_select -1": lambda: x.index_select(0, negative),
        "index_add": lambda: x.index_add(0, past, torch.ones(1, 3)),
        "index_fill -1": lambda: x.index_fill(0, negative, 0.0),
        "slice past the end": lambda: x[1:9],
        "transpose": lambda: x.transpose(0, 2),
        "sum along dim 2": lambda: x.sum(2),
        "chunk of 0": lambda: x.chunk(0),
        "split of 0": lambda: x.split(0),
        "split sizes": lambda: x.split([1, 2]),
    }
    assert snapshot == observe_each(cases)


@pytest.mark.api(
    "torch.Tensor.gather",
    "torch.Tensor.index_select",
    "torch.Tensor.index_add",
    "torch.Tensor.scatter",
    "torch.Tensor.masked_fill",
    "torch.Tensor.__getitem__",
    "torch.Tensor.expand",
    "torch.Tensor.permute",
    "torch.Tensor.repeat",
    "torch.Tensor.t",
    "torch.Tensor.squeeze",
    "torch.cat",
    "torch.stack",
    "torch.where",
    page="tensors",
)
@pytest.mark.changed(
    "1.5",
    "index_select raises IndexError instead of RuntimeError",
    kind="exception",
    cause="pytorch#30598",
    probable=True,
    when=":caught",
    rarely="shapes or dtypes that do not fit",
    of=("torch.Tensor.index_select",),
)
@pytest.mark.changed(
    "1.5",
    "the message of cat has no argument number",
    kind="wording",
    when=":caught",
    rarely="shapes or dtypes that do not fit",
    of=("torch.cat",),
)
@pytest.mark.changed(
    "1.5",
    "the message of index_select asks for int64",
    kind="wording",
    cause="pytorch#30598",
    probable=True,
    when=":caught",
    rarely="shapes or dtypes that do not fit",
    of=("torch.Tensor.index_select",),
)
@pytest.mark.changed(
    "1.5",
    "the message of stack names stack, and gives both sizes",
    kind="wording",
    cause="pytorch#32931",
    when=":caught",
    rarely="shapes or dtypes that do not fit",
    of=("torch.stack",),
)
@pytest.mark.changed(
    "1.5",
    "the message of gather has no prefix _th",
    kind="wording",
    cause="pytorch#32425",
    when=":caught",
    rarely="shapes or dtypes that do not fit",
    of=("torch.Tensor.gather",),
)
@pytest.mark.changed(
    "1.5",
    "the message of scatter has no prefix _th",
    kind="wording",
    when=":caught",
    rarely="shapes or dtypes that do not fit",
    of=("torch.Tensor.scatter",),
)
@pytest.mark.changed(
    "1.6",
    "gather takes an index that is smaller than the tensor",
    kind="error-gone",
    cause="pytorch#34690",
    rarely="shapes or dtypes that do not fit",
    of=("torch.Tensor.gather",),
)
@pytest.mark.changed(
    "1.6",
    "the message of cat adds the offending index",
    kind="wording",
    when=":caught",
    rarely="shapes or dtypes that do not fit",
    of=("torch.cat",),
)
@pytest.mark.changed(
    "1.6",
    "the message names gather_out_cpu",
    kind="wording",
    cause="pytorch#38646",
    probable=True,
    when=":caught",
    rarely="shapes or dtypes that do not fit",
    of=("torch.Tensor.gather",),
)
@pytest.mark.changed(
    "1.6",
    "the message names scatter_cpu_",
    kind="wording",
    when=":caught",
    rarely="shapes or dtypes that do not fit",
    of=("torch.Tensor.scatter",),
)
@pytest.mark.changed(
    "1.8",
    "the message of index_select allows int32 too",
    kind="wording",
    cause="pytorch#46758",
    probable=True,
    when=":caught",
    rarely="shapes or dtypes that do not fit",
    of=("torch.Tensor.index_select",),
)
@pytest.mark.changed(
    "1.9",
    "the message of cat begins with torch.cat()",
    kind="wording",
    when=":caught",
    rarely="shapes or dtypes that do not fit",
    of=("torch.cat",),
)
@pytest.mark.changed(
    "1.10",
    "the message of cat gives the size and the number of the tensor",
    kind="wording",
    when=":caught",
    rarely="shapes or dtypes that do not fit",
    of=("torch.cat",),
)
@pytest.mark.changed(
    "1.10",
    "the message names gather instead of gather_out_cpu",
    kind="wording",
    cause="pytorch#63312",
    when=":caught",
    rarely="shapes or dtypes that do not fit",
    of=("torch.Tensor.gather",),
)
@pytest.mark.changed(
    "1.10",
    "the message names scatter instead of scatter_cpu_",
    kind="wording",
    when=":caught",
    rarely="shapes or dtypes that do not fit",
    of=("torch.Tensor.scatter",),
)
@pytest.mark.changed(
    "1.11",
    "the message of index_add gives both numbers and the dimension",
    kind="wording",
    when=":caught",
    rarely="shapes or dtypes that do not fit",
    of=("torch.Tensor.index_add",),
)
@pytest.mark.changed(
    "1.13",
    "the message of permute calls the dims duplicate",
    kind="wording",
    when=":caught",
    rarely="shapes or dtypes that do not fit",
    of=("torch.Tensor.permute",),
)
@pytest.mark.changed(
    "2.0",
    "the message of x[index] allows int too",
    kind="wording",
    cause="pytorch#86309",
    when=":caught",
    rarely="shapes or dtypes that do not fit",
    of=("torch.Tensor.__getitem__",),
)
@pytest.mark.changed(
    "2.6",
    'the message of gather says "no larger" instead of "smaller"',
    kind="wording",
    when=":caught",
    rarely="shapes or dtypes that do not fit",
    of=("torch.Tensor.gather",),
)
@pytest.mark.changed(
    "2.8",
    "the message of gather allows int32 too",
    kind="wording",
    when=":caught",
    rarely="shapes or dtypes that do not fit",
    of=("torch.Tensor.gather",),
)
def test_shapes_and_index_types_that_do_not_fit_raise(snapshot):
    """Two shapes that do not fit raise, and so does an index that is no integer.

    Trap: ``gather`` and ``scatter`` take an index that is smaller than the tensor.
    """
    x, floats = torch.tensor(X), torch.tensor([0.0])
    cases = {
        "cat": lambda: torch.cat([x, torch.zeros(2, 2)]),
        "cat of 1 and 2 dimensions": lambda: torch.cat([x, torch.zeros(3)]),
        "cat with nothing": lambda: torch.cat([x, torch.zeros(0)]),
        "cat of numbers": lambda: torch.cat([torch.tensor(1.0), torch.tensor(2.0)]),
        "stack": lambda: torch.stack([x, torch.zeros(3)]),
        "where": lambda: torch.where(x > 0, x, torch.zeros(2)),
        "masked_fill": lambda: x.masked_fill(torch.zeros(2, dtype=torch.bool), 0.0),
        "masked_fill with a tensor": lambda: x.masked_fill(x > 1, torch.zeros(2)),
        "x[mask]": lambda: x[torch.tensor([True, False, True])],
        "gather": lambda: x.gather(0, torch.zeros(3, dtype=torch.long)),
        "gather of less": lambda: x.gather(1, torch.tensor([[2]])),
        "gather of more": lambda: x.gather(0, torch.zeros(2, 4, dtype=torch.long)),
        "gather by floats": lambda: x.gather(0, torch.zeros(2, 3)),
        "scatter of less": lambda: x.scatter(1, torch.tensor([[2]]), torch.zeros(2, 3)),
        "scatter another dtype": lambda: x.scatter(
            1, torch.tensor([[2]]), torch.zeros(1, 1).long()
        ),
        "index_select by floats": lambda: x.index_select(0, floats),
        "index_select in two dimensions": lambda: x.index_select(0, torch.zeros(1, 1).long()),
        "index_add": lambda: x.index_add(0, torch.tensor([0]), torch.ones(2, 3)),
        "x[floats]": lambda: x[floats],
        "expand": lambda: x.expand(3, 3),
        "permute": lambda: x.permute(0, 0),
        "repeat": lambda: x.repeat(2),
        "t of three dimensions": lambda: torch.zeros(1, 1, 1).t(),
        "squeeze of another size": lambda: list(x.squeeze(0).shape),
    }
    assert snapshot == observe_each(cases)


@pytest.mark.api("torch.nn.functional.one_hot", page="generated/torch.nn.functional.one_hot")
@pytest.mark.changed(
    "2.5",
    "the message of one_hot names LongTensor",
    kind="wording",
    cause="pytorch#134209",
    when=":caught",
    rarely="classes that are not int64",
    of=("torch.nn.functional.one_hot",),
)
def test_one_hot_takes_classes_from_zero_up(snapshot):
    """``one_hot`` takes int64 from 0 to below the number of classes, of any shape.

    Without elements it cannot infer the number of classes. Trap: inferred, the number depends on
    the batch.
    """
    one_hot = torch.nn.functional.one_hot

    def of_values(values, *arguments, dtype=torch.long):
        return one_hot(torch.tensor(values, dtype=dtype), *arguments)

    cases = {
        "no dimensions": lambda: of_values(1),
        "inferred": lambda: of_values([0, 2]),
        "given": lambda: of_values([0, 2], 4),
        "no elements": lambda: of_values([]),
        "no elements, given": lambda: list(of_values([], 3).shape),
        "too large": lambda: of_values([3], 3),
        "negative": lambda: of_values([-1], 3),
        "negative, inferred": lambda: of_values([-1, 1]),
        "number of 0": lambda: of_values([0], 0),
        "int32": lambda: of_values([1], 2, dtype=torch.int32),
        "uint8": lambda: of_values([1], 2, dtype=torch.uint8),
        "bool": lambda: of_values([True], 2, dtype=torch.bool),
        "float32": lambda: of_values([1.0], 2, dtype=torch.float32),
    }
    assert snapshot == observe_each(cases)


@pytest.mark.api("torch.nn.functional.normalize", page="generated/torch.nn.functional.normalize")
@pytest.mark.changed(
    "1.5",
    "the message of normalize says that complex dtypes are not supported",
    kind="wording",
    cause="pytorch#35579",
    when=":caught",
    rarely="complex tensors",
    of=("torch.nn.functional.normalize",),
)
@pytest.mark.changed(
    "1.6",
    "complex tensors can be made, and the message of normalize names clamp",
    kind="wording",
    cause="pytorch#35579",
    probable=True,
    when=":caught",
    rarely="complex tensors",
    of=("torch.nn.functional.normalize",),
)
@pytest.mark.changed(
    "1.6",
    "the message of normalize names clamp_min_cpu instead of norm_cpu",
    kind="wording",
    when=":caught",
    rarely="half precision on the CPU",
    of=("torch.nn.functional.normalize",),
)
@pytest.mark.changed(
    "1.7",
    "the message of normalize names the norm instead of clamp",
    kind="wording",
    when=":caught",
    rarely="complex tensors",
    of=("torch.nn.functional.normalize",),
)
@pytest.mark.changed(
    "1.8",
    "normalize takes bfloat16",
    kind="error-gone",
    cause="pytorch#47143",
    rarely="half precision on the CPU",
    of=("torch.nn.functional.normalize",),
)
@pytest.mark.changed(
    "1.8",
    "normalize takes complex tensors",
    kind="error-gone",
    rarely="complex tensors",
    of=("torch.nn.functional.normalize",),
)
@pytest.mark.changed(
    "1.8",
    "the message of normalize names the norm instead of the mean",
    kind="wording",
    when=":caught",
    rarely="tensors of integers",
    of=("torch.nn.functional.normalize",),
)
@pytest.mark.changed(
    "1.10",
    "the message of normalize begins with norm()",
    kind="wording",
    when=":caught",
    rarely="tensors of integers",
    of=("torch.nn.functional.normalize",),
)
@pytest.mark.changed(
    "1.12",
    'the message of normalize says "complex" instead of "complex dtypes"',
    kind="wording",
    when=":caught",
    rarely="tensors of integers",
    of=("torch.nn.functional.normalize",),
)
@pytest.mark.changed(
    "2.0",
    "the message of normalize names clamp_min_scalar_cpu",
    kind="wording",
    when=":caught",
    rarely="half precision on the CPU",
    of=("torch.nn.functional.normalize",),
)
@pytest.mark.changed(
    "2.0",
    "the message of normalize names linalg.vector_norm",
    kind="wording",
    when=":caught",
    rarely="tensors of integers",
    of=("torch.nn.functional.normalize",),
)
@pytest.mark.changed(
    "2.1",
    "normalize takes float16",
    kind="error-gone",
    cause="pytorch#98493",
    rarely="half precision on the CPU",
    of=("torch.nn.functional.normalize",),
)
@pytest.mark.changed(
    "2.15",
    "normalize raises NotImplementedError, a subclass of RuntimeError",
    kind="wording",
    cause="pytorch#192351",
    probable=True,
    when=":caught",
    rarely="tensors of integers",
    of=("torch.nn.functional.normalize",),
)
def test_normalize_divides_by_the_norm_or_by_eps(snapshot):
    """``normalize`` divides by the norm along dim 1, but at least by ``eps``: zeros stay zeros.

    Infinity becomes NaN and what stands beside it 0. The gradient at zero is 1 / eps.
    """
    normalize = torch.nn.functional.normalize

    def gradient():
        x = torch.zeros(1, 2, requires_grad=True)
        normalize(x, eps=0.5).sum().backward()
        return x.grad

    cases = {
        "zero": lambda: normalize(torch.zeros(1, 2)),
        "gradient of zero": gradient,
        "infinity": lambda: normalize(torch.tensor([[float("inf"), 1.0]])),
        "nan": lambda: normalize(torch.tensor([[float("nan"), 1.0], [3.0, 4.0]])),
        "p=0": lambda: normalize(torch.tensor([[3.0, 4.0]]), p=0.0),
        "p=inf": lambda: normalize(torch.tensor([[3.0, 4.0]]), p=float("inf")),
        "one dimension": lambda: normalize(torch.tensor([3.0, 4.0])),
        "one dimension, dim=0": lambda: normalize(torch.tensor([3.0, 4.0]), dim=0),
        "no elements": lambda: list(normalize(torch.zeros(0, 2)).shape),
        "no columns": lambda: list(normalize(torch.zeros(2, 0)).shape),
        "float16 overflow": lambda: normalize(torch.tensor([[300.0, 400.0]]).half()),
        "bfloat16": lambda: normalize(torch.tensor([[3.0, 4.0]]).bfloat16()),
        "complex64": lambda: normalize(torch.tensor([[3.0 + 0j, 4.0j]])),
        "int64": lambda: normalize(torch.tensor([[3, 4]])),
    }
    assert snapshot == observe_each(cases)
