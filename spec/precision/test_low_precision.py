"""Parameters and numbers in bfloat16, float16 and float8: rounding, sums, and optimizers.

bfloat16 has 8 bits for the digits and the range of float32; float16 has 11 bits and ends at 65,504.
A step that is smaller than half the distance to the next number is lost, so small steps need a
float32 copy of the weights. The state of an optimizer has the dtype of the parameter. Float8 dtypes
hold numbers, and have no arithmetic.
"""

import math

import pytest
import torch
from torch import nn

from fixtures.settings import each
from torch_history.observing import apart, observe, observe_each

BF16, F16 = torch.bfloat16, torch.float16


@pytest.mark.api("torch.Tensor.to", page="generated/torch.Tensor.to")
def test_conversion_rounds_to_the_nearest_even_number(snapshot):
    """``to(dtype)`` rounds to the nearest number, halves to the even one, and overflows to inf.

    float16 overflows from 65,520 on.
    """
    eps = {"bfloat16": 2.0**-7, "float16": 2.0**-10}
    largest = {"bfloat16": 3.39e38, "float16": 65504.0}

    def converted(name):
        values = [1 + eps[name] / 2, 1 + eps[name] * 1.5, largest[name], math.nan, -0.0]
        values += [65519.0, 65520.0, 2.0**-24, 2.0**-26]
        return torch.tensor(values).to(getattr(torch, name))

    assert snapshot == observe_each(each(converted, {name: {"name": name} for name in eps}))


@pytest.mark.api("torch.Tensor.to", page="generated/torch.Tensor.to")
@pytest.mark.changed(
    "2.1", "float8_e4m3fn and float8_e5m2 appear", kind="appeared", cause="pytorch#104242"
)
@pytest.mark.changed(
    "2.13",
    "a number over 448 becomes 448 in float8_e4m3fn, instead of NaN",
    kind="silent",
    cause="pytorch#178817",
    advice="look for numbers over torch.finfo(torch.float8_e4m3fn).max before the conversion",
    when="dtype@0=torch.float8_e4m3fn",
    depends="the numbers",
)
def test_conversion_to_float8_of_a_large_number(snapshot):
    """A number that is too large for ``float8_e4m3fn`` becomes the largest one, 448, since 2.13.

    Before, it became NaN from 465 on. ``float8_e5m2`` has inf, and overflows to it.
    """
    values = torch.tensor([1.0, 448.0, 465.0, 1000.0, 65536.0, math.inf, math.nan])
    cases = {name: {"name": name} for name in ("float8_e4m3fn", "float8_e5m2")}
    assert snapshot == observe_each(
        each(lambda name: values.to(getattr(torch, name)).float(), cases)
    )


@pytest.mark.api("torch.float8_e4m3fn", page="tensors")
@pytest.mark.changed(
    "2.1", "float8_e4m3fn and float8_e5m2 appear", kind="appeared", cause="pytorch#104242"
)
@pytest.mark.changed(
    "2.8",
    "raises NotImplementedError, which is a RuntimeError",
    kind="wording",
    cause="pytorch#155470",
)
def test_float8_has_no_arithmetic(snapshot):
    """Float8 tensors can be stored, converted and be parameters. Arithmetic raises."""
    assert snapshot == observe_each(
        {
            "parameter": lambda: nn.Parameter(torch.ones(1).to(torch.float8_e4m3fn)).dtype,
            "sum": lambda: torch.ones(1).to(torch.float8_e4m3fn) + 1,
            "product": lambda: torch.ones(1).to(torch.float8_e4m3fn) * 2.0,
            "converted": lambda: torch.ones(1).to(torch.float8_e4m3fn).float() + 1,
        }
    )


@pytest.mark.api("torch.promote_types", "torch.result_type", page="tensor_attributes")
@pytest.mark.changed(
    "1.6",
    "the message names common_dtype_",
    kind="wording",
    cause="pytorch#39655",
    probable=True,
)
@pytest.mark.changed(
    "1.7", "bfloat16 is promoted with other dtypes", kind="error-gone", cause="pytorch#43324"
)
def test_mixed_dtypes_give_the_wider_one(snapshot):
    """bfloat16 and float16 give float32, since neither holds the other.

    A Python number and a tensor without dimensions do not widen a tensor of the same category.
    """
    ones = torch.ones(1, dtype=BF16)
    assert snapshot == observe_each(
        {
            "bfloat16 and float16": lambda: (ones + ones.half()).dtype,
            "bfloat16 and float32": lambda: (ones + ones.float()).dtype,
            "bfloat16 and int64": lambda: (ones + ones.long()).dtype,
            "number": lambda: (ones * 2.5).dtype,
            "without dimensions": lambda: (ones * torch.tensor(2.5)).dtype,
            "promote_types": lambda: torch.promote_types(BF16, F16),
            "result_type": lambda: torch.result_type(ones, torch.tensor(2.5)),
        }
    )


