"""Lazy layers, one setting at a time, and functions that write into ``out``.

A lazy layer reads its number of channels from the first input, and becomes the plain layer. The
settings are those of the plain layer. A lazy layer that has seen no input can load the state of one
that has, and takes the shapes of its parameters and buffers from this state.
"""

import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.nn import parameter

from fixtures.layer_settings import counted, filled
from fixtures.settings import each
from torch_history.observing import observe, observe_each

CONVS = {
    "LazyConv1d": (4,),
    "LazyConv2d": (4, 2),
    "LazyConv3d": (4, 2, 2),
    "LazyConvTranspose1d": (3,),
    "LazyConvTranspose2d": (3, 2),
    "LazyConvTranspose3d": (3, 2, 2),
}
NORMS = {
    "LazyBatchNorm1d": (2, 2),
    "LazyBatchNorm2d": (2, 2, 2, 1),
    "LazyBatchNorm3d": (2, 2, 1, 2, 1),
    "LazyInstanceNorm1d": (2, 2, 2),
    "LazyInstanceNorm2d": (2, 2, 2, 1),
    "LazyInstanceNorm3d": (2, 2, 1, 2, 1),
}


@pytest.mark.parametrize("layer", CONVS)
@pytest.mark.api(
    "torch.nn.LazyConv1d",
    "torch.nn.LazyConv2d",
    "torch.nn.LazyConv3d",
    "torch.nn.LazyConvTranspose1d",
    "torch.nn.LazyConvTranspose2d",
    "torch.nn.LazyConvTranspose3d",
    page="generated/torch.nn.LazyConv2d",
)
@pytest.mark.changed(
    "1.8",
    "the lazy convolutions were added, with a warning that lazy modules are new",
    kind="appeared",
    cause="pytorch#47350",
    unless=(),
)
@pytest.mark.changed(
    "2.4",
    "lazy layers no longer warn that they are new",
    kind="warning",
    cause="pytorch#123968",
    unless=(),
)
def test_lazy_conv_output_follows_each_setting(layer, snapshot):
    """A lazy convolution takes each setting of the plain one; the input gives the channels.

    The kernel is 2 in each dimension. Only transposed layers have ``output_padding``, and they
    accept no ``padding_mode`` but zeros.
    """
    x = counted(1, 2, *CONVS[layer])

    def act(**settings):
        made = getattr(nn, layer)(2, 2, **settings)
        made(x)
        return filled(made)(x)

    cases = {
        "default": {},
        "stride": {"stride": 2},
        "padding": {"padding": 1},
        "dilation": {"dilation": 2, "padding": 1},
        "groups": {"groups": 2},
        "bias": {"bias": False},
        "padding_mode": {"padding": 1, "padding_mode": "circular"},
    }
    if "Transpose" in layer:
        cases["output_padding"] = {"stride": 2, "output_padding": 1}
    assert snapshot == observe_each(each(act, cases))


