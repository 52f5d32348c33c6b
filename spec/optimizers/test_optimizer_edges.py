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
@pytest.mark.changed(
    "1.7",
    "the message of Adamax says that the operation does not have an identity",
    kind="wording",
    of=("torch.optim.Adamax",),
)
@pytest.mark.changed(
    "1.9",
    "Adamax takes a parameter without elements",
    kind="error-gone",
    of=("torch.optim.Adamax",),
    cause="pytorch#55830",
)
@pytest.mark.changed(
    "1.10", "NAdam appears", kind="appeared", cause="pytorch#59009", of=("torch.optim.NAdam",)
)
@pytest.mark.changed(
    "1.10", "RAdam appears", kind="appeared", cause="pytorch#58968", of=("torch.optim.RAdam",)
)
@pytest.mark.changed(
    "2.0",
    "NAdam gives other results: it looks ahead by the momentum of the next step",
    kind="silent",
    cause="pytorch#92699",
    of=("torch.optim.NAdam",),
    when=("-foreach@6", "foreach@6=False|None"),
)
@pytest.mark.changed(
    "2.0",
    "SparseAdam takes a gradient without rows",
    kind="error-gone",
    cause="pytorch#86459",
    of=("torch.optim.SparseAdam",),
)
@pytest.mark.changed(
    "2.5",
    "Adafactor appears, and divides by the number of elements",
    kind="appeared",
    cause="pytorch#129905",
    of=("torch.optim.Adafactor",),
)
@pytest.mark.changed(
    "2.9",
    "Muon appears, and divides by the number of columns",
    kind="appeared",
    cause="pytorch#160213",
    of=("torch.optim.Muon",),
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
@pytest.mark.changed(
    "1.10", "NAdam appears", kind="appeared", cause="pytorch#59009", of=("torch.optim.NAdam",)
)
@pytest.mark.changed(
    "1.10", "RAdam appears", kind="appeared", cause="pytorch#58968", of=("torch.optim.RAdam",)
)
@pytest.mark.changed(
    "2.0",
    "NAdam gives other results: it looks ahead by the momentum of the next step",
    kind="silent",
    cause="pytorch#92699",
    of=("torch.optim.NAdam",),
    when=("-foreach@6", "foreach@6=False|None"),
)
@pytest.mark.changed(
    "2.5",
    "Adafactor appears",
    kind="appeared",
    cause="pytorch#129905",
    of=("torch.optim.Adafactor",),
)
@pytest.mark.changed(
    "2.9",
    "Muon appears, for matrices only",
    kind="appeared",
    cause="pytorch#160213",
    of=("torch.optim.Muon",),
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
@pytest.mark.changed(
    "1.10", "NAdam appears", kind="appeared", cause="pytorch#59009", of=("torch.optim.NAdam",)
)
@pytest.mark.changed(
    "1.10", "RAdam appears", kind="appeared", cause="pytorch#58968", of=("torch.optim.RAdam",)
)
@pytest.mark.changed(
    "2.0",
    "NAdam gives other results: it looks ahead by the momentum of the next step",
    kind="silent",
    cause="pytorch#92699",
    of=("torch.optim.NAdam",),
    when=("-foreach@6", "foreach@6=False|None"),
)
@pytest.mark.changed(
    "2.5",
    "Adafactor appears",
    kind="appeared",
    cause="pytorch#129905",
    of=("torch.optim.Adafactor",),
)
@pytest.mark.changed(
    "2.9", "Muon appears", kind="appeared", cause="pytorch#160213", of=("torch.optim.Muon",)
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
@pytest.mark.changed(
    "1.10", "NAdam appears", kind="appeared", cause="pytorch#59009", of=("torch.optim.NAdam",)
)
@pytest.mark.changed(
    "1.10", "RAdam appears", kind="appeared", cause="pytorch#58968", of=("torch.optim.RAdam",)
)
@pytest.mark.changed(
    "2.0",
    "NAdam gives other results: it looks ahead by the momentum of the next step",
    kind="silent",
    cause="pytorch#92699",
    of=("torch.optim.NAdam",),
    when=("-foreach@6", "foreach@6=False|None"),
)
@pytest.mark.changed(
    "2.1",
    "RAdam's next step makes the infinite element NaN: its average of gradients is interpolated",
    kind="silent",
    cause="pytorch#104796",
    probable=True,
    of=("torch.optim.RAdam",),
    rarely="an infinite gradient",
)
@pytest.mark.changed(
    "2.5",
    "Adafactor appears",
    kind="appeared",
    cause="pytorch#129905",
    of=("torch.optim.Adafactor",),
)
@pytest.mark.changed(
    "2.9", "Muon appears", kind="appeared", cause="pytorch#160213", of=("torch.optim.Muon",)
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
@pytest.mark.changed(
    "1.5",
    "the message of SparseAdam in bfloat16 names coalesce",
    kind="wording",
    of=("torch.optim.SparseAdam",),
)
@pytest.mark.changed(
    "1.6",
    "the messages of Adamax, Rprop and LBFGS in bfloat16 name max, addcmul and max_all",
    kind="wording",
    of=(
        "torch.optim.Adamax",
        "torch.optim.Rprop",
        "torch.optim.LBFGS",
    ),
)
@pytest.mark.changed(
    "1.7",
    "the message of Adamax in bfloat16 names max_values_cpu",
    kind="wording",
    of=("torch.optim.Adamax",),
)
@pytest.mark.changed(
    "1.9",
    "the message of Adamax in bfloat16 names addcdiv",
    kind="wording",
    cause="pytorch#55830",
    probable=True,
    of="torch.optim.Adamax",
)
@pytest.mark.changed(
    "1.9",
    "the message of LBFGS in bfloat16 names dot",
    kind="wording",
    of="torch.optim.LBFGS",
)
@pytest.mark.changed(
    "1.10",
    "Adam, AdamW, Adamax, Adagrad, Adadelta, RMSprop, Rprop and LBFGS step bfloat16 "
    "parameters on the CPU",
    kind="error-gone",
    cause="pytorch#55221",
    probable=True,
    of=(
        "torch.optim.Adam",
        "torch.optim.AdamW",
        "torch.optim.Adamax",
        "torch.optim.Adagrad",
        "torch.optim.Adadelta",
        "torch.optim.RMSprop",
        "torch.optim.Rprop",
        "torch.optim.LBFGS",
    ),
)
@pytest.mark.changed(
    "1.10", "NAdam appears", kind="appeared", cause="pytorch#59009", of=("torch.optim.NAdam",)
)
@pytest.mark.changed(
    "1.10", "RAdam appears", kind="appeared", cause="pytorch#58968", of=("torch.optim.RAdam",)
)
@pytest.mark.changed(
    "1.12",
    "SparseAdam steps bfloat16 parameters",
    kind="error-gone",
    of=("torch.optim.SparseAdam",),
    cause="pytorch#72397",
)
@pytest.mark.changed(
    "2.0",
    "NAdam gives other results: it looks ahead by the momentum of the next step",
    kind="silent",
    cause="pytorch#92699",
    of=("torch.optim.NAdam",),
    when=("-foreach@6", "foreach@6=False|None"),
)
@pytest.mark.changed(
    "2.5",
    "Adafactor appears",
    kind="appeared",
    cause="pytorch#129905",
    of=("torch.optim.Adafactor",),
)
@pytest.mark.changed(
    "2.9", "Muon appears", kind="appeared", cause="pytorch#160213", of=("torch.optim.Muon",)
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
@pytest.mark.changed(
    "1.5",
    "the message of SparseAdam names add_cpu/sub_cpu instead of _th_index_select_out",
    kind="wording",
    of=("torch.optim.SparseAdam",),
    cause="pytorch#30598",
    probable=True,
)
@pytest.mark.changed(
    "1.6",
    "the messages name addcmul, coalesce and max: other kernels take float16",
    kind="wording",
    cause="pytorch#37121",
    probable=True,
)
@pytest.mark.changed(
    "1.9", "LBFGS steps float16 parameters on the CPU", kind="error-gone", of=("torch.optim.LBFGS",)
)
@pytest.mark.changed(
    "1.12",
    "LBFGS raises: dot does not take float16 on the CPU",
    kind="error",
    of=("torch.optim.LBFGS",),
    advice="train in float32",
    rarely="float16 parameters",
    cause="pytorch#75647",
    probable=True,
)
@pytest.mark.changed(
    "1.12",
    "the message of SparseAdam names sqrt: coalesce takes float16",
    kind="wording",
    of=("torch.optim.SparseAdam",),
    cause="pytorch#72397",
)
@pytest.mark.changed(
    "1.13",
    "the message of SparseAdam joins the name of the kernel",
    kind="wording",
    of=("torch.optim.SparseAdam",),
)
@pytest.mark.changed(
    "2.1",
    "the message of Adam names addcdiv: addcmul takes float16",
    kind="wording",
    cause="pytorch#100394",
    of=("torch.optim.Adam",),
)
@pytest.mark.changed(
    "2.1",
    "SparseAdam steps float16 parameters on the CPU",
    kind="error-gone",
    of=("torch.optim.SparseAdam",),
    cause="pytorch#98493",
)
@pytest.mark.changed(
    "2.2",
    "Adam steps float16 parameters on the CPU",
    kind="error-gone",
    cause="pytorch#103319",
    of=("torch.optim.Adam",),
)
@pytest.mark.changed(
    "2.2",
    "LBFGS steps float16 parameters on the CPU again",
    kind="error-gone",
    of=("torch.optim.LBFGS",),
)
@pytest.mark.changed(
    "2.5",
    "Adafactor appears",
    kind="appeared",
    cause="pytorch#129905",
    of=("torch.optim.Adafactor",),
)
@pytest.mark.changed(
    "2.9", "Muon appears", kind="appeared", cause="pytorch#160213", of=("torch.optim.Muon",)
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
@pytest.mark.changed(
    "1.5",
    "the message is shorter: complex tensors cannot be made yet",
    kind="wording",
    cause="pytorch#35579",
    of=("torch.optim.AdamW",),
)
@pytest.mark.changed(
    "1.6",
    "complex tensors can be made, and the message of AdamW names an argument",
    kind="wording",
    cause="pytorch#33361",
    probable=True,
    of=("torch.optim.AdamW",),
)
@pytest.mark.changed(
    "1.7",
    "AdamW steps, with complex squares",
    kind="error-gone",
    cause="pytorch#45200",
    probable=True,
    of=("torch.optim.AdamW",),
    advice="optimize torch.view_as_real of the parameter",
)
@pytest.mark.changed(
    "1.13",
    "AdamW steps like the pair of real parts: the imaginary part goes to 2.49 instead of 1.99",
    kind="silent",
    cause="pytorch#80280",
    of=("torch.optim.AdamW",),
    rarely="complex parameters",
)
@pytest.mark.changed(
    "2.5",
    "Adafactor appears, and refuses complex parameters",
    kind="appeared",
    cause="pytorch#129905",
    of=("torch.optim.Adafactor",),
)
@pytest.mark.changed(
    "2.9",
    "Muon appears, and refuses complex parameters",
    kind="appeared",
    cause="pytorch#160213",
    of=("torch.optim.Muon",),
)
def test_adamw_steps_a_complex_parameter_and_newer_optimizers_refuse_it(name, snapshot):
    """AdamW steps a complex parameter as the pair of its parts; Adafactor and Muon refuse one.

    1 + 2i shrinks by 0.005 of itself, and goes by -0.5 and 0.5, against the signs of 1 - i.
    """

    def act():
        optimizer_class = getattr(torch.optim, name)
        weight, gradient = tensor([[1 + 2j]]), tensor([[1 - 1j]])
        step(optimizer_class([weight], lr=0.5), [weight], [gradient])
        return torch.view_as_real(weight)

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
@pytest.mark.changed(
    "1.8", "the message of Adagrad names the dtypes", kind="wording", of=("torch.optim.Adagrad",)
)
@pytest.mark.changed(
    "1.10", "NAdam appears", kind="appeared", cause="pytorch#59009", of=("torch.optim.NAdam",)
)
@pytest.mark.changed(
    "1.10", "RAdam appears", kind="appeared", cause="pytorch#58968", of=("torch.optim.RAdam",)
)
@pytest.mark.changed(
    "1.12",
    "Rprop raises, instead of leaving the integers as they are",
    kind="error",
    cause="pytorch#70483",
    probable=True,
    of=("torch.optim.Rprop",),
    advice="leave integers out of the optimizer",
    rarely="a tensor of integers",
)
@pytest.mark.changed(
    "1.13",
    "the message of Adagrad says what cannot be cast",
    kind="wording",
    of=("torch.optim.Adagrad",),
)
@pytest.mark.changed(
    "2.1",
    "the messages of Adam, Adamax, NAdam and RAdam name lerp",
    kind="wording",
    cause="pytorch#104796",
    probable=True,
    of=(
        "torch.optim.Adam",
        "torch.optim.Adamax",
        "torch.optim.NAdam",
        "torch.optim.RAdam",
    ),
)
@pytest.mark.changed(
    "2.5",
    "Adafactor appears",
    kind="appeared",
    cause="pytorch#129905",
    of=("torch.optim.Adafactor",),
)
@pytest.mark.changed(
    "2.8",
    "Adam, Adamax, NAdam and RAdam raise NotImplementedError, a subclass of RuntimeError",
    kind="wording",
    cause="pytorch#155470",
    of=(
        "torch.optim.Adam",
        "torch.optim.Adamax",
        "torch.optim.NAdam",
        "torch.optim.RAdam",
    ),
)
@pytest.mark.changed(
    "2.9", "Muon appears", kind="appeared", cause="pytorch#160213", of=("torch.optim.Muon",)
)
def test_integer_parameter_is_not_stepped(name, snapshot):
    """An optimizer can be built over a tensor of integers, but its step raises.

    Before 1.12 Rprop made a step without an error that left the integers as they are.
    """
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
@pytest.mark.changed(
    "1.10", "NAdam appears", kind="appeared", cause="pytorch#59009", of=("torch.optim.NAdam",)
)
@pytest.mark.changed(
    "1.10", "RAdam appears", kind="appeared", cause="pytorch#58968", of=("torch.optim.RAdam",)
)
@pytest.mark.changed(
    "2.5",
    "Adafactor appears",
    kind="appeared",
    cause="pytorch#129905",
    of=("torch.optim.Adafactor",),
)
@pytest.mark.changed(
    "2.9", "Muon appears", kind="appeared", cause="pytorch#160213", of=("torch.optim.Muon",)
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
@pytest.mark.changed(
    "1.10", "NAdam appears", kind="appeared", cause="pytorch#59009", of=("torch.optim.NAdam",)
)
@pytest.mark.changed(
    "1.10", "RAdam appears", kind="appeared", cause="pytorch#58968", of=("torch.optim.RAdam",)
)
@pytest.mark.changed(
    "2.0",
    "NAdam gives other results: it looks ahead by the momentum of the next step",
    kind="silent",
    cause="pytorch#92699",
    of=("torch.optim.NAdam",),
    when=("-foreach@6", "foreach@6=False|None"),
)
@pytest.mark.changed(
    "2.5",
    "Adafactor appears",
    kind="appeared",
    cause="pytorch#129905",
    of=("torch.optim.Adafactor",),
)
@pytest.mark.changed(
    "2.9", "Muon appears", kind="appeared", cause="pytorch#160213", of=("torch.optim.Muon",)
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
@pytest.mark.changed(
    "2.5",
    "Adafactor appears",
    kind="appeared",
    cause="pytorch#129905",
    of=("torch.optim.Adafactor",),
)
@pytest.mark.changed(
    "2.9", "Muon appears", kind="appeared", cause="pytorch#160213", of=("torch.optim.Muon",)
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
@pytest.mark.changed(
    "2.5",
    "Adafactor appears, and refuses sparse gradients",
    kind="appeared",
    cause="pytorch#129905",
    of=("torch.optim.Adafactor",),
)
@pytest.mark.changed(
    "2.9",
    "Muon appears, and refuses sparse gradients",
    kind="appeared",
    cause="pytorch#160213",
    of=("torch.optim.Muon",),
)
def test_newer_optimizers_refuse_a_sparse_gradient_and_lbfgs_takes_it(name, snapshot):
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
@pytest.mark.changed(
    "1.10", "NAdam appears", kind="appeared", cause="pytorch#59009", of=("torch.optim.NAdam",)
)
@pytest.mark.changed(
    "1.10", "RAdam appears", kind="appeared", cause="pytorch#58968", of=("torch.optim.RAdam",)
)
@pytest.mark.changed(
    "2.5",
    "Adafactor appears",
    kind="appeared",
    cause="pytorch#129905",
    of=("torch.optim.Adafactor",),
)
@pytest.mark.changed(
    "2.9", "Muon appears", kind="appeared", cause="pytorch#160213", of=("torch.optim.Muon",)
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
@pytest.mark.changed(
    "1.10", "NAdam appears", kind="appeared", cause="pytorch#59009", of=("torch.optim.NAdam",)
)
@pytest.mark.changed(
    "1.10", "RAdam appears", kind="appeared", cause="pytorch#58968", of=("torch.optim.RAdam",)
)
@pytest.mark.changed(
    "2.5",
    "LBFGS refuses a negative learning rate",
    kind="error",
    cause="pytorch#131065",
    probable=True,
    of=("torch.optim.LBFGS",),
    advice="set optimizer.param_groups[0]['lr'] after building, or pass maximize=True from 2.14 on",
    when=("lr@1=<unknown>|-1|-1.0|-0.5|-0.1|-0.01|-0.001|-0.0001",),
    rarely="a negative learning rate",
)
@pytest.mark.changed(
    "2.5",
    "Adafactor appears",
    kind="appeared",
    cause="pytorch#129905",
    of=("torch.optim.Adafactor",),
)
@pytest.mark.changed(
    "2.9", "Muon appears", kind="appeared", cause="pytorch#160213", of=("torch.optim.Muon",)
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
