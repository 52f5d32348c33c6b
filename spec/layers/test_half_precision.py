"""Layers in float16, bfloat16 and complex numbers, and beside parameters of another type: who computes, and in what type."""

import pytest
import torch
from torch import nn

from torch_history.observing import observe

LAYERS = {  # the layer, and the shape of what it takes
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
    """The types of the output and of the input's gradient after a pass forward and back, all in ``dtype``."""
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
    page="nn",
)
@pytest.mark.changed(
    "1.5", "LSTM: the message names another kernel; it still raises on CPU", kind="wording"
)
@pytest.mark.changed(
    "1.6",
    "AdaptiveAvgPool2d trains in float16 on CPU; GroupNorm: another message",
    kind="error-gone",
)
@pytest.mark.changed(
    "1.7", "Linear trains in float16 on CPU; LSTM: another message", kind="error-gone"
)
@pytest.mark.changed(
    "1.9",
    "MaxPool2d and ReLU: the message names another kernel; they still raise on CPU",
    kind="wording",
)
@pytest.mark.changed(
    "1.11", "Conv2d: the message names another kernel; it still raises on CPU", kind="wording"
)
@pytest.mark.changed(
    "1.12",
    "Linear raises on CPU again, as before 1.7; LSTM: another message",
    kind="error",
    cause="pytorch#75647",
    advice="on CPU compute in float32 or bfloat16; float16 works again from 2.2 on",
)
@pytest.mark.changed(
    "2.0", "ReLU: the message names another kernel; it still raises on CPU", kind="wording"
)
@pytest.mark.changed("2.1", "GELU and ReLU train in float16 on CPU", kind="error-gone")
@pytest.mark.changed(
    "2.2",
    "Linear, LSTM, convolutions, BatchNorm2d, GroupNorm, MaxPool2d, Dropout and Softmax train in float16 on CPU",
    kind="error-gone",
)
@pytest.mark.changed(
    "2.3", "LayerNorm trains in float16 on CPU", kind="error-gone", cause="pytorch#99590"
)
def test_layers_train_in_float16(layer, snapshot):
    """A layer made float16 by ``half()`` computes forward and back in float16. On CPU most came to do that from 2.1 to 2.3."""
    make, shape = LAYERS[layer]
    assert snapshot == observe(lambda: trained(make(), shape, torch.float16))


@pytest.mark.parametrize(
    "layer", sorted(set(LAYERS) - {"ConvTranspose2d"})
)  # whose first kernels depended on the CPU
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
    "1.6",
    "GroupNorm and LSTM: the message names another kernel; they still raise on CPU",
    kind="wording",
)
@pytest.mark.changed(
    "1.9", "ReLU trains in bfloat16 on CPU; MaxPool2d: another message", kind="error-gone"
)
@pytest.mark.changed(
    "1.10",
    "Dropout, GELU, LayerNorm, LSTM and Softmax train in bfloat16 on CPU",
    kind="error-gone",
    cause="pytorch#55210",
)
@pytest.mark.changed(
    "1.11", "MaxPool2d trains in bfloat16 on CPU", kind="error-gone", cause="pytorch#56903"
)
@pytest.mark.changed(
    "1.12",
    "BatchNorm2d and GroupNorm train in bfloat16 on CPU",
    kind="error-gone",
    cause="pytorch#61015",
)
def test_layers_train_in_bfloat16(layer, snapshot):
    """A layer made bfloat16 computes forward and back in bfloat16."""
    make, shape = LAYERS[layer]
    assert snapshot == observe(lambda: trained(make(), shape, torch.bfloat16))


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.api("torch.nn.Embedding", page="generated/torch.nn.Embedding")
@pytest.mark.changed(
    "1.5",
    "bfloat16 is taken on CPU; float16: the sum raises, no longer the look-up",
    kind="error-gone",
)
@pytest.mark.changed("1.6", "float16 is taken on CPU", kind="error-gone")
def test_embedding_trains_in_half_precision(dtype, snapshot):
    """A table in half precision is looked up, and its gradient counts the uses in its type."""

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
    "GroupNorm: the message names another kernel; it still raises on CPU",
    kind="wording",
    cause="pytorch#28203",
)
@pytest.mark.changed(
    "1.10",
    "LayerNorm beside bfloat16: the message says that the types differ; it still raises on CPU",
    kind="wording",
)
@pytest.mark.changed(
    "1.12",
    "BatchNorm1d and LayerNorm take bfloat16 on CPU; GroupNorm: the message says that the types differ",
    kind="error-gone",
    cause="pytorch#61015",
    probable=True,
)
@pytest.mark.changed(
    "1.13",
    "LayerNorm refuses bfloat16 on CPU, in 1.13 alone",
    kind="error",
    cause="pytorch#78298",
    advice="make the layer bfloat16 too, or use autocast",
)
@pytest.mark.changed(
    "2.0",
    "LayerNorm and GroupNorm take bfloat16 on CPU; float16: another message",
    kind="error-gone",
    cause="pytorch#81852",
    probable=True,
)
@pytest.mark.changed(
    "2.1",
    "LayerNorm and GroupNorm of float16: another message; they still raise on CPU",
    kind="wording",
)
@pytest.mark.changed(
    "2.2",
    "BatchNorm1d and GroupNorm take float16 on CPU; LayerNorm: another message",
    kind="error-gone",
    cause="pytorch#100234",
)
@pytest.mark.changed(
    "2.3", "LayerNorm takes float16 on CPU", kind="error-gone", cause="pytorch#99590"
)
def test_normalisation_in_float32_takes_half_precision(norm, dtype, snapshot):
    """A norm that keeps its parameters in float32 takes half precision and returns it, as mixed precision wants it."""
    x = torch.tensor([[1.0, -1.0], [-1.0, 1.0]]).to(getattr(torch, dtype))
    assert snapshot == observe(lambda: NORMS[norm]()(x).dtype)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float64"])