@pytest.mark.api("torch.sum", page="generated/torch.sum")
@pytest.mark.changed(
    "1.5", "cumsum: the message names cumsum_out_cpu instead of _th_cumsum", kind="wording"
)
@pytest.mark.changed(
    "1.7",
    "sum and mean of bfloat16 add in parts: 300 instead of 256",
    kind="silent",
    advice="nothing to do: the sum has more digits",
    of="torch.sum",
    rarely="bfloat16 on the CPU",
    cause="pytorch#39516",
    probable=True,
)
@pytest.mark.changed(
    "1.12",
    "cumsum takes bfloat16",
    kind="error-gone",
    cause="pytorch#61897",
    probable=True,
)
def test_sum_of_half_precision_is_rounded_once(snapshot):
    """``sum`` adds bfloat16 in float32 and rounds the result. A loop of additions stops at 256.

    256 + 1 is 256 in bfloat16.
    """
    ones = torch.ones(300, dtype=BF16)

    def loop():
        total = torch.zeros((), dtype=BF16)
        for one in ones:
            total = total + one
        return total

    assert snapshot == observe_each(
        {
            "sum": ones.sum,
            "sum in float32": lambda: ones.sum(dtype=torch.float32),
            "mean": ones.mean,
            "cumsum": lambda: ones.cumsum(0)[-1],
            "loop": loop,
        }
    )


def trained(dtype, copy):
    """A weight of 1 after four steps of 2 ** -9, alone or through a float32 copy."""
    weight = nn.Parameter(torch.ones(1, dtype=dtype))
    kept = nn.Parameter(weight.detach().float()) if copy else weight
    optimizer = torch.optim.SGD([kept], lr=2.0**-9)
    for _ in range(4):
        weight.grad = None
        (weight * 1.0).sum().backward()
        kept.grad = weight.grad.to(kept.dtype)
        optimizer.step()
        with torch.no_grad():
            weight.copy_(kept)
    return weight


@pytest.mark.api("torch.optim.SGD", page="generated/torch.optim.SGD")
@pytest.mark.changed(
    "1.6", "SGD steps in float16", kind="error-gone", cause="pytorch#37121", probable=True
)
def test_small_steps_are_lost_in_bfloat16(snapshot):
    """Four steps of 2 ** -9 leave a bfloat16 weight at 1; in float32 they add up to 2 ** -7.

    Keep a float32 copy for the optimizer, and copy it to the bfloat16 weight after each step.
    float16 has the digits for this step.
    """
    cases = {
        "bfloat16": {"dtype": BF16, "copy": False},
        "bfloat16 with a float32 copy": {"dtype": BF16, "copy": True},
        "float16": {"dtype": F16, "copy": False},
    }
    assert snapshot == observe_each(each(trained, cases))