@pytest.mark.parametrize("layer", NORMS)
@pytest.mark.api(
    "torch.nn.LazyBatchNorm1d",
    "torch.nn.LazyBatchNorm2d",
    "torch.nn.LazyBatchNorm3d",
    "torch.nn.LazyInstanceNorm1d",
    "torch.nn.LazyInstanceNorm2d",
    "torch.nn.LazyInstanceNorm3d",
    page="generated/torch.nn.LazyBatchNorm2d",
)
@pytest.mark.changed(
    "1.9",
    "the lazy batch norms were added, with a warning that lazy modules are new",
    kind="appeared",
    cause="pytorch#51862",
    of=("torch.nn.LazyBatchNorm1d", "torch.nn.LazyBatchNorm2d", "torch.nn.LazyBatchNorm3d"),
    unless=(),
)
@pytest.mark.changed(
    "1.10",
    "the lazy instance norms were added, with a warning that lazy modules are new",
    kind="appeared",
    cause="pytorch#60982",
    of=(
        "torch.nn.LazyInstanceNorm1d",
        "torch.nn.LazyInstanceNorm2d",
        "torch.nn.LazyInstanceNorm3d",
    ),
    unless=(),
)
@pytest.mark.changed(
    "2.4",
    "lazy instance norms accept momentum=None, and never update their statistics then",
    kind="error-gone",
    of=(
        "torch.nn.LazyInstanceNorm1d",
        "torch.nn.LazyInstanceNorm2d",
        "torch.nn.LazyInstanceNorm3d",
    ),
    when="momentum@1=None",
)
@pytest.mark.changed(
    "2.4",
    "lazy layers no longer warn that they are new",
    kind="warning",
    cause="pytorch#123968",
    unless=(),
)
@pytest.mark.changed(
    "2.12",
    "lazy batch and instance norms take bias",
    kind="appeared",
    cause="pytorch#176573",
    when="bias",
)
def test_lazy_norm_output_and_state_follow_each_setting(layer, snapshot):
    """A lazy norm takes each setting of the plain one, and saves and loads the same state.

    Each case trains on two batches, and loads the state into a lazy norm that has seen no input. A
    lazy instance norm has statistics by default, unlike the plain one. It never counts batches.
    """
    batch = counted(*NORMS[layer])

    def act(**settings):
        made, fresh = (getattr(nn, layer)(**settings) for _ in range(2))
        names = list(fresh.state_dict())
        made(batch)
        made(batch + 12)
        state = {name: one.clone() for name, one in made.state_dict().items()}
        fresh.load_state_dict(state)
        loaded = {name: one.clone() for name, one in fresh.state_dict().items()}
        return {"names": names, "eval": made.eval()(batch), "state": state, "loaded": loaded}

    statistics = {"track_running_stats": True}
    assert snapshot == observe_each(
        each(
            act,
            {
                "default": {},
                "eps": {"eps": 0.5},
                "momentum": {**statistics, "momentum": 0.5},
                "momentum None": {**statistics, "momentum": None},
                "affine": {"affine": True},
                "without affine": {"affine": False},
                "without bias": {"affine": True, "bias": False},
                "without statistics": {"track_running_stats": False},
            },
        )
    )


@pytest.mark.parametrize("layer", NORMS)
@pytest.mark.api(
    "torch.nn.LazyBatchNorm1d",
    "torch.nn.LazyBatchNorm2d",
    "torch.nn.LazyBatchNorm3d",
    "torch.nn.LazyInstanceNorm1d",
    "torch.nn.LazyInstanceNorm2d",
    "torch.nn.LazyInstanceNorm3d",
    page="generated/torch.nn.LazyBatchNorm2d",
)
@pytest.mark.changed(
    "1.9",
    "the lazy batch norms were added, with a warning that lazy modules are new",
    kind="appeared",
    cause="pytorch#51862",
    of=("torch.nn.LazyBatchNorm1d", "torch.nn.LazyBatchNorm2d", "torch.nn.LazyBatchNorm3d"),
    unless=(),
)
@pytest.mark.changed(
    "1.10",
    "the lazy instance norms were added, with a warning that lazy modules are new",
    kind="appeared",
    cause="pytorch#60982",
    of=(
        "torch.nn.LazyInstanceNorm1d",
        "torch.nn.LazyInstanceNorm2d",
        "torch.nn.LazyInstanceNorm3d",
    ),
    unless=(),
)
@pytest.mark.changed(
    "2.1",
    "a lazy instance norm compares the channels of the input with num_features, which is 0 "
    "after load_state_dict, and raises ValueError",
    kind="error",
    cause="pytorch#94624",
    advice="give the layer a batch before load_state_dict",
    when=("-affine@2", "affine@2=True"),
    rarely="a layer that loads a state before its first input",
    of=(
        "torch.nn.LazyInstanceNorm1d",
        "torch.nn.LazyInstanceNorm2d",
        "torch.nn.LazyInstanceNorm3d",
    ),
)
@pytest.mark.changed(
    "2.4",
    "lazy layers no longer warn that they are new",
    kind="warning",
    cause="pytorch#123968",
    unless=(),
)
def test_lazy_norm_that_loads_a_state_before_its_first_input_goes_on_from_it(layer, snapshot):
    """A lazy norm that loads a state before its first input goes on from these statistics.

    Loading does not set ``num_features``, which stays 0. Since 2.1 an instance norm compares it
    with the channels of the input, so a lazy one raises here.
    """
    batch = counted(*NORMS[layer])

    def act():
        made, fresh = (getattr(nn, layer)(track_running_stats=True) for _ in range(2))
        made(batch)
        fresh.load_state_dict(made.state_dict())
        fresh(batch + 12)
        return fresh.running_mean, fresh.num_features

    assert snapshot == observe(act)


