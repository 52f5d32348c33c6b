"""Losses on outputs and targets of dtypes other than float32.

On the CPU the classification losses accept float16 and bfloat16 since 2.4, and the regression
losses since 2.10. A float64 target makes ``l1_loss`` and ``smooth_l1_loss`` float64. ``huber_loss``
raises in backward for a target of another dtype. Trap: from 1.8 to 1.12 ``l1_loss`` kept the dtype
of the output. A loss raises if both output and target hold integers. ``l1_loss`` accepts integer
outputs with a float target.
"""

import pytest
import torch
from torch.nn import functional as F

from torch_history.observing import observe

HALVES = pytest.mark.parametrize(
    "dtype", [torch.float16, torch.bfloat16], ids=["float16", "bfloat16"]
)
REGRESSIONS = ["mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss"]


@pytest.mark.api(
    "torch.nn.functional.mse_loss",
    "torch.nn.functional.l1_loss",
    "torch.nn.functional.smooth_l1_loss",
    "torch.nn.functional.huber_loss",
    "torch.nn.MSELoss",
    "torch.nn.L1Loss",
    "torch.nn.SmoothL1Loss",
    "torch.nn.HuberLoss",
    page="nn.functional",
)
@pytest.mark.changed(
    "1.6", "l1_loss takes both", kind="error-gone", cause="pytorch#37121", probable=True
)
@pytest.mark.changed(
    "1.6",
    "mse_loss and smooth_l1_loss of float16 raise in backward instead of forward",
    kind="wording",
)
@pytest.mark.changed(
    "1.6",
    "mse_loss of float16 warns before it raises",
    kind="warning",
    cause="pytorch#33021",
    when=":caught",
    rarely="float16 on the CPU",
    of=("torch.nn.functional.mse_loss", "torch.nn.MSELoss"),
)
@pytest.mark.changed(
    "1.9", "huber_loss appears, and takes both", kind="appeared", cause="pytorch#50553"
)
@pytest.mark.changed(
    "1.12", "smooth_l1_loss takes bfloat16", kind="error-gone", cause="pytorch#62558"
)
@pytest.mark.changed(
    "2.6", "mse_loss takes both, without a warning", kind="error-gone", cause="pytorch#139959"
)
@pytest.mark.changed(
    "2.8",
    "smooth_l1_loss of float16 raises NotImplementedError, a subclass of RuntimeError",
    kind="wording",
    cause="pytorch#155470",
)
@pytest.mark.changed("2.10", "smooth_l1_loss takes float16", kind="error-gone")
@HALVES
@pytest.mark.parametrize("name", REGRESSIONS)
def test_regression_losses_take_half_precision_on_the_cpu(name, dtype, snapshot):
    """Since 2.10, all four regression losses take float16 and bfloat16 on the CPU.

    They are ``mse_loss``, ``l1_loss``, ``smooth_l1_loss`` and ``huber_loss``. Loss and gradient
    have the dtype of the output.
    """
    output, target = (
        torch.tensor([3.0, 1.0]).to(dtype).requires_grad_(),
        torch.tensor([1.0, 1.0]).to(dtype),
    )

    def act():
        loss = getattr(F, name)(output, target)
        loss.backward()
        return {"loss": loss, "gradient": output.grad}

    assert snapshot == observe(act)


@pytest.mark.api(
    "torch.nn.functional.cross_entropy",
    "torch.nn.functional.binary_cross_entropy_with_logits",
    "torch.nn.functional.binary_cross_entropy",
    "torch.nn.CrossEntropyLoss",
    "torch.nn.BCEWithLogitsLoss",
    "torch.nn.BCELoss",
    page="nn.functional",
)
@pytest.mark.changed(
    "1.5",
    "the message of binary_cross_entropy names the loss and the dtype alone",
    kind="wording",
    cause="pytorch#31365",
)
@pytest.mark.changed(
    "1.6",
    "binary_cross_entropy_with_logits takes bfloat16",
    kind="error-gone",
    cause="pytorch#35092",
    probable=True,
)
@pytest.mark.changed(
    "1.6",
    "the message of binary_cross_entropy_with_logits for float16 names clamp_min_cpu",
    kind="wording",
)
@pytest.mark.changed(
    "2.0",
    "the message of binary_cross_entropy_with_logits names clamp_min_scalar_cpu",
    kind="wording",
)
@pytest.mark.changed(
    "2.1",
    "binary_cross_entropy_with_logits takes float16",
    kind="error-gone",
    cause="pytorch#98493",
    probable=True,
)
@pytest.mark.changed(
    "2.2",
    "the message of cross_entropy for float16 names nll_loss, because log_softmax takes float16",
    kind="wording",
    cause="pytorch#103315",
)
@pytest.mark.changed(
    "2.4",
    "cross_entropy takes float16, and binary_cross_entropy both",
    kind="error-gone",
    cause="pytorch#123256",
)
@HALVES
@pytest.mark.parametrize(
    "name", ["cross_entropy", "binary_cross_entropy_with_logits", "binary_cross_entropy"]
)
def test_classification_losses_take_half_precision_on_the_cpu(name, dtype, snapshot):
    """Since 2.4, all three classification losses take float16 and bfloat16 on the CPU.

    They are ``cross_entropy``, ``binary_cross_entropy`` and ``binary_cross_entropy_with_logits``.
    Loss and gradient have the dtype of the output.
    """
    output = torch.full((1, 2), 0.5).to(dtype).requires_grad_()
    target = torch.tensor([1]) if name == "cross_entropy" else torch.tensor([[0.0, 1.0]]).to(dtype)

    def act():
        loss = getattr(F, name)(output, target)
        loss.backward()
        return {"dtype": loss.dtype, "dtype of the gradient": output.grad.dtype}

    assert snapshot == observe(act)


