"""How tensors and Parameters print, with and without a graph, and what the print options change.

The dtype is printed unless it is the default one, int64 or bool. Floats print four decimals, or a
bare point if all are whole numbers. All print with exponents if the largest is over 1000 times the
smallest. A leaf that requires grad says so; a result prints its ``grad_fn`` instead.
``torch.set_printoptions`` changes what is printed and not the values. Formats such as ``:.3f`` work
on a 0-dimensional tensor only.
"""

import pytest
import torch
from torch import nn

from fixtures.models import linear
from torch_history.observing import observe


def printed(value, **options):
    """The repr under these print options."""
    torch.set_printoptions(**options)
    try:
        return repr(value)
    finally:
        torch.set_printoptions(profile="default")


DTYPES = {
    "float32": lambda: torch.tensor([1.0, 2.0]),
    "float64": lambda: torch.tensor([1.0, 2.0], dtype=torch.float64),
    "float16": lambda: torch.tensor([1.0, 2.0], dtype=torch.float16),
    "int64": lambda: torch.tensor([1, 2]),
    "int32": lambda: torch.tensor([1, 2], dtype=torch.int32),
    "bool": lambda: torch.tensor([True, False]),
}


@pytest.mark.parametrize("make", list(DTYPES.values()), ids=list(DTYPES))
@pytest.mark.api("torch.Tensor", page="tensors", article="C")
def test_dtype_prints_unless_the_values_tell_it(make, snapshot):
    """A tensor prints its dtype unless the dtype is float32, int64 or bool.

    Python literals give these three dtypes.
    """
    assert snapshot == observe(lambda: repr(make()))


@pytest.mark.api("torch.set_default_dtype", page="generated/torch.set_default_dtype")
def test_printed_dtype_is_relative_to_the_default(snapshot):
    """Whether a tensor prints its dtype depends on the default dtype.

    Under ``set_default_dtype(float64)`` a float32 tensor prints its dtype, and a float64 tensor
    does not.
    """
    single, double = torch.tensor([1.0]), torch.tensor([1.0], dtype=torch.float64)

    def act():
        torch.set_default_dtype(torch.float64)
        try:
            return [repr(single), repr(double)]
        finally:
            torch.set_default_dtype(torch.float32)

    assert snapshot == observe(act)


@pytest.mark.api("torch.Tensor", page="tensors", article="A")
def test_float_prints_four_decimals_unless_all_are_whole(snapshot):
    """Floats print four decimals, unless all are whole numbers, which print as ``1.``.

    If one number has a fraction, all are rounded to four decimals.
    """
    assert snapshot == observe(
        lambda: [repr(torch.tensor([1.0, 20.0])), repr(torch.tensor([1.0, 20.00004, -0.31967]))]
    )


@pytest.mark.api("torch.Tensor", page="tensors")
def test_nan_and_infinity_print_by_name(snapshot):
    """``nan`` and ``inf`` print by name; whole numbers beside them still print as whole."""
    assert snapshot == observe(
        lambda: repr(torch.tensor([float("nan"), float("inf"), -float("inf"), 1.0]))
    )


@pytest.mark.api("torch.Tensor", page="tensors")
def test_empty_tensor_prints_its_size(snapshot):
    """An empty tensor prints its size if ``[]`` does not show its shape."""
    assert snapshot == observe(lambda: [repr(torch.zeros(0)), repr(torch.zeros(0, 3))])


@pytest.mark.api("torch.nn.Parameter", page="generated/torch.nn.parameter.Parameter", article="C")
def test_parameter_prints_a_heading_and_requires_grad(snapshot):
    """A Parameter prints ``Parameter containing:`` on a line of its own, then the tensor.

    The tensor shows ``requires_grad=True``, as in article C.
    """
    assert snapshot == observe(lambda: repr(nn.Parameter(torch.tensor([1.0, 2.0]))).splitlines())


@pytest.mark.api("torch.nn.Parameter", page="generated/torch.nn.parameter.Parameter", article="A")
def test_frozen_parameter_prints_without_requires_grad(snapshot):
    """A frozen Parameter prints without ``requires_grad=True``, as in article A.

    It does not print ``requires_grad=False`` either.
    """
    assert snapshot == observe(
        lambda: repr(nn.Parameter(torch.tensor([1.0, 2.0]), requires_grad=False)).splitlines()
    )


@pytest.mark.api(
    "torch.Tensor.requires_grad", page="generated/torch.Tensor.requires_grad", article="C"
)
def test_leaf_that_requires_grad_says_so(snapshot):
    """A leaf that requires grad prints ``requires_grad=True``; any other leaf does not."""
    assert snapshot == observe(
        lambda: [repr(torch.tensor([1.0], requires_grad=True)), repr(torch.tensor([1.0]))]
    )


NODES = {
    "linear": lambda: linear([[2.0]], [1.0])(torch.tensor([[3.0]])),
    "relu": lambda: torch.relu(linear([[2.0]], [1.0])(torch.tensor([[3.0]]))),
    "add": lambda: torch.tensor([[3.0]]) + linear([[2.0]], [1.0])(torch.tensor([[3.0]])),
    "sigmoid": lambda: torch.sigmoid(linear([[0.0]], [0.0])(torch.tensor([[3.0]]))),
    "div": lambda: torch.sum(linear([[2.0]], [1.0])(torch.tensor([[3.0]]))) / 10,
    "mul": lambda: nn.Parameter(torch.tensor([[2.0]])) * 3.0,
}


