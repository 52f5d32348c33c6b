"""Layers in float16, bfloat16 and complex numbers, and with parameters of another dtype.

A layer converted by ``half()`` or ``bfloat16()`` computes forward and backward in that dtype. On
CPU all layers tried here do so in bfloat16 since 1.12 and in float16 since 2.3. Trap: Linear
accepted float16 from 1.7 to 1.11, and raised from 1.12 to 2.1. Norms with float32 parameters also
accept half precision and return it; RMSNorm returned float32 up to 2.6. PReLU raises if its slope
and its input differ in dtype. A float32 Linear trains on float16 tensors as
``layer(x.float()).half()`` on every release.
"""

import pytest
import torch
from torch import nn

from torch_history.observing import observe, observe_each

LAYERS = {  # how to make the layer, and the shape of its input
    "Linear": (lambda: nn.Linear(4, 2), (2, 4)),
    "Conv2d": (lambda: nn.Conv2d(4, 2, 2), (2, 4, 3, 3)),
    "ConvTranspose2d": (lambda: nn.ConvTranspose2d(4, 2, 2), (2, 4, 3, 3)),
    "BatchNorm2d": (lambda: nn.BatchNorm2d(4), (2, 4, 3, 3)),
    "LayerNorm": (lambda: nn.LayerNorm(4), (2, 4)),
    "GroupNorm": (lambda: nn.GroupNorm(2, 4), (2, 4)),
    "LSTM": (lambda: nn.LSTM(4, 2), (3, 2, 4)),
    "Dropout": (lambda: nn.Dropout(), (2, 4)),
    "MaxPool2d": (lambda: nn.MaxPool2d(2), (2, 4, 3, 3)),
    "AdaptiveAvgPool2d": (lambda: nn.AdaptiveAvgPool2d(1), (2, 4, 3, 3)),
    "ReLU": (lambda: nn.ReLU(), (2, 4)),
    "GELU": (lambda: nn.GELU(), (2, 4)),
    "Softmax": (lambda: nn.Softmax(1), (2, 4)),
}


def trained(layer, shape, dtype):
    """The dtypes of output and input gradient after forward and backward in ``dtype``."""
    x = torch.ones(shape).to(dtype).requires_grad_()
    output = layer.to(dtype)(x)
    output = output[0] if isinstance(output, tuple) else output
    output.sum().backward()
    return {"output": output.dtype, "gradient": x.grad.dtype}