@pytest.mark.api(
    "torch.nn.functional.l1_loss",
    "torch.nn.functional.smooth_l1_loss",
    "torch.nn.functional.huber_loss",
    "torch.nn.L1Loss",
    "torch.nn.SmoothL1Loss",
    "torch.nn.HuberLoss",
    page="generated/torch.nn.L1Loss",
)
@pytest.mark.changed(
    "1.6",
    'the message of smooth_l1_loss says "Found dtype ... but expected"',
    kind="wording",
    when=":caught",
    rarely="a float64 target",
    of=("torch.nn.functional.smooth_l1_loss", "torch.nn.SmoothL1Loss"),
)
@pytest.mark.changed(
    "1.8",
    "l1_loss stays in float32, the dtype of the output",
    kind="silent",
    cause="pytorch#49912",
    probable=True,
    advice="pass output.double()",
    restored_by="losses.l1_loss_of_an_output_cast_to_float64_is_float64",
    rarely="a float64 target for a float32 output",
    of=("torch.nn.functional.l1_loss", "torch.nn.L1Loss"),
)
@pytest.mark.changed(
    "1.10",
    "smooth_l1_loss takes the target instead of raising in backward",
    kind="error-gone",
    cause="pytorch#61112",
    probable=True,
    when=":caught",
    rarely="a float64 target",
    of=("torch.nn.functional.smooth_l1_loss", "torch.nn.SmoothL1Loss"),
)
@pytest.mark.changed(
    "1.13",
    "l1_loss becomes float64 again, the wider dtype",
    kind="silent",
    cause="pytorch#78257",
    advice="pass target.float()",
    restored_by="losses.l1_loss_of_a_target_cast_to_float32_is_float32",
    rarely="a float64 target for a float32 output",
    of=("torch.nn.functional.l1_loss", "torch.nn.L1Loss"),
)
@pytest.mark.parametrize("name", ["l1_loss", "smooth_l1_loss"])
def test_l1_losses_take_a_float64_target_and_become_float64(name, snapshot):
    """``l1_loss`` and ``smooth_l1_loss`` of a float64 target become float64, as ``mse_loss`` does.

    NumPy makes such targets. The gradient keeps the dtype of the output. From 1.8 to 1.12
    ``l1_loss`` stayed in float32.
    """
    output = torch.tensor([3.0, 1.0], requires_grad=True)

    def act():
        loss = getattr(F, name)(output, torch.tensor([1.0, 1.0], dtype=torch.float64))
        loss.backward()
        return {"loss": loss, "gradient": output.grad}

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.functional.l1_loss", page="generated/torch.nn.L1Loss")
def test_l1_loss_of_an_output_cast_to_float64_is_float64(snapshot):
    """``l1_loss(output.double(), target)`` of a float64 target is float64.

    The gradient of the float32 output is float32.
    """
    output = torch.tensor([3.0, 1.0], requires_grad=True)

    def act():
        loss = F.l1_loss(output.double(), torch.tensor([1.0, 1.0], dtype=torch.float64))
        loss.backward()
        return {"loss": loss, "gradient": output.grad}

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.functional.l1_loss", page="generated/torch.nn.L1Loss")
def test_l1_loss_of_a_target_cast_to_float32_is_float32(snapshot):
    """``l1_loss(output, target.float())`` of a float32 output is float32."""
    output = torch.tensor([3.0, 1.0], requires_grad=True)

    def act():
        loss = F.l1_loss(output, torch.tensor([1.0, 1.0], dtype=torch.float64).float())
        loss.backward()
        return {"loss": loss, "gradient": output.grad}

    assert snapshot == observe(act)


