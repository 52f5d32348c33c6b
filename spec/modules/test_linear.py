"""``nn.Linear`` multiplies its input by a weight and adds a bias.

``torch.nn.Linear`` computes x W' + b, where W' is the transposed weight, over the last dimension of
its input. It treats all other dimensions as batch dimensions. The weight has a row for each output,
so ``nn.Linear(3, 2)`` has a weight of shape [2, 3]. The weight and the bias are Parameters; with
``bias=False`` the attribute ``bias`` is None. An input of another width or dtype raises. Since 1.5
an empty batch gives an empty batch, and the gradient of the weight is zero.
"""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from fixtures.models import linear
from torch_history.observing import observe


def affine(x, weight, bias):
    """y[.., o] = sum over i of x[.., i] weight[o, i] + bias[o], in float64.

    The shape of x is [.., in], of weight [out, in], and of bias [out].
    """
    x, weight, bias = (np.asarray(each, np.float64) for each in (x, weight, bias))
    return (x[..., None, :] * weight).sum(-1) + bias


numbers = st.integers(-8, 8).map(lambda eighths: eighths / 8)


def matrices(rows, columns):
    return st.lists(
        st.lists(numbers, min_size=columns, max_size=columns), min_size=rows, max_size=rows
    )


@settings(max_examples=20)
@given(
    st.tuples(st.integers(1, 3), st.integers(1, 4), st.integers(1, 4)).flatmap(
        lambda sizes: st.tuples(
            matrices(sizes[0], sizes[1]), matrices(sizes[2], sizes[1]), matrices(1, sizes[2])
        )
    )
)
def test_linear_equals_the_affine_map(drawn):
    """``nn.Linear`` computes x W' + b for every input [batch, in]."""
    x, weight, (bias,) = drawn
    result = linear(weight, bias)(torch.tensor(x)).detach().numpy()
    # Inputs are eighths up to 1: products are multiples of 1/64, and sums stay below 8. All are
    # exact in float32, so the order of summation does not matter.
    np.testing.assert_allclose(result, affine(x, weight, bias), rtol=0, atol=0)


@pytest.mark.api("torch.nn.Linear", page="generated/torch.nn.Linear", article="C")
def test_linear_weight_is_outputs_by_inputs(snapshot):
    """``nn.Linear(3, 2)`` has a weight of shape [2, 3], outputs first, and a bias of shape [2]."""
    assert snapshot == observe(
        lambda: {name: value.shape for name, value in nn.Linear(3, 2).named_parameters()}
    )


@pytest.mark.api(
    "torch.nn.Linear", "torch.nn.Parameter", page="generated/torch.nn.Linear", article="C"
)
def test_linear_weight_and_bias_are_parameters(snapshot):
    """The weight and bias of ``nn.Linear`` are ``nn.Parameter`` objects, which require grad."""
    layer = nn.Linear(3, 2)
    assert snapshot == observe(
        lambda: {
            name: [str(type(value)), value.requires_grad]
            for name, value in {"weight": layer.weight, "bias": layer.bias}.items()
        }
    )


@pytest.mark.api("torch.nn.Linear", page="generated/torch.nn.Linear", article="C")
def test_linear_without_bias_holds_none(snapshot):
    """``nn.Linear`` with ``bias=False`` has one parameter, and its attribute ``bias`` is None."""
    layer = nn.Linear(3, 2, bias=False)
    assert snapshot == observe(
        lambda: {"bias": layer.bias, "parameters": [name for name, _ in layer.named_parameters()]}
    )


@pytest.mark.api("torch.nn.Linear", page="generated/torch.nn.Linear", article="B")
def test_linear_multiplies_by_the_transposed_weight_and_adds_the_bias(snapshot):
    """``nn.Linear`` computes y = x W' + b, where W' is the transposed weight.

    [1, 2, 3] with the weight rows [1, 0, 1] and [0, 2, 0] and the bias [10, 20] gives [14, 24].
    """
    layer = linear([[1.0, 0.0, 1.0], [0.0, 2.0, 0.0]], [10.0, 20.0])
    x = torch.tensor([[1.0, 2.0, 3.0]])
    assert torch.equal(layer(x), x @ layer.weight.t() + layer.bias)
    assert snapshot == observe(lambda: layer(x))


