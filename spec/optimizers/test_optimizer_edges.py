"""Every optimizer at its edges: parameters, gradients and learning rates that are unusual.

Most optimizers step each element by its own gradient, so that a NaN in the gradient reaches no
other element; for ``torch.optim.Muon`` it reaches all. State has the dtype of its parameter, and
nearly always its strides. An optimizer does not ask whether a parameter requires grad: what has a
gradient is stepped. Traps: ``torch.optim.Rprop`` moves with a learning rate of 0 too, and
``torch.optim.Adafactor`` and Muon raise for a parameter without elements.
"""

import pytest
import torch
from torch import tensor

from fixtures.optimizer_edges import NAMES, built, shaped, step, stepped
from torch_history.observing import observe, observe_each

INFINITY, NAN = float("inf"), float("nan")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.api(
    "torch.optim.SGD",
    "torch.optim.Adam",
    "torch.optim.AdamW",
    "torch.optim.Adamax",
    "torch.optim.NAdam",
    "torch.optim.RAdam",
    "torch.optim.Adagrad",
    "torch.optim.Adadelta",
    "torch.optim.RMSprop",
    "torch.optim.Rprop",
    "torch.optim.ASGD",
    "torch.optim.Adafactor",
    "torch.optim.Muon",
    "torch.optim.SparseAdam",
    "torch.optim.LBFGS",
    page="optim",
)
def test_parameter_without_elements_stays_beside_one_that_is_stepped(name, snapshot):
    """A parameter without elements does no harm: the other parameter is stepped.

    Adafactor and Muon raise ZeroDivisionError: they divide by the number of elements or rows.
    """

    def act():
        weights = [shaped(name, []), shaped(name, [1.0, 2.0])]
        optimizer = built(name, weights)
        step(optimizer, weights, [shaped(name, []), shaped(name, [2.0, 1.0])])
        return weights

    assert snapshot == observe(act)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.api(
    "torch.optim.SGD",
    "torch.optim.Adam",
    "torch.optim.AdamW",
    "torch.optim.Adamax",
    "torch.optim.NAdam",
    "torch.optim.RAdam",
    "torch.optim.Adagrad",
    "torch.optim.Adadelta",
    "torch.optim.RMSprop",
    "torch.optim.Rprop",
    "torch.optim.ASGD",
    "torch.optim.Adafactor",
    "torch.optim.Muon",
    "torch.optim.SparseAdam",
    "torch.optim.LBFGS",
    page="optim",
)
def test_optimizer_steps_a_parameter_without_dimensions(name, snapshot):
    """A parameter of no dimension, a single number, is stepped as one of one element.

    Muon takes matrices only.
    """
    assert snapshot == observe(lambda: stepped(name, tensor(1.0), tensor(2.0))[0])


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.api(
    "torch.optim.SGD",
    "torch.optim.Adam",
    "torch.optim.AdamW",
    "torch.optim.Adamax",
    "torch.optim.NAdam",
    "torch.optim.RAdam",
    "torch.optim.Adagrad",
    "torch.optim.Adadelta",
    "torch.optim.RMSprop",
    "torch.optim.Rprop",
    "torch.optim.ASGD",
    "torch.optim.Adafactor",
    "torch.optim.Muon",
    "torch.optim.SparseAdam",
    "torch.optim.LBFGS",
    page="optim",
)
def test_nan_gradient_makes_its_element_nan_for_good(name, snapshot):
    """A NaN in the gradient makes that element of the parameter NaN, and a later step leaves it so.

    The gradients are NaN and 1, then 1 and 1. Muon makes the other element NaN too. Rprop leaves
    the element where it is, and steps it again by the next gradient.
    """
    assert snapshot == observe(
        lambda: stepped(
            name, shaped(name, [1.0, 2.0]), shaped(name, [NAN, 1.0]), shaped(name, [1.0, 1.0])
        )
    )


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.api(
    "torch.optim.SGD",
    "torch.optim.Adam",
    "torch.optim.AdamW",
    "torch.optim.Adamax",
    "torch.optim.NAdam",
    "torch.optim.RAdam",
    "torch.optim.Adagrad",
    "torch.optim.Adadelta",
    "torch.optim.RMSprop",
    "torch.optim.Rprop",
    "torch.optim.ASGD",
    "torch.optim.Adafactor",
    "torch.optim.Muon",
    "torch.optim.SparseAdam",
    "torch.optim.LBFGS",
    page="optim",
)
def test_infinite_gradient_makes_its_element_infinite_or_nan(name, snapshot):
    """An infinite gradient makes the element infinite for SGD and ASGD, and NaN for most others.

    The gradients are infinity and 1, then 1 and 1. Rprop looks at the sign only, and steps by lr.
    """
    assert snapshot == observe(
        lambda: stepped(
            name, shaped(name, [1.0, 2.0]), shaped(name, [INFINITY, 1.0]), shaped(name, [1.0, 1.0])
        )
    )