@pytest.mark.api(
    "torch.nn.functional.huber_loss", "torch.nn.HuberLoss", page="generated/torch.nn.HuberLoss"
)
@pytest.mark.changed(
    "1.9",
    "huber_loss appears, and raises RuntimeError in backward",
    kind="appeared",
    cause="pytorch#50553",
    advice="convert the target to the dtype of the output",
)
@pytest.mark.parametrize("dtype", [torch.float64, torch.int64], ids=["float64", "int64"])
def test_huber_loss_of_a_target_of_another_dtype_raises_in_backward(dtype, snapshot):
    """``huber_loss`` of a target of another dtype raises in backward, not in forward.

    The message for float64 is "Found dtype Double but expected Float". Use
    ``target.to(output.dtype)``.
    """
    output = torch.tensor([3.0, 1.0], requires_grad=True)

    def act():
        loss = F.huber_loss(output, torch.tensor([1, 1]).to(dtype))
        loss.backward()

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.functional.l1_loss", "torch.nn.L1Loss", page="generated/torch.nn.L1Loss")
@pytest.mark.changed(
    "1.8",
    "raises instead of giving a float",
    kind="error",
    cause="pytorch#49912",
    probable=True,
    advice="pass output.float()",
    restored_by="losses.l1_loss_takes_an_integer_output_converted_to_float",
    rarely="integer outputs",
)
@pytest.mark.changed("1.13", "gives a float again", kind="error-gone", cause="pytorch#78257")
def test_l1_loss_of_an_integer_output_is_a_float(snapshot):
    """``l1_loss`` of integer outputs and a float target is a float. From 1.8 to 1.12 it raised.

    The outputs are class numbers, as in a metric: the differences are 1 and 0.
    """
    assert snapshot == observe(lambda: F.l1_loss(torch.tensor([2, 1]), torch.tensor([1.0, 1.0])))


@pytest.mark.api("torch.nn.functional.l1_loss", page="generated/torch.nn.L1Loss")
def test_l1_loss_takes_an_integer_output_converted_to_float(snapshot):
    """``l1_loss(output.float(), target)`` takes class numbers as outputs."""
    assert snapshot == observe(
        lambda: F.l1_loss(torch.tensor([2, 1]).float(), torch.tensor([1.0, 1.0]))
    )


@pytest.mark.api(
    "torch.nn.functional.cross_entropy",
    "torch.nn.functional.smooth_l1_loss",
    "torch.nn.functional.nll_loss",
    "torch.nn.functional.binary_cross_entropy_with_logits",
    "torch.nn.functional.l1_loss",
    "torch.nn.functional.huber_loss",
    "torch.nn.CrossEntropyLoss",
    "torch.nn.NLLLoss",
    "torch.nn.BCEWithLogitsLoss",
    "torch.nn.L1Loss",
    "torch.nn.SmoothL1Loss",
    "torch.nn.HuberLoss",
    page="nn.functional",
)
@pytest.mark.changed(
    "1.5",
    "the message of smooth_l1_loss names the kernel",
    kind="wording",
    cause="pytorch#27962",
    probable=True,
)
@pytest.mark.changed(
    "1.8",
    "the message of binary_cross_entropy_with_logits names the result's type",
    kind="wording",
)
@pytest.mark.changed(
    "1.9", "huber_loss appears, and raises RuntimeError", kind="appeared", cause="pytorch#50553"
)
@pytest.mark.changed(
    "1.10",
    "the message of l1_loss names mean() and allows complex dtypes",
    kind="wording",
    cause="pytorch#61643",
)
@pytest.mark.changed(
    "1.12",
    "the message of l1_loss says that no output dtype could be inferred",
    kind="wording",
    cause="pytorch#76584",
)
@pytest.mark.changed(
    "2.3",
    "the message of binary_cross_entropy_with_logits names log_sigmoid_cpu",
    kind="wording",
    cause="pytorch#115539",
)
@pytest.mark.changed(
    "2.8",
    "all but l1_loss raise NotImplementedError, a subclass of RuntimeError, instead of "
    "RuntimeError",
    kind="wording",
    cause="pytorch#155470",
)
@pytest.mark.changed(
    "2.15",
    "l1_loss raises NotImplementedError, a subclass of RuntimeError, instead of RuntimeError",
    kind="wording",
    cause="pytorch#192351",
)
@pytest.mark.parametrize(
    "name", ["cross_entropy", "nll_loss", "binary_cross_entropy_with_logits"] + REGRESSIONS[1:]
)
def test_losses_of_integers_raise(name, snapshot):
    """Losses of integer outputs raise, for example after an argmax, which passes no gradient on.

    Since 2.8, for ``l1_loss`` since 2.15, the error is a NotImplementedError, which is a
    RuntimeError too.
    """
    output = torch.tensor([[1, 0]])
    target = torch.tensor([1]) if name in ("cross_entropy", "nll_loss") else output
    assert snapshot == observe(lambda: getattr(F, name)(output, target))