@pytest.mark.parametrize("layer", list(LAYERS))
@pytest.mark.api(
    "torch.nn.Module.half",
    "torch.nn.Linear",
    "torch.nn.Conv2d",
    "torch.nn.BatchNorm2d",
    "torch.nn.LayerNorm",
    "torch.nn.LSTM",
    "torch.nn.Dropout",
    "torch.nn.MaxPool2d",
    "torch.nn.ReLU",
    "torch.nn.GELU",
    "torch.nn.Softmax",
    "torch.nn.Module.to",
    page="nn",
)
@pytest.mark.changed(
    "1.5", "LSTM: the message names _th_addmm_out instead of _th_mm", kind="wording"
)
@pytest.mark.changed(
    "1.6",
    "AdaptiveAvgPool2d trains in float16 on CPU",
    kind="error-gone",
    rarely="a model on the CPU",
    of="torch.nn.Module.half",
)
@pytest.mark.changed(
    "1.6", "GroupNorm: the message names another kernel", kind="wording", cause="pytorch#28203"
)
@pytest.mark.changed(
    "1.7",
    "Linear trains in float16 on CPU",
    kind="error-gone",
    cause="pytorch#40927",
    probable=True,
    rarely="a model on the CPU",
    of="torch.nn.Module.half",
)
@pytest.mark.changed(
    "1.7",
    "LSTM: the message names another kernel",
    kind="wording",
    cause="pytorch#40927",
    probable=True,
)
@pytest.mark.changed(
    "1.9", "MaxPool2d: the message names another kernel", kind="wording", cause="pytorch#56361"
)
@pytest.mark.changed(
    "1.9", "ReLU: the message names another kernel", kind="wording", cause="pytorch#51819"
)
@pytest.mark.changed(
    "1.11", "Conv2d: the message names slow_conv2d_cpu instead of unfolded2d_copy", kind="wording"
)
@pytest.mark.changed(
    "1.12",
    "Linear raises on CPU again, as before 1.7",
    kind="error",
    cause="pytorch#75647",
    advice="keep the layer in float32, and call layer(x.float()).half()",
    restored_by="layers.linear_in_float32_trains_on_converted_float16",
    when=(
        "-@0 and -device and -dtype",
        "dtype@0=torch.float16|torch.half and dtype@0!=<unknown>",
        "dtype@1=torch.float16|torch.half and dtype@1!=<unknown>",
    ),
    rarely="a model with nn.Linear on the CPU",
    of=("torch.nn.Module.half", "torch.nn.Module.to"),
)
@pytest.mark.changed(
    "1.12",
    "LSTM: the message names another kernel",
    kind="wording",
    cause="pytorch#75647",
    when=":unseen",
)
@pytest.mark.changed(
    "2.0", "ReLU: the message names clamp_min_scalar_cpu instead of clamp_min_cpu", kind="wording"
)
@pytest.mark.changed(
    "2.1",
    "GELU trains in float16 on CPU",
    kind="error-gone",
    cause="pytorch#98745",
    rarely="a model on the CPU",
    of="torch.nn.Module.half",
)
@pytest.mark.changed(
    "2.1",
    "ReLU trains in float16 on CPU",
    kind="error-gone",
    cause="pytorch#98493",
    probable=True,
    rarely="a model on the CPU",
    of="torch.nn.Module.half",
)
@pytest.mark.changed(
    "2.2",
    "Linear and LSTM train in float16 on CPU",
    kind="error-gone",
    cause="pytorch#99498",
    probable=True,
    rarely="a model on the CPU",
    of="torch.nn.Module.half",
)
@pytest.mark.changed(
    "2.2",
    "Conv2d and ConvTranspose2d train in float16 on CPU",
    kind="error-gone",
    cause="pytorch#99497",
    rarely="a model on the CPU",
    of="torch.nn.Module.half",
)
@pytest.mark.changed(
    "2.2",
    "BatchNorm2d and GroupNorm train in float16 on CPU",
    kind="error-gone",
    cause="pytorch#100234",
    probable=True,
    rarely="a model on the CPU",
    of="torch.nn.Module.half",
)
@pytest.mark.changed(
    "2.2",
    "MaxPool2d trains in float16 on CPU",
    kind="error-gone",
    cause="pytorch#98819",
    rarely="a model on the CPU",
    of="torch.nn.Module.half",
)
@pytest.mark.changed(
    "2.2",
    "Dropout trains in float16 on CPU",
    kind="error-gone",
    cause="pytorch#104176",
    rarely="a model on the CPU",
    of="torch.nn.Module.half",
)
@pytest.mark.changed(
    "2.2",
    "Softmax trains in float16 on CPU",
    kind="error-gone",
    cause="pytorch#103315",
    rarely="a model on the CPU",
    of="torch.nn.Module.half",
)
@pytest.mark.changed(
    "2.3",
    "LayerNorm trains in float16 on CPU",
    kind="error-gone",
    cause="pytorch#99590",
    rarely="a model on the CPU",
    of="torch.nn.Module.half",
)
def test_layers_train_in_float16(layer, snapshot):
    """A layer converted by ``half()`` computes forward and backward in float16.

    On CPU most layers do so only since 2.1 to 2.3.
    """
    make, shape = LAYERS[layer]
    assert snapshot == observe(lambda: trained(make(), shape, torch.float16))


@pytest.mark.api("torch.nn.Linear", "torch.nn.Module.half", page="generated/torch.nn.Linear")
def test_linear_in_float32_trains_on_converted_float16(snapshot):
    """A float32 layer trains on float16 tensors as ``layer(x.float()).half()``.

    Output and input gradient have float16, and every release computes this on CPU.
    """

    def act():
        x = torch.ones(2, 4).half().requires_grad_()
        output = nn.Linear(4, 2)(x.float()).half()
        output.float().sum().backward()
        return {"output": output.dtype, "gradient": x.grad.dtype}

    assert snapshot == observe_each({"Linear": act})


