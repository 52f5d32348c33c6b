"""Activations, one setting at a time: slopes, thresholds, limits, dimensions, and ``inplace``.

The inputs lie on both sides of each kink. The defaults differ between activations that look alike:
``LeakyReLU`` has the slope 0.01 and ``ELU`` the alpha 1. ``PReLU`` learns its slope, and has one
for all channels unless ``num_parameters`` says otherwise. ``inplace=True`` overwrites the input
with the output.
"""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from fixtures.layer_settings import counted
from fixtures.settings import each
from torch_history.observing import observe, observe_each

X = [-4.0, -1.75, -0.4375, 0.0, 0.4375, 1.75, 4.0]
# case -> layer, its settings
LAYERS = {
    "LeakyReLU": ("LeakyReLU", {}),
    "LeakyReLU negative_slope": ("LeakyReLU", {"negative_slope": 0.5}),
    "ELU": ("ELU", {}),
    "ELU alpha": ("ELU", {"alpha": 2.0}),
    "CELU": ("CELU", {}),
    "CELU alpha": ("CELU", {"alpha": 2.0}),
    "SELU": ("SELU", {}),
    "Hardtanh": ("Hardtanh", {}),
    "Hardtanh limits": ("Hardtanh", {"min_val": -0.5, "max_val": 2.0}),
    "Hardtanh older names": ("Hardtanh", {"min_value": -0.5, "max_value": 2.0}),
    "ReLU6": ("ReLU6", {}),
    "Hardshrink": ("Hardshrink", {}),
    "Hardshrink lambd": ("Hardshrink", {"lambd": 2.0}),
    "Softshrink": ("Softshrink", {}),
    "Softshrink lambd": ("Softshrink", {"lambd": 2.0}),
    "Softplus": ("Softplus", {}),
    "Softplus beta": ("Softplus", {"beta": 2.0}),
    "Softplus threshold": ("Softplus", {"threshold": 0.5}),
    "Threshold": ("Threshold", {"threshold": 0.5, "value": -9.0}),
    "GELU": ("GELU", {}),
    "GELU approximate": ("GELU", {"approximate": "tanh"}),
    "PReLU": ("PReLU", {}),
    "PReLU init": ("PReLU", {"init": 0.5}),
    "RReLU of one slope": ("RReLU", {"lower": 0.5, "upper": 0.5}),
    "Hardsigmoid": ("Hardsigmoid", {}),
    "Hardswish": ("Hardswish", {}),
    "Softsign": ("Softsign", {}),
    "LogSigmoid": ("LogSigmoid", {}),
    "Tanhshrink": ("Tanhshrink", {}),
    "SiLU": ("SiLU", {}),
    "Mish": ("Mish", {}),
}
# case -> function, its settings
FUNCTIONS = {
    "leaky_relu": ("leaky_relu", {"negative_slope": 0.5}),
    "elu": ("elu", {"alpha": 2.0}),
    "celu": ("celu", {"alpha": 2.0}),
    "hardtanh": ("hardtanh", {"min_val": -0.5, "max_val": 2.0}),
    "hardshrink": ("hardshrink", {"lambd": 2.0}),
    "softshrink": ("softshrink", {"lambd": 2.0}),
    "softplus": ("softplus", {"beta": 2.0, "threshold": 1.0}),
    "threshold": ("threshold", {"threshold": 0.5, "value": -9.0}),
    "gelu": ("gelu", {"approximate": "tanh"}),
    "rrelu": ("rrelu", {"lower": 0.5, "upper": 0.75}),
    "relu_": ("relu_", {}),
    "leaky_relu_": ("leaky_relu_", {"negative_slope": 0.5}),
    "elu_": ("elu_", {"alpha": 2.0}),
    "elu_ scales": ("elu_", {"alpha": 2.0, "scale": 3.0, "input_scale": 0.5}),
    "celu_": ("celu_", {"alpha": 2.0}),
    "selu_": ("selu_", {}),
    "hardtanh_": ("hardtanh_", {"min_val": -0.5, "max_val": 2.0}),
    "threshold_": ("threshold_", {"threshold": 0.5, "value": -9.0}),
    "rrelu_": ("rrelu_", {"lower": 0.5, "upper": 0.75}),
}
IN_PLACE = {
    "ReLU": {},
    "ReLU6": {},
    "LeakyReLU": {"negative_slope": 0.5},
    "ELU": {},
    "CELU": {},
    "SELU": {},
    "Hardtanh": {},
    "Threshold": {"threshold": 0.5, "value": -9.0},
    "RReLU": {"lower": 0.5, "upper": 0.5},
    "Hardsigmoid": {},
    "Hardswish": {},
    "SiLU": {},
    "Mish": {},
}


