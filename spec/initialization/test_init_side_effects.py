"""What initialization changes: the random stream, values, and never objects or gradients.

A layer with numbers to learn draws them when it is made, in the order of its parameters; one
without them draws nothing. ``reset_parameters`` draws again into the same tensors, and keeps
gradients and ``requires_grad``. ``torch.nn.utils.skip_init`` and the meta device draw nothing.
"""

import pytest
import torch
from torch import nn
from torch.nn import init

from fixtures.effects import (
    LAYERS,
    LEARNT,
    changes,
    layer_of,
    moves_the_stream,
    without_warnings,
)
from fixtures.settings import each
from torch_history.observing import observe_each

EMBEDDINGS = {"Embedding": (2, 2), "EmbeddingBag": (2, 2)}
ALL_LEARNT = {**LEARNT, **EMBEDDINGS}


@pytest.mark.parametrize("family", LAYERS)
@pytest.mark.api(
    "torch.nn.CELU",
    "torch.nn.ELU",
    "torch.nn.GELU",
    "torch.nn.GLU",
    "torch.nn.Hardshrink",
    "torch.nn.Hardsigmoid",
    "torch.nn.Hardswish",
    "torch.nn.Hardtanh",
    "torch.nn.LeakyReLU",
    "torch.nn.LogSigmoid",
    "torch.nn.LogSoftmax",
    "torch.nn.Mish",
    "torch.nn.PReLU",
    "torch.nn.RReLU",
    "torch.nn.ReLU",
    "torch.nn.ReLU6",
    "torch.nn.SELU",
    "torch.nn.SiLU",
    "torch.nn.Sigmoid",
    "torch.nn.Softmax",
    "torch.nn.Softmax2d",
    "torch.nn.Softmin",
    "torch.nn.Softplus",
    "torch.nn.Softshrink",
    "torch.nn.Softsign",
    "torch.nn.Tanh",
    "torch.nn.Tanhshrink",
    "torch.nn.Threshold",
    "torch.nn.Identity",
    "torch.nn.Linear",
    "torch.nn.Bilinear",
    "torch.nn.Conv1d",
    "torch.nn.Conv2d",
    "torch.nn.Conv3d",
    "torch.nn.ConvTranspose1d",
    "torch.nn.ConvTranspose2d",
    "torch.nn.ConvTranspose3d",
    "torch.nn.Fold",
    "torch.nn.Unfold",
    "torch.nn.CosineSimilarity",
    "torch.nn.PairwiseDistance",
    "torch.nn.AdaptiveAvgPool1d",
    "torch.nn.AdaptiveAvgPool2d",
    "torch.nn.AdaptiveAvgPool3d",
    "torch.nn.AdaptiveMaxPool1d",
    "torch.nn.AdaptiveMaxPool2d",
    "torch.nn.AdaptiveMaxPool3d",
    "torch.nn.AvgPool1d",
    "torch.nn.AvgPool2d",
    "torch.nn.AvgPool3d",
    "torch.nn.MaxPool1d",
    "torch.nn.MaxPool2d",
    "torch.nn.MaxPool3d",
    "torch.nn.LPPool1d",
    "torch.nn.LPPool2d",
    "torch.nn.LPPool3d",
    "torch.nn.FractionalMaxPool2d",
    "torch.nn.FractionalMaxPool3d",
    "torch.nn.CircularPad1d",
    "torch.nn.CircularPad2d",
    "torch.nn.CircularPad3d",
    "torch.nn.ConstantPad1d",
    "torch.nn.ConstantPad2d",
    "torch.nn.ConstantPad3d",
    "torch.nn.ReflectionPad1d",
    "torch.nn.ReflectionPad2d",
    "torch.nn.ReflectionPad3d",
    "torch.nn.ReplicationPad1d",
    "torch.nn.ReplicationPad2d",
    "torch.nn.ReplicationPad3d",
    "torch.nn.ZeroPad1d",
    "torch.nn.ZeroPad2d",
    "torch.nn.ZeroPad3d",
    "torch.nn.Flatten",
    "torch.nn.Unflatten",
    "torch.nn.PixelShuffle",
    "torch.nn.PixelUnshuffle",
    "torch.nn.ChannelShuffle",
    "torch.nn.Upsample",
    "torch.nn.UpsamplingBilinear2d",
    "torch.nn.UpsamplingNearest2d",
    "torch.nn.BatchNorm1d",
    "torch.nn.BatchNorm2d",
    "torch.nn.BatchNorm3d",
    "torch.nn.InstanceNorm1d",
    "torch.nn.InstanceNorm2d",
    "torch.nn.InstanceNorm3d",
    "torch.nn.LayerNorm",
    "torch.nn.GroupNorm",
    "torch.nn.RMSNorm",
    "torch.nn.LocalResponseNorm",
    "torch.nn.CrossMapLRN2d",
    "torch.nn.Dropout",
    "torch.nn.Dropout1d",
    "torch.nn.Dropout2d",
    "torch.nn.Dropout3d",
    "torch.nn.AlphaDropout",
    "torch.nn.FeatureAlphaDropout",
    "torch.nn.RNN",
    "torch.nn.LSTM",
    "torch.nn.GRU",
    "torch.nn.RNNCell",
    "torch.nn.LSTMCell",
    "torch.nn.GRUCell",
    "torch.nn.MultiheadAttention",
    "torch.nn.Transformer",
    "torch.nn.TransformerEncoderLayer",
    "torch.nn.TransformerDecoderLayer",
    page="nn",
)
@pytest.mark.changed(
    "1.5",
    "Hardsigmoid appears",
    kind="appeared",
    cause="pytorch#34545",
    probable=True,
    of=("torch.nn.Hardsigmoid",),
)
@pytest.mark.changed(
    "1.6",
    "Hardswish appears",
    kind="appeared",
    cause="pytorch#34747",
    of=("torch.nn.Hardswish",),
)
@pytest.mark.changed(
    "1.7",
    "SiLU appears",
    kind="appeared",
    cause="pytorch#41034",
    of=("torch.nn.SiLU",),
)
@pytest.mark.changed(
    "1.7",
    "Unflatten appears",
    kind="appeared",
    cause="pytorch#41564",
    of=("torch.nn.Unflatten",),
)
@pytest.mark.changed(
    "1.8",
    "ChannelShuffle appears",
    kind="appeared",
    cause="pytorch#46000",
    of=("torch.nn.ChannelShuffle",),
)
@pytest.mark.changed(
    "1.8",
    "PixelUnshuffle appears",
    kind="appeared",
    cause="pytorch#49334",
    of=("torch.nn.PixelUnshuffle",),
)
@pytest.mark.changed(
    "1.9",
    "Mish appears",
    kind="appeared",
    cause="pytorch#58648",
    of=("torch.nn.Mish",),
)
@pytest.mark.changed(
    "1.10",
    "ReflectionPad3d appears",
    kind="appeared",
    cause="pytorch#59791",
    of=("torch.nn.ReflectionPad3d",),
)
@pytest.mark.changed(
    "1.12",
    "Dropout1d appears",
    kind="appeared",
    cause="pytorch#79545",
    of=("torch.nn.Dropout1d",),
)
@pytest.mark.changed(
    "2.1",
    "CircularPad1d, CircularPad2d and CircularPad3d appear",
    kind="appeared",
    cause="pytorch#106632",
    of=(
        "torch.nn.CircularPad1d",
        "torch.nn.CircularPad2d",
        "torch.nn.CircularPad3d",
    ),
)
@pytest.mark.changed(
    "2.1",
    "ZeroPad1d and ZeroPad3d appear",
    kind="appeared",
    cause="pytorch#96295",
    of=(
        "torch.nn.ZeroPad1d",
        "torch.nn.ZeroPad3d",
    ),
)
@pytest.mark.changed(
    "2.3",
    "LPPool3d appears",
    kind="appeared",
    cause="pytorch#114199",
    of=("torch.nn.LPPool3d",),
)
@pytest.mark.changed(
    "2.4",
    "RMSNorm appears",
    kind="appeared",
    cause="pytorch#121364",
    of=("torch.nn.RMSNorm",),
)
def test_making_a_layer_moves_the_stream_if_it_has_random_parameters(family, snapshot):
    """A layer draws its parameters from the global stream when it is made.

    Normalisation layers and PReLU start from constants, and layers without parameters from
    nothing: they leave the stream. Dropout draws in the call, not when it is made.
    """
    cases = {name: {"name": name} for name in LAYERS[family]}
    assert snapshot == observe_each(
        each(lambda name: moves_the_stream(lambda: layer_of(family, name)), cases)
    )