@pytest.mark.parametrize(
    "layer", sorted(set(LAYERS) - {"ConvTranspose2d"})
)  # its first bfloat16 kernels depended on the CPU
@pytest.mark.api(
    "torch.nn.Module.bfloat16",
    "torch.nn.Linear",
    "torch.nn.Conv2d",
    "torch.nn.BatchNorm2d",
    "torch.nn.LayerNorm",
    "torch.nn.LSTM",
    "torch.nn.Dropout",
    "torch.nn.MaxPool2d",
    "torch.nn.ReLU",
    "torch.nn.GELU",
    "torch.nn.Softmax",
    page="nn",
)
@pytest.mark.changed(
    "1.6", "GroupNorm: the message names another kernel", kind="wording", cause="pytorch#28203"
)
@pytest.mark.changed(
    "1.6", "LSTM: the message names tanh_backward_cpu instead of sigmoid_cpu", kind="wording"
)
@pytest.mark.changed(
    "1.9",
    "ReLU trains in bfloat16 on CPU",
    kind="error-gone",
    cause="pytorch#51819",
    probable=True,
    rarely="a model on the CPU",
    of="torch.nn.Module.bfloat16",
)
@pytest.mark.changed(
    "1.9", "MaxPool2d: the message names another kernel", kind="wording", cause="pytorch#56361"
)
@pytest.mark.changed(
    "1.10",
    "Dropout, GELU, LayerNorm, LSTM and Softmax train in bfloat16 on CPU",
    kind="error-gone",
    cause="pytorch#55210",
    rarely="a model on the CPU",
    of="torch.nn.Module.bfloat16",
)
@pytest.mark.changed(
    "1.11",
    "MaxPool2d trains in bfloat16 on CPU",
    kind="error-gone",
    cause="pytorch#56903",
    rarely="a model on the CPU",
    of="torch.nn.Module.bfloat16",
)
@pytest.mark.changed(
    "1.12",
    "BatchNorm2d and GroupNorm train in bfloat16 on CPU",
    kind="error-gone",
    cause="pytorch#61015",
    rarely="a model on the CPU",
    of="torch.nn.Module.bfloat16",
)
def test_layers_train_in_bfloat16(layer, snapshot):
    """A layer converted to bfloat16 computes forward and backward in bfloat16.

    On CPU many layers do so only since 1.9 to 1.12.
    """
    make, shape = LAYERS[layer]
    assert snapshot == observe(lambda: trained(make(), shape, torch.bfloat16))


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.api("torch.nn.Embedding", page="generated/torch.nn.Embedding")
@pytest.mark.changed(
    "1.5",
    "bfloat16 is accepted on CPU",
    kind="error-gone",
    cause="pytorch#30598",
    probable=True,
    when=":unseen",
)
@pytest.mark.changed(
    "1.5",
    "float16: the sum raises instead of the lookup",
    kind="wording",
    cause="pytorch#30598",
    probable=True,
)
@pytest.mark.changed("1.6", "float16 is accepted on CPU", kind="error-gone", when=":unseen")
def test_embedding_trains_in_half_precision(dtype, snapshot):
    """An embedding in half precision trains: its gradient has the same dtype.

    The gradient of the sum counts how often each row is looked up.
    """

    def act():
        layer = nn.Embedding(3, 2).to(getattr(torch, dtype))
        layer(torch.tensor([1, 1])).sum().backward()
        return layer.weight.grad

    assert snapshot == observe(act)


