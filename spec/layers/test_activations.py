"""Activations: NaN, kinks, integers, in-place forms, and the dimension of softmax.

NaN stays NaN, also in activations that only clamp. At a kink the gradient is the gradient of the
flatter side. ReLU, ReLU6 and Hardtanh return integers for integers, and Sigmoid and Tanh convert
integers to floats. Most smooth activations and softmax raise on integers. ``inplace=True``
overwrites the input and changes neither output nor gradient. With a negative slope the functions
``leaky_relu_`` and ``elu_`` raise in backward; old releases computed a wrong gradient. Pass ``dim``
to ``torch.nn.Softmax``: without it the number of dimensions decides, and a warning asks for
``dim``.
"""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from torch_history.observing import observe, observe_each

NAN = float("nan")


@pytest.mark.parametrize("layer", ["ReLU", "ReLU6", "Hardtanh", "LeakyReLU", "Sigmoid", "Tanh"])
@pytest.mark.api(
    "torch.nn.ReLU",
    "torch.nn.ReLU6",
    "torch.nn.Hardtanh",
    "torch.nn.LeakyReLU",
    "torch.nn.Sigmoid",
    "torch.nn.Tanh",
    page="nn",
)
def test_activation_of_nan_is_nan(layer, snapshot):
    """An activation of NaN is NaN: clamping does not remove it."""
    assert snapshot == observe(lambda: getattr(nn, layer)()(torch.tensor([NAN])))


@pytest.mark.parametrize("layer", ["ReLU", "ReLU6", "Hardtanh"])
@pytest.mark.api("torch.nn.ReLU", "torch.nn.ReLU6", "torch.nn.Hardtanh", page="nn")
@pytest.mark.changed(
    "1.5",
    "Hardtanh and ReLU6 accept integers",
    kind="error-gone",
    cause="pytorch#24710 (the issue)",
    probable=True,
)
def test_clamping_activation_of_integers_gives_integers(layer, snapshot):
    """ReLU, ReLU6 and Hardtanh only clamp, so they accept integers and return integers.

    ReLU6 and Hardtanh do so since 1.5.
    """
    assert snapshot == observe(lambda: getattr(nn, layer)()(torch.tensor([-9, 0, 9])))


@pytest.mark.parametrize("layer", ["Sigmoid", "Tanh"])
@pytest.mark.api("torch.nn.Sigmoid", "torch.nn.Tanh", page="nn")
@pytest.mark.changed(
    "1.8",
    "integers are accepted and become floats",
    kind="error-gone",
    cause="pytorch#47551",
    when=":unseen",
)
def test_sigmoid_and_tanh_of_integers_give_floats(layer, snapshot):
    """Sigmoid and Tanh convert integers to the default float type.

    Before 1.8 they raised.
    """
    assert snapshot == observe(lambda: getattr(nn, layer)()(torch.tensor([0])))


@pytest.mark.parametrize("layer", ["GELU", "SiLU", "ELU", "LeakyReLU", "Softplus"])
@pytest.mark.api(
    "torch.nn.GELU",
    "torch.nn.SiLU",
    "torch.nn.ELU",
    "torch.nn.LeakyReLU",
    "torch.nn.Softplus",
    page="nn",
)
@pytest.mark.changed(
    "1.5",
    "ELU, LeakyReLU, Softplus: the message names the kernel and the type, not the backend",
    kind="wording",
)
@pytest.mark.changed(
    "1.7",
    "SiLU was added, and raises on integers as the others do",
    kind="appeared",
    cause="pytorch#41034",
)
@pytest.mark.changed(
    "2.8",
    "raises NotImplementedError instead of RuntimeError, its base class",
    kind="wording",
    cause="pytorch#155470",
    advice="catch RuntimeError, which matches both classes",
)
def test_activation_refuses_integers(layer, snapshot):
    """GELU, SiLU, ELU, LeakyReLU and Softplus raise on integers.

    Since 2.8 the exception is NotImplementedError, which ``except RuntimeError`` still catches.
    """
    with pytest.raises(RuntimeError):
        F.softplus(torch.tensor([1]))
    assert snapshot == observe(lambda: getattr(nn, layer)()(torch.tensor([1])))