@pytest.mark.api("torch.nn.RMSNorm", page="generated/torch.nn.RMSNorm")
@pytest.mark.changed(
    "2.4",
    "RMSNorm came; half precision beside its float32 weight becomes float32",
    kind="api-appeared",
    cause="pytorch#121364",
)
@pytest.mark.changed(
    "2.7",
    "half precision beside a float32 weight stays half precision",
    kind="silent",
    cause="pytorch#147203",
    advice="convert the output with .float() where later layers are float32",
)
@pytest.mark.changed(
    "2.9",
    "warns where the types of input and weight differ: no fused kernel is used",
    kind="warning",
    cause="pytorch#159317",
    advice="convert the layer to the type of its input, where speed matters",
)
def test_rmsnorm_returns_the_type_of_its_input(dtype, snapshot):
    """Beside a float32 weight too. It promoted half precision to float32 at first."""
    assert snapshot == observe(
        lambda: nn.RMSNorm(2)(torch.ones(1, 2, dtype=getattr(torch, dtype))).dtype
    )


@pytest.mark.api("torch.nn.RMSNorm", page="generated/torch.nn.RMSNorm")
@pytest.mark.changed("2.4", "RMSNorm came", kind="api-appeared", cause="pytorch#121364")
def test_rmsnorm_divides_by_the_root_of_the_mean_square(snapshot):
    """1 and 7 have a mean square of 25, so that they become 0.2 and 1.4: the mean is not taken away, and there is no bias."""

    def act():
        layer = nn.RMSNorm(2)
        return {"output": layer(torch.tensor([[1.0, 7.0]])), "state": list(layer.state_dict())}

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.PReLU", page="generated/torch.nn.PReLU")
@pytest.mark.changed(
    "1.12", "takes bfloat16 beside a float32 slope", kind="error-gone", cause="pytorch#63634"
)
@pytest.mark.changed(
    "2.0",
    "refuses a slope of another type",
    kind="error",
    cause="pytorch#91238",
    advice="convert the layer too, or use autocast",
)
def test_prelu_in_float32_refuses_bfloat16(snapshot):
    """PReLU's slope must have its input's type, unlike the norms' parameters; convert the layer too."""
    assert snapshot == observe(lambda: nn.PReLU()(torch.tensor([-1.0]).to(torch.bfloat16)))


@pytest.mark.api("torch.nn.Dropout", page="generated/torch.nn.Dropout")
@pytest.mark.changed("1.5", "another message; complex numbers still raise", kind="wording")
@pytest.mark.changed(
    "1.6", "the message names the kernel; complex numbers still raise", kind="wording"
)
@pytest.mark.changed(
    "2.8",
    "NotImplementedError instead of a plain RuntimeError, its base class",
    kind="exception",
    cause="pytorch#155470",
    advice="except RuntimeError catches both; a comparison of the type itself does not",
)
@pytest.mark.changed("2.15", "takes complex numbers", kind="error-gone", cause="pytorch#195373")
def test_dropout_drops_complex_numbers(snapshot):
    """In training too. With p = 0.5 each of 1 + 1j is dropped or doubled."""

    def act():
        output = nn.Dropout()(torch.ones(100, dtype=torch.complex64) * (1 + 1j))
        output = torch.view_as_real(output)
        return {
            "parts": sorted(set(output.flatten().tolist())),
            "whole": bool((output[:, 0] == output[:, 1]).all()),
        }

    assert snapshot == observe(act)