NORMS = {
    "BatchNorm1d": lambda: nn.BatchNorm1d(2),
    "LayerNorm": lambda: nn.LayerNorm(2),
    "GroupNorm": lambda: nn.GroupNorm(1, 2),
}


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize("norm", list(NORMS))
@pytest.mark.api("torch.nn.BatchNorm1d", "torch.nn.LayerNorm", "torch.nn.GroupNorm", page="nn")
@pytest.mark.changed(
    "1.6",
    "GroupNorm: the message names another kernel",
    kind="wording",
    cause="pytorch#28203",
)
@pytest.mark.changed(
    "1.10",
    "LayerNorm of bfloat16: the message says that the types differ",
    kind="wording",
)
@pytest.mark.changed(
    "1.12",
    "BatchNorm1d and LayerNorm accept bfloat16 on CPU",
    kind="error-gone",
    cause="pytorch#61015",
    probable=True,
    when=":unseen",
)
@pytest.mark.changed(
    "1.12",
    "GroupNorm of bfloat16: the message says that the types differ",
    kind="wording",
    cause="pytorch#61015",
    probable=True,
)
@pytest.mark.changed(
    "1.13",
    "LayerNorm raises on bfloat16 on CPU, only in 1.13",
    kind="error",
    cause="pytorch#78298",
    advice="call norm.to(torch.bfloat16)",
    restored_by="layers.layernorm_in_bfloat16_takes_bfloat16",
    when=":unseen",
)
@pytest.mark.changed(
    "2.0",
    "LayerNorm and GroupNorm accept bfloat16 on CPU",
    kind="error-gone",
    cause="pytorch#81852",
    probable=True,
    when=":unseen",
)
@pytest.mark.changed(
    "2.0",
    "LayerNorm and GroupNorm of float16: the message asks for bfloat16",
    kind="wording",
    cause="pytorch#81852",
    probable=True,
)
@pytest.mark.changed(
    "2.1",
    "LayerNorm and GroupNorm of float16: the message asks for one dtype",
    kind="wording",
)
@pytest.mark.changed(
    "2.2",
    "BatchNorm1d and GroupNorm accept float16 on CPU",
    kind="error-gone",
    cause="pytorch#100234",
    when=":unseen",
)
@pytest.mark.changed(
    "2.2",
    "LayerNorm of float16: the message names the kernel",
    kind="wording",
    cause="pytorch#100234",
    probable=True,
)
@pytest.mark.changed(
    "2.3",
    "LayerNorm accepts float16 on CPU",
    kind="error-gone",
    cause="pytorch#99590",
    when=":unseen",
)
def test_normalisation_in_float32_takes_half_precision(norm, dtype, snapshot):
    """A norm with float32 parameters accepts a half-precision input and returns its dtype.

    Mixed precision needs this. On CPU bfloat16 works since 1.12 or 2.0, float16 since 2.2 or 2.3.
    """
    x = torch.tensor([[1.0, -1.0], [-1.0, 1.0]]).to(getattr(torch, dtype))
    assert snapshot == observe(lambda: NORMS[norm]()(x).dtype)


@pytest.mark.api("torch.nn.LayerNorm", page="generated/torch.nn.LayerNorm")
@pytest.mark.changed(
    "1.10",
    "accepts bfloat16 on CPU",
    kind="error-gone",
    cause="pytorch#55210",
    probable=True,
    when=":unseen",
)
def test_layernorm_in_bfloat16_takes_bfloat16(snapshot):
    """A LayerNorm converted to bfloat16 accepts a bfloat16 input and returns bfloat16."""
    x = torch.tensor([[1.0, -1.0], [-1.0, 1.0]]).to(torch.bfloat16)
    assert snapshot == observe(lambda: nn.LayerNorm(2).to(torch.bfloat16)(x).dtype)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float64"])
@pytest.mark.api(
    "torch.nn.RMSNorm", "torch.nn.functional.rms_norm", page="generated/torch.nn.RMSNorm"
)
@pytest.mark.changed(
    "2.4",
    "RMSNorm was added, and gives float32 for half precision with a float32 weight",
    kind="appeared",
    cause="pytorch#121364",
)
@pytest.mark.changed(
    "2.7",
    "a half-precision input with a float32 weight stays half precision",
    kind="silent",
    cause="pytorch#147203",
    advice="call norm(x.float())",
    restored_by="layers.rmsnorm_of_an_input_converted_by_float_gives_float32",
    when=("-elementwise_affine", "elementwise_affine=True"),
    depends="the dtypes of input and weight",
)
@pytest.mark.changed(
    "2.9",
    "warns when the dtypes of input and weight differ, as the fused kernel is not used",
    kind="warning",
    cause="pytorch#159317",
    advice="call norm.to(x.dtype) if speed matters",
    when=("-elementwise_affine", "elementwise_affine=True"),
    depends="the dtypes of input and weight",
)
def test_rmsnorm_returns_the_type_of_its_input(dtype, snapshot):
    """``RMSNorm`` returns the dtype of its input, even with a float32 weight.

    From 2.4 to 2.6 it promoted half precision to float32.
    """
    assert snapshot == observe(
        lambda: nn.RMSNorm(2)(torch.ones(1, 2, dtype=getattr(torch, dtype))).dtype
    )


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.api("torch.nn.RMSNorm", page="generated/torch.nn.RMSNorm")
@pytest.mark.changed("2.4", "RMSNorm was added", kind="appeared", cause="pytorch#121364")
def test_rmsnorm_of_an_input_converted_by_float_gives_float32(dtype, snapshot):
    """``RMSNorm`` of a half-precision input that ``.float()`` converted gives float32."""
    assert snapshot == observe(
        lambda: nn.RMSNorm(2)(torch.ones(1, 2, dtype=getattr(torch, dtype)).float()).dtype
    )


