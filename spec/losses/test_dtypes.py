"""Losses on outputs and targets of other dtypes than float32."""

import pytest
import torch
from torch.nn import functional as F

from history.observe import observe

HALVES = pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16], ids=["float16", "bfloat16"])
REGRESSIONS = ["mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss"]


@pytest.mark.api("torch.nn.functional.mse_loss", "torch.nn.functional.l1_loss", "torch.nn.functional.smooth_l1_loss",
                 "torch.nn.functional.huber_loss", page="nn.functional")
@HALVES
@pytest.mark.parametrize("name", REGRESSIONS)
def test_regression_losses_take_half_precision_on_the_cpu(name, dtype, snapshot):
    """Differences of 2 and 0, in the dtype of the output. The gradient has it too."""
    output, target = torch.tensor([3.0, 1.0]).to(dtype).requires_grad_(), torch.tensor([1.0, 1.0]).to(dtype)

    def act():
        loss = getattr(F, name)(output, target)
        loss.backward()
        return {"loss": loss, "gradient": output.grad}

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.functional.cross_entropy", "torch.nn.functional.binary_cross_entropy_with_logits",
                 page="nn.functional")
@HALVES
@pytest.mark.parametrize("name", ["cross_entropy", "binary_cross_entropy_with_logits", "binary_cross_entropy"])
def test_classification_losses_take_half_precision_on_the_cpu(name, dtype, snapshot):
    """A model in half precision is tried on the CPU first: log 2 for two equal classes."""
    output = torch.full((1, 2), 0.5).to(dtype).requires_grad_()
    target = torch.tensor([1]) if name == "cross_entropy" else torch.tensor([[0.0, 1.0]]).to(dtype)

    def act():
        loss = getattr(F, name)(output, target)
        loss.backward()
        return {"dtype": loss.dtype, "dtype of the gradient": output.grad.dtype}

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.functional.l1_loss", "torch.nn.functional.smooth_l1_loss", "torch.nn.functional.huber_loss",
                 page="generated/torch.nn.L1Loss")
@pytest.mark.parametrize("name", ["l1_loss", "smooth_l1_loss"])
def test_l1_losses_take_a_float64_target_and_become_float64(name, snapshot):
    """As MSE does: a target made by NumPy makes the loss float64, and the gradient stays in the dtype of the output."""
    output = torch.tensor([3.0, 1.0], requires_grad=True)

    def act():
        loss = getattr(F, name)(output, torch.tensor([1.0, 1.0], dtype=torch.float64))
        loss.backward()
        return {"loss": loss, "gradient": output.grad}

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.functional.huber_loss", page="generated/torch.nn.HuberLoss")
@pytest.mark.parametrize("dtype", [torch.float64, torch.int64], ids=["float64", "int64"])
def test_huber_loss_of_a_target_of_another_dtype_raises_in_backward(dtype, snapshot):
    """Forward takes the target, backward does not: "Found dtype Double but expected Float". ``target.to(output.dtype)`` it is."""
    output = torch.tensor([3.0, 1.0], requires_grad=True)

    def act():
        loss = F.huber_loss(output, torch.tensor([1, 1]).to(dtype))
        loss.backward()

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.functional.l1_loss", page="generated/torch.nn.L1Loss")
def test_l1_loss_of_an_integer_output_is_a_float(snapshot):
    """Class numbers against a float target, as in a metric: the differences are 1 and 0."""
    assert snapshot == observe(lambda: F.l1_loss(torch.tensor([2, 1]), torch.tensor([1.0, 1.0])))


@pytest.mark.api("torch.nn.functional.cross_entropy", "torch.nn.functional.smooth_l1_loss", page="nn.functional")
@pytest.mark.parametrize("name", ["cross_entropy", "nll_loss", "binary_cross_entropy_with_logits"] + REGRESSIONS[1:])
def test_losses_of_integers_raise(name, snapshot):
    """Argmax was taken too early: no gradient could flow. NotImplementedError is a RuntimeError too, and is caught as one."""
    output = torch.tensor([[1, 0]])
    target = torch.tensor([1]) if name in ("cross_entropy", "nll_loss") else output
    assert snapshot == observe(lambda: getattr(F, name)(output, target))
