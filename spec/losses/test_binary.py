"""``BCELoss`` takes probabilities and looks at both sides; ``BCEWithLogitsLoss`` takes anything."""

import pytest
import torch
from torch.nn import functional as F

from torch_history.observing import observe


@pytest.mark.api("torch.nn.functional.binary_cross_entropy", page="generated/torch.nn.BCELoss")
@pytest.mark.changed(
    "1.5",
    "costs 100, the logarithm being held above -100, instead of 27.6, where 1e-12 was added under it",
    kind="silent",
    cause="pytorch#31365",
    advice="compare losses with those of 1.4 only where no output is certain",
)
@pytest.mark.parametrize("probability", [0.0, 1.0])
def test_bce_of_a_certain_and_wrong_output_costs_100(probability, snapshot):
    """log(0) counts as -100: the loss stays finite, but the gradient is about 1e12, and a step along it destroys the model."""
    output = torch.tensor([probability], requires_grad=True)

    def act():
        loss = F.binary_cross_entropy(output, torch.tensor([1.0 - probability]))
        loss.backward()
        return {"loss": loss, "gradient is beyond 1e11": output.grad.abs().item() > 1e11}

    assert snapshot == observe(act)


@pytest.mark.api("torch.nn.functional.binary_cross_entropy", page="generated/torch.nn.BCELoss")
@pytest.mark.changed(
    "2.1",
    "raises instead of giving a loss",
    kind="error",
    cause="pytorch#97814",
    probable=True,
    advice="scale the target to 0 to 1, or take binary_cross_entropy_with_logits",
)
@pytest.mark.parametrize("target", [2.0, -1.0, float("nan")], ids=["two", "minus one", "nan"])
def test_bce_of_a_target_that_is_no_probability_raises(target, snapshot):
    """Targets of -1 and 1, as a hinge loss takes them, or a label that was not scaled. They used to make a loss in silence."""
    assert snapshot == observe(
        lambda: F.binary_cross_entropy(torch.tensor([0.5]), torch.tensor([target]))
    )


@pytest.mark.api(
    "torch.nn.functional.binary_cross_entropy_with_logits",
    page="generated/torch.nn.BCEWithLogitsLoss",
)
def test_bce_with_logits_takes_a_target_that_is_no_probability(snapshot):
    """Only ``BCELoss`` looks: here a target of 2 makes a loss without a lower bound, in silence."""
    assert snapshot == observe(
        lambda: F.binary_cross_entropy_with_logits(torch.tensor([8.0]), torch.tensor([2.0]))
    )


@pytest.mark.api("torch.nn.functional.binary_cross_entropy", page="generated/torch.nn.BCELoss")
@pytest.mark.changed(
    "1.5",
    "the message speaks of all elements, and no longer gives the value",
    kind="wording",
    cause="pytorch#31365",
)
@pytest.mark.parametrize("output", [1.5, -0.5, float("nan")], ids=["above", "below", "nan"])
def test_bce_of_an_output_that_is_no_probability_raises(output, snapshot):
    """A sigmoid was forgotten, or the model gives nan."""
    assert snapshot == observe(
        lambda: F.binary_cross_entropy(torch.tensor([output]), torch.tensor([1.0]))
    )


@pytest.mark.api("torch.nn.functional.binary_cross_entropy", page="generated/torch.nn.BCELoss")
@pytest.mark.changed(
    "1.5", "the message names two dtypes alone", kind="wording", cause="pytorch#31365"
)
@pytest.mark.changed("1.6", 'the message says "Found dtype ... but expected"', kind="wording")
@pytest.mark.parametrize(
    "dtype", [torch.float64, torch.int64, torch.bool], ids=["float64", "int64", "bool"]
)
def test_bce_of_a_target_of_another_dtype_raises(dtype, snapshot):
    """Both sides are of one dtype: ``target.to(output.dtype)`` is the way out. MSE takes any."""
    assert snapshot == observe(
        lambda: F.binary_cross_entropy(torch.tensor([0.5, 0.25]), torch.tensor([1, 0]).to(dtype))
    )


@pytest.mark.api("torch.nn.functional.binary_cross_entropy", page="generated/torch.nn.BCELoss")
@pytest.mark.changed(
    "1.10",
    "the target gets a gradient instead of raising",
    kind="error-gone",
    cause="pytorch#59447",
    advice="detach the target where the gradient is not wanted",
)
def test_gradient_flows_into_the_target_of_bce(snapshot):
    """The derivative for the target is log(1 - p) - log(p): a teacher that is not detached learns from its pupil."""
    target = torch.tensor([0.5], requires_grad=True)

    def act():
        F.binary_cross_entropy(torch.tensor([0.25]), target).backward()
        return target.grad

    assert snapshot == observe(act)


@pytest.mark.api(
    "torch.nn.functional.binary_cross_entropy_with_logits",
    "torch.nn.functional.l1_loss",
    page="generated/torch.nn.BCEWithLogitsLoss",
)
@pytest.mark.changed(
    "2.14",
    "raises NotImplementedError instead of RuntimeError, which it is a kind of",
    kind="exception",
    cause="pytorch#192348",
)
@pytest.mark.parametrize("name", ["binary_cross_entropy_with_logits", "l1_loss"])
def test_boolean_target_raises(name, snapshot):
    """``labels == 1`` is no target: ``.float()`` is the way out. NotImplementedError is a kind of RuntimeError."""
    target = torch.tensor([True, False])
    assert snapshot == observe(lambda: getattr(F, name)(torch.tensor([0.5, 0.25]), target))