@pytest.mark.parametrize("case", LAYERS)
@pytest.mark.api(
    "torch.nn.LeakyReLU",
    "torch.nn.ELU",
    "torch.nn.CELU",
    "torch.nn.SELU",
    "torch.nn.Hardtanh",
    "torch.nn.ReLU6",
    "torch.nn.Hardshrink",
    "torch.nn.Softshrink",
    "torch.nn.Softplus",
    "torch.nn.Threshold",
    "torch.nn.GELU",
    "torch.nn.PReLU",
    "torch.nn.RReLU",
    "torch.nn.Hardsigmoid",
    "torch.nn.Hardswish",
    "torch.nn.Softsign",
    "torch.nn.LogSigmoid",
    "torch.nn.Tanhshrink",
    "torch.nn.SiLU",
    "torch.nn.Mish",
    "torch.nn.functional.hardsigmoid",
    "torch.nn.functional.softplus",
    page="nn",
)
@pytest.mark.changed(
    "1.5",
    "Hardsigmoid was added",
    kind="appeared",
    cause="pytorch#34545",
    probable=True,
    of="torch.nn.Hardsigmoid",
    unless=(),
)
@pytest.mark.changed(
    "1.6",
    "Hardswish was added",
    kind="appeared",
    cause="pytorch#34747",
    probable=True,
    of="torch.nn.Hardswish",
    unless=(),
)
@pytest.mark.changed(
    "1.6",
    "the gradient of Hardsigmoid is 0 for inputs below -3 and above 3, instead of 1/6",
    kind="silent",
    cause="pytorch#36351",
    probable=True,
    advice="on 1.5, compute torch.nn.functional.relu6(x + 3) / 6",
    unless=(),
    depends="the inputs: those below -3 or above 3",
    of=("torch.nn.Hardsigmoid", "torch.nn.functional.hardsigmoid"),
)
@pytest.mark.changed(
    "1.7", "SiLU was added", kind="appeared", cause="pytorch#41034", of="torch.nn.SiLU", unless=()
)
@pytest.mark.changed(
    "1.9", "Mish was added", kind="appeared", cause="pytorch#58648", of="torch.nn.Mish", unless=()
)
@pytest.mark.changed(
    "1.9",
    "the gradient of Softplus compares beta times the input with the threshold, not beta "
    "times the output: with a threshold of 0.5 it is 0.5 at 0, instead of 1",
    kind="silent",
    cause="pytorch#56484",
    advice="keep the default threshold of 20, where both agree",
    when=(
        "threshold@1!=20|20.0 and :of=torch.nn.Softplus",
        "threshold@2!=20|20.0 and :of=torch.nn.functional.softplus",
    ),
    depends="the inputs: those near the threshold",
    of=("torch.nn.Softplus", "torch.nn.functional.softplus"),
)
@pytest.mark.changed(
    "1.12",
    "GELU takes approximate",
    kind="appeared",
    cause="pytorch#61439",
    of="torch.nn.GELU",
    when="approximate",
)
@pytest.mark.changed(
    "2.4",
    "min_value and max_value of Hardtanh warn with FutureWarning instead of UserWarning",
    kind="warning",
    cause="pytorch#127689",
    probable=True,
    advice="pass min_val and max_val",
    when=("min_value@3", "max_value@4"),
    of="torch.nn.Hardtanh",
)
@pytest.mark.changed(
    "2.13",
    "the warning about min_value and max_value says renamed, where it said rename",
    kind="wording",
    when=("min_value@3", "max_value@4"),
    of="torch.nn.Hardtanh",
)
def test_activation_output_and_gradient_follow_each_setting(case, snapshot):
    """Each setting changes the output or the gradient of an activation.

    The inputs are -4, -1.75, -0.4375, 0 and their opposites. The gradient is that of the sum of the
    outputs.
    """
    layer, settings = LAYERS[case]

    def act():
        x = torch.tensor(X, requires_grad=True)
        output = getattr(nn, layer)(**settings)(x)
        output.sum().backward()
        return {"output": output, "gradient": x.grad}

    assert snapshot == observe(act)