@pytest.mark.api(
    "torch.nn.Linear",
    "torch.nn.Bilinear",
    "torch.nn.Conv1d",
    "torch.nn.Conv2d",
    "torch.nn.Conv3d",
    "torch.nn.ConvTranspose1d",
    "torch.nn.ConvTranspose2d",
    "torch.nn.ConvTranspose3d",
    "torch.nn.RNN",
    "torch.nn.LSTM",
    "torch.nn.GRU",
    "torch.nn.RNNCell",
    "torch.nn.LSTMCell",
    "torch.nn.GRUCell",
    "torch.nn.MultiheadAttention",
    "torch.nn.Transformer",
    "torch.nn.TransformerEncoderLayer",
    "torch.nn.TransformerDecoderLayer",
    "torch.nn.Embedding",
    "torch.nn.EmbeddingBag",
    page="nn",
)
@pytest.mark.changed(
    "1.9",
    "layers take device",
    kind="appeared",
    cause="pytorch#54508",
)
def test_layer_on_the_meta_device_draws_nothing(snapshot):
    """A layer that is made with ``device="meta"`` has no numbers, and draws nothing."""

    def act(name):
        return moves_the_stream(lambda: getattr(nn, name)(*ALL_LEARNT[name], device="meta"))

    assert snapshot == observe_each(each(act, {name: {"name": name} for name in ALL_LEARNT}))