@pytest.mark.api(
    "torch.nn.LazyLinear",
    "torch.nn.UninitializedParameter",
    "torch.nn.UninitializedBuffer",
    page="generated/torch.nn.LazyLinear",
)
@pytest.mark.changed(
    "1.8",
    "LazyLinear, which warns that it is new, and UninitializedParameter were added",
    kind="appeared",
    cause="pytorch#44538",
    of=("torch.nn.LazyLinear", "torch.nn.UninitializedParameter"),
    unless=(),
)
@pytest.mark.changed(
    "1.9",
    "UninitializedParameter takes device and dtype",
    kind="appeared",
    cause="pytorch#54508",
    probable=True,
    of="torch.nn.UninitializedParameter",
    when=("device", "dtype"),
)
@pytest.mark.changed(
    "1.9",
    "UninitializedBuffer was added",
    kind="appeared",
    cause="pytorch#51548",
    of="torch.nn.UninitializedBuffer",
    unless=(),
)
@pytest.mark.changed(
    "2.4",
    "lazy layers no longer warn that they are new",
    kind="warning",
    cause="pytorch#123968",
    unless=(),
    of="torch.nn.LazyLinear",
)
def test_lazy_linear_and_what_has_no_shape_yet_follow_each_setting(snapshot):
    """``LazyLinear`` reads its width from the input; what has no shape yet keeps its settings.

    ``UninitializedParameter`` and ``UninitializedBuffer`` have the ``requires_grad`` and ``dtype``
    that they were made with, also after they get a shape.
    """

    def linear(**settings):
        layer = nn.LazyLinear(2, **settings)
        layer(torch.ones(1, 3))
        return filled(layer)(torch.ones(1, 3))

    def shaped(name, **settings):
        one = getattr(parameter, name)(**settings)
        one.materialize((2,))
        return one.requires_grad, str(one.dtype), one.shape

    acts = each(linear, {"LazyLinear": {}, "LazyLinear, bias": {"bias": False}})
    for name in ("UninitializedParameter", "UninitializedBuffer"):
        for value in (True, False):
            acts[f"{name}, requires_grad={value}"] = lambda name=name, value=value: shaped(
                name, requires_grad=value
            )
        acts[f"{name}, dtype"] = lambda name=name: shaped(name, dtype=torch.float64)
    assert snapshot == observe_each(acts)


@pytest.mark.api(
    "torch.nn.functional.avg_pool2d",
    "torch.nn.functional.avg_pool3d",
    "torch.nn.functional.gelu",
    "torch.nn.functional.hardshrink",
    "torch.nn.functional.linear",
    "torch.nn.functional.softplus",
    "torch.nn.functional.softshrink",
    page="nn.functional",
)
@pytest.mark.changed(
    "1.11",
    "gelu, hardshrink and linear take out",
    kind="appeared",
    cause="pytorch#61608",
    of=("torch.nn.functional.gelu", "torch.nn.functional.hardshrink", "torch.nn.functional.linear"),
)
def test_functional_layer_writes_into_out(snapshot):
    """With ``out=`` these functions write their result into a tensor and return it.

    The documentation does not name the argument. It works without autograd only: an input that
    requires a gradient raises.
    """

    def act(name, shape, *rest):
        out = torch.zeros(shape)
        result = getattr(F, name)(counted(*shape) - 2.0, *rest, out=out)
        return {"out": out, "returned": result is out}

    assert snapshot == observe_each(
        {
            "avg_pool2d": lambda: act("avg_pool2d", (1, 2, 2), 1),
            "avg_pool3d": lambda: act("avg_pool3d", (1, 1, 2, 2), 1),
            "gelu": lambda: act("gelu", (3,)),
            "hardshrink": lambda: act("hardshrink", (3,)),
            "linear": lambda: act("linear", (1, 2), torch.ones(2, 2)),
            "softplus": lambda: act("softplus", (3,)),
            "softshrink": lambda: act("softshrink", (3,)),
        }
    )