OPTIMIZERS = ["SGD", "Adam", "AdamW", "Adagrad", "RMSprop", "Adamax", "Adadelta", "ASGD", "Rprop"]


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.api(
    "torch.optim.SGD",
    "torch.optim.Adam",
    "torch.optim.AdamW",
    "torch.optim.Adagrad",
    "torch.optim.RMSprop",
    "torch.optim.Adamax",
    "torch.optim.Adadelta",
    "torch.optim.ASGD",
    "torch.optim.Rprop",
    "torch.optim.Adam.state",
    "torch.optim.AdamW.state",
    "torch.optim.Adagrad.state",
    "torch.optim.RMSprop.state",
    "torch.optim.Adamax.state",
    "torch.optim.Adadelta.state",
    "torch.optim.ASGD.state",
    "torch.optim.Rprop.state",
    page="optim",
)
@pytest.mark.changed(
    "1.6",
    "Adamax stops at max_cpu instead of abs_cpu, Rprop at addcmul_cpu_out instead of sign_cpu",
    kind="wording",
)
@pytest.mark.changed("1.7", "Adamax stops at max_values_cpu", kind="wording")
@pytest.mark.changed("1.9", "Adamax stops at addcdiv_cpu_out", kind="wording")
@pytest.mark.changed(
    "1.10",
    "Adam, AdamW, Adagrad, Adadelta, Adamax, RMSprop and Rprop step in bfloat16",
    kind="error-gone",
    cause="pytorch#55221",
)
@pytest.mark.changed(
    "1.12",
    "step is a float32 tensor instead of an int (Adam, AdamW, Adagrad, Adamax)",
    kind="representation",
    cause="pytorch#71333",
    advice="use int(state['step'])",
    of=(
        "torch.optim.Adam.state",
        "torch.optim.AdamW.state",
        "torch.optim.Adagrad.state",
        "torch.optim.Adamax.state",
    ),
    rarely="code that reads state['step']",
)
@pytest.mark.changed(
    "1.12",
    "ASGD's step, eta and mu are float32 tensors instead of numbers",
    kind="representation",
    cause="pytorch#71335",
    advice="use int(state['step'])",
    of=("torch.optim.ASGD.state",),
    rarely="code that reads state['step']",
)
@pytest.mark.changed(
    "2.4",
    "step is a float32 tensor instead of an int (Adadelta)",
    kind="representation",
    cause="pytorch#122252",
    advice="use int(state['step'])",
    of=("torch.optim.Adadelta.state",),
    rarely="code that reads state['step']",
)
@pytest.mark.changed(
    "2.4",
    "step is a float32 tensor instead of an int (RMSprop)",
    kind="representation",
    cause="pytorch#122264",
    advice="use int(state['step'])",
    of=("torch.optim.RMSprop.state",),
    rarely="code that reads state['step']",
)
@pytest.mark.changed(
    "2.4",
    "step is a float32 tensor instead of an int (Rprop)",
    kind="representation",
    cause="pytorch#122261",
    advice="use int(state['step'])",
    of=("torch.optim.Rprop.state",),
    rarely="code that reads state['step']",
)
def test_state_of_an_optimizer_has_the_dtype_of_the_parameter(name, snapshot):
    """Averages and momenta of a bfloat16 parameter are bfloat16; the count of steps is float32."""

    def act():
        weight = nn.Parameter(torch.ones(1, dtype=BF16))
        settings = {"momentum": 0.5} if name == "SGD" else {}
        optimizer = getattr(torch.optim, name)([weight], lr=0.125, **settings)
        weight.grad = torch.ones(1, dtype=BF16)
        optimizer.step()
        return {
            key: value.dtype if torch.is_tensor(value) else type(value).__name__
            for key, value in optimizer.state[weight].items()
        }

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.Module.bfloat16", page="generated/torch.nn.Module")
@pytest.mark.changed(
    "1.6",
    "the message names common_dtype_",
    kind="wording",
    cause="pytorch#39655",
    probable=True,
)
@pytest.mark.changed("1.7", "Adam: the message names both dtypes", kind="wording")
@pytest.mark.changed(
    "1.7",
    "SGD goes on with its float32 momentum",
    kind="error-gone",
    cause="pytorch#41698",
    probable=True,
)
@pytest.mark.changed(
    "1.13", "Adam: the message is an internal assertion about dynamic casting", kind="wording"
)
@pytest.mark.changed(
    "2.1",
    "Adam: the message names lerp's end",
    kind="wording",
    cause="pytorch#104796",
    probable=True,
)
def test_model_converted_after_a_step_keeps_the_old_state(snapshot):
    """``model.bfloat16()`` after a step leaves float32 state in the optimizer.

    SGD goes on with its float32 momentum, and Adam raises. Convert the model before the optimizer
    is made.
    """

    def act(optimizer, **settings):
        layer = nn.Linear(1, 1, bias=False)
        layer.weight.data.fill_(1.0)
        made = optimizer(layer.parameters(), lr=0.5, **settings)
        for dtype in (torch.float32, BF16):
            layer.to(dtype)
            layer.weight.grad = torch.ones(1, 1, dtype=dtype)
            made.step()
        return layer.weight

    cases = {
        "SGD": {"optimizer": torch.optim.SGD, "momentum": 0.5},
        "Adam": {"optimizer": torch.optim.Adam},
    }
    assert snapshot == observe_each(each(act, cases))


@pytest.mark.api("torch.nn.Linear", page="generated/torch.nn.Linear")
@pytest.mark.changed("1.5", "Module.bfloat16 appears", kind="appeared")
@pytest.mark.changed(
    "1.7",
    "the message names the scalar types",
    kind="wording",
    cause="pytorch#40927",
)
@pytest.mark.changed(
    "1.13", "the message names mat1 and mat2", kind="wording", cause="pytorch#84960"
)
@pytest.mark.changed("2.1", "the message names both dtypes", kind="wording", cause="pytorch#105309")
def test_bfloat16_layer_refuses_float32_input(snapshot):
    """A bfloat16 layer raises for float32 input, outside autocast. Convert the input."""
    assert snapshot == observe_each(
        {
            "float32": lambda: nn.Linear(2, 1).bfloat16()(torch.ones(1, 2)).dtype,
            "converted": lambda: nn.Linear(2, 1).bfloat16()(torch.ones(1, 2).bfloat16()).dtype,
        }
    )