def in_dtype(name, dtype):
    """A parameter of this dtype after a step, and the dtypes of the state that has elements."""
    weight = shaped(name, [1.0, 2.0], dtype)
    optimizer = built(name, [weight])
    step(optimizer, [weight], [shaped(name, [2.0, 0.5], dtype)])
    state = optimizer.state[weight]
    return {
        "weight": weight,
        "state": {
            key: str(state[key].dtype)
            for key in sorted(state)
            if isinstance(state[key], torch.Tensor) and state[key].dim()
        },
    }


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.api(
    "torch.optim.SGD",
    "torch.optim.Adam",
    "torch.optim.AdamW",
    "torch.optim.Adamax",
    "torch.optim.NAdam",
    "torch.optim.RAdam",
    "torch.optim.Adagrad",
    "torch.optim.Adadelta",
    "torch.optim.RMSprop",
    "torch.optim.Rprop",
    "torch.optim.ASGD",
    "torch.optim.Adafactor",
    "torch.optim.Muon",
    "torch.optim.SparseAdam",
    "torch.optim.LBFGS",
    page="optim",
)
def test_state_has_the_dtype_of_its_parameter(name, snapshot):
    """A float64 or bfloat16 parameter is stepped in its dtype, and its state has that dtype too.

    In bfloat16, with three digits, a step of Adadelta is too small to move the parameter.
    """
    assert snapshot == observe_each(
        {
            "float64": lambda: in_dtype(name, torch.float64),
            "bfloat16": lambda: in_dtype(name, torch.bfloat16),
        }
    )


@pytest.mark.parametrize("name", ["Adam", "Adafactor", "Muon", "SparseAdam", "LBFGS"])
@pytest.mark.api(
    "torch.optim.Adam",
    "torch.optim.Adafactor",
    "torch.optim.Muon",
    "torch.optim.SparseAdam",
    "torch.optim.LBFGS",
    page="optim",
)
def test_float16_state_has_the_dtype_of_its_parameter(name, snapshot):
    """A float16 parameter is stepped on the CPU, and its state is float16 too."""
    assert snapshot == observe(lambda: in_dtype(name, torch.float16))


@pytest.mark.parametrize("name", ["AdamW", "Adafactor", "Muon"])
@pytest.mark.api(
    "torch.optim.AdamW",
    "torch.optim.Adafactor",
    "torch.optim.Muon",
    page="optim",
)
def test_complex_parameter_of_further_optimizers(name, snapshot):
    """AdamW steps a complex parameter; Adafactor and Muon refuse one."""

    def act():
        weight, gradient = tensor([[1 + 2j]]), tensor([[1 - 1j]])
        return torch.view_as_real(stepped(name, weight, gradient)[0])

    assert snapshot == observe(act)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.api(
    "torch.optim.SGD",
    "torch.optim.Adam",
    "torch.optim.AdamW",
    "torch.optim.Adamax",
    "torch.optim.NAdam",
    "torch.optim.RAdam",
    "torch.optim.Adagrad",
    "torch.optim.Adadelta",
    "torch.optim.RMSprop",
    "torch.optim.Rprop",
    "torch.optim.ASGD",
    "torch.optim.Adafactor",
    "torch.optim.Muon",
    "torch.optim.SparseAdam",
    "torch.optim.LBFGS",
    page="optim",
)
def test_integer_parameter_is_not_stepped(name, snapshot):
    """An optimizer takes a tensor of integers, and the step raises."""
    assert snapshot == observe(
        lambda: stepped(name, shaped(name, [4, 8], torch.int64), shaped(name, [2, 1], torch.int64))[
            0
        ]
    )


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.api(
    "torch.optim.SGD",
    "torch.optim.Adam",
    "torch.optim.AdamW",
    "torch.optim.Adamax",
    "torch.optim.NAdam",
    "torch.optim.RAdam",
    "torch.optim.Adagrad",
    "torch.optim.Adadelta",
    "torch.optim.RMSprop",
    "torch.optim.Rprop",
    "torch.optim.ASGD",
    "torch.optim.Adafactor",
    "torch.optim.Muon",
    "torch.optim.SparseAdam",
    "torch.optim.LBFGS",
    page="optim",
)
def test_transposed_parameter_keeps_its_strides(name, snapshot):
    """A transposed parameter is stepped as a contiguous one, and keeps its strides.

    State of its shape has these strides too, but for Rprop's step_size and Muon's buffer.
    """

    def act():
        gradients = [tensor([[1.0, -2.0], [4.0, 0.5]]), tensor([[0.5, 1.0], [-1.0, 2.0]])]
        weight = tensor([[1.0, 3.0], [2.0, 4.0]]).t()
        optimizer = built(name, [weight])
        for gradient in gradients:
            step(optimizer, [weight], [gradient])
        contiguous = stepped(name, tensor([[1.0, 2.0], [3.0, 4.0]]), *gradients)[-1]
        return {
            "as the contiguous one": torch.allclose(weight, contiguous, rtol=1.3e-6, atol=1e-5),
            "strides": {
                key: list(one.stride())
                for key, one in sorted({**optimizer.state[weight], "weight": weight}.items())
                if isinstance(one, torch.Tensor) and one.shape == weight.shape
            },
        }

    assert snapshot == observe(act)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.api(
    "torch.optim.SGD",
    "torch.optim.Adam",
    "torch.optim.AdamW",
    "torch.optim.Adamax",
    "torch.optim.NAdam",
    "torch.optim.RAdam",
    "torch.optim.Adagrad",
    "torch.optim.Adadelta",
    "torch.optim.RMSprop",
    "torch.optim.Rprop",
    "torch.optim.ASGD",
    "torch.optim.Adafactor",
    "torch.optim.Muon",
    "torch.optim.SparseAdam",
    "torch.optim.LBFGS",
    page="optim",
)
def test_frozen_parameter_with_a_gradient_is_stepped(name, snapshot):
    """A parameter with ``requires_grad=False`` moves as long as it has a gradient.

    Set ``grad`` to None when you freeze a parameter.
    """

    def act():
        weight = torch.nn.Parameter(shaped(name, [1.0, 2.0]), requires_grad=False)
        return stepped(name, weight, shaped(name, [2.0, 1.0]))[0]

    assert snapshot == observe(act)