@pytest.mark.api("torch.nn.RMSNorm", page="generated/torch.nn.RMSNorm")
@pytest.mark.changed("2.4", "RMSNorm was added", kind="appeared", cause="pytorch#121364")
def test_rmsnorm_divides_by_the_root_of_the_mean_square(snapshot):
    """``RMSNorm`` divides by the root of the mean square; it does not subtract the mean.

    1 and 7 have a mean square of 25, so they become 0.2 and 1.4. There is no bias.
    """

    def act():
        layer = nn.RMSNorm(2)
        return {"output": layer(torch.tensor([[1.0, 7.0]])), "state": list(layer.state_dict())}

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.PReLU", page="generated/torch.nn.PReLU")
@pytest.mark.changed(
    "1.12",
    "accepts bfloat16 with a float32 slope",
    kind="error-gone",
    cause="pytorch#63634",
    when=":unseen",
)
@pytest.mark.changed(
    "2.0",
    "raises on a slope of another dtype",
    kind="error",
    cause="pytorch#91238",
    advice="call prelu.to(torch.bfloat16)",
    restored_by="layers.prelu_in_bfloat16_takes_bfloat16",
    when=":unseen",
)
def test_prelu_in_float32_refuses_bfloat16(snapshot):
    """``PReLU`` with a float32 slope raises on a bfloat16 input; only 1.12 and 1.13 accept it.

    The slope must have the input's dtype, unlike the parameters of the norms. Convert the layer
    too.
    """
    assert snapshot == observe(lambda: nn.PReLU()(torch.tensor([-1.0]).to(torch.bfloat16)))


@pytest.mark.api("torch.nn.PReLU", page="generated/torch.nn.PReLU")
@pytest.mark.changed(
    "1.12", "accepts bfloat16", kind="error-gone", cause="pytorch#63634", when=":unseen"
)
def test_prelu_in_bfloat16_takes_bfloat16(snapshot):
    """A ``PReLU`` converted to bfloat16 accepts bfloat16, since 1.12."""
    assert snapshot == observe(
        lambda: nn.PReLU().to(torch.bfloat16)(torch.tensor([-1.0]).to(torch.bfloat16))
    )


@pytest.mark.api("torch.nn.Dropout", page="generated/torch.nn.Dropout")
@pytest.mark.changed(
    "1.5", "the message says that complex is not supported", kind="wording", cause="pytorch#35579"
)
@pytest.mark.changed(
    "1.6",
    "the message names bernoulli_scalar_cpu_: complex tensors can be made",
    kind="wording",
    cause="pytorch#35579",
    probable=True,
)
@pytest.mark.changed(
    "2.8",
    "raises NotImplementedError instead of RuntimeError, its base class",
    kind="wording",
    cause="pytorch#155470",
    advice="catch RuntimeError, which matches both classes",
)
@pytest.mark.changed(
    "2.15", "accepts complex numbers", kind="error-gone", cause="pytorch#195373", when=":unseen"
)
def test_dropout_drops_complex_numbers(snapshot):
    """Dropout accepts complex numbers in training, since 2.15.

    With p = 0.5 each element 1 + 1j is dropped or doubled as a whole.
    """

    def act():
        output = nn.Dropout()(torch.ones(100, dtype=torch.complex64) * (1 + 1j))
        output = torch.view_as_real(output)
        return {
            "parts": sorted(set(output.flatten().tolist())),
            "whole": bool((output[:, 0] == output[:, 1]).all()),
        }

    assert snapshot == observe(act)