@pytest.mark.api("torch.nn.Linear", page="generated/torch.nn.Linear")
def test_linear_maps_the_last_dimension(snapshot):
    """``nn.Linear`` maps the last dimension and treats all others as batch dimensions.

    [3] gives [1], and [2, 2, 3] gives [2, 2, 1].
    """
    layer = linear([[1.0, 10.0, 100.0]])
    assert snapshot == observe(
        lambda: {
            "one": layer(torch.tensor([1.0, 2.0, 3.0])),
            "four": layer(
                torch.tensor(
                    [[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], [[7.0, 8.0, 9.0], [0.0, 1.0, 0.0]]]
                )
            ),
        }
    )


@pytest.mark.api("torch.nn.Linear", page="generated/torch.nn.Linear", article="B")
@pytest.mark.changed(
    "1.7",
    "the message says that the shapes cannot be multiplied",
    kind="wording",
    cause="pytorch#40927",
    probable=True,
)
@pytest.mark.changed(
    "2.15", "the message starts with addmm", kind="wording", cause="pytorch#193583"
)
def test_linear_refuses_an_input_of_another_width(snapshot):
    """``nn.Linear`` raises for an input whose last dimension is not ``in_features``.

    The message names the shapes of the matrix product.
    """
    assert snapshot == observe(
        lambda: linear([[1.0, 0.0, 1.0], [0.0, 2.0, 0.0]], [10.0, 20.0])(torch.tensor([[1.0, 2.0]]))
    )


@pytest.mark.parametrize("dtype", [torch.float64, torch.int64], ids=["float64", "int64"])
@pytest.mark.api("torch.nn.Linear", page="generated/torch.nn.Linear")
@pytest.mark.changed(
    "1.7",
    "the message no longer names the argument",
    kind="wording",
    cause="pytorch#40927",
    probable=True,
)
@pytest.mark.changed(
    "1.13",
    "the message mentions mat1 and mat2, and no longer names the dtypes",
    kind="wording",
    cause="pytorch#84960",
    probable=True,
)
@pytest.mark.changed(
    "2.1", "the message names the two dtypes", kind="wording", cause="pytorch#105309"
)
def test_linear_refuses_an_input_of_another_dtype(dtype, snapshot):
    """A float32 ``nn.Linear`` raises for an input of another dtype. Convert one of the two.

    This applies to integers, and to float64, the default of NumPy.
    """
    assert snapshot == observe(lambda: linear([[1.0]], [0.5])(torch.tensor([[1]], dtype=dtype)))


@pytest.mark.api("torch.nn.Linear", page="generated/torch.nn.Linear")
@pytest.mark.changed(
    "1.5", "an empty batch passes instead of raising", kind="error-gone", when=":unseen"
)
def test_linear_makes_an_empty_batch_of_an_empty_batch(snapshot):
    """Since 1.5 ``nn.Linear`` returns an empty batch for an empty batch.

    The gradient of the weight is zero, not None.
    """
    layer = linear([[1.0, 2.0]], [0.5])

    def act():
        output = layer(torch.zeros(0, 2))
        output.sum().backward()
        return {
            "output": output.shape,
            "weight.grad": layer.weight.grad,
            "bias.grad": layer.bias.grad,
        }

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.Linear", page="generated/torch.nn.Linear", article="C")
@pytest.mark.changed("1.9", "layers take device and dtype", kind="appeared", cause="pytorch#54508")
def test_linear_takes_the_dtype_and_device_of_its_parameters(snapshot):
    """``nn.Linear`` creates both parameters with the ``dtype`` and ``device`` that it is given."""

    def act():
        layer = nn.Linear(3, 2, device="cpu", dtype=torch.float64)
        return {
            name: {"dtype": parameter.dtype, "device": parameter.device.type}
            for name, parameter in layer.named_parameters()
        }

    assert snapshot == observe(act)