@pytest.mark.parametrize("name", ["Adafactor", "Muon", "SparseAdam", "LBFGS"])
@pytest.mark.api(
    "torch.optim.Adafactor",
    "torch.optim.Muon",
    "torch.optim.SparseAdam",
    "torch.optim.LBFGS",
    page="optim",
)
def test_parameter_without_gradient_stays_beside_others(name, snapshot):
    """A parameter whose gradient is None stays, and gets no state; the other one is stepped.

    LBFGS has one state, which the first parameter holds.
    """

    def act():
        weights = [shaped(name, [1.0, 2.0]), shaped(name, [1.0, 2.0])]
        optimizer = built(name, weights)
        step(optimizer, weights, [None, shaped(name, [2.0, 1.0])])
        return {"weights": weights, "with state": [weight in optimizer.state for weight in weights]}

    assert snapshot == observe(act)


@pytest.mark.parametrize("name", ["Adafactor", "Muon", "LBFGS"])
@pytest.mark.api(
    "torch.optim.Adafactor",
    "torch.optim.Muon",
    "torch.optim.LBFGS",
    page="optim",
)
def test_sparse_gradient_for_further_optimizers(name, snapshot):
    """Adafactor and Muon refuse a sparse gradient; LBFGS makes it dense."""
    gradient = tensor([[2.0], [0.0]])
    assert snapshot == observe(
        lambda: stepped(name, tensor([[1.0], [2.0]]), gradient.to_sparse(1))[0]
    )


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.api(
    "torch.optim.SGD",
    "torch.optim.Adam",
    "torch.optim.AdamW",
    "torch.optim.Adamax",
    "torch.optim.NAdam",
    "torch.optim.RAdam",
    "torch.optim.Adagrad",
    "torch.optim.Adadelta",
    "torch.optim.RMSprop",
    "torch.optim.Rprop",
    "torch.optim.ASGD",
    "torch.optim.Adafactor",
    "torch.optim.Muon",
    "torch.optim.SparseAdam",
    "torch.optim.LBFGS",
    page="optim",
)
def test_every_optimizer_refuses_an_empty_list(name, snapshot):
    """No optimizer can be built over an empty list of parameters, or over an exhausted iterator."""
    assert snapshot == observe_each(
        {"list": lambda: built(name, []), "iterator": lambda: built(name, iter([]))}
    )


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.api(
    "torch.optim.SGD",
    "torch.optim.Adam",
    "torch.optim.AdamW",
    "torch.optim.Adamax",
    "torch.optim.NAdam",
    "torch.optim.RAdam",
    "torch.optim.Adagrad",
    "torch.optim.Adadelta",
    "torch.optim.RMSprop",
    "torch.optim.Rprop",
    "torch.optim.ASGD",
    "torch.optim.Adafactor",
    "torch.optim.Muon",
    "torch.optim.SparseAdam",
    "torch.optim.LBFGS",
    page="optim",
)
def test_learning_rate_may_be_zero_and_not_negative(name, snapshot):
    """No optimizer takes a negative learning rate. With a rate of zero the parameter stays.

    SparseAdam refuses zero too. Rprop moves by its least step, 1e-6, and not by its learning rate.
    """
    assert snapshot == observe_each(
        {
            case: lambda lr=lr: stepped(
                name, shaped(name, [1.0, 2.0]), shaped(name, [2.0, 1.0]), lr=lr
            )[0]
            for case, lr in {"negative": -0.5, "zero": 0.0}.items()
        }
    )
