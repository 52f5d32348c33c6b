"""Settings of the functions that make tensors: ``out``, ``dtype``, ``layout`` and memory format.

``out=`` writes the result into a tensor that exists, and returns this tensor. ``dtype=`` and
``requires_grad=True`` of a ``_like`` function say what the new tensor is, whatever its model is.
Trap: a ``_like`` function keeps the order of the strides of its model, unless ``memory_format``
says another.
"""

import pytest
import torch

from torch_history.observing import observe, observe_each

MADE = {
    "empty": ((2, 2), {}),
    "zeros": ((2, 2), {}),
    "ones": ((2, 2), {}),
    "full": (((2, 2), 3.0), {}),
    "rand": ((2, 2), {}),
    "randn": ((2, 2), {}),
    "randint": ((9, (2, 2)), {"dtype": torch.float32}),
    "randperm": ((4,), {"dtype": torch.float32}),
    "normal": ((1.0, 2.0, (2, 2)), {}),
}
LIKE = {
    "empty_like": (),
    "zeros_like": (),
    "ones_like": (),
    "full_like": (3.0,),
    "rand_like": (),
    "randn_like": (),
    "randint_like": (9,),
}


def of(function, *arguments, **settings):
    """What a function of ``torch`` gives, always under the same seed."""
    torch.manual_seed(1)
    return getattr(torch, function)(*arguments, **settings)


def described(tensor):
    """All that settings decide about a tensor, without its numbers."""
    return {
        "dtype": tensor.dtype,
        "requires_grad": tensor.requires_grad,
        "layout": str(tensor.layout),
        "strides": list(tensor.stride()) if tensor.layout == torch.strided else None,
    }


@pytest.mark.api(
    "torch.empty",
    "torch.zeros",
    "torch.ones",
    "torch.full",
    "torch.rand",
    "torch.randn",
    "torch.randint",
    "torch.randperm",
    "torch.normal",
    page="torch",
)
@pytest.mark.parametrize("name", MADE)
def test_function_that_makes_a_tensor_writes_into_out(name, snapshot):
    """``out=`` of a function that makes tensors is filled and returned, with the same numbers.

    ``requires_grad=True`` and ``dtype=torch.float64`` are those of the new tensor.
    """
    arguments, settings = MADE[name]

    def into_out():
        expected = of(name, *arguments, **settings)
        out = torch.full_like(expected, 7.0)
        result = of(name, *arguments, out=out, **settings)
        same = name == "empty" or torch.equal(out, expected)
        return {"result is out": result is out, "same numbers": same}

    settings64 = {**settings, "dtype": torch.float64}
    assert snapshot == observe_each(
        {
            "out": into_out,
            "requires_grad": lambda: described(
                of(name, *arguments, requires_grad=True, **settings)
            ),
            "dtype": lambda: described(of(name, *arguments, **settings64)),
        }
    )


@pytest.mark.api("torch.empty", "torch.zeros", "torch.ones", "torch.full", page="torch")
@pytest.mark.parametrize("name", ["empty", "zeros", "ones", "full"])
def test_sparse_layout_makes_a_tensor_without_elements(name, snapshot):
    """``zeros(layout=torch.sparse_coo)`` and ``empty`` make a sparse tensor without elements.

    ``ones`` and ``full`` raise. ``layout=torch.strided`` is the default.
    """
    arguments, _ = MADE[name]

    def sparse():
        made = of(name, *arguments, layout=torch.sparse_coo)
        return {"layout": str(made.layout), "elements": made._nnz(), "shape": made.shape}

    assert snapshot == observe_each(
        {
            "sparse_coo": sparse,
            "strided": lambda: str(of(name, *arguments, layout=torch.strided).layout),
        }
    )


@pytest.mark.api(
    "torch.empty_like",
    "torch.zeros_like",
    "torch.ones_like",
    "torch.full_like",
    "torch.rand_like",
    "torch.randn_like",
    "torch.randint_like",
    page="torch",
)
@pytest.mark.changed(
    "1.5",
    "the new tensor has the strides of the given one instead of being contiguous",
    kind="silent",
    cause="pytorch#30087",
    advice="pass memory_format=torch.contiguous_format",
    when="-memory_format",
    rarely="a transposed or channels_last tensor",
)
@pytest.mark.parametrize("name", LIKE)
def test_like_function_takes_dtype_gradient_and_memory_format(name, snapshot):
    """A ``_like`` function gives a tensor like its model, apart from what its settings say.

    The model [1, 2, 3, 2] is in the format ``channels_last``, which the default keeps.
    """
    model = torch.zeros(1, 2, 3, 2).contiguous(memory_format=torch.channels_last)
    settings = {
        "default": {},
        "dtype": {"dtype": torch.float64},
        "requires_grad": {"requires_grad": True},
        "contiguous": {"memory_format": torch.contiguous_format},
    }
    assert snapshot == observe_each(
        {
            case: lambda given=given: described(of(name, model, *LIKE[name], **given))
            for case, given in settings.items()
        }
    )


@pytest.mark.api("torch.full", "torch.full_like", page="generated/torch.full_like")
def test_full_and_full_like_write_their_value(snapshot):
    """``full((2,), 3)`` and ``full_like(x, 3)`` write 3 everywhere; the dtype can be given."""
    model = torch.zeros(2)
    assert snapshot == observe_each(
        {
            "full": lambda: torch.full((2,), 3.0),
            "full_like": lambda: torch.full_like(model, 3.0),
            "dtype": lambda: torch.full_like(model, 3.0, dtype=torch.int64),
        }
    )