@pytest.mark.parametrize("make", list(NODES.values()), ids=list(NODES))
@pytest.mark.api("torch.Tensor.grad_fn", page="notes/autograd", article="A")
@pytest.mark.changed(
    "1.10",
    "prints AddmmBackward0 and SigmoidBackward0 instead of AddmmBackward and SigmoidBackward",
    kind="representation",
    cause="pytorch#64261",
    probable=True,
    rarely="code that reads the name of the node",
)
def test_result_prints_the_node_that_made_it(make, snapshot):
    """A non-leaf prints ``grad_fn=<...>`` instead of ``requires_grad=True``.

    The node is named after the last operation.
    """
    result = make()
    assert result.requires_grad and "requires_grad" not in repr(result)
    assert snapshot == observe(lambda: repr(result))


@pytest.mark.api("torch.no_grad", "torch.Tensor.detach", page="notes/autograd")
def test_result_without_a_graph_prints_bare(snapshot):
    """A result made under ``no_grad``, or detached, prints like a plain tensor."""
    layer, x = linear([[2.0]], [1.0]), torch.tensor([[3.0]])

    def act():
        with torch.no_grad():
            under_no_grad = layer(x)
        return [repr(under_no_grad), repr(layer(x).detach())]

    assert snapshot == observe(act)


@pytest.mark.api("torch.Tensor", page="tensors", article="A")
def test_f_string_of_a_loss_prints_the_number(snapshot):
    """``f"{loss}"`` of a 0-dimensional tensor prints all digits of the number.

    ``print(loss)`` prints a tensor. Article A shows both.
    """
    loss = torch.tensor(0.3196709156036377, requires_grad=True)
    assert snapshot == observe(lambda: {"f-string": f"{loss}", "str": str(loss)})


@pytest.mark.api("torch.Tensor", page="tensors")
def test_format_with_decimals_takes_a_single_number(snapshot):
    """``f"{loss:.3f}"`` works on a 0-dimensional tensor, even if it has a ``grad_fn``."""
    assert snapshot == observe(lambda: f"{torch.tensor(0.25, requires_grad=True) * 3.0:.3f}")


@pytest.mark.api("torch.Tensor", page="tensors")
def test_format_with_decimals_refuses_a_list(snapshot):
    """``f"{losses:.2f}"`` raises if the tensor is not 0-dimensional, even with one element."""
    assert snapshot == observe(lambda: f"{torch.tensor([0.5]):.2f}")


@pytest.mark.api("torch.set_printoptions", page="generated/torch.set_printoptions", article="A")
def test_numbers_a_thousandfold_apart_print_in_scientific_notation(snapshot):
    """All numbers print with exponents if the largest is over 1000 times the smallest.

    The ratio is between absolute values. An example is article A's -2.0451e-04.
    """
    assert snapshot == observe(
        lambda: {
            "1000": repr(torch.tensor([1500.0, 1.5])),
            "1001": repr(torch.tensor([1501.5, 1.5])),
            "article": repr(torch.tensor([-0.23086, -0.00020451, 0.7268])),
        }
    )


@pytest.mark.api("torch.set_printoptions", page="generated/torch.set_printoptions")
@pytest.mark.changed(
    "2.9",
    "sci_mode=False pads to the width of the printed numbers, not of their scientific notation",
    kind="representation",
    cause="pytorch#126859",
    probable=True,
    when="sci_mode=False",
    rarely="tensors that are wider in scientific notation",
)
def test_sci_mode_decides_the_notation(snapshot):
    """``sci_mode`` overrides the choice between plain and scientific notation.

    ``sci_mode=False`` prints without exponents where the default has them. ``sci_mode=True`` prints
    with exponents where the default does not.
    """
    wide, narrow = torch.tensor([1501.5, 1.5]), torch.tensor([0.5])
    assert snapshot == observe(
        lambda: {"False": printed(wide, sci_mode=False), "True": printed(narrow, sci_mode=True)}
    )


@pytest.mark.api("torch.set_printoptions", page="generated/torch.set_printoptions")
def test_precision_sets_the_decimals(snapshot):
    """``precision=2`` prints numbers rounded to two decimals, and does not change them."""
    value = torch.tensor([0.4567])
    assert snapshot == observe(lambda: {"two": printed(value, precision=2), "then": repr(value)})


@pytest.mark.api("torch.set_printoptions", page="generated/torch.set_printoptions", article="A")
def test_long_rows_are_wrapped_at_eighty_columns(snapshot):
    """Long rows wrap at 80 columns; ``linewidth`` sets another width.

    Ten numbers break after the eighth, as in article A's bias.
    """
    bias = torch.tensor(
        [-0.0974, 0.1413, 0.2264, 0.2783, -0.0539, -0.0556, -0.3448, -0.3413, -0.2531, 0.1960]
    )
    assert snapshot == observe(
        lambda: {"80": repr(bias).splitlines(), "120": printed(bias, linewidth=120).splitlines()}
    )


@pytest.mark.api("torch.set_printoptions", page="generated/torch.set_printoptions")
def test_more_than_a_thousand_elements_are_summarised(snapshot):
    """A tensor of 1001 elements prints the first and the last three; one of 1000 prints in full."""
    assert "..." not in repr(torch.arange(1000))
    assert snapshot == observe(lambda: repr(torch.arange(1001)))


@pytest.mark.api("torch.set_printoptions", page="generated/torch.set_printoptions")
def test_threshold_and_edgeitems_set_the_summary(snapshot):
    """``threshold=4`` summarises five elements; ``edgeitems=1`` keeps one at each end."""
    assert snapshot == observe(lambda: printed(torch.arange(5), threshold=4, edgeitems=1))