@pytest.mark.parametrize("function", ["softmax", "log_softmax"])
@pytest.mark.api(
    "torch.nn.functional.softmax",
    "torch.nn.functional.log_softmax",
    page="generated/torch.nn.functional.softmax",
)
@pytest.mark.changed(
    "2.8",
    "raises NotImplementedError instead of RuntimeError, its base class",
    kind="wording",
    cause="pytorch#155470",
    advice="catch RuntimeError, which matches both classes",
)
def test_softmax_refuses_integers_unless_given_a_type(function, snapshot):
    """``softmax`` and ``log_softmax`` raise on integers unless ``dtype=`` names a float type.

    ``dtype=`` converts the input before the computation. Since 2.8 the exception is
    NotImplementedError, a subclass of RuntimeError.
    """
    assert (
        getattr(F, function)(torch.tensor([1, 1]), dim=0, dtype=torch.float32).dtype
        == torch.float32
    )
    assert snapshot == observe(lambda: getattr(F, function)(torch.tensor([1, 1]), dim=0))


@pytest.mark.parametrize("shape", [(2,), (2, 2), (2, 2, 2), (2, 2, 2, 2)], ids=str)
@pytest.mark.api("torch.nn.Softmax", page="generated/torch.nn.Softmax")
def test_softmax_without_dim_sums_over_the_first_or_the_second(shape, snapshot):
    """``Softmax()`` without ``dim`` uses dimension 0 for one or three dimensions, else 1.

    The output sums to one over that dimension. A warning asks for an explicit ``dim``.
    """
    x = torch.arange(2.0 ** len(shape)).reshape(shape) ** 2

    def act():
        output = nn.Softmax()(x)
        return {
            str(dim): bool(torch.allclose(output.sum(dim), torch.ones(())))
            for dim in range(len(shape))
        }

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.GELU", page="generated/torch.nn.GELU")
@pytest.mark.changed(
    "1.12",
    "GELU takes approximate: none by default, or tanh",
    kind="appeared",
    cause="pytorch#61439",
)
def test_gelu_is_exact_by_default(snapshot):
    """``GELU`` multiplies x by the normal cumulative distribution at x by default.

    ``approximate="tanh"``, which GPT-2 was trained with, differs in the fourth digit.
    """
    x = torch.tensor([1.0])
    assert snapshot == observe_each(
        {
            "default": lambda: nn.GELU()(x),
            "tanh": lambda: nn.GELU(approximate="tanh")(x),
        }
    )


def in_place(function):
    """Whether ``function`` returned its own input, its output, and the gradient of x."""
    x = torch.tensor([-2.0, 2.0], requires_grad=True)
    given = x * 1
    output = function(given)
    output.sum().backward()
    return {"in place": output is given, "output": output.detach(), "gradient": x.grad}


@pytest.mark.parametrize("function", ["leaky_relu_", "elu_"])
@pytest.mark.api(
    "torch.nn.functional.leaky_relu_",
    "torch.nn.functional.elu_",
    page="generated/torch.nn.functional.leaky_relu_",
)
@pytest.mark.changed(
    "1.5",
    "leaky_relu_ raises in backward, where it gave a wrong gradient before",
    kind="error",
    cause="pytorch#33639",
    advice="call leaky_relu instead of leaky_relu_",
    when="negative_slope@1",
    rarely="a negative slope",
    of="torch.nn.functional.leaky_relu_",
)
@pytest.mark.changed(
    "1.8",
    "elu_ raises in backward, where it gave a wrong gradient before",
    kind="error",
    cause="pytorch#49272",
    advice="call elu instead of elu_",
    when="alpha@1",
    rarely="a negative alpha",
    of="torch.nn.functional.elu_",
)
def test_in_place_activation_with_negative_slope_refuses_backward(function, snapshot):
    """``leaky_relu_`` and ``elu_`` with a negative slope raise in backward.

    The input is overwritten, so torch needs its sign from the output. With a negative slope the
    output is positive on both sides of 0. Before 1.5 (``leaky_relu_``) and 1.8 (``elu_``) the
    gradient was wrong, and nothing warned.
    """
    assert snapshot == observe(lambda: in_place(lambda given: getattr(F, function)(given, -1.0)))