@pytest.mark.parametrize("case", FUNCTIONS)
@pytest.mark.api(
    "torch.nn.functional.celu",
    "torch.nn.functional.celu_",
    "torch.nn.functional.elu",
    "torch.nn.functional.elu_",
    "torch.nn.functional.gelu",
    "torch.nn.functional.hardshrink",
    "torch.nn.functional.hardtanh",
    "torch.nn.functional.hardtanh_",
    "torch.nn.functional.leaky_relu",
    "torch.nn.functional.leaky_relu_",
    "torch.nn.functional.relu_",
    "torch.nn.functional.rrelu",
    "torch.nn.functional.rrelu_",
    "torch.nn.functional.selu_",
    "torch.nn.functional.softplus",
    "torch.nn.functional.softshrink",
    "torch.nn.functional.threshold",
    "torch.nn.functional.threshold_",
    page="nn.functional",
)
@pytest.mark.changed(
    "1.12",
    "gelu takes approximate",
    kind="appeared",
    cause="pytorch#61439",
    of="torch.nn.functional.gelu",
)
def test_functional_activation_follows_its_settings_by_name(case, snapshot):
    """The functions take the settings of the layers by name.

    Those whose name ends in ``_`` overwrite the input with the output.
    """
    function, settings = FUNCTIONS[case]

    def act():
        x = torch.tensor(X)
        return {"output": getattr(F, function)(x, **settings), "input": x}

    assert snapshot == observe(act)


@pytest.mark.parametrize("layer", IN_PLACE)
@pytest.mark.api(
    "torch.nn.ReLU",
    "torch.nn.ReLU6",
    "torch.nn.LeakyReLU",
    "torch.nn.ELU",
    "torch.nn.CELU",
    "torch.nn.SELU",
    "torch.nn.Hardtanh",
    "torch.nn.Threshold",
    "torch.nn.RReLU",
    "torch.nn.Hardsigmoid",
    "torch.nn.Hardswish",
    "torch.nn.SiLU",
    "torch.nn.Mish",
    page="nn",
)
@pytest.mark.changed(
    "1.5",
    "Hardsigmoid was added, without inplace",
    kind="appeared",
    cause="pytorch#34545",
    probable=True,
    of="torch.nn.Hardsigmoid",
    unless=(),
)
@pytest.mark.changed(
    "1.6",
    "Hardswish was added, without inplace",
    kind="appeared",
    cause="pytorch#34747",
    probable=True,
    of="torch.nn.Hardswish",
    unless=(),
)
@pytest.mark.changed(
    "1.7",
    "Hardsigmoid and Hardswish take inplace",
    kind="appeared",
    cause="pytorch#42346",
    of=("torch.nn.Hardsigmoid", "torch.nn.Hardswish"),
    when="inplace@0",
)
@pytest.mark.changed(
    "1.7", "SiLU was added", kind="appeared", cause="pytorch#41034", of="torch.nn.SiLU", unless=()
)
@pytest.mark.changed(
    "1.9", "Mish was added", kind="appeared", cause="pytorch#58648", of="torch.nn.Mish", unless=()
)
def test_activation_in_place_overwrites_its_input(layer, snapshot):
    """With ``inplace=True`` an activation overwrites its input and returns it.

    Without it, the input stays as it is.
    """

    def act(inplace):
        x = torch.tensor(X)
        output = getattr(nn, layer)(inplace=inplace, **IN_PLACE[layer])(x)
        return {"output is the input": output is x, "input": x}

    cases = {"in place": {"inplace": True}, "not in place": {"inplace": False}}
    assert snapshot == observe_each(each(act, cases))