@pytest.mark.api("torch.nn.utils.skip_init", page="generated/torch.nn.utils.skip_init")
@pytest.mark.changed(
    "1.10",
    "skip_init appears, and raises for RNN, LSTM and GRU",
    kind="appeared",
    cause="pytorch#57555",
)
def test_skip_init_of_any_layer_draws_nothing(snapshot):
    """``skip_init`` makes the layer on the meta device first, and draws nothing.

    Trap: ``MultiheadAttention`` and the Transformer layers initialise out of reach of
    ``reset_parameters``; they draw nothing here either.
    """

    def act(name):
        return moves_the_stream(lambda: nn.utils.skip_init(getattr(nn, name), *ALL_LEARNT[name]))

    assert snapshot == observe_each(each(act, {name: {"name": name} for name in ALL_LEARNT}))


RESET = {
    **{name: ALL_LEARNT[name] for name in ALL_LEARNT if "ention" not in name},
    "LayerNorm": (2,),
    "GroupNorm": (1, 2),
    "BatchNorm1d": (2,),
    "InstanceNorm1d": (2, 1e-5, 0.1, True, True),
    "PReLU": (),
    "RMSNorm": (2,),
    "AdaptiveLogSoftmaxWithLoss": (4, 4, [2]),
}
for transformer in ("Transformer", "TransformerEncoderLayer", "TransformerDecoderLayer"):
    RESET.pop(transformer)


def filled(layer):
    """The layer with parameters of 9, gradients of 1 and nothing that requires grad."""
    for parameter in layer.parameters():
        parameter.data.fill_(9.0)
        parameter.grad = torch.ones_like(parameter)
    return layer.requires_grad_(False)