@pytest.mark.parametrize(
    "layer", ["ReLU", "LeakyReLU", "ReLU6", "SiLU", "Hardswish", "Hardsigmoid", "Mish"]
)
@pytest.mark.api(
    "torch.nn.ReLU",
    "torch.nn.LeakyReLU",
    "torch.nn.SiLU",
    "torch.nn.Hardswish",
    "torch.nn.Hardsigmoid",
    "torch.nn.Mish",
    page="nn",
)
@pytest.mark.changed(
    "1.5",
    "Hardsigmoid was added, without inplace",
    kind="wording",
    cause="pytorch#34545",
    probable=True,
)
@pytest.mark.changed(
    "1.6",
    "Hardswish was added, without inplace",
    kind="wording",
    cause="pytorch#34747",
    probable=True,
)
@pytest.mark.changed("1.7", "SiLU was added", kind="appeared", cause="pytorch#41034")
@pytest.mark.changed(
    "1.7", "Hardsigmoid and Hardswish take inplace", kind="appeared", cause="pytorch#42346"
)
@pytest.mark.changed("1.9", "Mish was added", kind="appeared", cause="pytorch#58648")
def test_activation_in_place_computes_the_same_gradient(layer, snapshot):
    """``inplace=True`` overwrites the input; output and gradient are the same as without it."""

    def act():
        found, other = in_place(getattr(nn, layer)(inplace=True)), in_place(getattr(nn, layer)())
        same = {name: torch.equal(found[name], other[name]) for name in ("output", "gradient")}
        return {"in place": found["in place"], "otherwise": other["in place"], "same": same}

    assert snapshot == observe(act)


@pytest.mark.parametrize("layer", ["ReLU", "ReLU6", "Hardtanh", "LeakyReLU"])
@pytest.mark.api(
    "torch.nn.ReLU", "torch.nn.ReLU6", "torch.nn.Hardtanh", "torch.nn.LeakyReLU", page="nn"
)
def test_activation_at_its_kinks_takes_the_smaller_slope(layer, snapshot):
    """An activation's gradient at a kink is the gradient of the flatter side.

    The kinks are 0 for ReLU, ReLU6 and LeakyReLU, 6 for ReLU6, and -1 and 1 for Hardtanh.
    """
    x = torch.tensor([-1.0, 0.0, 1.0, 6.0], requires_grad=True)

    def act():
        getattr(nn, layer)()(x).sum().backward()
        return x.grad

    assert snapshot == observe(act)


@pytest.mark.api(
    "torch.nn.Hardswish", "torch.nn.functional.hardswish", page="generated/torch.nn.Hardswish"
)
@pytest.mark.changed("1.6", "hardswish appears", kind="appeared", cause="pytorch#34747")
@pytest.mark.changed(
    "2.8",
    "the gradient is 0 at -3 and 1 at 3, instead of -0.5 and 1.5",
    kind="silent",
    cause="pytorch#148049",
    rarely="an input of exactly -3 or 3",
)
def test_hardswish_at_its_kinks_takes_the_slope_of_the_straight_side(snapshot):
    """``hardswish`` has the gradient 0 at -3 and 1 at 3, the slopes of its straight sides.

    Old releases took the slopes of the curve between them, -0.5 and 1.5.
    """
    x = torch.tensor([-3.0, 3.0], requires_grad=True)

    def act():
        F.hardswish(x).sum().backward()
        return x.grad

    assert snapshot == observe(act)


@pytest.mark.parametrize("function", ["sigmoid", "tanh"])
@pytest.mark.api(
    "torch.nn.functional.sigmoid",
    "torch.nn.functional.tanh",
    page="generated/torch.nn.functional.sigmoid",
)
@pytest.mark.changed(
    "2.0", "no longer warns of deprecation", kind="warning", cause="pytorch#86905", unless=()
)
def test_functional_sigmoid_and_tanh_do_not_warn(function, snapshot):
    """``F.sigmoid`` and ``F.tanh`` do not warn.

    Before 2.0 they warned that they were deprecated.
    """
    assert snapshot == observe(lambda: getattr(F, function)(torch.tensor([0.0])))