@pytest.mark.api("torch.set_default_dtype", page="generated/torch.set_default_dtype")
@pytest.mark.changed(
    "1.6",
    "layers are made in bfloat16 and float16",
    kind="error-gone",
    cause="pytorch#35580",
)
def test_default_dtype_may_be_half_precision(snapshot):
    """``set_default_dtype(torch.bfloat16)`` makes layers and new tensors bfloat16.

    Integers are refused.
    """

    def act(dtype):
        try:
            torch.set_default_dtype(dtype)
            return {"layer": nn.Linear(1, 1).weight.dtype, "tensor": torch.tensor(1.5).dtype}
        finally:
            torch.set_default_dtype(torch.float32)

    cases = {name: {"dtype": getattr(torch, name)} for name in ("bfloat16", "float16", "int64")}
    assert snapshot == observe_each(each(act, cases))


@pytest.mark.api("torch.finfo", page="type_info")
@pytest.mark.changed(
    "1.7",
    "finfo of bfloat16 no longer ends the process",
    kind="error-gone",
    cause="pytorch#40488",
    probable=True,
)
@pytest.mark.changed(
    "2.1", "float8_e4m3fn and float8_e5m2 appear", kind="appeared", cause="pytorch#104242"
)
def test_finfo_tells_range_and_distance(snapshot):
    """``torch.finfo`` tells the largest number, the smallest normal one, and eps.

    eps is the distance from 1 to the next number. torch 1.4 ends the process for bfloat16.
    """
    names = ("float16", "bfloat16", "float8_e4m3fn", "float8_e5m2")

    def facts(name):
        found = torch.finfo(getattr(torch, name))
        return {"max": found.max, "tiny": found.tiny, "eps": found.eps, "bits": found.bits}

    assert snapshot == observe_each(
        each(lambda name: apart(lambda: facts(name))(), {name: {"name": name} for name in names})
    )


@pytest.mark.api("torch.optim.Adam", page="generated/torch.optim.Adam")
@pytest.mark.changed(
    "1.10",
    "Adam steps in bfloat16",
    kind="error-gone",
    cause="pytorch#55221",
)
@pytest.mark.changed("1.12", "Adam takes foreach", kind="appeared", cause="pytorch#70295")
@pytest.mark.changed(
    "1.13", "Adam takes fused, for CUDA only", kind="appeared", cause="pytorch#85739"
)
@pytest.mark.changed(
    "2.0",
    "the message says fused=True instead of FusedAdam",
    kind="wording",
    cause="pytorch#88015",
    probable=True,
)
@pytest.mark.changed(
    "2.1",
    "the message names the supported devices",
    kind="wording",
    cause="pytorch#102047",
    probable=True,
)
@pytest.mark.changed(
    "2.4", "fused steps of Adam run on the CPU too", kind="error-gone", cause="pytorch#123074"
)
def test_one_optimizer_steps_parameters_of_two_dtypes(snapshot):
    """An optimizer may hold float32 and bfloat16 parameters together, in each implementation."""

    def act(**settings):
        members = [nn.Parameter(torch.ones(1, dtype=dtype)) for dtype in (torch.float32, BF16)]
        for member in members:
            member.grad = torch.ones_like(member)
        torch.optim.Adam(members, lr=0.5, **settings).step()
        return {
            str(member.dtype): abs(float(member.detach()) - 0.5) < 2.0**-7 for member in members
        }

    cases = {"plain": {}, "foreach": {"foreach": True}, "fused": {"fused": True}}
    assert snapshot == observe_each(each(act, cases))


@pytest.mark.api("torch.Tensor.lerp_", page="generated/torch.Tensor.lerp_")
@pytest.mark.changed(
    "1.6",
    "the message names common_dtype_",
    kind="wording",
    cause="pytorch#39655",
    probable=True,
)
@pytest.mark.changed(
    "1.7", "add_ takes bfloat16 into float32", kind="error-gone", cause="pytorch#41698"
)
def test_average_of_weights_stops_in_bfloat16(snapshot):
    """An exponential average of bfloat16 weights does not move by small steps; keep it in float32.

    The average begins with 1, and goes towards 2 by 1/1024 a step, for four steps. ``lerp_`` takes
    no weights of another dtype, ``mul_`` and ``add_`` do.
    """

    def average(dtype, update):
        kept = torch.ones(1, dtype=dtype)
        for _ in range(4):
            update(kept, torch.full((1,), 2.0, dtype=BF16))
        return kept

    def added(kept, weight):
        kept.mul_(1 - 2.0**-10).add_(weight, alpha=2.0**-10)

    def moved(kept, weight):
        kept.lerp_(weight, 2.0**-10)

    cases = {
        "bfloat16": {"dtype": BF16, "update": added},
        "float32": {"dtype": torch.float32, "update": added},
        "float32 by lerp_": {"dtype": torch.float32, "update": moved},
    }
    assert snapshot == observe_each(each(average, cases))