@pytest.mark.api(
    "torch.nn.Linear",
    "torch.nn.Bilinear",
    "torch.nn.Conv1d",
    "torch.nn.Conv2d",
    "torch.nn.Conv3d",
    "torch.nn.ConvTranspose1d",
    "torch.nn.ConvTranspose2d",
    "torch.nn.ConvTranspose3d",
    "torch.nn.RNN",
    "torch.nn.LSTM",
    "torch.nn.GRU",
    "torch.nn.RNNCell",
    "torch.nn.LSTMCell",
    "torch.nn.GRUCell",
    "torch.nn.Embedding",
    "torch.nn.EmbeddingBag",
    "torch.nn.LayerNorm",
    "torch.nn.GroupNorm",
    "torch.nn.BatchNorm1d",
    "torch.nn.InstanceNorm1d",
    "torch.nn.PReLU",
    "torch.nn.RMSNorm",
    "torch.nn.AdaptiveLogSoftmaxWithLoss",
    page="nn",
)
@pytest.mark.changed(
    "1.6",
    "raises ModuleAttributeError, a subclass of AttributeError",
    kind="wording",
    cause="pytorch#34324",
    when=":unseen",
    of="torch.nn.PReLU",
)
@pytest.mark.changed(
    "1.8",
    "raises plain AttributeError again",
    kind="wording",
    cause="pytorch#50298",
    when=":unseen",
    of="torch.nn.PReLU",
)
@pytest.mark.changed(
    "2.1",
    "PReLU has reset_parameters",
    kind="appeared",
    of="torch.nn.PReLU",
)
@pytest.mark.changed(
    "2.4",
    "RMSNorm appears",
    kind="appeared",
    cause="pytorch#121364",
    of=("torch.nn.RMSNorm",),
)
def test_reset_parameters_keeps_objects_gradients_and_freezing(snapshot):
    """``reset_parameters`` writes into the parameters and buffers that the layer has.

    It keeps the Parameter objects, their gradients and ``requires_grad``, and draws where the layer
    starts from random numbers.
    """

    def act(name):
        layer = filled(getattr(nn, name)(*RESET[name]))
        own = list(layer.parameters())
        return changes(
            layer.reset_parameters,
            values=lambda: own,
            objects=lambda: [one is other for one, other in zip(own, layer.parameters())],
            gradients=lambda: [one.grad for one in layer.parameters()],
            requires_grad=lambda: [one.requires_grad for one in layer.parameters()],
        )

    assert snapshot == observe_each(each(act, {name: {"name": name} for name in RESET}))


@pytest.mark.api(
    "torch.nn.BatchNorm1d",
    "torch.nn.InstanceNorm1d",
    page="generated/torch.nn.BatchNorm1d",
)
def test_reset_running_stats_keeps_parameters_and_buffers(snapshot):
    """``reset_running_stats`` writes the start into the buffers, and leaves the parameters.

    ``reset_parameters`` resets the statistics too.
    """

    def act(name, method):
        layer = filled(getattr(nn, name)(*RESET[name]))
        layer.running_mean.fill_(5.0)
        layer.num_batches_tracked.fill_(5)
        own = list(layer.buffers())
        return changes(
            getattr(layer, method),
            parameters=lambda: list(layer.parameters()),
            statistics=lambda: list(layer.buffers()),
            objects=lambda: [one is other for one, other in zip(own, layer.buffers())],
        )

    assert snapshot == observe_each(
        {
            f"{name}, {method}": lambda name=name, method=method: act(name, method)
            for name in ("BatchNorm1d", "InstanceNorm1d")
            for method in ("reset_running_stats", "reset_parameters")
        }
    )


INITS = {
    "uniform_": (),
    "normal_": (),
    "trunc_normal_": (),
    "constant_": (1.0,),
    "ones_": (),
    "zeros_": (),
    "eye_": (),
    "dirac_": (),
    "xavier_uniform_": (),
    "xavier_normal_": (),
    "kaiming_uniform_": (),
    "kaiming_normal_": (),
    "orthogonal_": (),
    "sparse_": (0.5,),
}