@pytest.mark.parametrize("layer", ["Softmax", "Softmin", "LogSoftmax", "GLU"])
@pytest.mark.api(
    "torch.nn.Softmax",
    "torch.nn.Softmin",
    "torch.nn.LogSoftmax",
    "torch.nn.GLU",
    "torch.nn.functional.softmax",
    "torch.nn.functional.softmin",
    "torch.nn.functional.log_softmax",
    "torch.nn.functional.glu",
    page="generated/torch.nn.Softmax",
)
def test_activation_along_a_dimension_follows_dim_and_dtype(layer, snapshot):
    """``dim`` names the dimension that is normalised, or that GLU cuts into halves.

    The functions convert the input to ``dtype`` first; ``glu`` has no ``dtype``, and raises.
    """
    x = counted(2, 2) * 0.25
    function = {"LogSoftmax": "log_softmax"}.get(layer, layer.lower())
    acts = {f"dim={dim}": (lambda dim=dim: getattr(nn, layer)(dim=dim)(x)) for dim in (0, 1, -1)}
    for dim in (0, 1):
        acts[f"function, dim={dim}"] = lambda dim=dim: getattr(F, function)(x, dim=dim)
    acts["function, dtype"] = lambda: getattr(F, function)(x, dim=0, dtype=torch.float64)
    assert snapshot == observe_each(acts)


@pytest.mark.api("torch.nn.PReLU", "torch.nn.functional.prelu", page="generated/torch.nn.PReLU")
def test_prelu_has_a_slope_for_each_parameter(snapshot):
    """``PReLU(2)`` has a slope for each of two channels; ``init`` is the first value of each.

    The gradient of a slope is the sum of the negative inputs of its channel. Another number of
    slopes than 1 or that of the channels raises.
    """

    def act(**settings):
        layer = nn.PReLU(**settings)
        output = layer(torch.tensor([[-1.0, -2.0], [-3.0, 4.0]]))
        output.sum().backward()
        return {"output": output, "slopes": layer.weight, "gradient": layer.weight.grad}

    assert snapshot == observe_each(
        each(
            act,
            {
                "default": {},
                "num_parameters": {"num_parameters": 2},
                "init": {"num_parameters": 2, "init": 0.5},
                "num_parameters of other channels": {"num_parameters": 3},
            },
        )
    )


@pytest.mark.parametrize("function", ["rrelu", "rrelu_"])
@pytest.mark.api(
    "torch.nn.functional.rrelu",
    "torch.nn.functional.rrelu_",
    page="generated/torch.nn.functional.rrelu",
)
def test_rrelu_draws_a_slope_for_each_element_in_training(function, snapshot):
    """With ``training=True``, ``rrelu`` draws a slope between the limits for each negative element.

    Without it, all slopes are the mean of the limits. ``inplace=True`` and ``rrelu_`` overwrite the
    input.
    """

    def act(training, **settings):
        x = -torch.ones(64)
        slopes = -getattr(F, function)(x, lower=0.5, upper=0.75, training=training, **settings)
        return {
            "slopes differ": bool(slopes.min() < slopes.max()),
            "slopes lie between": bool(((slopes >= 0.5) & (slopes <= 0.75)).all()),
            "input changed": bool((x != -1).any()),
        }

    assert snapshot == observe_each(
        {
            "training": lambda: act(True),
            "not training": lambda: act(False),
            "in place": lambda: act(True, inplace=True),
        }
    )