@pytest.mark.api("torch.zeros_like", page="generated/torch.zeros_like")
def test_zeros_like_of_a_sparse_tensor_is_sparse_unless_told(snapshot):
    """``zeros_like`` of a sparse tensor is sparse; ``layout=torch.strided`` makes it dense."""
    model = torch.zeros(2, 2).to_sparse()
    assert snapshot == observe_each(
        {
            "default": lambda: str(torch.zeros_like(model).layout),
            "strided": lambda: str(torch.zeros_like(model, layout=torch.strided).layout),
        }
    )


IMAGE = (1, 2, 3, 2)
COPIES = {
    "torch.empty": lambda: torch.empty(IMAGE, memory_format=torch.channels_last),
    "torch.clone": lambda: torch.clone(torch.zeros(IMAGE), memory_format=torch.channels_last),
    "clone": lambda: torch.zeros(IMAGE).clone(memory_format=torch.channels_last),
    "contiguous": lambda: torch.zeros(IMAGE).contiguous(memory_format=torch.channels_last),
    "to": lambda: torch.zeros(IMAGE).to(torch.float64, memory_format=torch.channels_last),
    "type": lambda: torch.zeros(IMAGE).type(torch.float64, memory_format=torch.channels_last),
    "double": lambda: torch.zeros(IMAGE).double(memory_format=torch.channels_last),
    "float": lambda: torch.zeros(IMAGE).double().float(memory_format=torch.channels_last),
    "half": lambda: torch.zeros(IMAGE).half(memory_format=torch.channels_last),
    "resize_": lambda: torch.zeros(0).resize_(IMAGE, memory_format=torch.channels_last),
}


@pytest.mark.api(
    "torch.empty",
    "torch.clone",
    "torch.Tensor.clone",
    "torch.Tensor.contiguous",
    "torch.Tensor.to",
    "torch.Tensor.type",
    "torch.Tensor.double",
    "torch.Tensor.float",
    "torch.Tensor.half",
    "torch.Tensor.resize_",
    page="tensor_attributes",
)
@pytest.mark.parametrize("name", COPIES)
def test_memory_format_orders_the_strides_of_a_copy(name, snapshot):
    """``memory_format=torch.channels_last`` gives [1, 2, 3, 2] the strides [12, 1, 4, 2].

    Without it they are [12, 6, 2, 1]. Copies, conversions and ``resize_`` take it.
    """
    assert snapshot == observe(lambda: described(COPIES[name]()))


OUT = {
    "cat": lambda out: torch.cat([torch.zeros(1, 2), torch.ones(1, 2)], out=out),
    "stack": lambda out: torch.stack([torch.zeros(2), torch.ones(2)], out=out),
    "where": lambda out: torch.where(
        torch.eye(2) > 0, torch.zeros(2, 2), torch.ones(2, 2), out=out
    ),
    "sigmoid": lambda out: torch.sigmoid(torch.zeros(2, 2), out=out),
    "clamp": lambda out: torch.clamp(torch.eye(2), min=0.5, out=out),
    "div": lambda out: torch.div(torch.eye(2), 2.0, out=out),
    "floor_divide": lambda out: torch.floor_divide(torch.full((2, 2), 7.0), 2.0, out=out),
    "linear": lambda out: torch.nn.functional.linear(
        torch.eye(2), torch.tensor([[1.0, 2.0], [3.0, 4.0]]), out=out
    ),
    "bernoulli": lambda out: torch.bernoulli(torch.eye(2), out=out),
    "masked_select": lambda out: torch.masked_select(
        torch.tensor([1.0, 2.0, 3.0, 4.0, 5.0]), torch.tensor([True] * 4 + [False]), out=out
    ),
}


@pytest.mark.api(
    "torch.cat",
    "torch.stack",
    "torch.where",
    "torch.sigmoid",
    "torch.clamp",
    "torch.div",
    "torch.floor_divide",
    "torch.nn.functional.linear",
    "torch.bernoulli",
    "torch.masked_select",
    page="torch",
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
    "1.7",
    "the message of where lists the overloads with numbers",
    kind="wording",
    cause="pytorch#40336",
    of=("torch.where",),
    when=":caught and out",
)
@pytest.mark.changed(
    "1.9",
    "warns that floor_divide rounds towards zero",
    kind="warning",
    cause="pytorch#50281",
    advice='write torch.div(a, b, rounding_mode="floor"), or "trunc"',
    of=("torch.floor_divide",),
    unless=(),
)
# cause unknown: searches for out of functional.linear found no pull request
@pytest.mark.changed(
    "1.11",
    "functional.linear takes out",
    kind="appeared",
    cause="pytorch#61734",
    probable=True,
    of=("torch.nn.functional.linear",),
)
@pytest.mark.changed(
    "1.12",
    "where takes out",
    kind="appeared",
    cause="pytorch#76691",
    probable=True,
    of=("torch.where",),
)
@pytest.mark.changed(
    "1.13",
    "floor_divide no longer warns that it rounds towards zero",
    kind="warning",
    cause="pytorch#78411",
    of=("torch.floor_divide",),
    unless=(),
)
@pytest.mark.parametrize("name", OUT)
def test_function_writes_its_result_into_out(name, snapshot):
    """A function with ``out=`` writes its result into this tensor, and returns the tensor.

    The result replaces the sevens that it held.
    """

    def act():
        out = torch.full((4,) if name == "masked_select" else (2, 2), 7.0)
        result = OUT[name](out)
        return {"result is out": result is out, "out": out}

    assert snapshot == observe(act)