@pytest.mark.api(
    "torch.nn.init.uniform_",
    "torch.nn.init.normal_",
    "torch.nn.init.trunc_normal_",
    "torch.nn.init.constant_",
    "torch.nn.init.ones_",
    "torch.nn.init.zeros_",
    "torch.nn.init.eye_",
    "torch.nn.init.dirac_",
    "torch.nn.init.xavier_uniform_",
    "torch.nn.init.xavier_normal_",
    "torch.nn.init.kaiming_uniform_",
    "torch.nn.init.kaiming_normal_",
    "torch.nn.init.orthogonal_",
    "torch.nn.init.sparse_",
    page="nn.init",
)
@pytest.mark.changed(
    "1.6",
    "trunc_normal_ appears",
    kind="appeared",
    cause="pytorch#32397",
    of=("torch.nn.init.trunc_normal_",),
)
def test_init_function_draws_unless_its_values_are_constant(snapshot):
    """A random initializer draws from the global stream; it leaves gradient and ``requires_grad``.

    ``constant_``, ``ones_``, ``zeros_``, ``eye_`` and ``dirac_`` draw nothing.
    """

    def act(name):
        weight = nn.Parameter(torch.full((2, 2, 1) if name == "dirac_" else (2, 2), 9.0))
        weight.grad = torch.ones_like(weight)
        return changes(
            lambda: getattr(init, name)(weight, *INITS[name]),
            value=lambda: [weight],
            gradient=lambda: [weight.grad],
            requires_grad=lambda: [weight.requires_grad],
        )

    assert snapshot == observe_each(each(act, {name: {"name": name} for name in INITS}))


META = ("uniform_", "normal_", "constant_", "xavier_normal_", "kaiming_uniform_", "sparse_")


@pytest.mark.api(
    "torch.nn.init.uniform_",
    "torch.nn.init.normal_",
    "torch.nn.init.constant_",
    "torch.nn.init.xavier_normal_",
    "torch.nn.init.kaiming_uniform_",
    "torch.nn.init.sparse_",
    page="nn.init",
)
@pytest.mark.changed(
    "1.6",
    "the message lists xla too",
    kind="wording",
    cause="pytorch#36446",
    when=":unseen",
)
@pytest.mark.changed(
    "1.8",
    "the message lists xpu and vulkan too",
    kind="wording",
    cause="pytorch#49786",
    probable=True,
    when=":unseen",
)
@pytest.mark.changed(
    "1.9",
    "meta is a device",
    kind="appeared",
    cause="pytorch#53143",
)
@pytest.mark.changed(
    "2.12",
    "sparse_ draws nothing for a tensor on the meta device",
    kind="random",
    cause="pytorch#176614",
    rarely="a tensor on the meta device",
    of="torch.nn.init.sparse_",
)
def test_init_function_on_the_meta_device_draws_nothing(snapshot):
    """An initializer of a tensor on the meta device writes nothing, and draws nothing.

    ``sparse_`` draws the places of the zeros on the CPU, and moved the stream in some releases.
    """

    def act(name):
        weight = torch.empty(2, 2, device="meta")
        return moves_the_stream(lambda: getattr(init, name)(weight, *INITS[name]))

    assert snapshot == observe_each(each(act, {name: {"name": name} for name in META}))


@pytest.mark.api(
    "torch.nn.TransformerEncoder",
    "torch.nn.TransformerDecoder",
    page="generated/torch.nn.TransformerEncoder",
)
def test_transformer_encoder_copies_the_layer_that_it_is_given(snapshot):
    """``TransformerEncoder`` deep-copies the layer it is given: its layers start from equal values.

    It draws nothing, and the given layer is none of its layers. Trap: the layers start alike,
    unless they are initialised again.
    """

    def act(whole, part):
        layer = getattr(nn, part)(2, 1, 2)
        made = []
        with without_warnings():
            moved = moves_the_stream(lambda: made.append(getattr(nn, whole)(layer, 2)))
        first, second = made[0].layers
        return {
            "draws": moved,
            "holds the layer": layer in (first, second),
            "layers are equal": torch.equal(first.linear1.weight, second.linear1.weight),
            "layers share": first.linear1.weight is second.linear1.weight,
        }

    assert snapshot == observe_each(
        {
            "encoder": lambda: act("TransformerEncoder", "TransformerEncoderLayer"),
            "decoder": lambda: act("TransformerDecoder", "TransformerDecoderLayer"),
        }
    )
